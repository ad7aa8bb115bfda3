//! Expression to what is said about it.

use pipewright_plan::{Base, Type};

use super::{check, check_as, shown, with_context, with_declarations};
use crate::expressions::{self, Scope};

#[test]
fn mistakes_are_explained() {
    for (text, expected) in [
        ("amuont", "unknown-column @ amuont: there is no field `amuont` here (did you mean `amount`?)"),
        ("status == paid", "unknown-column @ paid: there is no field `paid` here (text stands in quotes: `\"paid\"`)"),
        ("custmer.id", "unknown-column @ custmer: there is no field `custmer` here (did you mean `customer`?)"),
        ("customer.contry", "unknown-field @ contry: `customer` has no field `contry` (did you mean `country`?)"),
        ("meta.ofset", "unknown-field @ ofset: `meta` has no field `ofset` (did you mean `offset`?)"),
        ("name.first", "not-a-record @ name: `name` has no fields"),
        ("labels.x", "not-a-record @ labels: `labels` has no fields (write `labels[\"x\"]`)"),
        ("name[0]", "not-a-list @ name: only a list or a map has members (write `substring(name, 1, 1)`)"),
        (
            "id / 2",
            "integer-division @ /: `/` of two integers: a whole number or a fraction? (write `div(id, 2)` or `decimal(id, 12, 2) / 2`)",
        ),
        ("weight == null", "comparison-with-null @ weight == null: `==` with `null` is never true (write `is null`)"),
        (
            "null != weight",
            "comparison-with-null @ null != weight: `!=` with `null` is never true (write `is not null`)",
        ),
        (
            "weight > null",
            "comparison-with-null @ weight > null: `>` with `null` is never true (use `??` to say what counts where a value is missing)",
        ),
        (
            "status == \"payed\"",
            "not-a-member @ \"payed\": `\"payed\"` is not one of the possible values (did you mean `\"paid\"`?)",
        ),
        (
            "\"shipped\" != status",
            "not-a-member @ \"shipped\": `\"shipped\"` is not one of the possible values (write one of `\"new\"`, `\"paid\"`, `\"cancelled\"`)",
        ),
        (
            "status in [\"new\", \"payed\"]",
            "not-a-member @ \"payed\": `\"payed\"` is not one of the possible values (did you mean `\"paid\"`?)",
        ),
        (
            "weight in [1, null]",
            "null-not-allowed @ null: a list after `in` holds no nulls (write `… or weight is null`)",
        ),
        ("if flag then 1 else 2", "nullable-condition @ flag: the condition of `if` may be null (write `… ?? false`)"),
        (
            "if weight > 1 then 1 else 2",
            "nullable-condition @ weight > 1: the condition of `if` may be null (write `(…) ?? false`)",
        ),
        ("if id then 1 else 2", "type-mismatch @ id: `if` needs true or false, not `int64` (write `id != 0`)"),
        (
            "if vip then 1 else name",
            "type-mismatch @ 1: the branches of `if` have no type in common (write `string(1)`)",
        ),
        ("[name, id]", "type-mismatch @ id: the members of this list have no type in common (write `string(id)`)"),
        ("vip == 0", "type-mismatch @ 0: `bool` and `int32` cannot be compared (write `not vip`)"),
        (
            "1%",
            "bad-literal @ 1%: `1%` is not a value here (a percentage is only for options; write it as a fraction, such as `0.01`)",
        ),
        ("vip and name", "type-mismatch @ name: `and` needs true or false, not `string` (write `name != \"\"`)"),
        ("not id", "type-mismatch @ id: `not` needs true or false, not `int64` (write `id != 0`)"),
        ("name ?? \"x\"", "never-null @ name: `name` is never null (remove the fallback)"),
        (
            "name is null",
            "never-null @ name is null: `name` is never null (remove the test, or declare the field with `?` if it may be missing)",
        ),
        (
            "if note is not null then note ?? \"\" else \"\"",
            "never-null @ note: `note` cannot be null here (remove the fallback)",
        ),
        (
            "match status { \"new\" => 1 }",
            "match-not-exhaustive @ status: this `match` has no arm for `\"paid\"`, `\"cancelled\"` (add `\"paid\" | \"cancelled\" => …`, or `_ => …`)",
        ),
        (
            "match state { \"new\" | \"paid\" | \"cancelled\" => 1 }",
            "match-not-exhaustive @ state: this `match` has no arm for `null` (add `null => …`, or `_ => …`)",
        ),
        (
            "match vip { true => 1 }",
            "match-not-exhaustive @ vip: this `match` has no arm for `false` (add `false => …`, or `_ => …`)",
        ),
        (
            "match name { \"a\" => 1 }",
            "match-not-exhaustive @ name: this `match` needs an arm for all other values (add `_ => …`)",
        ),
        (
            "match name { _ => 1, \"a\" => 2 }",
            "unreachable-arm @ \"a\": the pattern `\"a\"` is never reached (remove one of them, or change their order)",
        ),
        (
            "match name { \"a\" => 1, \"a\" => 2, _ => 3 }",
            "unreachable-arm @ \"a\": the pattern `\"a\"` is never reached (remove one of them, or change their order)",
        ),
        (
            "match vip { true => 1, false => 2, _ => 3 }",
            "unreachable-arm @ _: the pattern `_` is never reached (remove the arm)",
        ),
        (
            "match status { \"payed\" => 1, _ => 2 }",
            "not-a-member @ \"payed\": `\"payed\"` is not one of the possible values (did you mean `\"paid\"`?)",
        ),
        (
            "match id { \"1\" => 1, _ => 2 }",
            "type-mismatch @ \"1\": this pattern is text, the value is `int64` (write `1` without quotes)",
        ),
        ("match name { null => 1, _ => 2 }", "type-mismatch @ null: `null` never comes: the value is `string`"),
        (
            "match payload { _ => 1 }",
            "type-mismatch @ payload: `match` compares single values, not `json` (match one of its fields)",
        ),
        ("name ~ r\"a(b\"", "bad-regex @ (: this regular expression does not compile"),
        (
            "name ~ r\"(?=a)\"",
            "bad-regex @ (?=: this regular expression does not compile (split the test in two: `x ~ r\"…\" and x !~ r\"…\"`)",
        ),
        ("id ~ r\"a\"", "type-mismatch @ id: `~` looks at text, not at `int64` (write `string(id)`)"),
        (
            "name like note",
            "not-constant @ note: the pattern of `like` must be a constant (written like `like \"a%\"`)",
        ),
        (
            "meta.headers[name]",
            "not-constant @ name: the name of a header must be a constant (written like `meta.headers[\"trace-id\"]`)",
        ),
        (
            "meta.headers",
            "not-a-list @ meta.headers: `meta.headers` is read one by one (write `meta.headers[\"name\"]`)",
        ),
        (
            "9223372036854775808",
            "bad-literal @ 9223372036854775808: `9223372036854775808` does not fit int64 (write it as a decimal: `9223372036854775808.0`)",
        ),
        (
            "@2026-02-30",
            "bad-literal @ @2026-02-30: there is no day `2026-02-30` (written like `@2026-01-31T10:00:00Z`, `@2026-01-31` or `@10:00`)",
        ),
        ("{ a = 1, a = 2 }", "duplicate-field @ a: the field `a` is there twice (rename or remove one of them)"),
        (
            "sum(amount)",
            "unknown-function @ sum: there is no function `sum` (aggregates stand in `group by`, which is not built yet in this version)",
        ),
        ("amount(1)", "not-a-function @ amount: only a function can be called"),
        ("customer.id(1)", "not-a-function @ customer.id: only a function can be called (write `id(customer, …)`)"),
        ("shout", "missing-parentheses @ shout: `shout` is a function, not a field (write `shout(…)`)"),
        ("shout()", "wrong-number-of-arguments @ (): `shout` takes 1 argument, not 0 (write `shout(text)`)"),
        ("shout(name, 2)", "wrong-number-of-arguments @ 2: `shout` takes 1 argument, not 2 (write `shout(text)`)"),
        ("shout(txt = name)", "unknown-argument @ txt: `shout` has no parameter `txt` (did you mean `text`?)"),
        ("or_zero(1, x = 2)", "unknown-argument @ x: `or_zero` gets an argument twice (remove one of them)"),
        (
            "shout(note)",
            "null-not-allowed @ note: `string?` may be null, `string` may not (write `note ?? \"unknown\"`, or keep such records out with `where note is not null`)",
        ),
    ] {
        assert_eq!(shown(&check(text)), [expected], "{text}");
    }
}

