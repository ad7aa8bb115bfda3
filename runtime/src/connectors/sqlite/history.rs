//! What a SQLite database knows of a stage: rows in its tables, stored positions, and what is remembered of the tables.

use std::collections::BTreeSet;

use sqlx::{Row, SqliteConnection};

use super::tables::quoted;
use super::{client, remembered};
use crate::sinks::StageContext;
use crate::sinks::history::{self, COUNTED, Emptied, History};
use crate::sinks::tables::{Now, Remembered, Verdict, compare, judge};

/// What is there of the stage. `created`: the sinks whose tables this run has created.
pub(crate) async fn read(
    connection: &mut SqliteConnection,
    context: &StageContext,
    created: &BTreeSet<usize>,
) -> Result<History, sqlx::Error> {
    let mut filled = Vec::new();
    for sink in &context.sinks {
        filled.push(is_filled(connection, &sink.table).await?);
    }
    let positions = positions(connection).await?;
    let begun = history::begun(context, &positions);
    let known = remembered::read(connection, context).await?;
    let mut late = Vec::new();
    for (index, (sink, filled)) in context.sinks.iter().zip(&filled).enumerate() {
        let before = known.iter().find(|it| it.table == sink.table);
        let another = before.is_some_and(|it| it.identity != remembered::SAME);
        let created = created.contains(&index);
        let now = |filled| Now { filled: Some(filled), created, another };
        let mut verdict = judge(begun, !known.is_empty(), before, now(*filled));
        if let Verdict::Emptied(_) = verdict {
            // A twin may have stored its first rows since.
            let again = is_filled(connection, &sink.table).await?;
            verdict = judge(begun, !known.is_empty(), before, now(again));
        }
        let as_now = |rows| Remembered {
            table: sink.table.clone(),
            identity: remembered::SAME.to_string(),
            rows,
            deletes: false,
            may_be_empty: false,
        };
        match verdict {
            Verdict::Fine => {}
            Verdict::Remember(rows) => remembered::write(connection, context, before, &as_now(rows)).await?,
            Verdict::Late => {
                remembered::write(connection, context, before, &as_now(Some(0))).await?;
                late.push(sink.table.clone());
            }
            Verdict::Emptied(rows) => {
                if before.is_none() {
                    // So that the next run knows it, too: it finds a table.
                    let gone = Remembered { identity: String::new(), ..as_now(None) };
                    remembered::write(connection, context, None, &gone).await?;
                }
                return Ok(History::Emptied(Emptied {
                    sink: index,
                    table: sink.table.clone(),
                    rows: rows.and_then(|it| u64::try_from(it).ok()),
                    another: another || created,
                    permit: remembered::permit(context, &sink.table),
                }));
            }
        }
    }
    match (begun, late.is_empty()) {
        (true, true) => Ok(History::Stored),
        (true, false) => Ok(History::Late(late)),
        (false, _) => {
            let filled = count(connection, context, &filled).await?;
            Ok(history::without_position(context, filled, &positions))
        }
    }
}

/// The same for a look that writes nothing, before anything was made: whether Pipewright's own tables are there, and which of
/// the sinks' are.
pub(super) async fn peek(
    connection: &mut SqliteConnection,
    context: &StageContext,
    own: bool,
    there: &[usize],
) -> Result<History, sqlx::Error> {
    let mut filled = Vec::new();
    for (index, sink) in context.sinks.iter().enumerate() {
        filled.push(there.contains(&index) && is_filled(connection, &sink.table).await?);
    }
    let positions = if own { positions(connection).await? } else { vec![] };
    let stored = history::as_stored(context, &positions);
    if !history::begun(&stored, &positions) {
        let filled = count(connection, context, &filled).await?;
        return Ok(history::without_position(context, filled, &positions));
    }
    let own = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'pipewright_tables'";
    let is_old = client::rows(connection, sqlx::query(own)).await?.is_empty();
    let known = if is_old { vec![] } else { remembered::read(connection, &stored).await? };
    let now = |index: usize, before: Option<&Remembered>| {
        let created = !there.contains(&index);
        let another = before.is_some_and(|it| created || it.identity != remembered::SAME);
        Now { filled: Some(filled.get(index) == Some(&true)), created, another }
    };
    Ok(compare(&stored, &known, now, remembered::permit))
}

/// Program and stage of all that have begun.
async fn positions(connection: &mut SqliteConnection) -> Result<Vec<(String, String)>, sqlx::Error> {
    let sql = "SELECT DISTINCT program, stage FROM pipewright_positions WHERE next_offset IS NOT NULL";
    let rows = client::rows(connection, sqlx::query(sql)).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

async fn is_filled(connection: &mut SqliteConnection, table: &str) -> Result<bool, sqlx::Error> {
    let sql = format!("SELECT 1 FROM {} LIMIT 1", quoted(table));
    Ok(!client::rows(connection, sqlx::query(&sql)).await?.is_empty())
}

/// The first table that holds rows, and how many.
async fn count(
    connection: &mut SqliteConnection,
    context: &StageContext,
    filled: &[bool],
) -> Result<Option<(usize, Option<u64>)>, sqlx::Error> {
    let found = context.sinks.iter().zip(filled).enumerate().find(|(_, (_, filled))| **filled);
    let Some((index, (sink, _))) = found else { return Ok(None) };
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT {})", quoted(&sink.table), COUNTED + 1);
    let rows = client::rows(connection, sqlx::query(&sql)).await?;
    let count: i64 = rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
    Ok(Some((index, u64::try_from(count).ok())))
}
