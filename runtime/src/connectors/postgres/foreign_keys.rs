//! The order of sinks that the foreign keys of their tables ask for, as the catalog has them.

use pipewright_plan::Sink;
use sqlx::Row;

use super::client::Client;
use super::table::{quoted, split_name};
use crate::sinks::failure::Failure;
use crate::sinks::order::{self, Refers};

/// A foreign key from the table of a sink to the table of another one.
struct ForeignKey {
    refers: Refers,
    name: String,
    /// Checked with the statement that writes a row, and not at the end of the transaction.
    at_once: bool,
}

/// The order in which the sinks are written. Fails where foreign keys that are checked at once go round in a circle.
pub(crate) async fn sequence(client: &mut Client, sinks: &[Sink], default_schema: &str) -> Result<Vec<usize>, Failure> {
    let full = |sink: &Sink| {
        let (schema, table) = split_name(sink, default_schema);
        format!("{}.{}", quoted(schema), quoted(table))
    };
    let names: Vec<String> = sinks.iter().map(full).collect();
    let keys = read(client, sinks, &names).await?;
    // What is checked at the end needs no order, but has fewer rows to look at once more when one of them is bad.
    let all: Vec<Refers> = keys.iter().map(|it| it.refers).collect();
    if let Ok(sequence) = order::order(sinks.len(), &all) {
        return Ok(sequence);
    }
    let at_once: Vec<Refers> = keys.iter().filter(|it| it.at_once).map(|it| it.refers).collect();
    order::order(sinks.len(), &at_once).map_err(|cycle| {
        let first = cycle.first().copied().unwrap_or_default();
        let next = cycle.get(1).copied().unwrap_or_default();
        let tables: Vec<String> =
            cycle.iter().filter_map(|it| sinks.get(*it)).map(|it| format!("`{}`", it.table)).collect();
        let statements: Vec<String> = keys
            .iter()
            .filter(|it| it.at_once && it.refers == Refers { from: first, to: next })
            .map(|it| {
                let table = names.get(first).map_or("…", String::as_str);
                format!("ALTER TABLE {table} ALTER CONSTRAINT {} DEFERRABLE INITIALLY DEFERRED", quoted(&it.name))
            })
            .collect();
        Failure::configuration(
            "foreign-key-cycle",
            format!(
                "the foreign keys of the tables {} go round in a circle: none can be written first",
                tables.join(", ")
            ),
            Some(statements.join("; ")),
        )
        .of_sink(first)
    })
}

async fn read(client: &mut Client, sinks: &[Sink], names: &[String]) -> Result<Vec<ForeignKey>, Failure> {
    let sql = "SELECT child.number - 1, parent.number - 1, c.conname::text, NOT c.condeferred, \
               array(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)) \
               FROM unnest($1::text[]) WITH ORDINALITY AS child (name, number) \
               JOIN pg_constraint c ON c.contype = 'f' AND c.conrelid = to_regclass(child.name) \
               JOIN unnest($1::text[]) WITH ORDINALITY AS parent (name, number) ON c.confrelid = to_regclass(parent.name) \
               ORDER BY c.conname";
    let rows = client.rows(sqlx::query(sql).bind(names)).await?;
    let mut keys = Vec::new();
    for row in &rows {
        let read = || -> Result<_, sqlx::Error> {
            let (from, to): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            let columns: Vec<String> = row.try_get(4)?;
            Ok((from, to, row.try_get(2)?, row.try_get::<bool, _>(3)?, columns))
        };
        let (from, to, name, at_once, columns) = read().map_err(|error| client.failure(error))?;
        let (Ok(from), Ok(to)) = (usize::try_from(from), usize::try_from(to)) else { continue };
        // A column that the sink leaves alone refers to nothing that it writes.
        let writes = |column: &String| sinks.get(from).is_some_and(|it| it.columns.position(column).is_some());
        let at_once = at_once && columns.iter().any(writes);
        keys.push(ForeignKey { refers: Refers { from, to }, name, at_once });
    }
    Ok(keys)
}
