//! Plays the `test` blocks of a program: given rows become bytes, and the bytes go through the decoders, steps and encoders
//! of `run` into memory.
//!
//! Owns a world per test (logs of topics, records of sources, tables, positions, a clock) and the order in which its stages
//! move. Knows no evaluator of its own, no server, no thread. Invariant: what a test expects does not depend on its
//! [`Schedule`]: how many lanes there are, where epochs end, and what a crash loses are chosen by it alone.

mod compare;
mod given;
mod memory;
mod outcome;
mod probes;
mod source;
mod stage;
mod trace;
mod world;

use pipewright_plan::{Plan, Test, TestLineKind};

pub use compare::Pair;
pub use outcome::{Because, Cell, Failure, FailureKind, Outcome, RowsDiffer, Why};

use crate::engine::{Coverage, Reachable};
use crate::report::RunError;
use probes::Probes;
use world::World;

/// What is left to chance in a run, chosen by a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// Equal seeds give equal runs.
    pub seed: u64,
}

/// A program with its tests, compiled once.
pub struct Bench {
    probes: Probes,
    world: World,
    coverage: Coverage,
}

impl Bench {
    /// Compiles the stages of a program and what its tests want to see.
    pub fn new(plan: &Plan, tests: &[Test]) -> Result<Self, RunError> {
        let coverage = Coverage::default();
        let probes = Probes::new(plan, tests);
        let world = World::new(&probes, tests, &coverage)?;
        Ok(Self { probes, world, coverage })
    }

    /// Plays one test from an empty world.
    pub fn run(&mut self, test: &Test, schedule: Schedule) -> Outcome {
        self.world.begin(test, schedule);
        let mut failures = Vec::new();
        for line in &test.lines {
            match &line.kind {
                TestLineKind::Given { node, partition, rows } => {
                    failures.extend(self.world.give(&self.probes.plan, node, *partition, rows));
                    self.world.stir();
                }
                TestLineKind::Advance(micros) => {
                    self.world.settle();
                    self.world.clock = self.world.clock.saturating_add(*micros);
                }
                TestLineKind::AdvanceTo(micros) => {
                    self.world.settle();
                    self.world.clock = self.world.clock.max(*micros);
                }
                TestLineKind::Restart => self.world.crash(),
                TestLineKind::Expect { node, extent, rows } => {
                    self.world.settle();
                    let found = self.world.rows_of(&self.probes, node);
                    if let Some(differ) = compare::compare(node, *extent, rows, &found) {
                        let differ = self.world.explain(&self.probes, differ, rows);
                        failures.push(Failure { origin: line.origin, kind: FailureKind::Rows(Box::new(differ)) });
                    }
                }
            }
        }
        self.world.settle();
        failures.extend(self.world.halts(test));
        Outcome { failures }
    }

    /// What the tests played so far have reached, and what not, in the order of the program.
    pub fn coverage(&self) -> Vec<Reachable> {
        let mut all = self.coverage.report();
        all.extend(self.world.policies(&self.probes.plan));
        all.sort_by_key(|it| (it.origin.file, it.origin.start));
        all
    }
}
