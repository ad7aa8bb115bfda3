//! The rows of one sink, of which the database refuses some: they are found by halves, and the others are written.
//!
//! An error that may be a row's or the table's is a row's if others go through without it; if none does, it stops the run. Knows
//! no SQL, and leaves policies to its caller.

use std::collections::BTreeSet;

use crate::sinks::commit::{Part, Session};
use crate::sinks::failure::Failure;
use crate::sinks::latest::{Latest, Upsert};
use crate::sinks::{ChunkRow, Phase, SinkRows};

/// A row that was refused.
pub(super) struct Bad {
    pub row: ChunkRow,
    pub reason: String,
    /// What it means if the row is not at fault.
    otherwise: Option<Failure>,
}

/// What becomes of the rows of one sink.
pub(super) struct Sifted<'e> {
    sink: usize,
    bytes: &'e [u8],
    rows: Vec<ChunkRow>,
    upsert: Option<Upsert>,
    latest: Latest,
    written: BTreeSet<(u32, bool)>,
    counts: SinkRows,
    refused: Vec<Bad>,
    /// The table has been found to take rows.
    probed: bool,
}

impl<'e> Sifted<'e> {
    /// Nothing is written yet.
    pub fn new(sink: usize, upsert: Option<Upsert>, bytes: &'e [u8], rows: Vec<ChunkRow>) -> Self {
        Self {
            sink,
            bytes,
            rows,
            upsert,
            latest: Latest::default(),
            written: BTreeSet::new(),
            counts: SinkRows::default(),
            refused: Vec::new(),
            probed: false,
        }
    }

    /// Writes what can be written, up to that part. A row that is refused lets the version before it live.
    pub async fn write<S: Session>(&mut self, session: &mut S, part: Part) -> Result<(), Failure> {
        loop {
            if let Some(upsert) = &self.upsert {
                self.latest.settle(upsert, self.bytes, &mut self.rows);
            }
            // In phases: a mark needs its row, which may be the version before a refused one.
            let live: Vec<ChunkRow> = self
                .rows
                .iter()
                .filter(|row| !row.superseded && !self.written.contains(&(row.start, row.before_row)))
                .copied()
                .collect();
            let first = live.iter().map(ChunkRow::phase).min();
            let Some(phase) = first.filter(|phase| part == Part::Deletes || phase.part() == part) else {
                return Ok(());
            };
            let live: Vec<ChunkRow> = live.into_iter().filter(|row| row.phase() == phase).collect();
            let refused = self.isolate(session, &live).await?;
            let bad: BTreeSet<u32> = refused.iter().map(|it| it.row.start).collect();
            self.rows.retain(|row| !bad.contains(&row.start));
            for row in &live {
                // A mark that was written before rows may be written again behind them.
                let again = self.written.contains(&(row.start, !row.before_row));
                self.written.insert((row.start, row.before_row));
                if !again && !bad.contains(&row.start) {
                    self.counts.add(row);
                }
            }
            self.refused.extend(refused);
        }
    }

    /// Halves rows of one phase until the bad ones stand alone; in order, so that of two rows that exclude each other the first one stays.
    async fn isolate<S: Session>(&mut self, session: &mut S, rows: &[ChunkRow]) -> Result<Vec<Bad>, Failure> {
        let mut refused = Vec::new();
        let mut pending = vec![rows];
        while let Some(part) = pending.pop() {
            session.savepoint().await?;
            let phase = part.first().map_or(Phase::Rows, ChunkRow::phase);
            let (reason, otherwise) = match session.write(self.sink, self.bytes, part, phase.part()).await {
                Ok(not_kept) => {
                    session.release().await?;
                    self.counts.not_kept.add(not_kept);
                    continue;
                }
                Err(Failure::Data(reason)) => (reason, None),
                Err(Failure::Doubtful { reason, otherwise }) => (reason, Some(*otherwise)),
                Err(other) => return Err(other),
            };
            session.undo().await?;
            if otherwise.is_some() {
                self.probe(session).await?;
            }
            match part {
                [] => {}
                [row] => refused.push(Bad { row: *row, reason, otherwise }),
                _ => {
                    let (first, second) = part.split_at(part.len() / 2);
                    pending.push(second);
                    pending.push(first);
                }
            }
        }
        Ok(refused)
    }

    /// A table that takes no rows at all makes none of them bad.
    async fn probe<S: Session>(&mut self, session: &mut S) -> Result<(), Failure> {
        if !std::mem::replace(&mut self.probed, true) {
            session.savepoint().await?;
            session.probe(self.sink).await.map_err(Failure::settled)?;
            session.undo().await?;
        }
        Ok(())
    }

