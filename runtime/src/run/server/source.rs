//! A source on a real cluster: records and cursor in one Kafka transaction, by one instance at a time.

use std::time::{Duration, Instant};

use pipewright_plan::Topic;

use super::super::bug;
use super::super::ingest::{Emit, IngestCore};
use super::{IDLE, Shared};
use crate::connectors::files::FileReader;
use crate::connectors::kafka::ingest::{IngestConfig, IngestError, IngestProducer, SourceLease};
use crate::report::{Event, RunError, SourceSummary};

/// A transaction is committed after this many bytes or this long, whichever comes first.
const TRANSACTION_BYTES: u64 = 8 << 20;
const TRANSACTION_TIME: Duration = Duration::from_millis(250);

/// Runs a source until it ends, or the run does.
pub(super) fn run(shared: &Shared, name: &str, topics: &[String]) -> Result<SourceSummary, RunError> {
    let plan = &shared.plan;
    let source = plan.source(name).ok_or_else(|| bug(format!("the plan has no source `{name}`")))?;
    let targets: Vec<&Topic> = topics.iter().filter_map(|it| plan.topic(it)).collect();
    let config = IngestConfig::new(plan, source, &targets, std::sync::Arc::clone(&shared.observer))?;
    let mut lease = SourceLease::new(&config)?;
    let mut total = SourceSummary { name: name.to_string(), ..SourceSummary::default() };
    loop {
        while !lease.held(IDLE)? {
            if shared.ending() {
                return Ok(total);
            }
        }
        match run_held(shared, source, &targets, &config, &mut lease, &mut total) {
            Ok(true) => return Ok(total),
            // The lease went to another instance: wait for it to come back.
            Ok(false) if !shared.ending() => {}
            Ok(false) => return Ok(total),
            Err(IngestError::Again(why)) => {
                shared.observer.event(Event::Note { text: format!("source `{name}`: {why}; going on from the last commit") });
                std::thread::sleep(Duration::from_millis(200));
            }
            Err(IngestError::Run(error)) => return Err(*error),
        }
    }
}

/// Where messages go within a transaction.
struct ToKafka<'a> {
    producer: &'a mut IngestProducer,
    topics: &'a [&'a Topic],
    bytes: u64,
    failed: Option<IngestError>,
}

impl Emit for ToKafka<'_> {
    fn emit(
        &mut self,
        target: usize,
        partition: i32,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<(), RunError> {
        let Some(topic) = self.topics.get(target) else { return Ok(()) };
        self.bytes += (key.map_or(0, <[u8]>::len) + value.map_or(0, <[u8]>::len)) as u64;
        self.producer.send(&topic.topic, partition, key, value).map_err(|error| {
            self.failed = Some(error);
            bug("the transaction failed")
        })
    }
}

/// True when the source has ended; false when the lease or the run has.
fn run_held(
    shared: &Shared,
    source: &pipewright_plan::Source,
    targets: &[&Topic],
    config: &IngestConfig,
    lease: &mut SourceLease,
    total: &mut SourceSummary,
) -> Result<bool, IngestError> {
    let plan = &shared.plan;
    let mut producer = IngestProducer::new(config)?;
    let stored = producer.cursor()?;
    let connection = plan
        .connection(&source.connection)
        .ok_or_else(|| IngestError::from(bug("a source without a connection")))?;
    let at_source = |error: RunError| {
        IngestError::from(RunError { origin: error.origin.or(Some(source.origin)), ..error })
    };
    let mut reader = FileReader::open(
        &connection.options,
        &source.options,
        &source.format,
        stored.as_ref().map(|it| it.position.as_str()),
    )
    .map_err(at_source)?;
    let read_before = stored.as_ref().map_or(0, |it| it.read);
    let with_partitions: Vec<_> = targets
        .iter()
        .map(|topic| (*topic, shared.partitions.get(&topic.name).copied().unwrap_or(1), i64::try_from(read_before).unwrap_or(0)))
        .collect();
    let mut core = IngestCore::new(plan, source, &with_partitions, 0).map_err(IngestError::from)?;
    let already = total.clone();
    let mut seen = SourceSummary::default();
    let outcome = 'run: loop {
        if shared.ending() || !lease.held(Duration::ZERO).map_err(IngestError::from)? {
            break Ok(false);
        }
        producer.begin()?;
        let opened = Instant::now();
        let mut bytes = 0;
        let mut ended = false;
        let mut failure: Option<RunError> = None;
        while bytes < TRANSACTION_BYTES && opened.elapsed() < TRANSACTION_TIME && !ended {
            let mut emit = ToKafka { producer: &mut producer, topics: targets, bytes: 0, failed: None };
            let mut halt = None;
            let progress = reader.next_batch(1_000, 1 << 20, &mut |record| {
                if halt.is_none() {
                    halt = core.take(&record, &mut emit).err();
                }
            });
            bytes += emit.bytes;
            if let Some(error) = emit.failed {
                break 'run Err(error);
            }
            if let Some(halt) = halt {
                // The records of this transaction are not stored: the next run begins where the last commit ended.
                break 'run Err(IngestError::from(halt.error));
            }
            producer.dead_letters(core.letters())?;
            match progress {
                Ok(progress) => {
                    ended = progress.ended;
                    if progress.records == 0 && !ended {
                        std::thread::sleep(Duration::from_millis(5));
                    }
                }
                // What was read before the fault is good and is stored; then the run ends with it.
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        seen = core.summary(read_before);
        producer.commit(&reader.cursor(), read_before + seen.read)?;
        shared.observer.event(Event::Source {
            source: source.name.clone(),
            records: seen.read,
            bytes: reader.consumed_bytes(),
        });
        if let Some(error) = failure {
            break Err(at_source(error));
        }
        if ended {
            break Ok(true);
        }
    };
    *total = merge(already, seen, read_before);
    outcome
}

/// One instance may hold the lease more than once in a run.
fn merge(mut total: SourceSummary, seen: SourceSummary, read_before: u64) -> SourceSummary {
    if total.read == 0 {
        total.read_before = read_before;
    }
    total.read += seen.read;
    total.filtered += seen.filtered;
    total.skipped += seen.skipped;
    for (name, count) in seen.dead_letters {
        *total.dead_letters.entry(name).or_default() += count;
    }
    total
}
