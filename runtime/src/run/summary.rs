//! From counters to the summary in which read = stored + deleted + not kept + filtered + dead-lettered + skipped, for every sink.

use pipewright_plan::{Plan, Stage};

use crate::engine::{Counters, Numbering};
use crate::report::{SinkSummary, StageSummary};
use crate::sinks::{Committed, NotKept};

/// Rows that databases refused or did not keep after they had been encoded, by sink.
#[derive(Clone, Debug, Default)]
pub(super) struct RefusedRows {
    /// Refused, by name.
    by_sink: std::collections::BTreeMap<usize, std::collections::BTreeMap<String, u64>>,
    not_kept: std::collections::BTreeMap<usize, NotKept>,
}

impl RefusedRows {
    pub(super) fn add(&mut self, committed: &Committed) {
        for refused in &committed.refused {
            let names = self.by_sink.entry(refused.sink).or_default();
            *names.entry(refused.bad.name.to_string()).or_default() += 1;
        }
        for (sink, rows) in committed.rows.iter().enumerate().filter(|(_, it)| it.not_kept != NotKept::default()) {
            self.not_kept.entry(sink).or_default().add(rows.not_kept);
        }
    }
}

/// The summary of one stage.
pub(super) fn stage(
    plan: &Plan,
    stage: &Stage,
    counters: &Counters,
    numbering: &Numbering,
    refused: &RefusedRows,
) -> StageSummary {
    let mut sinks = Vec::with_capacity(stage.sinks.len());
    for (index, name) in stage.sinks.iter().enumerate() {
        let Some(sink) = plan.sink(name) else { continue };
        let mut summary = SinkSummary {
            name: name.clone(),
            table: format!("{}.{}", sink.connection, sink.table),
            ..SinkSummary::default()
        };
        let mut steps_seen = std::collections::BTreeSet::new();
        for (tap, (target, path)) in numbering.taps.iter().enumerate() {
            if *target != index {
                continue;
            }
            summary.stored += counters.put.get(tap).copied().unwrap_or_default();
            summary.deleted += counters.deleted.get(tap).copied().unwrap_or_default();
            for (name, count) in counters.refused.get(tap).into_iter().flatten() {
                *summary.dead_letters.entry(name.clone()).or_default() += count;
            }
            for step in path.iter().filter(|step| steps_seen.insert(**step)) {
                let filtered = counters.filtered.get(*step).copied().unwrap_or_default();
                if filtered > 0 {
                    let id = numbering.steps.get(*step).cloned().unwrap_or_default();
                    *summary.filtered.entry(id).or_default() += filtered;
                }
                for (name, count) in counters.bad.get(*step).into_iter().flatten() {
                    *summary.dead_letters.entry(name.clone()).or_default() += count;
                }
            }
        }
        for (name, count) in refused.by_sink.get(&index).into_iter().flatten() {
            summary.stored = summary.stored.saturating_sub(*count);
            *summary.dead_letters.entry(name.clone()).or_default() += count;
        }
        if let Some(not_kept) = refused.not_kept.get(&index) {
            summary.stored = summary.stored.saturating_sub(not_kept.rows);
            summary.deleted = summary.deleted.saturating_sub(not_kept.deletes);
            summary.not_kept = not_kept.rows + not_kept.deletes;
        }
        sinks.push(summary);
    }
    let skipped = counters.skipped.iter().chain(&counters.refused_skipped).sum::<u64>() + counters.skipped_before;
    StageSummary {
        id: stage.id.clone(),
        read: counters.read,
        dead_letters: counters.undecodable.clone(),
        skipped,
        sinks,
    }
}
