//! Where `on_bad_record = stop` cuts the partitions of an epoch: what stands before the bad record is stored, nothing behind it.
//! Knows no database.

use std::collections::HashMap;

use crate::record::RecordId;
use crate::sinks::commit::Unsettled;
use crate::sinks::failure::Failure;
use crate::sinks::{Move, Refused};

/// Where `on_bad_record = stop` cuts each partition.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    offsets: HashMap<(u16, i32), i64>,
    first: Option<Refused>,
}

impl Cuts {
    pub fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    pub fn keep(&self, at: RecordId) -> bool {
        self.offsets.get(&(at.topic, at.partition)).is_none_or(|cut| at.offset < *cut)
    }

    pub fn add(&mut self, refused: Refused) {
        let at = refused.at;
        let cut = self.offsets.entry((at.topic, at.partition)).or_insert(at.offset);
        *cut = at.offset.min(*cut);
        if self.first.as_ref().is_none_or(|first| at < first.at) {
            self.first = Some(refused);
        }
    }

    pub fn shorten(&self, mut it: Move) -> Move {
        if let Some(cut) = self.offsets.get(&(it.topic, it.partition)) {
            it.next = it.next.min(*cut);
        }
        it
    }

    pub fn into_stopped(self) -> Unsettled {
        match self.first {
            Some(refused) => Unsettled::Stopped(Box::new(refused)),
            None => Unsettled::Failed(Failure::Unavailable("a policy stopped the stage at no record".to_string())),
        }
    }
}
