//! The one type that holds several values: branches, fallbacks, members of a list.
//!
//! Literals follow the other values: they are looked at last and take the type found by then.

use pipewright_plan::{Base, Expr, ExprKind, Field, Literal, Type};

use super::arithmetic::as_decimal;
use super::literal::is_number_or_text_literal;
use super::{TypeProblem, cast_help, integer_digits, literal_int, literal_text_value, retype, widen};

/// The base type that holds the values of both, if widening without loss leads there: integers, decimals, strings and
/// closed sets among themselves, integers in decimals; nested types member by member.
pub fn common_base(a: &Base, b: &Base) -> Option<Base> {
    Some(match (a, b) {
        (Base::Unknown, _) | (_, Base::Unknown) => Base::Unknown,
        (Base::Null, other) | (other, Base::Null) => other.clone(),
        (a, b) if a == b => a.clone(),
        (a, b) if a.is_integer() && b.is_integer() => Base::Int64,
        (Base::Decimal { precision: p1, scale: s1 }, Base::Decimal { precision: p2, scale: s2 }) => {
            let scale = *s1.max(s2);
            let precision = p1.saturating_sub(*s1).max(p2.saturating_sub(*s2)) + scale;
            if precision > 38 {
                return None;
            }
            Base::Decimal { precision, scale }
        }
        (decimal @ Base::Decimal { .. }, int) | (int, decimal @ Base::Decimal { .. }) if int.is_integer() => {
            return common_base(decimal, &Base::Decimal { precision: integer_digits(int), scale: 0 });
        }
        (Base::Set(a), Base::Set(b)) => {
            let mut members = a.clone();
            members.extend(b.iter().filter(|member| !a.contains(member)).cloned());
            Base::Set(members)
        }
        (a, b) if a.is_text() && b.is_text() => Base::String,
        (Base::List(a), Base::List(b)) => Base::List(Box::new(common_type(a, b)?)),
        (Base::Map(a), Base::Map(b)) => Base::Map(Box::new(common_type(a, b)?)),
        (Base::Record(a), Base::Record(b)) if a.len() == b.len() => {
            let fields = a.iter().map(|field| {
                let other = b.iter().find(|other| other.name == field.name)?;
                Some(Field { ty: common_type(&field.ty, &other.ty)?, ..field.clone() })
            });
            Base::Record(fields.collect::<Option<Vec<_>>>()?)
        }
        _ => return None,
    })
}

/// True for a call that gives no value at all (`fail("…")`): it fits any type. Its own is `null`, but never null.
pub fn is_never(value: &Expr) -> bool {
    value.ty.base == Base::Null && !value.ty.nullable && !matches!(value.kind, ExprKind::Literal(_))
}

fn common_type(a: &Type, b: &Type) -> Option<Type> {
    let nullable = a.nullable || b.nullable || a.base == Base::Null || b.base == Base::Null;
    Some(Type { base: common_base(&a.base, &b.base)?, nullable })
}

/// The one type that holds all of these (branches of `if` and `match`, `??`, members of a list), each widened to it.
/// `null` among them makes it nullable. `argument` of the problem says which one does not fit the ones before it.
/// No values at all give the type of `null`.
pub fn unify(values: Vec<Expr>) -> Result<(Vec<Expr>, Type), TypeProblem> {
    if values.iter().any(|value| value.ty.is_unknown()) {
        return Ok((values, Type::unknown()));
    }
    let nullable = values.iter().any(|value| !is_never(value) && (value.ty.nullable || value.ty.base == Base::Null));
    let mut order: Vec<(usize, &Expr)> =
        values.iter().enumerate().filter(|(_, value)| value.ty.base != Base::Null).collect();
    // Literals after the rest, and whole ones last: `1` beside `0.5` has one digit, not nineteen.
    order.sort_by_key(|(_, value)| (is_number_or_text_literal(value), literal_int(value).is_some()));
    let mut found: Option<(Base, bool)> = None;
    for (position, value) in order {
        let literal = is_number_or_text_literal(value);
        let base = match &found {
            None => value.ty.base.clone(),
            Some((base, only_literals)) => {
                let next =
                    if literal { with_literal(base, value, *only_literals) } else { common_base(base, &value.ty.base) };
                next.ok_or_else(|| misfit(base, value).at(position))?
            }
        };
        found = Some((base, literal && found.is_none_or(|(_, only_literals)| only_literals)));
    }
    let Some((base, _)) = found else {
        let base = Base::Null;
        return Ok((values, if nullable { base.optional() } else { base.required() }));
    };
    let ty = Type { base, nullable };
    Ok((values.into_iter().map(|value| widen(value, ty.clone())).collect(), ty))
}

