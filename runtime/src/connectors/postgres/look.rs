//! What a run would find and make in PostgreSQL, told without making it.

use pipewright_plan::{SchemaMode, Sink};
use sqlx::Row;

use super::client::Client;
use super::table::{extra_mark, quoted, split_name};
use super::{catalog, foreign_keys, history, prepare};
use crate::sinks::StageContext;
use crate::sinks::failure::Failure;
use crate::sinks::look::{Look, TableLook};

/// The oldest server, as it numbers itself.
const OLDEST: i32 = 120_000;

/// What is wrong with the server itself.
pub(crate) async fn server(client: &mut Client) -> Result<Option<Failure>, Failure> {
    let sql = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool, \
               current_setting('server_version_num')::int, current_setting('server_version')";
    let rows = client.rows(sqlx::query(sql)).await?;
    let row = rows.first().ok_or_else(|| client.failure(sqlx::Error::RowNotFound))?;
    if row.try_get::<i32, _>(1).is_ok_and(|it| it < OLDEST) {
        let version: String = row.try_get(2).unwrap_or_default();
        return Ok(Some(Failure::configuration(
            "database-too-old",
            format!("the server is PostgreSQL {version}, but 12 or newer is needed"),
            None,
        )));
    }
    Ok(row.try_get(0).unwrap_or(false).then(|| {
        Failure::configuration(
            "database-read-only",
            "the database is read-only: a standby server, or a user or database set to read only",
            Some("connect to the primary server as a user that may write".to_string()),
        )
    }))
}

/// What there is, and everything that is wrong.
pub(crate) async fn look(
    client: &mut Client,
    context: &StageContext,
    default_schema: &str,
) -> Result<(Option<Look>, Vec<Failure>), Failure> {
    if let Some(wrong) = server(client).await? {
        return Ok((None, vec![wrong]));
    }
    let (mut tables, mut problems) = (Vec::new(), Vec::new());
    for (index, sink) in context.sinks.iter().enumerate() {
        let (table, wrong) = table(client, sink, default_schema).await?;
        tables.extend(table.map(|it| (index, it)));
        problems.extend(wrong.into_iter().map(|it| it.of_sink(index)));
    }
    if problems.is_empty() && tables.iter().all(|(_, it)| *it != TableLook::Created) {
        problems.extend(foreign_keys::sequence(client, &context.sinks, default_schema).await.err());
    }
    let history = history::peek(client, context, default_schema).await?;
    Ok((Some(Look { tables, history }), problems))
}

async fn table(
    client: &mut Client,
    sink: &Sink,
    default_schema: &str,
) -> Result<(Option<TableLook>, Vec<Failure>), Failure> {
    let (schema, table) = split_name(sink, default_schema);
    let name = format!("{}.{}", quoted(schema), quoted(table));
    let Some(actual) = catalog::read(client, &name).await? else {
        if sink.schema_mode == SchemaMode::Fixed {
            return Ok((None, vec![prepare::table_missing(sink)]));
        }
        if !catalog::schema_exists(client, schema).await? {
            return Ok((None, vec![prepare::schema_missing(schema, table)]));
        }
        return Ok((Some(TableLook::Created), vec![]));
    };
    let added = match sink.schema_mode {
        SchemaMode::Evolve => prepare::added_columns(sink, &name, &actual),
        SchemaMode::Create | SchemaMode::Fixed => String::new(),
    };
    let (_, mut problems) = prepare::check(sink, &name, &actual);
    if !added.is_empty() {
        let own = sink.columns.fields.iter().filter(|it| it.ty.nullable).map(|it| it.name.as_str());
        let own: Vec<&str> = own.chain(extra_mark(sink)).chain(sink.loaded_at.as_deref()).collect();
        // What would be added is not missing.
        problems.retain(|it| match it {
            Failure::Configuration { name: "column-missing", message, .. } => {
                !own.iter().any(|column| message.ends_with(&format!("`{column}`")))
            }
            _ => true,
        });
        return Ok((Some(TableLook::Altered(added)), problems));
    }
    Ok((Some(TableLook::There), problems))
}
