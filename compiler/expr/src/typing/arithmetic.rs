//! `+ - * / %` and `-x`.
//!
//! Integers give `int64`, decimals the type that holds every result exactly (division alone rounds), floats floats.
//! What would lose digits silently is refused.

use pipewright_plan::{ArithmeticOp, Base, Expr, Type};

use super::literal::{literal_decimal, minimal_decimal};
use super::{TypeProblem, integer_digits, literal_int, retype, widen_base, written};

/// The most digits a decimal has.
const MAX_PRECISION: u16 = 38;

/// Types `left op right`: widens the operands as needed and gives the finished expression kind's operands and type.
pub fn arithmetic(op: ArithmeticOp, left: Expr, right: Expr) -> Result<(Expr, Expr, Type), TypeProblem> {
    if left.ty.is_unknown() || right.ty.is_unknown() {
        return Ok((left, right, Type::unknown()));
    }
    for (argument, operand) in [&left, &right].into_iter().enumerate() {
        if operand.ty.base == Base::Null {
            return Err(TypeProblem::new("type-mismatch", "`null` is no number: the result would always be null")
                .at(argument)
                .help("use `??` where a value may be missing"));
        }
    }
    let nullable = left.ty.nullable || right.ty.nullable;
    let (left, right, base) = if left.ty.base.is_number() && right.ty.base.is_number() {
        numbers(op, left, right)?
    } else {
        let base = time(op, &left, &right)?;
        // A duration is multiplied by any integer; both are 64 bits at run time.
        (integer_operand(left), integer_operand(right), base)
    };
    Ok((left, right, Type { base, nullable }))
}

/// Types `-operand`.
pub fn negation(operand: &Expr) -> Result<Type, TypeProblem> {
    match &operand.ty.base {
        Base::Int32 if literal_int(operand).is_none() => Ok(Type { base: Base::Int64, nullable: operand.ty.nullable }),
        Base::Int32 | Base::Int64 | Base::Float64 | Base::Decimal { .. } | Base::Duration | Base::Unknown => {
            Ok(operand.ty.clone())
        }
        base => Err(TypeProblem::new("type-mismatch", format!("`-` needs a number or a duration, not `{base}`"))
            .at(0)
            .maybe_help((*base == Base::Bool).then(|| format!("write `not {}`", written(operand, "x"))))),
    }
}

/// The type of `d(p1, s1) op d(p2, s2)`: precision and scale, before the limit of 38 digits is looked at.
/// Division cuts its scale to fit, as far as six digits remain.
pub fn decimal_result(op: ArithmeticOp, left: (u8, u8), right: (u8, u8)) -> (u16, u16) {
    let (p1, s1) = (u16::from(left.0), u16::from(left.1));
    let (p2, s2) = (u16::from(right.0), u16::from(right.1));
    let (i1, i2) = (p1.saturating_sub(s1), p2.saturating_sub(s2));
    match op {
        ArithmeticOp::Add | ArithmeticOp::Subtract => {
            let scale = s1.max(s2);
            (i1.max(i2) + scale + 1, scale)
        }
        ArithmeticOp::Multiply => (p1 + p2 + 1, s1 + s2),
        ArithmeticOp::Divide => {
            let integer = i1 + s2;
            let mut scale = (s1 + p2 + 1).max(6);
            if integer + scale > MAX_PRECISION {
                scale = scale.min(MAX_PRECISION.saturating_sub(integer).max(6));
            }
            ((integer + scale).min(MAX_PRECISION), scale)
        }
        ArithmeticOp::Remainder => {
            let scale = s1.max(s2);
            (i1.min(i2) + scale, scale)
        }
    }
}

fn integer_operand(value: Expr) -> Expr {
    if value.ty.base == Base::Int32 { widen_base(value, Base::Int64) } else { value }
}

fn numbers(op: ArithmeticOp, left: Expr, right: Expr) -> Result<(Expr, Expr, Base), TypeProblem> {
    if left.ty.base == Base::Float64 || right.ty.base == Base::Float64 {
        let (left, right) = floats(left, right)?;
        return Ok((left, right, Base::Float64));
    }
    if left.ty.base.is_integer() && right.ty.base.is_integer() {
        if op == ArithmeticOp::Divide {
            let (a, b) = (written(&left, "a"), written(&right, "b"));
            return Err(TypeProblem::new("integer-division", "`/` of two integers: a whole number or a fraction?")
                .help(format!("write `div({a}, {b})` or `decimal({a}, 12, 2) / {b}`")));
        }
        return Ok((integer_operand(left), integer_operand(right), Base::Int64));
    }
    let (left, right) = (as_decimal(left), as_decimal(right));
    let (Base::Decimal { precision: p1, scale: s1 }, Base::Decimal { precision: p2, scale: s2 }) =
        (&left.ty.base, &right.ty.base)
    else {
        return Err(TypeProblem::new("type-mismatch", "not a number"));
    };
    let (precision, scale) = decimal_result(op, (*p1, *s1), (*p2, *s2));
    if precision > MAX_PRECISION || scale > MAX_PRECISION {
        return Err(too_wide(op, &left, &right, precision));
    }
    // A remainder of fractions smaller than one has no digit before the point, but a type needs one digit at least.
    let base = Base::Decimal { precision: (precision as u8).max(1), scale: scale as u8 };
    Ok((left, right, base))
}

