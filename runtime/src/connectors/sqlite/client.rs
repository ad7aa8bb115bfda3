//! Statements on one SQLite connection, as futures of a named type: so they can be awaited in tasks that move between threads.

use futures_util::future::BoxFuture;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Executor, Sqlite};

/// A statement with its values.
pub(crate) type Statement<'q> = Query<'q, Sqlite, SqliteArguments<'q>>;

/// Runs a statement; gives the number of rows it changed.
pub(crate) fn execute<'a>(
    connection: &'a mut SqliteConnection,
    statement: Statement<'a>,
) -> BoxFuture<'a, Result<u64, sqlx::Error>> {
    Box::pin(async move { Ok(statement.execute(connection).await?.rows_affected()) })
}

/// Runs a statement; gives its rows.
pub(crate) fn rows<'a>(
    connection: &'a mut SqliteConnection,
    statement: Statement<'a>,
) -> BoxFuture<'a, Result<Vec<SqliteRow>, sqlx::Error>> {
    Box::pin(async move { statement.fetch_all(connection).await })
}

/// Runs several statements without values.
pub(crate) fn script<'a>(connection: &'a mut SqliteConnection, sql: &'a str) -> BoxFuture<'a, Result<(), sqlx::Error>> {
    Box::pin(async move { connection.execute(sql).await.map(drop) })
}

/// Ends a transaction: commits what went well, undoes the rest.
pub(crate) async fn end<T>(
    connection: &mut SqliteConnection,
    outcome: Result<T, sqlx::Error>,
) -> Result<T, sqlx::Error> {
    match outcome {
        Ok(value) => {
            script(connection, "COMMIT").await?;
            Ok(value)
        }
        Err(error) => {
            // What went wrong first is what counts.
            let _ = script(connection, "ROLLBACK").await;
            Err(error)
        }
    }
}
