//! Pipewright's own tables: as an older version made them, and what their keys tell apart.

use pipewright_expr::Datum::{Int, Text};
use pipewright_plan::Write;
use pipewright_runtime::record::RecordId;
use pipewright_runtime::sinks::dead_letters::LetterFilter;
use pipewright_runtime::sinks::{AnyDatabase, Database, DatabaseError, History};

use super::sqlite::File;
use super::stage::server::Server;
use super::stage::{Driver, letter, orders, upsert};

/// The table of letters before it knew the ids of topics, with one letter in it.
fn older(prefix: &str, [bytes, time, number]: [&str; 3]) -> String {
    format!(
        "CREATE TABLE {prefix}dead_letters (program text NOT NULL, stage text NOT NULL, topic text NOT NULL, \
         partition integer NOT NULL, \"offset\" {number} NOT NULL, ordinal integer NOT NULL, key {bytes}, value {bytes}, \
         headers json, record_time {time}, node text NOT NULL, step text, place text NOT NULL, name text NOT NULL, \
         reason text NOT NULL, stale_key boolean NOT NULL, created_at {time} NOT NULL, replayed_at {time}, \
         PRIMARY KEY (program, stage, topic, partition, \"offset\", ordinal)); \
         INSERT INTO {prefix}dead_letters VALUES ('shop', 'orders-to-warehouse', 'orders', 3, 0, 0, NULL, NULL, NULL, NULL, \
         'older', NULL, 'shop.pipe:4', 'undecodable', 'said before', false, '2026-01-01 00:00:00', NULL); \
         CREATE INDEX letters_by_name ON {prefix}dead_letters (name);"
    )
}

/// Reads a topic of that id from its start, and finds its first record bad.
async fn bad_in_topic(mut database: AnyDatabase, id: Option<&str>) {
    database.prepare().await.unwrap();
    let mut acquired = database.acquire(&[(0, 3)], &[id.map(str::to_string)]).await.unwrap().remove(0);
    acquired.next = Some(0);
    acquired.topic_id = id.map(str::to_string);
    database.start_at(std::slice::from_ref(&acquired)).await.unwrap();
    let encoders = database.encoders().unwrap();
    let mut driver = Driver {
        database,
        acquired,
        offset: 1,
        epoch: 0,
        encoders,
        letters: vec![letter(0)],
        cursors: Default::default(),
    };
    driver.letters[0].at = RecordId { topic: 0, partition: 3, offset: 0 };
    driver.letters[0].node = id.unwrap_or("none").to_string();
    driver.commit().await.unwrap();
}

async fn nodes(mut database: AnyDatabase) -> Vec<String> {
    let letters = database.dead_letters(&LetterFilter::default()).await.unwrap();
    let mut nodes: Vec<String> = letters.into_iter().map(|it| it.node).collect();
    nodes.sort();
    nodes
}

#[tokio::test]
async fn sqlite_letters_of_a_topic_that_was_created_anew_are_kept_beside_the_old_ones() {
    let file = File::new();
    let open = || file.open(vec![orders(Write::Append)]);
    for id in [Some("first"), Some("second"), Some("second"), None] {
        bad_in_topic(open(), id).await;
        file.run("DELETE FROM pipewright_positions").await;
    }
    assert_eq!(nodes(open()).await, ["first", "none", "second"]);
}

#[tokio::test]
async fn postgres_letters_of_a_topic_that_was_created_anew_are_kept_beside_the_old_ones() {
    let server = Server::new().await;
    let open = || server.open(vec![orders(Write::Append)]);
    for id in [Some("first"), Some("second"), Some("second"), None] {
        bad_in_topic(open(), id).await;
        server.run("DELETE FROM pipewright.positions").await;
    }
    assert_eq!(nodes(open()).await, ["first", "none", "second"]);
}

#[tokio::test]
async fn sqlite_letters_of_an_older_version_stay() {
    let file = File::new();
    file.run(&older("pipewright_", ["BLOB", "TEXT", "INTEGER"])).await;
    file.run("CREATE VIEW letters AS SELECT node FROM pipewright_dead_letters").await;
    let open = || file.open(vec![orders(Write::Append)]);
    bad_in_topic(open(), Some("id")).await;
    assert_eq!(nodes(open()).await, ["id", "older"]);
    assert_eq!(file.rows("node", "letters").await.len(), 2);
    let index = file.rows("name", "sqlite_schema WHERE name = 'letters_by_name'").await;
    assert_eq!(index, ["'letters_by_name'"]);
}

