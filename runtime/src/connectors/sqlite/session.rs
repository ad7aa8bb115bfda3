//! The statements of one transaction on SQLite.

use pipewright_plan::Sink;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, SqliteConnection};

use super::encode::{Value, Values};
use super::errors;
use super::foreign_keys::ForeignKeys;
use super::statements::{Drops, Statements};
use super::tables::NOW;
use super::{changed, client, letters, remembered, settle, text};
use crate::crash_points;
use crate::sinks::commit::{Manner, Part, Session, Tail};
use crate::sinks::failure::Failure;
use crate::sinks::tables::Tally;
use crate::sinks::{ChunkRow, NotKept, Phase, StageContext};

/// A connection with what it needs to write.
pub(crate) struct SqliteSession<'a> {
    pub connection: &'a mut SqliteConnection,
    pub context: &'a StageContext,
    pub statements: &'a mut [Statements],
    pub keys: &'a ForeignKeys,
    /// What is remembered of the rows.
    pub tally: &'a Tally,
    pub path: &'a str,
}

impl SqliteSession<'_> {
    async fn run(&mut self, sql: &str) -> Result<u64, Failure> {
        client::execute(self.connection, sqlx::query(sql)).await.map_err(|error| errors::failure(error, self.path))
    }

    /// Gives how many rows were not kept.
    async fn write_rows(&mut self, sink: usize, bytes: &[u8], mut rows: Live<'_>) -> Result<u64, Failure> {
        let Some(statements) = self.statements.get_mut(sink) else { return Ok(0) };
        let (delete, mut left, mut not_kept) = (rows.phase != Phase::Rows, rows.left(), 0);
        while left > 0 {
            let drops = statements.drops;
            let (number, sql) = statements.next(delete, left);
            let mut arguments = SqliteArguments::default();
            let mut last = &[][..];
            for _ in 0..number {
                let Some(row) = rows.next() else { break };
                last = bytes.get(row.start as usize..row.end as usize).unwrap_or_default();
                bind(&mut arguments, last)?;
            }
            let done = client::execute(self.connection, sqlx::query_with(sql, arguments)).await;
            let changed = done.map_err(|error| errors::failure(error, self.path))?;
            left -= number;
            if drops == Drops::May && changed < number as u64 {
                let find = statements.find(delete);
                not_kept += if find.is_empty() {
                    number as u64 - changed
                } else {
                    let mut arguments = SqliteArguments::default();
                    bind(&mut arguments, last)?;
                    let found = client::rows(self.connection, sqlx::query_with(find, arguments)).await;
                    let found = !found.map_err(|error| errors::failure(error, self.path))?.is_empty();
                    // The row of a delete should be gone.
                    u64::from(found == delete)
                };
            }
        }
        Ok(not_kept)
    }
}

fn bind<'q>(arguments: &mut SqliteArguments<'q>, row: &'q [u8]) -> Result<(), Failure> {
    for value in Values(row) {
        let added = match value {
            Value::Null => arguments.add(None::<i64>),
            Value::Integer(it) => arguments.add(it),
            Value::Real(it) => arguments.add(it),
            Value::Text(it) => arguments.add(it),
            Value::Blob(it) => arguments.add(it),
        };
        added.map_err(|error| Failure::Data(error.to_string()))?;
    }
    Ok(())
}

/// Live rows of one phase.
struct Live<'a> {
    rows: std::slice::Iter<'a, ChunkRow>,
    phase: Phase,
}

impl<'a> Live<'a> {
    fn left(&self) -> usize {
        self.rows.clone().filter(|row| !row.superseded && row.phase() == self.phase).count()
    }

    fn next(&mut self) -> Option<&'a ChunkRow> {
        self.rows.find(|row| !row.superseded && row.phase() == self.phase)
    }
}

