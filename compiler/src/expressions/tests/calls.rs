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

#[test]
fn calls_have_types() {
    for (text, expected) in [
        ("lower(note)", "string?"),
        ("round(amount * rate, 2)", "decimal(18, 2)"),
        ("date_trunc(\"day\", created_at, zone = \"Europe/Paris\")", "timestamp"),
        ("timestamp(id, unit = \"ms\")", "timestamp"),
        ("timestamp(unit = \"ms\", x = id)", "timestamp"),
        ("try_int64(name)", "int64?"),
        ("coalesce(note, name)", "string"),
        ("concat(name, \"!\", note)", "string?"),
        ("div(id, 2)", "int64"),
        ("f\"{id}: {amount} {vip} {created_at}\"", "string"),
        ("f\"{weight}\"", "string?"),
        ("shout(name)", "string"),
        ("same(note, state)", "bool"),
        // `fail` fits everywhere.
        ("if vip then amount else fail(\"not vip\")", "decimal(12, 2)"),
        ("note ?? fail(\"no note\")", "string"),
        ("match note { null => fail(\"no note\"), _ => note }", "string"),
        ("match name { \"EUR\" => 1.0, \"USD\" => 0.92, _ => fail(f\"unknown currency {name}\") }", "decimal(3, 2)"),
        ("vip and fail(\"no\")", "bool"),
        // What a function makes of null decides what a test of it tells.
        ("if (lower(note) == \"a\") ?? false then note else name", "string"),
        ("if (length(note) > weight) ?? false then note else name", "string"),
        ("if coalesce(note, \"\") == \"a\" then note else name", "string?"),
    ] {
        let checked = check(text);
        assert_eq!(shown(&checked), [""; 0], "{text}");
        assert_eq!(checked.value.ty.to_string(), expected, "{text}");
    }
}

#[test]
fn wrong_calls_are_explained() {
    for (text, expected) in [
        ("len(name)", "unknown-function @ len: there is no function `len` (did you mean `length`?)"),
        ("lowr(name)", "unknown-function @ lowr: there is no function `lowr` (did you mean `lower`?)"),
        (
            "date_trunc(created_at)",
            "wrong-number-of-arguments @ (created_at): `date_trunc` takes 2 to 3 arguments, not 1 (write `date_trunc(unit, x, [zone])`)",
        ),
        (
            "date_trunc(\"day\", created_at, tz = \"Europe/Paris\")",
            "unknown-argument @ tz: `date_trunc` has no parameter `tz` (its parameters are: unit, x, zone)",
        ),
        ("length()", "wrong-number-of-arguments @ (): `length` takes 1 argument, not 0 (write `length(x)`)"),
        ("now", "missing-parentheses @ now: `now` is a function, not a field (write `now()`)"),
        ("f\"{lower}\"", "missing-parentheses @ lower: `lower` is a function, not a field (write `lower(…)`)"),
    ] {
        assert_eq!(shown(&check(text)), [expected], "{text}");
    }
    for (text, name, place) in [
        ("date_trunc(\"dya\", created_at)", "bad-argument", "\"dya\""),
        ("int64(\"12a\") + id", "constant-error", "int64(\"12a\")"),
        ("length(id)", "type-mismatch", "id"),
        ("try_int64(\"12a\")", "", ""),
    ] {
        let checked = check(text);
        let found = checked.findings.first().map(|it| (it.name, checked.sources.text(it.primary.span)));
        assert_eq!(found.unwrap_or(("", "")), (name, place), "{text}");
    }
}

#[test]
fn what_differs_each_time_is_no_constant() {
    let ty = Base::Timestamp.required();
    for (declarations, text) in [("", "now()"), ("fn later(x: int64): string = string(now())\n", "timestamp(later(1))")]
    {
        let (value, findings, _) = super::with_declarations(declarations, text, |expr, context, diagnostics| {
            expressions::constant(expr, Some(&ty), context, diagnostics)
        });
        let names: Vec<_> = findings.iter().map(|it| it.name).collect();
        assert_eq!((value, names), (None, vec!["not-constant"]), "{text}");
    }
}

/// The examples in the documentation of every function, as a user would type them.
#[test]
fn examples_of_the_library_are_well_typed() {
    for function in pipewright_expr::functions::ALL {
        for example in function.examples {
            let (value, findings, _) = with_context(example.call, |expr, context, diagnostics| {
                expressions::check(expr, &expressions::Scope::empty(), None, context, diagnostics)
            });
            let names: Vec<_> = findings.iter().map(|it| it.name).collect();
            if example.result == "error" && function.name != "fail" {
                assert!(value.ty.is_unknown() || !names.is_empty() || is_call(&value), "{}", example.call);
            } else {
                assert_eq!(names, [""; 0], "{}", example.call);
            }
        }
    }
}

fn is_call(value: &pipewright_plan::Expr) -> bool {
    matches!(value.kind, ExprKind::Call { .. })
}
