//! The tables of the sinks: created where missing and checked against the plan.

use pipewright_plan::{OnDelete, SchemaMode, Sink, Type, Write};
use sqlx::{Row, SqliteConnection};

use super::encode::Storage;
use super::statements::Drops;
use super::{client, errors, remembered};
use crate::sinks::failure::Failure;

/// The current time as the tables hold it.
pub(crate) const NOW: &str = "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')";

/// A name in quotes.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The bool column that deletes set, if the sink does not write it itself.
pub(crate) fn extra_mark(sink: &Sink) -> Option<&str> {
    match &sink.write {
        Write::Upsert { on_delete: OnDelete::Mark(name), .. } if sink.columns.position(name).is_none() => Some(name),
        _ => None,
    }
}

/// A column as it is in the database.
struct Actual {
    name: String,
    declared: String,
    not_null: bool,
    has_default: bool,
    generated: bool,
}

/// Creates the table of a sink where it may (`created`), and checks it. Gives everything that is wrong.
pub(crate) async fn prepare_sink(
    connection: &mut SqliteConnection,
    path: &str,
    sink: &Sink,
    created: &mut bool,
) -> Vec<Failure> {
    match prepare(connection, path, sink, created).await {
        Ok(problems) => problems,
        Err(failure) => vec![failure],
    }
}

pub(super) fn table_missing(sink: &Sink) -> Failure {
    Failure::configuration(
        "table-missing",
        format!("the table `{}` does not exist, and `schema = fixed` forbids to create it", sink.table),
        Some("create it, or say `schema = create`".to_string()),
    )
}

/// What `schema = evolve` would add: the statements, and the columns.
pub(super) async fn additions(
    connection: &mut SqliteConnection,
    sink: &Sink,
) -> Result<(String, Vec<String>), sqlx::Error> {
    let actual = columns(connection, &sink.table).await?;
    let own = sink.columns.fields.iter().filter(|it| it.ty.nullable).map(|it| it.name.as_str());
    let missing = own.chain(extra_mark(sink)).filter(|it| find(&actual, it).is_none());
    Ok((added_columns(sink, &actual).join("; "), missing.map(str::to_string).collect()))
}

/// What no table can mend.
pub(super) fn impossible(sink: &Sink) -> Option<Failure> {
    let table = &sink.table;
    if table.contains('.') {
        return Some(Failure::configuration(
            "table-name",
            format!("SQLite has no schemas: `{table}` cannot be a table"),
            Some(format!("write `table = \"{}\"`", table.replace('.', "_"))),
        ));
    }
    if let Write::Upsert { version: Some(version), .. } = &sink.write
        && let Some(field) = sink.columns.field(version)
        && matches!(Storage::of(&field.ty.base), Storage::Decimal(_))
    {
        return Some(Failure::configuration(
            "column-type",
            format!("SQLite cannot compare the versions in `{version}`: decimals are stored as text"),
            Some(format!("make `{version}` an int64 or a timestamp")),
        ));
    }
    None
}

async fn prepare(
    connection: &mut SqliteConnection,
    path: &str,
    sink: &Sink,
    created: &mut bool,
) -> Result<Vec<Failure>, Failure> {
    if let Some(wrong) = impossible(sink) {
        return Ok(vec![wrong]);
    }
    let table = &sink.table;
    let failed = |error| errors::failure(error, path);
    let actual = columns(connection, table).await.map_err(failed)?;
    if actual.is_empty() {
        if sink.schema_mode == SchemaMode::Fixed {
            return Ok(vec![table_missing(sink)]);
        }
        let outcome = create(connection, sink).await;
        outcome.map_err(failed)?;
        *created = true;
        return Ok(Vec::new());
    }
    if sink.schema_mode == SchemaMode::Evolve {
        for statement in added_columns(sink, &actual) {
            client::script(connection, &statement).await.map_err(failed)?;
        }
    }
    let problems = check(connection, sink).await.map_err(failed)?;
    Ok(problems.unwrap_or_default())
}

/// With the mark on what is remembered of a table of that name, in one transaction.
async fn create(connection: &mut SqliteConnection, sink: &Sink) -> Result<(), sqlx::Error> {
    client::script(connection, "BEGIN IMMEDIATE").await?;
    let outcome = async {
        client::script(connection, &create_table(sink)).await?;
        remembered::created(connection, &sink.table).await
    }
    .await;
    client::end(connection, outcome).await
}

/// Everything that is wrong with the table of a sink; none if there is no table.
pub(crate) async fn check(connection: &mut SqliteConnection, sink: &Sink) -> Result<Option<Vec<Failure>>, sqlx::Error> {
    let table = &sink.table;
    let actual = columns(connection, table).await?;
    if actual.is_empty() {
        return Ok(None);
    }
    let mut problems = check_columns(sink, &actual);
    if let Write::Upsert { key, .. } = &sink.write
        && !has_unique(connection, table, key).await?
    {
        problems.push(Failure::configuration(
            "unique-missing",
            format!("the table `{table}` has no unique index over `{}`, the key of the sink", key.join(", ")),
            Some(format!(
                "CREATE UNIQUE INDEX {} ON {} ({})",
                quoted(&format!("{table}_key")),
                quoted(table),
                list(key)
            )),
        ));
    }
    Ok(Some(problems))
}

