//! How much of a partition of the in-memory cluster is sent and not yet committed by the sink: the loader's window.
//!
//! The cluster keeps 5 MiB per partition and drops what is older without a word; the window keeps well below. Knows no client.
//! Invariant: what is sent and not committed costs at most [`WINDOW_BYTES`], counted so that the cluster never holds more.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// Bytes of one partition that may be sent and not yet committed. The cluster drops records above 5 MiB.
pub const WINDOW_BYTES: usize = 4_500_000;
/// Records of one partition that may be sent and not yet committed.
pub const WINDOW_RECORDS: usize = 50_000;
/// What the cluster may need for a record besides its key and value: a batch of its own, at worst.
const OVERHEAD: usize = 80;
/// A record with key and value larger than this does not fit.
pub const LARGEST_RECORD: usize = 4_000_000;

/// What a record costs.
pub fn cost(key: Option<&[u8]>, value: Option<&[u8]>) -> usize {
    key.map_or(0, <[u8]>::len) + value.map_or(0, <[u8]>::len) + OVERHEAD
}

#[derive(Debug, Default)]
struct State {
    /// Costs of what is sent and not committed, from offset `committed`.
    costs: VecDeque<u32>,
    bytes: usize,
    /// The offset that the next record gets.
    next: i64,
    /// The offset after the last acknowledged record.
    acknowledged: i64,
    /// The offset after the last committed record.
    committed: i64,
    stopped: bool,
}

/// Where a partition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// The offset that the next record gets.
    pub next: i64,
    /// The offset after the last record that the cluster has.
    pub acknowledged: i64,
    /// The offset after the last record that the sink has.
    pub committed: i64,
}

/// The window of one partition.
#[derive(Debug, Default)]
pub struct Window {
    state: Mutex<State>,
    moved: Condvar,
}

/// What became of waiting for room.
#[derive(Debug, PartialEq, Eq)]
pub enum Room<T> {
    /// There was room, and the record was sent.
    Sent(T),
    /// No room in the time given.
    Full,
    /// The window was stopped.
    Stopped,
}

impl Window {
    /// Sends a record with its offset if there is room, waiting for it up to `patience`. Records of a partition are sent one
    /// at a time, so offsets are given in the order of sending. If `send` gives `None`, nothing was sent.
    pub fn send<T>(&self, cost: usize, patience: Duration, send: impl FnOnce(i64) -> Option<T>) -> Room<T> {
        let deadline = Instant::now() + patience;
        let mut state = self.state.lock();
        while !state.stopped
            && !state.costs.is_empty()
            && (state.bytes + cost > WINDOW_BYTES || state.costs.len() >= WINDOW_RECORDS)
        {
            if self.moved.wait_until(&mut state, deadline).timed_out() {
                return if state.stopped { Room::Stopped } else { Room::Full };
            }
        }
        if state.stopped {
            return Room::Stopped;
        }
        match send(state.next) {
            Some(sent) => {
                state.next += 1;
                state.bytes += cost;
                state.costs.push_back(u32::try_from(cost).unwrap_or(u32::MAX));
                Room::Sent(sent)
            }
            None => Room::Full,
        }
    }

    /// The cluster has stored the next record at this offset. False if that is not the offset it was sent as.
    pub fn acknowledge(&self, offset: i64) -> bool {
        let mut state = self.state.lock();
        let expected = state.acknowledged == offset;
        state.acknowledged = state.acknowledged.max(offset.saturating_add(1));
        self.moved.notify_all();
        expected
    }

    /// The sink has everything below this offset.
    pub fn commit(&self, next_offset: i64) {
        let mut state = self.state.lock();
        while state.committed < next_offset {
            let Some(cost) = state.costs.pop_front() else { break };
            state.bytes = state.bytes.saturating_sub(cost as usize);
            state.committed += 1;
        }
        self.moved.notify_all();
    }

    /// Nothing is sent any more; who waits is let go.
    pub fn stop(&self) {
        self.state.lock().stopped = true;
        self.moved.notify_all();
    }

    /// Where the partition stands.
    pub fn marks(&self) -> Marks {
        let state = self.state.lock();
        Marks { next: state.next, acknowledged: state.acknowledged, committed: state.committed }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;

    fn send(window: &Window, cost: usize) -> Room<i64> {
        window.send(cost, Duration::ZERO, Some)
    }

    #[test]
    fn a_full_window_waits_for_a_commit() {
        let window = Window::default();
        assert_eq!(send(&window, WINDOW_BYTES / 2), Room::Sent(0));
        assert_eq!(send(&window, WINDOW_BYTES / 2), Room::Sent(1));
        assert_eq!(send(&window, 1), Room::Full);
        window.commit(1);
        assert_eq!(send(&window, 1), Room::Sent(2));
        assert_eq!(window.marks(), Marks { next: 3, acknowledged: 0, committed: 1 });
    }

    #[test]
    fn records_are_bounded_too() {
        let window = Window::default();
        for offset in 0..WINDOW_RECORDS {
            assert_eq!(send(&window, 1), Room::Sent(offset as i64));
        }
        assert_eq!(send(&window, 1), Room::Full);
    }

    #[test]
    fn a_waiting_sender_goes_on_after_a_commit_or_a_stop() {
        let window = Window::default();
        send(&window, WINDOW_BYTES);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| window.send(10, Duration::from_secs(30), Some));
            window.commit(1);
            assert_eq!(waiting.join().unwrap(), Room::Sent(1));
            window.commit(2);
            send(&window, WINDOW_BYTES);
            let waiting = scope.spawn(|| window.send(10, Duration::from_secs(30), Some));
            window.stop();
            assert_eq!(waiting.join().unwrap(), Room::Stopped);
        });
    }

    #[test]
    fn an_offset_that_was_not_expected_is_noticed() {
        let window = Window::default();
        send(&window, 1);
        send(&window, 1);
        assert!(window.acknowledge(0));
        assert!(!window.acknowledge(2));
    }

    #[test]
    fn a_commit_beyond_what_was_sent_moves_to_the_end_only() {
        let window = Window::default();
        send(&window, 1);
        window.commit(10);
        assert_eq!(window.marks().committed, 1);
    }
}
