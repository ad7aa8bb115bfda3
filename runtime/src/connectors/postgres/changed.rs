//! What is to be done about a table that was checked and takes no rows any more: said as it is said at the start, because it is
//! checked once more. Changes nothing.

use super::catalog;
use super::client::Client;
use super::prepare;
use super::table::{quoted, split_name};
use crate::sinks::StageContext;
use crate::sinks::failure::Failure;

/// Pipewright's own tables, which no sink names.
pub(super) const OWN: &str = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pipewright TO";

/// The failure, with sink, table and remedy. Outside of a transaction.
pub(crate) async fn explained(
    client: &mut Client,
    context: &StageContext,
    default_schema: &str,
    failure: Failure,
) -> Failure {
    let Failure::Configuration { name, message, help: None, sink } = failure else { return failure };
    // Nobody hears of a second failure: the first one is what counts.
    let user = client.text("SELECT quote_ident(current_user)").await.unwrap_or_default();
    let Some((index, sink)) = sink.and_then(|it| Some((it, context.sinks.get(it)?))) else {
        let help = (name == "permission-denied").then(|| format!("{OWN} {user}"));
        return Failure::Configuration { name, message, help, sink };
    };
    let (schema, table) = split_name(sink, default_schema);
    let full = format!("{}.{}", quoted(schema), quoted(table));
    let problem = match catalog::read(client, &full).await {
        Ok(Some(actual)) => prepare::check(sink, &full, &actual).1.into_iter().next(),
        Ok(None) => Some(Failure::configuration(
            "table-missing",
            format!("the table `{}` was dropped or renamed while the program ran", sink.table),
            Some("bring it back with its rows: the next run goes on after the last commit".to_string()),
        )),
        Err(_) => None,
    };
    let problem = problem.unwrap_or_else(|| {
        let help = granted(name, &message, &user).unwrap_or_else(|| {
            format!("mend `{}` or its triggers and start again: the run goes on after the last commit", sink.table)
        });
        let message = format!("the table `{}` takes no rows of sink `{}`: {message}", sink.table, sink.name);
        Failure::Configuration { name, message, help: Some(help), sink: None }
    });
    problem.of_sink(index)
}

/// What to grant where a right is missing that is not one on the table itself: "permission denied for sequence orders_id_seq".
fn granted(name: &str, said: &str, user: &str) -> Option<String> {
    let (kind, object) = said.split_once("permission denied for ")?.1.split_once(' ')?;
    let rights = match kind {
        "table" | "view" => "SELECT, INSERT, UPDATE, DELETE ON TABLE",
        "sequence" => "USAGE ON SEQUENCE",
        "schema" => "USAGE ON SCHEMA",
        "function" => "EXECUTE ON FUNCTION",
        "type" => "USAGE ON TYPE",
        _ => return None,
    };
    (name == "permission-denied").then(|| format!("GRANT {rights} {} TO {user}", quoted(object)))
}