impl Session for SqliteSession<'_> {
    async fn begin(&mut self, manner: Manner) -> Result<(), Failure> {
        self.run("BEGIN IMMEDIATE").await?;
        if self.keys.circle && manner != Manner::CheckedParts {
            // No order will do, so the check at the end must. SQLite forgets this at the end of the transaction.
            self.run("PRAGMA defer_foreign_keys = ON").await?;
        }
        Ok(())
    }

    fn sequence(&self) -> Vec<usize> {
        self.keys.sequence.clone()
    }

    async fn write(&mut self, sink: usize, bytes: &[u8], rows: &[ChunkRow], part: Part) -> Result<NotKept, Failure> {
        let mut not_kept = NotKept::default();
        for phase in part.phases() {
            let dropped = self.write_rows(sink, bytes, Live { rows: rows.iter(), phase: *phase }).await?;
            match phase {
                Phase::Rows => not_kept.rows += dropped,
                Phase::After => not_kept.deletes += dropped,
                // Counted when it is written again behind the rows.
                Phase::Before => {}
            }
        }
        Ok(not_kept)
    }

    async fn probe(&mut self, sink: usize) -> Result<(), Failure> {
        let Some(statements) = self.statements.get_mut(sink) else { return Ok(()) };
        // Compiled with the triggers of the table, and not run.
        let (_, sql) = statements.next(false, 1);
        let explain = format!("EXPLAIN {sql}");
        let compiled = client::rows(self.connection, sqlx::query(&explain)).await;
        compiled.map(drop).map_err(|error| errors::failure(error, self.path))
    }

    async fn savepoint(&mut self) -> Result<(), Failure> {
        self.run("SAVEPOINT part").await.map(drop)
    }

    async fn release(&mut self) -> Result<(), Failure> {
        self.run("RELEASE part").await.map(drop)
    }

    async fn undo(&mut self) -> Result<(), Failure> {
        match self.run("ROLLBACK TO part").await {
            Ok(_) => self.release().await,
            // The row took the whole transaction with it.
            Err(failure) => Err(changed::ended(failure)),
        }
    }

    async fn rollback(&mut self) -> Result<(), Failure> {
        match client::execute(self.connection, sqlx::query("ROLLBACK")).await {
            Ok(_) => Ok(()),
            // SQLite has rolled back by itself.
            Err(sqlx::Error::Database(error)) if error.message().contains("no transaction is active") => Ok(()),
            Err(error) => Err(errors::failure(error, self.path)),
        }
    }

    async fn finish(&mut self, tail: &Tail<'_>) -> Result<(), Failure> {
        crash_points::here("epoch-letters");
        letters::insert(self.connection, self.context, tail.letters)
            .await
            .map_err(|error| errors::failure(error, self.path))?;
        settle::settle(self.connection, self.context, tail.settled, self.path).await?;
        for (source, cursor) in tail.cursors {
            let sql = "INSERT INTO pipewright_cursors (program, source, cursor) VALUES (?, ?, ?) \
                       ON CONFLICT (program, source) DO UPDATE SET cursor = excluded.cursor";
            let query = sqlx::query(sql).bind(&self.context.program).bind(source).bind(cursor);
            client::execute(self.connection, query).await.map_err(|error| errors::failure(error, self.path))?;
        }
        let sql = format!(
            "UPDATE pipewright_positions SET next_offset = ?, epoch = ?, updated_at = {NOW} \
             WHERE program = ? AND stage = ? AND topic = ? AND partition = ? AND next_offset = ? AND generation = ?"
        );
        for it in tail.moves {
            let query = sqlx::query(&sql)
                .bind(it.next)
                .bind(tail.epoch.cast_signed())
                .bind(&self.context.program)
                .bind(&self.context.stage)
                .bind(self.context.topic(it.topic))
                .bind(it.partition)
                .bind(it.previous)
                .bind(it.generation);
            let done = client::execute(self.connection, query).await;
            if done.map_err(|error| errors::failure(error, self.path))? != 1 {
                return Err(Failure::Fenced(it.topic, it.partition));
            }
        }
        for note in self.tally.due(tail.rows) {
            let noted = remembered::note(self.connection, self.context, note).await;
            noted.map_err(|error| errors::failure(error, self.path))?;
        }
        crash_points::here("epoch-positions");
        self.run("COMMIT").await.map(drop)
    }
}

/// Microseconds since 1970 as the tables hold them.
pub(crate) fn timestamp(us: i64) -> String {
    let mut out = Vec::with_capacity(27);
    text::date_time(&mut out, us);
    out.push(b'Z');
    String::from_utf8(out).unwrap_or_default()
}

/// The statements of these sinks.
pub(crate) fn statements(sinks: &[Sink]) -> Vec<Statements> {
    sinks.iter().map(Statements::new).collect()
}
