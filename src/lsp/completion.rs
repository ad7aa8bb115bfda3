//! What could stand where the cursor is, as the editor lists it. What is possible is the compiler's answer; here it gets its
//! symbol, its text and its place in the list.

use lsp_types::{
    CompletionItem, CompletionItemKind as Kind, CompletionParams, CompletionResponse, CompletionTextEdit,
    Documentation, InsertTextFormat, MarkupContent, MarkupKind, TextEdit,
};
use pipewright_compiler::editor::{Candidate, complete};

use super::documents;
use super::hover::{declaration_of, option_page};
use super::server::{Refusal, Server};
use crate::program::registry;
use crate::reference;

pub(super) fn completion(server: &mut Server, params: CompletionParams) -> Result<Option<CompletionResponse>, Refusal> {
    let at = params.text_document_position;
    let path = documents::path(&at.text_document.uri);
    let Server { documents, programs, .. } = server;
    let Some(document) = documents.get(&path) else { return Ok(None) };
    let byte = document.lines.byte(&document.text, at.position);
    let Some((program, _)) = programs.of(&path, documents) else { return Ok(None) };
    let analysis = &program.analysis;
    let root = analysis.compilation.sources.files().first().map_or(path.as_str(), |it| it.path.as_str());
    let place = (root, path.as_str(), byte);
    let Some(found) = complete(place, &document.text, &program.environment, documents, &registry()) else {
        return Ok(None);
    };
    let range = document.lines.range(&document.text, found.replaced.clone());
    let items = found.candidates.into_iter().enumerate().map(|(order, candidate)| {
        let doc = match &candidate {
            Candidate::Node(name) | Candidate::Connection(name) | Candidate::Type(name) => {
                declaration_of(analysis, name, &candidate)
            }
            Candidate::Param(name) | Candidate::Function(name) => declaration_of(analysis, name, &candidate),
            _ => None,
        };
        let shown = shown(candidate);
        let (detail, doc) = match doc {
            Some((head, doc)) => (head, doc.unwrap_or_default()),
            None => (shown.detail, shown.doc),
        };
        CompletionItem {
            label: shown.label,
            kind: Some(shown.kind),
            detail: Some(detail).filter(|it| !it.is_empty()),
            documentation: Some(doc).filter(|it| !it.is_empty()).map(markdown),
            sort_text: Some(format!("{order:04}")),
            insert_text_format: shown.snippet.then_some(InsertTextFormat::SNIPPET),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit { range, new_text: shown.insert })),
            ..CompletionItem::default()
        }
    });
    Ok(Some(CompletionResponse::Array(items.collect())))
}

fn markdown(value: String) -> Documentation {
    Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value })
}

struct Shown {
    label: String,
    kind: Kind,
    detail: String,
    doc: String,
    insert: String,
    snippet: bool,
}

fn shown(candidate: Candidate) -> Shown {
    let plain = |label: String, kind: Kind| Shown {
        insert: label.clone(),
        label,
        kind,
        detail: String::new(),
        doc: String::new(),
        snippet: false,
    };
    match candidate {
        Candidate::Field(name, ty) => {
            let detail = ty.map(|it| it.to_string()).unwrap_or_default();
            let insert = backticked(&name);
            Shown { detail, insert, ..plain(name, Kind::FIELD) }
        }
        Candidate::Member(text) => plain(text, Kind::ENUM_MEMBER),
        Candidate::Param(name) => Shown { insert: backticked(&name), ..plain(name, Kind::CONSTANT) },
        Candidate::Function(name) => {
            let insert = format!("{}($0)", backticked(&name));
            Shown { insert, snippet: true, ..plain(name, Kind::FUNCTION) }
        }
        Candidate::Library(name) => match registry().function(name) {
            Some(function) => {
                let insert = if function.params.is_empty() { format!("{name}()") } else { format!("{name}($0)") };
                let (detail, doc) = (reference::signature(function), reference::function(function));
                Shown { insert, detail, doc, snippet: true, ..plain(name.into(), Kind::FUNCTION) }
            }
            None => plain(name.into(), Kind::FUNCTION),
        },
        Candidate::Node(name) => Shown { insert: backticked(&name), ..plain(name, Kind::VARIABLE) },
        Candidate::Connection(name) => Shown { insert: backticked(&name), ..plain(name, Kind::INTERFACE) },
        Candidate::Type(name) => Shown { insert: backticked(&name), ..plain(name, Kind::STRUCT) },
        Candidate::Word(word) => Shown {
            detail: word.shape.into(),
            doc: word.doc.into(),
            insert: word.snippet.into(),
            snippet: true,
            ..plain(word.name.into(), Kind::KEYWORD)
        },
        Candidate::Annotation(word) => Shown {
            detail: word.shape.into(),
            doc: word.doc.into(),
            insert: word.snippet.into(),
            snippet: true,
            ..plain(word.name.into(), Kind::PROPERTY)
        },
        Candidate::Option(spec) => {
            let (detail, doc) = option_page(spec);
            let block = matches!(spec.ty, pipewright_plan::OptionType::Record(_));
            let insert = if block { format!("{} = {{ $0 }}", spec.name) } else { format!("{} = $0", spec.name) };
            Shown { insert, detail, doc, snippet: true, ..plain(spec.name.into(), Kind::PROPERTY) }
        }
        Candidate::Choice(word, doc, parentheses) => Shown {
            doc: doc.into(),
            detail: if parentheses { format!("{word}(…)") } else { String::new() },
            ..plain(word, Kind::ENUM_MEMBER)
        },
        Candidate::Connector(name) => {
            let doc = registry().connector(name).map(|it| it.doc.trim().to_string()).unwrap_or_default();
            let insert = format!("{name} {{ $0 }}");
            Shown { doc, insert, snippet: true, ..plain(name.into(), Kind::MODULE) }
        }
        Candidate::Codec(name) => {
            let doc = registry().codec(name).map(|it| it.doc.trim().to_string()).unwrap_or_default();
            Shown { doc, ..plain(name.into(), Kind::MODULE) }
        }
        Candidate::Plain(word) => plain(word.into(), Kind::KEYWORD),
    }
}

/// A name as it is written.
fn backticked(name: &str) -> String {
    let plain = name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_')
        && !name.starts_with(|it: char| it.is_ascii_digit())
        && !pipewright_grammar::RESERVED.contains(&name);
    if plain { name.to_string() } else { format!("`{name}`") }
}
