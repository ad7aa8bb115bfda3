//! Nothing stops a run in which every record is bad.

use pipewright_plan::BadRecordPolicy;

use super::facts::Facts;
use crate::diagnostics::{Diagnostics, DlqUnbounded};

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    let Some(plan) = &facts.pipeline.plan else { return };
    if let Some(entry) = facts.pipeline_entry("max_bad")
        && plan.max_bad_ppm >= 1_000_000
        && plan.on_bad_record != BadRecordPolicy::Stop
    {
        diagnostics.emit(DlqUnbounded { span: entry.span });
    }
}
