//! How an epoch becomes one transaction: all at once, or, if the database refuses a row, by halves until the bad rows stand
//! alone. Knows no SQL: a [`Session`] does the statements.
//!
//! Invariant: whatever path is taken, rows, dead letters and positions are stored in one transaction or not at all.

use std::collections::BTreeMap;
use std::time::Duration;

use pipewright_plan::{BadRecordPolicy, Original as KeepOriginal};

use crate::crash_points;
use crate::record::{BadRecord, DeadLetter};
use crate::sinks::cuts::Cuts;
use crate::sinks::failure::Failure;
use crate::sinks::latest::Upsert;
use crate::sinks::settle::{Again, Settled};
use crate::sinks::sift::{self, Sifted};
use crate::sinks::{
    ChunkRow, Committed, DatabaseError, Epoch, Move, NotKept, Originals, Phase, Refused, SinkRows, StageContext,
};

/// How often a deadlock is tried again at once.
const CONFLICTS: u32 = 6;

/// The statements of a transaction.
pub(crate) trait Session: Send {
    /// Begins.
    async fn begin(&mut self, manner: Manner) -> Result<(), Failure>;
    /// The order in which the rows of the sinks are written; their deletes are written the other way round.
    fn sequence(&self) -> Vec<usize>;
    /// Writes the rows of that part that are not superseded; gives how many of them the database did not keep.
    async fn write(&mut self, sink: usize, bytes: &[u8], rows: &[ChunkRow], part: Part) -> Result<NotKept, Failure>;
    /// Writes no row: fails if no row at all could be written.
    async fn probe(&mut self, sink: usize) -> Result<(), Failure>;
    /// Sets a savepoint.
    async fn savepoint(&mut self) -> Result<(), Failure>;
    /// Keeps what came after the savepoint.
    async fn release(&mut self) -> Result<(), Failure>;
    /// Undoes what came after the savepoint.
    async fn undo(&mut self) -> Result<(), Failure>;
    /// Undoes everything.
    async fn rollback(&mut self) -> Result<(), Failure>;
    /// Stores dead letters, cursors and positions, with the fence, and commits.
    async fn finish(&mut self, tail: &Tail<'_>) -> Result<(), Failure>;
}

/// How a transaction is going to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Each sink once.
    AtOnce,
    /// Each sink in parts, with savepoints.
    InParts,
    /// In parts, and what else is checked at the end is checked with each part.
    CheckedParts,
}

/// What of a sink is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Rows, and the marks before them.
    Rows,
    /// Deletes, and the marks behind the rows.
    Deletes,
}

impl Part {
    /// Its phases, in order.
    pub fn phases(self) -> &'static [Phase] {
        match self {
            Self::Rows => &[Phase::Before, Phase::Rows],
            Self::Deletes => &[Phase::After],
        }
    }
}

impl Phase {
    pub(super) fn part(self) -> Part {
        match self {
            Self::Before | Self::Rows => Part::Rows,
            Self::After => Part::Deletes,
        }
    }
}

/// What is stored after the rows.
#[derive(Debug)]
pub(crate) struct Tail<'a> {
    /// The epoch's number.
    pub epoch: u64,
    /// Bad records, of the steps and of the database.
    pub letters: &'a [DeadLetter],
    /// Dead letters that are dealt with.
    pub settled: &'a [Settled],
    /// Cursors of the sources.
    pub cursors: &'a BTreeMap<String, String>,
    /// Positions.
    pub moves: &'a [Move],
    /// What becomes of the rows, per sink.
    pub rows: &'a [SinkRows],
}

/// Why an epoch was not stored as it was.
#[derive(Debug)]
pub(crate) enum Unsettled {
    /// Not at all.
    Failed(Failure),
    /// A policy stopped it.
    Stopped(Box<Refused>),
}