/// Whether rows of the table may be dropped without an error: by a trigger's RAISE(IGNORE), by ON CONFLICT IGNORE.
pub(crate) async fn drops(connection: &mut SqliteConnection, sink: &Sink) -> Result<Drops, sqlx::Error> {
    let sql = "SELECT max(type = 'view'), max(type = 'trigger' OR sql LIKE '%ignore%') FROM sqlite_schema \
               WHERE lower(tbl_name) = lower(?)";
    let rows = client::rows(connection, sqlx::query(sql).bind(&sink.table)).await?;
    let Some(row) = rows.first() else { return Ok(Drops::Never) };
    let (view, may): (Option<bool>, Option<bool>) = (row.try_get(0)?, row.try_get(1)?);
    Ok(match (view, may) {
        (Some(true), _) => Drops::Unknown,
        (_, Some(true)) => Drops::May,
        _ => Drops::Never,
    })
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
}

async fn columns(connection: &mut SqliteConnection, table: &str) -> Result<Vec<Actual>, sqlx::Error> {
    let sql = "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, hidden, pk FROM pragma_table_xinfo(?)";
    let rows = client::rows(connection, sqlx::query(sql).bind(table)).await?;
    rows.iter()
        .map(|row| {
            let declared: String = row.try_get(1)?;
            let pk: i64 = row.try_get(5)?;
            // An INTEGER PRIMARY KEY fills itself.
            let row_id = pk > 0 && declared.eq_ignore_ascii_case("integer");
            Ok(Actual {
                name: row.try_get(0)?,
                not_null: row.try_get::<i64, _>(2)? != 0,
                has_default: row.try_get::<i64, _>(3)? != 0 || row_id,
                generated: row.try_get::<i64, _>(4)? > 1,
                declared,
            })
        })
        .collect()
}

