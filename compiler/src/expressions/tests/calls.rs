//! Calls of the library, and what is computed before any record is read.

use pipewright_plan::{Base, ExprKind, Literal};

use super::{check, shown, with_context};
use crate::expressions;

#[test]
fn constants_are_computed() {
    for (text, expected) in [
        ("1 + 2 * 3", "Int(7)"),
        ("-(2 + 3)", "Int(-5)"),
        ("limit * 2", "Int(20)"),
        ("1.5 * 2", "Decimal(\"30\")"),
        ("1 < 2", "Bool(true)"),
        ("1h + 30m", "Int(5400000000)"),
    ] {
        let checked = check(text);
        assert_eq!(shown(&checked), [""; 0], "{text}");
        let mut value = &checked.value;
        while let ExprKind::Widen(inner) = &value.kind {
            value = inner;
        }
        let ExprKind::Literal(literal) = &value.kind else { panic!("{text}: {:?}", checked.value) };
        assert_eq!(format!("{literal:?}"), expected, "{text}");
    }
}

#[test]
fn a_constant_that_fails_is_reported() {
    for (text, place) in [
        ("1.0 / 0", "0"),
        ("amount / 0.00", "0.00"),
        ("id + (9223372036854775807 + 1)", "9223372036854775807 + 1"),
        ("5 % 0 + id", "0"),
    ] {
        let checked = check(text);
        let found: Vec<_> =
            checked.findings.iter().map(|it| (it.name, checked.sources.text(it.primary.span))).collect();
        assert_eq!(found, [("constant-error", place)], "{text}");
    }
}

#[test]
fn a_parameter_counts_by_its_type_and_not_by_its_value() {
    // As the literal 10 it would be decimal(14, 2).
    assert_eq!(check("amount * 10").value.ty.to_string(), "decimal(15, 2)");
    assert_eq!(check("amount * limit").value.ty.to_string(), "decimal(32, 2)");
    assert_eq!(check("amount * (limit + 1)").value.ty.to_string(), "decimal(32, 2)");
}

#[test]
fn constants_are_evaluated() {
    let ty = Base::Decimal { precision: 12, scale: 2 }.required();
    let (value, findings, _) = with_context("limit + 1.5", |expr, context, diagnostics| {
        expressions::constant(expr, Some(&ty), context, diagnostics)
    });
    // An int64 and a fraction need 21 digits.
    assert_eq!((value, findings.len()), (None, 1));
    let (value, findings, _) = with_context("10 + 1.5", |expr, context, diagnostics| {
        expressions::constant(expr, Some(&ty), context, diagnostics)
    });
    assert_eq!((value, findings), (Some((Literal::Decimal("1150".into()), ty)), vec![]));
}
