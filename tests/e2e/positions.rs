//! The way back: positions of stages and sources that are looked at and changed by hand, also under a run that goes on.

use serde_json::Value;

use crate::e2e::project::{Project, ask, ask_sqlite, eventually, expected, orders_csv, sql, text_of, topic_is_gone};
use crate::e2e::servers::{check, project};

fn positions(project: &Project, args: &[&str]) -> (i32, String) {
    let output = project.output(&[&["positions"], args].concat());
    (output.status.code().unwrap(), text_of(&output).split_whitespace().collect::<Vec<_>>().join(" "))
}

fn done(project: &Project, args: &[&str]) -> String {
    let (code, text) = positions(project, &[args, &["--yes"]].concat());
    assert_eq!(code, 0, "{text}");
    text
}

fn listed(project: &Project, name: &str) -> Vec<Value> {
    let output = project.output(&["positions", "ls", "main.pipe", name, "--format", "json"]);
    assert!(output.status.success(), "{}", text_of(&output));
    serde_json::from_slice::<Value>(&output.stdout).unwrap().as_array().unwrap().clone()
}

fn sum(project: &Project, name: &str, what: &str) -> i64 {
    listed(project, name).iter().map(|it| it[what].as_i64().unwrap()).sum()
}

fn facts(project: &Project) -> u64 {
    ask(&format!("SELECT count(*)::text FROM {}.facts", project.name)).parse().unwrap()
}

fn distinct(project: &Project) -> u64 {
    ask(&format!("SELECT count(DISTINCT id)::text FROM {}.facts", project.name)).parse().unwrap()
}

#[test]
fn a_stage_begins_anew_at_once_and_a_source_writes_once_more() {
    let project = project("positions", 1_000);
    let (code, _) = positions(&project, &["ls", "main.pipe"]);
    assert_eq!(code, 0, "before the first run");
    assert_eq!(ask(&format!("SELECT to_regclass('{}.facts')::text", project.name)), "", "looking creates nothing");
    project.run_to_end();
    let (all, ..) = expected(1_000);
    assert_eq!(sum(&project, "orders-to-db", "behind"), 0);
    assert_eq!(listed(&project, "orders_csv")[0]["behind"], 0);

    let (code, text) = positions(&project, &["reset", "main.pipe", "orders-to-db"]);
    assert_eq!(code, 2, "nobody can be asked: {text}");
    assert!(text.contains("are appended once more") && text.contains("nothing was changed"), "{text}");
    assert_eq!(sum(&project, "orders-to-db", "behind"), 0);

    let text = done(&project, &["reset", "main.pipe", "orders-to-db"]);
    assert!(text.contains("[0] ") && text.contains("-> 0"), "{text}");
    assert!(sum(&project, "orders-to-db", "behind") > 0);
    project.run_to_end();
    assert_eq!((facts(&project), distinct(&project)), (2 * all, all));

    sql(&format!("TRUNCATE {0}.facts, {0}.customers", project.name));
    done(&project, &["reset", "main.pipe", "orders-to-db"]);
    project.run_to_end();
    check(&project, 1_000);

    done(&project, &["reset", "main.pipe", "orders_csv", "--file", "orders.csv"]);
    project.run_to_end();
    assert_eq!((facts(&project), distinct(&project)), (2 * all, all));
    done(&project, &["reset", "main.pipe", "orders_csv"]);
    project.run_to_end();
    assert_eq!((facts(&project), distinct(&project)), (3 * all, all));
    done(&project, &["reset", "main.pipe", "orders-to-db", "--to", "latest"]);
    project.run_to_end();
    assert_eq!((facts(&project), distinct(&project)), (3 * all, all));

    let topic = format!("{}.orders", project.name);
    let end = listed(&project, "orders-to-db")[0]["end"].as_i64().unwrap();
    done(&project, &["set", "main.pipe", "orders-to-db", &format!("{topic}:0"), "7"]);
    assert_eq!(listed(&project, "orders-to-db")[0]["position"], 7);
    for (wrong, said) in [
        (vec!["set", "main.pipe", "orders-to-db", &format!("{topic}:0"), &(end + 1).to_string()], "has no offset"),
        (vec!["set", "main.pipe", "orders-to-db", &format!("{topic}:99"), "0"], "has no partition 99"),
        (vec!["reset", "main.pipe", "orders-to-d"], "did you mean `orders-to-db`?"),
        (vec!["reset", "main.pipe", "orders_csv", "--file", "order.csv"], "did you mean `orders.csv`?"),
        (vec!["reset", "main.pipe", "orders_csv", "--to", "latest"], "begins at its first record"),
        (vec!["reset", "main.pipe", "orders-to-db", "--file", "orders.csv"], "it has partitions, no files"),
    ] {
        let (code, text) = positions(&project, &[&wrong[..], &["--yes"]].concat());
        assert!(code == 1 && text.contains(said), "{code} {said}\n{text}");
    }
}

