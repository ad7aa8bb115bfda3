//! Problems as text, and golden files. `UPDATE_GOLDEN=1` writes them anew.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use pipewright_grammar::{Problem, Span};

/// `line:column`, both from 1, columns in characters.
fn place(text: &str, at: usize) -> String {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    format!("{line}:{column}")
}

fn shown(text: &str, span: Span) -> String {
    format!("{} {:?}", place(text, span.range().start), &text[span.range()])
}

/// One line a problem, and one for its fix.
pub fn render(text: &str, problems: &[Problem]) -> String {
    let mut out = String::new();
    for problem in problems {
        let kind = format!("{:?}", problem.kind);
        // Places inside of a kind are shown by their text.
        let kind = match problem.kind {
            pipewright_grammar::ProblemKind::Unclosed { ref open, opened } => {
                format!("Unclosed {open} opened at {}", place(text, opened.range().start))
            }
            _ => kind,
        };
        writeln!(out, "{}\n    {kind}", shown(text, problem.span)).unwrap();
        if !problem.fix.is_empty() {
            let edits: Vec<_> =
                problem.fix.iter().map(|(span, with)| format!("{} -> {with:?}", shown(text, *span))).collect();
            writeln!(out, "    fix {}", edits.join(", ")).unwrap();
        }
    }
    out
}

/// The files of a folder under `tests/` that end in `.pipe`.
pub fn programs(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ext| ext == "pipe"));
    files.sort();
    assert!(!files.is_empty());
    files
}

/// Compares with the golden file beside `program`. Returns what differs.
pub fn golden(program: &Path, extension: &str, actual: &str) -> Option<String> {
    let file = program.with_extension(extension);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, actual).unwrap();
        return None;
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    (expected != actual).then(|| format!("{}\n--- expected\n{expected}\n--- actual\n{actual}", file.display()))
}

/// The declarations of a file, one line each: what is known of it after reading.
pub fn outline(file: &pipewright_grammar::ast::File) -> String {
    use pipewright_grammar::ast::{DeclarationKind as K, Node, Record, StepKind};
    let options = |record: &Option<Record>| {
        record.as_ref().map_or(String::new(), |record| {
            let names: Vec<_> = record.entries.iter().map(|entry| entry.name.text.as_str()).collect();
            format!(" {{{}{}}}", names.join(","), if record.incomplete { ",…" } else { "" })
        })
    };
    let node = |word: &str, node: &Node| {
        let steps: Vec<_> =
            node.steps.iter().map(|step| if step.kind == StepKind::Error { "error" } else { "step" }).collect();
        format!("{word} {}{} {}", node.name.text, options(&node.options), steps.join(" ")).trim_end().to_owned()
    };
    let mut out = String::new();
    for declaration in &file.declarations {
        let line = match &declaration.kind {
            K::Pipeline(pipeline) => format!("pipeline {}{}", pipeline.name.text, options(&pipeline.options)),
            K::Import(from) => format!("import {}", from.value),
            K::Connection(it) => format!("connection {}{}", it.name.text, options(&it.options)),
            K::Type(it) => format!("type {}", it.name.text),
            K::Function(it) => format!("fn {}", it.name.text),
            K::Param(it) => format!("param {}", it.name.text),
            K::Source(it) => node("source", it),
            K::Topic(it) => node("topic", it),
            K::Lookup(it) => node("lookup", it),
            K::Transform(it) => node("transform", it),
            K::Sink(it) => node("sink", it),
            K::Test(it) => format!("test {:?} {} lines", it.title.value, it.lines.len()),
            K::Stub { keyword, name } => {
                format!("stub {keyword:?} {:?}", name.as_ref().map(|name| &name.text))
            }
        };
        writeln!(out, "{line}").unwrap();
    }
    out
}

/// A tree as text, without its places.
pub fn tree(text: &str) -> String {
    let debug = format!("{:?}", pipewright_grammar::parse(pipewright_grammar::SourceId(0), text).file);
    let mut out = String::with_capacity(debug.len());
    let mut rest = debug.as_str();
    while let Some(at) = rest.find("Span {") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = &rest[rest.find('}').unwrap() + 1..];
    }
    out.push_str(rest);
    out
}

/// The comments of a text, sorted: the formatter keeps all of them.
fn comments(text: &str) -> Vec<String> {
    let mut comments: Vec<_> = text
        .lines()
        .filter(|line| !line.contains('"'))
        .filter_map(|line| line.find('#').map(|at| line[at..].trim_end().to_owned()))
        .collect();
    comments.sort();
    comments
}

/// Says what the formatter did beyond layout.
pub fn layout_only(text: &str) -> Result<(), String> {
    let once = pipewright_grammar::format(text).map_err(|problems| format!("{problems:?}"))?;
    let twice = pipewright_grammar::format(&once)
        .map_err(|problems| format!("formatted text is broken\n{text}\n---\n{once}\n{}", render(&once, &problems)))?;
    if once != twice {
        let differs = once.lines().zip(twice.lines()).position(|(a, b)| a != b).unwrap_or(0);
        let around = |text: &str| text.lines().skip(differs.saturating_sub(3)).take(8).collect::<Vec<_>>().join("\n");
        return Err(format!(
            "not idempotent\n--- once\n{}\n--- twice\n{}\n--- text\n{text}",
            around(&once),
            around(&twice)
        ));
    }
    if tree(text) != tree(&once) {
        return Err(format!("the tree changed\n--- text\n{text}\n--- formatted\n{once}\n"));
    }
    if comments(text) != comments(&once) && !text.contains('"') {
        return Err(format!("comments got lost\n--- text\n{text}\n--- formatted\n{once}"));
    }
    Ok(())
}
