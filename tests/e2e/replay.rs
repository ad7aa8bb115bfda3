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

const ACCOUNTS: &str = r#"
pipeline NAME { max_bad = 100%, commit = { rows = 500, interval = 50ms } }
connection bus = kafka { brokers = "BROKERS" }
connection warehouse = postgres { url = "POSTGRES", schema = "NAME" }
connection disk = sqlite { path = "out.db" }

type Account = { id: int64 @key, cents: int64 }

topic accounts: Account on bus { name = "NAME.accounts", kind = changelog, key = id, partitioner = murmur2 }

transform good from accounts | check cents > LEAST else "cents are {cents}"
transform events from good | as events | select id, cents, op

sink good_pg from good to warehouse { table = "good", write = upsert, key = id }
sink events_pg from events to warehouse { table = "events", write = append }
sink good_lite from good to disk { table = "good", write = upsert, key = id }
sink events_lite from events to disk { table = "events", write = append }
"#;

#[test]
fn on_a_changelog_what_a_later_version_or_delete_has_overtaken_does_not_come_back() {
    let text = ACCOUNTS.replace("BROKERS", &brokers()).replace("POSTGRES", &postgres_url());
    let project = Project::new("replay_changelog", &text.replace("LEAST", "0"));
    sql(&format!("CREATE SCHEMA {}", project.name));
    let topic = format!("{}.accounts", project.name);
    create(&topic, "compact");
    let put = |id: u32, cents: i32| format!(r#"{{"id":{id},"cents":{cents}}}"#);
    let changes = [put(1, -1), put(1, 5), put(2, -2), put(3, -3), put(4, 9), put(4, -4), put(5, -5), put(5, -6)];
    let keys = ["1", "1", "2", "3", "4", "4", "5", "5"];
    let records: Vec<_> = keys.iter().zip(&changes).map(|(key, it)| (*key, Some(it.as_str()))).collect();
    send(&topic, &records);
    send(&topic, &[("3", None)]);
    project.run_to_end();
    assert_eq!((table(&project, "good", "id || ':' || cents", "id").as_str(), open_letters(&project)), ("1:5 4:9", 12));
    project.write("main.pipe", text.replace("LEAST", "-10").replace("NAME", &project.name));
    assert_eq!(replay(&project, &[]), (0, outcomes(&[("replayed", 6), ("superseded", 6)])));
    assert_eq!(table(&project, "good", "id || ':' || cents", "id"), "1:5 2:-2 4:-4 5:-6");
    let events = table(&project, "events", "id || ':' || op || ':' || coalesce(cents, 0)", "id, op, cents");
    assert_eq!(events, "1:put:5 2:put:-2 3:delete:0 4:put:-4 4:put:9 5:put:-6");
    assert_eq!((open_letters(&project), replay(&project, &[])), (0, (0, outcomes(&[]))));
}

#[test]
fn what_retention_has_taken_is_not_guessed() {
    let project = project("replay_retention");
    send_orders(&project, &[(1, 1, "-1"), (2, 1, "5"), (3, 1, "-3")]);
    project.run_to_end();
    let before = tables(&project);
    let topic = format!("{}.orders", project.name);
    let partition =
        ask(&format!("SELECT max(partition)::text FROM pipewright.dead_letters WHERE program = '{}'", project.name));
    delete_until(&topic, partition.parse().unwrap(), 2);
    mend(&project, None, "> -10");
    assert_eq!(replay(&project, &[]), (1, outcomes(&[("left", 2), ("replayed", 2)])));
    assert_eq!((tables(&project)[2].as_str(), before[2].as_str(), open_letters(&project)), ("1:3:-3", "1:2:5", 2));
    let said = text_of(&project.output(&["dead-letters", "replay", "main.pipe"]));
    assert!(said.contains("no longer in the topic"), "{said}");
    // Read again from where it can be: these letters are settled by that.
    let reset = project.output(&["positions", "reset", "main.pipe", "orders-to-warehouse", "--yes"]);
    assert!(reset.status.success(), "{}", text_of(&reset));
    assert_eq!(open_letters(&project), 2, "what lies before the new beginning is not read again");
}

fn delete_until(topic: &str, partition: i32, offset: i64) {
    use rdkafka::admin::{AdminClient, AdminOptions};
    use rdkafka::{Offset, TopicPartitionList};
    let admin: AdminClient<_> = rdkafka::ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, Offset::Offset(offset)).unwrap();
    crate::e2e::project::block_on(admin.delete_records(&list, &AdminOptions::new())).unwrap();
}

