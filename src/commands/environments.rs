//! One program in several environments: each finding once, with the environments it occurs in when it does not occur in all.
//!
//! Knows no rule of the language; the first environment's texts are the ones that are shown.

use pipewright_compiler::Compilation;
use pipewright_compiler::diagnostics::Diagnostic;
use pipewright_compiler::source::Sources;
use pipewright_grammar::{SourceId, Span};

/// The findings of all, sorted by position, and the texts they point into. A name of none is the program without an
/// environment.
pub fn merge(compilations: Vec<(Option<String>, Compilation)>) -> (Vec<Diagnostic>, Sources) {
    let names: Vec<Option<String>> = compilations.iter().map(|(name, _)| name.clone()).collect();
    let mut sources = Sources::default();
    let mut found: Vec<(Diagnostic, Vec<usize>)> = vec![];
    for (index, (_, compilation)) in compilations.into_iter().enumerate() {
        let ids = take_over(&mut sources, &compilation.sources);
        for mut diagnostic in compilation.diagnostics {
            rebase(&mut diagnostic, &ids);
            match found.iter_mut().find(|(it, _)| *it == diagnostic) {
                Some((_, seen)) => seen.push(index),
                None => found.push((diagnostic, vec![index])),
            }
        }
    }
    found.sort_by(|(a, _), (b, _)| (a.primary.span, a.name, &a.message).cmp(&(b.primary.span, b.name, &b.message)));
    let all = names.len();
    let findings = found.into_iter().map(|(mut diagnostic, seen)| {
        if seen.len() < all {
            let only = only_in(seen.iter().filter_map(|it| names.get(*it)));
            diagnostic.note = Some(match diagnostic.note.take() {
                Some(note) => format!("{note}\n{only}"),
                None => only,
            });
        }
        diagnostic
    });
    (findings.collect(), sources)
}

fn only_in<'a>(names: impl Iterator<Item = &'a Option<String>>) -> String {
    let (named, without): (Vec<_>, Vec<_>) = names.partition(|it| it.is_some());
    let quoted: Vec<String> = named.into_iter().flatten().map(|it| format!("`{it}`")).collect();
    match (quoted.as_slice(), without.is_empty()) {
        ([], _) => "only without an environment".to_string(),
        ([one], true) => format!("only in the environment {one}"),
        (several, true) => format!("only in the environments {}", several.join(", ")),
        (several, false) => format!("only without an environment and in {}", several.join(", ")),
    }
}

/// Adds the texts that are not there yet; gives the new id of each.
fn take_over(sources: &mut Sources, more: &Sources) -> Vec<SourceId> {
    let mut ids = Vec::with_capacity(more.files().len());
    for file in more.files() {
        let same = sources.files().iter().position(|it| it.path == file.path && it.text == file.text);
        ids.push(match same.and_then(|it| u32::try_from(it).ok()) {
            Some(known) => SourceId(known),
            None => sources.add(file.path.clone(), file.text.clone()),
        });
    }
    ids
}

fn rebase(diagnostic: &mut Diagnostic, ids: &[SourceId]) {
    let move_span = |span: &mut Span| {
        if let Some(id) = ids.get(span.source.0 as usize) {
            span.source = *id;
        }
    };
    move_span(&mut diagnostic.primary.span);
    diagnostic.secondary.iter_mut().for_each(|it| move_span(&mut it.span));
    for fix in &mut diagnostic.fixes {
        fix.edits.iter_mut().for_each(|(span, _)| move_span(span));
    }
}
