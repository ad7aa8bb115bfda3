//! The statements of one transaction on PostgreSQL.

use std::fmt::Write as _;

use sqlx::Row;

use super::client::Client;
use super::table::{CHANGED, Table, UpsertSql, literal};
use super::{letters, remembered, settle};
use crate::crash_points;
use crate::sinks::commit::{Manner, Part, Session, Tail};
use crate::sinks::failure::Failure;
use crate::sinks::tables::Tally;
use crate::sinks::{ChunkRow, Move, NotKept, Phase, StageContext, key};

/// A connection with what it needs to write.
pub(crate) struct PostgresSession<'a> {
    pub client: &'a mut Client,
    pub context: &'a StageContext,
    pub tables: &'a [Table],
    /// The order in which they are written.
    pub sequence: &'a [usize],
    /// What is remembered of the rows.
    pub tally: &'a Tally,
    /// Reused: what goes over the wire.
    pub scratch: &'a mut Vec<u8>,
    /// Reused: the order of rows.
    pub order: &'a mut Vec<ChunkRow>,
    /// Temporary tables may hold rows of an earlier part.
    pub in_parts: bool,
}

impl PostgresSession<'_> {
    /// Fills the wire with the rows of one phase; by key, so that two writers lock rows in the same order.
    fn fill(&mut self, bytes: &[u8], rows: &[ChunkRow], phase: Phase, by_key: bool) -> bool {
        self.order.clear();
        self.order.extend(rows.iter().filter(|row| !row.superseded && row.phase() == phase));
        if by_key {
            self.order.sort_unstable_by(|a, b| key::before(bytes, a.start).0.cmp(key::before(bytes, b.start).0));
        }
        self.scratch.clear();
        for row in self.order.iter() {
            self.scratch.extend_from_slice(bytes.get(row.start as usize..row.end as usize).unwrap_or_default());
        }
        !self.order.is_empty()
    }

    /// Moves rows from the temporary table into the table; gives how many of them a trigger dropped.
    async fn merge(&mut self, upsert: &UpsertSql) -> Result<u64, Failure> {
        let Some(merge) = &upsert.counted_merge else {
            return self.client.script(&upsert.merge).await.map(|()| 0);
        };
        let sent = self.order.len() as u64;
        let told = self.client.text(merge).await?;
        Ok(sent.saturating_sub(accounted_for(&told)))
    }

    /// The positions, with the fence inside the transaction: a count that does not fit is a division by zero, and the COMMIT
    /// behind it is never executed.
    fn fence(&self, tail: &Tail<'_>) -> String {
        let mut values = String::new();
        for it in tail.moves {
            let comma = if values.is_empty() { "" } else { ", " };
            let topic = literal(self.context.topic(it.topic));
            // Writing to a String does not fail.
            let _ =
                write!(values, "{comma}({topic}, {}, {}, {}, {})", it.partition, it.previous, it.next, it.generation);
        }
        format!(
            "WITH u AS (UPDATE pipewright.positions p SET next_offset = v.next, epoch = {}, updated_at = now() \
             FROM (VALUES {values}) v (topic, part, prev, next, gen) \
             WHERE p.program = {} AND p.stage = {} AND p.topic = v.topic AND p.partition = v.part \
             AND p.next_offset = v.prev AND p.generation = v.gen RETURNING 1) \
             SELECT 1 / (count(*) = {})::int FROM u; ",
            tail.epoch,
            literal(&self.context.program),
            literal(&self.context.stage),
            tail.moves.len(),
        )
    }

    /// A table that is not as it was checked: no row is at fault, and none may be stored by guess.
    fn changed(&self, failure: Failure) -> Failure {
        let Failure::Data(said) = &failure else { return failure };
        let number = said.split_once(CHANGED).and_then(|(_, rest)| rest.split(':').next()?.parse::<usize>().ok());
        let Some((number, sink)) = number.and_then(|it| Some((it, self.context.sinks.get(it)?))) else {
            return failure;
        };
        Failure::configuration(
            "table-changed",
            format!("the columns of the table `{}` were changed while the program ran", sink.table),
            Some("start the program again: it checks the table anew, and goes on after the last commit".to_string()),
        )
        .of_sink(number)
    }

    /// Which partition was taken away. The transaction has failed.
    async fn taken(&mut self, moves: &[Move]) -> Result<(u16, i32), Failure> {
        self.rollback().await?;
        let sql = "SELECT topic, partition, generation, next_offset FROM pipewright.positions WHERE program = $1 AND stage = $2";
        let query = sqlx::query(sql).bind(&self.context.program).bind(&self.context.stage);
        let rows = self.client.rows(query).await?;
        let is_ours = |it: &Move| {
            rows.iter().any(|row| {
                row.try_get::<String, _>(0).is_ok_and(|topic| topic == self.context.topic(it.topic))
                    && row.try_get::<i32, _>(1).is_ok_and(|partition| partition == it.partition)
                    && row.try_get::<i64, _>(2).is_ok_and(|generation| generation == it.generation)
                    && row.try_get::<Option<i64>, _>(3).is_ok_and(|next| next == Some(it.previous))
            })
        };
        let gone = moves.iter().find(|it| !is_ours(it)).or(moves.first());
        Ok(gone.map_or((0, 0), |it| (it.topic, it.partition)))
    }
}