#[test]
fn dead_letters_of_sources_are_listed_though_they_lie_in_kafka() {
    let project = project("source_letters", 1_000);
    project.run_to_end();
    let (.., bad) = expected(1_000);
    let list = |args: &[&str]| {
        let output = project.output(&[&["dead-letters", "ls", "main.pipe", "--format", "json"], args].concat());
        assert!(output.status.success(), "{}", text_of(&output));
        serde_json::from_slice::<Value>(&output.stdout).unwrap().as_array().unwrap().clone()
    };
    let all = list(&["--topic", "orders_csv"]);
    assert_eq!(all.len() as u64, bad);
    assert!(all.iter().all(|it| it["value"].as_str().unwrap().contains("abc")), "{all:?}");
    assert_eq!(list(&["--limit", "2"]).len(), 2);
    assert_eq!(list(&["--offset", "1"]).len(), 0);
    let shown = text_of(&project.output(&["dead-letters", "show", "main.pipe", "--limit", "1"]));
    assert!(shown.contains("source orders_csv at byte"), "{shown}");
    // A file that is read again has no second letters of its first reading.
    done(&project, &["reset", "main.pipe", "orders_csv"]);
    let text = text_of(&project.output(&["run", "main.pipe", "--until-end", "--from", "latest"]));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("pipewright positions reset main.pipe orders_csv"), "{text}");
    assert_eq!(list(&["--topic", "orders_csv"]).len() as u64, 2 * bad, "the second reading has its own");
}

#[test]
fn a_run_that_goes_on_is_shut_out_and_goes_on_from_the_new_position() {
    let project = project("positions_live", 2_000);
    let (all, ..) = expected(2_000);
    let mut running = project.start(&["run", "main.pipe"]);
    eventually("all rows are stored", || sum_of(&project) == all);
    done(&project, &["reset", "main.pipe", "orders-to-db"]);
    // Its next transaction is the first one that is refused.
    project.write("orders.csv", orders_csv(2_500));
    let (more, ..) = expected(2_500);
    eventually("all of it is stored again", || sum_of(&project) == all + more);
    done(&project, &["reset", "main.pipe", "orders_csv"]);
    let lines = orders_csv(3_000);
    project.write("orders.csv", lines);
    let (last, ..) = expected(3_000);
    eventually("the source has read all of it again", || sum_of(&project) == all + more + last);
    running.terminate();
    assert_eq!(running.wait(), 0, "{}", running.log());
    assert_eq!(distinct(&project), last);
}

/// Before the table is there it holds nothing.
fn sum_of(project: &Project) -> u64 {
    ask(&format!("SELECT count(*)::text FROM {}.facts", project.name)).parse().unwrap_or_default()
}

#[test]
fn what_stops_a_run_for_good_is_mended_by_a_new_beginning() {
    let project = project("positions_mend", 300);
    project.run_to_end();
    let (all, ..) = expected(300);
    let refused = |code| {
        let output = project.output(&["run", "main.pipe", "--until-end"]);
        assert_eq!(output.status.code(), Some(code), "{}", text_of(&output));
        text_of(&output)
    };
    // The file is another one.
    project.write("orders.csv", orders_csv(100));
    let text = refused(4);
    assert!(text.contains("pipewright positions reset main.pipe orders_csv --file"), "{text}");
    done(&project, &["set", "main.pipe", "orders_csv", "--file", "orders.csv", "--skip"]);
    project.run_to_end();
    assert_eq!(facts(&project), all);
    project.write("orders.csv", orders_csv(200));
    project.run_to_end();
    let added = expected(200).0 - expected(100).0;
    assert_eq!(facts(&project), all + added, "it goes on behind what was skipped");
    // Rows that nobody knows the position of.
    sql(&format!("DELETE FROM pipewright.positions WHERE program = '{}'", project.name));
    refused(4);
    done(&project, &["reset", "main.pipe", "orders-to-db", "--to", "latest"]);
    project.run_to_end();
    assert_eq!(facts(&project), all + added);
    // The topic is another one.
    let topic = format!("{}.orders", project.name);
    delete_topic(&topic);
    let output = project.output(&["positions", "ls", "main.pipe"]);
    assert!(text_of(&output).contains("there is no such topic in Kafka"), "{}", text_of(&output));
    refused(4);
    done(&project, &["reset", "main.pipe", "orders-to-db"]);
    done(&project, &["reset", "main.pipe", "orders_csv"]);
    sql(&format!("TRUNCATE {0}.facts, {0}.customers", project.name));
    project.run_to_end();
    check(&project, 200);
}

