//! `max_bad`: how many of the last 10,000 records were bad. A producer's schema change is an outage, not a million bad records.

/// Counts in ten blocks of a thousand records; the oldest block falls out whole.
#[derive(Clone, Debug)]
pub struct BadRate {
    limit_ppm: u32,
    blocks: [u32; 10],
    at: usize,
    in_block: u32,
    seen: u64,
}

const BLOCK: u32 = 1_000;
/// Fewer bad records than this never stop a stage.
const LEAST: u32 = 100;

impl BadRate {
    /// A limit in parts per million of the last 10,000 records.
    pub fn new(limit_ppm: u32) -> Self {
        Self { limit_ppm, blocks: [0; 10], at: 0, in_block: 0, seen: 0 }
    }

    /// Counts a record; true if the limit is passed now.
    pub fn count(&mut self, bad: bool) -> bool {
        if self.in_block == BLOCK {
            self.in_block = 0;
            self.at = (self.at + 1) % self.blocks.len();
            if let Some(block) = self.blocks.get_mut(self.at) {
                *block = 0;
            }
        }
        self.in_block += 1;
        self.seen += 1;
        if !bad {
            return false;
        }
        if let Some(block) = self.blocks.get_mut(self.at) {
            *block += 1;
        }
        let bad: u32 = self.blocks.iter().sum();
        // Before 10,000 records have come, the share is still taken of 10,000: the first hundred bad ones alone stop nothing
        // that a full window would let pass.
        bad >= LEAST && u64::from(bad) * 1_000_000 > u64::from(self.limit_ppm) * 10_000
    }

    /// Counts a bad record that took so many lines: each of them may have been a record.
    #[cold]
    pub fn count_lines(&mut self, lines: u64) -> bool {
        // More than the window holds change nothing.
        let blocks = u64::from(BLOCK) * self.blocks.len() as u64;
        (0..lines.clamp(1, blocks)).fold(false, |passed, _| self.count(true) || passed)
    }

    /// As if nothing had been counted.
    pub fn forget(&mut self) {
        *self = Self::new(self.limit_ppm);
    }

    /// Bad ones among the last 10,000.
    pub fn bad(&self) -> u32 {
        self.blocks.iter().sum()
    }

    /// Records looked at, at most 10,000.
    pub fn window(&self) -> u64 {
        self.seen.min(10_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_bad_records_in_ten_thousand_pass_at_one_percent_and_one_more_stops() {
        let mut rate = BadRate::new(10_000);
        for i in 0..10_000 {
            assert!(!rate.count(i % 100 == 0), "record {i}");
        }
        assert!(!rate.count(false));
        let stopped = (0..2_000).any(|_| rate.count(true));
        assert!(stopped);
    }

    #[test]
    fn a_bad_record_weighs_as_many_as_the_lines_it_took() {
        let mut rate = BadRate::new(10_000);
        assert!(!rate.count_lines(1));
        assert!(!rate.count_lines(99));
        assert!(rate.count_lines(1), "101 of 10,000");
        assert!(BadRate::new(500_000).count_lines(u64::MAX));
    }

    #[test]
    fn few_bad_records_never_stop() {
        let mut rate = BadRate::new(0);
        assert!((0..99).all(|_| !rate.count(true)));
        assert!(rate.count(true));
    }
}
