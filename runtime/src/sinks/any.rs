//! The database of a stage, whichever it is.

use std::collections::BTreeMap;

use pipewright_plan::{OptionError, Plan, Stage, TypedOptions};

use crate::connectors::postgres::{self, PostgresConnection, PostgresDatabase};
use crate::connectors::sqlite::{SqliteConnection, SqliteDatabase};
use crate::sinks::dead_letters::{LetterFilter, StoredLetter};
use crate::sinks::look::Look;
use crate::sinks::positions::{Changes, Stored};
use crate::sinks::{Acquired, Committed, Database, DatabaseError, Epoch, History, Originals, RowEncoder, StageContext};

/// The database of a stage.
pub enum AnyDatabase {
    /// PostgreSQL.
    Postgres(Box<PostgresDatabase>),
    /// SQLite.
    Sqlite(Box<SqliteDatabase>),
}

/// The database of a stage, not connected yet. `env` and `file` in the options of its connection have been resolved; `owner`
/// tells instances apart.
pub fn open(plan: &Plan, stage: &Stage, owner: &str) -> Result<AnyDatabase, DatabaseError> {
    open_context(plan, StageContext::new(plan, stage, owner)?)
}

/// A connection, to look at what is in it (`dead-letters`); no stage is needed.
pub fn open_connection(plan: &Plan, connection: &str) -> Result<AnyDatabase, DatabaseError> {
    open_context(plan, StageContext::of_connection(plan, connection))
}

fn open_context(plan: &Plan, context: StageContext) -> Result<AnyDatabase, DatabaseError> {
    let name = context.connection.clone();
    let wrong = |wrong: &'static str, message: String| DatabaseError::Configuration {
        name: wrong,
        message,
        help: None,
        sink: None,
    };
    let bad_option = |error: OptionError| wrong("option-value", format!("connection `{name}`: {error}"));
    let connection = plan.connection(&name);
    match connection.map(|it| (it.kind.as_str(), &it.options)) {
        Some(("postgres", options)) => {
            let options = PostgresConnection::decode(options).map_err(bad_option)?;
            Ok(AnyDatabase::Postgres(Box::new(PostgresDatabase::new(context, options))))
        }
        Some(("sqlite", options)) => {
            let options = SqliteConnection::decode(options).map_err(bad_option)?;
            Ok(AnyDatabase::Sqlite(Box::new(SqliteDatabase::new(context, options))))
        }
        Some(_) => Err(wrong("not-a-database", format!("connection `{name}` is no database"))),
        None => Err(wrong("plan-incomplete", format!("the plan has no connection `{name}`"))),
    }
}

/// "PostgreSQL at 127.0.0.1:5432 (connection `warehouse`)"; never a password.
pub fn describe(plan: &Plan, connection: &str) -> String {
    let found = plan.connection(connection);
    let (what, place) = match found.map(|it| (it.kind.as_str(), &it.options)) {
        Some(("postgres", options)) => {
            ("PostgreSQL", PostgresConnection::decode(options).ok().and_then(|it| postgres::server(&it)))
        }
        Some(("sqlite", options)) => ("SQLite", SqliteConnection::decode(options).ok().map(|it| it.path)),
        _ => ("the database", None),
    };
    format!("{what} at {} (connection `{connection}`)", place.as_deref().unwrap_or("an unknown place"))
}

/// Where its data lies, for people: a path or `user@host:port/database`.
pub fn location(plan: &Plan, connection: &str) -> String {
    let place = plan.connection(connection).and_then(|it| match it.kind.as_str() {
        "postgres" => PostgresConnection::decode(&it.options).ok().and_then(|it| postgres::location(&it)),
        "sqlite" => SqliteConnection::decode(&it.options).ok().map(|it| it.path),
        _ => None,
    });
    place.unwrap_or_else(|| "an unknown place".to_string())
}

impl AnyDatabase {
    /// What encodes the rows of each sink of the stage, in order. After [`Database::prepare`]: the encoders write for the
    /// columns as they are in the database.
    pub fn encoders(&self) -> Result<Vec<Box<dyn RowEncoder>>, DatabaseError> {
        match self {
            Self::Postgres(it) => it.encoders(),
            Self::Sqlite(it) => Ok(it.encoders()),
        }
    }

