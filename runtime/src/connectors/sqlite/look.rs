//! What a run would find and make in SQLite, told without making it.

use pipewright_plan::{SchemaMode, Sink};
use sqlx::SqliteConnection;

use super::{client, history, tables};
use crate::sinks::StageContext;
use crate::sinks::failure::Failure;
use crate::sinks::history::History;
use crate::sinks::look::{Look, TableLook};

/// What there is without a database: nothing.
pub(crate) fn nothing(context: &StageContext) -> (Look, Vec<Failure>) {
    let (mut looked, mut problems) = (Vec::new(), Vec::new());
    for (index, sink) in context.sinks.iter().enumerate() {
        let wrong = tables::impossible(sink).or_else(|| missing(sink));
        match wrong {
            Some(wrong) => problems.push(wrong.of_sink(index)),
            None => looked.push((index, TableLook::Created)),
        }
    }
    (Look { tables: looked, history: History::Fresh }, problems)
}

fn missing(sink: &Sink) -> Option<Failure> {
    (sink.schema_mode == SchemaMode::Fixed).then(|| tables::table_missing(sink))
}

/// What there is, and everything that is wrong.
pub(crate) async fn look(
    connection: &mut SqliteConnection,
    context: &StageContext,
) -> Result<(Look, Vec<Failure>), sqlx::Error> {
    let (mut looked, mut problems) = (Vec::new(), Vec::new());
    for (index, sink) in context.sinks.iter().enumerate() {
        let mut wrong: Vec<Failure> = tables::impossible(sink).into_iter().collect();
        if wrong.is_empty() {
            match tables::check(connection, sink).await? {
                None => match missing(sink) {
                    Some(failure) => wrong.push(failure),
                    None => looked.push((index, TableLook::Created)),
                },
                Some(mut found) => {
                    let (added, columns) = match sink.schema_mode {
                        SchemaMode::Evolve => tables::additions(connection, sink).await?,
                        SchemaMode::Create | SchemaMode::Fixed => (String::new(), Vec::new()),
                    };
                    // What would be added is not missing.
                    found.retain(|it| match it {
                        Failure::Configuration { name: "column-missing", message, .. } => {
                            !columns.iter().any(|column| message.ends_with(&format!("`{column}`")))
                        }
                        _ => true,
                    });
                    let table = if added.is_empty() { TableLook::There } else { TableLook::Altered(added) };
                    looked.push((index, table));
                    wrong = found;
                }
            }
        }
        problems.extend(wrong.into_iter().map(|it| it.of_sink(index)));
    }
    let own = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'pipewright_positions'";
    let own = !client::rows(connection, sqlx::query(own)).await?.is_empty();
    let there: Vec<usize> =
        looked.iter().filter(|(_, it)| *it != TableLook::Created).map(|(index, _)| *index).collect();
    let history = history::peek(connection, context, own, &there).await?;
    Ok((Look { tables: looked, history }, problems))
}
