//! What is to be done about a table that was checked and takes no rows any more: said as it is said at the start, because it is
//! checked once more. Changes nothing.

use sqlx::SqliteConnection;

use super::tables;
use crate::sinks::StageContext;
use crate::sinks::failure::Failure;

/// The failure, with sink, table and remedy. Outside of a transaction.
pub(crate) async fn explained(
    connection: &mut SqliteConnection,
    context: &StageContext,
    path: &str,
    failure: Failure,
) -> Failure {
    let Failure::Configuration { name, message, help: None, sink: Some(index) } = failure else { return failure };
    let Some(sink) = context.sinks.get(index) else {
        return Failure::Configuration { name, message, help: None, sink: Some(index) };
    };
    let problem = match tables::check(connection, sink).await {
        Ok(Some(problems)) => problems.into_iter().next(),
        Ok(None) => Some(Failure::configuration(
            "table-missing",
            format!("the table `{}` was dropped or renamed while the program ran", sink.table),
            Some("bring it back with its rows: the next run goes on after the last commit".to_string()),
        )),
        // Nobody hears of a second failure: the first one is what counts.
        Err(_) => None,
    };
    let mend = format!("mend `{}` or its triggers and start again: the run goes on after the last commit", sink.table);
    let message = match message.strip_prefix(&format!("SQLite at {path}: ")) {
        Some(said) => format!("the table `{}` of {path} takes no rows of sink `{}`: {said}", sink.table, sink.name),
        None => message,
    };
    problem.unwrap_or_else(|| Failure::configuration(name, message, Some(mend))).of_sink(index)
}

/// A row on which a trigger or a constraint ended the transaction: the savepoint before it is gone, too.
pub(crate) fn ended(failure: Failure) -> Failure {
    match failure.settled() {
        Failure::Configuration { message, .. } if message.contains("no such savepoint") => Failure::configuration(
            "database-refuses",
            "a trigger or a constraint of the table rolled the transaction back at a row",
            Some("let it say RAISE(ABORT, …), or ON CONFLICT ABORT, instead of ROLLBACK".to_string()),
        ),
        other => other,
    }
}
