//! One record through a segment: decode, steps, taps; and what a bad one leaves behind.

use pipewright_expr::{Datum, EvalError, Row};
use pipewright_plan::{BadRecordPolicy, Meta, Origin, Original as Keep};

use super::counters::Counters;
use super::segment::{Branch, Segment, Step, StepKind, Tap};
use crate::record::{BadRecord, DeadLetter, Original, RecordId, Torn};

/// A record as it comes in.
pub struct Incoming<'b, 'f> {
    /// Where it stands.
    pub at: RecordId,
    /// The message key.
    pub key: Option<&'b [u8]>,
    /// The value; `None` is a tombstone.
    pub value: Option<&'b [u8]>,
    /// Kafka's record time, microseconds since 1970.
    pub timestamp: Option<i64>,
    /// The last header of that name.
    pub header: &'f dyn Fn(&str) -> Option<&'b [u8]>,
    /// It is only what is left of a record.
    pub torn: Option<Torn>,
    /// All of it, copied: only called for bad records.
    pub original: &'f dyn Fn() -> Original,
}

/// What a tap hands over: the target's columns, its key, and (topics) its partition key.
pub struct Values<'v, 'b> {
    /// One per column of the target.
    pub columns: &'v [Datum<'b>],
    /// One per part of the key.
    pub key: &'v [Datum<'b>],
    /// One per part of the partition key.
    pub partition_key: &'v [Datum<'b>],
}

/// Who takes what comes out.
pub trait Output {
    /// A row for a target.
    fn put(&mut self, target: usize, values: &Values<'_, '_>, at: RecordId) -> Result<(), BadRecord>;

    /// A delete for a target: only the keys of `values` are filled.
    fn delete(&mut self, target: usize, values: &Values<'_, '_>, at: RecordId) -> Result<(), BadRecord>;

    /// A bad record.
    fn dead_letter(&mut self, letter: DeadLetter);
}

/// What became of a record.
#[derive(Debug)]
pub enum Verdict {
    /// It went where it should.
    Fine,
    /// It was bad in some branch, and was dead-lettered or skipped there.
    Bad,
    /// It was bad before any step: its bytes are no record.
    Undecodable,
    /// A policy stops here. `written`: some rows of this record have been put already, so the epoch must be dropped.
    Stop {
        /// The letter that would have been written.
        letter: Box<DeadLetter>,
        /// Rows of the record are already in the epoch.
        written: bool,
    },
}

/// Everything a pass over the tree carries along.
struct Pass<'p, 'b, 'f> {
    record: &'p Incoming<'b, 'f>,
    row: &'p mut Row<'b>,
    scratch: &'p mut Vec<Datum<'b>>,
    counters: &'p mut Counters,
    output: &'p mut dyn Output,
    /// Only to see whether it stops: nothing is counted or put.
    dry: bool,
    changelog: bool,
    letters: u16,
    bad: bool,
    written: bool,
}

type Stopped = Box<DeadLetter>;