impl From<Failure> for Unsettled {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Unsettled {
    /// As the caller hears it.
    pub fn into_error(self, context: &StageContext) -> DatabaseError {
        match self {
            Self::Failed(failure) => failure.into_error(context),
            Self::Stopped(refused) => DatabaseError::Stopped(refused),
        }
    }
}

/// Stores an epoch.
pub(crate) async fn commit<S: Session>(
    session: &mut S,
    context: &StageContext,
    epoch: &Epoch,
    originals: &dyn Originals,
) -> Result<Committed, Unsettled> {
    let mut conflicts = 0;
    loop {
        let outcome = match at_once(session, epoch).await {
            Err(Failure::Data(_) | Failure::Doubtful { .. }) => {
                session.rollback().await?;
                by_halves(session, context, epoch, originals).await
            }
            other => other.map_err(Unsettled::Failed),
        };
        match outcome {
            Err(Unsettled::Failed(Failure::Conflict(why))) => {
                session.rollback().await?;
                conflicts += 1;
                if conflicts >= CONFLICTS {
                    return Err(Failure::Unavailable(why).into());
                }
                tokio::time::sleep(Duration::from_millis(5 << conflicts)).await;
            }
            Err(Unsettled::Failed(failure)) if !failure.breaks_connection() => {
                session.rollback().await?;
                return Err(failure.settled().into());
            }
            other => return other,
        }
    }
}

/// The common case: nothing is refused.
async fn at_once<S: Session>(session: &mut S, epoch: &Epoch) -> Result<Committed, Failure> {
    session.begin(Manner::AtOnce).await?;
    let mut committed = Committed::default();
    committed.rows.extend(epoch.chunks.iter().map(|chunk| count(&chunk.rows)));
    let sequence = session.sequence();
    let rows = sequence.iter().map(|sink| (*sink, Part::Rows));
    for (sink, part) in rows.chain(sequence.iter().rev().map(|sink| (*sink, Part::Deletes))) {
        let (Some(chunk), Some(counts)) = (epoch.chunks.get(sink), committed.rows.get_mut(sink)) else { continue };
        let any = chunk.rows.iter().any(|row| !row.superseded && row.phase().part() == part);
        if any {
            let written = session.write(sink, &chunk.bytes, &chunk.rows, part).await;
            counts.subtract(written.map_err(|failure| failure.of_sink(sink))?);
        }
    }
    let tail = Tail {
        epoch: epoch.number,
        letters: &epoch.dead_letters,
        settled: &epoch.settled,
        cursors: &epoch.cursors,
        moves: &epoch.moves,
        rows: &committed.rows,
    };
    crash_points::here("epoch-rows");
    session.finish(&tail).await?;
    count_letters(&mut committed, &epoch.dead_letters);
    Ok(committed)
}

/// The rare case: rows that the database refuses are found, and everything else is stored without them.
async fn by_halves<S: Session>(
    session: &mut S,
    context: &StageContext,
    epoch: &Epoch,
    originals: &dyn Originals,
) -> Result<Committed, Unsettled> {
    let mut cuts = Cuts::default();
    let mut manner = Manner::InParts;
    loop {
        session.begin(manner).await?;
        let mut committed = Committed::default();
        let mut sifted = Vec::new();
        for (sink, chunk) in epoch.chunks.iter().enumerate() {
            let rows = chunk.rows.iter().filter(|row| cuts.keep(row.at)).copied().collect();
            let upsert = context.sinks.get(sink).and_then(Upsert::of);
            sifted.push(Sifted::new(sink, upsert, &chunk.bytes, rows));
        }
        let sequence = session.sequence();
        let rows = sequence.iter().map(|sink| (*sink, Part::Rows));
        for (sink, part) in rows.chain(sequence.iter().rev().map(|sink| (*sink, Part::Deletes))) {
            let Some(it) = sifted.get_mut(sink) else { continue };
            it.write(session, part).await.map_err(|failure| failure.of_sink(sink))?;
        }
        sift::again(session, &mut sifted).await?;
        for (sink, sifted) in sifted.into_iter().enumerate() {
            let origin = context.sinks.get(sink).map(|it| it.origin);
            let (counts, refused) = sifted.outcome().map_err(|failure| failure.of_sink(sink))?;
            committed.rows.push(counts);
            committed.refused.extend(refused.into_iter().map(|it| Refused {
                sink,
                at: it.row.at,
                bad: BadRecord { name: "refused", reason: it.reason, origin },
            }));
        }
        let stop = |refused: &&Refused| policy(context, refused.sink) == Some(&BadRecordPolicy::Stop);
        let stops: Vec<Refused> = committed.refused.iter().filter(stop).cloned().collect();
        if !stops.is_empty() {
            session.rollback().await?;
            stops.into_iter().for_each(|refused| cuts.add(refused));
            if !epoch.cursors.is_empty() {
                // A source's cursor cannot be cut, so nothing of this epoch may be stored.
                return Err(cuts.into_stopped());
            }
            continue;
        }
        let mut letters: Vec<DeadLetter> =
            epoch.dead_letters.iter().filter(|letter| cuts.keep(letter.at)).cloned().collect();
        let mut settled = epoch.settled.clone();
        for refused in &committed.refused {
            if let Some(known) = settled.iter_mut().find(|it| it.at == refused.at) {
                known.again.push(again(context, refused));
            } else if let Some(BadRecordPolicy::DeadLetter { original }) = policy(context, refused.sink) {
                letters.push(letter(context, refused, *original, &letters, originals)?);
            }
        }
        let moves: Vec<Move> = epoch.moves.iter().map(|it| cuts.shorten(*it)).collect();
        let tail = Tail {
            epoch: epoch.number,
            letters: &letters,
            settled: &settled,
            cursors: &epoch.cursors,
            moves: &moves,
            rows: &committed.rows,
        };
        match session.finish(&tail).await {
            Ok(()) => {}
            // Something that is checked at the end only.
            Err(Failure::Data(_) | Failure::Doubtful { .. }) if manner == Manner::InParts => {
                session.rollback().await?;
                manner = Manner::CheckedParts;
                continue;
            }
            Err(failure) => return Err(failure.into()),
        }
        count_letters(&mut committed, &letters);
        return if cuts.is_empty() { Ok(committed) } else { Err(cuts.into_stopped()) };
    }
}

impl SinkRows {
    pub(super) fn add(&mut self, row: &ChunkRow) {
        self.stored += u64::from(!row.delete);
        self.deleted += u64::from(row.delete);
    }

