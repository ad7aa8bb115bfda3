//! The list of functions is complete, and the examples say the truth.
//!
//! Examples are written in the language, whose parser this package does not know: a small reader of literals and calls
//! stands in for it here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;

use bumpalo::Bump;
use pipewright_plan::{Base, CompareOp, Expr, ExprKind, Field, Literal, Origin, Type};

use super::{ALL, Example, Function, Group, find};
use crate::convert::{Finer, read_date, read_duration, read_local_timestamp, read_time, read_timestamp};
use crate::typing::{TypeProblem, comparison, unify};
use crate::{Datum, NoColumns, Row, compile};

struct Reader<'a> {
    rest: &'a str,
}

type Read = Result<Expr, TypeProblem>;

fn literal(literal: Literal, base: Base) -> Expr {
    Expr { kind: ExprKind::Literal(literal), ty: base.required(), origin: Origin::default() }
}

impl<'a> Reader<'a> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.space();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn take(&mut self, while_: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !while_(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn string(&mut self) -> String {
        let mut end = 1;
        while self.rest.as_bytes()[end] != b'"' {
            end += if self.rest.as_bytes()[end] == b'\\' { 2 } else { 1 };
        }
        let (text, rest) = self.rest.split_at(end + 1);
        self.rest = rest;
        serde_json::from_str(text).unwrap()
    }

    fn expr(&mut self) -> Read {
        self.space();
        let first = self.rest.chars().next().unwrap();
        if let Some(raw) = self.rest.strip_prefix("r\"") {
            let (text, rest) = raw.split_once('"').unwrap();
            self.rest = rest;
            return Ok(literal(Literal::Text(text.into()), Base::String));
        }
        if first == '"' {
            return Ok(literal(Literal::Text(self.string()), Base::String));
        }
        if self.eat("-") {
            let operand = self.expr()?;
            let ty = operand.ty.clone();
            return Ok(Expr { kind: ExprKind::Negate(Box::new(operand)), ty, origin: Origin::default() });
        }
        if self.eat("@") {
            let text = self.take(|c| c.is_ascii_alphanumeric() || "-:.+".contains(c));
            let bytes = text.as_bytes();
            let (int, base) = if let Ok(days) = read_date(bytes) {
                (i64::from(days), Base::Date)
            } else if let Ok(micros) = read_time(bytes) {
                (micros, Base::Time)
            } else if let Ok(micros) = read_timestamp(bytes, Finer::Refuse) {
                (micros, Base::Timestamp)
            } else {
                (read_local_timestamp(bytes, Finer::Refuse).unwrap(), Base::LocalTimestamp)
            };
            return Ok(literal(Literal::Int(int), base));
        }
        if first.is_ascii_digit() {
            let text = self.take(|c| c.is_ascii_alphanumeric() || c == '.');
            // An exponent may have a sign.
            if text.ends_with('e') && self.eat("-") {
                let exponent = self.take(|c| c.is_ascii_digit());
                return Ok(literal(Literal::Float(format!("{text}-{exponent}").parse().unwrap()), Base::Float64));
            }
            return Ok(if let Ok(int) = text.parse() {
                literal(Literal::Int(int), Base::Int64)
            } else if let Ok(micros) = read_duration(text.as_bytes()) {
                literal(Literal::Int(micros), Base::Duration)
            } else if text.contains('e') {
                literal(Literal::Float(text.parse().unwrap()), Base::Float64)
            } else {
                let (whole, fraction) = text.split_once('.').unwrap();
                let unscaled = format!("{}{fraction}", whole.trim_start_matches('0'));
                let base = Base::Decimal { precision: unscaled.len() as u8, scale: fraction.len() as u8 };
                literal(Literal::Decimal(unscaled), base)
            });
        }
        if self.eat("[") {
            let mut items = Vec::new();
            while !self.eat("]") {
                items.push(self.expr()?);
                self.eat(",");
            }
            let (items, ty) = unify(items)?;
            let ty = Base::List(Box::new(ty)).required();
            return Ok(Expr { kind: ExprKind::List(items), ty, origin: Origin::default() });
        }
        if self.eat("{") {
            let mut fields = Vec::new();
            while !self.eat("}") {
                self.space();
                let name = self.take(|c| c.is_alphanumeric() || c == '_').to_owned();
                assert!(self.eat("="));
                fields.push((name, self.expr()?));
                self.eat(",");
            }
            let types = fields.iter().map(|(name, value)| Field::new(name.as_str(), value.ty.clone())).collect();
            return Ok(Expr {
                kind: ExprKind::Record(fields),
                ty: Base::Record(types).required(),
                origin: Origin::default(),
            });
        }
        let name = self.take(|c| c.is_ascii_alphanumeric() || c == '_');
        match name {
            "null" => return Ok(null()),
            "true" | "false" => return Ok(literal(Literal::Bool(name == "true"), Base::Bool)),
            _ => {}
        }
        let function = find(name).unwrap_or_else(|| panic!("no function `{name}`"));
        assert!(self.eat("("), "{name}");
        let mut args: Vec<Option<Expr>> = Vec::new();
        while !self.eat(")") {
            self.space();
            let named = function.params.iter().position(|param| {
                self.rest.strip_prefix(param.name).is_some_and(|rest| rest.trim_start().starts_with("= "))
            });
            if let Some(position) = named {
                self.take(|c| c != '=');
                self.eat("=");
                args.resize(position, None);
            }
            args.push(Some(self.expr()?));
            self.eat(",");
        }
        let args: Vec<Expr> = args.into_iter().map(|arg| arg.unwrap_or_else(null)).collect();
        let required = function.params.iter().filter(|param| !param.optional).count();
        assert!(args.len() >= required, "{name} has too few arguments");
        assert!(function.variadic || args.len() <= function.params.len(), "{name} has too many arguments");
        let ty = (function.typing)(&args)?;
        Ok(Expr { kind: ExprKind::Call { function: name.into(), args }, ty, origin: Origin::default() })
    }
}

fn null() -> Expr {
    Expr { kind: ExprKind::Literal(Literal::Null), ty: Base::Null.optional(), origin: Origin::default() }
}

fn read(text: &str) -> Read {
    let mut reader = Reader { rest: text };
    let expr = reader.expr()?;
    assert_eq!(reader.rest.trim(), "", "{text}");
    Ok(expr)
}

/// The examples of a function hold.
fn check(function: &Function, example: &Example) {
    let Example { call, result } = example;
    let expr = match read(call) {
        Ok(expr) => expr,
        Err(problem) => panic!("{}: {call}: {problem:?}", function.name),
    };
    let arena = Bump::new();
    let row = Row::new(0, &arena);
    let value = compile(&expr, &NoColumns).unwrap_or_else(|e| panic!("{call}: {e:?}")).eval(&row);
    match (*result, value) {
        ("error", Err(error)) => assert!(!error.reason.is_empty()),
        ("error", Ok(value)) => panic!("{call} gives {value:?}"),
        (_, Err(error)) => panic!("{call}: {error:?}"),
        ("null", Ok(value)) => assert_eq!(value, Datum::Null, "{call}"),
        (_, Ok(value)) => {
            let (left, right, _) = comparison(CompareOp::Equal, expr, read(result).unwrap())
                .unwrap_or_else(|e| panic!("{call} = {result}: {e:?}"));
            let shown = left.ty.to_string();
            let kind = ExprKind::Compare { op: CompareOp::Equal, left: Box::new(left), right: Box::new(right) };
            let equal = Expr { kind, ty: Base::Bool.optional(), origin: Origin::default() };
            let equal = compile(&equal, &NoColumns).unwrap().test(&row).unwrap();
            assert_eq!(equal, Some(true), "{call} is {value:?}, a {shown}, not {result}");
        }
    }
}

#[test]
fn every_example_is_true() {
    for function in ALL {
        for example in function.examples {
            check(function, example);
        }
    }
}

#[test]
fn the_list_is_the_folder_and_sorted() {
    let names: Vec<&str> = ALL.iter().map(|function| function.name).collect();
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/functions");
    let mut declared = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("    name: \"").and_then(|rest| rest.strip_suffix("\",")) {
                declared.insert(name.to_owned());
            }
        }
    }
    assert_eq!(declared, names.iter().map(|name| (*name).to_owned()).collect());
    for name in &names {
        assert_eq!(find(name).unwrap().name, *name);
    }
    assert!(find("nothing").is_none());
}

