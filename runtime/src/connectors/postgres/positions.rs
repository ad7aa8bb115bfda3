//! Positions in PostgreSQL, as people see and change them.

use sqlx::Row;

use super::client::Client;
use super::letters;
use crate::sinks::StageContext;
use crate::sinks::failure::Failure;
use crate::sinks::positions::{Changes, Stored, StoredPosition};

/// What is stored of a stage, also under its old names; nothing if there never was a run.
pub(crate) async fn read(client: &mut Client, context: &StageContext) -> Result<Stored, Failure> {
    let exists = "SELECT 1 WHERE to_regclass('pipewright.positions') IS NOT NULL \
                  AND to_regclass('pipewright.cursors') IS NOT NULL";
    if client.rows(sqlx::query(exists)).await?.is_empty() {
        return Ok(Stored::default());
    }
    let own = stored(client, context, "").await?;
    match context.former().filter(|_| own.is_empty()) {
        Some(former) => stored(client, &former, "").await,
        None => Ok(own),
    }
}

/// The same, at the start of a transaction: nobody moves them until it ends.
pub(crate) async fn lock(client: &mut Client, context: &StageContext) -> Result<Stored, Failure> {
    client.script("BEGIN").await?;
    stored(client, context, " FOR UPDATE").await
}

async fn stored(client: &mut Client, context: &StageContext, lock: &str) -> Result<Stored, Failure> {
    let sql = format!(
        "SELECT topic, partition, next_offset, topic_id, \
         to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), \
         generation FROM pipewright.positions WHERE program = $1 AND stage = $2 ORDER BY topic, partition{lock}"
    );
    let rows = client.rows(sqlx::query(&sql).bind(&context.program).bind(&context.stage)).await?;
    let positions = rows.iter().map(|row| {
        Ok(StoredPosition {
            topic: row.try_get(0)?,
            partition: row.try_get(1)?,
            next: row.try_get(2)?,
            topic_id: row.try_get(3)?,
            when: row.try_get(4)?,
            generation: row.try_get(5)?,
        })
    });
    let positions = positions.collect::<Result<_, sqlx::Error>>().map_err(|error| client.failure(error))?;
    let sql = format!("SELECT source, cursor FROM pipewright.cursors WHERE program = $1 ORDER BY source{lock}");
    let rows = client.rows(sqlx::query(&sql).bind(&context.program)).await?;
    let cursors = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    let cursors = cursors.collect::<Result<_, sqlx::Error>>().map_err(|error| client.failure(error))?;
    Ok(Stored { positions, cursors })
}

/// Stores the changes, and ends the transaction that [`lock`] began.
pub(crate) async fn write(client: &mut Client, context: &StageContext, changes: &Changes) -> Result<(), Failure> {
    let sql = "INSERT INTO pipewright.positions AS p (program, stage, topic, partition, next_offset, generation, owner, topic_id) \
               VALUES ($1, $2, $3, $4, $5, 1, $6, $7) ON CONFLICT (program, stage, topic, partition) DO UPDATE SET \
               next_offset = excluded.next_offset, generation = p.generation + 1, owner = excluded.owner, \
               topic_id = coalesce(excluded.topic_id, p.topic_id), updated_at = now()";
    for it in &changes.positions {
        let query = sqlx::query(sql)
            .bind(&context.program)
            .bind(&context.stage)
            .bind(&it.topic)
            .bind(it.partition)
            .bind(it.next)
            .bind(&context.owner)
            .bind(&it.topic_id);
        client.execute(query).await?;
        if let Some(next) = it.next {
            letters::read_again(client, context, &it.topic, it.partition, next).await?;
        }
    }
    for topic in &changes.anew {
        letters::all_read_again(client, context, topic).await?;
    }
    let sql = "DELETE FROM pipewright.positions WHERE program = $1 AND stage = $2 AND topic = $3 AND partition = $4";
    for (topic, partition) in &changes.gone {
        let query = sqlx::query(sql).bind(&context.program).bind(&context.stage).bind(topic).bind(partition);
        client.execute(query).await?;
    }
    for (source, cursor) in &changes.cursors {
        let query = match cursor {
            Some(cursor) => sqlx::query(
                "INSERT INTO pipewright.cursors (program, source, cursor) VALUES ($1, $2, $3) \
                 ON CONFLICT (program, source) DO UPDATE SET cursor = excluded.cursor",
            )
            .bind(&context.program)
            .bind(source)
            .bind(cursor),
            None => sqlx::query("DELETE FROM pipewright.cursors WHERE program = $1 AND source = $2")
                .bind(&context.program)
                .bind(source),
        };
        client.execute(query).await?;
    }
    client.script("COMMIT").await
}
