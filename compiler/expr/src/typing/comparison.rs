//! `== != < <= > >=`: both sides are brought to one base type. Decimals are compared by value and keep their own scale.

use pipewright_plan::{Base, CompareOp, Expr, ExprKind, Literal, Type};

use super::arithmetic::{as_decimal, floats};
use super::{TypeProblem, cast_help, common_base, literal_text_value, widen_base, written};

/// Types `left op right`: both sides brought to one base type. The result is `bool`, nullable if a side is.
pub fn comparison(op: CompareOp, left: Expr, right: Expr) -> Result<(Expr, Expr, Type), TypeProblem> {
    if left.ty.is_unknown() || right.ty.is_unknown() {
        return Ok((left, right, Type::unknown()));
    }
    let ty = Type { base: Base::Bool, nullable: left.ty.nullable || right.ty.nullable };
    let is_null = |value: &Expr| value.ty.base == Base::Null;
    if is_null(&left) || is_null(&right) {
        let (argument, other) = if is_null(&right) { (1, &left) } else { (0, &right) };
        let not = if op == CompareOp::NotEqual { "not " } else { "" };
        return Err(TypeProblem::new("comparison-with-null", "a comparison with `null` is always null, never true")
            .at(argument)
            .help(format!("write `{} is {not}null`", written(other, "x"))));
    }
    let (l, r) = (left.ty.base.clone(), right.ty.base.clone());
    let (left, right) = if l.is_number() && r.is_number() {
        numbers(left, right)?
    } else if l.is_text() && r.is_text() {
        members(op, &left, &right)?;
        (left, right)
    } else {
        others(op, left, right)?
    };
    Ok((left, right, ty))
}

fn ordered(op: CompareOp) -> bool {
    !matches!(op, CompareOp::Equal | CompareOp::NotEqual)
}

fn numbers(left: Expr, right: Expr) -> Result<(Expr, Expr), TypeProblem> {
    if left.ty.base == Base::Float64 || right.ty.base == Base::Float64 {
        return floats(left, right);
    }
    if left.ty.base == right.ty.base {
        return Ok((left, right));
    }
    if left.ty.base.is_integer() && right.ty.base.is_integer() {
        return Ok((widen_base(left, Base::Int64), widen_base(right, Base::Int64)));
    }
    Ok((as_decimal(left), as_decimal(right)))
}

/// A closed set is only compared with what it may contain.
fn members(op: CompareOp, left: &Expr, right: &Expr) -> Result<(), TypeProblem> {
    for (argument, value, set) in [(1, right, &left.ty.base), (0, left, &right.ty.base)] {
        if let (Some(text), Base::Set(members)) = (literal_text_value(value), set)
            && !members.iter().any(|member| member == text)
        {
            return Err(not_a_member(text, members).at(argument));
        }
    }
    if let (Base::Set(a), Base::Set(b)) = (&left.ty.base, &right.ty.base)
        && !ordered(op)
        && !a.iter().any(|member| b.contains(member))
    {
        return Err(TypeProblem::new("not-a-member", "the two sides have no value in common: they are never equal")
            .help(format!("the left side is one of {}", listed(a))));
    }
    Ok(())
}

/// The members, each quoted, shortened after eight.
fn listed(members: &[String]) -> String {
    let mut text = members.iter().take(8).map(|member| format!("`{member:?}`")).collect::<Vec<_>>().join(", ");
    if members.len() > 8 {
        text.push_str(", …");
    }
    text
}