/// How many rows a merge wrote or found as they should be, by what EXPLAIN tells of it.
fn accounted_for(told: &str) -> u64 {
    let told: serde_json::Value = serde_json::from_str(told).unwrap_or_default();
    let number = |name: &str| {
        let found = told.pointer("/0/Plan").and_then(|plan| plan.get(name));
        found.and_then(serde_json::Value::as_f64).map_or(0, |it| it as u64)
    };
    let found = match told.pointer("/0/Plan/Conflict Resolution").and_then(serde_json::Value::as_str) {
        Some("NOTHING") => number("Conflicting Tuples"),
        _ => number("Rows Removed by Conflict Filter"),
    };
    number("Actual Rows") + found
}

/// The bytes of these rows, if they are all to be written and lie one behind the other: then nothing need be copied.
fn together<'c>(bytes: &'c [u8], rows: &[ChunkRow]) -> Option<&'c [u8]> {
    let start = rows.first()?.start;
    let end = rows.iter().try_fold(start, |end, row| {
        (row.start == end && !row.superseded && row.phase() == Phase::Rows).then_some(row.end)
    })?;
    bytes.get(start as usize..end as usize)
}

impl Session for PostgresSession<'_> {
    async fn begin(&mut self, manner: Manner) -> Result<(), Failure> {
        self.in_parts = manner != Manner::AtOnce;
        // Between parts and end, the original bytes of refused rows are read from Kafka again.
        const PATIENT: &str = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '10min'";
        match manner {
            Manner::AtOnce => self.client.script("BEGIN").await,
            Manner::InParts => self.client.script(PATIENT).await,
            Manner::CheckedParts => self.client.script(&format!("{PATIENT}; SET CONSTRAINTS ALL IMMEDIATE")).await,
        }
    }

    fn sequence(&self) -> Vec<usize> {
        self.sequence.to_vec()
    }

    async fn write(&mut self, sink: usize, bytes: &[u8], rows: &[ChunkRow], part: Part) -> Result<NotKept, Failure> {
        let tables = self.tables;
        let mut not_kept = NotKept::default();
        let Some(table) = tables.get(sink) else { return Ok(not_kept) };
        let Some(upsert) = &table.upsert else {
            let kept = if let Some(together) = together(bytes, rows) {
                self.client.copy(&table.copy_rows, together).await?
            } else if self.fill(bytes, rows, Phase::Rows, false) {
                self.client.copy(&table.copy_rows, self.scratch).await?
            } else {
                0
            };
            let sent = rows.iter().filter(|row| !row.superseded && row.phase() == Phase::Rows).count() as u64;
            not_kept.rows = sent.saturating_sub(kept);
            return Ok(not_kept);
        };
        if self.in_parts {
            self.client.script(&upsert.clear).await?;
        }
        for phase in part.phases() {
            if !self.fill(bytes, rows, *phase, true) {
                continue;
            }
            let copy = if *phase == Phase::Rows { &table.copy_rows } else { &upsert.copy_keys };
            self.client.copy(copy, self.scratch).await?;
            match phase {
                Phase::Before => self.client.script(&format!("{}; {}", upsert.delete, upsert.clear)).await?,
                Phase::Rows => not_kept.rows = self.merge(upsert).await?,
                Phase::After => {
                    self.client.script(&upsert.delete).await?;
                    if let Some(left) = &upsert.left {
                        not_kept.deletes = self.client.number(left).await?;
                    }
                }
            }
        }
        Ok(not_kept)
    }

    async fn probe(&mut self, sink: usize) -> Result<(), Failure> {
        let tables = self.tables;
        let Some(table) = tables.get(sink) else { return Ok(()) };
        self.client.copy(&table.copy_rows, &[]).await?;
        if let Some(upsert) = &table.upsert {
            self.client.copy(&upsert.copy_keys, &[]).await?;
            self.client.script(&format!("{}; {}; {}", upsert.clear, upsert.merge, upsert.delete)).await?;
        }
        Ok(())
    }

    async fn savepoint(&mut self) -> Result<(), Failure> {
        self.client.script("SAVEPOINT part").await
    }

    async fn release(&mut self) -> Result<(), Failure> {
        self.client.script("RELEASE part").await
    }

    async fn undo(&mut self) -> Result<(), Failure> {
        self.client.script("ROLLBACK TO part; RELEASE part").await
    }

    async fn rollback(&mut self) -> Result<(), Failure> {
        self.client.script("ROLLBACK").await
    }

    async fn finish(&mut self, tail: &Tail<'_>) -> Result<(), Failure> {
        if crash_points::broken("broken-letters") {
            self.client.script("COMMIT; BEGIN").await?;
        }
        crash_points::here("epoch-letters");
        letters::insert(self.client, self.context, tail.letters).await?;
        settle::settle(self.client, self.context, tail.settled).await?;
        if crash_points::broken("broken-positions") {
            self.client.script("COMMIT; BEGIN").await?;
        }
        crash_points::here("epoch-positions");
        for (source, cursor) in tail.cursors {
            let sql = "INSERT INTO pipewright.cursors (program, source, cursor) VALUES ($1, $2, $3) \
                       ON CONFLICT (program, source) DO UPDATE SET cursor = excluded.cursor";
            let query = sqlx::query(sql).bind(&self.context.program).bind(source).bind(cursor);
            self.client.execute(query).await?;
        }
        let mut sql = String::new();
        for table in self.tables {
            sql.push_str(&table.unchanged);
            sql.push_str("; ");
        }
        if !tail.moves.is_empty() {
            sql.push_str(&self.fence(tail));
        }
        sql.push_str(&remembered::note(self.context, self.tally.due(tail.rows)));
        sql.push_str("COMMIT");
        if self.client.commit_fenced(&sql).await.map_err(|failure| self.changed(failure))? {
            return Ok(());
        }
        let (topic, partition) = self.taken(tail.moves).await?;
        Err(Failure::Fenced(topic, partition))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(start: u32, end: u32) -> ChunkRow {
        let at = crate::record::RecordId::default();
        ChunkRow { start, end, at, delete: false, superseded: false, before_row: false }
    }

    #[test]
    fn rows_without_gaps_are_sent_as_they_lie() {
        let bytes = b"aabbbcc";
        assert_eq!(together(bytes, &[row(0, 2), row(2, 5), row(5, 7)]), Some(&b"aabbbcc"[..]));
        assert_eq!(together(bytes, &[row(2, 5)]), Some(&b"bbb"[..]));
        assert_eq!(together(bytes, &[row(0, 2), row(5, 7)]), None);
        assert_eq!(together(bytes, &[row(0, 2), ChunkRow { superseded: true, ..row(2, 5) }]), None);
        assert_eq!(together(bytes, &[ChunkRow { delete: true, ..row(0, 2) }]), None);
        assert_eq!(together(bytes, &[]), None);
    }
}
