//! What a PostgreSQL database knows of a stage: rows in its tables, stored positions, and what is remembered of the tables.

use sqlx::Row;

use super::client::Client;
use super::remembered;
use super::table::{Table, quoted, split_name};
use crate::sinks::StageContext;
use crate::sinks::failure::Failure;
use crate::sinks::history::{self, COUNTED, Emptied, History};
use crate::sinks::tables::{Now, Remembered, Verdict, compare, judge};

/// A table of a sink: its name in quotes, and how it is now.
struct Found {
    name: String,
    readable: bool,
    filled: Option<bool>,
    identity: String,
}

/// What is there of the stage. `tables`: those of its sinks, as they were prepared.
pub(crate) async fn read(
    client: &mut Client,
    context: &StageContext,
    default_schema: &str,
    tables: &[Table],
) -> Result<History, Failure> {
    let mut all = Vec::new();
    for sink in &context.sinks {
        let (schema, table) = split_name(sink, default_schema);
        all.push(look(client, format!("{}.{}", quoted(schema), quoted(table))).await?);
    }
    let positions = positions(client).await?;
    let begun = history::begun(context, &positions);
    let known = remembered::read(client, context).await?;
    let mut late = Vec::new();
    for (index, ((sink, found), table)) in context.sinks.iter().zip(&all).zip(tables).enumerate() {
        let before = known.iter().find(|it| it.table == sink.table);
        let another = before.is_some_and(|it| it.identity != found.identity);
        let now = |filled| Now { filled, created: table.created, another };
        let mut verdict = judge(begun, !known.is_empty(), before, now(found.filled));
        if let Verdict::Emptied(_) = verdict {
            // A twin may have stored its first rows since.
            let again = look(client, found.name.clone()).await?;
            verdict = judge(begun, !known.is_empty(), before, now(again.filled));
        }
        let as_now = |rows| Remembered {
            table: sink.table.clone(),
            identity: found.identity.clone(),
            rows,
            deletes: false,
            may_be_empty: false,
        };
        match verdict {
            Verdict::Fine => {}
            Verdict::Remember(rows) => remembered::write(client, context, before, &as_now(rows)).await?,
            Verdict::Late => {
                remembered::write(client, context, before, &as_now(Some(0))).await?;
                late.push(sink.table.clone());
            }
            Verdict::Emptied(rows) => {
                if before.is_none() {
                    // So that the next run knows it, too: it finds a table.
                    let gone = Remembered { identity: String::new(), ..as_now(None) };
                    remembered::write(client, context, None, &gone).await?;
                }
                return Ok(History::Emptied(Emptied {
                    sink: index,
                    table: sink.table.clone(),
                    rows: rows.and_then(|it| u64::try_from(it).ok()),
                    another: another || table.created,
                    permit: remembered::permit(context, &sink.table),
                }));
            }
        }
    }
    match (begun, late.is_empty()) {
        (true, true) => Ok(History::Stored),
        (true, false) => Ok(History::Late(late)),
        (false, _) => {
            let filled = count(client, &all).await?;
            Ok(history::without_position(context, filled, &positions))
        }
    }
}

/// The same for a look that writes nothing, before anything was made.
pub(super) async fn peek(
    client: &mut Client,
    context: &StageContext,
    default_schema: &str,
) -> Result<History, Failure> {
    let mut all = Vec::new();
    for sink in &context.sinks {
        let (schema, table) = split_name(sink, default_schema);
        all.push(look(client, format!("{}.{}", quoted(schema), quoted(table))).await?);
    }
    let own = "SELECT 1 WHERE to_regclass('pipewright.positions') IS NOT NULL";
    let positions = if client.rows(sqlx::query(own)).await?.is_empty() { vec![] } else { positions(client).await? };
    let stored = history::as_stored(context, &positions);
    if !history::begun(&stored, &positions) {
        let filled = count(client, &all).await?;
        return Ok(history::without_position(context, filled, &positions));
    }
    let own = "SELECT 1 WHERE to_regclass('pipewright.tables') IS NOT NULL";
    let is_old = client.rows(sqlx::query(own)).await?.is_empty();
    let known = if is_old { vec![] } else { remembered::read(client, &stored).await? };
    let now = |index: usize, before: Option<&Remembered>| {
        let found = all.get(index);
        let identity = found.map_or("", |it| it.identity.as_str());
        let (created, another) = (identity.is_empty(), before.is_some_and(|it| it.identity != identity));
        Now { filled: if created { Some(false) } else { found.and_then(|it| it.filled) }, created, another }
    };
    Ok(compare(&stored, &known, now, remembered::permit))
}

/// Program and stage of all that have begun.
async fn positions(client: &mut Client) -> Result<Vec<(String, String)>, Failure> {
    let sql = "SELECT DISTINCT program, stage FROM pipewright.positions WHERE next_offset IS NOT NULL";
    let rows = client.rows(sqlx::query(sql)).await?;
    let positions = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    positions.collect::<Result<Vec<_>, sqlx::Error>>().map_err(|error| client.failure(error))
}

async fn look(client: &mut Client, name: String) -> Result<Found, Failure> {
    // A user that may only insert cannot look: then the server's own estimate decides.
    let sql = "SELECT has_table_privilege(oid, 'SELECT'), reltuples > 0, oid || '.' || relfilenode FROM pg_class \
               WHERE oid = to_regclass($1)";
    let rows = client.rows(sqlx::query(sql).bind(&name)).await?;
    let Some(row) = rows.first() else {
        return Ok(Found { name, readable: false, filled: None, identity: String::new() });
    };
    let read = row.try_get(0).and_then(|readable: bool| Ok((readable, row.try_get(1)?, row.try_get(2)?)));
    let (readable, estimated, identity): (bool, bool, String) = read.map_err(|error| client.failure(error))?;
    let filled = if readable {
        let sql = format!("SELECT 1 FROM {name} LIMIT 1");
        Some(!client.rows(sqlx::query(&sql)).await?.is_empty())
    } else {
        estimated.then_some(true)
    };
    Ok(Found { name, readable, filled, identity })
}

/// The first table that holds rows, and how many.
async fn count(client: &mut Client, all: &[Found]) -> Result<Option<(usize, Option<u64>)>, Failure> {
    let Some((index, found)) = all.iter().enumerate().find(|(_, it)| it.filled == Some(true)) else { return Ok(None) };
    if !found.readable {
        return Ok(Some((index, None)));
    }
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT {}) AS counted", found.name, COUNTED + 1);
    Ok(Some((index, Some(client.number(&sql).await?))))
}
