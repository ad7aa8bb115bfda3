//! A stage's PostgreSQL database.

use std::collections::BTreeMap;

use sqlx::Row;

use super::client::{self, Client};
use super::encode::PostgresEncoder;
use super::session::PostgresSession;
use super::table::Table;
use super::{
    PostgresConnection, changed, foreign_keys, history, letters, look, own, positions, prepare, remembered, renamed,
};
use crate::sinks::commit::{self, Unsettled};
use crate::sinks::dead_letters::{LetterFilter, StoredLetter};
use crate::sinks::failure::Failure;
use crate::sinks::look::Look;
use crate::sinks::positions::{Changes, Stored};
use crate::sinks::tables::Tally;
use crate::sinks::{
    Acquired, ChunkRow, Committed, Database, DatabaseError, Epoch, History, Originals, RowEncoder, StageContext,
};

/// One stage's PostgreSQL database. Owns one connection; after an unknown outcome it is closed, and the next call opens
/// another.
pub struct PostgresDatabase {
    context: StageContext,
    options: PostgresConnection,
    tables: Vec<Table>,
    /// The order in which they are written.
    sequence: Vec<usize>,
    tally: Tally,
    client: Option<Client>,
    scratch: Vec<u8>,
    order: Vec<ChunkRow>,
}

/// `user@host:port/database`, never a password.
pub(crate) fn location(options: &PostgresConnection) -> Option<String> {
    let connect = client::connect_options(options).ok()?;
    let database = connect.get_database().unwrap_or_else(|| connect.get_username());
    Some(format!("{}@{}/{database}", connect.get_username(), client::place(&connect)))
}

/// `host:port`.
pub(crate) fn server(options: &PostgresConnection) -> Option<String> {
    client::connect_options(options).ok().map(|it| client::place(&it))
}

impl PostgresDatabase {
    /// Not connected yet.
    pub fn new(context: StageContext, options: PostgresConnection) -> Self {
        Self {
            context,
            options,
            tables: Vec::new(),
            sequence: Vec::new(),
            tally: Tally::default(),
            client: None,
            scratch: Vec::new(),
            order: Vec::new(),
        }
    }

    /// What encodes the rows of each sink of the stage, in order; for the columns as `prepare` found them.
    pub fn encoders(&self) -> Result<Vec<Box<dyn RowEncoder>>, DatabaseError> {
        if self.tables.len() != self.context.sinks.len() {
            return Err(DatabaseError::Unavailable("the tables have not been read yet".to_string()));
        }
        let encoder =
            |(sink, table): (_, &Table)| Box::new(PostgresEncoder::new(sink, &table.wires)) as Box<dyn RowEncoder>;
        Ok(self.context.sinks.iter().zip(&self.tables).map(encoder).collect())
    }

    /// Dead letters of the program, oldest first.
    pub async fn letters(&mut self, filter: &LetterFilter) -> Result<Vec<StoredLetter>, DatabaseError> {
        let outcome = self.read_letters(filter).await;
        self.settle(outcome)
    }

    /// The stage begins anew: that its tables are empty is right from now on. In the transaction that is open, if one is.
    pub async fn forget_rows(&mut self) -> Result<(), DatabaseError> {
        let context = self.context.clone();
        let outcome = match self.client().await {
            Ok(client) => remembered::forget(client, &context).await,
            Err(failure) => Err(failure),
        };
        self.settle(outcome)
    }

    async fn read_letters(&mut self, filter: &LetterFilter) -> Result<Vec<StoredLetter>, Failure> {
        let program = self.context.program.clone();
        letters::list(self.client().await?, &program, filter).await
    }

    /// What a run would find, and everything that is wrong. Creates nothing.
    pub async fn look(&mut self) -> Result<(Option<Look>, Vec<DatabaseError>), DatabaseError> {
        let (context, schema) = (self.context.clone(), self.options.schema.clone());
        let outcome = match self.client().await {
            Ok(client) => look::look(client, &context, &schema).await,
            Err(failure) => Err(failure),
        };
        let (look, problems) = self.settle(outcome)?;
        Ok((look, problems.into_iter().map(|it| it.into_error(&context)).collect()))
    }

