//! Results of tests for people: a line a test; of a failed one the rows, expected and found below one another, and what became
//! of the records that are missing.

use std::collections::BTreeMap;
use std::time::Duration;

use pipewright_compiler::source::Sources;
use pipewright_grammar::{SourceId, Span};
use pipewright_plan::{Extent, Origin, Plan};
use pipewright_runtime::engine::Reachable;
use pipewright_runtime::testing::{Because, Cell, Failure, FailureKind, Pair, RowsDiffer, Why};

use unicode_width::UnicodeWidthStr;

use super::counted;
use crate::style::Style;

/// What was played of one program.
#[derive(Debug)]
pub struct Played {
    /// Its file.
    pub file: String,
    /// Its tests, in order.
    pub tests: Vec<Line>,
    /// What was reached and what was not, if that was asked.
    pub coverage: Option<Vec<Covered>>,
}

/// One test.
#[derive(Debug)]
pub struct Line {
    /// What it shows.
    pub name: String,
    /// `file:line`
    pub place: String,
    /// How long it took.
    pub took: Duration,
    /// None: it passed.
    pub failures: Vec<Failed>,
}

/// One failure.
#[derive(Debug)]
pub struct Failed {
    /// `file:line` of the line that failed.
    pub place: String,
    /// What is wrong, in one line.
    pub message: String,
    /// Rows beside one another.
    pub pairs: Vec<Pair>,
    /// What explains them, a line each.
    pub because: Vec<String>,
}

/// One thing that a test can reach.
#[derive(Debug)]
pub struct Covered {
    /// `file:line`
    pub place: String,
    /// "`where` is false"
    pub what: String,
    /// The text of the program at the place, cut short.
    pub text: String,
    /// Whether a test reached it.
    pub reached: bool,
}

impl Covered {
    /// With its place in words.
    pub fn new(it: &Reachable, plan: &Plan, sources: &Sources) -> Self {
        let text = text_of(it.origin, sources);
        Self { place: plan.place(it.origin), what: it.what.clone(), text: cut(&text, 50), reached: it.reached }
    }
}

