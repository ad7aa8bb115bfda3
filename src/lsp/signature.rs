//! The parameters of the call that is being written.

use lsp_types::{
    Documentation, MarkupContent, MarkupKind, ParameterInformation, ParameterLabel, SignatureHelp, SignatureHelpParams,
    SignatureInformation,
};
use pipewright_grammar::ast::DeclarationKind;

use super::lookup::Place;
use super::server::{Refusal, Server};
use crate::program::registry;
use crate::reference;

pub(super) fn help(server: &mut Server, params: SignatureHelpParams) -> Result<Option<SignatureHelp>, Refusal> {
    let Some(place) = Place::of(server, &params.text_document_position_params) else { return Ok(None) };
    let Some(file) = place.sources().get(place.source) else { return Ok(None) };
    let Some(call) = pipewright_grammar::call_at(&file.text, place.byte as usize) else { return Ok(None) };
    let Some(signature) = signature(&call.name, &place) else { return Ok(None) };
    let named = call.named.as_ref().and_then(|it| signature.params.iter().position(|(name, _)| name == it));
    let last = signature.params.len().saturating_sub(1);
    let active = named.unwrap_or(if signature.variadic { call.argument.min(last) } else { call.argument });
    let active = u32::try_from(active).unwrap_or_default();
    let parameters = signature
        .params
        .iter()
        .map(|(_, label)| ParameterInformation { label: ParameterLabel::Simple(label.clone()), documentation: None });
    let information = SignatureInformation {
        label: signature.label,
        documentation: Some(Documentation::MarkupContent(MarkupContent {
            kind: MarkupKind::Markdown,
            value: signature.doc,
        })),
        parameters: Some(parameters.collect()),
        active_parameter: Some(active),
    };
    Ok(Some(SignatureHelp { signatures: vec![information], active_signature: Some(0), active_parameter: Some(active) }))
}

struct Signature {
    label: String,
    doc: String,
    /// Name, and as it stands in the label.
    params: Vec<(String, String)>,
    variadic: bool,
}

fn signature(name: &str, place: &Place<'_>) -> Option<Signature> {
    let analysis = &place.program.analysis;
    for declaration in analysis.files.iter().flat_map(|file| &file.declarations) {
        if let DeclarationKind::Function(it) = &declaration.kind
            && it.name.text == name
        {
            let written = |span| place.sources().text(span);
            let params: Vec<(String, String)> = it
                .params
                .iter()
                .map(|it| (it.name.text.clone(), format!("{}: {}", it.name.text, written(it.ty.span))))
                .collect();
            let list = params.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(", ");
            return Some(Signature {
                label: format!("{name}({list}): {}", written(it.result.span)),
                doc: declaration.doc.as_ref().map(|it| it.text.clone()).unwrap_or_default(),
                params,
                variadic: false,
            });
        }
    }
    let function = registry().function(name)?;
    Some(Signature {
        label: reference::signature(function),
        doc: reference::function(function),
        params: function.params.iter().map(|it| (it.name.to_string(), it.name.to_string())).collect(),
        variadic: function.variadic,
    })
}
