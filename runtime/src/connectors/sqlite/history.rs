//! What a SQLite database knows of a stage: rows in its tables, stored positions.

use sqlx::{Row, SqliteConnection};

use super::client;
use super::tables::quoted;
use crate::sinks::StageContext;
use crate::sinks::history::{self, COUNTED, FilledTable, History};

/// What is there of the stage.
pub(crate) async fn read(connection: &mut SqliteConnection, context: &StageContext) -> Result<History, sqlx::Error> {
    let all: Vec<usize> = (0..context.sinks.len()).collect();
    look(connection, context, true, &all).await
}

/// The same before anything was made: whether Pipewright's own tables are there, and which of the sinks' are.
pub(super) async fn look(
    connection: &mut SqliteConnection,
    context: &StageContext,
    own: bool,
    there: &[usize],
) -> Result<History, sqlx::Error> {
    let filled = filled(connection, context, there).await?;
    if !own {
        return Ok(history::of(context, filled, &[]));
    }
    let sql = "SELECT DISTINCT program, stage FROM pipewright_positions WHERE next_offset IS NOT NULL";
    let rows = client::rows(connection, sqlx::query(sql)).await?;
    let positions = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    Ok(history::of(context, filled, &positions.collect::<Result<Vec<_>, sqlx::Error>>()?))
}

async fn filled(
    connection: &mut SqliteConnection,
    context: &StageContext,
    there: &[usize],
) -> Result<Option<FilledTable>, sqlx::Error> {
    for (index, sink) in context.sinks.iter().enumerate().filter(|(index, _)| there.contains(index)) {
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT {})", quoted(&sink.table), COUNTED + 1);
        let rows = client::rows(connection, sqlx::query(&sql)).await?;
        let count: i64 = rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
        if count > 0 {
            return Ok(Some((index, u64::try_from(count).ok())));
        }
    }
    Ok(None)
}
