//! A stage's SQLite database.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection as Client};

use super::encode::SqliteEncoder;
use super::foreign_keys::{self, ForeignKeys};
use super::session::{SqliteSession, statements};
use super::statements::Statements;
use super::tables::NOW;
use super::{
    SqliteConnection, changed, client, errors, history, letters, look, own, positions, remembered, renamed, tables,
};
use crate::sinks::commit;
use crate::sinks::dead_letters::{LetterFilter, StoredLetter};
use crate::sinks::failure::Failure;
use crate::sinks::look::Look;
use crate::sinks::positions::{Changes, Stored};
use crate::sinks::tables::Tally;
use crate::sinks::{Acquired, Committed, Database, DatabaseError, Epoch, History, Originals, RowEncoder, StageContext};

/// One stage's SQLite database: a file, durable (WAL, synchronous writes), one writer at a time.
pub struct SqliteDatabase {
    context: StageContext,
    options: SqliteConnection,
    statements: Vec<Statements>,
    keys: ForeignKeys,
    /// Sinks whose tables this run has created.
    created: BTreeSet<usize>,
    tally: Tally,
    client: Option<Client>,
}

impl SqliteDatabase {
    /// Not connected yet.
    pub fn new(context: StageContext, options: SqliteConnection) -> Self {
        let keys = ForeignKeys { sequence: (0..context.sinks.len()).collect(), circle: false };
        Self {
            statements: statements(&context.sinks),
            context,
            options,
            keys,
            created: BTreeSet::new(),
            tally: Tally::default(),
            client: None,
        }
    }

    /// What encodes the rows of each sink of the stage, in order.
    pub fn encoders(&self) -> Vec<Box<dyn RowEncoder>> {
        let encoder = |sink| Box::new(SqliteEncoder::new(sink)) as Box<dyn RowEncoder>;
        self.context.sinks.iter().map(encoder).collect()
    }

    /// Dead letters of the program, oldest first; none if there never was a run.
    pub async fn letters(&mut self, filter: &LetterFilter) -> Result<Vec<StoredLetter>, DatabaseError> {
        if !std::path::Path::new(&self.options.path).exists() {
            return Ok(Vec::new());
        }
        let program = self.context.program.clone();
        let path = self.options.path.clone();
        let outcome = match self.client(false).await {
            Ok(client) => letters::list(client, &program, filter).await.map_err(|error| errors::failure(error, &path)),
            Err(failure) => Err(failure),
        };
        outcome.map_err(|failure| failure.into_error(&self.context))
    }

    /// What a run would find, and everything that is wrong. Creates nothing, and leaves the file as it is.
    pub async fn look(&mut self) -> Result<(Option<Look>, Vec<DatabaseError>), DatabaseError> {
        let (path, context) = (self.options.path.clone(), self.context.clone());
        let outcome = if std::path::Path::new(&path).exists() {
            let options = SqliteConnectOptions::new().filename(&path).read_only(true).disable_statement_logging();
            let looked = async {
                let mut client = Client::connect_with(&options).await?;
                look::look(&mut client, &context).await
            };
            looked.await.map_err(|error| errors::failure(error, &path))
        } else {
            Ok(look::nothing(&context))
        };
        let (look, problems) = self.settle(outcome)?;
        Ok((Some(look), problems.into_iter().map(|it| it.into_error(&context)).collect()))
    }

    /// What is stored of the stage. Creates nothing.
    pub async fn positions(&mut self) -> Result<Stored, DatabaseError> {
        if !std::path::Path::new(&self.options.path).exists() {
            return Ok(Stored::default());
        }
        let (path, context) = (self.options.path.clone(), self.context.clone());
        let outcome = match self.client(false).await {
            Ok(client) => positions::read(client, &context).await.map_err(|error| errors::failure(error, &path)),
            Err(failure) => Err(failure),
        };
        self.settle(outcome)
    }

    /// The same, for [`set_positions`](Self::set_positions): until then nobody moves them.
    pub async fn lock_positions(&mut self) -> Result<Stored, DatabaseError> {
        let outcome = self.lock_all().await;
        self.settle(outcome)
    }

    async fn lock_all(&mut self) -> Result<Stored, Failure> {
        let (path, context) = (self.options.path.clone(), self.context.clone());
        let client = self.client(true).await?;
        own::create(client, &path).await?;
        renamed::take_over(client, &context, &path).await?;
        positions::lock(client, &context).await.map_err(|error| errors::failure(error, &path))
    }

    /// Stores other positions, in the transaction that the lock began.
    pub async fn set_positions(&mut self, changes: &Changes) -> Result<(), DatabaseError> {
        let (path, context) = (self.options.path.clone(), self.context.clone());
        let outcome = match self.client(false).await {
            Ok(client) => {
                positions::write(client, &context, changes).await.map_err(|error| errors::failure(error, &path))
            }
            Err(failure) => Err(failure),
        };
        self.settle(outcome)
    }

