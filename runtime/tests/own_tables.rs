//! Pipewright's own tables: as an older version made them, and what their keys tell apart.

use pipewright_plan::Write;
use pipewright_runtime::record::RecordId;
use pipewright_runtime::sinks::dead_letters::LetterFilter;
use pipewright_runtime::sinks::{AnyDatabase, Database};

use super::sqlite::File;
use super::stage::server::Server;
use super::stage::{Driver, letter, orders};

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