fn too_wide(op: ArithmeticOp, left: &Expr, right: &Expr, precision: u16) -> TypeProblem {
    let wider = if digits_of(left) >= digits_of(right) { left } else { right };
    let scale = if let Base::Decimal { scale, .. } = wider.ty.base { scale.min(2) } else { 0 };
    TypeProblem::new(
        "decimal-too-wide",
        format!("`{} {} {}` needs {precision} digits, a decimal has 38", left.ty.base, symbol(op), right.ty.base),
    )
    .help(format!("round or cast one side: `decimal({}, 18, {scale})`", written(wider, "x")))
}

fn digits_of(value: &Expr) -> u8 {
    if let Base::Decimal { precision, .. } = value.ty.base { precision } else { 0 }
}

/// An integer as the decimal that holds it; a literal with as many digits as it has.
pub(super) fn as_decimal(value: Expr) -> Expr {
    if !value.ty.base.is_integer() {
        return value;
    }
    let base = match literal_int(&value) {
        Some(int) => minimal_decimal(int),
        None => Base::Decimal { precision: integer_digits(&value.ty.base), scale: 0 },
    };
    widen_base(value, base)
}

/// Both sides as floats: one is, the other must be a float or a literal that can be one.
pub(super) fn floats(left: Expr, right: Expr) -> Result<(Expr, Expr), TypeProblem> {
    let problem = |argument: usize, value: &Expr, other: &Expr| {
        let x = written(value, "x");
        if literal_int(value).is_some() {
            return TypeProblem::new("mixed-number-types", format!("`float64` cannot hold {x} exactly")).at(argument);
        }
        let types = if argument == 0 {
            format!("`{}` and `{}`", value.ty.base, other.ty.base)
        } else {
            format!("`{}` and `{}`", other.ty.base, value.ty.base)
        };
        TypeProblem::new("mixed-number-types", format!("{types} do not mix: which one should it be?"))
            .at(argument)
            .help(format!("write `float64({x})`, or cast the other side"))
    };
    // Looked at before anything is moved: a long chain hangs on the left side and must not be copied for each link.
    let fits = |value: &Expr| {
        debug_assert!(value.ty.base.is_number());
        value.ty.base == Base::Float64 || literal_int(value).is_some() || literal_decimal(value).is_some()
    };
    let convert = |value: Expr| match value.ty.base {
        Base::Float64 => Ok(value),
        _ => retype(&value, &Base::Float64).ok_or(value),
    };
    if !fits(&left) {
        return Err(problem(0, &left, &right));
    }
    if !fits(&right) {
        return Err(problem(1, &right, &left));
    }
    let left = convert(left).map_err(|left| problem(0, &left, &right))?;
    let right = convert(right).map_err(|right| problem(1, &right, &left))?;
    Ok((left, right))
}

