//! Findings as annotations of GitHub: workflow commands on stdout, and the whole list as Markdown for the summary of the job.
//! GitHub shows ten annotations of a kind per step and drops the others without a word, so the last one says how many there are.

use std::path::Path;

use pipewright_compiler::diagnostics::Severity;

use super::checked::{Found, Program, worst_first};
use super::{Tally, counted, grouped};

/// How many annotations of one kind GitHub shows per step.
const SHOWN: usize = 10;

/// A summary over 1 MiB is refused as a whole.
const SUMMARY: usize = 1_000_000;

/// The commands, a line each. `base`: the current folder below the repository, because GitHub knows files from there.
pub fn annotations(programs: &[Program], base: &Path) -> String {
    let list = worst_first(programs);
    let of = |severity| list.iter().filter(move |it: &&Found<'_>| it.diagnostic.severity == severity);
    let (errors, warnings) = (of(Severity::Error).count(), of(Severity::Warning).count());
    let notices = of(Severity::Information).count();
    // What says that there are more is a notice itself.
    let crowded = errors > SHOWN || warnings > SHOWN || notices > SHOWN;
    let room = if crowded { SHOWN - 1 } else { SHOWN };
    let mut out = String::new();
    let mut shown = 0;
    for (severity, most) in [(Severity::Error, SHOWN), (Severity::Warning, SHOWN), (Severity::Information, room)] {
        for found in of(severity).take(most) {
            out.push_str(&annotation(found, base));
            shown += 1;
        }
    }
    if crowded {
        let more = grouped((list.len() - shown) as u64);
        out.push_str(&format!("::notice title=pipewright::and {more} more: the summary of the job lists them all\n"));
    }
    out
}

fn annotation(found: &Found<'_>, base: &Path) -> String {
    let (it, place) = (found.diagnostic, found.place());
    let command = match it.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "notice",
    };
    let file = property(&path(&place.file, base));
    let mut at = format!("file={file},line={},endLine={}", place.line, place.end_line);
    // Columns are only heard within one line.
    if place.line == place.end_line {
        at.push_str(&format!(",col={},endColumn={}", place.column, place.end_column.max(place.column)));
    }
    format!("::{command} {at},title={}::{}\n", property(it.name), data(&found.words()))
}

/// The text behind `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A path as the repository has it.
fn path(file: &str, base: &Path) -> String {
    let path = base.join(file);
    let mut parts: Vec<String> = vec![];
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir if parts.last().is_some_and(|it| it != "..") => {
                parts.pop();
            }
            other => parts.push(other.as_os_str().to_string_lossy().into_owned()),
        }
    }
    parts.join("/").replace("//", "/")
}

/// The summary of the job: every finding in a table.
pub fn summary(programs: &[Program]) -> String {
    let list = worst_first(programs);
    let tally =
        list.iter().fold(Tally::default(), |tally, it| tally.and(Tally::of(std::slice::from_ref(it.diagnostic))));
    let checked = counted(programs.len() as u64, "program");
    let mut out = format!("### pipewright check: {tally} in {checked}\n\n");
    if list.is_empty() {
        return out;
    }
    out.push_str("| | finding | place | what | help |\n|---|---|---|---|---|\n");
    for (at, found) in list.iter().enumerate() {
        let (it, place) = (found.diagnostic, found.place());
        let row = format!(
            "| {} | `{}` | `{}:{}:{}` | {} | {} |\n",
            super::severity(it.severity),
            it.name,
            place.file.replace('`', "'"),
            place.line,
            place.column,
            cell(&it.message),
            cell(it.help.as_deref().unwrap_or_default()),
        );
        if out.len() + row.len() > SUMMARY {
            let more = grouped((list.len() - at) as u64);
            out.push_str(&format!("\nand {more} more: `pipewright check --format short` lists them all\n"));
            return out;
        }
        out.push_str(&row);
    }
    out.push_str("\n`pipewright explain NAME` tells more about each.\n\n");
    out
}

