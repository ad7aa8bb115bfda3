//! Positions in SQLite, as people see and change them.

use sqlx::{Row, SqliteConnection};

use super::client;
use super::letters;
use super::tables::NOW;
use crate::sinks::StageContext;
use crate::sinks::positions::{Changes, Stored, StoredPosition};

/// What is stored of a stage, also under its old names; nothing if there never was a run.
pub(crate) async fn read(connection: &mut SqliteConnection, context: &StageContext) -> Result<Stored, sqlx::Error> {
    let exists = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'pipewright_positions'";
    if client::rows(connection, sqlx::query(exists)).await?.is_empty() {
        return Ok(Stored::default());
    }
    let own = stored(connection, context).await?;
    match context.former().filter(|_| own.is_empty()) {
        Some(former) => stored(connection, &former).await,
        None => Ok(own),
    }
}

/// The same, at the start of a transaction: nobody moves them until it ends.
pub(crate) async fn lock(connection: &mut SqliteConnection, context: &StageContext) -> Result<Stored, sqlx::Error> {
    client::script(connection, "BEGIN IMMEDIATE").await?;
    stored(connection, context).await
}

async fn stored(connection: &mut SqliteConnection, context: &StageContext) -> Result<Stored, sqlx::Error> {
    let sql = "SELECT topic, partition, next_offset, topic_id, substr(updated_at, 1, 19) || 'Z', generation FROM pipewright_positions \
               WHERE program = ? AND stage = ? ORDER BY topic, partition";
    let rows = client::rows(connection, sqlx::query(sql).bind(&context.program).bind(&context.stage)).await?;
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
    let positions = positions.collect::<Result<_, sqlx::Error>>()?;
    let sql = "SELECT source, cursor FROM pipewright_cursors WHERE program = ? ORDER BY source";
    let rows = client::rows(connection, sqlx::query(sql).bind(&context.program)).await?;
    let cursors = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    Ok(Stored { positions, cursors: cursors.collect::<Result<_, sqlx::Error>>()? })
}

/// Stores the changes, and ends the transaction that [`lock`] began.
pub(crate) async fn write(
    connection: &mut SqliteConnection,
    context: &StageContext,
    changes: &Changes,
) -> Result<(), sqlx::Error> {
    let written = write_all(connection, context, changes).await;
    client::end(connection, written).await
}

async fn write_all(
    connection: &mut SqliteConnection,
    context: &StageContext,
    changes: &Changes,
) -> Result<(), sqlx::Error> {
    let sql = format!(
        "INSERT INTO pipewright_positions (program, stage, topic, partition, next_offset, generation, owner, topic_id, \
         updated_at) VALUES (?, ?, ?, ?, ?, 1, ?, ?, {NOW}) ON CONFLICT (program, stage, topic, partition) DO UPDATE SET \
         next_offset = excluded.next_offset, generation = generation + 1, owner = excluded.owner, \
         topic_id = coalesce(excluded.topic_id, topic_id), updated_at = excluded.updated_at"
    );
    for it in &changes.positions {
        let query = sqlx::query(&sql)
            .bind(&context.program)
            .bind(&context.stage)
            .bind(&it.topic)
            .bind(it.partition)
            .bind(it.next)
            .bind(&context.owner)
            .bind(&it.topic_id);
        client::execute(connection, query).await?;
        if let Some(next) = it.next {
            letters::read_again(connection, context, &it.topic, it.partition, next).await?;
        }
    }
    for topic in &changes.anew {
        letters::all_read_again(connection, context, topic).await?;
    }
    let sql = "DELETE FROM pipewright_positions WHERE program = ? AND stage = ? AND topic = ? AND partition = ?";
    for (topic, partition) in &changes.gone {
        let query = sqlx::query(sql).bind(&context.program).bind(&context.stage).bind(topic).bind(partition);
        client::execute(connection, query).await?;
    }
    for (source, cursor) in &changes.cursors {
        let query = match cursor {
            Some(cursor) => sqlx::query(
                "INSERT INTO pipewright_cursors (program, source, cursor) VALUES (?, ?, ?) \
                 ON CONFLICT (program, source) DO UPDATE SET cursor = excluded.cursor",
            )
            .bind(&context.program)
            .bind(source)
            .bind(cursor),
            None => sqlx::query("DELETE FROM pipewright_cursors WHERE program = ? AND source = ?")
                .bind(&context.program)
                .bind(source),
        };
        client::execute(connection, query).await?;
    }
    Ok(())
}
