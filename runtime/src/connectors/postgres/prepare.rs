//! Creates tables of sinks where they are missing and may be created, and checks them against the plan.

use pipewright_plan::{SchemaMode, Sink, Write};

use super::catalog::{self, ActualTable};
use super::client::Client;
use super::table::{Table, extra_mark, list, literal, quoted, split_name};
use super::types::{declared, wire};
use crate::sinks::failure::Failure;

/// Held while tables are created, so that two instances may start at once.
pub(crate) const LOCK: &str = "SELECT pg_advisory_xact_lock(7308057163457230164)";

/// Undoes a transaction that failed.
pub(crate) async fn end<T>(client: &mut Client, outcome: Result<T, Failure>) -> Result<T, Failure> {
    if let Err(failure) = &outcome
        && !failure.breaks_connection()
    {
        client.script("ROLLBACK").await?;
    }
    outcome
}

/// Creates the table of a sink where it may, and checks it.
pub(crate) async fn prepare_sink(
    client: &mut Client,
    index: usize,
    sink: &Sink,
    default_schema: &str,
) -> Result<Table, Vec<Failure>> {
    match prepare(client, index, sink, default_schema).await {
        Ok(outcome) => outcome,
        Err(failure) => Err(vec![failure]),
    }
}

async fn prepare(
    client: &mut Client,
    index: usize,
    sink: &Sink,
    default_schema: &str,
) -> Result<Result<Table, Vec<Failure>>, Failure> {
    let (schema, table) = split_name(sink, default_schema);
    let name = format!("{}.{}", quoted(schema), quoted(table));
    let mut actual = catalog::read(client, &name).await?;
    let mut is_created = false;
    if actual.is_none() {
        if sink.schema_mode == SchemaMode::Fixed {
            return Ok(Err(vec![table_missing(sink)]));
        }
        if !catalog::schema_exists(client, schema).await? {
            return Ok(Err(vec![schema_missing(schema, table)]));
        }
        let created = client.script(&format!("BEGIN; {LOCK}; {}; COMMIT", create_table(sink, &name))).await;
        match end(client, created).await {
            Err(Failure::Configuration { name: "permission-denied", message, help: None, sink }) => {
                // Nobody hears of a second failure: the first one is what counts.
                let user = client.text("SELECT quote_ident(current_user)").await.unwrap_or_default();
                let help = Some(format!("GRANT USAGE, CREATE ON SCHEMA {} TO {user}", quoted(schema)));
                return Err(Failure::Configuration { name: "permission-denied", message, help, sink });
            }
            created => created?,
        }
        actual = catalog::read(client, &name).await?;
        is_created = true;
    } else if let (SchemaMode::Evolve, Some(it)) = (sink.schema_mode, &actual) {
        let added = added_columns(sink, &name, it);
        if !added.is_empty() {
            let altered = client.script(&format!("BEGIN; {LOCK}; {added}; COMMIT")).await;
            end(client, altered).await?;
            actual = catalog::read(client, &name).await?;
        }
    }
    // Before the columns are read again: what changes in between is found at the first commit.
    let shape = client.text(&super::table::shape(sink, &name)).await?;
    if actual.is_some() {
        actual = catalog::read(client, &name).await?;
    }
    let Some(actual) = actual else {
        return Err(Failure::Unavailable(format!("the table `{}` was dropped meanwhile", sink.table)));
    };
    let (wires, problems) = check(sink, &name, &actual);
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    Ok(Ok(Table { created: is_created, ..Table::new(index, sink, &name, wires, &shape, &actual) }))
}

pub(super) fn table_missing(sink: &Sink) -> Failure {
    Failure::configuration(
        "table-missing",
        format!("the table `{}` does not exist, and `schema = fixed` forbids to create it", sink.table),
        Some("create it, or say `schema = create`".to_string()),
    )
}

pub(super) fn schema_missing(schema: &str, table: &str) -> Failure {
    Failure::configuration(
        "schema-missing",
        format!("the schema `{schema}` of the table `{table}` does not exist"),
        Some(format!("CREATE SCHEMA {}", quoted(schema))),
    )
}