/// A string where only members of a closed set can stand.
pub(super) fn not_a_member(text: &str, members: &[String]) -> TypeProblem {
    let closest = members
        .iter()
        .map(|member| (strsim::osa_distance(&text.to_lowercase(), &member.to_lowercase()), member))
        .filter(|(distance, member)| *distance <= member.chars().count().max(text.chars().count()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance);
    let shown: String =
        if text.chars().count() > 30 { text.chars().take(29).chain(['…']).collect() } else { text.to_owned() };
    TypeProblem::new("not-a-member", format!("`{shown:?}` is not one of its values")).help(match closest {
        Some((_, member)) => format!("did you mean `{member:?}`? it is one of {}", listed(members)),
        None => format!("it is one of {}", listed(members)),
    })
}

fn others(op: CompareOp, left: Expr, right: Expr) -> Result<(Expr, Expr), TypeProblem> {
    let (l, r) = (left.ty.base.clone(), right.ty.base.clone());
    for (argument, value, other) in [(0, &left, &r), (1, &right, &l)] {
        if value.ty.base == Base::Json {
            let target = if *other == Base::Json { &Base::String } else { other };
            return Err(TypeProblem::new(
                "not-comparable",
                "`json` has no equality: its numbers and keys have no one form",
            )
            .at(argument)
            .maybe_help(cast_help(value, target)));
        }
    }
    let Some(base) = common_base(&l, &r) else {
        // The cast goes on the literal side if there is one, else towards the richer type.
        let (argument, help) = if is_literal(&right) || !is_literal(&left) && r.is_text() {
            (1, cast_help(&right, &l).or_else(|| cast_help(&left, &r)))
        } else {
            (0, cast_help(&left, &r).or_else(|| cast_help(&right, &l)))
        };
        return Err(TypeProblem::new("type-mismatch", format!("`{l}` and `{r}` cannot be compared"))
            .at(argument)
            .maybe_help(help));
    };
    if ordered(op) && matches!(base, Base::Bool | Base::List(_) | Base::Map(_) | Base::Record(_)) {
        let help =
            (base == Base::Bool).then(|| format!("write `{} and not {}`", written(&left, "a"), written(&right, "b")));
        return Err(
            TypeProblem::new("not-comparable", format!("`{base}` has no order, only `==` and `!=`")).maybe_help(help)
        );
    }
    if contains_json(&base) {
        return Err(TypeProblem::new("not-comparable", format!("`{base}` contains `json`, which has no equality")));
    }
    Ok((widen_base(left, base.clone()), widen_base(right, base)))
}

fn is_literal(value: &Expr) -> bool {
    matches!(value.kind, ExprKind::Literal(ref literal) if *literal != Literal::Null)
}

fn contains_json(base: &Base) -> bool {
    match base {
        Base::Json => true,
        Base::List(inner) | Base::Map(inner) => contains_json(&inner.base),
        Base::Record(fields) => fields.iter().any(|field| contains_json(&field.ty.base)),
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;
    use crate::typing::tests_support::expr;

    #[test]
    fn both_sides_get_one_type() {
        for (left, right, both, nullable) in [
            ("int32", "int64", "int64 int64", false),
            ("int32", "5", "int64 int64", false),
            ("int64?", "5", "int64? int64", true),
            ("decimal(12, 2)", "0", "decimal(12, 2) decimal(1, 0)", false),
            ("decimal(12, 2)", "int32", "decimal(12, 2) decimal(10, 0)", false),
            ("decimal(12, 2)", "decimal(38, 0)", "decimal(12, 2) decimal(38, 0)", false),
            ("int64", "1.5", "decimal(19, 0) decimal(2, 1)", false),
            ("float64", "1", "float64 float64", false),
            ("float64", "-1.5", "float64 float64", false),
            ("string", "\"a\"", "string string", false),
            ("\"a\" | \"b\"", "\"a\"", "\"a\" | \"b\" string", false),
            ("\"a\" | \"b\"", "string?", "\"a\" | \"b\" string?", true),
            ("timestamp", "timestamp", "timestamp timestamp", false),
            ("list<int32>", "list<int64>", "list<int64> list<int64>", false),
            ("uuid", "uuid", "uuid uuid", false),
            ("unknown", "int64", "unknown int64", false),
        ] {
            let (l, r, ty) = comparison(CompareOp::Equal, expr(left), expr(right)).unwrap();
            assert_eq!(format!("{} {}", l.ty, r.ty), both, "{left} == {right}");
            assert_eq!(ty.nullable, nullable, "{left} == {right}");
        }
    }

    #[test]
    fn what_has_no_answer_is_refused() {
        use CompareOp::{Equal, Less, NotEqual};
        for (op, left, right, name, message, help) in [
            (Equal, "int64", "null", "comparison-with-null", "always null", "`x is null`"),
            (NotEqual, "null", "string?", "comparison-with-null", "always null", "`x is not null`"),
            (
                Equal,
                "\"new\" | \"paid\"",
                "\"payed\"",
                "not-a-member",
                "`\"payed\"` is not one",
                "did you mean `\"paid\"`",
            ),
            (Equal, "\"new\" | \"paid\"", "\"PAID\"", "not-a-member", "is not one", "did you mean `\"paid\"`"),
            (Equal, "\"new\" | \"paid\"", "\"x\"", "not-a-member", "is not one", "it is one of `\"new\"`, `\"paid\"`"),
            (Equal, "\"new\" | \"paid\"", "\"a\" | \"b\"", "not-a-member", "never equal", "`\"new\"`"),
            (Equal, "float64", "decimal(5, 2)", "mixed-number-types", "do not mix", "float64(x)"),
            (Equal, "float64", "int64", "mixed-number-types", "do not mix", "float64(x)"),
            (Equal, "json", "json", "not-comparable", "`json` has no equality", "string(x)"),
            (Equal, "int64", "json", "not-comparable", "`json` has no equality", "int64(x)"),
            (Less, "bool", "bool", "not-comparable", "has no order", "x and not x"),
            (Less, "list<int64>", "list<int64>", "not-comparable", "has no order", ""),
            (Equal, "list<json>", "list<json>", "not-comparable", "contains `json`", ""),
            (Equal, "int64", "\"5\"", "type-mismatch", "`int64` and `string`", "`int64(\"5\")`"),
            (Less, "timestamp", "\"2026-01-01\"", "type-mismatch", "cannot be compared", "`@2026-01-01`"),
            (Less, "timestamp", "local_timestamp", "type-mismatch", "cannot be compared", "at_zone"),
            (Less, "string", "int64", "type-mismatch", "cannot be compared", "int64(x)"),
        ] {
            let problem = comparison(op, expr(left), expr(right)).unwrap_err();
            assert_eq!(problem.name, name, "{left} {op:?} {right}");
            assert!(problem.message.contains(message), "{left} {op:?} {right}: {}", problem.message);
            assert!(problem.help.as_deref().unwrap_or("").contains(help), "{left} {op:?} {right}: {:?}", problem.help);
        }
    }
}
