//! Lints: what a program can have wrong although it is well typed. Each is a rule of its own over the finished nodes.

mod collisions;
mod connections;
mod topics;
mod unused;

use pipewright_plan::{BadRecordPolicy, Delivery, Write};

use crate::{
    context::Context,
    diagnostics::{AppendSinkNotIdempotent, Diagnostics, DlqUnbounded},
    nodes::{Program, pipeline},
};

/// Runs them all.
pub(crate) fn check(
    context: &Context<'_>,
    pipeline: &pipeline::Checked,
    program: &Program,
    diagnostics: &mut Diagnostics,
) {
    collisions::check(context, program, diagnostics);
    connections::check(context, diagnostics);
    topics::check(context, program, diagnostics);
    if let Some(plan) = pipeline.plan.as_ref().filter(|it| it.max_bad_ppm >= 1_000_000) {
        let options = context.index.pipeline.and_then(|it| it.part.options.as_ref());
        let entry = options.and_then(|it| it.entries.iter().find(|it| it.name.text == "max_bad"));
        if entry.is_some() && plan.on_bad_record != BadRecordPolicy::Stop {
            diagnostics.emit(DlqUnbounded { span: entry.map(|it| it.span).unwrap_or_default() });
        }
    }
    // What a mistake elsewhere left without a reader is no news.
    if !diagnostics.has_errors() {
        unused::check(context, diagnostics);
    }
    for sink in &program.sinks {
        if pipeline.delivery == Delivery::AtLeastOnce
            && sink.write == Write::Append
            && let Some(node) = context.index.node(&sink.name)
        {
            diagnostics.emit(AppendSinkNotIdempotent {
                sink: sink.name.clone(),
                span: node.node.name.span,
                delivery: pipeline.delivery_span,
            });
        }
    }
}