fn time(op: ArithmeticOp, left: &Expr, right: &Expr) -> Result<Base, TypeProblem> {
    use ArithmeticOp::{Add, Divide, Multiply, Remainder, Subtract};
    let instant = |base: &Base| matches!(base, Base::Timestamp | Base::LocalTimestamp);
    let (l, r) = (&left.ty.base, &right.ty.base);
    let (a, b) = (written(left, "a"), written(right, "b"));
    match (op, l, r) {
        (Add | Subtract, Base::Duration, Base::Duration) => return Ok(Base::Duration),
        (Add | Subtract, _, Base::Duration) if instant(l) => return Ok(l.clone()),
        (Add, Base::Duration, _) if instant(r) => return Ok(r.clone()),
        (Subtract, _, _) if instant(l) && l == r => return Ok(Base::Duration),
        (Multiply, Base::Duration, _) if r.is_integer() => return Ok(Base::Duration),
        (Multiply, _, Base::Duration) if l.is_integer() => return Ok(Base::Duration),
        _ => {}
    }
    let help = match (op, l, r) {
        (Add, Base::Date, Base::Duration) => Some(format!("write `date_add({a}, 1)` for the next day")),
        (Subtract, Base::Date, Base::Duration) => Some(format!("write `date_add({a}, -1)` for the day before")),
        (Subtract, Base::Date, Base::Date) => Some(format!("write `date_diff(\"day\", {b}, {a})`")),
        (Add | Subtract, Base::Date, _) if r.is_integer() => Some(format!("write `date_add({a}, {b})`")),
        (Add | Subtract, _, _) if instant(l) && r.is_integer() => {
            Some("an integer has no unit: write a duration such as `90s`".to_owned())
        }
        (Subtract, Base::Timestamp, Base::LocalTimestamp) | (Subtract, Base::LocalTimestamp, Base::Timestamp) => {
            let local = if *l == Base::LocalTimestamp { &a } else { &b };
            Some(format!("name the zone: `at_zone({local}, \"Europe/Paris\")`"))
        }
        (Add, _, _) if l.is_text() || r.is_text() => {
            if l.is_text() && r.is_text() {
                Some(format!("write `concat({a}, {b})`"))
            } else {
                Some(format!("write `f\"{{{a}}}{{{b}}}\"`"))
            }
        }
        (Subtract | Multiply | Divide | Remainder, _, _) if l.is_text() && r.is_number() => super::cast_help(left, r),
        (Subtract | Multiply | Divide | Remainder, _, _) if l.is_number() && r.is_text() => super::cast_help(right, l),
        (_, Base::Json, _) if r.is_number() => super::cast_help(left, r),
        (_, _, Base::Json) if l.is_number() => super::cast_help(right, l),
        _ => None,
    };
    let argument = match (l.is_number() || instant(l) || *l == Base::Duration, r.is_number() || *r == Base::Duration) {
        (false, true) => Some(0),
        (true, false) => Some(1),
        _ => None,
    };
    let mut problem =
        TypeProblem::new("type-mismatch", format!("`{}` cannot be applied to `{l}` and `{r}`", symbol(op)))
            .maybe_help(help);
    problem.argument = argument;
    Err(problem)
}

