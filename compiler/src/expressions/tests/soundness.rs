//! Any expression: either something is said about it, or it can be run and gives what its type promises.

use bumpalo::Bump;
use pipewright_expr::{Datum, Layout, Row, compile};
use pipewright_plan::{Base, Meta, Type};
use proptest::prelude::*;

use super::{check, schema};

struct Columns(Vec<String>);

impl Layout for Columns {
    fn column(&self, path: &[&str]) -> Option<usize> {
        self.0.iter().position(|name| path == [name.as_str()])
    }

    fn meta(&self, _: &Meta) -> Option<usize> {
        // After the fields stands one column, which is null.
        Some(self.0.len())
    }
}

fn value(ty: &Type, nulls: bool) -> Datum<'static> {
    if ty.nullable && nulls {
        return Datum::Null;
    }
    match &ty.base {
        Base::Bool => Datum::Bool(true),
        Base::Float64 => Datum::Float(1.5),
        Base::Decimal { .. } => Datum::Decimal(150),
        Base::String => Datum::Text("abc"),
        Base::Set(_) => Datum::Text("paid"),
        Base::List(_) => Datum::Text("[\"a\"]"),
        Base::Map(_) => Datum::Text("{\"x\":\"1\"}"),
        Base::Record(_) => {
            Datum::Text(if nulls { "{\"id\":1,\"country\":null}" } else { "{\"id\":1,\"country\":\"NL\"}" })
        }
        Base::Json => Datum::Text("{}"),
        _ => Datum::Int(3),
    }
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "id",
        "small",
        "amount",
        "rate",
        "wide",
        "score",
        "name",
        "note",
        "weight",
        "status",
        "state",
        "vip",
        "flag",
        "created_at",
        "local_at",
        "wait",
        "tags",
        "labels",
        "customer",
        "maybe",
        "payload",
        "customer.country",
        "maybe.id",
        "tags[0]",
        "labels[\"x\"]",
        "limit",
        "wanted",
        "meta.timestamp",
        "1",
        "2.50",
        "0",
        "1e2",
        "\"paid\"",
        "\"x\"",
        "null",
        "true",
        "false",
        "5m",
        "@2026-01-01",
        "@2026-01-01T10:00:00Z",
        "[]",
        "[1, 2]",
        "fail(\"no\")",
        "weight > 2",
        "note is not null",
        "status == \"paid\"",
        "amount * 2",
        "nothing",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 4, |inner| {
        let two = (inner.clone(), inner.clone());
        let operator = prop::sample::select(vec!["+", "-", "*", "/", "%", "??", "==", "!=", "<", ">=", "and", "or"]);
        prop_oneof![
            4 => (two.clone(), operator).prop_map(|((a, b), op)| format!("({a}) {op} ({b})")),
            1 => inner.clone().prop_map(|a| format!("-({a})")),
            1 => inner.clone().prop_map(|a| format!("not ({a})")),
            1 => inner.clone().prop_map(|a| format!("({a}) is not null")),
            1 => inner.clone().prop_map(|a| format!("({a}) is null")),
            1 => inner.clone().prop_map(|a| format!("f\"a{{({a})}}b\"")),
            1 => inner.clone().prop_map(|a| format!("(({a}) ?? false)")),
            1 => (inner.clone(), two.clone()).prop_map(|(a, (b, c))| format!("({a}) between ({b}) and ({c})")),
            1 => (inner.clone(), two.clone()).prop_map(|(a, (b, c))| format!("({a}) in [{b}, {c}]")),
            1 => two.clone().prop_map(|(a, b)| format!("[{a}, {b}]")),
            1 => two.clone().prop_map(|(a, b)| format!("{{ p = {a}, q = {b} }}")),
            1 => inner.clone().prop_map(|a| format!("or_zero({a})")),
            1 => inner.clone().prop_map(|a| format!("shout({a})")),
            1 => inner.clone().prop_map(|a| format!("lower({a})")),
            1 => two.clone().prop_map(|(a, b)| format!("coalesce({a}, {b})")),
            3 => (inner.clone(), two.clone()).prop_map(|(a, (b, c))| format!("if {a} then {b} else {c}")),
            2 => (inner.clone(), two.clone())
                .prop_map(|(a, (b, c))| format!("match {a} {{ null => {b}, \"paid\" | \"new\" => {c}, _ => {a} }}")),
            1 => (inner.clone(), two).prop_map(|(a, (b, c))| format!("match {a} {{ true => {b}, false => {c} }}")),
            1 => inner.prop_map(|a| format!("({a}) ~ r\"a+\"")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn what_passes_can_be_run(text in expression()) {
        let checked = check(&text);
        let wrong = checked.findings.iter().any(|it| it.severity == crate::diagnostics::Severity::Error);
        // A wrong part inside something of a known type makes the whole unknown, too.
        prop_assert_eq!(wrong, checked.value.ty.is_unknown(), "{:?}", checked.findings);
        if wrong || checked.value.ty.base == Base::Null {
            return Ok(());
        }
        let fields = schema().fields;
        let columns = Columns(fields.iter().map(|field| field.name.clone()).collect());
        let compiled = compile(&checked.value, &columns);
        let compiled = compiled.map_err(|error| TestCaseError::fail(format!("{error:?} of {:?}", checked.value)))?;
        for nulls in [false, true] {
            let arena = Bump::new();
            let mut row = Row::new(fields.len() + 1, &arena);
            for (at, field) in fields.iter().enumerate() {
                row.set(at, value(&field.ty, nulls));
            }
            if let Ok(result) = compiled.eval(&row) {
                prop_assert!(
                    result != Datum::Null || checked.value.ty.nullable,
                    "null of type {} (nulls: {nulls})", checked.value.ty
                );
            }
        }
    }
}
