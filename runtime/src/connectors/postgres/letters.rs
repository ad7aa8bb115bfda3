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

/// Stores letters. One that is there already stays as it is, unless it was dealt with: its record is bad once more.
pub(crate) async fn insert(client: &mut Client, context: &StageContext, letters: &[DeadLetter]) -> Result<(), Failure> {
    if letters.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO pipewright.dead_letters AS d (program, stage, topic, topic_id, partition, \"offset\", ordinal, key, value, \
               headers, record_time, node, step, place, name, reason, stale_key) \
               SELECT DISTINCT ON (topic, id, part, pos, ordinal) $1, $2, topic, id, part, pos, ordinal, key, value, headers::json, \
               timestamptz 'epoch' + us * interval '1 microsecond', node, step, place, name, reason, stale_key \
               FROM unnest($3::text[], $4::int[], $5::bigint[], $6::int[], $7::bytea[], $8::bytea[], $9::text[], $10::bigint[], \
               $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::bool[], $17::text[]) \
               AS u (topic, part, pos, ordinal, key, value, headers, us, node, step, place, name, reason, stale_key, id) \
               ON CONFLICT (program, stage, topic, topic_id, partition, \"offset\", ordinal) DO UPDATE SET replayed_at = NULL, \
               node = excluded.node, step = excluded.step, place = excluded.place, name = excluded.name, \
               reason = excluded.reason, stale_key = excluded.stale_key WHERE d.replayed_at IS NOT NULL";
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

/// A stage is going to read a partition from there on: what becomes of these records is seen then.
pub(crate) async fn read_again(
    client: &mut Client,
    context: &StageContext,
    topic: &str,
    partition: i32,
    next: i64,
) -> Result<(), Failure> {
    let sql = "UPDATE pipewright.dead_letters SET replayed_at = now() WHERE program = $1 AND stage = $2 AND topic = $3 \
               AND partition = $4 AND \"offset\" >= $5 AND replayed_at IS NULL";
    let query = sqlx::query(sql).bind(&context.program).bind(&context.stage).bind(topic).bind(partition).bind(next);
    client.execute(query).await.map(drop)
}

/// All records of a topic or source are going to come again, in other places.
pub(crate) async fn all_read_again(client: &mut Client, context: &StageContext, topic: &str) -> Result<(), Failure> {
    let sql = "UPDATE pipewright.dead_letters SET replayed_at = now() WHERE program = $1 AND stage = $2 AND topic = $3 \
               AND replayed_at IS NULL";
    client.execute(sqlx::query(sql).bind(&context.program).bind(&context.stage).bind(topic)).await.map(drop)
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
    let exists = "SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('pipewright.dead_letters') \
                  AND attname = 'topic_id' AND NOT attisdropped) WHERE to_regclass('pipewright.dead_letters') IS NOT NULL";
    let Some(with_ids) = client.rows(sqlx::query(exists)).await?.first().map(|row| row.try_get::<bool, _>(0)) else {
        return Ok(Vec::new());
    };
    // A table of an older version is only looked at.
    let topic_id = if with_ids.map_err(|error| client.failure(error))? { "topic_id" } else { "''" };
    let time = |column: &str| format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
    let sql = format!(
        "SELECT stage, topic, partition, \"offset\", ordinal, key, value, headers::text, {}, node, step, place, name, reason, \
         stale_key, {}, {}, {topic_id} FROM pipewright.dead_letters WHERE program = $1 AND ($2::text IS NULL OR stage = $2) \
         AND ($3::text IS NULL OR node = $3) AND ($4::text IS NULL OR name = $4) AND ($5::text IS NULL OR topic = $5) \
         AND ($6::int IS NULL OR partition = $6) AND ($7::bigint IS NULL OR \"offset\" = $7) \
         AND (NOT $9 OR replayed_at IS NULL) ORDER BY created_at, stage, topic, partition, \"offset\", ordinal LIMIT $8",
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
        .bind(filter.limit.map(i64::from))
        .bind(filter.open);
    let rows = client.rows(query).await?;
    let letters = rows.iter().map(|row| {
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
    });
    letters.collect::<Result<_, sqlx::Error>>().map_err(|error| client.failure(error))
}
