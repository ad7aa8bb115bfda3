//! Where an option goes that a block does not have yet: the edit of a fix.

use pipewright_grammar::{
    Span,
    ast::{Node, Record},
};

use crate::source::Sources;

/// Adds an option to a node without steps.
pub(crate) fn node(node: &Node, text: &str, sources: &Sources) -> (Span, String) {
    let parts = node.ty.iter().chain(&node.on).chain(&node.to).map(|it| it.span);
    let head = parts.chain(node.from.iter().map(|it| it.span())).fold(node.name.span, Span::to);
    option(node.options.as_ref(), head, text, sources)
}

/// Adds `text` (`partitions = 6`) to a block; without a block one is begun behind `head`.
pub(crate) fn option(record: Option<&Record>, head: Span, text: &str, sources: &Sources) -> (Span, String) {
    let Some(record) = record else { return (head.after(), format!(" {{ {text} }}")) };
    let (Some(first), Some(last)) = (record.entries.first(), record.entries.last()) else {
        return (record.span, format!("{{ {text} }}"));
    };
    let before = Span { end: first.span.start, ..record.span };
    match sources.text(before).rsplit_once('\n') {
        // One entry a line: a line of its own before the first, where no comment can be in the way.
        Some((_, indent)) if indent.trim().is_empty() => {
            let place = Span { end: first.span.start, ..first.span };
            let end = if sources.text(before).contains("\r\n") { "\r\n" } else { "\n" };
            (place, format!("{text}{end}{indent}"))
        }
        _ => (last.span.after(), format!(", {text}")),
    }
}
