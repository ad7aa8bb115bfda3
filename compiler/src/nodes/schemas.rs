//! Declared types against what flows in: field by field, without a change of any value's representation.

use pipewright_grammar::Span;
use pipewright_plan::{Base, Type};

use super::source::Typed;
use crate::{
    diagnostics::{Diagnostics, InstantCivilConfusion, LossyNumber, TopicTypeMismatch},
    flow::Flow,
};

/// Brings what flows in to a declared type, field by field, or says what does not fit. The representation of values does
/// not change on the way, so only widenings that keep it are let through.
pub(super) fn match_schema(declared: &Typed, flow: &mut Flow, span: Span, node: &str, diagnostics: &mut Diagnostics) {
    let mut mismatch = |message: String, at: Option<(Span, String)>, help: String| {
        diagnostics.emit(TopicTypeMismatch { message, span, at, help: Some(help) });
    };
    for field in &declared.schema.fields {
        if flow.schema.field(&field.name).is_none() {
            let at = declared.fields.get(&field.name).map(|at| (*at, "declared here".to_string()));
            let help = format!("compute it before: `| derive {} = …`", field.name);
            mismatch(format!("nothing that flows into `{node}` is called `{}`", field.name), at, help);
        }
    }
    for field in &flow.schema.fields {
        if declared.schema.field(&field.name).is_none() {
            let at = flow.declared.get(&field.name).map(|at| (*at, "it comes from here".to_string()));
            let help = format!("add it to the type, or write `| drop {}` before", field.name);
            mismatch(format!("the type of `{node}` has no field `{}`", field.name), at, help);
        }
    }
    for field in &declared.schema.fields {
        let Some(given) = flow.schema.field(&field.name) else { continue };
        let at = flow.declared.get(&field.name).copied();
        one_field(field, &given.ty, span, at, diagnostics);
    }
    let order = declared.schema.fields.iter().map(|field| match flow.schema.field(&field.name) {
        Some(given) => {
            let mut field = field.clone();
            field.pii |= given.pii;
            field
        }
        None => field.clone(),
    });
    flow.schema = pipewright_plan::Schema::new(order.collect());
    flow.declared = declared.fields.clone();
}

fn one_field(
    field: &pipewright_plan::Field,
    given: &Type,
    span: Span,
    declared: Option<Span>,
    diagnostics: &mut Diagnostics,
) {
    let wanted = &field.ty;
    if given.is_unknown() || wanted.is_unknown() || same_values(given, wanted) {
        return;
    }
    let name = field.name.clone();
    let (from, to) = (given.to_string(), wanted.to_string());
    let civil = |base: &Base| matches!(base, Base::LocalTimestamp);
    let instant = |base: &Base| matches!(base, Base::Timestamp);
    if given.base.is_number() && wanted.base.is_number() && (!given.nullable || wanted.nullable) {
        diagnostics.emit(LossyNumber { name, from, to, span, declared });
    } else if civil(&given.base) && instant(&wanted.base) || instant(&given.base) && civil(&wanted.base) {
        diagnostics.emit(InstantCivilConfusion { name, from, to, span, declared });
    } else {
        let help = match given.nullable && !wanted.nullable {
            true => format!("write `| derive {name} = {name} ?? …` before, or declare it `{to}?`"),
            false => format!("convert it before: `| derive {name} = …`"),
        };
        let at = declared.map(|at| (at, format!("`{from}` here")));
        let message = format!("`{name}` is `{from}` where it flows in, but `{to}` in the type");
        diagnostics.emit(TopicTypeMismatch { message, span, at, help: Some(help) });
    }
}

/// Every value of `given` is a value of `wanted`, represented alike.
fn same_values(given: &Type, wanted: &Type) -> bool {
    if given.nullable && !wanted.nullable {
        return false;
    }
    match (&given.base, &wanted.base) {
        (Base::Int32, Base::Int64) | (Base::Set(_), Base::String) => true,
        (Base::Set(given), Base::Set(wanted)) => given.iter().all(|it| wanted.contains(it)),
        (Base::Decimal { precision: p, scale: s }, Base::Decimal { precision, scale }) => s == scale && p <= precision,
        (Base::List(given), Base::List(wanted)) | (Base::Map(given), Base::Map(wanted)) => same_values(given, wanted),
        (Base::Record(given), Base::Record(wanted)) => {
            given.len() == wanted.len()
                && given
                    .iter()
                    .zip(wanted)
                    .all(|(a, b)| a.name == b.name && a.wire_name == b.wire_name && same_values(&a.ty, &b.ty))
        }
        (given, wanted) => given == wanted,
    }
}