#[test]
fn a_stage_that_reads_again_settles_its_letters_and_a_replay_adds_nothing() {
    let project = project("replay_reset");
    send_orders(&project, &[(1, 1, "-1"), (2, 2, "null"), (3, 3, "3")]);
    project.run_to_end();
    assert_eq!(open_letters(&project), 4);
    mend(&project, None, "> -10");
    sql(&format!("TRUNCATE {0}.all_orders, {0}.facts, {0}.latest", project.name));
    let reset = project.output(&["positions", "reset", "main.pipe", "orders-to-warehouse", "--yes"]);
    assert!(reset.status.success(), "{}", text_of(&reset));
    assert_eq!(open_letters(&project), 2, "those of the other stage");
    project.run_to_end();
    assert_eq!(open_letters(&project), 3, "what is still bad is a letter again");
    assert_eq!(replay(&project, &[]), (5, outcomes(&[("refused", 2), ("replayed", 1)])));
    assert_eq!(tables(&project)[1], "1:-1 3:3");
}

#[test]
fn killed_anywhere_beside_a_run_that_goes_on_and_done_twice_at_once_nothing_is_stored_twice() {
    let project = project("replay_kill");
    let orders: Vec<_> = (0..600).map(|it| (it, it % 50, if it % 3 == 0 { "-5" } else { "5" })).collect();
    send_orders(&project, &orders);
    project.run_to_end();
    mend(&project, None, "> -10");
    let mut running = project.start(&["run", "main.pipe"]);
    let points = ["replay-begin", "epoch-rows", "epoch-letters", "replay-marked", "epoch-positions", "replay-stored"];
    // First in the one database, then in the other.
    for (round, point) in (0u32..).zip(points.iter().chain(&points)) {
        let more: Vec<_> = (0..30).map(|it| (1_000 + round * 30 + it, it, "7")).collect();
        send_orders(&project, &more);
        let mut command = project.command(&["dead-letters", "replay", "main.pipe"]);
        let output = command.env("FAILPOINTS", format!("{point}=return")).output().unwrap();
        assert!(output.status.code().is_none(), "it dies at {point}: {}", text_of(&output));
    }
    let started: Vec<_> = (0..2).map(|_| project.start(&["dead-letters", "replay", "main.pipe"])).collect();
    for mut it in started {
        assert_eq!(it.wait(), 0, "{}", it.log());
    }
    let all = |table: &str| ask(&format!("SELECT count(*) || ' ' || count(DISTINCT id) FROM {}.{table}", project.name));
    crate::e2e::project::eventually("the run has read all of it", || all("all_orders") == "960 960");
    crate::e2e::project::eventually("both stages have", || {
        ask_sqlite(&project.path("out.db"), "SELECT CAST(count(*) AS TEXT) FROM all_orders") == "960"
    });
    running.terminate();
    assert_eq!(running.wait(), 0, "{}", running.log());
    assert_eq!((open_letters(&project), all("facts").as_str()), (0, "960 960"));
    let [_, facts, latest] = tables(&project);
    assert_eq!(facts.split(' ').count(), 960);
    // The newest order of each customer: those that came last, or the last of the first ones.
    for row in latest.split(' ') {
        let numbers: Vec<u32> = row.split(':').take(2).map(|it| it.parse().unwrap()).collect();
        let (customer, id) = (numbers[0], numbers[1]);
        assert_eq!(id, if customer < 30 { 1_330 + customer } else { 550 + customer }, "customer {customer}");
    }
}

