//! Large, deep and hostile programs: all of them are answered, in linear time and without depth.

use pipewright_grammar::ast::{DeclarationKind, ExprKind};
use pipewright_grammar::{Parsed, ProblemKind, SourceId, format, parse};

fn body(text: &str) -> (ExprKind, Parsed) {
    let parsed = parse(SourceId(0), &format!("fn f(a: int64): int64 = {text}\n"));
    let kind = match &parsed.file.declarations[0].kind {
        DeclarationKind::Function(function) => function.body.kind.clone(),
        _ => ExprKind::Error,
    };
    (kind, parsed)
}

fn too_deep(parsed: &Parsed) -> bool {
    parsed.problems.len() == 1 && parsed.problems[0].kind == ProblemKind::NestedTooDeeply
}

#[test]
fn long_chains_are_flat() {
    let (kind, parsed) = body(&vec!["a"; 10_000].join(" + "));
    assert!(parsed.problems.is_empty());
    assert!(matches!(kind, ExprKind::Chain { rest, .. } if rest.len() == 9_999));
    let (kind, parsed) = body(&vec!["a"; 10_000].join("\n and "));
    assert!(parsed.problems.is_empty());
    assert!(matches!(kind, ExprKind::Logic { terms, .. } if terms.len() == 10_000));
    let (kind, _) = body(&format!("{} 1", "if a then 0 else ".repeat(5_000)));
    assert!(matches!(kind, ExprKind::If { branches, .. } if branches.len() == 5_000));
}

#[test]
fn long_lists_are_read_and_formatted() {
    let list: Vec<_> = (0..100_000).map(|n| n.to_string()).collect();
    let text = format!("pipeline p {{ x = [{}] }}\n", list.join(", "));
    assert!(parse(SourceId(0), &text).problems.is_empty());
    assert_eq!(format(&text).unwrap().lines().count(), 100_004);
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [("(", ")"), ("[", "]"), ("f(", ")"), ("{ a = ", " }"), ("if a then ", " else 1")] {
        let (_, parsed) = body(&format!("{}1{}", open.repeat(5_000), close.repeat(5_000)));
        assert!(too_deep(&parsed), "{open}");
        let (_, parsed) = body(&format!("{}1{}", open.repeat(90), close.repeat(90)));
        assert!(parsed.problems.is_empty(), "{open}");
    }
    for prefix in ["-", "not ", "- "] {
        assert!(too_deep(&body(&format!("{}a", prefix.repeat(5_000))).1), "{prefix}");
    }
    for postfix in [".a", "[0]", "()"] {
        assert!(too_deep(&body(&format!("a{}", postfix.repeat(5_000))).1), "{postfix}");
    }
    let ty = format!("type T = {}int64{}\n", "list<".repeat(5_000), ">".repeat(5_000));
    assert!(too_deep(&parse(SourceId(0), &ty)));
}

/// Each of these was quadratic in some parser once.
#[test]
fn hostile_programs_take_linear_time() {
    let n = 10_000;
    let programs = [
        "\"\"\"\n".repeat(n),
        "topic a from b { q = \"\"\"\n".repeat(n),
        "# comment\n".repeat(n),
        "## doc\n".repeat(n),
        "\n".repeat(10 * n),
        format!("topic a from b {{\n{}}}\n", "  key =\n".repeat(n)),
        format!("transform a from b\n{}", "  | wher x\n".repeat(n)),
        format!("transform a from b\n{}", "  | where\n".repeat(n)),
        "f\"{".repeat(n),
        "'".repeat(n),
        "{".repeat(n),
        "}\n".repeat(n),
        "topic a from b { k = 1; };\n".repeat(n / 10),
        "transform t from a | where x == “y”\n".repeat(n / 10),
        "<<<<<<< a\n=======\n>>>>>>> b\n".repeat(n / 10),
        format!("fn f(a: int64): int64 = {}\n", "a = 'x' && ".repeat(n / 10)),
    ];
    for program in programs {
        let start = std::time::Instant::now();
        parse(SourceId(0), &program);
        let shown: String = program.chars().take(30).collect();
        // A minute is far more than a slow machine takes, and far less than the square of these lengths.
        assert!(start.elapsed().as_secs() < 60, "{shown:?} took {:?}", start.elapsed());
    }
}

#[test]
fn an_option_may_be_called_null() {
    let (kind, parsed) = body("f(null = \"-\", a == null, null)");
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    let ExprKind::Call { args, .. } = kind else { panic!("{kind:?}") };
    let names: Vec<_> = args.iter().map(|arg| arg.name.as_ref().map(|name| name.text.as_str())).collect();
    assert_eq!(names, [Some("null"), None, None]);
}