fn symbol(op: ArithmeticOp) -> &'static str {
    match op {
        ArithmeticOp::Add => "+",
        ArithmeticOp::Subtract => "-",
        ArithmeticOp::Multiply => "*",
        ArithmeticOp::Divide => "/",
        ArithmeticOp::Remainder => "%",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use pipewright_plan::{ArithmeticOp, ExprKind};

    use super::*;
    use crate::typing::tests_support::expr;

    fn op(symbol: &str) -> ArithmeticOp {
        match symbol {
            "+" => ArithmeticOp::Add,
            "-" => ArithmeticOp::Subtract,
            "*" => ArithmeticOp::Multiply,
            "/" => ArithmeticOp::Divide,
            "%" => ArithmeticOp::Remainder,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn results_are_typed_by_the_table() {
        for line in [
            "int32 + int32 = int64",
            "int64 + int32 = int64",
            "int64? * int64 = int64?",
            "int64 % 3 = int64",
            "float64 + 1 = float64",
            "2 * float64? = float64?",
            "float64 * 1.1 = float64",
            "float64 / float64 = float64",
            "decimal(12, 2) * decimal(10, 6) = decimal(23, 8)",
            "decimal(12, 2) + decimal(10, 6) = decimal(17, 6)",
            "decimal(12, 2) - decimal(12, 2) = decimal(13, 2)",
            "decimal(12, 2) + 1 = decimal(13, 2)",
            "decimal(12, 2) * 2 = decimal(14, 2)",
            "decimal(12, 2) * int32 = decimal(23, 2)",
            "decimal(12, 2) * int64 = decimal(32, 2)",
            "decimal(12, 2) * 1.19 = decimal(16, 4)",
            "decimal(12, 2) / 2 = decimal(16, 6)",
            "decimal(12, 2) / decimal(12, 2) = decimal(27, 15)",
            "decimal(38, 2) / decimal(38, 2) = decimal(38, 6)",
            "decimal(20, 10) / decimal(20, 5) = decimal(38, 23)",
            "int64 / decimal(10, 2) = decimal(32, 11)",
            "decimal(12, 2) % decimal(5, 3) = decimal(5, 3)",
            "0.5 % 0.25 = decimal(2, 2)",
            "decimal(18, 0) * decimal(19, 0) = decimal(38, 0)",
            "timestamp + duration = timestamp",
            "duration + timestamp? = timestamp?",
            "timestamp - duration = timestamp",
            "timestamp - timestamp = duration",
            "local_timestamp - local_timestamp = duration",
            "local_timestamp + duration = local_timestamp",
            "duration + duration = duration",
            "duration * 3 = duration",
            "int32 * duration = duration",
            "unknown + string = unknown",
        ] {
            let (operation, result) = line.split_once(" = ").unwrap();
            let (symbol, left, right) = split(operation);
            let (_, _, ty) =
                arithmetic(op(symbol), expr(left), expr(right)).unwrap_or_else(|e| panic!("{line}: {e:?}"));
            assert_eq!(ty.to_string(), result, "{line}");
        }
    }

    fn split(operation: &str) -> (&str, &str, &str) {
        for symbol in ["+", "-", "*", "/", "%"] {
            if let Some((left, right)) = operation.split_once(&format!(" {symbol} ")) {
                return (symbol, left, right);
            }
        }
        panic!("{operation}")
    }

    #[test]
    fn what_loses_digits_is_refused() {
        for (operation, name, message, help) in [
            ("int64 / 2", "integer-division", "`/` of two integers", "`div(x, 2)` or `decimal(x, 12, 2) / 2`"),
            (
                "decimal(12, 2) + float64",
                "mixed-number-types",
                "`decimal(12, 2)` and `float64` do not mix",
                "`float64(x)`",
            ),
            ("int64 * float64", "mixed-number-types", "`int64` and `float64` do not mix", "`float64(x)`"),
            ("float64 * int32", "mixed-number-types", "`float64` and `int32` do not mix", "`float64(x)`"),
            ("float64 + 9007199254740993", "mixed-number-types", "cannot hold 9007199254740993 exactly", ""),
            ("decimal(38, 2) + 1", "decimal-too-wide", "needs 39 digits", "`decimal(x, 18, 2)`"),
            ("decimal(20, 2) * decimal(18, 2)", "decimal-too-wide", "needs 39 digits", "round or cast"),
            ("string + string", "type-mismatch", "`+` cannot be applied to `string` and `string`", "`concat(x, x)`"),
            ("string + 1", "type-mismatch", "`string` and `int64`", "`f\"{x}{1}\"`"),
            ("string * 2", "type-mismatch", "`string` and `int64`", "`int64(x)`"),
            ("timestamp + 5", "type-mismatch", "`timestamp` and `int64`", "`90s`"),
            ("timestamp - local_timestamp", "type-mismatch", "`timestamp` and `local_timestamp`", "at_zone"),
            ("timestamp + timestamp", "type-mismatch", "`+` cannot be applied", ""),
            ("date + duration", "type-mismatch", "`date` and `duration`", "date_add"),
            ("date - date", "type-mismatch", "`date` and `date`", "date_diff"),
            ("duration - timestamp", "type-mismatch", "`duration` and `timestamp`", ""),
            ("json * 2", "type-mismatch", "`json` and `int64`", "`int64(x)`"),
            ("int64 + null", "type-mismatch", "`null` is no number", "??"),
            ("bool + bool", "type-mismatch", "`bool` and `bool`", ""),
        ] {
            let (symbol, left, right) = split(operation);
            let problem = arithmetic(op(symbol), expr(left), expr(right)).unwrap_err();
            assert_eq!(problem.name, name, "{operation}");
            assert!(problem.message.contains(message), "{operation}: {}", problem.message);
            assert!(problem.message.chars().count() < 80, "{operation}: {}", problem.message);
            assert!(problem.help.as_deref().unwrap_or("").contains(help), "{operation}: {:?}", problem.help);
        }
    }

    #[test]
    fn operands_are_widened() {
        let (left, right, _) = arithmetic(ArithmeticOp::Add, expr("int32"), expr("int64")).unwrap();
        assert!(matches!(left.kind, ExprKind::Widen(_)));
        assert_eq!(left.ty.to_string(), "int64");
        assert!(matches!(right.kind, ExprKind::Column(_)));
        let (_, right, _) = arithmetic(ArithmeticOp::Multiply, expr("decimal(12, 2)"), expr("-20")).unwrap();
        assert!(matches!(right.kind, ExprKind::Literal(_)));
        assert_eq!(right.ty.to_string(), "decimal(2, 0)");
    }

    #[test]
    fn negation_takes_numbers_and_durations() {
        assert_eq!(negation(&expr("int32?")).unwrap().to_string(), "int64?");
        assert_eq!(negation(&expr("decimal(5, 2)")).unwrap().to_string(), "decimal(5, 2)");
        assert_eq!(negation(&expr("duration")).unwrap().to_string(), "duration");
        assert_eq!(negation(&expr("bool")).unwrap_err().help.unwrap(), "write `not x`");
        assert_eq!(negation(&expr("string")).unwrap_err().name, "type-mismatch");
    }
}
