//! Bringing a value to a declared type: only without loss, else the user says how by a cast.

use pipewright_plan::{Base, Expr, Type};

use super::comparison::not_a_member;
use super::literal::{digits, literal_decimal};
use super::{
    TypeProblem, cast_help, integer_digits, is_never, literal_int, literal_text_value, retype, widen, written,
};

/// Brings a value to a declared type without loss (a user function's argument or result, a topic's field, a default),
/// or says why not: a narrower integer or decimal, null into not null, another type; help names the cast or `??`.
/// The result has exactly that type, unless one of the two is unknown.
pub fn assign(value: Expr, to: &Type) -> Result<Expr, TypeProblem> {
    if value.ty.is_unknown() || to.is_unknown() {
        return Ok(value);
    }
    if value.ty.base == Base::Null {
        if to.nullable || is_never(&value) {
            return Ok(widen(value, to.clone()));
        }
        return Err(TypeProblem::new("null-not-allowed", format!("`null` where {} is needed", one(to, &to.base)))
            .help(format!("declare the type `{to}?` if it may be missing")));
    }
    // The wrong type is the bigger mistake: it is said before "may be null".
    if let Some(mut literal) = retype(&value, &to.base) {
        literal.ty = to.clone();
        return Ok(literal);
    }
    if !fits(&value.ty.base, &to.base) {
        return Err(refusal(&value, to));
    }
    if value.ty.nullable && !to.nullable {
        let x = written(&value, "x");
        return Err(TypeProblem::new("null-not-allowed", format!("`{}` may be null, `{to}` may not", value.ty)).help(
            format!("write `{x} ?? {}`, or keep such records out with `where {x} is not null`", fallback(&to.base)),
        ));
    }
    Ok(widen(value, to.clone()))
}

/// True if every value of `from` is one of `to`.
fn fits(from: &Base, to: &Base) -> bool {
    match (from, to) {
        (Base::Unknown, _) | (_, Base::Unknown) => true,
        (a, b) if a == b => true,
        (Base::Int32, Base::Int64) => true,
        (Base::Decimal { precision: p1, scale: s1 }, Base::Decimal { precision: p2, scale: s2 }) => {
            s1 <= s2 && p1.saturating_sub(*s1) <= p2.saturating_sub(*s2)
        }
        (int, Base::Decimal { precision, scale }) if int.is_integer() => {
            integer_digits(int) <= precision.saturating_sub(*scale)
        }
        (Base::Set(_), Base::String) => true,
        (Base::Set(a), Base::Set(b)) => a.iter().all(|member| b.contains(member)),
        (Base::List(a), Base::List(b)) | (Base::Map(a), Base::Map(b)) => fits_type(a, b),
        (Base::Record(a), Base::Record(b)) => {
            a.len() == b.len()
                && b.iter()
                    .all(|field| a.iter().any(|other| other.name == field.name && fits_type(&other.ty, &field.ty)))
        }
        _ => false,
    }
}

fn fits_type(from: &Type, to: &Type) -> bool {
    if from.base == Base::Null {
        return to.nullable;
    }
    fits(&from.base, &to.base) && (to.nullable || !from.nullable)
}

fn refusal(value: &Expr, to: &Type) -> TypeProblem {
    let (from, to) = (&value.ty.base, &to.base);
    if let (Some(text), Base::Set(members)) = (literal_text_value(value), to) {
        return not_a_member(text, members).at(0);
    }
    if let Base::Record(fields) = to
        && let Base::Record(given) = from
    {
        return record_refusal(given, fields);
    }
    if let (Base::Set(given), Base::Set(members)) = (from, to)
        && let Some(extra) = given.iter().find(|member| !members.contains(member))
    {
        return not_a_member(extra, members);
    }
    let help = cast_help(value, to);
    if let Some(int) = literal_int(value)
        && to.is_number()
    {
        return TypeProblem::new("narrowing", format!("{int} does not fit `{to}`")).at(0);
    }
    if let (Some((unscaled, scale)), Base::Decimal { precision, scale: to_scale }) = (literal_decimal(value), to) {
        let written = written(value, "the literal");
        let message = if digits(unscaled).saturating_sub(scale) > precision - to_scale {
            format!("{written} does not fit `{to}`")
        } else {
            format!("{written} has more than {to_scale} digits after the point")
        };
        return TypeProblem::new("narrowing", message).at(0).maybe_help(help);
    }
    let narrower = (from.is_integer() || matches!(from, Base::Decimal { .. }))
        && (to.is_integer() || matches!(to, Base::Decimal { .. }));
    if narrower {
        let mut problem = TypeProblem::new("narrowing", format!("not every `{from}` fits `{to}`"));
        problem.help = match (from, to) {
            (Base::Int64, Base::Int32) => Some(format!("write `int32({})`", written(value, "x"))),
            _ => help,
        };
        return problem;
    }
    if from.is_number() && to.is_number() {
        return TypeProblem::new("mixed-number-types", format!("`{from}` where {} is needed", one(to, to)))
            .maybe_help(help);
    }
    TypeProblem::new("type-mismatch", format!("`{from}` where {} is needed", one(to, to))).maybe_help(help)
}