/// The base that holds the values of `base` and the literal.
fn with_literal(base: &Base, literal: &Expr, only_literals: bool) -> Option<Base> {
    if let (Base::Set(members), Some(text)) = (base, literal_text_value(literal)) {
        let mut members = members.clone();
        if !members.iter().any(|member| member == text) {
            members.push(text.to_owned());
        }
        return Some(Base::Set(members));
    }
    if only_literals && base.is_integer() && literal.ty.base.is_integer() {
        return Some(if *base == Base::Int64 { Base::Int64 } else { literal.ty.base.clone() });
    }
    if retype(literal, base).is_some() {
        return Some(base.clone());
    }
    match base {
        Base::Decimal { .. } if literal.ty.base.is_integer() => common_base(base, &as_decimal(literal.clone()).ty.base),
        _ => common_base(base, &literal.ty.base),
    }
}

fn misfit(base: &Base, value: &Expr) -> TypeProblem {
    let other = &value.ty.base;
    if base.is_number() && other.is_number() {
        let decimals = |base: &Base| base.is_integer() || matches!(base, Base::Decimal { .. });
        if decimals(base) && decimals(other) {
            return TypeProblem::new(
                "decimal-too-wide",
                format!("no decimal of 38 digits holds `{base}` and `{other}`"),
            )
            .maybe_help(cast_help(value, base));
        }
        return TypeProblem::new("mixed-number-types", format!("`{base}` and `{other}` do not mix"))
            .maybe_help(cast_help(value, base));
    }
    let wrong_literal = matches!(value.kind, ExprKind::Literal(ref literal) if *literal != Literal::Null);
    TypeProblem::new(
        "type-mismatch",
        format!(
            "the values before {} `{base}`, this {} `{other}`",
            if wrong_literal { "are" } else { "have the type" },
            "is"
        ),
    )
    .maybe_help(cast_help(value, base))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;
    use crate::typing::tests_support::expr;

    #[test]
    fn one_type_holds_all() {
        for (values, expected) in [
            ("int64; 1", "int64"),
            ("int32; 1", "int32"),
            ("int32; 3000000000", "int64"),
            ("int32; int64", "int64"),
            ("1; 2", "int64"),
            ("int64; null", "int64?"),
            ("null; null", "null"),
            ("decimal(12, 2); decimal(10, 6)", "decimal(16, 6)"),
            ("1.0; 0.92", "decimal(3, 2)"),
            ("1; 0.5", "decimal(2, 1)"),
            ("decimal(4, 2); 1000", "decimal(6, 2)"),
            ("decimal(12, 2); int64", "decimal(21, 2)"),
            ("float64; 1", "float64"),
            ("1; float64; 2.5", "float64"),
            ("1; 2e0", "float64"),
            ("string; \"a\"", "string"),
            ("\"a\" | \"b\"; \"a\"", "\"a\" | \"b\""),
            ("\"a\" | \"b\"; \"c\"; null", "(\"a\" | \"b\" | \"c\")?"),
            ("\"a\" | \"b\"; \"b\" | \"c\"", "\"a\" | \"b\" | \"c\""),
            ("\"a\" | \"b\"; string", "string"),
            ("list<null>; list<int64>", "list<int64?>"),
            ("timestamp?; timestamp", "timestamp?"),
            ("int64; unknown; string", "unknown"),
        ] {
            let exprs = values.split("; ").filter(|v| !v.is_empty()).map(expr).collect();
            let (exprs, ty) = unify(exprs).unwrap_or_else(|e| panic!("{values}: {e:?}"));
            assert_eq!(ty.to_string(), expected, "{values}");
            if !ty.is_unknown() {
                assert!(exprs.iter().all(|value| value.ty.base == ty.base || ty.base == Base::Null), "{values}");
            }
        }
    }

    #[test]
    fn what_never_returns_fits_any_type() {
        let call = ExprKind::Call { function: "fail".into(), args: vec![expr("\"no\"")] };
        let never = Expr { kind: call, ty: Base::Null.required(), origin: Default::default() };
        let (values, ty) = unify(vec![expr("int64"), never.clone()]).unwrap();
        assert_eq!(ty.to_string(), "int64");
        assert_eq!(values[1].ty.to_string(), "int64");
        assert_eq!(crate::typing::assign(never, &ty).unwrap().ty, ty);
    }

    #[test]
    fn the_first_misfit_is_named() {
        for (values, argument, name) in [
            ("int64; string", 1, "type-mismatch"),
            ("int64; int64; \"a\"", 2, "type-mismatch"),
            ("float64; int64", 1, "mixed-number-types"),
            ("float64; decimal(5, 2)", 1, "mixed-number-types"),
            ("decimal(38, 0); decimal(10, 5)", 1, "decimal-too-wide"),
            ("timestamp; local_timestamp", 1, "type-mismatch"),
            ("int64; json", 1, "type-mismatch"),
        ] {
            let problem = unify(values.split("; ").map(expr).collect()).unwrap_err();
            assert_eq!((problem.argument, problem.name), (Some(argument), name), "{values}: {problem:?}");
            assert!(problem.message.chars().count() < 80, "{values}: {}", problem.message);
        }
    }
}
