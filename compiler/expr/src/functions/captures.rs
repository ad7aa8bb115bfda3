//! Where the groups of a match stand, in memory that is used again for every record.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};

use regex::{CaptureLocations, Regex};

static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// One slot per compiled expression, each made when its thread first needs it.
    static SLOTS: RefCell<Vec<Option<CaptureLocations>>> = const { RefCell::new(Vec::new()) };
}

/// The locations for one regular expression; every thread has its own.
pub struct Locations {
    slot: usize,
    empty: CaptureLocations,
}

impl Locations {
    /// For that regular expression.
    pub fn new(regex: &Regex) -> Self {
        Self { slot: NEXT.fetch_add(1, Ordering::Relaxed), empty: regex.capture_locations() }
    }

    /// Lends this thread's locations.
    pub fn with<T>(&self, f: impl FnOnce(&mut CaptureLocations) -> T) -> T {
        SLOTS.with(|slots| {
            let taken = {
                let mut slots = slots.borrow_mut();
                if slots.len() <= self.slot {
                    slots.resize(self.slot + 1, None);
                }
                slots.get_mut(self.slot).and_then(Option::take)
            };
            let mut locations = taken.unwrap_or_else(|| self.empty.clone());
            let result = f(&mut locations);
            if let Some(slot) = slots.borrow_mut().get_mut(self.slot) {
                *slot = Some(locations);
            }
            result
        })
    }
}
