//! Formats: which codec, with which options, and whether it can carry a schema.

use pipewright_grammar::Span;
use pipewright_plan::{CodecSpec, Format, OptionValue, Options, Schema};

use crate::{
    context::Context,
    diagnostics::{ConflictingOptions, Diagnostics, FormatType},
    options::Checked,
};

/// The `format` option of a block, or the default; none if it is broken or there is no such codec.
pub(super) fn read(
    checked: &Checked<'_>,
    default: Option<&str>,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<(Format, &'static CodecSpec)> {
    let (codec, options) = match checked.get("format") {
        Some(OptionValue::Word(name)) => (name.clone(), Options::new()),
        Some(OptionValue::Call { name, args }) => (name.clone(), args.clone()),
        Some(_) => return None,
        None if checked.has("format") => return None,
        None => (default?.to_string(), Options::new()),
    };
    let spec = context.registry.codec(&codec)?;
    for problem in (spec.validate)(&options) {
        let span = checked.value_span("format");
        diagnostics.emit(ConflictingOptions { message: problem.message, help: problem.help, span });
    }
    Some((Format { codec, options }, spec))
}

/// What a format is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Reads,
    Writes,
}

/// Reports the fields that the codec cannot carry.
pub(super) fn check_fields(
    codec: &CodecSpec,
    schema: &Schema,
    direction: Direction,
    span: Span,
    declared: &dyn Fn(&str) -> Option<Span>,
    diagnostics: &mut Diagnostics,
) {
    let test = if direction == Direction::Reads { codec.reads } else { codec.writes };
    for field in schema.fields.iter().filter(|it| !it.ty.is_unknown()) {
        if let Err(why) = test(&field.ty) {
            diagnostics.emit(FormatType {
                format: codec.name,
                field: field.name.clone(),
                why,
                span,
                declared: declared(&field.name),
            });
        }
    }
}