#[test]
fn every_function_is_documented() {
    for function in ALL {
        assert!(function.doc.ends_with('.'), "{}", function.name);
        assert!(function.doc.len() > 10 && !function.doc.contains("  "), "{}: {}", function.name, function.doc);
        assert!(!function.examples.is_empty() || function.group == Group::Generated, "{}", function.name);
        assert_eq!(function.deterministic, function.group != Group::Generated, "{}", function.name);
        let optional = function.params.iter().position(|param| param.optional).unwrap_or(function.params.len());
        assert!(function.params[optional..].iter().all(|param| param.optional), "{}", function.name);
        if function.name.starts_with("try_") {
            let strict = find(&function.name[4..]).unwrap();
            assert_eq!(strict.params.len(), function.params.len());
        }
    }
}

#[test]
fn null_and_unknown_pass_through() {
    // Casts and the like: null in, null out.
    for function in ALL.iter().filter(|function| !function.params.is_empty()) {
        let args: Vec<Expr> = function.params.iter().filter(|param| !param.optional).map(|_| null()).collect();
        let special = ["coalesce", "fail", "same", "decimal", "try_decimal"];
        if special.contains(&function.name) {
            continue;
        }
        let Ok(ty) = (function.typing)(&args) else { continue };
        if ty.is_unknown() {
            continue;
        }
        assert!(ty.nullable, "{} of null is a {ty}", function.name);
        let call = ExprKind::Call { function: function.name.into(), args };
        let expr = Expr { kind: call, ty, origin: Origin::default() };
        // Literal arguments such as formats cannot be null: then it does not compile.
        if let Ok(compiled) = compile(&expr, &NoColumns) {
            let arena = Bump::new();
            let value = compiled.eval(&Row::new(0, &arena));
            assert_eq!(value, Ok(Datum::Null), "{}", function.name);
        }
        let unknown = Expr { kind: ExprKind::Column("x".into()), ty: Type::unknown(), origin: Origin::default() };
        let args = vec![unknown; function.params.iter().filter(|param| !param.optional).count()];
        assert!((function.typing)(&args).is_ok(), "{} refuses the unknown", function.name);
    }
}