    pub(super) fn subtract(&mut self, not_kept: NotKept) {
        self.stored = self.stored.saturating_sub(not_kept.rows);
        self.deleted = self.deleted.saturating_sub(not_kept.deletes);
        self.not_kept.add(not_kept);
    }
}

impl NotKept {
    pub(crate) fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.deletes += other.deletes;
    }
}

fn count(rows: &[ChunkRow]) -> SinkRows {
    let mut counts = SinkRows::default();
    rows.iter().filter(|row| !row.superseded).for_each(|row| counts.add(row));
    counts
}

fn count_letters(committed: &mut Committed, letters: &[DeadLetter]) {
    for letter in letters {
        *committed.dead_letters.entry(letter.bad.name.to_string()).or_default() += 1;
    }
}

fn policy(context: &StageContext, sink: usize) -> Option<&BadRecordPolicy> {
    context.sinks.get(sink).map(|it| &it.on_bad_record)
}

/// A row of a record that was sent through again: its letter stays, at the sink.
fn again(context: &StageContext, refused: &Refused) -> Again {
    let sink = context.sinks.get(refused.sink);
    Again {
        node: sink.map(|it| it.name.clone()).unwrap_or_default(),
        step: None,
        place: context.places.get(refused.sink).cloned().unwrap_or_default(),
        name: refused.bad.name.to_string(),
        reason: refused.bad.reason.clone(),
        stale_key: sink.is_some_and(|it| Upsert::of(it).is_some()),
    }
}

fn letter(
    context: &StageContext,
    refused: &Refused,
    keep: KeepOriginal,
    others: &[DeadLetter],
    originals: &dyn Originals,
) -> Result<DeadLetter, Failure> {
    let mut bad = refused.bad.clone();
    let original = match keep {
        KeepOriginal::Position => None,
        KeepOriginal::Keep => {
            // Blocks this thread; the path is rare, and the transaction waits for it.
            let original = originals.fetch(refused.at).map_err(Failure::Unavailable)?;
            if original.is_none() {
                bad.reason.push_str(" (the original bytes are no longer in Kafka)");
            }
            original
        }
    };
    let sink = context.sinks.get(refused.sink);
    let ordinal = others.iter().filter(|it| it.at == refused.at).map(|it| it.ordinal + 1).max().unwrap_or(0);
    Ok(DeadLetter {
        at: refused.at,
        ordinal,
        original,
        node: sink.map(|it| it.name.clone()).unwrap_or_default(),
        step: None,
        place: context.places.get(refused.sink).cloned().unwrap_or_default(),
        bad,
        stale_key: sink.is_some_and(|it| Upsert::of(it).is_some()),
    })
}