fn text_of(origin: Origin, sources: &Sources) -> String {
    let span = Span { source: SourceId(origin.file), start: origin.start, end: origin.end };
    sources.text(span).lines().next().unwrap_or_default().trim().to_string()
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// A failure in words.
pub fn failure(failure: &Failure, plan: &Plan, sources: &Sources) -> Failed {
    let place = plan.place(failure.origin);
    match &failure.kind {
        FailureKind::Rows(differ) => Failed {
            place,
            message: message(differ),
            pairs: differ.pairs.clone(),
            because: because(differ, plan, sources),
        },
        FailureKind::NotWritten { reason } => {
            Failed { place, message: format!("this row cannot be given: {reason}"), pairs: vec![], because: vec![] }
        }
        FailureKind::Stopped { message } => Failed { place, message: message.clone(), pairs: vec![], because: vec![] },
    }
}

fn message(differ: &RowsDiffer) -> String {
    let node = &differ.node;
    let count = |test: &dyn Fn(&Pair) -> bool| differ.pairs.iter().filter(|it| test(it)).count() as u64;
    let missing = count(&|it| it.actual.is_none());
    let extra = count(&|it| it.expected.is_none());
    let other = count(&|it| it.expected.is_some() && it.actual.is_some() && !it.is_equal());
    let is = |count: u64| if count == 1 { "is" } else { "are" };
    let mut parts = vec![];
    if other > 0 {
        parts.push(format!("{} {} different", counted(other, "row"), is(other)));
    }
    if missing > 0 {
        parts.push(format!("{} {} missing", counted(missing, "row"), is(missing)));
    }
    match (differ.extent, extra) {
        (_, 0) => {}
        (Extent::Nothing, _) => parts.push(format!("{} {} there", counted(extra, "row"), is(extra))),
        (Extent::Exactly | Extent::Contains, _) => {
            parts.push(format!("{} {} not expected", counted(extra, "row"), is(extra)));
        }
    }
    if !differ.order.is_empty() {
        parts.push("rows of one key are in another order".to_string());
    }
    let what = match differ.extent {
        Extent::Exactly => "expect",
        Extent::Contains => "expect … contains",
        Extent::Nothing => "expect no",
    };
    match differ.extent {
        Extent::Contains => format!("expect {node} contains: {}", parts.join(", ")),
        Extent::Exactly | Extent::Nothing => format!("{what} {node}: {}", parts.join(", ")),
    }
}

fn because(differ: &RowsDiffer, plan: &Plan, sources: &Sources) -> Vec<String> {
    let order = differ.order.iter().map(|key| format!("the rows with {key} came in another order"));
    let given = differ.because.iter().map(|it| {
        let Because { record, given, why } = it;
        let given = plan.place(*given);
        match why {
            Why::Dropped { step, .. } => {
                let text = cut(&text_of(*step, sources), 60);
                format!("{record} ({given}) was dropped by `{text}` at {}", plan.place(*step))
            }
            Why::Deleted { node } => {
                format!("{record} ({given}) did not pass a `where` on a changelog: its row was deleted from `{node}`")
            }
            Why::Bad { name, reason, place } => {
                format!("{record} ({given}) became a dead letter at {place}: {reason} [{name}]")
            }
        }
    });
    order.chain(given).collect()
}

/// Everything.
pub fn render(played: &[Played], broken: usize, style: Style) -> String {
    let mut out = String::new();
    let (mut passed, mut failed) = (0u64, 0u64);
    for program in played.iter().filter(|it| !it.tests.is_empty()) {
        out.push_str(&style.paint("1", &program.file));
        out.push('\n');
        let fine = program.tests.iter().filter(|it| it.failures.is_empty()).count();
        // Many lines of what is right hide what is wrong.
        let lists = program.tests.len() <= LISTED;
        if !lists && fine > 0 {
            out.push_str(&format!("  {} {}\n", style.paint("32", "ok    "), counted(fine as u64, "test")));
        }
        for test in &program.tests {
            if test.failures.is_empty() {
                passed += 1;
                if !lists {
                    continue;
                }
                out.push_str(&format!("  {} {}\n", style.paint("32", "ok    "), test.name));
            } else {
                failed += 1;
                out.push_str(&format!(
                    "  {} {}  {}\n",
                    style.paint("31", "failed"),
                    test.name,
                    style.paint("2", &test.place)
                ));
                test.failures.iter().for_each(|it| out.push_str(&show(it, style)));
                out.push('\n');
            }
        }
    }
    for program in played {
        if let Some(coverage) = &program.coverage {
            out.push_str(&covered(&program.file, coverage, style));
        }
    }
    let mut end = match passed + failed {
        0 => "no tests".to_string(),
        all => format!("{} in {}: ", counted(all, "test"), counted(tested(played), "program")),
    };
    match (passed, failed) {
        (0, 0) => {}
        (_, 0) => end.push_str("all passed"),
        _ => end.push_str(&format!("{passed} passed, {failed} failed")),
    }
    if broken > 0 {
        end.push_str(&format!("; {} could not be tested", counted(broken as u64, "program")));
    }
    out.push_str(&format!("{}\n", style.paint("1", &end)));
    out
}

fn tested(played: &[Played]) -> u64 {
    played.iter().filter(|it| !it.tests.is_empty()).count() as u64
}

fn covered(file: &str, coverage: &[Covered], style: Style) -> String {
    let reached = coverage.iter().filter(|it| it.reached).count();
    let share = match coverage.len() {
        0 => String::new(),
        all => format!(" ({} %)", reached * 100 / all),
    };
    let head = format!("{file}: {reached} of {} outcomes, branches and policies reached{share}", coverage.len());
    let mut out = format!("{}\n", style.paint("1", &head));
    for it in coverage.iter().filter(|it| !it.reached) {
        out.push_str(&format!("  {}  never: {}  {}\n", it.place, it.what, style.paint("2", &it.text)));
    }
    out
}

/// Of more tests than this only those that failed have a line.
const LISTED: usize = 100;

/// More rows than this are not read.
const SHOWN: usize = 40;

pub(super) fn show(failed: &Failed, style: Style) -> String {
    let mut out = format!("\n      {}  {}\n", failed.message, style.paint("2", &failed.place));
    let widths = widths(&failed.pairs);
    let equal = failed.pairs.iter().filter(|it| it.is_equal()).count();
    // A long list of what is right hides what is wrong.
    let hides = equal > SHOWN / 4 && equal < failed.pairs.len();
    let shown: Vec<_> = failed.pairs.iter().filter(|it| !(hides && it.is_equal())).collect();
    if hides {
        out.push_str(&format!("          … {} as expected\n", counted(equal as u64, "row")));
    }
    for pair in shown.iter().take(SHOWN) {
        match (&pair.expected, &pair.actual) {
            (Some(_), Some(actual)) if pair.is_equal() => {
                out.push_str(&format!("          {}\n", style.paint("2", &row(actual, &widths).0)));
            }
            (expected, actual) => {
                if let Some(cells) = expected {
                    let (text, marks) = row(cells, &widths);
                    let alone = if actual.is_none() { "   missing" } else { "" };
                    out.push_str(&format!("        {}\n", style.paint("32", &format!("- {text}{alone}"))));
                    if !marks.trim().is_empty() && actual.is_none() {
                        out.push_str(&format!("          {marks}\n"));
                    }
                }
                if let Some(cells) = actual {
                    let (text, marks) = row(cells, &widths);
                    let alone = if expected.is_none() { "   not expected" } else { "" };
                    out.push_str(&format!("        {}\n", style.paint("31", &format!("+ {text}{alone}"))));
                    if !marks.trim().is_empty() {
                        out.push_str(&format!("          {}\n", marks.trim_end()));
                    }
                }
            }
        }
    }
    if shown.len() > SHOWN {
        out.push_str(&format!("          … and {} more\n", shown.len() - SHOWN));
    }
    for line in &failed.because {
        out.push_str(&format!("      {line}\n"));
    }
    out
}

/// The width of each field, in the order in which rows name them.
fn widths(pairs: &[Pair]) -> Vec<(String, usize)> {
    let mut order: Vec<(String, usize)> = vec![];
    let mut at: BTreeMap<String, usize> = BTreeMap::new();
    for cell in pairs.iter().flat_map(|it| it.expected.iter().chain(&it.actual)).flatten() {
        let width = entry(cell).width();
        match at.get(&cell.field).and_then(|at| order.get_mut(*at)) {
            Some((_, widest)) => *widest = width.max(*widest),
            None => {
                at.insert(cell.field.clone(), order.len());
                order.push((cell.field.clone(), width));
            }
        }
    }
    order
}

fn entry(cell: &Cell) -> String {
    format!("{} = {}", cell.field, cut(&cell.text, 80))
}

/// A row with its fields in columns, and the marks of those that differ.
fn row(cells: &[Cell], widths: &[(String, usize)]) -> (String, String) {
    let (mut text, mut marks) = ("{ ".to_string(), "  ".to_string());
    let last = widths.iter().rposition(|(name, _)| cells.iter().any(|it| it.field == *name)).unwrap_or_default();
    for (number, (name, width)) in widths.iter().enumerate().take(last + 1) {
        let Some(cell) = cells.iter().find(|it| it.field == *name) else {
            text.push_str(&" ".repeat(width + 2));
            marks.push_str(&" ".repeat(width + 2));
            continue;
        };
        let entry = entry(cell);
        let length = entry.width();
        let before = cell.field.width() + 3;
        let mark = if cell.same { " " } else { "^" };
        marks.push_str(&" ".repeat(before));
        marks.push_str(&mark.repeat(length.saturating_sub(before)));
        text.push_str(&entry);
        let comma = if number == last { "" } else { "," };
        text.push_str(comma);
        let pad = if number == last { 0 } else { (width + 1).saturating_sub(length) };
        text.push_str(&" ".repeat(pad));
        marks.push_str(&" ".repeat(pad + comma.len()));
    }
    text.push_str(" }");
    (text, marks)
}