impl Segment {
    /// Cells that a row of this segment has.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// The input's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes a record through the tree. `row` and `scratch` are the batch's, used again for each record.
    pub fn process<'b>(
        &mut self,
        record: &Incoming<'b, '_>,
        row: &mut Row<'b>,
        scratch: &mut Vec<Datum<'b>>,
        counters: &mut Counters,
        output: &mut dyn Output,
    ) -> Verdict {
        counters.read += 1;
        let deleted = match self.decode(record, row) {
            Ok(deleted) => deleted,
            Err(bad) => return self.undecodable(bad, record, counters, output),
        };
        let mut pass = Pass {
            record,
            row,
            scratch,
            counters,
            output,
            dry: self.can_stop,
            changelog: self.changelog,
            letters: 0,
            bad: false,
            written: false,
        };
        if self.can_stop {
            if let Err(letter) = pass.branch(&self.root, deleted) {
                return Verdict::Stop { letter, written: false };
            }
            pass.dry = false;
            pass.letters = 0;
        }
        match pass.branch(&self.root, deleted) {
            Err(letter) => Verdict::Stop { letter, written: pass.written },
            Ok(()) if pass.bad => Verdict::Bad,
            Ok(()) => Verdict::Fine,
        }
    }

    /// Fills the payload and meta cells; true if the record is a delete.
    fn decode<'b>(&mut self, record: &Incoming<'b, '_>, row: &mut Row<'b>) -> Result<bool, BadRecord> {
        let bad = |name, reason: String| BadRecord { name, reason, origin: Some(self.origin) };
        if let Some(torn) = &record.torn {
            return Err(torn.explain());
        }
        let deleted = match (record.value, &self.deletes) {
            (Some(value), _) => {
                let cells = row.cells.get_mut(..self.requested).unwrap_or_default();
                self.decoder.decode(value, row.arena, cells)?;
                false
            }
            (None, Some(keys)) => {
                row.cells.fill(Datum::Null);
                let key = record.key.ok_or_else(|| bad("null-key", "a delete without a key".into()))?;
                let values = crate::connectors::kafka::keys::decode(key, &keys.types, row.arena)
                    .map_err(|reason| bad("undecodable-key", reason))?;
                for (cell, value) in keys.cells.iter().zip(values) {
                    row.set(*cell, value);
                }
                true
            }
            (None, None) => {
                return Err(bad("null-value", format!("a record without a value on the append topic `{}`", self.name)));
            }
        };
        for (i, meta) in self.metas.iter().enumerate() {
            let value = match meta {
                Meta::Key => record.key.map_or(Datum::Null, Datum::Bytes),
                Meta::Partition => Datum::Int(record.at.partition.into()),
                Meta::Offset => Datum::Int(record.at.offset),
                Meta::Timestamp => record.timestamp.map_or(Datum::Null, Datum::Int),
                Meta::Header(name) => (record.header)(name).map_or(Datum::Null, Datum::Bytes),
            };
            row.set(self.requested + i, value);
        }
        Ok(deleted)
    }

    fn undecodable(
        &self,
        bad: BadRecord,
        record: &Incoming<'_, '_>,
        counters: &mut Counters,
        output: &mut dyn Output,
    ) -> Verdict {
        let name = bad.name;
        let letter = DeadLetter {
            at: record.at,
            ordinal: 0,
            original: original(&self.policy, record),
            node: self.name.clone(),
            step: None,
            place: self.place.clone(),
            bad,
            stale_key: self.changelog,
        };
        match self.policy {
            BadRecordPolicy::Stop => return Verdict::Stop { letter: Box::new(letter), written: false },
            BadRecordPolicy::Skip => counters.skipped_before += 1,
            BadRecordPolicy::DeadLetter { .. } => {
                Counters::name(&mut counters.undecodable, name);
                output.dead_letter(letter);
            }
        }
        Verdict::Undecodable
    }
}

fn original(policy: &BadRecordPolicy, record: &Incoming<'_, '_>) -> Option<Original> {
    match policy {
        BadRecordPolicy::DeadLetter { original: Keep::Position } => None,
        _ => Some((record.original)()),
    }
}

/// Whether the record goes on after a step.
enum Flow {
    On,
    Dropped,
}

impl<'b> Pass<'_, 'b, '_> {
    fn branch(&mut self, branch: &Branch, mut deleted: bool) -> Result<(), Stopped> {
        for step in &branch.steps {
            match self.step(step, &mut deleted) {
                Ok(Flow::On) => {}
                Ok(Flow::Dropped) => {
                    if !self.dry {
                        Counters::add(&mut self.counters.filtered, step.number);
                    }
                    return Ok(());
                }
                Err(error) => return self.bad_step(branch, step, error),
            }
        }
        for tap in &branch.taps {
            self.tap(tap, deleted)?;
        }
        branch.children.iter().try_for_each(|child| self.branch(child, deleted))
    }

