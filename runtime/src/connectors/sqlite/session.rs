//! The statements of one transaction on SQLite.

use pipewright_plan::Sink;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, SqliteConnection};

use super::encode::{Value, Values};
use super::errors;
use super::statements::Statements;
use super::tables::NOW;
use super::{client, letters, text};
use crate::crash_points;
use crate::sinks::commit::{Manner, Session, Tail};
use crate::sinks::failure::Failure;
use crate::sinks::{ChunkRow, Phase, StageContext};

/// A connection with what it needs to write.
pub(crate) struct SqliteSession<'a> {
    pub connection: &'a mut SqliteConnection,
    pub context: &'a StageContext,
    pub statements: &'a mut [Statements],
    pub path: &'a str,
}

impl SqliteSession<'_> {
    async fn run(&mut self, sql: &str) -> Result<u64, Failure> {
        client::execute(self.connection, sqlx::query(sql)).await.map_err(|error| errors::failure(error, self.path))
    }

    async fn write_rows(&mut self, sink: usize, bytes: &[u8], mut rows: Live<'_>) -> Result<(), Failure> {
        let Some(statements) = self.statements.get_mut(sink) else { return Ok(()) };
        let (delete, mut left) = (rows.phase != Phase::Rows, rows.left());
        while left > 0 {
            let (number, sql) = statements.next(delete, left);
            let mut arguments = SqliteArguments::default();
            for _ in 0..number {
                let Some(row) = rows.next() else { break };
                let row = bytes.get(row.start as usize..row.end as usize).unwrap_or_default();
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
            }
            let done = client::execute(self.connection, sqlx::query_with(sql, arguments)).await;
            done.map_err(|error| errors::failure(error, self.path))?;
            left -= number;
        }
        Ok(())
    }
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
    async fn begin(&mut self, _: Manner) -> Result<(), Failure> {
        self.run("BEGIN IMMEDIATE").await.map(drop)
    }

    async fn write(&mut self, sink: usize, bytes: &[u8], rows: &[ChunkRow]) -> Result<(), Failure> {
        for phase in Phase::ALL {
            self.write_rows(sink, bytes, Live { rows: rows.iter(), phase }).await?;
        }
        Ok(())
    }

    async fn savepoint(&mut self) -> Result<(), Failure> {
        self.run("SAVEPOINT part").await.map(drop)
    }

    async fn release(&mut self) -> Result<(), Failure> {
        self.run("RELEASE part").await.map(drop)
    }

    async fn undo(&mut self) -> Result<(), Failure> {
        self.run("ROLLBACK TO part").await?;
        self.release().await
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
