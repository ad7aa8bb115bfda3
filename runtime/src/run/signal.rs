//! The wish to stop, shared by everything that runs.

use std::sync::atomic::{AtomicBool, Ordering};

/// Asked once, seen by all. Stages drain, commit and end.
#[derive(Debug, Default)]
pub struct StopSignal {
    requested: AtomicBool,
}

impl StopSignal {
    /// Nobody wants to stop yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks everything to stop.
    pub fn request(&self) {
        self.requested.store(true, Ordering::SeqCst);
    }

    /// Whether someone has asked.
    pub fn requested(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }
}
