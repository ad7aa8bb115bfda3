//! One canonical layout for a program.
//!
//! Works on the tokens, with the parse tree as a guide to what they are, so that comments survive where they stand and
//! nothing but blanks, line breaks and commas can change. A text that does not read cleanly is not touched.

mod layout;
mod marks;
mod tokens;
mod tree;

use layout::Layout;
use tokens::{Kind, Token, tokens};
use tree::{Node, nodes};

use crate::parse::parse;
use crate::parser::{Rule, parse_rule};
use crate::{Problem, SourceId, units};

/// Lays a program out. A text with problems is refused: they are the answer. Lines end as the first one did: a file that
/// was checked out with `\r\n` keeps it, and is the same file to everybody else.
pub fn format(text: &str) -> Result<String, Vec<Problem>> {
    let parsed = parse(SourceId(0), text);
    if !parsed.problems.is_empty() {
        return Err(parsed.problems);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut out = String::with_capacity(text.len());
    let mut before = Before::Nothing;
    for range in units::cut(text) {
        let unit = text.get(range).unwrap_or_default();
        before = declaration(unit, before, &mut out);
    }
    let first_line = text.split_inclusive('\n').next().unwrap_or_default();
    // Only text blocks and blanks still have what was written; the value of neither depends on it.
    if out.contains("\r\n") {
        out = out.replace("\r\n", "\n");
    }
    Ok(if first_line.ends_with("\r\n") { out.replace('\n', "\r\n") } else { out })
}

/// What stands above a declaration.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    OneLine,
    ManyLines,
}

/// Lays out a unit: the comments above it, its head, its steps.
fn declaration(unit: &str, before: Before, out: &mut String) -> Before {
    let marks = parse_rule(Rule::unit, unit).map(marks::Marks::of).unwrap_or_default();
    let tokens = tokens(unit, &marks);
    let lead = tokens.iter().take_while(|token| token.kind.is_comment()).count();
    let (lead, code) = tokens.split_at(lead);
    let mut above = String::new();
    for (index, comment) in lead.iter().enumerate() {
        if index > 0 && comment.lines_before > 1 {
            above.push('\n');
        }
        above.push_str(comment.text);
        above.push('\n');
    }
    if !lead.is_empty() && code.first().is_some_and(|token| token.lines_before > 1) {
        above.push('\n');
    }
    let mut layout = Layout::new(&marks);
    let mut segments = segments(nodes(code.to_vec()), &marks).into_iter();
    if let Some(head) = segments.next() {
        segment(&mut layout, head, 0);
    }
    for step in segments {
        layout.line(2);
        segment(&mut layout, step, 4);
    }
    let body = layout.finish();
    let many = body.trim_end().contains('\n');
    // A unit begins with a line.
    let blank_above = tokens.first().is_some_and(|token| token.lines_before > 0);
    if tokens.is_empty() {
        return before;
    }
    if before != Before::Nothing && (many || before == Before::ManyLines || blank_above) && !code.is_empty()
        || before != Before::Nothing && code.is_empty() && blank_above
    {
        out.push('\n');
    }
    out.push_str(&above);
    out.push_str(&body);
    if !body.is_empty() {
        out.push('\n');
    }
    if many { Before::ManyLines } else { Before::OneLine }
}

/// The head of a declaration, then each step with its `|`.
fn segments<'t>(nodes: Vec<Node<'t>>, marks: &marks::Marks) -> Vec<Vec<Node<'t>>> {
    let mut segments: Vec<Vec<Node<'t>>> = vec![Vec::new()];
    for node in nodes {
        if marks.steps.contains(&node.start()) {
            segments.push(Vec::new());
        }
        if let Some(last) = segments.last_mut() {
            last.push(node);
        }
    }
    segments
}

/// A head or a step, with the comments behind it and below it.
fn segment(layout: &mut Layout<'_>, mut nodes: Vec<Node<'_>>, indent: usize) {
    let comments = take_comments(&mut nodes);
    layout.sequence(&nodes, indent);
    for (index, comment) in comments.iter().enumerate() {
        if comment.lines_before == 0 && index == 0 {
            layout.trailing(comment);
            continue;
        }
        if comment.lines_before > 1 {
            layout.blank();
        }
        layout.line(if comment.first_column { 0 } else { 2 });
        layout.text(comment.text);
    }
}

/// Takes the comments at the end of a run of nodes.
fn take_comments<'t>(nodes: &mut Vec<Node<'t>>) -> Vec<Token<'t>> {
    let keep = nodes.iter().rposition(|node| !node.is_comment()).map_or(0, |last| last + 1);
    nodes
        .split_off(keep)
        .into_iter()
        .filter_map(|node| match node {
            Node::Token(token) => Some(token),
            Node::Group(_) => None,
        })
        .collect()
}

/// Which brackets hold entries that a line break separates as well as a comma.
fn is_block(open: Kind) -> bool {
    matches!(open, Kind::Open(b'{' | b'['))
}
