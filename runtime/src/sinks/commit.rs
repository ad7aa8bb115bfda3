//! How an epoch becomes one transaction: all at once, or, if the database refuses a row, by halves until the bad rows stand
//! alone. Knows no SQL: a [`Session`] does the statements.
//!
//! Invariant: whatever path is taken, rows, dead letters and positions are stored in one transaction or not at all.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use pipewright_plan::{BadRecordPolicy, Original as KeepOriginal};

use crate::crash_points;
use crate::record::{BadRecord, DeadLetter, RecordId};
use crate::sinks::failure::Failure;
use crate::sinks::latest::{Latest, Upsert};
use crate::sinks::{
    ChunkRow, Committed, DatabaseError, Epoch, Move, Originals, Phase, Refused, SinkRows, StageContext,
};

/// How often a deadlock is tried again at once.
const CONFLICTS: u32 = 6;

/// The statements of a transaction.
pub(crate) trait Session: Send {
    /// Begins.
    async fn begin(&mut self, manner: Manner) -> Result<(), Failure>;
    /// Writes the rows that are not superseded.
    async fn write(&mut self, sink: usize, bytes: &[u8], rows: &[ChunkRow]) -> Result<(), Failure>;
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

/// What is stored after the rows.
#[derive(Debug)]
pub(crate) struct Tail<'a> {
    /// The epoch's number.
    pub epoch: u64,
    /// Bad records, of the steps and of the database.
    pub letters: &'a [DeadLetter],
    /// Cursors of the sources.
    pub cursors: &'a BTreeMap<String, String>,
    /// Positions.
    pub moves: &'a [Move],
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
            Err(Failure::Data(_)) => {
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
                return Err(failure.into());
            }
            other => return other,
        }
    }
}