    fn step(&mut self, step: &Step, deleted: &mut bool) -> Result<Flow, EvalError> {
        match &step.kind {
            StepKind::Where { condition, deletes } => {
                if *deleted || condition.test(self.row)? == Some(true) {
                    return Ok(Flow::On);
                }
                // An earlier version of the row may have passed: it must go.
                if *deletes {
                    *deleted = true;
                    return Ok(Flow::On);
                }
                Ok(Flow::Dropped)
            }
            StepKind::Check { condition, reason } => {
                if *deleted {
                    return Ok(Flow::On);
                }
                let passed = condition.test(self.row)?;
                if passed == Some(true) {
                    return Ok(Flow::On);
                }
                let mut text = match reason.eval(self.row)? {
                    Datum::Text(text) => text.to_string(),
                    _ => "the check failed".to_string(),
                };
                if passed.is_none() {
                    text.push_str(" (the condition was null)");
                }
                Err(EvalError { name: "check-failed", reason: text, origin: Origin::default() })
            }
            StepKind::Set { cell, value } => {
                let value = if *deleted { Datum::Null } else { value.eval(self.row)? };
                self.row.set(*cell, value);
                Ok(Flow::On)
            }
            StepKind::AsEvents { op } => match op {
                Some(cell) => {
                    self.row.set(*cell, Datum::Text(if *deleted { "delete" } else { "put" }));
                    *deleted = false;
                    Ok(Flow::On)
                }
                None if *deleted => Ok(Flow::Dropped),
                None => Ok(Flow::On),
            },
        }
    }

    fn bad_step(&mut self, branch: &Branch, step: &Step, error: EvalError) -> Result<(), Stopped> {
        let origin = (error.origin.line > 0).then_some(error.origin);
        let bad = BadRecord { name: error.name, reason: error.reason, origin };
        match branch.policy {
            BadRecordPolicy::Stop => Err(Box::new(self.letter(branch, step, bad))),
            _ if self.dry => Ok(()),
            BadRecordPolicy::Skip => {
                self.bad = true;
                Counters::add(&mut self.counters.skipped, step.number);
                Ok(())
            }
            BadRecordPolicy::DeadLetter { .. } => {
                self.bad = true;
                Counters::add_named(&mut self.counters.bad, step.number, bad.name);
                let letter = self.letter(branch, step, bad);
                self.output.dead_letter(letter);
                Ok(())
            }
        }
    }

    fn letter(&mut self, branch: &Branch, step: &Step, bad: BadRecord) -> DeadLetter {
        let ordinal = self.letters;
        self.letters += 1;
        DeadLetter {
            at: self.record.at,
            ordinal,
            original: original(&branch.policy, self.record),
            node: branch.node.clone(),
            step: Some(step.id.clone()),
            place: step.place.clone(),
            bad,
            stale_key: self.changelog && branch.changelog,
        }
    }

    fn tap(&mut self, tap: &Tap, deleted: bool) -> Result<(), Stopped> {
        if self.dry {
            return Ok(());
        }
        self.scratch.clear();
        let columns = if deleted { 0 } else { tap.columns.len() };
        let row = &*self.row;
        self.scratch.extend(tap.columns.iter().take(columns).map(|cell| row.cell(*cell)));
        self.scratch.extend(tap.key.iter().map(|cell| row.cell(*cell)));
        self.scratch.extend(tap.partition_key.iter().map(|cell| row.cell(*cell)));
        let (columns, keys) = self.scratch.split_at_checked(columns).unwrap_or_default();
        let (key, partition_key) = keys.split_at_checked(tap.key.len()).unwrap_or_default();
        let values = Values { columns, key, partition_key };
        let result = if deleted {
            self.output.delete(tap.target, &values, self.record.at)
        } else {
            self.output.put(tap.target, &values, self.record.at)
        };
        match result {
            Ok(()) => {
                self.written = true;
                let list = if deleted { &mut self.counters.deleted } else { &mut self.counters.put };
                Counters::add(list, tap.number);
                Ok(())
            }
            Err(bad) => self.refused(tap, bad),
        }
    }

    fn refused(&mut self, tap: &Tap, bad: BadRecord) -> Result<(), Stopped> {
        self.bad = true;
        let ordinal = self.letters;
        self.letters += 1;
        let name = bad.name;
        let letter = DeadLetter {
            at: self.record.at,
            ordinal,
            original: original(&tap.policy, self.record),
            node: tap.node.clone(),
            step: None,
            place: tap.place.clone(),
            bad,
            stale_key: self.changelog,
        };
        match tap.policy {
            BadRecordPolicy::Stop => return Err(Box::new(letter)),
            BadRecordPolicy::Skip => Counters::add(&mut self.counters.refused_skipped, tap.number),
            BadRecordPolicy::DeadLetter { .. } => {
                Counters::add_named(&mut self.counters.refused, tap.number, name);
                self.output.dead_letter(letter);
            }
        }
        Ok(())
    }
}