#[test]
fn embedded_facts_are_replayed_and_rows_whose_order_matters_are_not() {
    let text = crate::e2e::embedded::PROGRAM
        .replace("max_bad = 5%", "max_bad = 100%")
        .replace("| derive gross", "| check amount < LEAST else \"too much\" | derive gross");
    let project = Project::new("replay_embedded", &text.replace("LEAST", "500"));
    project.write("orders.csv", crate::e2e::project::orders_csv(2_000));
    project.run_to_end();
    let rows = || ask_sqlite(&project.path("out.db"), "SELECT count(*) || ' ' || count(DISTINCT id) FROM facts");
    let before = rows();
    project.write("main.pipe", text.replace("LEAST", "5000").replace("NAME", &project.name));
    let (code, told) = replay(&project, &[]);
    assert_eq!((code, told.keys().map(String::as_str).collect::<Vec<_>>(), rows()), (1, vec!["left"], before));
    let said = text_of(&project.output(&["dead-letters", "replay", "main.pipe"]));
    assert!(said.contains("`pipewright positions reset main.pipe orders_csv`"), "{said}");
    // Without the sink that keeps the newest row.
    let text = text.split("transform latest").next().unwrap().replace("LEAST", "5000");
    project.write("main.pipe", text.replace("NAME", &project.name));
    let (code, told) = replay(&project, &["--topic", "orders"]);
    let (all, ..) = crate::e2e::project::expected(2_000);
    assert_eq!((code, told.keys().map(String::as_str).collect::<Vec<_>>()), (0, vec!["replayed"]));
    assert_eq!(rows(), format!("{all} {all}"));
    project.run_to_end();
    assert_eq!(rows(), format!("{all} {all}"));
}

const SOURCE: &str = r#"
pipeline NAME { max_bad = 100%, commit = { rows = 500, interval = 50ms } }
connection bus = kafka { brokers = "BROKERS" }
connection files = files { root = "." }
connection warehouse = postgres { url = "POSTGRES", schema = "NAME" }

type Order = { id: int64, customer: int64, cents: INTEGER }

source orders_in: Order from files { path = "orders.in", format = FORMAT }
topic orders from orders_in { name = "NAME.orders", partition_key = customer, partitions = 3, replication = 1 }
transform read from orders | derive cents = READ
sink facts from read to warehouse { table = "facts", write = append }
"#;

fn source_program(format: &str, read: Option<&str>, more: &str) -> String {
    let text = SOURCE.replace("BROKERS", &brokers()).replace("POSTGRES", &postgres_url()).replace("FORMAT", format);
    let text = text.replace("INTEGER", if read.is_some() { "int64?" } else { "int64" });
    text.replace("READ", read.unwrap_or("cents")) + more
}

/// Rows as CSV; every third has no cents.
fn rows(format: &str, from: u32, to: u32) -> String {
    let line = |it: u32| match (format, it % 3) {
        ("json", 0) => format!("{{\"id\":{it},\"customer\":{it},\"cents\":null}}\n"),
        ("json", _) => format!("{{\"id\":{it},\"customer\":{it},\"cents\":{it}}}\n"),
        (_, 0) => format!("{it},,{it}\n"),
        (..) => format!("{it},{it},{it}\n"),
    };
    let head = if format == "csv(header = true)" && from == 0 { "id,cents,customer\n" } else { "" };
    head.to_string() + &(from..to).map(line).collect::<String>()
}

fn facts(project: &Project) -> String {
    ask(&format!("SELECT count(*) || ' ' || count(DISTINCT id) FROM {}.facts", project.name))
}

