//! Lints: what a program can have wrong although it is well typed. Each is a rule of its own over the finished nodes.

mod topics;
mod unused;

use pipewright_plan::{Delivery, Write};

use crate::{
    context::Context,
    diagnostics::{AppendSinkNotIdempotent, Diagnostics, TestNotRun},
    nodes::{Program, pipeline},
};

/// Runs them all.
pub(crate) fn check(
    context: &Context<'_>,
    pipeline: &pipeline::Checked,
    program: &Program,
    diagnostics: &mut Diagnostics,
) {
    topics::check(context, program, diagnostics);
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
    for test in &context.index.tests {
        diagnostics.emit(TestNotRun { span: test.declaration.head });
    }
}