fn record_refusal(given: &[pipewright_plan::Field], wanted: &[pipewright_plan::Field]) -> TypeProblem {
    for field in wanted {
        match given.iter().find(|other| other.name == field.name) {
            None => {
                return TypeProblem::new("type-mismatch", format!("the field `{}` is missing", field.name))
                    .help(format!("add `{} = …`, a `{}`", field.name, field.ty));
            }
            Some(other) if !fits_type(&other.ty, &field.ty) => {
                return TypeProblem::new(
                    "type-mismatch",
                    format!(
                        "field `{}`: `{}` where {} is needed",
                        field.name,
                        other.ty,
                        one(&field.ty, &field.ty.base)
                    ),
                );
            }
            Some(_) => {}
        }
    }
    match given.iter().find(|field| !wanted.iter().any(|other| other.name == field.name)) {
        Some(extra) => {
            TypeProblem::new("type-mismatch", format!("there is no field `{}` in the declared type", extra.name))
        }
        None => TypeProblem::new("type-mismatch", "the fields differ from those of the declared type"),
    }
}

/// A plausible fallback of a type, for help.
fn fallback(base: &Base) -> &'static str {
    match base {
        Base::Bool => "false",
        Base::Int32 | Base::Int64 => "0",
        Base::Float64 | Base::Decimal { .. } => "0.0",
        Base::String => "\"unknown\"",
        _ => "…",
    }
}

/// A type with its article: `an int32`, `a string`.
fn one(ty: &impl std::fmt::Display, base: &Base) -> String {
    let article = if matches!(base, Base::Int32 | Base::Int64) { "an" } else { "a" };
    format!("{article} `{ty}`")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;
    use crate::typing::tests_support::{expr, ty};

    #[test]
    fn lossless_values_are_taken() {
        for (value, to) in [
            ("int32", "int64"),
            ("5", "int32"),
            ("5", "decimal(12, 2)"),
            ("5", "float64"),
            ("-5", "int32"),
            ("1.50", "decimal(2, 1)"),
            ("0.92", "decimal(10, 6)"),
            ("1.5", "float64"),
            ("decimal(10, 2)", "decimal(12, 2)"),
            ("int32", "decimal(12, 2)"),
            ("int64?", "int64?"),
            ("int64", "int64?"),
            ("null", "string?"),
            ("\"a\"", "\"a\" | \"b\""),
            ("\"a\" | \"b\"", "string"),
            ("\"a\" | \"b\"", "\"b\" | \"a\" | \"c\""),
            ("list<int32>", "list<int64?>"),
            ("list<null>", "list<string?>"),
        ] {
            let taken = assign(expr(value), &ty(to)).unwrap_or_else(|e| panic!("{value} to {to}: {e:?}"));
            assert_eq!(taken.ty, ty(to), "{value} to {to}");
        }
        assert!(assign(expr("unknown"), &ty("string")).is_ok());
        assert!(assign(expr("string"), &ty("unknown")).is_ok());
    }

    #[test]
    fn lossy_values_are_refused() {
        for (value, to, name, message, help) in [
            ("int64", "int32", "narrowing", "not every `int64` fits `int32`", "`int32(x)`"),
            ("3000000000", "int32", "narrowing", "3000000000 does not fit `int32`", ""),
            ("int64", "decimal(12, 2)", "narrowing", "not every `int64` fits", "decimal(x, 12, 2)"),
            ("decimal(23, 8)", "decimal(12, 2)", "narrowing", "not every", "decimal(x, 12, 2)"),
            ("decimal(12, 8)", "decimal(12, 2)", "narrowing", "not every", "round(x, 2)"),
            ("1.505", "decimal(12, 2)", "narrowing", "1.505 has more than 2 digits", ""),
            ("1000.5", "decimal(4, 2)", "narrowing", "1000.5 does not fit", ""),
            ("int64?", "int64", "null-not-allowed", "`int64?` may be null, `int64` may not", "`x ?? 0`"),
            ("null", "string", "null-not-allowed", "`null` where a `string` is needed", "`string?`"),
            ("float64", "decimal(12, 2)", "mixed-number-types", "`float64` where a", "decimal(x, 12, 2)"),
            ("int64", "float64", "mixed-number-types", "`int64` where a `float64`", "float64(x)"),
            ("decimal(12, 2)", "int64", "narrowing", "not every", "int64(round(x))"),
            ("string", "timestamp", "type-mismatch", "`string` where a `timestamp`", "timestamp(x)"),
            ("int64", "timestamp", "type-mismatch", "`int64` where a `timestamp`", "unit = \"ms\""),
            ("string", "\"a\" | \"b\"", "type-mismatch", "`string` where a", ""),
            ("\"paid\"", "\"pair\" | \"b\"", "not-a-member", "`\"paid\"` is not one", "did you mean `\"pair\"`"),
            ("list<int64?>", "list<int64>", "type-mismatch", "`list<int64?>` where a", ""),
        ] {
            let problem = assign(expr(value), &ty(to)).unwrap_err();
            assert_eq!(problem.name, name, "{value} to {to}: {problem:?}");
            assert!(problem.message.contains(message), "{value} to {to}: {}", problem.message);
            assert!(problem.help.as_deref().unwrap_or("").contains(help), "{value} to {to}: {:?}", problem.help);
        }
    }
}