#[test]
fn one_cause_gives_one_message() {
    for text in [
        "amuont + amount * 2",
        "f\"{amuont}\"",
        "if amuont > 2 then amount else 3",
        "[amuont, 1, \"x\"]",
        "shout(amuont)",
        "amuont ?? 1 is null",
        "not (amuont and vip)",
        "match amuont { \"a\" => 1 }",
        "amuont in [1, \"a\"]",
        "amuont between \"a\" and 2",
        "broken(id) + \"x\"",
    ] {
        let findings = check(text).findings;
        let expected = usize::from(!text.starts_with("broken"));
        assert_eq!(findings.len(), expected, "{text}: {findings:?}");
    }
}

#[test]
fn values_are_brought_to_declared_types() {
    let decimal = Base::Decimal { precision: 12, scale: 2 };
    for (text, ty, expected) in [
        ("1", decimal.clone().required(), ""),
        ("amount * rate", decimal.clone().required(), "narrowing"),
        ("note", Base::String.required(), "null-not-allowed"),
        ("null", Base::String.optional(), ""),
        ("null", Base::String.required(), "null-not-allowed"),
        ("id", Base::String.required(), "type-mismatch"),
        ("1.5", Base::Float64.required(), ""),
        ("\"paid\"", Base::Set(vec!["new".into(), "paid".into()]).required(), ""),
        ("if vip then \"paid\" else \"new\"", Base::Set(vec!["new".into(), "paid".into()]).required(), ""),
        ("\"payed\"", Base::Set(vec!["new".into(), "paid".into()]).required(), "not-a-member"),
        ("[]", Base::List(Box::new(Base::Int64.required())).required(), ""),
        ("[1, null]", Base::List(Box::new(Base::Int64.required())).required(), "null-not-allowed"),
    ] {
        let checked = check_as(text, Some(&ty));
        let found: Vec<&str> = checked.findings.iter().map(|it| it.name).collect();
        assert_eq!(found.join(" "), expected, "{text} as {ty}");
        if expected.is_empty() {
            assert_eq!(checked.value.ty, ty, "{text}");
        }
    }
}