    /// What is stored of the stage. Creates nothing.
    pub async fn positions(&mut self) -> Result<Stored, DatabaseError> {
        let context = self.context.clone();
        let outcome = match self.client().await {
            Ok(client) => positions::read(client, &context).await,
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
        let context = self.context.clone();
        let client = self.client().await?;
        own::create(client).await?;
        renamed::take_over(client, &context).await?;
        positions::lock(client, &context).await
    }

    /// Stores other positions, in the transaction that the lock began.
    pub async fn set_positions(&mut self, changes: &Changes) -> Result<(), DatabaseError> {
        let context = self.context.clone();
        let outcome = match self.client().await {
            Ok(client) => positions::write(client, &context, changes).await,
            Err(failure) => Err(failure),
        };
        self.settle(outcome)
    }

    async fn client(&mut self) -> Result<&mut Client, Failure> {
        let client = match self.client.take() {
            Some(client) => client,
            None => Client::connect(&self.options, &self.context.program).await?,
        };
        Ok(self.client.insert(client))
    }

    /// A connection with its temporary tables. Taken out: if the outcome of what comes is unknown, it does not come back.
    async fn take_client(&mut self) -> Result<Client, Failure> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => Client::connect(&self.options, &self.context.program).await?,
        };
        if !client.staged {
            for (index, table) in self.tables.iter().enumerate() {
                let Some(upsert) = &table.upsert else { continue };
                if let Err(failure) = client.script(&upsert.stage).await {
                    let failure = failure.settled().of_sink(index);
                    return Err(changed::explained(&mut client, &self.context, &self.options.schema, failure).await);
                }
            }
            client.staged = true;
        }
        Ok(client)
    }

    async fn prepare_all(&mut self) -> Result<Vec<Failure>, Failure> {
        let (context, sinks) = (self.context.clone(), self.context.sinks.clone());
        let schema = self.options.schema.clone();
        let client = self.client().await?;
        if let Some(wrong) = look::server(client).await? {
            return Ok(vec![wrong]);
        }
        own::create(client).await?;
        renamed::take_over(client, &context).await?;
        let (mut tables, mut problems) = (Vec::new(), Vec::new());
        for (index, sink) in sinks.iter().enumerate() {
            match prepare::prepare_sink(client, index, sink, &schema).await {
                Ok(table) => tables.push(table),
                Err(found) => problems.extend(found.into_iter().map(|failure| failure.of_sink(index))),
            }
        }
        let mut sequence = Vec::new();
        if problems.is_empty() {
            match foreign_keys::sequence(client, &sinks, &schema).await {
                Ok(found) => sequence = found,
                Err(failure) => problems.push(failure),
            }
        }
        // The tables may have changed since the temporary ones were made.
        client.script("DISCARD TEMP").await?;
        client.staged = false;
        (self.tables, self.sequence) = (tables, sequence);
        if problems.is_empty() {
            let client = self.take_client().await?;
            self.client = Some(client);
        }
        Ok(problems)
    }

    async fn acquire_all(
        &mut self,
        partitions: &[(u16, i32)],
        ids: &[Option<String>],
    ) -> Result<Vec<Acquired>, Failure> {
        let context = self.context.clone();
        let client = self.client().await?;
        let sql = "INSERT INTO pipewright.positions AS p (program, stage, topic, partition, generation, owner, topic_id) \
                   SELECT $1, $2, u.topic, u.part, 1, $3, u.id FROM unnest($4::text[], $5::int[], $6::text[]) u (topic, part, id) \
                   ORDER BY u.topic, u.part ON CONFLICT (program, stage, topic, partition) DO UPDATE SET \
                   generation = p.generation + 1, owner = excluded.owner, topic_id = coalesce(p.topic_id, excluded.topic_id), \
                   updated_at = now() RETURNING topic, partition, next_offset, generation, topic_id";
        let topics: Vec<&str> = partitions.iter().map(|(topic, _)| context.topic(*topic)).collect();
        let numbers: Vec<i32> = partitions.iter().map(|(_, partition)| *partition).collect();
        let topic_ids: Vec<Option<String>> =
            partitions.iter().map(|(topic, _)| ids.get(usize::from(*topic)).cloned().flatten()).collect();
        let query = sqlx::query(sql)
            .bind(&context.program)
            .bind(&context.stage)
            .bind(&context.owner)
            .bind(topics)
            .bind(numbers)
            .bind(topic_ids);
        let rows = client.rows(query).await?;
        let mut found = BTreeMap::new();
        for row in &rows {
            let read = || -> Result<_, sqlx::Error> {
                let position: (String, i32) = (row.try_get(0)?, row.try_get(1)?);
                Ok((position, (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?)))
            };
            let (position, rest): (_, (Option<i64>, i64, Option<String>)) =
                read().map_err(|error| client.failure(error))?;
            found.insert(position, rest);
        }
        let mut acquired = Vec::new();
        for (topic, partition) in partitions {
            let name = context.topic(*topic).to_string();
            let Some((next, generation, topic_id)) = found.get(&(name, *partition)).cloned() else { continue };
            acquired.push(Acquired { topic: *topic, partition: *partition, next, generation, topic_id });
        }
        self.context.learn_topic_ids(&acquired);
        Ok(acquired)
    }

    async fn start_all(&mut self, positions: &[Acquired]) -> Result<(), Failure> {
        let context = self.context.clone();
        let client = self.client().await?;
        let sql = "UPDATE pipewright.positions SET next_offset = $5, topic_id = coalesce($6, topic_id), updated_at = now() \
                   WHERE program = $1 AND stage = $2 AND topic = $3 AND partition = $4 AND generation = $7 \
                   AND next_offset IS NULL";
        client.script("BEGIN").await?;
        for it in positions {
            let query = sqlx::query(sql)
                .bind(&context.program)
                .bind(&context.stage)
                .bind(context.topic(it.topic))
                .bind(it.partition)
                .bind(it.next)
                .bind(&it.topic_id)
                .bind(it.generation);
            let outcome = match client.execute(query).await {
                Ok(1) => {
                    let next = it.next.unwrap_or_default();
                    letters::read_again(client, &context, context.topic(it.topic), it.partition, next).await?;
                    continue;
                }
                Ok(_) => Failure::Fenced(it.topic, it.partition),
                Err(failure) if failure.breaks_connection() => return Err(failure),
                Err(failure) => failure,
            };
            client.script("ROLLBACK").await?;
            return Err(outcome);
        }
        client.script("COMMIT").await?;
        self.context.learn_topic_ids(positions);
        Ok(())
    }

    async fn read_cursors(&mut self) -> Result<BTreeMap<String, String>, Failure> {
        let program = self.context.program.clone();
        let client = self.client().await?;
        let query = sqlx::query("SELECT source, cursor FROM pipewright.cursors WHERE program = $1").bind(program);
        let rows = client.rows(query).await?;
        let read = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
        read.collect::<Result<_, sqlx::Error>>().map_err(|error| client.failure(error))
    }

    async fn read_history(&mut self) -> Result<History, Failure> {
        let (context, schema) = (self.context.clone(), self.options.schema.clone());
        self.client().await?;
        let Some(client) = &mut self.client else {
            return Err(Failure::Unavailable("the connection is gone".to_string()));
        };
        history::read(client, &context, &schema, &self.tables).await
    }

    async fn commit_all(&mut self, epoch: &Epoch, originals: &dyn Originals) -> Result<Committed, Unsettled> {
        let mut client = self.take_client().await?;
        let mut session = PostgresSession {
            client: &mut client,
            context: &self.context,
            tables: &self.tables,
            sequence: &self.sequence,
            tally: &self.tally,
            scratch: &mut self.scratch,
            order: &mut self.order,
            in_parts: false,
        };
        let mut outcome = commit::commit(&mut session, &self.context, epoch, originals).await;
        if let Err(Unsettled::Failed(failure @ Failure::Configuration { .. })) = outcome {
            let failure = changed::explained(&mut client, &self.context, &self.options.schema, failure).await;
            outcome = Err(Unsettled::Failed(failure));
        }
        if let Ok(committed) = &outcome {
            self.tally.stored(&committed.rows);
        }
        if !matches!(&outcome, Err(Unsettled::Failed(failure)) if failure.breaks_connection()) {
            self.client = Some(client);
        }
        outcome
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

impl Database for PostgresDatabase {
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
        let outcome = self.commit_all(epoch, originals).await;
        outcome.map_err(|unsettled| unsettled.into_error(&self.context))
    }

    async fn letters_waiting(&mut self) -> Result<u64, DatabaseError> {
        let context = self.context.clone();
        let outcome = match self.client().await {
            Ok(client) => letters::waiting(client, &context.program, &context.stage).await,
            Err(failure) => Err(failure),
        };
        self.settle(outcome)
    }

    async fn cursors(&mut self) -> Result<BTreeMap<String, String>, DatabaseError> {
        let outcome = self.read_cursors().await;
        self.settle(outcome)
    }
}
