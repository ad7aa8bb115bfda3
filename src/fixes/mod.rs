//! `check --fix`: applies the fixes that need no asking, until nothing is left to apply.
//!
//! Works on texts in memory ([`Texts`]), so that a diff and a rewritten file are the same thing; knows nothing of any rule.
//! Invariants: bytes outside of the edits stay; a fix is applied whole or not at all; a fix after which more is wrong than
//! before is taken back.

mod edits;
mod texts;

use pipewright_compiler::Compilation;
use pipewright_compiler::diagnostics::{Applicability, Fix, Severity};

pub use texts::Texts;

/// A fix may uncover what the next one is for; after so many rounds the rest is for a human.
const ROUNDS: usize = 16;

/// Fixes a program in `texts`. `compile` compiles it from what they hold. The result counts the fixes, and is the program
/// as it is then.
pub fn program(texts: &mut Texts, compile: &dyn Fn(&Texts) -> Compilation) -> (usize, Compilation) {
    let mut compilation = compile(texts);
    let mut applied = 0;
    for _ in 0..ROUNDS {
        let fixes = safe(&compilation);
        if fixes.is_empty() {
            break;
        }
        let all: Vec<&Fix> = fixes.iter().collect();
        // Nearly always all of them are right together; if not, one after the other finds those that are.
        let step = attempt(texts, &compilation, &all, compile)
            .or_else(|| all.iter().find_map(|fix| attempt(texts, &compilation, &[fix], compile)));
        let Some((fixed, count, after)) = step else { break };
        *texts = fixed;
        compilation = after;
        applied += count;
    }
    (applied, compilation)
}

/// The program after one fix, whatever it leads to; `None`: it cannot be applied. For editors, which ask.
pub fn one(texts: &Texts, fix: &Fix, compile: &dyn Fn(&Texts) -> Compilation) -> Option<Compilation> {
    let before = compile(texts);
    let mut fixed = texts.clone();
    (edits::apply(&mut fixed, &before.sources, &[fix]) == 1 && fixed != *texts).then(|| compile(&fixed))
}

/// The fixes that may be applied, each once.
fn safe(compilation: &Compilation) -> Vec<Fix> {
    let mut fixes: Vec<Fix> = vec![];
    for finding in &compilation.diagnostics {
        // Of two safe answers to one finding the first is applied; the second would undo it.
        let fix = finding.fixes.iter().find(|it| it.applicability == Applicability::Safe && !it.edits.is_empty());
        fixes.extend(fix.filter(|fix| !fixes.contains(fix)).cloned());
    }
    fixes
}

/// The texts with these fixes, how many of them did not overlap, and what is found then; `None`: nothing changes, or more
/// is wrong than before.
fn attempt(
    texts: &Texts,
    before: &Compilation,
    fixes: &[&Fix],
    compile: &dyn Fn(&Texts) -> Compilation,
) -> Option<(Texts, usize, Compilation)> {
    let mut fixed = texts.clone();
    let count = edits::apply(&mut fixed, &before.sources, fixes);
    if count == 0 || fixed == *texts {
        return None;
    }
    let after = compile(&fixed);
    (wrong(&after) <= wrong(before)).then_some((fixed, count, after))
}

/// How wrong a program is: what cannot be read hides what it holds, so it counts before all else.
pub fn wrong(compilation: &Compilation) -> (usize, usize) {
    let unread = |text: &str| pipewright_grammar::parse(pipewright_grammar::SourceId(0), text).problems.len();
    let unread = compilation.sources.files().iter().map(|file| unread(&file.text)).sum();
    let errors = compilation.diagnostics.iter().filter(|it| it.severity == Severity::Error).count();
    (unread, errors)
}
