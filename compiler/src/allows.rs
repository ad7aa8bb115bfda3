//! `# pipewright: allow(name)`: takes away lints of that name on the comment's line and on the next line with code,
//! whatever level they have: who wrote the comment has looked at the place.
//!
//! What is no lint stays. A name that no lint has is told, because a misspelt `allow` silences nothing.

use std::collections::HashSet;

use pipewright_grammar::{
    SourceId,
    ast::{Allow, File},
};

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
    let silent = silent_lines(files, sources);
    let mut list = diagnostics.finish();
    list.retain(|finding| {
        let place = (finding.primary.span.source, sources.position(finding.primary.span).0, finding.name);
        default_level(finding.name).is_none() || !silent.contains(&place)
    });
    list
}

/// What is silenced, and where: each comment's line and the next one that holds more than a comment.
fn silent_lines<'f>(files: &'f [File], sources: &Sources) -> HashSet<(SourceId, u32, &'f str)> {
    let mut silent = HashSet::new();
    for file in files {
        let Some(source) = file.allows.first().and_then(|allow| sources.get(allow.span.source)) else { continue };
        let code = source.text.lines().zip(1_u32..).filter(|(line, _)| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with('#')
        });
        let code: Vec<u32> = code.map(|(_, number)| number).collect();
        for allow in &file.allows {
            let line = sources.position(allow.span).0;
            let next = code.get(code.partition_point(|number| *number <= line)).copied();
            for at in std::iter::once(line).chain(next) {
                silent.extend(allow.names.iter().map(|name| (allow.span.source, at, name.text.as_str())));
            }
        }
    }
    silent
}
