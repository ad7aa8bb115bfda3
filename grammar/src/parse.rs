//! From the text of a file to its tree and its problems.
//!
//! Two passes: the file is cut into units, and each is parsed alone, so that a broken declaration hides no other. Never
//! panics; the time is linear in the length of the text.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::ops::Range;

use crate::ast::{Declaration, DeclarationKind, File, Name};
use crate::build::Builder;
use crate::explain::{self, Place, Site};
use crate::parser::{Rule, parse_rule};
use crate::units;
use crate::{Problem, ProblemKind, SourceId, Span, depth, oddities};

/// How often a text block that was never closed is given up and the rest of the file read anew.
const MAX_REREADS: usize = 16;

/// Units nested no deeper than this are read on the caller's stack.
const SHALLOW: usize = 30;

/// Enough for the deepest unit that is read, without optimisation.
const DEEP_STACK: usize = 32 << 20;

/// How many failures of one file are explained: who has more of them reads the first ones. Explaining takes a hundred
/// times as long as reading.
const MAX_EXPLAINED: usize = 300;

/// A file from this size on is read by several threads.
const LARGE: usize = 256 << 10;

/// What was read of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// The tree. What could not be read is in it as `Error` or `Stub`.
    pub file: File,
    /// What was found wrong, in the order of the text.
    pub problems: Vec<Problem>,
}

/// Reads a file.
pub fn parse(source: SourceId, text: &str) -> Parsed {
    let found = oddities::find(source, text);
    let mut reader = Reader {
        source,
        written: text,
        explanations: MAX_EXPLAINED,
        odd: found.odd,
        file: File::default(),
        problems: found.problems,
    };
    reader.file.allows = found.allows;
    reader.file(&found.text);
    for problem in &mut reader.problems {
        problem.span = problem.span.on_boundaries(text);
        for (span, _) in &mut problem.fix {
            *span = span.on_boundaries(text);
        }
    }
    reader.problems.sort_by_key(|problem| (problem.span.start, problem.span.end));
    Parsed { file: reader.file, problems: reader.problems }
}

/// What came of a unit.
enum Outcome {
    Blank,
    TooDeep(Span),
    Failed,
    Read { declaration: Option<Box<Declaration>>, problems: Vec<Problem>, explained: usize },
}

/// Reads units, each without regard to the others.
struct UnitReader<'t> {
    source: SourceId,
    written: &'t str,
}

impl UnitReader<'_> {
    fn read(&self, text: &str, base: usize, explanations: usize) -> Outcome {
        if is_blank(text) {
            return Outcome::Blank;
        }
        let depth = match depth::depth(text) {
            Ok(depth) => depth,
            Err(place) => {
                return Outcome::TooDeep(Span::new(self.source, base + place.start, base + place.end));
            }
        };
        with_stack_for(depth, || {
            let Some(pair) = parse_rule(Rule::unit, text) else { return Outcome::Failed };
            let mut builder = Builder::new(self.source, base, self.written);
            builder.explanations = explanations;
            let declaration = builder.unit(pair).map(Box::new);
            let explained = explanations.saturating_sub(builder.explanations);
            Outcome::Read { declaration, problems: merged(builder.problems), explained }
        })
    }
}

