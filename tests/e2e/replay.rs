//! Dead letters go their way again once the program is mended: into tables, without a row twice and without an old version.

use std::collections::BTreeMap;

use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use serde_json::Value;

use crate::e2e::project::{HANGS, Project, ask, ask_sqlite, brokers, postgres_url, sql, text_of};

/// Both databases; what is mended stands in capitals.
const PROGRAM: &str = r#"
pipeline NAME { max_bad = 100%, commit = { rows = 500, interval = 50ms } }
connection bus = kafka { brokers = "BROKERS" }
connection warehouse = postgres { url = "POSTGRES", schema = "NAME" }
connection disk = sqlite { path = "out.db" }

type Order = { id: int64, customer: int64, cents: INTEGER }

topic orders: Order on bus { name = "NAME.orders", partition_key = customer, partitioner = murmur2 }

transform read from orders | derive cents = READ
transform priced from read | check cents CHECK else "cents are {cents}"
transform latest from priced | as table by customer | select customer, id, cents

sink all_pg from read to warehouse { table = "all_orders", write = append }
sink facts_pg from priced to warehouse { table = "facts", write = append }
sink latest_pg from latest to warehouse { table = "latest", write = upsert, key = customer }
sink all_lite from read to disk { table = "all_orders", write = append }
sink facts_lite from priced to disk { table = "facts", write = append }
sink latest_lite from latest to disk { table = "latest", write = upsert, key = customer }
"#;

/// `read`: how cents are read where they may be null; else they must not be.
fn program(read: Option<&str>, check: &str) -> String {
    PROGRAM
        .replace("BROKERS", &brokers())
        .replace("POSTGRES", &postgres_url())
        .replace("INTEGER", if read.is_some() { "int64?" } else { "int64" })
        .replace("READ", read.unwrap_or("cents"))
        .replace("CHECK", check)
}

fn project(what: &str) -> Project {
    let project = Project::new(what, &program(None, "> 0"));
    sql(&format!("CREATE SCHEMA {}", project.name));
    create(&format!("{}.orders", project.name), "delete");
    project
}

fn mend(project: &Project, read: Option<&str>, check: &str) {
    project.write("main.pipe", program(read, check).replace("NAME", &project.name));
}

/// Writes values, all of one key in one partition; no value is a tombstone.
fn send(topic: &str, records: &[(&str, Option<&str>)]) {
    let producer: ThreadedProducer<DefaultProducerContext> = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", brokers())
        .set("partitioner", "murmur2_random")
        .create()
        .unwrap();
    for (key, value) in records {
        let mut record = BaseRecord::to(topic).key(*key);
        record.payload = *value;
        producer.send(record).unwrap();
    }
    producer.flush(HANGS).unwrap();
}

fn create(topic: &str, cleanup: &str) {
    use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
    let admin: AdminClient<_> = rdkafka::ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    let new = NewTopic::new(topic, 3, TopicReplication::Fixed(1)).set("cleanup.policy", cleanup);
    let made = crate::e2e::project::block_on(admin.create_topics(&[new], &AdminOptions::new())).unwrap();
    assert!(made.iter().all(Result::is_ok), "{made:?}");
}

/// Exit code, and how many letters had which outcome.
fn replay(project: &Project, args: &[&str]) -> (i32, BTreeMap<String, usize>) {
    let output = project.output(&[&["dead-letters", "replay", "main.pipe", "--format", "json"], args].concat());
    let Ok(told) = serde_json::from_slice::<Value>(&output.stdout) else { panic!("{}", text_of(&output)) };
    let mut outcomes = BTreeMap::new();
    for it in told["letters"].as_array().unwrap() {
        *outcomes.entry(it["outcome"].as_str().unwrap().to_string()).or_default() += 1;
    }
    (output.status.code().unwrap(), outcomes)
}

fn outcomes(of: &[(&str, usize)]) -> BTreeMap<String, usize> {
    of.iter().map(|(name, count)| ((*name).to_string(), *count)).collect()
}

fn open_letters(project: &Project) -> usize {
    let output = project.output(&["dead-letters", "ls", "main.pipe", "--format", "json"]);
    assert!(output.status.success(), "{}", text_of(&output));
    serde_json::from_slice::<Value>(&output.stdout).unwrap().as_array().unwrap().len()
}

