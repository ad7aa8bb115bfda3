//! Dead letters in PostgreSQL: stored with their epoch, read by people.

use sqlx::Row;

use super::client::Client;
use crate::record::DeadLetter;
use crate::sinks::StageContext;
use crate::sinks::dead_letters::{LetterFilter, StoredLetter, headers_from_json, headers_to_json};
use crate::sinks::failure::Failure;

/// Text cannot hold U+0000.
fn text(text: &str) -> String {
    text.replace('\0', "\u{2400}")
}

/// Stores letters; one that is there already stays as it is.
pub(crate) async fn insert(client: &mut Client, context: &StageContext, letters: &[DeadLetter]) -> Result<(), Failure> {
    if letters.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO pipewright.dead_letters (program, stage, topic, topic_id, partition, \"offset\", ordinal, key, value, \
               headers, record_time, node, step, place, name, reason, stale_key) \
               SELECT $1, $2, topic, id, part, pos, ordinal, key, value, headers::json, \
               timestamptz 'epoch' + us * interval '1 microsecond', node, step, place, name, reason, stale_key \
               FROM unnest($3::text[], $4::int[], $5::bigint[], $6::int[], $7::bytea[], $8::bytea[], $9::text[], $10::bigint[], \
               $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::bool[], $17::text[]) \
               AS u (topic, part, pos, ordinal, key, value, headers, us, node, step, place, name, reason, stale_key, id) \
               ON CONFLICT DO NOTHING";
    fn each<T>(letters: &[DeadLetter], get: impl Fn(&DeadLetter) -> T) -> Vec<T> {
        letters.iter().map(get).collect()
    }
    let query = sqlx::query(sql)
        .bind(&context.program)
        .bind(&context.stage)
        .bind(each(letters, |it| context.letter_topic(it.at.topic).to_string()))
        .bind(each(letters, |it| it.at.partition))
        .bind(each(letters, |it| it.at.offset))
        .bind(each(letters, |it| i32::from(it.ordinal)))
        .bind(each(letters, |it| it.original.as_ref().and_then(|it| it.key.clone())))
        .bind(each(letters, |it| it.original.as_ref().and_then(|it| it.value.clone())))
        .bind(each(letters, |it| it.original.as_ref().map(|it| headers_to_json(&it.headers))))
        .bind(each(letters, |it| it.original.as_ref().and_then(|it| it.timestamp)))
        .bind(each(letters, |it| text(&it.node)))
        .bind(each(letters, |it| it.step.as_deref().map(text)))
        .bind(each(letters, |it| text(&it.place)))
        .bind(each(letters, |it| it.bad.name.to_string()))
        .bind(each(letters, |it| text(&it.bad.reason)))
        .bind(each(letters, |it| it.stale_key))
        .bind(each(letters, |it| context.letter_topic_id(it.at.topic).to_string()));
    client.execute(query).await.map(drop)
}

/// How many letters of a stage nobody has dealt with.
pub(crate) async fn waiting(client: &mut Client, program: &str, stage: &str) -> Result<u64, Failure> {
    let sql = "SELECT count(*) FROM pipewright.dead_letters WHERE program = $1 AND stage = $2 AND replayed_at IS NULL";
    let rows = client.rows(sqlx::query(sql).bind(program).bind(stage)).await?;
    let count: i64 =
        rows.first().map(|it| it.try_get(0)).transpose().map_err(|error| client.failure(error))?.unwrap_or_default();
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Letters of a program, oldest first; empty if there never was a run.
pub(crate) async fn list(
    client: &mut Client,
    program: &str,
    filter: &LetterFilter,
) -> Result<Vec<StoredLetter>, Failure> {
    let exists = "SELECT 1 WHERE to_regclass('pipewright.dead_letters') IS NOT NULL";
    if client.rows(sqlx::query(exists)).await?.is_empty() {
        return Ok(Vec::new());
    }
    let time = |column: &str| format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
    let sql = format!(
        "SELECT stage, topic, partition, \"offset\", ordinal, key, value, headers::text, {}, node, step, place, name, reason, \
         stale_key, {}, {} FROM pipewright.dead_letters WHERE program = $1 AND ($2::text IS NULL OR stage = $2) \
         AND ($3::text IS NULL OR node = $3) AND ($4::text IS NULL OR name = $4) AND ($5::text IS NULL OR topic = $5) \
         AND ($6::int IS NULL OR partition = $6) AND ($7::bigint IS NULL OR \"offset\" = $7) \
         ORDER BY created_at, stage, topic, partition, \"offset\", ordinal LIMIT $8",
        time("record_time"),
        time("created_at"),
        time("replayed_at"),
    );
    let query = sqlx::query(&sql)
        .bind(program)
        .bind(&filter.stage)
        .bind(&filter.node)
        .bind(&filter.name)
        .bind(&filter.topic)
        .bind(filter.partition)
        .bind(filter.offset)
        .bind(filter.limit.map(i64::from));
    let rows = client.rows(query).await?;
    let letters = rows.iter().map(|row| {
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
    });
    letters.collect::<Result<_, sqlx::Error>>().map_err(|error| client.failure(error))
}
