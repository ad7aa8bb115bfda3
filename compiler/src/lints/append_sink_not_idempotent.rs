//! An append that may add a record twice.

use pipewright_plan::{Delivery, Write};

use super::facts::Facts;
use crate::diagnostics::{Diagnostics, AppendSinkNotIdempotent};

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    if facts.pipeline.delivery != Delivery::AtLeastOnce {
        return;
    }
    for sink in facts.program.sinks.iter().filter(|it| it.write == Write::Append) {
        let (span, delivery) = (facts.node(&sink.name), facts.pipeline.delivery_span);
        diagnostics.emit(AppendSinkNotIdempotent { sink: sink.name.clone(), span, delivery });
    }
}
