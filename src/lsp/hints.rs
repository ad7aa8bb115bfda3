//! What a node is, at the end of its first line: append or changelog, its key, where its records are placed.

use lsp_types::{InlayHint, InlayHintLabel, InlayHintParams};
use pipewright_compiler::editor::NodeShape;
use pipewright_grammar::ast::DeclarationKind;
use pipewright_plan::Kind;

use super::documents;
use super::server::{Refusal, Server};

pub(super) fn hints(server: &mut Server, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>, Refusal> {
    let path = documents::path(&params.text_document.uri);
    let Server { documents, programs, .. } = server;
    let Some(document) = documents.get(&path) else { return Ok(None) };
    let (text, lines) = (document.text.as_str(), &document.lines);
    let Some((program, source)) = programs.of(&path, documents) else { return Ok(None) };
    let analysis = &program.analysis;
    let mut out = vec![];
    for declaration in analysis.files.iter().flat_map(|file| &file.declarations) {
        let (node, sink) = match &declaration.kind {
            DeclarationKind::Source(it) | DeclarationKind::Topic(it) | DeclarationKind::Transform(it) => (it, false),
            DeclarationKind::Sink(it) => (it, true),
            _ => continue,
        };
        if node.name.span.source != source {
            continue;
        }
        let Some(shape) = analysis.facts.node(&node.name.text).filter(|it| it.shape.known) else { continue };
        let head = node.name.span.end as usize;
        let rest = text.get(head..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default().trim_end();
        let position = lines.position(text, head + line.len());
        if position < params.range.start || params.range.end < position {
            continue;
        }
        out.push(InlayHint {
            position,
            label: InlayHintLabel::String(label(shape, sink)),
            kind: None,
            text_edits: None,
            tooltip: None,
            padding_left: Some(true),
            padding_right: None,
            data: None,
        });
    }
    Ok(Some(out))
}

/// `changelog[order_id], placed by customer in 6 partitions`
pub(super) fn label(node: &NodeShape, sink: bool) -> String {
    let mut text = if sink { format!("from {}", node.shape.kind) } else { node.shape.kind.to_string() };
    let Some(placement) = &node.placement else { return text };
    let identity = match &node.shape.kind {
        Kind::Changelog { key, .. } => Some(key),
        Kind::Append { .. } => None,
    };
    if !placement.key.is_empty() && identity != Some(&placement.key) {
        text.push_str(&format!(", key {}", placement.key.join(", ")));
    }
    if !placement.by.is_empty() {
        text.push_str(&format!(", placed by {}", placement.by.join(", ")));
    }
    if let Some(count) = placement.count {
        text.push_str(&format!(" in {count} partition{}", if count == 1 { "" } else { "s" }));
    }
    text
}
