//! The table of a sink: its name, how its columns are sent, and the SQL of its writes.

use pipewright_plan::{OnDelete, Sink, Write};

use super::catalog::ActualTable;
use super::types::Wire;

/// A name in quotes.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Text in quotes.
pub(crate) fn literal(text: &str) -> String {
    if text.contains('\\') {
        format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// Names in quotes, with commas.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
}

/// The bool column that deletes set, if the sink does not write it itself.
pub(crate) fn extra_mark(sink: &Sink) -> Option<&str> {
    match &sink.write {
        Write::Upsert { on_delete: OnDelete::Mark(name), .. } if sink.columns.position(name).is_none() => Some(name),
        _ => None,
    }
}

/// Schema and table of a sink.
pub(crate) fn split_name<'a>(sink: &'a Sink, default_schema: &'a str) -> (&'a str, &'a str) {
    sink.table.split_once('.').unwrap_or((default_schema, &sink.table))
}

/// A sink's table, checked.
#[derive(Debug)]
pub(crate) struct Table {
    /// How each column is sent.
    pub wires: Vec<Wire>,
    /// `COPY …` of rows: into the table itself, or into the temporary one.
    pub copy_rows: String,
    /// What an upsert needs besides.
    pub upsert: Option<UpsertSql>,
    /// Fails, naming [`CHANGED`] and the sink, if the table is no longer as it was checked.
    pub unchanged: String,
    /// This run has created it.
    pub created: bool,
}

/// What the failure of [`Table::unchanged`] says, before the number of the sink.
pub(crate) const CHANGED: &str = "pipewright-changed-";

/// Gives what rows of the table depend on as one text: name, type and nullability of the columns that are written, and of
/// others that want a value. Binary rows of another type of the same size would be stored as something else.
pub(crate) fn shape(sink: &Sink, name: &str) -> String {
    let own =
        sink.columns.fields.iter().map(|it| it.name.as_str()).chain(extra_mark(sink)).chain(sink.loaded_at.as_deref());
    let own: Vec<String> = own.map(literal).collect();
    format!(
        "SELECT coalesce(string_agg(concat_ws(' ', attname, atttypid, atttypmod, attnotnull), ', ' ORDER BY attname), '') \
         FROM pg_attribute WHERE attrelid = to_regclass({}) AND attnum > 0 AND NOT attisdropped \
         AND (attname IN ({}) OR attnotnull AND NOT atthasdef AND attidentity = '')",
        literal(name),
        own.join(", ")
    )
}

/// See [`Table::unchanged`]. In the transaction of the rows, whose lock on the table lets nobody change it any more.
fn unchanged(index: usize, sink: &Sink, name: &str, checked: &str) -> String {
    format!(
        "SELECT ('{CHANGED}{index}: ' || shape)::int FROM (SELECT ({}) AS shape) s WHERE shape <> {}",
        shape(sink, name),
        literal(checked)
    )
}

/// The statements of an upsert.
#[derive(Debug)]
pub(crate) struct UpsertSql {
    /// Creates the temporary tables.
    pub stage: String,
    /// Moves rows from the temporary table into the table.
    pub merge: String,
    /// The merge, which tells what became of the rows: of a table with triggers that may drop some.
    pub counted_merge: Option<String>,
    /// Counts the rows that should be deleted or marked and are not: of a table with such triggers.
    pub left: Option<String>,
    /// `COPY …` of the keys of deletes.
    pub copy_keys: String,
    /// Deletes or marks the rows of those keys.
    pub delete: String,
    /// Empties the temporary tables.
    pub clear: String,
}