#[test]
fn records_of_a_declared_type_are_checked_field_by_field() {
    let ty = super::schema().field("customer").unwrap().ty.clone();
    for (text, expected) in [
        ("{ country = \"NL\", id = 1 }", ""),
        ("{ id = 1 }", ""),
        ("{ country = \"NL\" }", "type-mismatch: the field `id` is missing"),
        ("{ id = 1, contry = null }", "unknown-field: this record has no field `contry`"),
        ("{ id = \"x\" }", "type-mismatch: `string` where `int64` is needed"),
    ] {
        let checked = check_as(text, Some(&ty));
        let found: Vec<String> = checked.findings.iter().map(|it| format!("{}: {}", it.name, it.message)).collect();
        assert_eq!(found.join("\n").split(" where").next(), expected.split(" where").next(), "{text}");
    }
}

#[test]
fn a_function_is_judged_where_it_is_declared() {
    let ((), findings, sources) = with_context("1", |_, context, diagnostics| {
        for function in context.functions.values() {
            expressions::check_function(function, context, diagnostics);
        }
    });
    let found: Vec<_> = findings.iter().map(|it| (it.name, sources.text(it.primary.span))).collect();
    assert_eq!(found, [("type-mismatch", "x")]);
}

#[test]
fn functions_that_grow_without_measure_are_refused() {
    let mut declarations = "fn f0(x: int64): int64 = x + 1\n".to_owned();
    for at in 1..30 {
        declarations += &format!("fn f{at}(x: int64): int64 = f{}(x) + f{}(x)\n", at - 1, at - 1);
    }
    let (value, findings, _) = with_declarations(&declarations, "f29(1)", |expr, context, diagnostics| {
        expressions::check(expr, &Scope::empty(), None, context, diagnostics)
    });
    assert!(value.ty.is_unknown());
    assert_eq!(findings.iter().map(|it| it.name).collect::<Vec<_>>(), ["expression-too-large"]);
}

#[test]
fn constants_have_no_fields() {
    let int = Type { base: Base::Int64, nullable: false };
    for (text, expected) in [("limit", "Some(Int(10))"), ("id", "None unknown-column"), ("7", "Some(Int(7))")] {
        let (value, findings, _) = with_context(text, |expr, context, diagnostics| {
            expressions::constant(expr, Some(&int), context, diagnostics)
        });
        let names: String = findings.iter().map(|it| format!(" {}", it.name)).collect();
        assert_eq!(format!("{:?}{names}", value.map(|(literal, _)| literal)), expected, "{text}");
    }
}

#[test]
fn what_typing_says_has_a_page_of_that_name() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("expr/src");
    let mut found = 0;
    let mut folders = vec![folder.join("typing"), folder.join("functions")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for part in text.split("TypeProblem::new(").skip(1) {
                let Some(name) = part.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
                    continue;
                };
                let known = crate::diagnostics::PAGES.iter().any(|(page, _)| *page == name);
                assert!(known, "`{name}` of {} has no page", path.display());
                found += 1;
            }
        }
    }
    assert!(found > 20, "only {found} problems found: has their spelling changed?");
}

#[test]
fn messages_are_short_and_start_small() {
    for text in
        ["amount * score", "wide * wide", "id / 2", "f\"{customer}\"", "match state { \"new\" => 1 }", "tags + 1"]
    {
        for finding in check(text).findings {
            assert!(finding.message.chars().count() < 80, "{}", finding.message);
            assert!(!finding.message.ends_with('.') && !finding.message.starts_with(char::is_uppercase));
        }
    }
}