    /// The stage begins anew: that its tables are empty is right from now on. In the transaction that is open, if one is.
    pub async fn forget_rows(&mut self) -> Result<(), DatabaseError> {
        let (context, path) = (self.context.clone(), self.options.path.clone());
        let outcome = match self.client(true).await {
            Ok(client) => remembered::forget(client, &context).await.map_err(|error| errors::failure(error, &path)),
            Err(failure) => Err(failure),
        };
        self.settle(outcome)
    }

    async fn client(&mut self, create: bool) -> Result<&mut Client, Failure> {
        let client = match self.client.take() {
            Some(client) => client,
            None => self.connect(create).await?,
        };
        Ok(self.client.insert(client))
    }

    async fn connect(&self, create: bool) -> Result<Client, Failure> {
        let path = &self.options.path;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(self.options.busy_timeout)
            .statement_cache_capacity(64 + 32 * self.context.sinks.len())
            .disable_statement_logging();
        Client::connect_with(&options).await.map_err(|error| errors::failure(error, path))
    }

    async fn prepare_all(&mut self) -> Result<Vec<Failure>, Failure> {
        let path = self.options.path.clone();
        let (context, sinks) = (self.context.clone(), self.context.sinks.clone());
        let client = self.client(true).await?;
        own::create(client, &path).await?;
        renamed::take_over(client, &context, &path).await?;
        let (mut problems, mut created, mut statements) = (Vec::new(), Vec::new(), statements(&sinks));
        for (index, (sink, statements)) in sinks.iter().zip(&mut statements).enumerate() {
            let mut is_created = false;
            let found = tables::prepare_sink(client, &path, sink, &mut is_created).await;
            created.extend(is_created.then_some(index));
            problems.extend(found.into_iter().map(|failure| failure.of_sink(index)));
            let drops = tables::drops(client, sink).await;
            statements.drops = drops.map_err(|error| errors::failure(error, &path))?;
        }
        let keys = foreign_keys::read(client, &sinks).await.map_err(|error| errors::failure(error, &path))?;
        (self.statements, self.keys) = (statements, keys);
        self.created.extend(created);
        Ok(problems)
    }

    async fn acquire_all(
        &mut self,
        partitions: &[(u16, i32)],
        ids: &[Option<String>],
    ) -> Result<Vec<Acquired>, Failure> {
        let path = self.options.path.clone();
        let context = self.context.clone();
        let client = self.client(true).await?;
        let sql = format!(
            "INSERT INTO pipewright_positions (program, stage, topic, partition, generation, owner, topic_id, updated_at) \
             VALUES (?, ?, ?, ?, 1, ?, ?, {NOW}) ON CONFLICT (program, stage, topic, partition) DO UPDATE SET \
             generation = generation + 1, owner = excluded.owner, topic_id = coalesce(topic_id, excluded.topic_id), \
             updated_at = excluded.updated_at RETURNING next_offset, generation, topic_id"
        );
        let outcome = acquire(client, &context, &sql, partitions, ids).await;
        let acquired = outcome.map_err(|error| errors::failure(error, &path))?;
        self.context.learn_topic_ids(&acquired);
        Ok(acquired)
    }

    async fn start_all(&mut self, positions: &[Acquired]) -> Result<(), Failure> {
        let path = self.options.path.clone();
        let context = self.context.clone();
        let client = self.client(true).await?;
        let sql = format!(
            "UPDATE pipewright_positions SET next_offset = ?, topic_id = coalesce(?, topic_id), updated_at = {NOW} \
             WHERE program = ? AND stage = ? AND topic = ? AND partition = ? AND generation = ? AND next_offset IS NULL"
        );
        match start(client, &context, &sql, positions).await {
            Ok(None) => {
                self.context.learn_topic_ids(positions);
                Ok(())
            }
            Ok(Some((topic, partition))) => Err(Failure::Fenced(topic, partition)),
            Err(error) => Err(errors::failure(error, &path)),
        }
    }

    async fn read_cursors(&mut self) -> Result<BTreeMap<String, String>, Failure> {
        let path = self.options.path.clone();
        let program = self.context.program.clone();
        let client = self.client(true).await?;
        let query = sqlx::query("SELECT source, cursor FROM pipewright_cursors WHERE program = ?").bind(program);
        let rows = client::rows(client, query).await;
        rows.and_then(|rows| rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect())
            .map_err(|error| errors::failure(error, &path))
    }

    async fn read_history(&mut self) -> Result<History, Failure> {
        let path = self.options.path.clone();
        let context = self.context.clone();
        let created = self.created.clone();
        let client = self.client(true).await?;
        history::read(client, &context, &created).await.map_err(|error| errors::failure(error, &path))
    }

    /// After this the connection is closed if it must be.
    fn settle<T>(&mut self, outcome: Result<T, Failure>) -> Result<T, DatabaseError> {
        outcome.map_err(|failure| {
            if failure.breaks_connection() {
                self.client = None;
            }
            failure.into_error(&self.context)
        })
    }
}

