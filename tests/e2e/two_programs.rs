//! Two programs on one cluster: a topic that one of them writes is not the other's.

use std::time::Duration;

use crate::e2e::project::{HANGS, Project, ask_sqlite, brokers, text_of};

/// OWNER stands for the program that comes first, and its topic.
const PROGRAM: &str = r#"
pipeline NAME { WAS }
connection disk = files { root = "." }
connection bus = kafka { brokers = "BROKERS" }
connection db = sqlite { path = "out.db" }
type Row = { id: int64, v: string }
source rows: Row from disk { path = "rows.jsonl", format = json }
topic things from rows { name = "OWNER.things", replication = 1, partitions = 2, partition_key = id }
sink stored from things to db { table = "things", write = append }
"#;

fn project(what: &str, owner: Option<&str>, was: &str) -> Project {
    let text = PROGRAM.replace("OWNER", owner.unwrap_or("NAME")).replace("BROKERS", &brokers());
    let project = Project::new(what, &text.replace("WAS", was));
    project.write("rows.jsonl", (0..100).map(|it| format!("{{\"id\":{it},\"v\":\"{what}\"}}\n")).collect::<String>());
    project
}

fn stored(project: &Project) -> String {
    ask_sqlite(&project.path("out.db"), "SELECT count(*) || ' of ' || min(v) || '..' || max(v) FROM things")
}

#[test]
fn the_second_program_that_writes_a_topic_is_refused_until_it_is_the_first_under_a_new_name() {
    let first = project("first", None, "");
    first.run_to_end();
    assert_eq!(stored(&first), "100 of first..first");

    let second = project("second", Some(&first.name), "");
    let output = second.output(&["run", "main.pipe", "--until-end"]);
    let text = text_of(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("topic-of-another-program") && text.contains(&format!("`{}`", first.name)), "{text}");

    let rows = ask_sqlite(&second.path("out.db"), "SELECT count(*) || '' FROM things");
    assert!(rows == "0" || rows.starts_with("error") || rows == "away", "records of the first one: {rows}");

    // Nothing of the second one came into the topic, and the first goes on.
    first.write("rows.jsonl", (0..150).map(|it| format!("{{\"id\":{it},\"v\":\"first\"}}\n")).collect::<String>());
    first.run_to_end();
    assert_eq!(stored(&first), "150 of first..first");

    // Renamed, it takes its topics along, and may forget its old name.
    for was in [format!("was = \"{}\"", first.name), String::new()] {
        let text = PROGRAM.replace("OWNER", &first.name).replace("BROKERS", &brokers()).replace("WAS", &was);
        first.write("main.pipe", text.replace("NAME", &second.name));
        first.run_to_end();
        assert_eq!(stored(&first), "150 of first..first");
    }
}

#[test]
fn until_end_waits_for_what_is_written_into_its_topics_and_not_decided_yet() {
    use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
    let project = project("undecided", None, "");
    project.run_to_end();
    let topic = format!("{}.things", project.name);
    // As after a commit whose news the partitions have not got yet: what lies behind cannot be read.
    let other: BaseProducer = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", brokers())
        .set("transactional.id", format!("{}.other", project.name))
        .create()
        .unwrap();
    other.init_transactions(HANGS).unwrap();
    other.begin_transaction().unwrap();
    for partition in [0, 1] {
        let payload = format!("{{\"id\":{},\"v\":\"undecided\"}}", 900 + partition);
        other.send(BaseRecord::<str, str>::to(&topic).partition(partition).key("{}").payload(&payload)).unwrap();
    }
    other.flush(HANGS).unwrap();
    project
        .write("rows.jsonl", (0..150).map(|it| format!("{{\"id\":{it},\"v\":\"undecided\"}}\n")).collect::<String>());
    let mut running = project.start(&["run", "main.pipe", "--until-end"]);
    std::thread::sleep(Duration::from_secs(5));
    other.commit_transaction(HANGS).unwrap();
    assert_eq!(running.wait(), 0, "{}", running.log());
    assert_eq!(stored(&project), "152 of undecided..undecided");
}