fn create_table(sink: &Sink, name: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for field in &sink.columns.fields {
        let not_null = if field.ty.nullable { "" } else { " NOT NULL" };
        parts.push(format!("{} {}{not_null}", quoted(&field.name), declared(&field.ty.base)));
    }
    if let Some(mark) = extra_mark(sink) {
        parts.push(format!("{} boolean NOT NULL DEFAULT false", quoted(mark)));
    }
    if let Some(loaded_at) = &sink.loaded_at {
        parts.push(format!("{} timestamptz NOT NULL DEFAULT now()", quoted(loaded_at)));
    }
    if let Write::Upsert { key, .. } = &sink.write {
        parts.push(format!("PRIMARY KEY ({})", list(key)));
    }
    let mut sql = format!("CREATE TABLE IF NOT EXISTS {name} ({})", parts.join(", "));
    if let Some(doc) = &sink.doc {
        sql.push_str(&format!("; COMMENT ON TABLE {name} IS {}", literal(doc.trim())));
    }
    for field in &sink.columns.fields {
        sql.push_str(&comment(name, field));
    }
    sql
}

fn comment(table: &str, field: &pipewright_plan::Field) -> String {
    field.doc.as_ref().map_or(String::new(), |doc| {
        format!("; COMMENT ON COLUMN {table}.{} IS {}", quoted(&field.name), literal(doc.trim()))
    })
}

pub(super) fn added_columns(sink: &Sink, name: &str, actual: &ActualTable) -> String {
    let mut statements = Vec::new();
    let missing = |column: &str| actual.column(column).is_none();
    let add = |column: &str, ty: &str| format!("ALTER TABLE {name} ADD COLUMN IF NOT EXISTS {} {ty}", quoted(column));
    for field in sink.columns.fields.iter().filter(|field| field.ty.nullable && missing(&field.name)) {
        statements.push(format!("{}{}", add(&field.name, &declared(&field.ty.base)), comment(name, field)));
    }
    if let Some(mark) = extra_mark(sink).filter(|it| missing(it)) {
        statements.push(add(mark, "boolean NOT NULL DEFAULT false"));
    }
    if let Some(loaded_at) = sink.loaded_at.as_deref().filter(|it| missing(it)) {
        statements.push(add(loaded_at, "timestamptz NOT NULL DEFAULT now()"));
    }
    statements.join("; ")
}

