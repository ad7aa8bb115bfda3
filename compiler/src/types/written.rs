//! A type as written becomes a type of the plan. Whatever is wrong with it is told here, and it is unknown from then on.

use std::collections::BTreeMap;

use pipewright_expr::literal_to_json;
use pipewright_grammar::{
    Span,
    ast::{Expr, Field, Text, TypeExpr, TypeExprKind},
};
use pipewright_plan::{Base, Type};

use super::annotations;
use crate::{
    context::Context,
    diagnostics::{BadDecimal, Diagnostics, DuplicateField, MapKeyType, NotYet, UnknownType},
    expressions::{self, closest},
    index::Namespace,
};

/// The types that need no declaration and no parameters.
pub(crate) const PLAIN: &[(&str, Base)] = &[
    ("bool", Base::Bool),
    ("int32", Base::Int32),
    ("int64", Base::Int64),
    ("float64", Base::Float64),
    ("string", Base::String),
    ("bytes", Base::Bytes),
    ("uuid", Base::Uuid),
    ("date", Base::Date),
    ("time", Base::Time),
    ("timestamp", Base::Timestamp),
    ("local_timestamp", Base::LocalTimestamp),
    ("duration", Base::Duration),
    ("json", Base::Json),
];

/// What other languages call our types.
const FOREIGN: &[(&str, &str)] = &[
    ("int", "int64"),
    ("integer", "int64"),
    ("bigint", "int64"),
    ("long", "int64"),
    ("smallint", "int32"),
    ("short", "int32"),
    ("double", "float64"),
    ("float", "float64"),
    ("real", "float64"),
    ("number", "decimal(18, 2)"),
    ("numeric", "decimal(18, 2)"),
    ("decimal", "decimal(18, 2)"),
    ("text", "string"),
    ("varchar", "string"),
    ("str", "string"),
    ("boolean", "bool"),
    ("datetime", "timestamp"),
    ("timestamptz", "timestamp"),
    ("bytea", "bytes"),
    ("binary", "bytes"),
    ("jsonb", "json"),
    ("interval", "duration"),
];

/// The type that was written; unknown if something is wrong with it.
pub(crate) fn written(ty: &TypeExpr, context: &Context<'_>, diagnostics: &mut Diagnostics) -> Type {
    let mut found = match &ty.kind {
        TypeExprKind::Name(name) => named(name, ty.span, context, diagnostics),
        TypeExprKind::Decimal { precision, scale } => decimal(precision, scale, ty.span, diagnostics),
        TypeExprKind::Set(members) => set(members, diagnostics),
        TypeExprKind::List(element) => {
            let element = written(element, context, diagnostics);
            if element.is_unknown() { Type::unknown() } else { Base::List(Box::new(element)).required() }
        }
        TypeExprKind::Map(key, value) => {
            let key_type = written(key, context, diagnostics);
            let value = written(value, context, diagnostics);
            if !key_type.is_unknown() && key_type != Base::String.required() {
                diagnostics.emit(MapKeyType { found: key_type.to_string(), span: key.span });
                Type::unknown()
            } else if key_type.is_unknown() || value.is_unknown() {
                Type::unknown()
            } else {
                Base::Map(Box::new(value)).required()
            }
        }
        TypeExprKind::Record(fields) => Base::Record(record(fields, context, diagnostics)).required(),
        TypeExprKind::Error => Type::unknown(),
    };
    found.nullable |= ty.optional && !found.is_unknown();
    found
}

fn named(name: &str, span: Span, context: &Context<'_>, diagnostics: &mut Diagnostics) -> Type {
    if let Some((_, base)) = PLAIN.iter().find(|(plain, _)| *plain == name) {
        return base.clone().required();
    }
    if let Some(declared) = context.types.get(name) {
        return declared.ty.clone();
    }
    let declared = context.index.types.iter().any(|it| it.part.name.text == name);
    if !declared && !context.index.is_broken(Namespace::Types, name) {
        diagnostics.emit(UnknownType { name: name.to_string(), span, closest: suggestion(name, context) });
    }
    Type::unknown()
}

/// What was probably meant by the name of a type that does not exist.
pub(crate) fn suggestion(name: &str, context: &Context<'_>) -> Option<String> {
    let lower = name.to_lowercase();
    let foreign = FOREIGN.iter().find(|(foreign, _)| *foreign == lower).map(|(_, here)| here.to_string());
    let declared = context.index.types.iter().map(|it| it.part.name.text.as_str());
    foreign.or_else(|| closest(name, declared.chain(PLAIN.iter().map(|(plain, _)| *plain))))
}

fn decimal(precision: &Text, scale: &Text, span: Span, diagnostics: &mut Diagnostics) -> Type {
    let (p, s) = (precision.value.parse::<u8>(), scale.value.parse::<u8>());
    match (p, s) {
        (Ok(precision @ 1..=38), Ok(scale)) if scale <= precision => Base::Decimal { precision, scale }.required(),
        (Ok(1..=38), _) => {
            diagnostics.emit(BadDecimal { span: scale.span, whole: span, scale: true });
            Type::unknown()
        }
        _ => {
            diagnostics.emit(BadDecimal { span: precision.span, whole: span, scale: false });
            Type::unknown()
        }
    }
}

fn set(members: &[Text], diagnostics: &mut Diagnostics) -> Type {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for member in members {
        match seen.get(member.value.as_str()) {
            Some(first) => diagnostics.emit(DuplicateField {
                what: "member",
                name: member.value.clone(),
                span: member.span,
                first: *first,
            }),
            None => {
                seen.insert(&member.value, member.span);
            }
        }
    }
    Base::Set(members.iter().map(|it| it.value.clone()).collect()).required()
}

/// What stands for a field that a record does not have, as JSON text.
fn default(expr: &Expr, ty: &Type, context: &Context<'_>, diagnostics: &mut Diagnostics) -> Option<String> {
    if ty.is_unknown() {
        return None;
    }
    if matches!(ty.base, Base::Record(_)) {
        diagnostics.emit(NotYet { what: "a default value of a whole record".into(), span: expr.span });
        return None;
    }
    let (value, _) = expressions::constant(expr, Some(ty), &context.expressions(), diagnostics)?;
    literal_to_json(&value, ty)
}

fn record(fields: &[Field], context: &Context<'_>, diagnostics: &mut Diagnostics) -> Vec<pipewright_plan::Field> {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    let mut result = vec![];
    for field in fields {
        let ty = written(&field.ty, context, diagnostics);
        let mut built = pipewright_plan::Field::new(&field.name.text, ty);
        built.default = field.default.as_ref().and_then(|it| default(it, &built.ty, context, diagnostics));
        built.doc = Context::doc(&field.doc);
        annotations::apply(&field.annotations, &mut built, diagnostics);
        match seen.get(field.name.text.as_str()) {
            Some(first) => diagnostics.emit(DuplicateField {
                what: "field",
                name: field.name.text.clone(),
                span: field.name.span,
                first: *first,
            }),
            None => {
                seen.insert(&field.name.text, field.name.span);
                result.push(built);
            }
        }
    }
    result
}