#[test]
fn lines_that_a_source_refused_go_into_its_topic_once_also_beside_a_run_and_when_killed() {
    for format in ["json", "csv(header = true)"] {
        let project = Project::new("replay_source", &source_program(format, None, ""));
        sql(&format!("CREATE SCHEMA {}", project.name));
        project.write("orders.in", rows(format, 0, 300));
        project.run_to_end();
        assert_eq!((open_letters(&project), facts(&project).as_str()), (100, "200 200"), "{format}");
        assert_eq!(replay(&project, &[]), (5, outcomes(&[("refused", 100)])));
        assert_eq!((open_letters(&project), facts(&project).as_str()), (100, "200 200"), "{format}");
        project
            .write("main.pipe", source_program(format, Some("coalesce(cents, 0)"), "").replace("NAME", &project.name));
        assert_eq!(replay(&project, &["--dry-run"]), (0, outcomes(&[("replayed", 100)])));
        assert_eq!((open_letters(&project), facts(&project).as_str()), (100, "200 200"), "{format}");
        let mut running = project.start(&["run", "main.pipe"]);
        for point in ["replay-begin", "ingest-begun", "ingest-sent"] {
            let mut command = project.command(&["dead-letters", "replay", "main.pipe"]);
            let output = command.env("FAILPOINTS", format!("{point}=return")).output().unwrap();
            assert!(output.status.code().is_none(), "it dies at {point}: {}", text_of(&output));
        }
        assert_eq!(open_letters(&project), 100);
        let mut command = project.command(&["dead-letters", "replay", "main.pipe", "--limit", "40"]);
        let output = command.env("FAILPOINTS", "ingest-committed=return").output().unwrap();
        assert!(output.status.code().is_none(), "{}", text_of(&output));
        assert_eq!(open_letters(&project), 60);
        let started: Vec<_> = (0..2).map(|_| project.start(&["dead-letters", "replay", "main.pipe"])).collect();
        for mut it in started {
            assert_eq!(it.wait(), 0, "{}", it.log());
        }
        assert_eq!(open_letters(&project), 0);
        // The run goes on, behind what was replayed.
        let mut file = std::fs::OpenOptions::new().append(true).open(project.path("orders.in")).unwrap();
        std::io::Write::write_all(&mut file, rows(format, 300, 330).as_bytes()).unwrap();
        crate::e2e::project::eventually("all of it is stored", || facts(&project) == "330 330");
        running.terminate();
        assert_eq!(running.wait(), 0, "{}", running.log());
        let text = project.run_to_end();
        assert!(!text.contains("of earlier runs"), "no letter is left: {text}");
        assert_eq!(facts(&project), "330 330");
    }
}

#[test]
fn a_line_whose_key_is_in_the_topic_already_is_not_written_behind_it() {
    let newest = "transform newest from read | as table by customer | select customer, id\n\
                  sink latest from newest to warehouse { table = \"latest\", write = upsert, key = customer }\n";
    let project = Project::new("replay_source_key", &source_program("json", None, newest));
    sql(&format!("CREATE SCHEMA {}", project.name));
    let line =
        |id: u32, customer: u32, cents: &str| format!("{{\"id\":{id},\"customer\":{customer},\"cents\":{cents}}}\n");
    let lines = [line(1, 1, "null"), line(2, 1, "2"), line(3, 2, "null"), line(4, 2, "null"), line(5, 3, "5")];
    project.write("orders.in", lines.concat());
    project.run_to_end();
    project
        .write("main.pipe", source_program("json", Some("coalesce(cents, 0)"), newest).replace("NAME", &project.name));
    assert_eq!(replay(&project, &[]), (1, outcomes(&[("left", 1), ("replayed", 2)])));
    project.run_to_end();
    let latest =
        format!("SELECT string_agg(customer || ':' || id, ' ' ORDER BY customer) FROM {}.latest", project.name);
    assert_eq!((ask(&latest).as_str(), open_letters(&project)), ("1:2 2:4 3:5", 1));
}