    /// Dead letters of the program, oldest first. Needs no [`Database::prepare`], creates nothing.
    pub async fn dead_letters(&mut self, filter: &LetterFilter) -> Result<Vec<StoredLetter>, DatabaseError> {
        match self {
            Self::Postgres(it) => it.letters(filter).await,
            Self::Sqlite(it) => it.letters(filter).await,
        }
    }

    /// What a run would find, and everything that is wrong. Creates nothing.
    pub async fn look(&mut self) -> Result<(Option<Look>, Vec<DatabaseError>), DatabaseError> {
        match self {
            Self::Postgres(it) => it.look().await,
            Self::Sqlite(it) => it.look().await,
        }
    }

    /// What is stored of the stage. Creates nothing.
    pub async fn positions(&mut self) -> Result<Stored, DatabaseError> {
        match self {
            Self::Postgres(it) => it.positions().await,
            Self::Sqlite(it) => it.positions().await,
        }
    }

    /// The same, for [`set_positions`](Self::set_positions): until then nobody moves them.
    pub async fn lock_positions(&mut self) -> Result<Stored, DatabaseError> {
        match self {
            Self::Postgres(it) => it.lock_positions().await,
            Self::Sqlite(it) => it.lock_positions().await,
        }
    }

    /// Stores other positions, in the transaction that the lock began. Who does not come to it drops the database.
    pub async fn set_positions(&mut self, changes: &Changes) -> Result<(), DatabaseError> {
        match self {
            Self::Postgres(it) => it.set_positions(changes).await,
            Self::Sqlite(it) => it.set_positions(changes).await,
        }
    }

    /// The stage begins anew: that its tables are empty is right from now on. In the transaction that is open, if one is.
    pub async fn forget_rows(&mut self) -> Result<(), DatabaseError> {
        match self {
            Self::Postgres(it) => it.forget_rows().await,
            Self::Sqlite(it) => it.forget_rows().await,
        }
    }
}

impl Database for AnyDatabase {
    async fn prepare(&mut self) -> Result<(), Vec<DatabaseError>> {
        match self {
            Self::Postgres(it) => it.prepare().await,
            Self::Sqlite(it) => it.prepare().await,
        }
    }

    async fn history(&mut self) -> Result<History, DatabaseError> {
        match self {
            Self::Postgres(it) => it.history().await,
            Self::Sqlite(it) => it.history().await,
        }
    }

    async fn acquire(
        &mut self,
        partitions: &[(u16, i32)],
        topic_ids: &[Option<String>],
    ) -> Result<Vec<Acquired>, DatabaseError> {
        match self {
            Self::Postgres(it) => it.acquire(partitions, topic_ids).await,
            Self::Sqlite(it) => it.acquire(partitions, topic_ids).await,
        }
    }

    async fn start_at(&mut self, positions: &[Acquired]) -> Result<(), DatabaseError> {
        match self {
            Self::Postgres(it) => it.start_at(positions).await,
            Self::Sqlite(it) => it.start_at(positions).await,
        }
    }

    async fn commit(&mut self, epoch: &Epoch, originals: &dyn Originals) -> Result<Committed, DatabaseError> {
        match self {
            Self::Postgres(it) => it.commit(epoch, originals).await,
            Self::Sqlite(it) => it.commit(epoch, originals).await,
        }
    }

    async fn letters_waiting(&mut self) -> Result<u64, DatabaseError> {
        match self {
            Self::Postgres(it) => it.letters_waiting().await,
            Self::Sqlite(it) => it.letters_waiting().await,
        }
    }

    async fn cursors(&mut self) -> Result<BTreeMap<String, String>, DatabaseError> {
        match self {
            Self::Postgres(it) => it.cursors().await,
            Self::Sqlite(it) => it.cursors().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committer's task moves between threads.
    #[test]
    fn its_futures_can_be_spawned() {
        fn sendable<T: Send>(_: &T) {}
        fn check(mut database: AnyDatabase, epoch: Epoch, originals: Box<dyn Originals>) {
            sendable(&async move {
                database.prepare().await.map_err(drop)?;
                database.history().await.map_err(drop)?;
                database.acquire(&[], &[]).await.map_err(drop)?;
                database.start_at(&[]).await.map_err(drop)?;
                database.cursors().await.map_err(drop)?;
                database.dead_letters(&LetterFilter::default()).await.map_err(drop)?;
                database.forget_rows().await.map_err(drop)?;
                database.commit(&epoch, originals.as_ref()).await.map_err(drop)?;
                Ok::<(), ()>(())
            });
        }
        let _ = check;
    }
}