impl Table {
    /// Number `index` of its stage; `name` is quoted; `checked`: its [`shape`] when it was checked; `actual`: it.
    pub fn new(index: usize, sink: &Sink, name: &str, wires: Vec<Wire>, checked: &str, actual: &ActualTable) -> Self {
        let drops = actual.drops;
        let unchanged = unchanged(index, sink, name, checked);
        let columns = list(sink.columns.fields.iter().map(|field| &field.name));
        let Write::Upsert { key, on_delete, version } = &sink.write else {
            let copy_rows = format!("COPY {name} ({columns}) FROM STDIN (FORMAT binary)");
            return Self { wires, copy_rows, upsert: None, unchanged, created: false };
        };
        let (rows, keys) = (format!("pg_temp.pipewright_rows_{index}"), format!("pg_temp.pipewright_keys_{index}"));
        let key_list = list(key);
        let temporary = |table: &str, columns: &str| {
            format!(
                "CREATE TEMPORARY TABLE IF NOT EXISTS {} ON COMMIT DELETE ROWS AS SELECT {columns} FROM {name} WITH NO DATA",
                table.trim_start_matches("pg_temp.")
            )
        };
        let same_key = key.iter().map(|it| format!("t.{0} = k.{0}", quoted(it))).collect::<Vec<_>>().join(" AND ");
        let verb = match on_delete {
            OnDelete::Mark(mark) => {
                let mark = quoted(mark);
                format!(
                    "UPDATE {name} AS t SET {mark} = true FROM {keys} AS k WHERE t.{mark} IS DISTINCT FROM true AND {same_key}"
                )
            }
            OnDelete::Delete | OnDelete::Ignore => {
                format!("DELETE FROM {name} AS t USING {keys} AS k WHERE {same_key}")
            }
        };
        let unmarked = match on_delete {
            OnDelete::Mark(mark) => format!(" AND t.{} IS DISTINCT FROM true", quoted(mark)),
            OnDelete::Delete | OnDelete::Ignore => String::new(),
        };
        let left = format!("SELECT count(*) FROM {name} AS t, {keys} AS k WHERE {same_key}{unmarked}");
        let merge = merge(sink, name, &rows, key, version.as_deref(), &wires, actual);
        Self {
            copy_rows: format!("COPY {rows} ({columns}) FROM STDIN (FORMAT binary)"),
            upsert: Some(UpsertSql {
                stage: format!("{}; {}", temporary(&rows, &columns), temporary(&keys, &key_list)),
                counted_merge: drops
                    .then(|| format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) {merge} RETURNING 1")),
                left: drops.then_some(left),
                merge,
                copy_keys: format!("COPY {keys} ({key_list}) FROM STDIN (FORMAT binary)"),
                // Without statistics of the temporary table the planner would read the whole table to hash it.
                delete: format!(
                    "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; {verb}; \
                     SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on"
                ),
                clear: format!("DELETE FROM {rows}; DELETE FROM {keys}"),
            }),
            wires,
            unchanged,
            created: false,
        }
    }
}

fn merge(
    sink: &Sink,
    name: &str,
    rows: &str,
    key: &[String],
    version: Option<&str>,
    wires: &[Wire],
    actual: &ActualTable,
) -> String {
    let mut columns: Vec<String> = sink.columns.fields.iter().map(|field| quoted(&field.name)).collect();
    let mut values = columns.clone();
    let (mut sets, mut differs) = (Vec::new(), Vec::new());
    for (field, wire) in sink.columns.fields.iter().zip(wires) {
        if key.contains(&field.name) {
            continue;
        }
        let column = quoted(&field.name);
        sets.push(format!("{column} = excluded.{column}"));
        // `json` has no equality.
        let cast = if *wire == Wire::Json { "::text" } else { "" };
        differs.push(format!("t.{column}{cast} IS DISTINCT FROM excluded.{column}{cast}"));
    }
    if let Some(mark) = extra_mark(sink) {
        let mark = quoted(mark);
        sets.push(format!("{mark} = false"));
        differs.push(format!("t.{mark} IS DISTINCT FROM false"));
        columns.push(mark);
        values.push("false".to_string());
    }
    let changes = !sets.is_empty();
    if let Some(loaded_at) = &sink.loaded_at {
        let column = quoted(loaded_at);
        sets.push(format!("{column} = excluded.{column}"));
        columns.push(column);
        values.push("now()".to_string());
    }
    let action = if changes {
        let guard = version.map_or(String::new(), |version| {
            let version = quoted(version);
            format!(" AND (t.{version} IS NULL OR excluded.{version} >= t.{version})")
        });
        format!("UPDATE SET {} WHERE ({}){guard}", sets.join(", "), differs.join(" OR "))
    } else {
        "NOTHING".to_string()
    };
    // COPY takes a number for such a column without being asked.
    let always = sink.columns.fields.iter().any(|it| actual.column(&it.name).is_some_and(|it| it.always_identity));
    let overriding = if always { " OVERRIDING SYSTEM VALUE" } else { "" };
    format!(
        "INSERT INTO {name} AS t ({}){overriding} SELECT {} FROM {rows} ON CONFLICT ({}) DO {action}",
        columns.join(", "),
        values.join(", "),
        list(key)
    )
}
