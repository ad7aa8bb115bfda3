//! `pipeline NAME { … }`: the program's identity and policies.

use pipewright_grammar::Span;
use pipewright_plan::{Commit, Delivery, OptionSpec, OptionType, OptionValue, Pipeline};

use super::{Policy, bad_records, option};
use crate::{
    context::Context,
    diagnostics::{Diagnostics, NotYet, WrongOptionValue},
    options,
};

const COMMIT: &[OptionSpec] = &[
    option("rows", OptionType::Int { min: 1, max: 10_000_000 }, Some("50_000"), "Rows."),
    option("bytes", OptionType::Size, Some("8MiB"), "Bytes."),
    option("interval", OptionType::Duration, Some("250ms"), "Time."),
];

/// Options of the `pipeline` block.
pub const OPTIONS: &[OptionSpec] = &[
    option(
        "delivery",
        OptionType::Choice(&["exactly_once", "at_least_once"]),
        Some("exactly_once"),
        "How often a record has an effect. `exactly_once` is derived by the compiler, or refused with the reason.",
    ),
    bad_records::SPEC,
    option(
        "max_bad",
        OptionType::Percent,
        Some("1%"),
        "A stage stops when more than this share of its last 10,000 records is bad (and at least 100 are).",
    ),
    option(
        "on_late",
        OptionType::Choice(&["dead_letter", "drop"]),
        Some("dead_letter"),
        "What becomes of late records.",
    ),
    option(
        "commit",
        OptionType::Record(COMMIT),
        Some("{ rows = 50_000, bytes = 8MiB, interval = 250ms }"),
        "An epoch is committed when the first of these is reached.",
    ),
    option(
        "was",
        OptionType::String,
        None,
        "The pipeline's old name, after it was renamed: positions, cursors and dead letters move to the new one when it starts.",
    ),
];

/// The pipeline, as far as it could be read.
pub(crate) struct Checked {
    /// `None`: there is none, and that has been reported.
    pub(crate) plan: Option<Pipeline>,
    pub(crate) delivery: Delivery,
    /// Where `delivery` was said, or the pipeline's name.
    pub(crate) delivery_span: Span,
    pub(crate) policy: Policy,
}

/// Checks the block.
pub(crate) fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) -> Checked {
    let Some(declared) = &context.index.pipeline else {
        let span = Span::default();
        let policy = Policy::default_at(span);
        return Checked { plan: None, delivery: Delivery::ExactlyOnce, delivery_span: span, policy };
    };
    let name = &declared.part.name;
    let record = declared.part.options.as_ref();
    let block = options::check(record, name.span, &[OPTIONS], "a pipeline", context, diagnostics);
    if block.has("on_late") {
        diagnostics.emit(NotYet { what: "`on_late`".into(), span: block.name_span("on_late") });
    }
    let delivery = match block.word("delivery") {
        Some("at_least_once") => Delivery::AtLeastOnce,
        _ => Delivery::ExactlyOnce,
    };
    let policy = bad_records::read(&block, &Policy::default_at(name.span), diagnostics);
    let max_bad_ppm = if let Some(OptionValue::Percent(ppm)) = block.get("max_bad") { *ppm } else { 10_000 };
    let mut commit = Commit::default();
    if let Some(OptionValue::Record(entries)) = block.get("commit") {
        if let Some(OptionValue::Int(rows)) = entries.get("rows") {
            commit.rows = u64::try_from(*rows).unwrap_or(commit.rows);
        }
        if let Some(OptionValue::Size(bytes)) = entries.get("bytes") {
            commit.bytes = *bytes;
        }
        if let Some(OptionValue::Duration(interval)) = entries.get("interval") {
            commit.interval_us = *interval;
        }
        if commit.bytes == 0 || commit.interval_us <= 0 {
            diagnostics.emit(WrongOptionValue {
                option: "commit".into(),
                block: "a pipeline".into(),
                expected: "sizes and times above zero".into(),
                span: block.value_span("commit"),
                help: None,
                fixes: vec![],
            });
        }
    }
    let plan = Pipeline {
        name: name.text.clone(),
        delivery,
        on_bad_record: policy.plan.clone(),
        max_bad_ppm,
        commit,
        was: block.text("was", diagnostics).filter(|it| *it != name.text),
        doc: Context::doc(&declared.declaration.doc),
    };
    let delivery_span = if block.has("delivery") { block.value_span("delivery") } else { name.span };
    Checked { plan: Some(plan), delivery, delivery_span, policy }
}