fn delete_topic(topic: &str) {
    use rdkafka::admin::{AdminClient, AdminOptions};
    let admin: AdminClient<_> =
        rdkafka::ClientConfig::new().set("bootstrap.servers", crate::e2e::project::brokers()).create().unwrap();
    crate::e2e::project::block_on(async {
        admin.delete_topics(&[topic], &AdminOptions::new()).await.unwrap();
    });
    topic_is_gone(topic);
}

#[test]
fn embedded_everything_begins_anew_and_nothing_is_passed_over() {
    let project = Project::new("positions_embedded", crate::e2e::embedded::PROGRAM);
    project.write("orders.csv", orders_csv(1_000));
    let rows = || ask_sqlite(&project.path("out.db"), "SELECT count(*) || ' ' || count(DISTINCT id) FROM facts");
    let (all, ..) = expected(1_000);
    project.run_to_end();
    for (times, what) in [(2, "orders-to-db"), (3, "orders_csv")] {
        done(&project, &["reset", "main.pipe", what]);
        project.run_to_end();
        assert_eq!(rows(), format!("{} {all}", times * all), "{what}");
        project.run_to_end();
        assert_eq!(rows(), format!("{} {all}", times * all), "{what}: once");
    }
    // Other rows than those that were read: none is passed over for having the place of an old one.
    project.write("orders.csv", orders_csv(500));
    done(&project, &["reset", "main.pipe", "orders_csv", "--file", "orders.csv"]);
    project.run_to_end();
    assert_eq!(rows(), format!("{} {all}", 3 * all + expected(500).0));
    let (code, text) = positions(&project, &["reset", "main.pipe", "orders-to-db", "--to", "latest", "--yes"]);
    assert!(code == 1 && text.contains("live in its process"), "{code} {text}");
}

/// What lies in both servers: topics, and columns of tables.
fn there(project: &Project) -> (bool, String) {
    use rdkafka::consumer::{BaseConsumer, Consumer};
    let client: BaseConsumer =
        rdkafka::ClientConfig::new().set("bootstrap.servers", crate::e2e::project::brokers()).create().unwrap();
    let topics = client.fetch_metadata(None, crate::e2e::project::HANGS).unwrap();
    let topic = topics.topics().iter().any(|it| it.name().starts_with(&project.name));
    let columns = format!(
        "SELECT coalesce(string_agg(table_name || '.' || column_name, ' ' ORDER BY table_name, ordinal_position), '')
         FROM information_schema.columns WHERE table_schema = '{}'",
        project.name
    );
    (topic, ask(&columns))
}

fn dry(project: &Project) -> String {
    let output = project.output(&["run", "main.pipe", "--until-end", "--dry-run"]);
    let text = text_of(&output).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(output.status.success(), "{text}");
    text
}

#[test]
fn a_dry_run_says_what_would_be_made_read_and_written_and_does_nothing_of_it() {
    let project = project("dry", 1_000);
    assert_eq!(there(&project), (false, String::new()));
    let text = dry(&project);
    assert_eq!(there(&project), (false, String::new()), "{text}");
    let bytes = orders_csv(1_000).len();
    assert!(
        text.contains(&format!("orders_csv: {},{:03} bytes of 1 file to read", bytes / 1_000, bytes % 1_000)),
        "{text}"
    );
    assert!(text.contains("would be created"), "{text}");

    project.run_to_end();
    check(&project, 1_000);
    let before = there(&project);
    let positions = |project: &Project| format!("{:?}", listed(project, "orders-to-db"));
    let stood = positions(&project);
    let text = dry(&project);
    assert!(text.contains("orders_csv: nothing to read") && !text.contains("would be created"), "{text}");
    assert_eq!((there(&project), positions(&project)), (before, stood));

    // The same error as a run has at its start.
    sql(&format!("ALTER TABLE {}.facts DROP COLUMN gross", project.name));
    let output = project.output(&["run", "main.pipe", "--until-end", "--dry-run"]);
    assert_eq!(output.status.code(), Some(1), "{}", text_of(&output));
    assert!(text_of(&output).contains("gross"), "{}", text_of(&output));
}
