//! How large the answers are that a reader asks brokers for, so that what they unpack to stays within bounds.
//!
//! The client unpacks a whole answer before it hands any of it out, and its settings bound what is sent, not what that unpacks
//! to. So a reader begins with answers of one batch. Only where records are waited for although answers are full do they grow, and never
//! beyond what unpacks to [`UNPACKED`] by what has come so far: where they need not be large, records that suddenly compress
//! better find small ones. Then they shrink at once. Pure: knows no client and no clock.

use std::time::Duration;

/// What one answer may unpack to.
pub(crate) const UNPACKED: u64 = 2 << 20;
/// The largest answer that is asked for, as it is sent.
const MOST: u64 = 2 << 20;
/// The smallest: a broker sends at least one batch, and the client takes no smaller limit.
pub(crate) const LEAST: u64 = 1000;

/// So much, or so many answers, must have come before anything is concluded from it.
const ENOUGH: u64 = 256 << 10;
const SEVERAL: u64 = 8;
/// How much larger answers become at once.
const STEP: u64 = 32;
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

/// How long a reader has been open, and how much of that it has waited for records.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    pub(crate) open: Duration,
    pub(crate) waiting: Duration,
}

/// Decides about the size of answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answers {
    size: u64,
    /// What an answer has beside its batches, at most.
    around: u64,
    /// What was received and spent when it was last judged.
    judged: (Received, Spent),
    /// No growing before, and how long the next wait is.
    not_before: Duration,
    hold: Duration,
    /// The user has said how large they are.
    fixed: bool,
}

impl Answers {
    /// For a reader of so many partitions. `fixed`: the user has said how large they are.
    pub(crate) fn new(partitions: usize, fixed: bool) -> Self {
        let around = 60 + 60 * u64::try_from(partitions).unwrap_or(u64::MAX).min(100_000);
        let (not_before, hold) = (Duration::ZERO, HOLD);
        Self { size: LEAST, around, judged: Default::default(), not_before, hold, fixed }
    }

    /// How large an answer may be, as it is sent.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// A client was made that has received nothing.
    pub(crate) fn begin(&mut self, spent: Spent) {
        self.judged = (Received::default(), spent);
    }

    /// What a client has received by now: true if answers are to have another size.
    pub(crate) fn judge(&mut self, received: Received, spent: Spent) -> bool {
        let unpacked = received.unpacked.saturating_sub(self.judged.0.unpacked);
        let answers = received.answers.saturating_sub(self.judged.0.answers);
        if self.judged.0 == Received::default() {
            // Until the first records come everybody waits.
            self.judged = (received, spent);
            return false;
        }
        if self.fixed || unpacked == 0 || (unpacked < ENOUGH && answers < SEVERAL) {
            return false;
        }
        let answers = answers.max(1);
        let sent = received.sent.saturating_sub(self.judged.0.sent);
        let open = spent.open.saturating_sub(self.judged.1.open);
        let waiting = spent.waiting.saturating_sub(self.judged.1.waiting);
        self.judged = (received, spent);
        let batches = sent.saturating_sub(answers.saturating_mul(self.around)).max(sent / 8).max(1);
        // Never less than one: what is sent is kept while it is unpacked.
        let wanted = (UNPACKED.saturating_mul(batches) / unpacked.max(batches)).clamp(LEAST, MOST);
        let one = batches / answers;
        let size = if unpacked >= ENOUGH && wanted < self.size / 2 {
            self.not_before = spent.open + self.hold;
            self.hold = (self.hold * 2).min(LONGEST_HOLD);
            wanted
        } else if sent / answers >= self.size / 2 && waiting * 8 > open && spent.open >= self.not_before {
            wanted.min(self.size.max(one).saturating_mul(STEP))
        } else {
            self.size
        };
        let differs = size < self.size || size / 2 > self.size;
        if differs {
            self.size = size;
        }
        differs
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;

    /// A reader of twelve partitions that runs for a second at a time.
    struct Reader {
        answers: Answers,
        received: Received,
        spent: Spent,
    }

    impl Reader {
        fn new() -> Self {
            let answers = Answers::new(12, false);
            Self { answers, received: Received::default(), spent: Spent::default() }
        }

        /// So many answers come, each with batches of `sent` bytes that unpack to `unpacked`; the reader waits for half of the time,
        /// or for none of it. The size of answers then.
        fn second(&mut self, count: u64, sent: u64, unpacked: u64, waits: bool) -> u64 {
            self.spent.open += Duration::from_secs(1);
            self.spent.waiting += Duration::from_millis(if waits { 500 } else { 0 });
            self.received.answers += count;
            self.received.sent += count * (sent + 300);
            self.received.unpacked += count * unpacked;
            if self.answers.judge(self.received, self.spent) {
                self.received = Received::default();
                self.answers.begin(self.spent);
            }
            self.answers.size()
        }

        /// Seconds in which answers are full of batches of 16 KiB, until their size stays.
        fn full(&mut self, ratio: u64) -> u64 {
            for _ in 0..10 {
                let sent = self.answers.size().max(16 << 10);
                self.second(40, sent, sent * ratio, true);
            }
            self.answers.size()
        }
    }

    #[test]
    fn answers_grow_to_what_unpacks_to_the_bound() {
        for (ratio, least, most) in [(1, 1000 << 10, MOST), (5, 200 << 10, 450 << 10), (10, 100 << 10, 220 << 10)] {
            let size = Reader::new().full(ratio);
            assert!((least..=most).contains(&size), "{ratio}: {size}");
        }
    }

    #[test]
    fn answers_stay_small_where_nobody_waits_for_them() {
        let mut reader = Reader::new();
        for _ in 0..10 {
            assert_eq!(reader.second(400, 16 << 10, 128 << 10, false), LEAST);
        }
    }

    #[test]
    fn small_batches_on_a_slow_network_are_no_hindrance() {
        let mut reader = Reader::new();
        assert_eq!(reader.second(10, 600, 1_500, true), LEAST, "the wait for the first");
        assert_eq!(reader.second(10, 600, 1_500, true), STEP * LEAST);
    }

    #[test]
    fn records_that_compress_to_nothing_come_batch_by_batch() {
        assert_eq!(Reader::new().second(4, 900, 8_100_000, true), LEAST);
    }

    #[test]
    fn answers_shrink_at_once_and_grow_again_later() {
        let mut reader = Reader::new();
        let size = reader.full(8);
        assert_eq!(reader.second(1, 5_000, 45_000_000, false), LEAST);
        assert_eq!(reader.second(40, 16 << 10, 128 << 10, true), LEAST, "not so soon");
        assert!(reader.full(8).abs_diff(size) < size / 10);
    }

    #[test]
    fn a_topic_at_its_end_changes_nothing() {
        let mut reader = Reader::new();
        let size = reader.full(8);
        for _ in 0..200 {
            assert_eq!(reader.second(10, 500, 1_000, true), size, "records come one by one");
        }
    }

    #[test]
    fn what_the_user_has_set_stays() {
        let mut reader = Reader::new();
        reader.answers = Answers::new(12, true);
        assert_eq!(reader.full(8), LEAST);
    }
}
