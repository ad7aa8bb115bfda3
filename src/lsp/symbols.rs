//! The outline of a file, the declarations of all open programs by name, and what can be folded.

use lsp_types::{
    DocumentSymbol, DocumentSymbolParams, DocumentSymbolResponse, FoldingRange, FoldingRangeParams, Location, OneOf,
    SymbolKind, WorkspaceSymbol, WorkspaceSymbolParams, WorkspaceSymbolResponse,
};
use pipewright_grammar::Span;
use pipewright_grammar::ast::{Declaration, DeclarationKind, Field, TypeExpr, TypeExprKind, TypeValue};

use super::diagnostics::location;
use super::documents::{self, Document};
use super::server::{Refusal, Server};

/// Name, its place, and what it is.
struct Symbol<'a> {
    name: &'a str,
    span: Span,
    word: &'static str,
    kind: SymbolKind,
}

fn symbol(declaration: &Declaration) -> Option<Symbol<'_>> {
    let (name, word, kind) = match &declaration.kind {
        DeclarationKind::Pipeline(it) => (&it.name, "pipeline", SymbolKind::MODULE),
        DeclarationKind::Connection(it) => (&it.name, "connection", SymbolKind::INTERFACE),
        DeclarationKind::Type(it) => (&it.name, "type", SymbolKind::STRUCT),
        DeclarationKind::Function(it) => (&it.name, "fn", SymbolKind::FUNCTION),
        DeclarationKind::Param(it) => (&it.name, "param", SymbolKind::CONSTANT),
        DeclarationKind::Source(it) => (&it.name, "source", SymbolKind::EVENT),
        DeclarationKind::Topic(it) => (&it.name, "topic", SymbolKind::ARRAY),
        DeclarationKind::Lookup(it) => (&it.name, "lookup", SymbolKind::KEY),
        DeclarationKind::Transform(it) => (&it.name, "transform", SymbolKind::METHOD),
        DeclarationKind::Sink(it) => (&it.name, "sink", SymbolKind::OBJECT),
        DeclarationKind::Test(it) => {
            let (name, span) = (it.title.value.as_str(), it.title.span);
            return Some(Symbol { name, span, word: "test", kind: SymbolKind::BOOLEAN });
        }
        DeclarationKind::Stub { name: Some(it), .. } => (it, "", SymbolKind::NULL),
        DeclarationKind::Import(_) | DeclarationKind::Stub { name: None, .. } => return None,
    };
    Some(Symbol { name: &name.text, span: name.span, word, kind })
}

pub(super) fn document(
    server: &mut Server,
    params: DocumentSymbolParams,
) -> Result<Option<DocumentSymbolResponse>, Refusal> {
    let path = documents::path(&params.text_document.uri);
    let Some(document) = server.documents.get(&path) else { return Ok(None) };
    // The file alone is enough, whatever its program is.
    let parsed = pipewright_grammar::parse(pipewright_grammar::SourceId(0), &document.text);
    let outline = parsed.file.declarations.iter().filter_map(|it| {
        let children = match &it.kind {
            DeclarationKind::Type(ty) => match &ty.value {
                TypeValue::Written(ty) => fields(ty, document),
                _ => vec![],
            },
            _ => vec![],
        };
        let symbol = symbol(it)?;
        if symbol.name.is_empty() {
            return None;
        }
        let detail = (!symbol.word.is_empty()).then(|| symbol.word.to_string());
        Some(entry(symbol.name, detail, symbol.kind, (it.span, symbol.span), children, document))
    });
    Ok(Some(DocumentSymbolResponse::Nested(outline.collect())))
}

fn fields(ty: &TypeExpr, document: &Document) -> Vec<DocumentSymbol> {
    let TypeExprKind::Record(fields) = &ty.kind else { return vec![] };
    let one = |field: &Field| {
        let ty = document.text.get(field.ty.span.range()).unwrap_or_default();
        let detail = ty.lines().next().map(str::to_string);
        let spans = (field.span, field.name.span);
        entry(&field.name.text, detail, SymbolKind::FIELD, spans, vec![], document)
    };
    fields.iter().filter(|it| !it.name.text.is_empty()).map(one).collect()
}

fn entry(
    name: &str,
    detail: Option<String>,
    kind: SymbolKind,
    (all, selection): (Span, Span),
    children: Vec<DocumentSymbol>,
    document: &Document,
) -> DocumentSymbol {
    // The protocol wants the name inside of the whole.
    let all = all.to(selection);
    #[allow(deprecated)]
    DocumentSymbol {
        name: name.to_string(),
        detail,
        kind,
        tags: None,
        deprecated: None,
        range: document.lines.span(&document.text, all),
        selection_range: document.lines.span(&document.text, selection),
        children: (!children.is_empty()).then_some(children),
    }
}

pub(super) fn workspace(
    server: &mut Server,
    params: WorkspaceSymbolParams,
) -> Result<Option<WorkspaceSymbolResponse>, Refusal> {
    let query = params.query.to_lowercase();
    let Server { documents, programs, .. } = server;
    let mut found: Vec<WorkspaceSymbol> = vec![];
    for program in programs.refresh(documents).values() {
        let analysis = &program.analysis;
        for symbol in analysis.files.iter().flat_map(|file| &file.declarations).filter_map(symbol) {
            if !symbol.name.to_lowercase().contains(&query) {
                continue;
            }
            let Some(at) = location(symbol.span, &analysis.compilation.sources, documents) else { continue };
            let same = |it: &WorkspaceSymbol| matches!(&it.location, OneOf::Left(known) if is_same(known, &at));
            if !found.iter().any(same) {
                found.push(WorkspaceSymbol {
                    name: symbol.name.to_string(),
                    kind: symbol.kind,
                    tags: None,
                    container_name: None,
                    location: OneOf::Left(at),
                    data: None,
                });
            }
        }
    }
    Ok(Some(WorkspaceSymbolResponse::Nested(found)))
}

fn is_same(one: &Location, other: &Location) -> bool {
    one.range == other.range && one.uri == other.uri
}

pub(super) fn folding(server: &mut Server, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>, Refusal> {
    let path = documents::path(&params.text_document.uri);
    let Some(document) = server.documents.get(&path) else { return Ok(None) };
    let parsed = pipewright_grammar::parse(pipewright_grammar::SourceId(0), &document.text);
    let lines = parsed.file.declarations.iter().map(|it| document.lines.span(&document.text, it.span));
    let folds = lines.filter(|it| it.end.line > it.start.line).map(|it| FoldingRange {
        start_line: it.start.line,
        end_line: it.end.line,
        ..FoldingRange::default()
    });
    Ok(Some(folds.collect()))
}
