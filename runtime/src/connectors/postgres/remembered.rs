//! What PostgreSQL remembers of the tables of a stage: `pipewright.tables`. A table is told from another of its name by its oid
//! and the file of its rows, which DROP and TRUNCATE change.

use sqlx::Row;

use super::client::Client;
use super::table::literal;
use crate::sinks::StageContext;
use crate::sinks::failure::Failure;
use crate::sinks::tables::{Note, Remembered};

/// Everything that is remembered of the stage.
pub(crate) async fn read(client: &mut Client, context: &StageContext) -> Result<Vec<Remembered>, Failure> {
    let sql = "SELECT \"table\", identity, rows, deletes, may_be_empty FROM pipewright.tables WHERE program = $1 AND stage = $2";
    let rows = client.rows(sqlx::query(sql).bind(&context.program).bind(&context.stage)).await?;
    let read = rows.iter().map(|row| {
        Ok(Remembered {
            table: row.try_get(0)?,
            identity: row.try_get(1)?,
            rows: row.try_get(2)?,
            deletes: row.try_get(3)?,
            may_be_empty: row.try_get(4)?,
        })
    });
    read.collect::<Result<_, sqlx::Error>>().map_err(|error| client.failure(error))
}

/// Remembers a table as it is now, if nobody has stored rows since `before` was read.
pub(crate) async fn write(
    client: &mut Client,
    context: &StageContext,
    before: Option<&Remembered>,
    now: &Remembered,
) -> Result<(), Failure> {
    let sql = "INSERT INTO pipewright.tables AS t (program, stage, \"table\", identity, rows, deletes) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (program, stage, \"table\") DO UPDATE SET \
               identity = excluded.identity, rows = excluded.rows, deletes = excluded.deletes \
               WHERE t.rows IS NOT DISTINCT FROM $7";
    let query = sqlx::query(sql)
        .bind(&context.program)
        .bind(&context.stage)
        .bind(&now.table)
        .bind(&now.identity)
        .bind(now.rows)
        .bind(now.deletes)
        .bind(before.map_or(now.rows, |it| it.rows));
    client.execute(query).await.map(drop)
}

/// The stage begins anew: that its tables are empty is right from now on.
pub(crate) async fn forget(client: &mut Client, context: &StageContext) -> Result<(), Failure> {
    let sql = "INSERT INTO pipewright.tables (program, stage, \"table\", identity, rows) VALUES ($1, $2, $3, '', 0) \
               ON CONFLICT (program, stage, \"table\") DO UPDATE SET rows = 0, deletes = false";
    for sink in &context.sinks {
        let query = sqlx::query(sql).bind(&context.program).bind(&context.stage).bind(&sink.table);
        client.execute(query).await?;
    }
    Ok(())
}

/// Remembers rows; behind the fence, so that two instances take their locks in one order.
pub(crate) fn note(context: &StageContext, notes: impl Iterator<Item = Note>) -> String {
    let statement = |note: Note| {
        let table = context.sinks.get(note.sink).map(|it| it.table.as_str()).unwrap_or_default();
        format!(
            "UPDATE pipewright.tables SET rows = rows + {}, deletes = deletes OR {} \
             WHERE program = {} AND stage = {} AND \"table\" = {}; ",
            note.rows,
            note.deletes,
            literal(&context.program),
            literal(&context.stage),
            literal(table),
        )
    };
    notes.map(statement).collect()
}

/// What the user may say of a table that something else empties.
pub(crate) fn permit(context: &StageContext, table: &str) -> String {
    format!(
        "UPDATE pipewright.tables SET may_be_empty = true WHERE program = {} AND \"table\" = {}",
        literal(&context.program),
        literal(table)
    )
}