#[tokio::test]
async fn postgres_letters_of_an_older_version_stay() {
    let server = Server::new().await;
    server.run("CREATE SCHEMA pipewright").await;
    server.run(&older("pipewright.", ["bytea", "timestamptz", "bigint"])).await;
    let open = || server.open(vec![orders(Write::Append)]);
    // Both at once: one waits for the other, and finds it done.
    let (mut one, mut other) = (open(), open());
    let (one, other) = tokio::join!(one.prepare(), other.prepare());
    one.unwrap();
    other.unwrap();
    server.run("ALTER TABLE pipewright.dead_letters ALTER COLUMN created_at SET DEFAULT now()").await;
    bad_in_topic(open(), Some("id")).await;
    assert_eq!(nodes(open()).await, ["id", "older"]);
}

/// One row of a topic, stored or deleted.
async fn store(mut database: AnyDatabase, delete: bool) {
    database.prepare().await.unwrap();
    database.history().await.unwrap();
    let mut driver = Driver::start(database).await;
    match delete {
        true => driver.delete(&[Int(1)]),
        false => driver.put(&[Int(1), Text("new")]).unwrap(),
    }
    driver.commit().await.unwrap();
}

/// What a run finds that begins now, in a few words.
async fn found(mut database: AnyDatabase) -> String {
    database.prepare().await.unwrap();
    match database.history().await.unwrap() {
        History::Fresh => "fresh".to_string(),
        History::Stored => "stored".to_string(),
        History::Late(tables) => format!("late {}", tables.join(" ")),
        History::RowsOnly(filled) => format!("only rows: {}", filled.amount()),
        History::Emptied(it) => {
            let how = if it.another { "another" } else { "the same" };
            format!("{how} table, {}", it.amount())
        }
    }
}

const DROPPED: &str = "another table, a row was stored in it before";
const EMPTIED: &str = "the same table, a row was stored in it before";

#[tokio::test]
async fn sqlite_a_table_that_was_dropped_or_emptied_under_its_positions_is_noticed() {
    let file = File::new();
    let open = || file.open(vec![orders(Write::Append)]);
    assert_eq!(found(open()).await, "fresh");
    store(open(), false).await;
    assert_eq!(found(open()).await, "stored");
    file.run("DROP TABLE fact_orders").await;
    for _ in 0..2 {
        assert_eq!(found(open()).await, DROPPED);
    }
    // Brought back.
    file.run("INSERT INTO fact_orders VALUES (1, 'new')").await;
    assert_eq!(found(open()).await, "stored");
    file.run("DELETE FROM fact_orders").await;
    assert_eq!(found(open()).await, "the same table, rows were stored in it before");
    file.run("UPDATE pipewright_tables SET may_be_empty = 1").await;
    assert_eq!(found(open()).await, "stored");
    file.run("UPDATE pipewright_tables SET may_be_empty = 0").await;
    file.run("UPDATE pipewright_positions SET next_offset = NULL").await;
    assert_eq!(found(open()).await, "fresh");
    store(open(), false).await;
    assert_eq!(found(open()).await, "stored");
}

#[tokio::test]
async fn postgres_a_table_that_was_dropped_or_emptied_under_its_positions_is_noticed() {
    let server = Server::new().await;
    let open = || server.open(vec![orders(Write::Append)]);
    assert_eq!(found(open()).await, "fresh");
    store(open(), false).await;
    for rewritten in ["VACUUM FULL fact_orders", "ALTER TABLE fact_orders ADD more int DEFAULT random()"] {
        server.run(rewritten).await;
        assert_eq!(found(open()).await, "stored");
    }
    server.run("DELETE FROM fact_orders").await;
    assert_eq!(found(open()).await, "the same table, rows were stored in it before");
    server.run("TRUNCATE fact_orders").await;
    assert_eq!(found(open()).await, "another table, rows were stored in it before");
    server.run("UPDATE pipewright.positions SET next_offset = NULL").await;
    assert_eq!(found(open()).await, "fresh");
    store(open(), false).await;
    server.run("DROP TABLE fact_orders").await;
    for _ in 0..2 {
        assert_eq!(found(open()).await, DROPPED);
    }
    server.run("UPDATE pipewright.tables SET may_be_empty = true").await;
    assert_eq!(found(open()).await, "stored");
}

#[tokio::test]
async fn sqlite_a_table_that_its_own_deletes_have_emptied_goes_on() {
    let file = File::new();
    let open = || file.open(vec![orders(upsert(&["id"]))]);
    store(open(), false).await;
    file.run("DELETE FROM fact_orders").await;
    assert_eq!(found(open()).await, EMPTIED, "it has deleted nothing");
    store(open(), true).await;
    assert_eq!(found(open()).await, "stored");
    file.run("DROP TABLE fact_orders").await;
    assert_eq!(found(open()).await, DROPPED);
}

