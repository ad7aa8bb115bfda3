//! Edits of texts: those that do not overlap, from the back to the front, so that places stay right.

use std::collections::BTreeMap;

use pipewright_compiler::diagnostics::Fix;
use pipewright_compiler::source::Sources;
use pipewright_grammar::Span;

use super::Texts;

/// Applies as many of the fixes as do not overlap, the first ones first; says how many.
pub(super) fn apply(texts: &mut Texts, sources: &Sources, fixes: &[&Fix]) -> usize {
    let mut taken: BTreeMap<u32, Vec<(Span, &str)>> = BTreeMap::new();
    let mut count = 0;
    for fix in fixes {
        let free = fix.edits.iter().enumerate().all(|(at, (span, text))| {
            let others = taken.get(&span.source.0).into_iter().flatten().map(|it| it.0);
            let own = fix.edits.iter().take(at).map(|it| it.0).filter(|it| it.source == span.source);
            fits(texts, sources, *span) && !text.contains('\0') && others.chain(own).all(|it| apart(it, *span))
        });
        if free {
            for (span, text) in &fix.edits {
                taken.entry(span.source.0).or_default().push((*span, text));
            }
            count += 1;
        }
    }
    for edits in taken.values_mut() {
        edits.sort_by_key(|(span, _)| std::cmp::Reverse((span.start, span.end)));
        for (span, text) in edits {
            if let Some(file) = sources.get(span.source) {
                texts.replace(&file.path, span.range(), text);
            }
        }
    }
    count
}

/// The place lies in a file that was read, and the file is as it was compiled.
fn fits(texts: &Texts, sources: &Sources, span: Span) -> bool {
    sources.get(span.source).is_some_and(|file| {
        texts.get(&file.path).is_some_and(|text| text == file.text) && file.text.get(span.range()).is_some()
    })
}

/// Neither overlaps the other, and no two of them insert at one place.
fn apart(a: Span, b: Span) -> bool {
    a.source != b.source || a.end < b.start || b.end < a.start || (a.end == b.start || b.end == a.start) && a != b
}
