//! The one canonical layout, as edits of the lines that change: the cursor stays where it is elsewhere.

use lsp_types::{DocumentFormattingParams, TextEdit};

use super::documents;
use super::server::{Refusal, Server};

pub(super) fn format(server: &mut Server, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>, Refusal> {
    let path = documents::path(&params.text_document.uri);
    let Some(document) = server.documents.get(&path) else { return Ok(None) };
    // What does not read cleanly is left alone; the findings say why, and a pop-up at every save would not help.
    let Ok(formatted) = pipewright_grammar::format(&document.text) else { return Ok(None) };
    let (before, after) = (document.text.as_str(), formatted.as_str());
    let same_start = common(before.split_inclusive('\n'), after.split_inclusive('\n'));
    let (rest, new) = (tail(before, same_start), tail(after, same_start));
    let same_end = common(rest.split_inclusive('\n').rev(), new.split_inclusive('\n').rev());
    let (old, new) = (head(rest, same_end), head(new, same_end));
    if old == new {
        return Ok(Some(vec![]));
    }
    let range = document.lines.range(before, same_start..same_start + old.len());
    Ok(Some(vec![TextEdit { range, new_text: new.to_string() }]))
}

/// How many bytes of whole lines two texts have in common.
fn common<'t>(one: impl Iterator<Item = &'t str>, other: impl Iterator<Item = &'t str>) -> usize {
    one.zip(other).take_while(|(one, other)| one == other).map(|(line, _)| line.len()).sum()
}

fn tail(text: &str, from: usize) -> &str {
    text.get(from..).unwrap_or_default()
}

fn head(text: &str, without: usize) -> &str {
    text.get(..text.len().saturating_sub(without)).unwrap_or_default()
}