/// A table of both databases, each as text; they must be equal.
fn table(project: &Project, table: &str, row: &str, order: &str) -> String {
    let pg = format!("SELECT coalesce(string_agg({row}, ' ' ORDER BY {order}), '') FROM {}.{table}", project.name);
    let lite =
        format!("SELECT coalesce(group_concat(it, ' '), '') FROM (SELECT {row} it FROM {table} ORDER BY {order})");
    let [pg, lite] = [ask(&pg), ask_sqlite(&project.path("out.db"), &lite)];
    assert_eq!(pg, lite, "{table}");
    pg
}

fn tables(project: &Project) -> [String; 3] {
    [
        table(project, "all_orders", "id || ':' || cents", "id, cents"),
        table(project, "facts", "id || ':' || cents", "id, cents"),
        table(project, "latest", "customer || ':' || id || ':' || cents", "customer"),
    ]
}

fn order(id: u32, customer: u32, cents: &str) -> (String, String) {
    (customer.to_string(), format!(r#"{{"id":{id},"customer":{customer},"cents":{cents}}}"#))
}

fn send_orders(project: &Project, orders: &[(u32, u32, &str)]) {
    let made: Vec<_> = orders.iter().map(|(id, customer, cents)| order(*id, *customer, cents)).collect();
    let records: Vec<_> = made.iter().map(|(key, value)| (key.as_str(), Some(value.as_str()))).collect();
    send(&format!("{}.orders", project.name), &records);
}

#[test]
fn what_was_refused_is_stored_once_the_program_takes_it_and_no_older_version_comes_back() {
    let project = project("replay");
    // 2 and 8 are not readable, 3 and 7 fail a check; of customers 1 and 2 something newer comes, of 3 and 4 not.
    let orders = [
        (1, 1, "10"),
        (2, 1, "null"),
        (3, 2, "-5"),
        (4, 1, "11"),
        (5, 2, "12"),
        (6, 3, "13"),
        (7, 3, "-6"),
        (8, 4, "null"),
    ];
    send_orders(&project, &orders);
    project.run_to_end();
    let before = tables(&project);
    assert_eq!(before[0], "1:10 3:-5 4:11 5:12 6:13 7:-6");
    assert_eq!(before[2], "1:4:11 2:5:12 3:6:13");
    assert_eq!(open_letters(&project), 8, "four in each database");

    // Nothing is mended: nothing changes.
    assert_eq!(replay(&project, &[]), (5, outcomes(&[("refused", 8)])));
    assert_eq!((tables(&project), open_letters(&project)), (before.clone(), 8));

    // The check is mended: what was stored before it is not stored again.
    mend(&project, None, "> -10");
    let only = ["--name", "check-failed", "--dry-run"];
    assert_eq!(replay(&project, &only), (0, outcomes(&[("replayed", 4)])));
    assert_eq!((tables(&project), open_letters(&project)), (before.clone(), 8), "a dry run does nothing");
    assert_eq!(replay(&project, &only[..2]), (0, outcomes(&[("replayed", 4)])));
    let [all, facts, latest] = tables(&project);
    assert_eq!(all, before[0]);
    assert_eq!(facts, "1:10 3:-5 4:11 5:12 6:13 7:-6");
    assert_eq!(latest, "1:4:11 2:5:12 3:7:-6");
    assert_eq!(open_letters(&project), 4);
    assert_eq!(replay(&project, &only[..2]), (0, outcomes(&[])), "they are dealt with");

    // What could not be read goes to all sinks, in so far as they take it: the check is behind one of them.
    mend(&project, Some("coalesce(cents, -20)"), "> -10");
    assert_eq!(replay(&project, &["--offset", "99"]), (0, outcomes(&[])));
    assert_eq!(replay(&project, &[]), (5, outcomes(&[("refused", 4)])));
    let [all, facts, _] = tables(&project);
    assert_eq!(all, "1:10 2:-20 3:-5 4:11 5:12 6:13 7:-6 8:-20");
    assert_eq!(facts, "1:10 3:-5 4:11 5:12 6:13 7:-6");
    // The letters lie at the check now.
    mend(&project, Some("coalesce(cents, -20)"), "> -30");
    assert_eq!(replay(&project, &["--node", "orders"]), (0, outcomes(&[])));
    assert_eq!(replay(&project, &["--node", "priced"]), (0, outcomes(&[("replayed", 4)])));
    let [again, facts, latest] = tables(&project);
    assert_eq!((again, facts.as_str()), (all.clone(), all.as_str()));
    assert_eq!(latest, "1:4:11 2:5:12 3:7:-6 4:8:-20");
    assert_eq!(open_letters(&project), 0);
    project.run_to_end();
    assert_eq!(tables(&project)[0], all);
}
