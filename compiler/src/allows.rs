//! `# pipewright: allow(name)`: takes away lints of that name on the comment's line and on the next line with code,
//! whatever level they have: who wrote the comment has looked at the place.
//!
//! What is no lint stays. A name that no lint has is told, because a misspelt `allow` silences nothing.

use pipewright_grammar::ast::{Allow, File};

use crate::{
    diagnostics::{Diagnostic, Diagnostics, PAGES, UnknownAllow, default_level},
    expressions::closest,
    source::Sources,
};

/// The findings that are left.
pub(crate) fn apply(files: &[File], sources: &Sources, mut diagnostics: Diagnostics) -> Vec<Diagnostic> {
    let allows: Vec<&Allow> = files.iter().flat_map(|file| &file.allows).collect();
    for name in allows.iter().flat_map(|allow| &allow.names) {
        if default_level(&name.text).is_some() {
            continue;
        }
        let known = PAGES.iter().map(|(known, _)| *known);
        let is_error = known.clone().any(|it| it == name.text);
        let closest = closest(&name.text, known.filter(|it| default_level(it).is_some())).filter(|_| !is_error);
        diagnostics.emit(UnknownAllow { name: name.text.clone(), span: name.span, closest, is_error });
    }
    let mut list = diagnostics.finish();
    list.retain(|finding| {
        default_level(finding.name).is_none() || !allows.iter().any(|allow| silences(allow, finding, sources))
    });
    list
}

fn silences(allow: &Allow, finding: &Diagnostic, sources: &Sources) -> bool {
    if allow.span.source != finding.primary.span.source || !allow.names.iter().any(|it| it.text == finding.name) {
        return false;
    }
    let line = sources.position(allow.span).0;
    let at = sources.position(finding.primary.span).0;
    at == line || Some(at) == next_code_line(allow, line, sources)
}

/// The next line that holds more than a comment.
fn next_code_line(allow: &Allow, line: u32, sources: &Sources) -> Option<u32> {
    let text = &sources.get(allow.span.source)?.text;
    let found = text.lines().skip(line as usize).position(|it| {
        let it = it.trim();
        !it.is_empty() && !it.starts_with('#')
    })?;
    u32::try_from(found).ok().map(|skipped| line + 1 + skipped)
}