/// Text within a cell of a table. What stands in backticks stays code.
fn cell(text: &str) -> String {
    let mut code = false;
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '`' => {
                code = !code;
                out.push('`');
            }
            '|' => out.push_str("\\|"),
            '\r' => {}
            '\n' => out.push_str(if code { " " } else { "<br>" }),
            '<' if !code => out.push_str("&lt;"),
            '*' | '_' if !code => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use pipewright_compiler::diagnostics::Diagnostic;
    use pipewright_compiler::source::Sources;
    use pipewright_grammar::Span;

    use super::{annotations, cell, path, summary};
    use crate::report::checked::Program;

    fn program(errors: usize, warnings: usize, notes: usize) -> Program {
        let mut sources = Sources::default();
        let id = sources.add("a, b: 100%.pipe".into(), "x\n".repeat(errors + warnings + notes));
        let at = |line: usize| Span::new(id, 2 * line, 2 * line + 1);
        let mut diagnostics: Vec<Diagnostic> = vec![];
        for line in 0..notes + warnings + errors {
            diagnostics.push(if line < notes {
                let mut note = Diagnostic::warning("a-note", at(line), "a note");
                note.severity = pipewright_compiler::diagnostics::Severity::Information;
                note
            } else if line < notes + warnings {
                Diagnostic::warning("a-warning", at(line), "a warning")
            } else {
                Diagnostic::error("an-error", at(line), "50% of `a|b`, <c>:\r\nno")
            });
        }
        Program { root: "a, b: 100%.pipe".into(), diagnostics, sources }
    }

    #[test]
    fn errors_come_first_and_the_rest_is_counted() {
        let text = annotations(&[program(30, 25, 12)], Path::new(""));
        let count = |kind: &str| text.lines().filter(|line| line.starts_with(kind)).count();
        assert_eq!((count("::error "), count("::warning "), count("::notice ")), (10, 10, 10), "{text}");
        assert!(text.starts_with("::error "), "{text}");
        assert_eq!(
            text.lines().last(),
            Some("::notice title=pipewright::and 38 more: the summary of the job lists them all")
        );
        let summary = summary(&[program(30, 25, 12)]);
        assert_eq!(summary.lines().filter(|line| line.starts_with("| error |")).count(), 30);
        assert_eq!(summary.lines().filter(|line| line.starts_with("| info |")).count(), 12);
        assert!(
            summary.starts_with("### pipewright check: 30 errors, 25 warnings, 12 notes in 1 program\n"),
            "{summary}"
        );
    }

    #[test]
    fn ten_of_a_kind_are_not_crowded() {
        let text = annotations(&[program(10, 10, 10)], Path::new(""));
        assert_eq!(text.lines().count(), 30);
        assert!(!text.contains(" more"));
    }

    #[test]
    fn what_github_would_read_as_its_own_is_escaped() {
        assert_eq!(
            annotations(&[program(1, 0, 0)], Path::new("jobs")),
            "::error file=jobs/a%2C b%3A 100%25.pipe,line=1,endLine=1,col=1,endColumn=2,title=an-error::\
             50%25 of `a|b`, <c>:%0D%0Ano\n"
        );
        assert_eq!(cell("a|b `c|d<` <e> f_g\nh"), "a\\|b `c\\|d<` &lt;e> f\\_g<br>h");
    }

    #[test]
    fn paths_are_those_of_the_repository() {
        assert_eq!(path("./a/../b.pipe", Path::new("jobs")), "jobs/b.pipe");
        assert_eq!(path("../b.pipe", Path::new("jobs/etl")), "jobs/b.pipe");
        assert_eq!(path("/srv/b.pipe", Path::new("jobs")), "/srv/b.pipe");
    }

    #[test]
    fn a_huge_summary_is_cut() {
        let text = summary(&[program(40_000, 0, 0)]);
        assert!(text.len() < 1_048_576, "{}", text.len());
        assert!(text.contains(" more: `pipewright check --format short`"));
    }
}