/// The common case: nothing is refused.
async fn at_once<S: Session>(session: &mut S, epoch: &Epoch) -> Result<Committed, Failure> {
    session.begin(Manner::AtOnce).await?;
    let mut committed = Committed::default();
    for (sink, chunk) in epoch.chunks.iter().enumerate() {
        committed.rows.push(count(&chunk.rows));
        if chunk.rows.iter().any(|row| !row.superseded) {
            session.write(sink, &chunk.bytes, &chunk.rows).await?;
        }
    }
    let tail = Tail { epoch: epoch.number, letters: &epoch.dead_letters, cursors: &epoch.cursors, moves: &epoch.moves };
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
            sifted.push(sift(session, context, sink, &chunk.bytes, rows).await?);
        }
        if manner == Manner::CheckedParts {
            again(session, epoch, &mut sifted).await?;
        }
        for (sink, sifted) in sifted.into_iter().enumerate() {
            let origin = context.sinks.get(sink).map(|it| it.origin);
            committed.rows.push(sifted.counts);
            committed.refused.extend(sifted.refused.into_iter().map(|(row, reason)| Refused {
                sink,
                at: row.at,
                bad: BadRecord { name: "refused", reason, origin },
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
        for refused in &committed.refused {
            if let Some(BadRecordPolicy::DeadLetter { original }) = policy(context, refused.sink) {
                letters.push(letter(context, refused, *original, &letters, originals));
            }
        }
        let moves: Vec<Move> = epoch.moves.iter().map(|it| cuts.shorten(*it)).collect();
        let tail = Tail { epoch: epoch.number, letters: &letters, cursors: &epoch.cursors, moves: &moves };
        match session.finish(&tail).await {
            Ok(()) => {}
            // Something that is checked at the end only.
            Err(Failure::Data(_)) if manner == Manner::InParts => {
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

/// What became of the rows of one sink.
struct Sifted {
    counts: SinkRows,
    refused: Vec<(ChunkRow, String)>,
}

/// Writes what can be written of a sink. A row that is refused lets the version before it live.
async fn sift<S: Session>(
    session: &mut S,
    context: &StageContext,
    sink: usize,
    bytes: &[u8],
    mut rows: Vec<ChunkRow>,
) -> Result<Sifted, Failure> {
    let upsert = context.sinks.get(sink).and_then(Upsert::of);
    let mut latest = Latest::default();
    let mut written = BTreeSet::new();
    let mut sifted = Sifted { counts: SinkRows::default(), refused: Vec::new() };
    loop {
        if let Some(upsert) = &upsert {
            latest.settle(upsert, bytes, &mut rows);
        }
        // In phases: a mark needs its row, which may be the version before a refused one.
        let live: Vec<ChunkRow> = rows
            .iter()
            .filter(|row| !row.superseded && !written.contains(&(row.start, row.before_row)))
            .copied()
            .collect();
        let Some(phase) = Phase::ALL.into_iter().find(|phase| live.iter().any(|row| row.phase() == *phase)) else {
            return Ok(sifted);
        };
        let live: Vec<ChunkRow> = live.into_iter().filter(|row| row.phase() == phase).collect();
        let refused = isolate(session, sink, bytes, &live).await?;
        let bad: BTreeSet<u32> = refused.iter().map(|(row, _)| row.start).collect();
        rows.retain(|row| !bad.contains(&row.start));
        for row in &live {
            // A mark that was written before rows may be written again behind them.
            let again = written.contains(&(row.start, !row.before_row));
            written.insert((row.start, row.before_row));
            if !again && !bad.contains(&row.start) {
                sifted.counts.add(row);
            }
        }
        sifted.refused.extend(refused);
    }
}

/// Tries refused rows again, one by one and in order, as long as that helps: a row may refer to one that was written after it.
async fn again<S: Session>(session: &mut S, epoch: &Epoch, sifted: &mut [Sifted]) -> Result<(), Failure> {
    let mut helped = true;
    while std::mem::take(&mut helped) {
        for (sink, (chunk, sifted)) in epoch.chunks.iter().zip(sifted.iter_mut()).enumerate() {
            let mut refused = std::mem::take(&mut sifted.refused);
            refused.sort_by_key(|(row, _)| row.start);
            for (row, _) in refused {
                match isolate(session, sink, &chunk.bytes, &[row]).await?.pop() {
                    Some(still) => sifted.refused.push(still),
                    None => {
                        sifted.counts.add(&row);
                        helped = true;
                    }
                }
            }
        }
    }
    Ok(())
}

/// Halves until the bad rows stand alone; in order, so that of two rows that exclude each other the first one stays.
async fn isolate<S: Session>(
    session: &mut S,
    sink: usize,
    bytes: &[u8],
    rows: &[ChunkRow],
) -> Result<Vec<(ChunkRow, String)>, Failure> {
    let mut refused = Vec::new();
    let mut pending = vec![rows];
    while let Some(part) = pending.pop() {
        session.savepoint().await?;
        match session.write(sink, bytes, part).await {
            Ok(()) => session.release().await?,
            Err(Failure::Data(reason)) => {
                session.undo().await?;
                match part {
                    [] => {}
                    [row] => refused.push((*row, reason)),
                    _ => {
                        let (first, second) = part.split_at(part.len() / 2);
                        pending.push(second);
                        pending.push(first);
                    }
                }
            }
            Err(other) => return Err(other),
        }
    }
    Ok(refused)
}

impl SinkRows {
    fn add(&mut self, row: &ChunkRow) {
        self.stored += u64::from(!row.delete);
        self.deleted += u64::from(row.delete);
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

fn letter(
    context: &StageContext,
    refused: &Refused,
    keep: KeepOriginal,
    others: &[DeadLetter],
    originals: &dyn Originals,
) -> DeadLetter {
    let mut bad = refused.bad.clone();
    let original = match keep {
        KeepOriginal::Position => None,
        KeepOriginal::Keep => {
            // Blocks this thread; the path is rare, and the transaction waits for it.
            let original = originals.fetch(refused.at);
            if original.is_none() {
                bad.reason.push_str(" (the original bytes are no longer in Kafka)");
            }
            original
        }
    };
    let sink = context.sinks.get(refused.sink);
    let ordinal = others.iter().filter(|it| it.at == refused.at).map(|it| it.ordinal + 1).max().unwrap_or(0);
    DeadLetter {
        at: refused.at,
        ordinal,
        original,
        node: sink.map(|it| it.name.clone()).unwrap_or_default(),
        step: None,
        place: context.places.get(refused.sink).cloned().unwrap_or_default(),
        bad,
        stale_key: sink.is_some_and(|it| Upsert::of(it).is_some()),
    }
}

/// Where `on_bad_record = stop` cuts each partition.
#[derive(Debug, Default)]
struct Cuts {
    offsets: HashMap<(u16, i32), i64>,
    first: Option<Refused>,
}

impl Cuts {
    fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    fn keep(&self, at: RecordId) -> bool {
        self.offsets.get(&(at.topic, at.partition)).is_none_or(|cut| at.offset < *cut)
    }

    fn add(&mut self, refused: Refused) {
        let at = refused.at;
        let cut = self.offsets.entry((at.topic, at.partition)).or_insert(at.offset);
        *cut = at.offset.min(*cut);
        if self.first.as_ref().is_none_or(|first| at < first.at) {
            self.first = Some(refused);
        }
    }

    fn shorten(&self, mut it: Move) -> Move {
        if let Some(cut) = self.offsets.get(&(it.topic, it.partition)) {
            it.next = it.next.min(*cut);
        }
        it
    }

    fn into_stopped(self) -> Unsettled {
        match self.first {
            Some(refused) => Unsettled::Stopped(Box::new(refused)),
            None => Unsettled::Failed(Failure::Unavailable("a policy stopped the stage at no record".to_string())),
        }
    }
}