async fn has_unique(connection: &mut SqliteConnection, table: &str, key: &[String]) -> Result<bool, sqlx::Error> {
    let same = |mut names: Vec<String>| {
        let mut key: Vec<String> = key.iter().map(|name| name.to_lowercase()).collect();
        names.sort_unstable();
        key.sort_unstable();
        names == key
    };
    let query = sqlx::query("SELECT lower(name) FROM pragma_table_xinfo(?) WHERE pk > 0").bind(table);
    let primary = client::rows(connection, query).await?;
    if same(primary.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?) {
        return Ok(true);
    }
    let sql = "SELECT name FROM pragma_index_list(?) WHERE \"unique\" = 1 AND partial = 0";
    let indexes = client::rows(connection, sqlx::query(sql).bind(table)).await?;
    for index in indexes {
        let index: String = index.try_get(0)?;
        let query = sqlx::query("SELECT coalesce(lower(name), '') FROM pragma_index_info(?)").bind(index);
        let names = client::rows(connection, query).await?;
        if same(names.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// SQLite keeps the text of a CREATE TABLE with its comments: that is where docs go.
fn create_table(sink: &Sink) -> String {
    let key = match &sink.write {
        Write::Append => &[][..],
        Write::Upsert { key, .. } => key,
    };
    let mut lines: Vec<(String, Option<&str>)> = Vec::new();
    for field in &sink.columns.fields {
        let not_null = if field.ty.nullable { "" } else { " NOT NULL" };
        let line = format!("{} {}{not_null}", quoted(&field.name), Storage::of(&field.ty.base).declared());
        lines.push((line, field.doc.as_deref()));
    }
    if let Some(mark) = extra_mark(sink) {
        lines.push((format!("{} INTEGER NOT NULL DEFAULT 0", quoted(mark)), None));
    }
    if let Some(loaded_at) = &sink.loaded_at {
        lines.push((format!("{} TEXT NOT NULL DEFAULT ({NOW})", quoted(loaded_at)), None));
    }
    if !key.is_empty() {
        lines.push((format!("PRIMARY KEY ({})", list(key)), None));
    }
    let mut sql = format!("CREATE TABLE IF NOT EXISTS {} (", quoted(&sink.table));
    if let Some(doc) = &sink.doc {
        sql.push_str(&comment(doc));
    }
    let last = lines.len() - 1;
    for (index, (line, doc)) in lines.iter().enumerate() {
        sql.push_str("\n  ");
        sql.push_str(line);
        if index < last {
            sql.push(',');
        }
        if let Some(doc) = doc {
            sql.push_str(&comment(doc));
        }
    }
    sql.push_str("\n)");
    sql
}

fn comment(doc: &str) -> String {
    format!(" -- {}", doc.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn added_columns(sink: &Sink, actual: &[Actual]) -> Vec<String> {
    let missing = |name: &str| find(actual, name).is_none();
    let table = quoted(&sink.table);
    let add = |name: &str, ty: &str| format!("ALTER TABLE {table} ADD COLUMN {} {ty}", quoted(name));
    let mut statements: Vec<String> = sink
        .columns
        .fields
        .iter()
        .filter(|field| field.ty.nullable && missing(&field.name))
        .map(|field| add(&field.name, Storage::of(&field.ty.base).declared()))
        .collect();
    if let Some(mark) = extra_mark(sink).filter(|name| missing(name)) {
        statements.push(add(mark, "INTEGER NOT NULL DEFAULT 0"));
    }
    statements
}

fn find<'a>(actual: &'a [Actual], name: &str) -> Option<&'a Actual> {
    actual.iter().find(|it| it.name.eq_ignore_ascii_case(name))
}

fn check_columns(sink: &Sink, actual: &[Actual]) -> Vec<Failure> {
    let table = &sink.table;
    let mut problems = Vec::new();
    let mut problem = |name, message: String, help: String| {
        problems.push(Failure::configuration(name, message, Some(help)));
    };
    let alter = |name: &str, ty: &str| format!("ALTER TABLE {} ADD COLUMN {} {ty}", quoted(table), quoted(name));
    for field in &sink.columns.fields {
        let name = &field.name;
        let storage = Storage::of(&field.ty.base);
        let Some(column) = find(actual, name) else {
            problem(
                "column-missing",
                format!("the table `{table}` has no column `{name}`"),
                alter(name, storage.declared()),
            );
            continue;
        };
        if column.generated {
            problem(
                "column-generated",
                format!("the column `{name}` of `{table}` is computed by the database"),
                format!("leave `{name}` out of the sink"),
            );
        } else if !fits(storage, &column.declared) {
            let (message, help) = misfit(table, name, &field.ty, storage, &column.declared);
            problem("column-type", message, help);
        } else if column.not_null && field.ty.nullable {
            problem(
                "column-not-null",
                format!("`{name}` may be null, but the column of `{table}` may not"),
                format!("give it a fallback: `derive {name} = {name} ?? …`"),
            );
        }
    }
    let extras = [
        extra_mark(sink).map(|it| (it, "INTEGER NOT NULL DEFAULT 0")),
        sink.loaded_at.as_deref().map(|it| (it, "TEXT")),
    ];
    for (name, ty) in extras.into_iter().flatten() {
        if find(actual, name).is_none() {
            problem("column-missing", format!("the table `{table}` has no column `{name}`"), alter(name, ty));
        }
    }
    let written = |name: &str| {
        sink.columns.fields.iter().any(|field| field.name.eq_ignore_ascii_case(name))
            || [extra_mark(sink), sink.loaded_at.as_deref()]
                .into_iter()
                .flatten()
                .any(|it| it.eq_ignore_ascii_case(name))
    };
    for column in actual {
        if column.not_null && !column.has_default && !column.generated && !written(&column.name) {
            problem(
                "column-not-written",
                format!("the column `{}` of `{table}` must not be null, and the sink does not write it", column.name),
                format!("add `{}` to the sink's fields, or give the column a default", column.name),
            );
        }
    }
    problems
}

/// What SQLite makes of a value: <https://sqlite.org/datatype3.html#determination_of_column_affinity>.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

fn affinity(declared: &str) -> Affinity {
    let declared = declared.to_ascii_uppercase();
    let has = |part: &str| declared.contains(part);
    if has("INT") {
        Affinity::Integer
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        Affinity::Text
    } else if has("BLOB") || declared.is_empty() || declared == "ANY" {
        Affinity::Blob
    } else if has("REAL") || has("FLOA") || has("DOUB") {
        Affinity::Real
    } else {
        Affinity::Numeric
    }
}

/// Whether the column keeps the value as it is.
fn fits(storage: Storage, declared: &str) -> bool {
    let affinity = affinity(declared);
    match storage {
        Storage::Integer | Storage::Bool => {
            matches!(affinity, Affinity::Integer | Affinity::Numeric | Affinity::Blob)
        }
        Storage::Real => matches!(affinity, Affinity::Real | Affinity::Numeric | Affinity::Blob),
        Storage::Decimal(_) | Storage::Text => matches!(affinity, Affinity::Text | Affinity::Blob),
        Storage::Blob => affinity == Affinity::Blob || affinity == Affinity::Text,
        // Never looks like a number, so numeric columns (`DATETIME`) keep it as well.
        Storage::Uuid | Storage::Date | Storage::Time | Storage::Timestamp | Storage::LocalTimestamp => {
            matches!(affinity, Affinity::Text | Affinity::Blob | Affinity::Numeric)
        }
    }
}

fn misfit(table: &str, name: &str, ty: &Type, storage: Storage, declared: &str) -> (String, String) {
    let wanted = storage.declared();
    let message = match storage {
        Storage::Decimal(_) => {
            format!("the column `{name}` of `{table}` is {declared}: SQLite would round a {ty} to a float")
        }
        Storage::Text => format!("the column `{name}` of `{table}` is {declared}: `007` would become 7"),
        _ => format!("the column `{name}` of `{table}` is {declared}, but the sink writes {ty}"),
    };
    (message, format!("declare the column {wanted}"))
}
