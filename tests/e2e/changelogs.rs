//! Versions of rows and their deletes, in a compacted topic that somebody else writes: as rows, as marked rows, as facts; into
//! PostgreSQL and SQLite. What the tables must hold is computed from the changes alone.

use std::collections::BTreeMap;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};

use crate::e2e::project::{
    HANGS, Project, ask, ask_sqlite, block_on, brokers, eventually, postgres_url, sql, topic_is_gone,
};

const PROGRAM: &str = r#"
pipeline NAME { commit = { rows = 500, interval = 50ms } }
connection bus = kafka { brokers = "BROKERS" }
connection warehouse = postgres { url = "POSTGRES", schema = "NAME" }
connection disk = sqlite { path = "out.db" }

type Account = { id: int64 @key, cents: int64, status: "open" | "closed" }

topic accounts: Account on bus { name = "NAME.accounts", kind = changelog, key = id, partitioner = murmur2 }

transform open from accounts | where status == "open" | select id, cents
transform facts from accounts | as events | select id, cents, op

sink open_pg from open to warehouse { table = "open", write = upsert, key = id }
sink all_pg from accounts to warehouse { table = "accounts", write = upsert, key = id, on_delete = mark(gone) }
sink facts_pg from facts to warehouse { table = "facts", write = append }
sink open_lite from open to disk { table = "open", write = upsert, key = id }
sink all_lite from accounts to disk { table = "accounts", write = upsert, key = id, on_delete = mark(gone) }
sink facts_lite from facts to disk { table = "facts", write = append }
"#;

const PARTITIONS: i32 = 3;

fn project(what: &str) -> Project {
    let program = PROGRAM.replace("BROKERS", &brokers()).replace("POSTGRES", &postgres_url());
    let project = Project::new(what, &program);
    sql(&format!("CREATE SCHEMA {}", project.name));
    create_topic(&topic(&project));
    project
}

fn topic(project: &Project) -> String {
    format!("{}.accounts", project.name)
}

fn admin() -> AdminClient<DefaultClientContext> {
    rdkafka::ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap()
}

fn create_topic(name: &str) {
    let topic = NewTopic::new(name, PARTITIONS, TopicReplication::Fixed(1)).set("cleanup.policy", "compact");
    let created = block_on(admin().create_topics(&[topic], &AdminOptions::new())).unwrap();
    assert!(created.iter().all(Result::is_ok), "{created:?}");
}

/// A version of a row (cents, open), or its deletion.
type Change = (i64, Option<(i64, bool)>);

/// Rows come, change, close, open again, go and come back; some go that never were.
fn changes(count: i64) -> Vec<Change> {
    let mut state = 11u64;
    let mut random = |below: i64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(state >> 33).unwrap() % below
    };
    (0..count).map(|n| (random(400), (random(5) > 0).then(|| (n, random(3) > 0)))).collect()
}