struct Reader<'t> {
    source: SourceId,
    /// The file as it was written.
    written: &'t str,
    explanations: usize,
    /// Where characters stand that cannot be read, and have been reported; sorted.
    odd: Vec<usize>,
    file: File,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn file(&mut self, text: &str) {
        let mut base = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let mut rereads = 0;
        'read: loop {
            let rest = text.get(base..).unwrap_or_default();
            let ranges = units::cut(rest);
            // Only the first time: what is read ahead is thrown away when a text block turns out to be open.
            let ahead = if rereads == 0 { self.read_ahead(rest, base, &ranges) } else { Vec::new() };
            let mut ahead = ahead.into_iter();
            for range in ranges {
                let unit = rest.get(range.clone()).unwrap_or_default();
                let at = base + range.start;
                let outcome = ahead.next().unwrap_or_else(|| self.unit_reader().read(unit, at, self.explanations));
                if self.accept(outcome, unit, at) {
                    continue;
                }
                let open = units::head_in_text_block(unit).filter(|_| rereads < MAX_REREADS);
                self.failed(open.and_then(|end| unit.get(..end)).unwrap_or(unit), at);
                if let Some(end) = open {
                    rereads += 1;
                    base = at + end;
                    continue 'read;
                }
            }
            return;
        }
    }

    fn unit_reader(&self) -> UnitReader<'_> {
        UnitReader { source: self.source, written: self.written }
    }

    /// Reads the units of a large file on all processors; nothing for a small one.
    fn read_ahead(&self, text: &str, base: usize, ranges: &[Range<usize>]) -> Vec<Outcome> {
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(8);
        if text.len() < LARGE || threads < 2 {
            return Vec::new();
        }
        let share = ranges.len().div_ceil(threads).max(1);
        let read = |part: &[Range<usize>]| {
            let mut explanations = self.explanations / threads;
            let mut outcomes = Vec::with_capacity(part.len());
            for range in part {
                let unit = text.get(range.clone()).unwrap_or_default();
                let outcome = self.unit_reader().read(unit, base + range.start, explanations);
                if let Outcome::Read { explained, .. } = &outcome {
                    explanations = explanations.saturating_sub(*explained);
                }
                outcomes.push(outcome);
            }
            outcomes
        };
        std::thread::scope(|scope| {
            let parts: Vec<_> = ranges
                .chunks(share)
                .map(|part| (part, std::thread::Builder::new().spawn_scoped(scope, move || read(part))))
                .collect();
            let joined = parts.into_iter().map(|(part, thread)| match thread.map(|thread| thread.join()) {
                Ok(Ok(outcomes)) => outcomes,
                _ => read(part),
            });
            joined.flatten().collect()
        })
    }

    /// Reads a unit; false if it failed.
    fn unit(&mut self, text: &str, base: usize) -> bool {
        let outcome = self.unit_reader().read(text, base, self.explanations);
        self.accept(outcome, text, base)
    }

    /// Takes in what was read of a unit; false if it failed.
    fn accept(&mut self, outcome: Outcome, text: &str, base: usize) -> bool {
        match outcome {
            Outcome::Blank => {}
            Outcome::Failed => return false,
            Outcome::TooDeep(span) => {
                self.problems.push(Problem { span, kind: ProblemKind::NestedTooDeeply, fix: Vec::new() });
                self.stub(text, base);
            }
            Outcome::Read { declaration, problems, explained } => {
                self.explanations = self.explanations.saturating_sub(explained);
                // What stands around a character that cannot be read is no news.
                let silent = self.is_odd(base, text.len());
                self.problems.extend(problems.into_iter().filter(|problem| !silent || !is_failure(&problem.kind)));
                match declaration {
                    Some(declaration) => self.file.declarations.push(*declaration),
                    None => self.stub(text, base),
                }
            }
        }
        true
    }

    /// A unit that failed: cut once more; what fails then is explained and leaves its name.
    fn failed(&mut self, text: &str, base: usize) {
        for range in units::recut(text) {
            let piece = text.get(range.clone()).unwrap_or_default();
            let at = base + range.start;
            if self.unit(piece, at) {
                continue;
            }
            if !self.is_odd(at, piece.len()) && self.explanations > 0 {
                self.explanations -= 1;
                let place = Place { source: self.source, base: at, input: piece, at: 0 };
                self.problems.extend(explain::explain(Rule::unit, piece, Site::Unit, within(piece), &place));
            }
            self.stub(piece, at);
        }
    }

    fn is_odd(&self, base: usize, len: usize) -> bool {
        let next = self.odd.partition_point(|at| *at < base);
        self.odd.get(next).is_some_and(|at| *at < base + len)
    }

    fn stub(&mut self, text: &str, base: usize) {
        let Some(pair) = parse_rule(Rule::stub, text) else { return };
        let span_of = |pair: &pest::iterators::Pair<'_, Rule>| {
            let span = pair.as_span();
            Span::new(self.source, base + span.start(), base + span.end()).on_boundaries(self.written)
        };
        let (mut keyword, mut name, mut head) = (None, None, None);
        for part in pair.into_inner() {
            let span = span_of(&part);
            match part.as_rule() {
                Rule::decl_kw => keyword = Some(part.as_str().to_owned()),
                Rule::name => name = Some(Name { text: part.as_str().trim_matches('`').to_owned(), span }),
                Rule::word | Rule::string => {}
                _ => continue,
            }
            head = Some(head.map_or(span, |head: Span| head.to(span)));
        }
        let Some(head) = head else { return };
        let span =
            Span::new(self.source, head.start as usize, base + text.trim_end().len()).on_boundaries(self.written);
        let kind = DeclarationKind::Stub { keyword, name };
        self.file.declarations.push(Declaration { doc: None, span, head, kind });
    }
}

/// Runs what recurses once per level on a stack that is large enough, whatever the caller's is.
fn with_stack_for<T: Send>(depth: usize, run: impl Fn() -> T + Send + Sync) -> T {
    if depth <= SHALLOW {
        return run();
    }
    let spawned = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(DEEP_STACK).spawn_scoped(scope, &run).ok()?;
        thread.join().ok()
    });
    spawned.unwrap_or_else(run)
}

/// "the topic `orders`", from the head of a unit.
fn within(text: &str) -> Option<String> {
    let mut words = Vec::new();
    for part in parse_rule(Rule::stub, text)?.into_inner() {
        match part.as_rule() {
            Rule::decl_kw if part.as_str() == "fn" => words.push("function".to_owned()),
            Rule::decl_kw => words.push(part.as_str().to_owned()),
            Rule::name => words.push(format!("`{}`", part.as_str().trim_matches('`'))),
            Rule::string => words.push(part.as_str().to_owned()),
            _ => {}
        }
    }
    match words.as_slice() {
        [keyword, name] => Some(format!("the {keyword} {name}")),
        [keyword] => Some(format!("the {keyword}")),
        _ => None,
    }
}

fn is_blank(text: &str) -> bool {
    use crate::scan::{LexKind, Scanner};
    Scanner::new(text).all(|lexeme| {
        matches!(lexeme.kind, LexKind::Blank | LexKind::Newline | LexKind::Comment | LexKind::SlashComment)
    })
}

/// True for what says "this could not be read".
pub(crate) fn is_failure(kind: &ProblemKind) -> bool {
    matches!(kind, ProblemKind::Unexpected { .. } | ProblemKind::Unclosed { .. } | ProblemKind::StrayClose(_))
}

/// The same foreign spelling all over a unit is one problem with many fixes.
fn merged(problems: Vec<Problem>) -> Vec<Problem> {
    let mut seen: HashMap<(String, String), usize> = HashMap::new();
    let mut out: Vec<Problem> = Vec::with_capacity(problems.len());
    for problem in problems {
        if let ProblemKind::Foreign { written, here } = &problem.kind {
            let index = *seen.entry((written.clone(), here.clone())).or_insert(out.len());
            if let Some(first) = out.get_mut(index) {
                first.fix.extend(problem.fix);
                continue;
            }
        }
        out.push(problem);
    }
    out
}
