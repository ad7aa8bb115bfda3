//! How large the answers are that a reader asks brokers for, so that what they unpack to stays within bounds.
//!
//! The client unpacks a whole answer before it hands any of it out, and its settings bound what is sent, not what that
//! unpacks to. So a reader begins with answers of a batch or so, looks at what came of them, and asks for as much as unpacks to
//! [`UNPACKED`]. Pure: knows no client and no clock. Invariant: an answer never holds more than [`MOST`] as it is sent.

use std::time::Duration;

/// What one answer may unpack to.
pub(crate) const UNPACKED: u64 = 2 << 20;
/// The largest answer that is asked for, as it is sent.
pub(crate) const MOST: u64 = 2 << 20;
/// The smallest: a broker sends at least one batch, and the client takes no smaller limit.
pub(crate) const LEAST: u64 = 1000;

/// So much must have come before anything is concluded from it.
const ENOUGH: u64 = 256 << 10;
/// The first wait before answers grow again after they had to shrink; each time twice as long.
const HOLD: Duration = Duration::from_secs(2);
const LONGEST_HOLD: Duration = Duration::from_secs(120);

/// What a client has received since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Received {
    /// Answers of any kind.
    #[serde(rename = "rx")]
    pub(crate) answers: u64,
    /// Their bytes, as they were sent.
    #[serde(rename = "rx_bytes")]
    pub(crate) sent: u64,
    /// Bytes of keys and values, unpacked.
    #[serde(rename = "rxmsg_bytes")]
    pub(crate) unpacked: u64,
}

/// Decides about the size of answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answers {
    size: u64,
    /// What an answer has beside its batches, at most.
    around: u64,
    /// What was received when it was last judged.
    judged: Received,
    /// No growing before this time of the run, and how long the next wait is.
    not_before: Duration,
    hold: Duration,
    /// The user has said how large they are.
    fixed: bool,
}

impl Answers {
    /// For a reader of so many partitions. `fixed`: the user has said how large they are.
    pub(crate) fn new(partitions: usize, fixed: bool) -> Self {
        let around = 60 + 60 * u64::try_from(partitions).unwrap_or(u64::MAX).min(100_000);
        Self { size: LEAST, around, judged: Received::default(), not_before: Duration::ZERO, hold: HOLD, fixed }
    }

    /// How large an answer may be, as it is sent.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// True as long as nothing is known of the records yet.
    pub(crate) fn is_first(&self) -> bool {
        self.size == LEAST && !self.fixed
    }

    /// A client was made that has received nothing.
    pub(crate) fn begin(&mut self) {
        self.judged = Received::default();
    }

    /// What a client has received by now: true if answers are to have another size.
    pub(crate) fn judge(&mut self, received: Received, now: Duration) -> bool {
        let unpacked = received.unpacked.saturating_sub(self.judged.unpacked);
        if self.fixed || unpacked < ENOUGH {
            return false;
        }
        let answers = received.answers.saturating_sub(self.judged.answers).max(1);
        let sent = received.sent.saturating_sub(self.judged.sent);
        self.judged = received;
        let batches = sent.saturating_sub(answers * self.around).max(sent / 8).max(1);
        // Never less than one: what is sent is kept while it is unpacked.
        let wanted = (UNPACKED.saturating_mul(batches) / unpacked.max(batches)).clamp(LEAST, MOST);
        let full = batches / answers >= self.size / 2;
        if wanted < self.size / 2 {
            self.not_before = now + self.hold;
            self.hold = (self.hold * 2).min(LONGEST_HOLD);
        } else if !(wanted / 2 > self.size && full && now >= self.not_before) {
            return false;
        }
        self.size = wanted;
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// So many answers, each with batches of `sent` bytes that unpack to `unpacked`.
    fn came(before: Received, answers: u64, sent: u64, unpacked: u64) -> Received {
        Received {
            answers: before.answers + answers,
            sent: before.sent + answers * (sent + 300),
            unpacked: before.unpacked + answers * unpacked,
        }
    }

    #[test]
    fn ordinary_records_are_asked_for_by_the_megabyte() {
        for (ratio, least, most) in [(1, 1900 << 10, MOST), (5, 300 << 10, 500 << 10), (10, 150 << 10, 250 << 10)] {
            let mut answers = Answers::new(12, false);
            assert!(answers.judge(came(Received::default(), 40, 16 << 10, (16 << 10) * ratio), SECOND));
            assert!((least..=most).contains(&answers.size()), "{ratio}: {}", answers.size());
        }
    }

    #[test]
    fn records_that_compress_to_nothing_come_batch_by_batch() {
        let mut answers = Answers::new(12, false);
        assert!(!answers.judge(came(Received::default(), 4, 900, 8_100_000), SECOND));
        assert_eq!(answers.size(), LEAST);
    }

    #[test]
    fn answers_shrink_at_once_and_grow_again_later() {
        let mut answers = Answers::new(1, false);
        let ordinary = came(Received::default(), 40, 16 << 10, 128 << 10);
        assert!(answers.judge(ordinary, SECOND));
        let size = answers.size();
        let dense = came(ordinary, 1, 5_000, 45_000_000);
        assert!(answers.judge(dense, 2 * SECOND));
        assert_eq!(answers.size(), LEAST);
        answers.begin();
        let ordinary = came(Received::default(), 40, 16 << 10, 128 << 10);
        assert!(!answers.judge(ordinary, 3 * SECOND), "not so soon");
        assert!(answers.judge(came(ordinary, 40, 16 << 10, 128 << 10), 4 * SECOND));
        assert!(answers.size().abs_diff(size) < size / 10);
    }

    #[test]
    fn a_topic_at_its_end_changes_nothing() {
        let mut answers = Answers::new(12, false);
        assert!(answers.judge(came(Received::default(), 40, 16 << 10, 128 << 10), SECOND));
        answers.begin();
        let mut received = Received::default();
        for second in 2..200 {
            received = came(received, 10, 500, 1_000);
            assert!(!answers.judge(received, second * SECOND), "records come one by one");
        }
    }
}