/// How the columns are written, and what is wrong with the table.
pub(crate) fn check(sink: &Sink, name: &str, actual: &ActualTable) -> (Vec<super::types::Wire>, Vec<Failure>) {
    let table = &sink.table;
    let (mut wires, mut problems) = (Vec::new(), Vec::new());
    let mut problem = |code, message: String, help: String| {
        problems.push(Failure::configuration(code, message, Some(help)));
    };
    if !matches!(actual.kind.as_str(), "r" | "p") {
        problem(
            "not-a-table",
            format!("`{table}` is not a table: rows cannot be copied into it"),
            "name a table".to_string(),
        );
        return (wires, problems);
    }
    let alter = |column: &str, what: String| format!("ALTER TABLE {name} {what}").replace("{}", &quoted(column));
    for field in &sink.columns.fields {
        let column = &field.name;
        let Some(found) = actual.column(column) else {
            let help = alter(column, format!("ADD COLUMN {{}} {}", declared(&field.ty.base)));
            problem("column-missing", format!("the table `{table}` has no column `{column}`"), help);
            continue;
        };
        let is_key = matches!(&sink.write, Write::Upsert { key, .. } if key.contains(column));
        if found.generated {
            let help = if is_key {
                alter(column, "ALTER COLUMN {} DROP EXPRESSION".to_string())
            } else {
                format!("leave `{column}` out of the sink")
            };
            problem(
                "column-generated",
                format!("the column `{column}` of `{table}` is computed by the database"),
                help,
            );
            continue;
        }
        if found.always_identity && sink.write != Write::Append && !is_key {
            problem(
                "column-generated",
                format!("the column `{column}` of `{table}` is always numbered by the database: no update may set it"),
                alter(column, "ALTER COLUMN {} SET GENERATED BY DEFAULT".to_string()),
            );
            continue;
        }
        match wire(&field.ty, &found.ty) {
            Ok(it) => wires.push(it),
            Err(why) => problem(
                "column-type",
                format!("the column `{column}` of `{table}` is {}, {why}", found.ty.shown),
                alter(column, format!("ALTER COLUMN {{}} TYPE {}", declared(&field.ty.base))),
            ),
        }
        if found.not_null && field.ty.nullable {
            problem(
                "column-not-null",
                format!("`{column}` may be null, but the column of `{table}` may not"),
                format!("give it a fallback: `derive {column} = {column} ?? …`"),
            );
        }
    }
    check_extras(sink, actual, &alter, &mut problem);
    let own = |column: &str| {
        sink.columns.field(column).is_some()
            || [extra_mark(sink), sink.loaded_at.as_deref()].into_iter().flatten().any(|it| it == column)
    };
    for column in actual.columns.iter().filter(|it| !own(&it.name)) {
        if column.not_null && !column.has_default && !column.generated {
            problem(
                "column-not-written",
                format!("the column `{}` of `{table}` must not be null, and the sink does not write it", column.name),
                format!("add `{}` to the sink's fields, or give the column a default", column.name),
            );
        }
    }
    if let Write::Upsert { key, .. } = &sink.write
        && !actual.has_unique(key)
    {
        problem(
            "unique-missing",
            format!("the table `{table}` has no unique index over `{}`, the key of the sink", key.join(", ")),
            format!("CREATE UNIQUE INDEX ON {name} ({})", list(key)),
        );
    }
    let upsert = matches!(sink.write, Write::Upsert { .. });
    let denied: Vec<&str> = actual.denied.iter().map(String::as_str).filter(|it| upsert || *it == "INSERT").collect();
    if actual.row_security && !upsert {
        problem(
            "row-security",
            format!(
                "row-level security of `{table}` holds for this user, and PostgreSQL copies no rows into such a table"
            ),
            format!("ALTER ROLE {} BYPASSRLS, or let it own the table", actual.user),
        );
    }
    if !denied.is_empty() {
        problem(
            "permission-denied",
            format!("this user lacks {} on the table `{table}`", denied.join(", ")),
            format!("GRANT {} ON {name} TO {}", denied.join(", "), actual.user),
        );
    }
    (wires, problems)
}

/// The columns that the sink sets by itself: the mark of deletes, the time of loading.
fn check_extras(
    sink: &Sink,
    actual: &ActualTable,
    alter: &dyn Fn(&str, String) -> String,
    problem: &mut dyn FnMut(&'static str, String, String),
) {
    let table = &sink.table;
    if let Some(mark) = extra_mark(sink) {
        match actual.column(mark) {
            None => problem(
                "column-missing",
                format!("the table `{table}` has no column `{mark}`"),
                alter(mark, "ADD COLUMN {} boolean NOT NULL DEFAULT false".to_string()),
            ),
            Some(column) if column.ty.name != "bool" => problem(
                "column-type",
                format!("the column `{mark}` of `{table}` is {}, but it marks deleted rows", column.ty.shown),
                alter(mark, "ALTER COLUMN {} TYPE boolean".to_string()),
            ),
            Some(_) => {}
        }
    }
    let Some(loaded_at) = &sink.loaded_at else { return };
    match actual.column(loaded_at) {
        None => problem(
            "column-missing",
            format!("the table `{table}` has no column `{loaded_at}`"),
            alter(loaded_at, "ADD COLUMN {} timestamptz NOT NULL DEFAULT now()".to_string()),
        ),
        Some(column) if !matches!(column.ty.name.as_str(), "timestamptz" | "timestamp") => problem(
            "column-type",
            format!("the column `{loaded_at}` of `{table}` is {}, but it holds the time of loading", column.ty.shown),
            alter(loaded_at, "ALTER COLUMN {} TYPE timestamptz".to_string()),
        ),
        Some(column) if sink.write == Write::Append && !column.has_default => problem(
            "default-missing",
            format!("the column `{loaded_at}` of `{table}` has no default, so it would not be set"),
            alter(loaded_at, "ALTER COLUMN {} SET DEFAULT now()".to_string()),
        ),
        Some(_) => {}
    }
}
