//! Moves what is stored under the old names of a stage.

use sqlx::Row;

use super::client::Client;
use super::prepare::{LOCK, end};
use crate::sinks::StageContext;
use crate::sinks::failure::Failure;
use crate::sinks::renamed::both;

/// Positions, dead letters and cursors of the old names become those of the new ones.
pub(crate) async fn take_over(client: &mut Client, context: &StageContext) -> Result<(), Failure> {
    let Some((program, stage)) = &context.before else { return Ok(()) };
    client.script(&format!("BEGIN; {LOCK}")).await?;
    let moved = move_all(client, context, program, stage).await;
    end(client, moved).await?;
    client.script("COMMIT").await
}

async fn move_all(client: &mut Client, context: &StageContext, program: &str, stage: &str) -> Result<(), Failure> {
    let names = [program, stage, context.program.as_str(), context.stage.as_str()];
    let sql = "SELECT count(*) FILTER (WHERE program = $1 AND stage = $2), \
               count(*) FILTER (WHERE program = $3 AND stage = $4) FROM pipewright.positions WHERE next_offset IS NOT NULL";
    let query = names.iter().fold(sqlx::query(sql), |query, name| query.bind(*name));
    let rows = client.rows(query).await?;
    let counts = rows.first().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose();
    let counts: Option<(i64, i64)> = counts.map_err(|error| client.failure(error))?;
    match counts.unwrap_or_default() {
        (0, _) => return Ok(()),
        (_, 0) => {}
        _ => return Err(both(context, program, stage)),
    }
    // Rows without an offset say nothing, nor what is remembered of tables without a position.
    let forget = "DELETE FROM pipewright.positions WHERE program = $1 AND stage = $2 AND next_offset IS NULL";
    client.execute(sqlx::query(forget).bind(&context.program).bind(&context.stage)).await?;
    let forget = "DELETE FROM pipewright.tables WHERE program = $1 AND stage = $2";
    client.execute(sqlx::query(forget).bind(&context.program).bind(&context.stage)).await?;
    for table in ["positions", "dead_letters", "tables"] {
        let sql = format!("UPDATE pipewright.{table} SET program = $3, stage = $4 WHERE program = $1 AND stage = $2");
        let query = names.iter().fold(sqlx::query(&sql), |query, name| query.bind(*name));
        client.execute(query).await?;
    }
    if program != context.program {
        let sql = "UPDATE pipewright.cursors SET program = $2 WHERE program = $1";
        client.execute(sqlx::query(sql).bind(program).bind(&context.program)).await?;
    }
    Ok(())
}