fn produce(topic: &str, changes: &[Change]) {
    let producer: ThreadedProducer<DefaultProducerContext> = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", brokers())
        .set("partitioner", "murmur2_random")
        .set("enable.idempotence", "true")
        .create()
        .unwrap();
    for (id, version) in changes {
        let key = id.to_string();
        let value = version.map(|(cents, open)| {
            format!("{{\"id\":{id},\"cents\":{cents},\"status\":\"{}\"}}", if open { "open" } else { "closed" })
        });
        let mut record = BaseRecord::<str, str>::to(topic).key(&key);
        record.payload = value.as_deref();
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(HANGS).unwrap();
}

/// What the three tables must hold.
fn expected(changes: &[Change]) -> [String; 3] {
    let mut newest = BTreeMap::new();
    let mut marked: BTreeMap<i64, (i64, bool, bool)> = BTreeMap::new();
    for (id, version) in changes {
        newest.insert(*id, *version);
        match version {
            Some((cents, open)) => {
                marked.insert(*id, (*cents, *open, false));
            }
            None => {
                marked.entry(*id).and_modify(|row| row.2 = true);
            }
        }
    }
    let open =
        newest.iter().filter_map(|(id, version)| version.filter(|it| it.1).map(|(cents, _)| format!("{id}:{cents}")));
    let all = marked.iter().map(|(id, (cents, open, gone))| {
        format!("{id}:{cents}:{}:{}", if *open { "open" } else { "closed" }, u8::from(*gone))
    });
    let mut facts: Vec<String> = changes
        .iter()
        .map(|(id, version)| match version {
            Some((cents, _)) => format!("{id:04}:put:{cents:06}"),
            None => format!("{id:04}:delete:-"),
        })
        .collect();
    facts.sort();
    [open.collect::<Vec<_>>().join(","), all.collect::<Vec<_>>().join(","), facts.join(",")]
}

fn in_postgres(project: &Project) -> [String; 3] {
    let n = &project.name;
    [
        ask(&format!("SELECT string_agg(id || ':' || cents, ',' ORDER BY id) FROM {n}.open")),
        ask(&format!(
            "SELECT string_agg(id || ':' || cents || ':' || status || ':' || gone::int, ',' ORDER BY id) FROM {n}.accounts"
        )),
        ask(&format!(
            "SELECT string_agg(f, ',' ORDER BY f COLLATE \"C\") FROM (SELECT lpad(id::text, 4, '0') || ':' || op || ':' ||
             coalesce(lpad(cents::text, 6, '0'), '-') AS f FROM {n}.facts) f"
        )),
    ]
}

fn in_sqlite(project: &Project) -> [String; 3] {
    let ask = |query: &str| ask_sqlite(&project.path("out.db"), query);
    [
        ask("SELECT group_concat(id || ':' || cents, ',') FROM (SELECT * FROM open ORDER BY id)"),
        ask(
            "SELECT group_concat(id || ':' || cents || ':' || status || ':' || gone, ',') FROM (SELECT * FROM accounts ORDER BY id)",
        ),
        ask("SELECT group_concat(f, ',') FROM (SELECT printf('%04d', id) || ':' || op || ':' ||
             coalesce(substr('000000' || cents, -6), '-') AS f FROM facts ORDER BY f)"),
    ]
}

fn same(project: &Project, changes: &[Change]) {
    for (database, tables) in [("PostgreSQL", in_postgres(project)), ("SQLite", in_sqlite(project))] {
        for (found, expected) in tables.iter().zip(expected(changes)) {
            let (found, wanted): (Vec<_>, Vec<_>) = (found.split(',').collect(), expected.split(',').collect());
            let differ: Vec<_> = found.iter().zip(&wanted).filter(|(found, wanted)| found != wanted).take(3).collect();
            assert!(found == wanted, "{database}: {} rows, {} expected; {differ:?}", found.len(), wanted.len());
        }
    }
}

#[test]
fn versions_and_deletes_give_the_same_tables_in_both_databases() {
    let project = project("changelog");
    let changes = changes(5_000);
    let (first, second) = changes.split_at(3_000);
    produce(&topic(&project), first);
    project.run_to_end();
    same(&project, first);
    produce(&topic(&project), second);
    project.run_to_end();
    same(&project, &changes);
}

#[test]
fn a_topic_that_is_created_anew_under_the_run_stops_it() {
    let project = project("anew");
    let changes = changes(1_000);
    produce(&topic(&project), &changes);
    let mut running = project.start(&["run", "main.pipe"]);
    eventually("all is stored", || in_postgres(&project) == expected(&changes));
    let deleted = block_on(admin().delete_topics(&[&topic(&project)], &AdminOptions::new())).unwrap();
    assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
    topic_is_gone(&topic(&project));
    create_topic(&topic(&project));
    produce(&topic(&project), &changes[..10]);
    assert_eq!(running.wait(), 4, "{}", running.log());
    let names = ["error[topic-recreated]", "error[log-truncated]", "error[topic-gone]"];
    assert!(names.iter().any(|name| running.log().contains(name)), "{}", running.log());
    assert_eq!(in_postgres(&project), expected(&changes), "nothing of the new topic was taken for the old one's");
}
