//! Positions, tables, dead letters and topics that no longer fit each other: a run is right, or it stops before it reads and says how
//! to go on. The table in `docs/reliability.md` names each of these tests.

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::e2e::embedded::PROGRAM;
use crate::e2e::project::HANGS;
use crate::e2e::project::{
    Project, ask, ask_sqlite, block_on, brokers, eventually, expected, orders_csv, sql, text_of,
};
use crate::e2e::servers::{check, project};

const UNTIL_END: [&str; 3] = ["run", "main.pipe", "--until-end"];

/// Without the breaks of its lines.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Stops with exit code 4 and that name, and gives what it says.
fn refused(project: &Project, name: &str) -> String {
    let output = project.output(&UNTIL_END);
    let text = flat(&text_of(&output));
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(text.contains(&format!("error[{name}]")), "{text}");
    text
}

fn embedded(what: &str, rows: u64) -> Project {
    let project = Project::new(what, PROGRAM);
    project.write("orders.csv", orders_csv(rows));
    project.run_to_end();
    project
}

fn lite(project: &Project, query: &str) -> String {
    ask_sqlite(&project.path("out.db"), query)
}

fn change(project: &Project, statement: &str) {
    lite(project, &format!("{statement} RETURNING 'done'"));
}

fn drop_table(project: &Project, table: &str) {
    block_on(async {
        use sqlx::Connection as _;
        let url = format!("sqlite://{}", project.path("out.db").display());
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(&format!("DROP TABLE {table}")).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

const FACTS: &str = "SELECT CAST(count(*) AS TEXT) FROM facts";

#[test]
fn a_table_that_was_dropped_is_not_filled_from_the_middle() {
    let project = embedded("dropped", 1_000);
    drop_table(&project, "facts");
    project.write("orders.csv", orders_csv(2_000));
    let dry = text_of(&project.output(&["run", "main.pipe", "--dry-run"]));
    assert!(dry.contains("table-emptied"), "{dry}");
    for _ in 0..2 {
        let text = refused(&project, "table-emptied");
        for said in ["`facts` was dropped", "at least", "`pipewright positions reset main.pipe orders-to-db`"] {
            assert!(text.contains(said), "{said}\n{text}");
        }
        assert!(text.contains(&format!("may_be_empty = 1 WHERE program = '{}'", project.name)), "{text}");
        assert_eq!(lite(&project, FACTS), "0");
    }
    change(&project, "UPDATE pipewright_tables SET may_be_empty = 1 WHERE \"table\" = 'facts'");
    project.run_to_end();
    let (all, before) = (expected(2_000).0, expected(1_000).0);
    assert_eq!(lite(&project, FACTS), (all - before).to_string());
}

#[test]
fn a_table_that_was_emptied_in_postgres_is_not_filled_from_the_middle() {
    let project = project("emptied", 1_000);
    project.run_to_end();
    let n = &project.name;
    sql(&format!("CREATE TABLE {n}.backup AS SELECT * FROM {n}.facts"));
    for emptied in [format!("TRUNCATE {n}.facts"), format!("DELETE FROM {n}.facts"), format!("DROP TABLE {n}.facts")] {
        sql(&emptied);
        let dry = text_of(&project.output(&["run", "main.pipe", "--dry-run"]));
        assert!(dry.contains("table-emptied"), "{dry}");
        let text = refused(&project, "table-emptied");
        assert!(text.contains("`pipewright positions reset main.pipe orders-to-db`"), "{text}");
        sql(&format!("INSERT INTO {n}.facts SELECT * FROM {n}.backup"));
        project.run_to_end();
    }
    project.write("orders.csv", orders_csv(2_000));
    project.run_to_end();
    check(&project, 2_000);
}

#[test]
fn a_database_from_a_backup_is_completed() {
    let project = embedded("backup", 1_000);
    let backup = std::fs::read(project.path("out.db")).unwrap();
    project.write("orders.csv", orders_csv(3_000));
    project.run_to_end();
    for file in ["out.db-wal", "out.db-shm"] {
        let _ = std::fs::remove_file(project.path(file));
    }
    project.write("out.db", backup);
    project.run_to_end();
    assert_eq!(lite(&project, FACTS), expected(3_000).0.to_string());
    assert_eq!(lite(&project, "SELECT CAST(count(DISTINCT id) AS TEXT) FROM facts"), expected(3_000).0.to_string());
}

#[test]
fn dead_letters_that_were_deleted_change_nothing_else() {
    let project = embedded("letters", 1_000);
    drop_table(&project, "pipewright_dead_letters");
    project.write("orders.csv", orders_csv(2_000));
    project.run_to_end();
    assert_eq!(lite(&project, FACTS), expected(2_000).0.to_string());
    let letters = "SELECT CAST(count(*) AS TEXT) FROM pipewright_dead_letters";
    assert_eq!(lite(&project, letters), (expected(2_000).2 - expected(1_000).2).to_string());
}

#[test]
fn a_sink_that_is_added_is_filled_from_where_its_stage_stands() {
    let project = embedded("added", 1_000);
    let program = std::fs::read_to_string(project.path("main.pipe")).unwrap();
    project.write("main.pipe", program + "sink more from paid to db { table = \"more\", write = append }\n");
    project.write("orders.csv", orders_csv(2_000));
    let text = flat(&project.run_to_end());
    assert!(text.contains("`more` is new to stage `orders-to-db`") && text.contains("positions reset"), "{text}");
    let more = lite(&project, "SELECT CAST(count(*) AS TEXT) FROM more");
    assert_eq!(more, (expected(2_000).0 - expected(1_000).0).to_string());
    assert!(!project.run_to_end().contains("is new to"), "it is said once");
}

#[test]
fn a_topic_that_was_deleted_is_not_read_on() {
    let project = project("deleted", 1_000);
    project.run_to_end();
    let admin: AdminClient<DefaultClientContext> =
        rdkafka::ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    let topic = format!("{}.orders", project.name);
    let deleted = block_on(admin.delete_topics(&[&topic], &AdminOptions::new())).unwrap();
    assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
    eventually("the run knows that the topic is another one", || {
        let text = flat(&text_of(&project.output(&UNTIL_END)));
        text.contains("error[topic-recreated]")
            && text.contains("`pipewright positions reset main.pipe orders-to-db` begins with the first record")
    });
    assert_eq!(ask(&format!("SELECT count(*)::text FROM {}.facts", project.name)), expected(1_000).0.to_string());
}

#[test]
fn positions_that_are_deleted_under_the_run_stop_it() {
    let project = project("under", 1_000);
    let mut running = project.start(&["run", "main.pipe"]);
    let facts = format!("SELECT count(*)::text FROM {}.facts", project.name);
    let stored = expected(1_000).0.to_string();
    eventually("all rows are stored", || ask(&facts) == stored);
    sql(&format!("DELETE FROM pipewright.positions WHERE program = '{}'", project.name));
    let producer: BaseProducer = rdkafka::ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    let topic = format!("{}.orders", project.name);
    producer.send(BaseRecord::<str, str>::to(&topic).payload("not a record")).map_err(|(error, _)| error).unwrap();
    producer.flush(HANGS).unwrap();
    assert_eq!(running.wait(), 4, "{}", running.log());
    assert!(flat(&running.log()).contains("error[positions-gone]"), "{}", running.log());
    let text = refused(&project, "no-stored-position");
    assert!(text.contains("--from earliest"), "{text}");
    assert_eq!(ask(&facts), stored);
}

#[test]
fn one_position_that_is_gone_among_others_is_not_begun_anew() {
    let project = project("one_row", 1_000);
    project.run_to_end();
    let delete = format!(
        "DELETE FROM pipewright.positions WHERE program = '{}' AND partition = (SELECT min(partition) FROM pipewright.positions
         WHERE program = '{0}')",
        project.name
    );
    sql(&delete);
    for _ in 0..2 {
        let text = refused(&project, "position-missing");
        let command =
            format!("`pipewright positions reset main.pipe orders-to-db --partition {}.orders:0`", project.name);
        assert!(text.contains(&command), "{text}");
    }
    check(&project, 1_000);
}

#[test]
fn one_position_that_is_gone_among_others_is_not_begun_anew_embedded() {
    let project = embedded("one_row_embedded", 1_000);
    change(&project, "DELETE FROM pipewright_positions WHERE partition = 3");
    for _ in 0..2 {
        refused(&project, "position-missing");
    }
    assert_eq!(lite(&project, FACTS), expected(1_000).0.to_string());
}

#[test]
fn a_database_without_positions_and_rows_is_filled_from_the_start() {
    let project = embedded("all_gone", 1_000);
    for table in ["facts", "customers", "pipewright_positions"] {
        drop_table(&project, table);
    }
    project.run_to_end();
    assert_eq!(lite(&project, FACTS), expected(1_000).0.to_string());
}
