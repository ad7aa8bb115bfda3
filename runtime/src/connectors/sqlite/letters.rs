//! Dead letters in SQLite: stored with their epoch, read by people.

use sqlx::{Row, SqliteConnection};

use super::client;
use super::session::timestamp;
use super::tables::NOW;
use crate::record::DeadLetter;
use crate::sinks::StageContext;
use crate::sinks::dead_letters::{LetterFilter, StoredLetter, headers_from_json, headers_to_json};

/// Stores letters. One that is there already stays as it is, unless it was dealt with: its record is bad once more.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    context: &StageContext,
    letters: &[DeadLetter],
) -> Result<(), sqlx::Error> {
    let sql = format!(
        "INSERT INTO pipewright_dead_letters (program, stage, topic, partition, \"offset\", ordinal, key, value, headers, \
         record_time, node, step, place, name, reason, stale_key, topic_id, created_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {NOW}) \
         ON CONFLICT (program, stage, topic, topic_id, partition, \"offset\", ordinal) DO UPDATE SET replayed_at = NULL, \
         node = excluded.node, step = excluded.step, place = excluded.place, name = excluded.name, \
         reason = excluded.reason, stale_key = excluded.stale_key WHERE replayed_at IS NOT NULL"
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

/// A stage is going to read a partition from there on: what becomes of these records is seen then.
pub(crate) async fn read_again(
    connection: &mut SqliteConnection,
    context: &StageContext,
    topic: &str,
    partition: i32,
    next: i64,
) -> Result<(), sqlx::Error> {
    let sql = format!(
        "UPDATE pipewright_dead_letters SET replayed_at = {NOW} WHERE program = ? AND stage = ? AND topic = ? \
         AND partition = ? AND \"offset\" >= ? AND replayed_at IS NULL"
    );
    let query = sqlx::query(&sql).bind(&context.program).bind(&context.stage).bind(topic).bind(partition).bind(next);
    client::execute(connection, query).await.map(drop)
}

/// All records of a topic or source are going to come again, in other places.
pub(crate) async fn all_read_again(
    connection: &mut SqliteConnection,
    context: &StageContext,
    topic: &str,
) -> Result<(), sqlx::Error> {
    let sql = format!(
        "UPDATE pipewright_dead_letters SET replayed_at = {NOW} WHERE program = ? AND stage = ? AND topic = ? \
         AND replayed_at IS NULL"
    );
    let query = sqlx::query(&sql).bind(&context.program).bind(&context.stage).bind(topic);
    client::execute(connection, query).await.map(drop)
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
    let exists =
        "SELECT count(*), coalesce(sum(name = 'topic_id'), 0) FROM pragma_table_info('pipewright_dead_letters')";
    let exists = client::rows(connection, sqlx::query(exists)).await?;
    let (columns, with_ids): (i64, i64) =
        exists.first().map_or(Ok((0, 0)), |row| Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?)))?;
    if columns == 0 {
        return Ok(Vec::new());
    }
    // A table of an older version is only looked at.
    let topic_id = if with_ids > 0 { "topic_id" } else { "''" };
    let sql = format!(
        "SELECT stage, topic, partition, \"offset\", ordinal, key, value, headers, record_time, node, step, place, \
               name, reason, stale_key, created_at, replayed_at, {topic_id} FROM pipewright_dead_letters \
               WHERE program = ?1 AND (?2 IS NULL OR stage = ?2) AND (?3 IS NULL OR node = ?3) \
               AND (?4 IS NULL OR name = ?4) AND (?5 IS NULL OR topic = ?5) AND (?6 IS NULL OR partition = ?6) \
               AND (?7 IS NULL OR \"offset\" = ?7) \
               AND (NOT ?9 OR replayed_at IS NULL) \
               ORDER BY created_at, stage, topic, partition, \"offset\", ordinal LIMIT ?8"
    );
    let query = sqlx::query(&sql)
        .bind(program)
        .bind(&filter.stage)
        .bind(&filter.node)
        .bind(&filter.name)
        .bind(&filter.topic)
        .bind(filter.partition)
        .bind(filter.offset)
        .bind(filter.limit.map_or(-1, i64::from))
        .bind(filter.open);
    let rows = client::rows(connection, query).await?;
    rows.iter()
        .map(|row| {
            let headers = row.try_get::<Option<String>, _>(7)?;
            Ok(StoredLetter {
                stage: row.try_get(0)?,
                topic: row.try_get(1)?,
                partition: row.try_get(2)?,
                offset: row.try_get(3)?,
                ordinal: row.try_get(4)?,
                key: row.try_get(5)?,
                value: row.try_get(6)?,
                kept: headers.is_some(),
                headers: headers.map(|it| headers_from_json(&it)).unwrap_or_default(),
                record_time: row.try_get(8)?,
                node: row.try_get(9)?,
                step: row.try_get(10)?,
                place: row.try_get(11)?,
                name: row.try_get(12)?,
                reason: row.try_get(13)?,
                stale_key: row.try_get(14)?,
                created_at: row.try_get(15)?,
                replayed_at: row.try_get(16)?,
                topic_id: row.try_get(17)?,
            })
        })
        .collect()
}
