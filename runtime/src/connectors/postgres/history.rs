//! What a PostgreSQL database knows of a stage: rows in its tables, stored positions.

use sqlx::Row;

use super::client::Client;
use super::table::{quoted, split_name};
use crate::sinks::StageContext;
use crate::sinks::failure::Failure;
use crate::sinks::history::{self, COUNTED, FilledTable, History};

/// What is there of the stage.
pub(crate) async fn read(
    client: &mut Client,
    context: &StageContext,
    default_schema: &str,
) -> Result<History, Failure> {
    let filled = filled(client, context, default_schema).await?;
    let own = "SELECT 1 WHERE to_regclass('pipewright.positions') IS NOT NULL";
    if client.rows(sqlx::query(own)).await?.is_empty() {
        return Ok(history::of(context, filled, &[]));
    }
    let sql = "SELECT DISTINCT program, stage FROM pipewright.positions WHERE next_offset IS NOT NULL";
    let rows = client.rows(sqlx::query(sql)).await?;
    let positions = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    let positions = positions.collect::<Result<Vec<_>, sqlx::Error>>().map_err(|error| client.failure(error))?;
    Ok(history::of(context, filled, &positions))
}

async fn filled(
    client: &mut Client,
    context: &StageContext,
    default_schema: &str,
) -> Result<Option<FilledTable>, Failure> {
    for (index, sink) in context.sinks.iter().enumerate() {
        let (schema, table) = split_name(sink, default_schema);
        let name = format!("{}.{}", quoted(schema), quoted(table));
        // A user that may only insert cannot count: then the server's own estimate decides.
        let sql = "SELECT has_table_privilege(oid, 'SELECT'), reltuples > 0 FROM pg_class WHERE oid = to_regclass($1)";
        let rows = client.rows(sqlx::query(sql).bind(&name)).await?;
        let Some(row) = rows.first() else { continue };
        let read = row.try_get(0).and_then(|readable: bool| Ok((readable, row.try_get(1)?)));
        let (readable, estimated): (bool, bool) = read.map_err(|error| client.failure(error))?;
        if !readable {
            if estimated {
                return Ok(Some((index, None)));
            }
            continue;
        }
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {name} LIMIT {}) AS counted", COUNTED + 1);
        let rows = client.rows(sqlx::query(&sql)).await?;
        let count = rows.first().map(|row| row.try_get::<i64, _>(0)).transpose();
        let count = count.map_err(|error| client.failure(error))?.unwrap_or_default();
        if count > 0 {
            return Ok(Some((index, u64::try_from(count).ok())));
        }
    }
    Ok(None)
}
