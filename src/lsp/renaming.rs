//! Renaming, as the editor asks for it: first whether, then to what. What to know before the next run is shown as a message.

use lsp_types::{PrepareRenameResponse, RenameParams, TextDocumentPositionParams, WorkspaceEdit};
use pipewright_compiler::editor::{renamable, rename};

use super::actions::edit;
use super::diagnostics::range;
use super::lookup::Place;
use super::server::{Refusal, Server};

pub(super) fn prepare(
    server: &mut Server,
    params: TextDocumentPositionParams,
) -> Result<Option<PrepareRenameResponse>, Refusal> {
    let Some(place) = Place::of(server, &params) else { return Ok(None) };
    let Some(at) = place.occurrence() else { return Ok(None) };
    let placeholder = renamable(at, &place.program.analysis).map_err(Refusal::because)?;
    let range = range(at.span, place.sources(), place.documents);
    Ok(Some(PrepareRenameResponse::RangeWithPlaceholder { range, placeholder }))
}

pub(super) fn perform(server: &mut Server, params: RenameParams) -> Result<Option<WorkspaceEdit>, Refusal> {
    let Some(place) = Place::of(server, &params.text_document_position) else { return Ok(None) };
    let Some(at) = place.occurrence() else { return Err(Refusal::because("there is no name here")) };
    let renaming = rename(at, &params.new_name, &place.program.analysis, &place.names).map_err(Refusal::because)?;
    let edit = edit(&renaming.edits, place.sources(), place.documents);
    if let Some(warning) = &renaming.warning {
        server.warn(warning);
    }
    Ok(Some(edit))
}
