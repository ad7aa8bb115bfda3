//! Moves what is stored under the old names of a stage.

use sqlx::{Row, SqliteConnection};

use super::{client, errors};
use crate::sinks::StageContext;
use crate::sinks::failure::Failure;
use crate::sinks::renamed::both;

/// Positions, dead letters and cursors of the old names become those of the new ones.
pub(crate) async fn take_over(
    connection: &mut SqliteConnection,
    context: &StageContext,
    path: &str,
) -> Result<(), Failure> {
    let Some((program, stage)) = &context.before else { return Ok(()) };
    let moved = async {
        client::script(connection, "BEGIN IMMEDIATE").await?;
        let moved = move_all(connection, context, program, stage).await;
        client::end(connection, moved).await
    };
    match moved.await.map_err(|error| errors::failure(error, path))? {
        true => Ok(()),
        false => Err(both(context, program, stage)),
    }
}

/// False: both names have positions, and nothing was changed.
async fn move_all(
    connection: &mut SqliteConnection,
    context: &StageContext,
    program: &str,
    stage: &str,
) -> Result<bool, sqlx::Error> {
    let names = [context.program.as_str(), context.stage.as_str(), program, stage];
    let sql = "SELECT count(*) FROM pipewright_positions WHERE program = ? AND stage = ? AND next_offset IS NOT NULL";
    let mut counts = [0i64; 2];
    for (count, [program, stage]) in counts.iter_mut().zip([[names[2], names[3]], [names[0], names[1]]]) {
        let rows = client::rows(connection, sqlx::query(sql).bind(program).bind(stage)).await?;
        *count = rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
    }
    match counts {
        [0, _] => return Ok(true),
        [_, 0] => {}
        _ => return Ok(false),
    }
    // Rows without an offset say nothing, nor what is remembered of tables without a position.
    let forget = "DELETE FROM pipewright_positions WHERE program = ? AND stage = ? AND next_offset IS NULL";
    client::execute(connection, sqlx::query(forget).bind(&context.program).bind(&context.stage)).await?;
    let forget = "DELETE FROM pipewright_tables WHERE program = ? AND stage = ?";
    client::execute(connection, sqlx::query(forget).bind(&context.program).bind(&context.stage)).await?;
    for table in ["positions", "dead_letters", "tables"] {
        let sql = format!("UPDATE pipewright_{table} SET program = ?, stage = ? WHERE program = ? AND stage = ?");
        let query = names.iter().fold(sqlx::query(&sql), |query, name| query.bind(*name));
        client::execute(connection, query).await?;
    }
    if program != context.program {
        let sql = "UPDATE pipewright_cursors SET program = ? WHERE program = ?";
        client::execute(connection, sqlx::query(sql).bind(&context.program).bind(program)).await?;
    }
    Ok(true)
}
