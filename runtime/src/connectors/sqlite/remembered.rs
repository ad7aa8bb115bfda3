//! What SQLite remembers of the tables of a stage: `pipewright_tables`. Nothing in SQLite tells a table from another of its name
//! for good, so a run that creates one marks what was remembered of that name.

use sqlx::{Row, SqliteConnection};

use super::client;
use crate::sinks::StageContext;
use crate::sinks::tables::{Note, Remembered};

/// The identity of the table that is remembered.
pub(crate) const SAME: &str = "same";

/// Everything that is remembered of the stage.
pub(crate) async fn read(
    connection: &mut SqliteConnection,
    context: &StageContext,
) -> Result<Vec<Remembered>, sqlx::Error> {
    let sql = "SELECT \"table\", identity, rows, deletes, may_be_empty FROM pipewright_tables WHERE program = ? AND stage = ?";
    let rows = client::rows(connection, sqlx::query(sql).bind(&context.program).bind(&context.stage)).await?;
    let read = rows.iter().map(|row| {
        Ok(Remembered {
            table: row.try_get(0)?,
            identity: row.try_get(1)?,
            rows: row.try_get(2)?,
            deletes: row.try_get(3)?,
            may_be_empty: row.try_get(4)?,
        })
    });
    read.collect()
}

/// A table of that name has just been created: whatever is remembered is another one.
pub(crate) async fn created(connection: &mut SqliteConnection, table: &str) -> Result<(), sqlx::Error> {
    let sql = "UPDATE pipewright_tables SET identity = '' WHERE \"table\" = ?";
    client::execute(connection, sqlx::query(sql).bind(table)).await.map(drop)
}

/// Remembers a table as it is now, if nobody has stored rows since `before` was read.
pub(crate) async fn write(
    connection: &mut SqliteConnection,
    context: &StageContext,
    before: Option<&Remembered>,
    now: &Remembered,
) -> Result<(), sqlx::Error> {
    let sql = "INSERT INTO pipewright_tables (program, stage, \"table\", identity, rows, deletes) VALUES (?, ?, ?, ?, ?, ?) \
               ON CONFLICT (program, stage, \"table\") DO UPDATE SET \
               identity = excluded.identity, rows = excluded.rows, deletes = excluded.deletes WHERE rows IS ?";
    let query = sqlx::query(sql)
        .bind(&context.program)
        .bind(&context.stage)
        .bind(&now.table)
        .bind(&now.identity)
        .bind(now.rows)
        .bind(now.deletes)
        .bind(before.map_or(now.rows, |it| it.rows));
    client::execute(connection, query).await.map(drop)
}

/// The stage begins anew: that its tables are empty is right from now on.
pub(crate) async fn forget(connection: &mut SqliteConnection, context: &StageContext) -> Result<(), sqlx::Error> {
    let sql = "INSERT INTO pipewright_tables (program, stage, \"table\", identity, rows) VALUES (?, ?, ?, '', 0) \
               ON CONFLICT (program, stage, \"table\") DO UPDATE SET rows = 0, deletes = 0";
    for sink in &context.sinks {
        let query = sqlx::query(sql).bind(&context.program).bind(&context.stage).bind(&sink.table);
        client::execute(connection, query).await?;
    }
    Ok(())
}

/// Remembers rows.
pub(crate) async fn note(
    connection: &mut SqliteConnection,
    context: &StageContext,
    note: Note,
) -> Result<(), sqlx::Error> {
    let sql = "UPDATE pipewright_tables SET rows = rows + ?, deletes = max(deletes, ?) \
               WHERE program = ? AND stage = ? AND \"table\" = ?";
    let query = sqlx::query(sql)
        .bind(note.rows.cast_signed())
        .bind(note.deletes)
        .bind(&context.program)
        .bind(&context.stage)
        .bind(context.sinks.get(note.sink).map(|it| it.table.as_str()).unwrap_or_default());
    client::execute(connection, query).await.map(drop)
}

/// What the user may say of a table that something else empties.
pub(crate) fn permit(context: &StageContext, table: &str) -> String {
    let text = |it: &str| format!("'{}'", it.replace('\'', "''"));
    format!(
        "UPDATE pipewright_tables SET may_be_empty = 1 WHERE program = {} AND \"table\" = {}",
        text(&context.program),
        text(table)
    )
}