#[tokio::test]
async fn postgres_a_table_that_its_own_deletes_have_emptied_goes_on() {
    let server = Server::new().await;
    let open = || server.open(vec![orders(upsert(&["id"]))]);
    store(open(), false).await;
    store(open(), true).await;
    assert_eq!(found(open()).await, "stored");
    server.run("TRUNCATE fact_orders").await;
    assert_eq!(found(open()).await, DROPPED);
}

/// A filter lets nothing through; then a sink is added to the stage.
#[tokio::test]
async fn sqlite_a_table_that_never_had_rows_may_be_dropped() {
    let file = File::new();
    let open = || file.open(vec![orders(Write::Append)]);
    assert_eq!(found(open()).await, "fresh");
    let mut driver = Driver::start(open()).await;
    driver.offset += 1;
    driver.commit().await.unwrap();
    assert_eq!(found(open()).await, "stored");
    file.run("DROP TABLE fact_orders").await;
    assert_eq!(found(open()).await, "stored");
    let more = || {
        let mut more = orders(Write::Append);
        more.name = "more".to_string();
        more.table = "more".to_string();
        file.open(vec![orders(Write::Append), more])
    };
    assert_eq!(found(more()).await, "late more");
    assert_eq!(found(more()).await, "stored");
}

/// The table of an older version's stage, which remembered nothing.
#[tokio::test]
async fn sqlite_positions_of_an_older_version_are_believed_unless_the_table_is_gone() {
    let file = File::new();
    let open = || file.open(vec![orders(Write::Append)]);
    store(open(), false).await;
    file.run("DROP TABLE pipewright_tables").await;
    assert_eq!(found(open()).await, "stored");
    file.run("DELETE FROM fact_orders").await;
    assert_eq!(found(open()).await, "the same table, rows were stored in it before");
    file.run("DROP TABLE pipewright_tables; DROP TABLE fact_orders").await;
    for _ in 0..2 {
        assert_eq!(found(open()).await, "another table, rows were stored in it before");
    }
}

/// A person who may write but not read is told by the file of the rows.
#[tokio::test]
async fn postgres_who_may_not_read_the_table_is_told_all_the_same() {
    let server = Server::new().await;
    let open = || server.open(vec![orders(Write::Append)]);
    store(open(), false).await;
    let role = format!("r{}", server.name);
    server
        .run(&format!(
            "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA pipewright TO {role}; GRANT INSERT ON fact_orders TO {role}; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pipewright TO {role}"
        ))
        .await;
    let mut url = server.url.clone();
    url.set_username(&role).unwrap();
    let open = || crate::stage::open("postgres", &server.options(&url), vec![orders(Write::Append)]);
    assert_eq!(found(open()).await, "stored");
    server.run("TRUNCATE fact_orders").await;
    assert_eq!(found(open()).await, DROPPED);
}

#[tokio::test]
async fn postgres_who_may_not_use_our_schema_is_told_what_to_grant() {
    let server = Server::new().await;
    store(server.open(vec![orders(Write::Append)]), false).await;
    let role = format!("r{}", server.name);
    server.run(&format!("CREATE ROLE {role} LOGIN; GRANT SELECT, INSERT ON fact_orders TO {role}")).await;
    let mut url = server.url.clone();
    url.set_username(&role).unwrap();
    let open = || crate::stage::open("postgres", &server.options(&url), vec![orders(Write::Append)]);
    let refused = open().prepare().await.unwrap_err();
    let DatabaseError::Configuration { name: "permission-denied", help: Some(help), .. } = refused.first().unwrap()
    else {
        panic!("{refused:?}")
    };
    server.run(help).await;
    assert_eq!(found(open()).await, "stored");
}

/// Its positions are set to the start by a person, and its table is dropped: before or after.
#[tokio::test]
async fn sqlite_a_stage_that_begins_anew_may_find_its_table_empty() {
    let file = File::new();
    let open = || file.open(vec![orders(Write::Append)]);
    store(open(), false).await;
    open().forget_rows().await.unwrap();
    file.run("DROP TABLE fact_orders").await;
    assert_eq!(found(open()).await, "stored");
    store(open(), false).await;
    file.run("DELETE FROM fact_orders").await;
    assert_eq!(found(open()).await, EMPTIED);
    open().forget_rows().await.unwrap();
    assert_eq!(found(open()).await, "stored");
}

#[tokio::test]
async fn postgres_a_stage_that_begins_anew_may_find_its_table_empty() {
    let server = Server::new().await;
    let open = || server.open(vec![orders(Write::Append)]);
    store(open(), false).await;
    open().forget_rows().await.unwrap();
    server.run("DROP TABLE fact_orders").await;
    assert_eq!(found(open()).await, "stored");
    store(open(), false).await;
    server.run("TRUNCATE fact_orders").await;
    assert_eq!(found(open()).await, DROPPED);
    open().forget_rows().await.unwrap();
    assert_eq!(found(open()).await, "stored");
}
