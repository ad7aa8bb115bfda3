//! Dead letters in SQLite: stored with their epoch, read by people.

use sqlx::{Row, SqliteConnection};

use super::client;
use super::session::timestamp;
use super::tables::NOW;
use crate::record::DeadLetter;
use crate::sinks::StageContext;
use crate::sinks::dead_letters::{LetterFilter, StoredLetter, headers_from_json, headers_to_json};

/// Stores letters; one that is there already stays as it is.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    context: &StageContext,
    letters: &[DeadLetter],
) -> Result<(), sqlx::Error> {
    let sql = format!(
        "INSERT INTO pipewright_dead_letters (program, stage, topic, partition, \"offset\", ordinal, key, value, headers, \
         record_time, node, step, place, name, reason, stale_key, topic_id, created_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {NOW}) ON CONFLICT DO NOTHING"
    );
    for letter in letters {
        let original = letter.original.as_ref();
        let query = sqlx::query(&sql)
            .bind(&context.program)
            .bind(&context.stage)
            .bind(context.letter_topic(letter.at.topic))
            .bind(letter.at.partition)
            .bind(letter.at.offset)
            .bind(i64::from(letter.ordinal))
            .bind(original.and_then(|it| it.key.as_deref()))
            .bind(original.and_then(|it| it.value.as_deref()))
            .bind(original.map(|it| headers_to_json(&it.headers)))
            .bind(original.and_then(|it| it.timestamp).map(timestamp))
            .bind(&letter.node)
            .bind(&letter.step)
            .bind(&letter.place)
            .bind(letter.bad.name)
            .bind(&letter.bad.reason)
            .bind(letter.stale_key)
            .bind(context.letter_topic_id(letter.at.topic));
        client::execute(connection, query).await?;
    }
    Ok(())
}

/// How many letters of a stage nobody has dealt with.
pub(crate) async fn waiting(connection: &mut SqliteConnection, program: &str, stage: &str) -> Result<u64, sqlx::Error> {
    let sql = "SELECT count(*) FROM pipewright_dead_letters WHERE program = ?1 AND stage = ?2 AND replayed_at IS NULL";
    let rows = client::rows(connection, sqlx::query(sql).bind(program).bind(stage)).await?;
    let count: i64 = rows.first().map(|it| it.try_get(0)).transpose()?.unwrap_or_default();
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Letters of a program, oldest first. None if there never was a run.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    program: &str,
    filter: &LetterFilter,
) -> Result<Vec<StoredLetter>, sqlx::Error> {
    let exists = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'pipewright_dead_letters'";
    if client::rows(connection, sqlx::query(exists)).await?.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT stage, topic, partition, \"offset\", ordinal, key, value, headers, record_time, node, step, place, \
               name, reason, stale_key, created_at, replayed_at FROM pipewright_dead_letters \
               WHERE program = ?1 AND (?2 IS NULL OR stage = ?2) AND (?3 IS NULL OR node = ?3) \
               AND (?4 IS NULL OR name = ?4) AND (?5 IS NULL OR topic = ?5) AND (?6 IS NULL OR partition = ?6) \
               AND (?7 IS NULL OR \"offset\" = ?7) \
               ORDER BY created_at, stage, topic, partition, \"offset\", ordinal LIMIT ?8";
    let query = sqlx::query(sql)
        .bind(program)
        .bind(&filter.stage)
        .bind(&filter.node)
        .bind(&filter.name)
        .bind(&filter.topic)
        .bind(filter.partition)
        .bind(filter.offset)
        .bind(filter.limit.map_or(-1, i64::from));
    let rows = client::rows(connection, query).await?;
    rows.iter()
        .map(|row| {
            Ok(StoredLetter {
                stage: row.try_get(0)?,
                topic: row.try_get(1)?,
                partition: row.try_get(2)?,
                offset: row.try_get(3)?,
                ordinal: row.try_get(4)?,
                key: row.try_get(5)?,
                value: row.try_get(6)?,
                headers: row.try_get::<Option<String>, _>(7)?.map(|it| headers_from_json(&it)).unwrap_or_default(),
                record_time: row.try_get(8)?,
                node: row.try_get(9)?,
                step: row.try_get(10)?,
                place: row.try_get(11)?,
                name: row.try_get(12)?,
                reason: row.try_get(13)?,
                stale_key: row.try_get(14)?,
                created_at: row.try_get(15)?,
                replayed_at: row.try_get(16)?,
            })
        })
        .collect()
}
