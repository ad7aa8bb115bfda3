//! A record of 10 MB: through Kafka where the topic allows it, and a clear message where it does not; memory stays bounded.

use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};

use crate::e2e::project::{Project, ask, ask_sqlite, block_on, brokers, postgres_url, sql, text_of};

const SIZE: usize = 10_000_000;

const PROGRAM: &str = r#"
pipeline NAME { commit = { rows = 2_000, interval = 50ms } }
connection bus = kafka { BUS }
connection disk = files { root = "." }
connection db = DATABASE
type Line = { id: int64, text: string }
source lines_file: Line from disk { path = "lines.json", format = json }
topic lines: Line on bus from lines_file { TOPIC partition_key = id, partitions = 2 }
transform sized from lines | select id, size = length(text), first = substring(text, 0, 5)
sink sizes from sized to db { table = "sizes", write = append }
"#;

/// Five records, the third of them large, and of a kind that compression does not make small.
fn lines() -> String {
    let mut state = 7u64;
    let mut letter = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'0' + u8::try_from((state >> 33) % 75).unwrap())
    };
    let large: String = (0..SIZE).map(|_| letter()).map(|it| if it == '\\' { 'x' } else { it }).collect();
    (0..5)
        .map(|id| format!("{{\"id\":{id},\"text\":\"{}\"}}\n", if id == 2 { large.as_str() } else { "small" }))
        .collect()
}

fn project(what: &str, bus: &str, topic: &str, database: &str) -> Project {
    let program = PROGRAM.replace("BUS", bus).replace("TOPIC", topic).replace("DATABASE", database);
    let project = Project::new(what, &program);
    project.write("lines.json", lines());
    project
}

fn refused(project: &Project, words: &[&str]) {
    let output = project.output(&["run", "main.pipe", "--until-end"]);
    let text = text_of(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for word in words {
        assert!(text.contains(word), "no `{word}` in {text}");
    }
}

#[test]
fn ten_megabytes_go_through_kafka_if_client_and_topic_allow_it() {
    let bus = format!("brokers = \"{}\", client = {{ \"message.max.bytes\" = 20_000_000 }}", brokers());
    let database = format!("postgres {{ url = \"{}\", schema = \"NAME\" }}", postgres_url());
    let project = project("large", &bus, "name = \"NAME.lines\", replication = 1,", &database);
    let n = &project.name;
    sql(&format!("CREATE SCHEMA {n}"));
    refused(&project, &["error[record-too-large]", "max.message.bytes"]);

    let name = format!("{n}.lines");
    let client: AdminClient<_> = rdkafka::ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    let raise = AlterConfig::new(ResourceSpecifier::Topic(&name)).set("max.message.bytes", "20000000");
    let raised = block_on(client.alter_configs(&[raise], &AdminOptions::new())).unwrap();
    assert!(raised.iter().all(Result::is_ok), "{raised:?}");

    let most_kib = project.start(&["run", "main.pipe", "--until-end"]).wait_measured();
    let rows = format!("SELECT string_agg(id || ' ' || size, ', ' ORDER BY id) FROM {n}.sizes");
    assert_eq!(ask(&rows), format!("0 5, 1 5, 2 {SIZE}, 3 5, 4 5"));
    assert!(0 < most_kib && most_kib < 300 << 10, "{most_kib} KiB for a record of 10 MB");
}

#[test]
fn without_leave_of_the_client_the_limit_is_named() {
    let bus = format!("brokers = \"{}\"", brokers());
    let project =
        project("large_client", &bus, "name = \"NAME.lines\", replication = 1,", "sqlite { path = \"out.db\" }");
    refused(&project, &["error[record-too-large]", "message.max.bytes", "10000"]);
}

#[test]
fn what_does_not_fit_into_the_embedded_cluster_is_told_and_the_rest_is_stored() {
    let project = project("large_embedded", "embedded = true", "", "sqlite { path = \"out.db\" }");
    refused(&project, &["error[record-too-large]", "embedded cluster", "real brokers"]);
    let rows = ask_sqlite(&project.path("out.db"), "SELECT CAST(count(*) AS TEXT) FROM sizes");
    assert_eq!(rows, "2", "what came before it");
}
