//! All files of a program as one text for miette, which knows one source per finding: each file has a range of offsets of its
//! own, the file of the primary label comes first, and a span that reaches over two files is no span (so each file gets a
//! snippet of its own).

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use pipewright_compiler::source::Sources;
use pipewright_grammar::{SourceId, Span};

/// How much of a line is shown on each side of a label. Generated files have lines of megabytes.
const REACH: usize = 1_000;

/// A label longer than this many lines shows only its first line.
const TALL: usize = 4;

/// The files of a program, laid end to end.
#[derive(Debug)]
pub struct Files<'a> {
    files: Vec<Placed<'a>>,
}

#[derive(Debug)]
struct Placed<'a> {
    id: SourceId,
    base: usize,
    path: &'a str,
    text: &'a str,
}

impl<'a> Files<'a> {
    /// The files that these spans lie in, in this order.
    pub fn of(spans: impl Iterator<Item = Span>, sources: &'a Sources) -> Self {
        let mut files: Vec<Placed<'a>> = vec![];
        let mut base = 0;
        for span in spans {
            if files.iter().any(|it| it.id == span.source) {
                continue;
            }
            if let Some(file) = sources.get(span.source) {
                files.push(Placed { id: span.source, base, path: &file.path, text: &file.text });
                base += file.text.len() + 2;
            }
        }
        Self { files }
    }

    /// Offset and length of what is underlined for a span: never empty text behind the end of the file, never half a
    /// character, never a whole page.
    pub fn place(&self, span: Span) -> Option<(usize, usize)> {
        let file = self.files.iter().find(|it| it.id == span.source)?;
        let text = file.text;
        let mut start = text.floor_char_boundary((span.start as usize).min(text.len()));
        let mut end = text.ceil_char_boundary((span.end as usize).clamp(start, text.len()));
        if start == text.len() {
            let written = text.trim_end_matches(['\n', '\r']);
            let last = written.chars().next_back().map_or(0, char::len_utf8);
            (start, end) = (written.len() - last, written.len());
        }
        let covered = text.get(start..end).unwrap_or_default();
        if covered.lines().nth(TALL).is_some() || covered.len() > REACH {
            let first = covered.lines().next().unwrap_or_default();
            end = start + first.floor_char_boundary(first.len().min(REACH));
        }
        Some((file.base + start, end - start))
    }
}

impl SourceCode for Files<'_> {
    fn read_span<'b>(
        &'b self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'b> + 'b>, MietteError> {
        let file = self
            .files
            .iter()
            .rfind(|it| it.base <= span.offset())
            .filter(|it| span.offset() + span.len() <= it.base + it.text.len())
            .ok_or(MietteError::OutOfBounds)?;
        let text = file.text;
        let (from, to) = (span.offset() - file.base, span.offset() + span.len() - file.base);

        let mut start = line_start(text, from);
        for _ in 0..lines_before {
            start = line_start(text, start.saturating_sub(1));
        }
        let mut end = line_end(text, to.saturating_sub(usize::from(to > from)));
        for _ in 0..lines_after {
            end = line_end(text, end);
        }
        // Two labels a megabyte apart in one line are two snippets.
        if (start..end).len() > 2 * REACH
            && span.len() > REACH
            && !text.get(from..to).unwrap_or_default().contains('\n')
        {
            return Err(MietteError::OutOfBounds);
        }
        if from - start > REACH {
            start = text.floor_char_boundary(from - REACH / 10);
        }
        if end.saturating_sub(to) > REACH {
            end = text.ceil_char_boundary(to + REACH / 10);
        }
        let line = text.get(..start).unwrap_or_default().bytes().filter(|it| *it == b'\n').count();
        let column = if lines_before == 0 {
            // Only the header asks without context; it wants the place of the label itself.
            text.get(line_start(text, from)..from).unwrap_or_default().chars().count()
        } else {
            0
        };
        let shown = text.get(start..end).unwrap_or_default();
        Ok(Box::new(MietteSpanContents::new_named(
            file.path.to_string(),
            shown.as_bytes(),
            SourceSpan::new((file.base + start).into(), shown.len()),
            line,
            column,
            shown.lines().count(),
        )))
    }
}

/// Where the line of a byte begins.
fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}

/// Just behind the newline that ends the line of a byte.
fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|after| after.find('\n')).map_or(text.len(), |newline| at + newline + 1)
}