#[test]
fn typing_says_what_is_wrong() {
    for (call, name, message, help) in [
        ("int64(@2026-01-01)", "type-mismatch", "`date` cannot be cast to `int64`", ""),
        ("timestamp(5)", "bad-argument", "a number since 1970 needs its unit", "timestamp(5, unit = \"ms\")"),
        ("timestamp(5, unit = \"msec\")", "bad-argument", "`\"msec\"` is not a unit of time", "`\"ms\"`"),
        ("timestamp(\"x\", \"%Y-%m-%d %H:%M\")", "bad-argument", "has no time zone", "%z"),
        ("timestamp(\"x\", \"%Q%!\")", "bad-argument", "is broken", "strftime"),
        ("date(\"x\", \"%H\")", "bad-argument", "does not give a year, a month and a day", ""),
        ("timestamp(@2026-01-01T10:00:00)", "type-mismatch", "cannot be cast", "at_zone"),
        ("decimal(1, 39, 2)", "bad-argument", "1 to 38 digits, not 39", ""),
        ("decimal(1, 5, 7)", "bad-argument", "between 0 and 5, not 7", ""),
        ("lower(5)", "type-mismatch", "expected a string, found `int64`", "string(5)"),
        ("round(\"5\")", "type-mismatch", "expected a number", "int64(\"5\")"),
        ("date_trunc(\"days\", @2026-01-01)", "bad-argument", "is not a unit of time", "did you mean `\"day\"`"),
        ("date_trunc(\"hour\", @2026-01-01)", "bad-argument", "is not a unit", "`\"day\"`"),
        ("at_zone(@2026-01-01T00:00:00, \"Paris\")", "bad-argument", "no time zone `\"Paris\"`", "Europe/Paris"),
        ("regex_extract(\"x\", r\"(\")", "bad-argument", "the regular expression is broken", ""),
        ("regex_extract(\"x\", r\"x\", 1)", "bad-argument", "has 0 groups, no group 1", ""),
        ("regex_extract(\"x\", r\"(?<a>x)\", \"b\")", "bad-argument", "no group `b`", "`a`"),
        ("regex_parse(\"x\", r\"x\")", "bad-argument", "no named groups", "(?<"),
        ("regex_count(\"x\", lower(\"X\"))", "bad-argument", "written here", ""),
        ("greatest(1, \"a\")", "type-mismatch", "", ""),
        ("greatest(true, false)", "not-comparable", "`bool` has no order", ""),
        ("json_text(json(\"{}\"), \"a[\")", "bad-argument", "bracket", ""),
        ("string([1])", "type-mismatch", "cannot be cast to `string`", "to_json"),
        ("div(1.5, 2)", "type-mismatch", "expected an integer", ""),
        ("to_unix(@2026-01-01T00:00:00, \"s\")", "type-mismatch", "expected a timestamp", "at_zone"),
    ] {
        let problem = read(call).expect_err(call);
        assert_eq!(problem.name, name, "{call}: {problem:?}");
        assert!(problem.message.contains(message), "{call}: {problem:?}");
        assert!(problem.help.as_deref().unwrap_or("").contains(help), "{call}: {problem:?}");
    }
}

#[test]
fn reasons_show_the_value() {
    for (call, name, reason) in [
        ("int64(\"12x\")", "bad-cast", "`12x` is not an int64"),
        ("int32(3000000000)", "bad-cast", "`3000000000` is not an int32"),
        ("decimal(\"2.345\", 12, 2)", "bad-cast", "`2.345` has more digits than `decimal(12, 2)` holds"),
        (
            "timestamp(\"2026-01-01T10:00:00\")",
            "bad-cast",
            "`2026-01-01T10:00:00` has no time zone, which a timestamp needs",
        ),
        ("date(\"x\", \"%d/%m/%Y\")", "bad-cast", "`x` does not match the format `%d/%m/%Y`"),
        ("div(1, 0)", "division-by-zero", "1 divided by zero"),
        (
            "at_zone(@2026-03-29T02:30:00, \"Europe/Paris\")",
            "time-gap",
            "2026-03-29T02:30:00 does not exist in Europe/Paris: the clocks went forward",
        ),
        ("fail(\"unknown currency\")", "failed", "unknown currency"),
    ] {
        let expr = read(call).unwrap();
        let arena = Bump::new();
        let error = compile(&expr, &NoColumns).unwrap().eval(&Row::new(0, &arena)).unwrap_err();
        assert_eq!((error.name, error.reason.as_str()), (name, reason));
    }
}
