//! A transaction for every few rows.

use super::facts::Facts;
use crate::diagnostics::{Diagnostics, RowAtATimeSink};

/// A commit costs a round trip and a flush of the database's log; below this they are nearly all that a run does.
const FEW: u64 = 10;

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    let Some(plan) = &facts.pipeline.plan else { return };
    if plan.commit.rows < FEW
        && let Some(entry) = facts.pipeline_entry("commit")
        && !facts.program.sinks.is_empty()
    {
        diagnostics.emit(RowAtATimeSink { rows: plan.commit.rows, span: entry.span });
    }
}
