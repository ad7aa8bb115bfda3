//! Pipewright's own tables in SQLite: created where they are missing, and brought to today's form where an older version created
//! them.
//!
//! Invariant: in one transaction.

use sqlx::{Row, SqliteConnection};

use super::{client, errors};
use crate::sinks::failure::Failure;

/// As they are today. A column that came later has a default: an older version that still runs does not know it.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS pipewright_positions (
  program TEXT NOT NULL, stage TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL,
  next_offset INTEGER, epoch INTEGER NOT NULL DEFAULT 0, generation INTEGER NOT NULL, owner TEXT NOT NULL,
  topic_id TEXT, updated_at TEXT NOT NULL, PRIMARY KEY (program, stage, topic, partition));
CREATE TABLE IF NOT EXISTS pipewright_cursors (
  program TEXT NOT NULL, source TEXT NOT NULL, cursor TEXT NOT NULL, PRIMARY KEY (program, source));
CREATE TABLE IF NOT EXISTS pipewright_dead_letters (
  program TEXT NOT NULL, stage TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL,
  \"offset\" INTEGER NOT NULL, ordinal INTEGER NOT NULL, key BLOB, value BLOB, headers TEXT, record_time TEXT,
  node TEXT NOT NULL, step TEXT, place TEXT NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL,
  stale_key INTEGER NOT NULL, created_at TEXT NOT NULL, replayed_at TEXT, topic_id TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (program, stage, topic, topic_id, partition, \"offset\", ordinal));
CREATE TABLE IF NOT EXISTS pipewright_tables (
  program TEXT NOT NULL, stage TEXT NOT NULL, \"table\" TEXT NOT NULL, identity TEXT NOT NULL, rows INTEGER,
  deletes INTEGER NOT NULL DEFAULT 0, may_be_empty INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (program, stage, \"table\"));
";

/// Creates them, or brings them to today's form.
pub(crate) async fn create(connection: &mut SqliteConnection, path: &str) -> Result<(), Failure> {
    let outcome = async {
        client::script(connection, "BEGIN IMMEDIATE").await?;
        let created = create_all(connection).await;
        client::end(connection, created).await
    };
    outcome.await.map_err(|error| errors::failure(error, path))
}

async fn create_all(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let columns =
        "SELECT count(*), coalesce(sum(name = 'topic_id'), 0) FROM pragma_table_info('pipewright_dead_letters')";
    let rows = client::rows(connection, sqlx::query(columns)).await?;
    let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let (columns, with_ids): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    if columns > 0 && with_ids == 0 {
        add_topic_ids(connection).await?;
    }
    client::script(connection, TABLES).await
}

/// Letters of an older version: the id of their topic was not kept, and theirs is the empty one. SQLite changes no primary key,
/// so the table is made anew; not renamed, which would take views along. What users have put on it is put on it again.
async fn add_topic_ids(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let added = "SELECT sql FROM sqlite_schema WHERE lower(tbl_name) = 'pipewright_dead_letters' AND type IN ('index', 'trigger') \
                 AND sql IS NOT NULL";
    let added = client::rows(connection, sqlx::query(added)).await?;
    let columns = "program, stage, topic, partition, \"offset\", ordinal, key, value, headers, record_time, node, step, place, \
                   name, reason, stale_key, created_at, replayed_at";
    let before = format!(
        "CREATE TEMP TABLE pipewright_letters_before AS SELECT {columns} FROM main.pipewright_dead_letters; \
         DROP TABLE main.pipewright_dead_letters"
    );
    client::script(connection, &before).await?;
    client::script(connection, TABLES).await?;
    let back = format!(
        "INSERT INTO main.pipewright_dead_letters ({columns}) SELECT {columns} FROM temp.pipewright_letters_before; \
         DROP TABLE temp.pipewright_letters_before"
    );
    client::script(connection, &back).await?;
    for row in &added {
        let sql: String = row.try_get(0)?;
        client::script(connection, &sql).await?;
    }
    Ok(())
}
