//! From counters to the summary in which read = stored + deleted + not kept + filtered + dead-lettered + skipped, for every sink.

use std::collections::BTreeSet;

use pipewright_plan::{Plan, Stage};

use super::tally::Tally;
use crate::engine::Numbering;
use crate::report::{SinkSummary, StageSummary};

/// The summary of one stage. `letters_before`: dead letters of the program that were there before the run.
pub(super) fn stage(
    plan: &Plan,
    stage: &Stage,
    tally: &Tally,
    numbering: &Numbering,
    letters_before: u64,
) -> StageSummary {
    let mut summary =
        StageSummary { id: stage.id.clone(), read: tally.records(), letters_before, ..StageSummary::default() };
    for topic in &tally.topics {
        for (name, count) in &topic.undecodable {
            *summary.dead_letters.entry(name.clone()).or_default() += count;
        }
    }
    for (index, name) in stage.sinks.iter().enumerate() {
        let Some(sink) = plan.sink(name) else { continue };
        let empty = SinkSummary {
            name: name.clone(),
            table: format!("{}.{}", sink.connection, sink.table),
            ..SinkSummary::default()
        };
        summary.sinks.push(one_sink(empty, index, tally, numbering));
    }
    summary
}

/// Adds up what came to a sink of the topics that lead to it.
fn one_sink(mut summary: SinkSummary, index: usize, tally: &Tally, numbering: &Numbering) -> SinkSummary {
    let ours = |tap: &usize| numbering.taps.get(*tap).is_some_and(|(target, _)| *target == index);
    for (topic, taps) in tally.topics.iter().zip(&numbering.inputs) {
        let taps: Vec<usize> = taps.clone().filter(ours).collect();
        if taps.is_empty() {
            continue;
        }
        summary.read += topic.read;
        summary.undecodable += topic.undecodable.values().sum::<u64>();
        summary.skipped += topic.skipped_before;
        let mut seen = BTreeSet::new();
        for tap in taps {
            summary.stored += topic.put.get(tap).copied().unwrap_or_default();
            summary.deleted += topic.deleted.get(tap).copied().unwrap_or_default();
            summary.skipped += topic.refused_skipped.get(tap).copied().unwrap_or_default();
            for (name, count) in topic.refused.get(tap).into_iter().flatten() {
                *summary.dead_letters.entry(name.clone()).or_default() += count;
            }
            let path = numbering.taps.get(tap).map(|(_, path)| path.as_slice()).unwrap_or_default();
            for step in path.iter().filter(|step| seen.insert(**step)) {
                summary.skipped += topic.skipped.get(*step).copied().unwrap_or_default();
                let filtered = topic.filtered.get(*step).copied().unwrap_or_default();
                if filtered > 0 {
                    let id = numbering.steps.get(*step).cloned().unwrap_or_default();
                    *summary.filtered.entry(id).or_default() += filtered;
                }
                for (name, count) in topic.bad.get(*step).into_iter().flatten() {
                    *summary.dead_letters.entry(name.clone()).or_default() += count;
                }
            }
        }
    }
    for (name, count) in tally.refused.get(&index).into_iter().flatten() {
        summary.stored = summary.stored.saturating_sub(*count);
        *summary.dead_letters.entry(name.clone()).or_default() += count;
    }
    let not_kept = tally.not_kept(index);
    summary.stored = summary.stored.saturating_sub(not_kept.rows);
    summary.deleted = summary.deleted.saturating_sub(not_kept.deletes);
    summary.not_kept = not_kept.rows + not_kept.deletes;
    summary.rows = tally.rows.get(&index).map_or(0, |it| it.stored);
    summary
}