    /// What was written, and what was refused. Fails if the rows are not at fault.
    pub fn outcome(mut self) -> Result<(SinkRows, Vec<Bad>), Failure> {
        let sent = self.counts.stored + self.counts.deleted;
        let doubtful = self.refused.iter().filter(|it| it.otherwise.is_some()).count();
        if sent == 0
            && doubtful > 1
            && let Some(failure) = self.refused.iter_mut().find_map(|it| it.otherwise.take())
        {
            return Err(failure);
        }
        let not_kept = std::mem::take(&mut self.counts.not_kept);
        self.counts.subtract(not_kept);
        Ok((self.counts, self.refused))
    }
}

/// Tries refused rows again, one by one and in order, as long as that helps: a row may refer to one that was written after it.
pub(super) async fn again<S: Session>(session: &mut S, sifted: &mut [Sifted<'_>]) -> Result<(), Failure> {
    let mut helped = true;
    while std::mem::take(&mut helped) {
        for it in sifted.iter_mut() {
            let mut refused = std::mem::take(&mut it.refused);
            refused.sort_by_key(|bad| bad.row.start);
            for bad in refused {
                let tried = it.isolate(session, &[bad.row]).await.map_err(|failure| failure.of_sink(it.sink))?;
                if tried.is_empty() {
                    it.counts.add(&bad.row);
                    helped = true;
                }
                it.refused.extend(tried);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;
    use crate::record::RecordId;
    use crate::sinks::NotKept;
    use crate::sinks::commit::{Manner, Tail};

    /// Refuses rows by what their first byte says: `d` data, `?` doubtful; or all of them.
    #[derive(Default)]
    struct Fake {
        writes: usize,
        closed: bool,
    }

    impl Session for Fake {
        async fn begin(&mut self, _: Manner) -> Result<(), Failure> {
            Ok(())
        }

        fn sequence(&self) -> Vec<usize> {
            vec![0]
        }

        async fn write(&mut self, _: usize, bytes: &[u8], rows: &[ChunkRow], _: Part) -> Result<NotKept, Failure> {
            self.writes += 1;
            let has = |byte: u8| rows.iter().any(|row| bytes[row.start as usize] == byte);
            let otherwise = Box::new(Failure::configuration("database-refuses", "no row", None));
            if self.closed || has(b'?') {
                return Err(Failure::Doubtful { reason: "doubtful".to_string(), otherwise });
            }
            if has(b'd') { Err(Failure::Data("data".to_string())) } else { Ok(NotKept::default()) }
        }

        async fn probe(&mut self, sink: usize) -> Result<(), Failure> {
            self.write(sink, &[], &[], Part::Rows).await.map(drop)
        }

        async fn savepoint(&mut self) -> Result<(), Failure> {
            Ok(())
        }

        async fn release(&mut self) -> Result<(), Failure> {
            Ok(())
        }

        async fn undo(&mut self) -> Result<(), Failure> {
            Ok(())
        }

        async fn rollback(&mut self) -> Result<(), Failure> {
            Ok(())
        }

        async fn finish(&mut self, _: &Tail<'_>) -> Result<(), Failure> {
            Ok(())
        }
    }

    /// Stored, refused and number of writes, or the name of the error.
    async fn sift(text: &str, mut session: Fake) -> Result<(u64, usize, usize), &'static str> {
        let rows = (0..text.len() as u32).map(|start| ChunkRow {
            start,
            end: start + 1,
            at: RecordId::default(),
            delete: false,
            superseded: false,
            before_row: false,
        });
        let mut sifted = Sifted::new(0, None, text.as_bytes(), rows.collect());
        let written = sifted.write(&mut session, Part::Deletes).await;
        match written.and_then(|()| sifted.outcome()) {
            Ok((counts, refused)) => Ok((counts.stored, refused.len(), session.writes)),
            Err(Failure::Configuration { name, .. }) => Err(name),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn one_bad_row_of_many_costs_few_tries() {
        let mut text = "r".repeat(4096);
        text.replace_range(617..618, "d");
        assert_eq!(sift(&text, Fake::default()).await, Ok((4095, 1, 25)));
        text.replace_range(617..618, "?");
        assert_eq!(sift(&text, Fake::default()).await, Ok((4095, 1, 26)));
    }

    #[tokio::test]
    async fn a_doubt_is_the_rows_if_others_go_through() {
        assert_eq!(sift("?r?", Fake::default()).await.map(|it| it.1), Ok(2));
        assert_eq!(sift("?", Fake::default()).await.map(|it| it.1), Ok(1));
        assert_eq!(sift("dd", Fake::default()).await.map(|it| it.1), Ok(2));
        assert_eq!(sift("???", Fake::default()).await, Err("database-refuses"));
    }

    #[tokio::test]
    async fn a_table_that_takes_no_rows_makes_none_bad() {
        let closed = Fake { closed: true, ..Fake::default() };
        assert_eq!(sift("r", closed).await, Err("database-refuses"));
    }
}
