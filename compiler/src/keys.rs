//! What a key may be: never null, never a float, the same value whenever it is computed.

use pipewright_grammar::Span;
use pipewright_plan::{Base, Expr, Type, depends_only_on};

use crate::{
    diagnostics::{Diagnostics, KeyType, NondeterministicInReplay, NullableKey},
    flow::Flow,
};

/// Reports what is wrong with a part of a key. `what`: "the message key".
pub(crate) fn check(part: &Expr, span: Span, text: &str, what: &str, diagnostics: &mut Diagnostics) {
    if part.ty.is_unknown() {
        return;
    }
    if part.ty.nullable {
        let suggestion = fallback(&part.ty);
        diagnostics.emit(NullableKey { what: what.to_string(), text: text.to_string(), span, suggestion });
    } else if !may_be_key(&part.ty) {
        diagnostics.emit(KeyType { what: what.to_string(), ty: part.ty.to_string(), span });
    } else if !depends_only_on(part, &|_| true) {
        diagnostics.emit(NondeterministicInReplay { what: what.to_string(), span });
    }
}

/// The same for fields by name; fields that do not exist have been reported.
pub(crate) fn check_fields(names: &[(String, Span)], flow: &Flow, what: &str, diagnostics: &mut Diagnostics) {
    for (name, span) in names {
        let Some(field) = flow.schema.field(name) else { continue };
        let kind = pipewright_plan::ExprKind::Column(name.clone());
        let part = Expr { kind, ty: field.ty.clone(), origin: Default::default() };
        check(&part, *span, name, what, diagnostics);
        if flow.unstable.contains(name) {
            diagnostics.emit(NondeterministicInReplay { what: what.to_string(), span: *span });
        }
    }
}

fn may_be_key(ty: &Type) -> bool {
    match &ty.base {
        Base::Float64 | Base::Json | Base::List(_) | Base::Map(_) | Base::Record(_) | Base::Null => false,
        Base::Bool
        | Base::Int32
        | Base::Int64
        | Base::Decimal { .. }
        | Base::String
        | Base::Bytes
        | Base::Uuid
        | Base::Date
        | Base::Time
        | Base::Timestamp
        | Base::LocalTimestamp
        | Base::Duration
        | Base::Set(_)
        | Base::Unknown => true,
    }
}

/// What could stand behind `??`.
fn fallback(ty: &Type) -> &'static str {
    match &ty.base {
        Base::Bool => "false",
        Base::Int32 | Base::Int64 => "0",
        Base::Decimal { .. } => "0.0",
        Base::String | Base::Set(_) => "\"unknown\"",
        _ => "…",
    }
}
