//! What programs mean to the tree: precedence, literals, docs, and the comments that silence lints.

use crate::support;

use pipewright_grammar::ast::{ChainOp, DeclarationKind, Expr, ExprKind, LogicOp, Piece};
use pipewright_grammar::{SourceId, parse};

/// An expression with all of its brackets.
fn shown(expr: &Expr) -> String {
    let all = |exprs: &[Expr], by: &str| exprs.iter().map(shown).collect::<Vec<_>>().join(by);
    match &expr.kind {
        ExprKind::Null => "null".to_owned(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Number(text) => text.clone(),
        ExprKind::String(text) | ExprKind::Raw(text) => format!("{text:?}"),
        ExprKind::Interpolated(pieces) => {
            let pieces: Vec<_> = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => format!("{text:?}"),
                    Piece::Hole(expr) => shown(expr),
                })
                .collect();
            format!("f[{}]", pieces.join(" "))
        }
        ExprKind::Duration(micros) => format!("{micros}us"),
        ExprKind::Size(bytes) => format!("{bytes}B"),
        ExprKind::Percent(text) => format!("{text}%"),
        ExprKind::Instant(text) => format!("@{text}"),
        ExprKind::Name(name) => name.text.clone(),
        ExprKind::Member(base, name) => format!("{}.{}", shown(base), name.text),
        ExprKind::Index(base, index) => format!("{}[{}]", shown(base), shown(index)),
        ExprKind::Call { callee, args, .. } => {
            let args: Vec<_> = args.iter().map(|arg| shown(&arg.value)).collect();
            format!("{}({})", shown(callee), args.join(", "))
        }
        ExprKind::Negate(operand) => format!("(-{})", shown(operand)),
        ExprKind::Not(operand) => format!("(not {})", shown(operand)),
        ExprKind::Logic { op, terms } => {
            format!("({})", all(terms, if *op == LogicOp::And { " and " } else { " or " }))
        }
        ExprKind::Chain { first, rest } => {
            let mut out = format!("({}", shown(first));
            for link in rest {
                let op = match link.op {
                    ChainOp::Add => "+",
                    ChainOp::Subtract => "-",
                    ChainOp::Multiply => "*",
                    ChainOp::Divide => "/",
                    ChainOp::Remainder => "%",
                    ChainOp::Coalesce => "??",
                };
                out = format!("{out} {op} {}", shown(&link.operand));
            }
            out + ")"
        }
        ExprKind::Compare { op, left, right, .. } => format!("({} {op:?} {})", shown(left), shown(right)),
        ExprKind::IsNull { operand, negated } => format!("({} is null {negated})", shown(operand)),
        ExprKind::In { operand, list, negated } => format!("({} in [{}] {negated})", shown(operand), all(list, ", ")),
        ExprKind::Between { operand, low, high, negated } => {
            format!("({} between {} and {} {negated})", shown(operand), shown(low), shown(high))
        }
        ExprKind::Like { operand, pattern, negated } => {
            format!("({} like {} {negated})", shown(operand), shown(pattern))
        }
        ExprKind::Matches { operand, pattern, negated } => {
            format!("({} ~ {:?} {negated})", shown(operand), pattern.value)
        }
        ExprKind::If { branches, otherwise } => {
            let branches: Vec<_> = branches.iter().map(|(a, b)| format!("{} => {}", shown(a), shown(b))).collect();
            format!("if({}; {})", branches.join(", "), shown(otherwise))
        }
        ExprKind::Match { subject, arms } => {
            let arms: Vec<_> =
                arms.iter().map(|arm| format!("{} => {}", arm.patterns.len(), shown(&arm.value))).collect();
            format!("match({}; {})", shown(subject), arms.join(", "))
        }
        ExprKind::List(items) => format!("[{}]", all(items, ", ")),
        ExprKind::Record(record) => {
            let entries: Vec<_> =
                record.entries.iter().map(|entry| format!("{}={}", entry.name.text, shown(&entry.value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        ExprKind::Error => "error".to_owned(),
    }
}

fn tree_of(text: &str) -> String {
    let text = format!("fn f(a: int64): int64 = {text}\n");
    let parsed = parse(SourceId(0), &text);
    assert_eq!(support::render(&text, &parsed.problems), "", "{text}");
    match &parsed.file.declarations[0].kind {
        DeclarationKind::Function(function) => shown(&function.body),
        other => format!("{other:?}"),
    }
}

#[test]
fn operators_bind_as_in_sql() {
    for (text, tree) in [
        ("a or b and not c == d", "(a or (b and (not (c Equal d))))"),
        ("a + b * c - d / e % f", "(a + (b * c) - (d / e % f))"),
        ("a ?? b + 1 ?? c", "(a ?? (b + 1) ?? c)"),
        ("-a.b[0] * -f(x)(y)", "((-a.b[0]) * (-f(x)(y)))"),
        ("(a or b) and c", "((a or b) and c)"),
        ("a - b - (c - d)", "(a - b - (c - d))"),
        (
            "a not in [1, 2] and b not between 1 and 2 and c is not null",
            "((a in [1, 2] true) and (b between 1 and 2 true) and (c is null true))",
        ),
        ("a !~ r\"\\d\" or b not like \"x%\"", "((a ~ \"\\\\d\" true) or (b like \"x%\" true))"),
        ("if a then 1 else if b then 2 else 3", "if(a => 1, b => 2; 3)"),
        ("match a { 1 | 2 => x, _ => y }", "match(a; 2 => x, 1 => y)"),
        ("a\n  + b\n  and c", "((a + b) and c)"),
    ] {
        assert_eq!(tree_of(text), tree, "{text}");
    }
}

#[test]
fn literals_have_their_values() {
    for (text, tree) in [
        ("1h30m + 250ms + 7d + 1us", "(5400000000us + 250000us + 604800000000us + 1us)"),
        ("8MiB + 1B", "(8388608B + 1B)"),
        ("1_000_000 + 1.25e-1", "(1000000 + 1.25e-1)"),
        ("5 % 3", "(5 % 3)"),
        ("a%b", "(a % b)"),
        ("{ x = 1%, y = 0.5% }", "{x=1%, y=0.5%}"),
        ("@2026-01-01T10:00:00.5+01:00", "@2026-01-01T10:00:00.5+01:00"),
        (r#""a\n\"\u{e9}\ud83d\ude00\\""#, "\"a\\n\\\"é😀\\\\\""),
        (r#"f"{{{a}}} {b + 1}\u{41}""#, "f[\"{\" a \"} \" (b + 1) \"A\"]"),
        (r#"f"{lower("x")}{f"{y}"}""#, "f[lower(\"x\") f[y]]"),
        ("\"\"\"\n    select 1\n      from t\n    \"\"\"", "\"select 1\\n  from t\""),
        (r#"{ "a": [1, -2], "b": null, c }"#, "{a=[1, (-2)], b=null, c=c}"),
        ("`odd name` + a", "(odd name + a)"),
    ] {
        assert_eq!(tree_of(text), tree, "{text}");
    }
}

#[test]
fn a_byte_order_mark_tabs_and_crlf_are_fine() {
    let text = "\u{feff}## doc\r\npipeline p {\r\n\tdelivery = exactly_once\r\n\tx = 1%\r\n}\r\n# pipewright: allow(one, two)\r\ntopic t from p\r\n";
    let parsed = parse(SourceId(7), text);
    assert_eq!(parsed.problems, []);
    assert_eq!(parsed.file.declarations.len(), 2);
    let pipeline = &parsed.file.declarations[0];
    assert_eq!(pipeline.doc.as_ref().unwrap().text, "doc");
    assert_eq!(&text[pipeline.head.range()], "pipeline p");
    assert_eq!(pipeline.span.source, SourceId(7));
    let allow = &parsed.file.allows[0];
    assert_eq!(allow.names.iter().map(|name| &text[name.span.range()]).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(&text[allow.span.range()], "# pipewright: allow(one, two)");
}

#[test]
fn foreign_spellings_are_read_as_what_they_mean() {
    let good = "transform t from a\n  | where x == 1 and y != \"b\" or not z\n  | select b = a, c = 2\n";
    let foreign = "transform t from a\n  | where x = 1 && y <> 'b' || !z\n  | select a as b, c: 2;\n";
    assert_eq!(support::tree(foreign), support::tree(good));
}

/// Every fix, applied, leaves nothing to fix.
#[test]
fn fixes_fix() {
    for name in ["foreign", "misspelt_keyword", "reserved_name", "stray_close", "bad_escape"] {
        let path = format!("{}/tests/broken/{name}.pipe", env!("CARGO_MANIFEST_DIR"));
        let mut text = std::fs::read_to_string(path).unwrap();
        for _ in 0..4 {
            let mut edits: Vec<_> =
                parse(SourceId(0), &text).problems.into_iter().flat_map(|problem| problem.fix).collect();
            edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
            for (span, with) in edits {
                text.replace_range(span.range(), &with);
            }
        }
        assert_eq!(support::render(&text, &parse(SourceId(0), &text).problems), "", "{name}\n{text}");
    }
}
