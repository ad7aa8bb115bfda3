//! Findings for people: the lines of the program with what is wrong in them, through miette. Every label is shown, also those
//! in other files. After the findings comes one line that counts them.

use std::collections::BTreeSet;
use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, ThemeCharacters, ThemeStyles};
use pipewright_compiler::diagnostics::{Diagnostic, Severity};
use pipewright_compiler::source::Sources;

use super::files::Files;
use super::{Tally, severity};
use crate::style::Style;

/// More findings than this are counted, not shown: nobody reads the hundredth.
const SHOWN: usize = 50;

/// All findings, and their number behind the last one.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let mut out = String::new();
    let mut told = BTreeSet::new();
    // Errors are never cut off by the warnings before them.
    let errors = diagnostics.iter().filter(|it| it.severity == Severity::Error).count();
    let crowded = diagnostics.len() > SHOWN && errors > 0;
    let shown = diagnostics.iter().filter(|it| !crowded || it.severity == Severity::Error).take(SHOWN);
    let mut count = 0;
    for diagnostic in shown {
        out.push_str(&finding(diagnostic, sources, style, told.insert(diagnostic.name)));
        out.push('\n');
        count += 1;
    }
    if count < diagnostics.len() {
        out.push_str(&format!("… and {} more: `--format short` lists them all\n\n", diagnostics.len() - count));
    }
    if !diagnostics.is_empty() {
        let root = sources.files().first().map_or("the program", |file| &file.path);
        let line = format!("{} in {root}", Tally::of(diagnostics));
        out.push_str(&style.paint("1", &line));
        out.push('\n');
    }
    out
}

/// One finding. `more`: name the command that tells more (once per name is enough).
pub fn finding(diagnostic: &Diagnostic, sources: &Sources, style: Style, more: bool) -> String {
    let spans = std::iter::once(&diagnostic.primary).chain(&diagnostic.secondary).map(|label| label.span);
    let shown = Shown { diagnostic, files: Files::of(spans, sources) };
    let mut out = String::new();
    // Writing to a string cannot fail; a label that miette cannot place is left out, the words stand.
    if handler(style).render_report(&mut out, &shown).is_err() {
        out.push_str(&format!("\n  {}\n", diagnostic.message));
    }
    if let Some(help) = &diagnostic.help {
        paragraph(&mut out, "help", help, style);
    }
    if let Some(note) = &diagnostic.note {
        paragraph(&mut out, "note", note, style);
    }
    if more {
        paragraph(&mut out, "more", &format!("pipewright explain {}", diagnostic.name), style);
    }
    out
}

fn handler(style: Style) -> GraphicalReportHandler {
    let theme = GraphicalTheme {
        characters: if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
        styles: if style.colour { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    GraphicalReportHandler::new_themed(theme).with_width(style.width).with_links(false).with_context_lines(1)
}

/// `  help: text`, wrapped, the following lines set in.
fn paragraph(out: &mut String, title: &str, text: &str, style: Style) {
    let indent = title.len() + 4;
    let width = style.width.saturating_sub(indent).max(20);
    let mut first = true;
    for line in text.lines() {
        for part in wrap(line, width) {
            if first {
                out.push_str(&format!("  {} {part}\n", style.paint("36", &format!("{title}:"))));
            } else {
                out.push_str(&format!("{:indent$}{part}\n", ""));
            }
            first = false;
        }
    }
}

/// Breaks a line at spaces. Indentation is kept: a line that begins with spaces is code, and code is not broken.
fn wrap(line: &str, width: usize) -> Vec<String> {
    if line.chars().count() <= width || line.starts_with(' ') {
        return vec![line.to_string()];
    }
    let mut lines = vec![];
    let mut current = String::new();
    for word in line.split(' ') {
        if !current.is_empty() && current.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut current));
        }
        if !current.is_empty() {
            current.push(' ');
        }
        current.push_str(word);
    }
    lines.push(current);
    lines
}

/// A finding as miette wants it. Help and notes are laid out here: miette has no notes.
#[derive(Debug)]
struct Shown<'a> {
    diagnostic: &'a Diagnostic,
    files: Files<'a>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("{}[{}]", severity(self.diagnostic.severity), self.diagnostic.name)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Information => miette::Severity::Advice,
        })
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.files)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let text = |text: &str| Some(text.to_string()).filter(|it| !it.is_empty());
        let primary = &self.diagnostic.primary;
        let primary =
            self.files.place(primary.span).map(|place| LabeledSpan::new_primary_with_span(text(&primary.text), place));
        let secondary = self.diagnostic.secondary.iter().filter_map(move |label| {
            self.files.place(label.span).map(|place| LabeledSpan::new_with_span(text(&label.text), place))
        });
        Some(Box::new(primary.into_iter().chain(secondary)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use pipewright_grammar::SourceId;
    use pipewright_grammar::Span;

    use super::*;

    fn span(sources: &Sources, file: u32, text: &str) -> Span {
        let start = sources.get(SourceId(file)).unwrap().text.find(text).unwrap();
        Span::new(SourceId(file), start, start + text.trim_end().len())
    }

    #[test]
    fn labels_in_two_files_make_two_snippets() {
        let mut sources = Sources::default();
        sources.add("shop.pipe".into(), "import \"types.pipe\"\n\ntopic orders: Order {\n  key = id\n}\n".into());
        sources.add("types.pipe".into(), "type Order = {\n  id: int64?\n}\n".into());
        let finding = Diagnostic::error("nullable-key", span(&sources, 0, "id\n"), "the key may be null")
            .label("this is the key")
            .also(span(&sources, 1, "int64?"), "it may be null here")
            .help("write `int64`")
            .note("records with a null key go to any partition, so their order is lost");
        assert_eq!(
            render(&[finding], &sources, Style::plain(80)),
            "\
error[nullable-key]

  × the key may be null
   ╭─[shop.pipe:4:9]
 3 │ topic orders: Order {
 4 │   key = id
   ·         ─┬
   ·          ╰── this is the key
 5 │ }
   ╰────
   ╭─[types.pipe:2:7]
 1 │ type Order = {
 2 │   id: int64?
   ·       ───┬──
   ·          ╰── it may be null here
 3 │ }
   ╰────
  help: write `int64`
  note: records with a null key go to any partition, so their order is lost
  more: pipewright explain nullable-key

1 error in shop.pipe
"
        );
    }

    #[test]
    fn nothing_is_too_odd_to_be_shown() {
        let long = format!("x = \"{}\" !\n", "ü".repeat(100_000));
        for text in ["", "\n", "x", "x\n\n\n", "\t\u{1F600}\r\n", &long, "a\nb\nc\nd\ne\nf\ng\nh\n"] {
            let mut sources = Sources::default();
            let id = sources.add("odd.pipe".into(), text.to_string());
            for start in [0, 1, 2, text.len() / 2, text.len().saturating_sub(1), text.len(), text.len() + 9] {
                for length in [0, 1, 3, text.len(), 5_000] {
                    let at = Span::new(id, start, start + length);
                    let also = Span::new(id, text.len(), text.len());
                    let shown = render(
                        &[Diagnostic::error("odd", at, "odd").label("here").also(also, "the end")],
                        &sources,
                        Style::plain(80),
                    );
                    assert!(shown.contains("× odd"), "{shown}");
                    assert!(shown.len() < 20_000, "{} bytes for {start}..+{length}", shown.len());
                }
            }
        }
    }

    #[test]
    fn text_is_wrapped_and_code_is_not() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("  one two three", 8), ["  one two three"]);
    }
}
