//! Where a name is declared, and everywhere it stands.

use lsp_types::{
    DocumentHighlight, DocumentHighlightKind, DocumentHighlightParams, GotoDefinitionParams, GotoDefinitionResponse,
    Location, ReferenceParams,
};
use pipewright_compiler::editor::Target;
use pipewright_grammar::Span;

use super::diagnostics::{location, range};
use super::lookup::Place;
use super::server::{Refusal, Server};

pub(super) fn definition(
    server: &mut Server,
    params: GotoDefinitionParams,
) -> Result<Option<GotoDefinitionResponse>, Refusal> {
    let Some(place) = Place::of(server, &params.text_document_position_params) else { return Ok(None) };
    let Some(at) = place.occurrence() else { return Ok(None) };
    let span = match &at.target {
        Target::File(file) => imported(&place, file),
        target => place.names.definition(target),
    };
    let found = span.and_then(|span| location(span, place.sources(), place.documents));
    Ok(found.map(GotoDefinitionResponse::Scalar))
}

/// The beginning of an imported file.
fn imported(place: &Place<'_>, file: &str) -> Option<Span> {
    let sources = place.sources();
    let from = sources.get(place.source)?;
    let path = pipewright_compiler::source::import_path(&from.path, file);
    Some(Span::new(place.program.analysis.source(&path)?, 0, 0))
}

pub(super) fn references(server: &mut Server, params: ReferenceParams) -> Result<Option<Vec<Location>>, Refusal> {
    let Some(place) = Place::of(server, &params.text_document_position) else { return Ok(None) };
    let Some(at) = place.occurrence() else { return Ok(None) };
    let declarations = params.context.include_declaration;
    let all = place.names.all(&at.target);
    let spans = all.into_iter().filter(|it| declarations || !it.declares).map(|it| it.span);
    Ok(Some(spans.filter_map(|span| location(span, place.sources(), place.documents)).collect()))
}

pub(super) fn highlights(
    server: &mut Server,
    params: DocumentHighlightParams,
) -> Result<Option<Vec<DocumentHighlight>>, Refusal> {
    let Some(place) = Place::of(server, &params.text_document_position_params) else { return Ok(None) };
    let Some(at) = place.occurrence() else { return Ok(None) };
    let here = place.names.all(&at.target).into_iter().filter(|it| it.span.source == place.source);
    let highlight = |it: &pipewright_compiler::editor::Occurrence| DocumentHighlight {
        range: range(it.span, place.sources(), place.documents),
        kind: Some(if it.declares { DocumentHighlightKind::WRITE } else { DocumentHighlightKind::READ }),
    };
    Ok(Some(here.map(highlight).collect()))
}