impl Database for SqliteDatabase {
    async fn prepare(&mut self) -> Result<(), Vec<DatabaseError>> {
        let outcome = self.prepare_all().await;
        match self.settle(outcome) {
            Ok(problems) if problems.is_empty() => Ok(()),
            Ok(problems) => Err(problems.into_iter().map(|failure| failure.into_error(&self.context)).collect()),
            Err(error) => Err(vec![error]),
        }
    }

    async fn history(&mut self) -> Result<History, DatabaseError> {
        let outcome = self.read_history().await;
        self.settle(outcome)
    }

    async fn acquire(
        &mut self,
        partitions: &[(u16, i32)],
        topic_ids: &[Option<String>],
    ) -> Result<Vec<Acquired>, DatabaseError> {
        let outcome = self.acquire_all(partitions, topic_ids).await;
        self.settle(outcome)
    }

    async fn start_at(&mut self, positions: &[Acquired]) -> Result<(), DatabaseError> {
        let outcome = self.start_all(positions).await;
        self.settle(outcome)
    }

    async fn commit(&mut self, epoch: &Epoch, originals: &dyn Originals) -> Result<Committed, DatabaseError> {
        // Taken out: if the outcome is unknown, the connection does not come back.
        let mut client = match self.client(true).await {
            Ok(_) => self.client.take(),
            Err(failure) => return self.settle(Err(failure)),
        };
        let Some(connection) = client.as_mut() else {
            return Err(DatabaseError::Unavailable("the connection is gone".to_string()));
        };
        let mut session = SqliteSession {
            connection,
            context: &self.context,
            statements: &mut self.statements,
            keys: &self.keys,
            tally: &self.tally,
            path: &self.options.path,
        };
        let mut outcome = commit::commit(&mut session, &self.context, epoch, originals).await;
        if let Err(commit::Unsettled::Failed(failure @ Failure::Configuration { .. })) = outcome {
            let failure = changed::explained(connection, &self.context, &self.options.path, failure).await;
            outcome = Err(commit::Unsettled::Failed(failure));
        }
        if let Ok(committed) = &outcome {
            self.tally.stored(&committed.rows);
        }
        let broken = matches!(&outcome, Err(commit::Unsettled::Failed(failure)) if failure.breaks_connection());
        if !broken {
            self.client = client;
        }
        outcome.map_err(|unsettled| unsettled.into_error(&self.context))
    }

    async fn letters_waiting(&mut self) -> Result<u64, DatabaseError> {
        let (context, path) = (self.context.clone(), self.options.path.clone());
        let outcome = match self.client(true).await {
            Ok(client) => letters::waiting(client, &context.program, &context.stage)
                .await
                .map_err(|error| errors::failure(error, &path)),
            Err(failure) => Err(failure),
        };
        self.settle(outcome)
    }

    async fn cursors(&mut self) -> Result<BTreeMap<String, String>, DatabaseError> {
        let outcome = self.read_cursors().await;
        self.settle(outcome)
    }
}

async fn acquire(
    client: &mut Client,
    context: &StageContext,
    sql: &str,
    partitions: &[(u16, i32)],
    ids: &[Option<String>],
) -> Result<Vec<Acquired>, sqlx::Error> {
    client::script(client, "BEGIN IMMEDIATE").await?;
    let mut acquired = Vec::new();
    for (topic, partition) in partitions {
        let query = sqlx::query(sql)
            .bind(&context.program)
            .bind(&context.stage)
            .bind(context.topic(*topic))
            .bind(partition)
            .bind(&context.owner)
            .bind(ids.get(usize::from(*topic)).cloned().flatten());
        let outcome = client::rows(client, query).await.and_then(|rows| {
            let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
            Ok(Acquired {
                topic: *topic,
                partition: *partition,
                next: row.try_get(0)?,
                generation: row.try_get(1)?,
                topic_id: row.try_get(2)?,
            })
        });
        match outcome {
            Ok(it) => acquired.push(it),
            Err(error) => return client::end(client, Err(error)).await,
        }
    }
    client::end(client, Ok(acquired)).await
}

/// Gives the first partition that is no longer owned, if there is one; then nothing has changed.
async fn start(
    client: &mut Client,
    context: &StageContext,
    sql: &str,
    positions: &[Acquired],
) -> Result<Option<(u16, i32)>, sqlx::Error> {
    client::script(client, "BEGIN IMMEDIATE").await?;
    for it in positions {
        let query = sqlx::query(sql)
            .bind(it.next)
            .bind(&it.topic_id)
            .bind(&context.program)
            .bind(&context.stage)
            .bind(context.topic(it.topic))
            .bind(it.partition)
            .bind(it.generation);
        match client::execute(client, query).await {
            Ok(1) => {
                let next = it.next.unwrap_or_default();
                let marked = letters::read_again(client, context, context.topic(it.topic), it.partition, next).await;
                if let Err(error) = marked {
                    return client::end(client, Err(error)).await;
                }
            }
            Ok(_) => {
                client::script(client, "ROLLBACK").await?;
                return Ok(Some((it.topic, it.partition)));
            }
            Err(error) => return client::end(client, Err(error)).await,
        }
    }
    client::end(client, Ok(None)).await
}
