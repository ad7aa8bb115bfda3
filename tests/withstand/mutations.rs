//! Programs that were right before one thing happened to them.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::withstand::bodies::{Files, answered, compile_in, formats};
use crate::withstand::corpus::{Program, programs, stride};

/// One token may cost this many findings.
const MOST_FINDINGS: usize = 3;

/// Not good enough yet: without its name a field's value is a comparison with the field before (`a` … `= b`), and what the
/// field and what follows would have been is asked for one by one. A row of a test that lost its bracket does the same.
const LOUD: &[(&str, usize)] = &[
    ("examples/access_log/access_log.pipe", 35),
    ("examples/retail/retail.pipe", 219),
    ("tests/ui/sasl-without-tls/pass.pipe", 5),
];

/// The tokens of a program: words, numbers, strings, every other character; no blanks, no comments.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let mut tokens = vec![];
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let len = match c {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' => rest[1..].find(['"', '\n']).map_or(rest.len(), |n| n + 2),
            c if c.is_alphanumeric() || c == '_' => {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            }
            c => c.len_utf8(),
        };
        if c != '#' && !c.is_whitespace() {
            tokens.push(at..at + len);
        }
        at += len;
    }
    tokens
}

fn lines(text: &str) -> Vec<Range<usize>> {
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    std::iter::once(0).chain(ends.iter().copied()).zip(ends.iter().copied()).map(|(start, end)| start..end).collect()
}

/// The text with this instead of a part.
fn with(text: &str, range: Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..range.start], &text[range.end..])
}

/// The number of findings, after all that must hold has been looked at.
fn answer(program: &Program, text: &str) -> usize {
    let run = || {
        let compilation = compile_in(&Files::one(text.as_bytes()), &program.environment);
        answered(&compilation);
        compilation.diagnostics.len()
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| panic!("{}:\n{text}", program.path.display()))
}

/// Runs over what `mutants` makes of each program, some of it.
fn each(usual: usize, mutants: impl Fn(&str) -> Vec<String>, mut look: impl FnMut(&Program, &str)) {
    let programs = programs(true);
    let all: usize = programs.iter().map(|program| mutants(&program.text).len()).sum();
    let stride = stride(all, usual);
    let mut number = 0;
    for program in &programs {
        for mutant in mutants(&program.text) {
            number += 1;
            if number % stride == 0 {
                look(program, &mutant);
            }
        }
    }
    assert!(number > usual, "only {number} mutants");
}

#[test]
fn a_deleted_token_costs_at_most_three_findings() {
    let mut loud = vec![];
    each(
        1_000,
        |text| tokens(text).into_iter().map(|token| with(text, token, "")).collect(),
        |program, text| {
            let findings = answer(program, text);
            let gone = program.text.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
            let line = program.text[..gone].matches('\n').count() + 1;
            let known = LOUD.iter().any(|(path, at)| program.path.ends_with(path) && *at == line);
            if findings > MOST_FINDINGS && !known {
                loud.push(format!("{findings} findings: {}:{line}", program.path.display()));
                if std::env::var_os("SHOW").is_some() {
                    let compilation = compile_in(&Files::one(text.as_bytes()), &program.environment);
                    for it in &compilation.diagnostics {
                        loud.push(format!("      {}: {}", it.name, it.message));
                    }
                    loud.push(format!("      {}", text.lines().nth(line - 1).unwrap_or_default()));
                }
            }
        },
    );
    assert!(loud.is_empty(), "{} mutants\n{}", loud.len(), loud.join("\n"));
}

/// Each of these was a crowd once.
#[test]
fn one_mistake_is_not_told_by_everybody_who_suffers_from_it() {
    let right = std::fs::read_to_string("examples/retail/retail.pipe").unwrap();
    let program = programs(true).into_iter().find(|it| it.text == right).unwrap();
    for (part, new) in [
        ("connection warehouse =", "warehouse ="),
        ("connection warehouse =", "connection ="),
        ("r\"", "\""),
        ("delivery", ""),
    ] {
        if let Some(at) = right.find(part) {
            let findings = answer(&program, &with(&right, at..at + part.len(), new));
            assert!(findings <= MOST_FINDINGS, "{findings} findings for `{new}` in place of `{part}`");
        }
    }
    let bus = "pipeline p { delivery = exactly_once }\nconnection bus = kafka { embedded true }\n\
               connection files = files { root = \"data\" }\nsource s from files { path = \"a\", format = raw }\n\
               topic a on bus from s { format = raw }\n";
    let compilation = compile_in(&Files::one(bus.as_bytes()), &program.environment);
    let errors: Vec<_> =
        compilation.diagnostics.iter().map(|it| it.name).filter(|it| *it != "unused-declaration").collect();
    assert_eq!(errors, ["syntax-error"], "{:?}", compilation.diagnostics);
    let regex = "fn f(a: string): bool = a ~ r\"x\" or a == \"\\S \\d \\w \\x22\"\n";
    let compilation = compile_in(&Files::one(regex.as_bytes()), &program.environment);
    assert_eq!(compilation.diagnostics.iter().filter(|it| it.name == "bad-escape").count(), 1);
}

#[test]
fn swapped_tokens_are_answered() {
    let swap = |text: &str| {
        let tokens = tokens(text);
        let pairs = tokens.iter().zip(tokens.iter().skip(1));
        pairs
            .map(|(a, b)| {
                let between = &text[a.end..b.start];
                with(text, a.start..b.end, &format!("{}{between}{}", &text[b.clone()], &text[a.clone()]))
            })
            .collect()
    };
    each(600, swap, |program, text| assert!(answer(program, text) < 1_000));
}

#[test]
fn lines_that_are_gone_or_doubled_are_answered() {
    let mutants = |text: &str| {
        let lines = lines(text).into_iter();
        lines.flat_map(|line| [with(text, line.clone(), ""), with(text, line.end..line.end, &text[line])]).collect()
    };
    each(400, mutants, |program, text| {
        answer(program, text);
        formats(text.as_bytes());
    });
}

#[test]
fn programs_that_end_anywhere_are_answered() {
    let mutants = |text: &str| text.char_indices().map(|(at, _)| text[..at].to_string()).collect();
    each(600, mutants, |program, text| assert!(answer(program, text) < 1_000));
}
