//! `on_bad_record`: what becomes of a record that cannot be decoded, cast, checked or stored; and the rule that personal
//! data is not copied into dead letters without a word.

use pipewright_grammar::Span;
use pipewright_plan::{BadRecordPolicy, Base, CallSpec, Field, OptionSpec, OptionType, OptionValue, Original, Schema};

use super::option;
use crate::{
    added,
    context::Context,
    diagnostics::{Diagnostics, NotYet, PiiDeadLetter},
    options::Checked,
};

const DEAD_LETTER: &[OptionSpec] = &[
    option(
        "original",
        OptionType::Choice(&["keep", "position"]),
        Some("keep"),
        "Whether the dead letter holds the record's original bytes (`keep`), or only where it lies (`position`). Must be \
         said where the input has `@pii` fields.",
    ),
    option("topic", OptionType::String, None, "A topic that gets the dead letters, too. Not yet in this version."),
];

/// `on_bad_record = …`
pub(super) const SPEC: OptionSpec = option(
    "on_bad_record",
    OptionType::Call(&[
        CallSpec { name: "dead_letter", options: DEAD_LETTER, doc: "It is kept beside the rows, with its reason." },
        CallSpec { name: "stop", options: &[], doc: "The stage stops before it, with exit code 5." },
        CallSpec { name: "skip", options: &[], doc: "It is counted and forgotten." },
    ]),
    Some("dead_letter"),
    "What becomes of a record that cannot be decoded, cast, checked or stored. A server that is away never makes a record \
     bad.",
);

/// A policy, and where it was said.
#[derive(Clone)]
pub(crate) struct Policy {
    pub(crate) plan: BadRecordPolicy,
    /// `original = …` was written.
    pub(crate) original_said: bool,
    pub(crate) span: Span,
    /// It was written, not taken as the default.
    pub(crate) written: bool,
}

impl Policy {
    /// What holds when nothing is said.
    pub(crate) fn default_at(span: Span) -> Self {
        let plan = BadRecordPolicy::DeadLetter { original: Original::Keep };
        Self { plan, original_said: false, span, written: false }
    }
}

/// The policy of a block, or the one around it.
pub(super) fn read(checked: &Checked<'_>, outer: &Policy, diagnostics: &mut Diagnostics) -> Policy {
    let span = checked.value_span("on_bad_record");
    let policy = |plan, original_said| Policy { plan, original_said, span, written: true };
    match checked.get("on_bad_record") {
        None => outer.clone(),
        Some(OptionValue::Word(word)) => match word.as_str() {
            "stop" => policy(BadRecordPolicy::Stop, true),
            "skip" => policy(BadRecordPolicy::Skip, true),
            _ => policy(BadRecordPolicy::DeadLetter { original: Original::Keep }, false),
        },
        Some(OptionValue::Call { args, .. }) => {
            if args.contains_key("topic") {
                diagnostics.emit(NotYet { what: "a topic for dead letters".into(), span });
            }
            let said = args.get("original");
            let position = said == Some(&OptionValue::Word("position".into()));
            let original = if position { Original::Position } else { Original::Keep };
            policy(BadRecordPolicy::DeadLetter { original }, said.is_some())
        }
        Some(_) => outer.clone(),
    }
}

/// Personal data in the input of a policy that would silently copy it.
pub(crate) fn check_pii(
    policy: &Policy,
    schema: &Schema,
    input: &str,
    declared: &dyn Fn(&str) -> Option<Span>,
) -> Option<PiiDeadLetter> {
    let keeps = matches!(policy.plan, BadRecordPolicy::DeadLetter { .. });
    if !keeps || policy.original_said {
        return None;
    }
    let field = schema.fields.iter().find(|it| holds_pii(it))?;
    Some(PiiDeadLetter {
        field: field.name.clone(),
        input: input.to_string(),
        span: policy.span,
        declared: declared(&field.name),
        written: policy.written,
        edits: vec![],
    })
}

/// What could be said of the originals: at the policy that is written, else at the pipeline.
pub(super) fn answers(finding: &PiiDeadLetter, context: &Context<'_>) -> Vec<(String, (Span, String))> {
    let Some(pipeline) = context.index.pipeline else { return vec![] };
    let answer = |original: &str| {
        let policy = format!("dead_letter(original = {original})");
        let text = format!("on_bad_record = {policy}");
        let place = if finding.written {
            (finding.span, policy)
        } else {
            added::option(pipeline.part.options.as_ref(), pipeline.part.name.span, &text, context.sources)
        };
        (text, place)
    };
    vec![answer("keep"), answer("position")]
}

/// A field that is personal data, or holds some.
pub(crate) fn holds_pii(field: &Field) -> bool {
    fn inside(base: &Base) -> bool {
        match base {
            Base::Record(fields) => fields.iter().any(holds_pii),
            Base::List(element) | Base::Map(element) => inside(&element.base),
            _ => false,
        }
    }
    field.pii || inside(&field.ty.base)
}
