//! What stands under the pointer: types, kinds, keys, guarantees, and the docs of everything that has some.

use lsp_types::{Hover, HoverContents, HoverParams, MarkupContent, MarkupKind};
use pipewright_compiler::editor::{Analysis, Candidate, Target, words};
use pipewright_grammar::Span;
use pipewright_grammar::ast::{Declaration, DeclarationKind, Field, TypeExpr, TypeExprKind, TypeValue};
use pipewright_plan::{Delivery, Guarantee, OptionSpec, OptionType, Plan};

use super::diagnostics::range;
use super::hints::label;
use super::lookup::Place;
use super::server::{Refusal, Server};
use crate::reference;

pub(super) fn hover(server: &mut Server, params: HoverParams) -> Result<Option<Hover>, Refusal> {
    let Some(place) = Place::of(server, &params.text_document_position_params) else { return Ok(None) };
    let named = place.occurrence().and_then(|it| Some((it.span, page(&it.target, it.span, &place)?)));
    let found = named.or_else(|| {
        // No name: the type of the expression around.
        let (span, ty) = place.program.analysis.facts.type_at(place.source, place.byte)?;
        Some((span, code(&ty.to_string())))
    });
    Ok(found.map(|(span, value)| Hover {
        contents: HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value }),
        range: Some(range(span, place.sources(), place.documents)),
    }))
}

fn code(text: &str) -> String {
    format!("```pipe\n{}\n```", text.trim_end())
}

fn page(target: &Target, span: Span, place: &Place<'_>) -> Option<String> {
    let analysis = &place.program.analysis;
    let word = |list, name: &str| words::find(list, name).map(|it| format!("{}\n\n{}", code(it.shape), it.doc));
    match target {
        Target::Pipeline => {
            let (head, doc) = declared(analysis, |it| matches!(it, DeclarationKind::Pipeline(_)))?;
            let plan = analysis.compilation.plan.as_ref();
            let stages = plan.map(|plan| {
                let stages = plan.stages.iter().map(|it| format!("- `{}`: {}", it.id, level(it.guarantee.level)));
                stages.collect::<Vec<_>>().join("\n")
            });
            Some(join(&[Some(code(&head)), doc, stages]))
        }
        Target::Node(name) => node(name, analysis),
        Target::Connection(name) => {
            let (head, doc) = declaration_of(analysis, name, &Candidate::Connection(name.clone()))?;
            let replaced = place.program.environment.connections.contains_key(name).then(|| {
                let environment = place.program.environment.name.as_deref().unwrap_or("default");
                format!("`pipewright.yaml` says more of it for the environment `{environment}`.")
            });
            Some(join(&[Some(code(&head)), doc, replaced]))
        }
        Target::Type(name) => {
            let (head, doc) = declaration_of(analysis, name, &Candidate::Type(name.clone()))?;
            Some(join(&[Some(code(&head)), doc]))
        }
        Target::Function(name) => {
            let (head, doc) = declaration_of(analysis, name, &Candidate::Function(name.clone()))?;
            Some(join(&[Some(code(&head)), doc]))
        }
        Target::Param(name) => {
            let (head, doc) = declaration_of(analysis, name, &Candidate::Param(name.clone()))?;
            Some(join(&[Some(code(&head)), doc]))
        }
        Target::Field(declared) => Some(field(*declared, span, place)),
        Target::Bare(name) => {
            let ty = analysis.facts.type_of(span).map(|it| format!(": {it}")).unwrap_or_default();
            Some(code(&format!("{name}{ty}")))
        }
        Target::Local(declared) => {
            let name = place.sources().text(*declared);
            let ty = analysis.facts.type_of(span).map(|it| format!(": {it}")).unwrap_or_default();
            Some(code(&format!("{name}{ty}")))
        }
        Target::Library(name) => {
            let function = crate::program::registry().function(name)?;
            let ty = analysis.facts.type_of(span).map(|it| format!(": {it}")).unwrap_or_default();
            Some(join(&[
                Some(code(&format!("{}{ty}", reference::signature(function)))),
                Some(reference::function(function)),
            ]))
        }
        Target::Connector(name) | Target::Codec(name) | Target::Lint(name) => {
            let (title, page) = reference::page(name)?;
            Some(format!("**{title}**\n\n{page}"))
        }
        Target::Option(spec) => {
            let (head, doc) = option_page(spec);
            Some(join(&[Some(code(&format!("{} = {head}", spec.name))), Some(doc)]))
        }
        Target::Choice(spec, word) => {
            let call = match &spec.ty {
                OptionType::Call(calls) => calls.iter().find(|it| it.name == word).map(|it| it.doc.to_string()),
                _ => None,
            };
            Some(join(&[Some(code(&format!("{} = {word}", spec.name))), call, Some(option_page(spec).1)]))
        }
        Target::Keyword(name) => word(words::DECLARATIONS, name),
        Target::Step(name) => {
            let steps = analysis.facts.steps();
            let after = steps.iter().find(|it| it.keyword == span).filter(|it| it.after.known).map(|it| {
                let fields: Vec<String> = it.after.fields.iter().map(|it| format!("{}: {}", it.name, it.ty)).collect();
                format!("After it: `{}`\n\n{}", it.after.kind, code(&fields.join("\n")))
            });
            Some(join(&[word(words::STEPS, name), after]))
        }
        Target::PlainType(name) => word(words::TYPES, name),
        Target::Annotation(name) => word(words::ANNOTATIONS, name),
        Target::File(_) => None,
    }
}

/// Paragraphs, the empty ones left out.
fn join(parts: &[Option<String>]) -> String {
    let parts: Vec<&str> = parts.iter().flatten().map(|it| it.trim()).filter(|it| !it.is_empty()).collect();
    parts.join("\n\n")
}

/// The head of a node, what flows out of it, what its stage promises.
fn node(name: &str, analysis: &Analysis) -> Option<String> {
    let (head, doc) = declaration_of(analysis, name, &Candidate::Node(name.to_string()))?;
    let known = analysis.facts.node(name).filter(|it| it.shape.known);
    let sink = head.starts_with("sink");
    let shape = known.map(|it| {
        let fields: Vec<String> = it.shape.fields.iter().map(|it| format!("{}: {}", it.name, it.ty)).collect();
        format!("{}\n\n{}", label(it, sink), code(&fields.join("\n")))
    });
    let promise = analysis.compilation.plan.as_ref().and_then(|plan| guarantee(name, plan)).map(|it| {
        let reasons: Vec<String> = it.because.iter().map(|it| format!("- {}", it.text)).collect();
        format!("{}:\n{}", level(it.level), reasons.join("\n"))
    });
    Some(join(&[Some(code(&head)), doc, shape, promise]))
}

fn guarantee<'p>(node: &str, plan: &'p Plan) -> Option<&'p Guarantee> {
    let ingest = plan.ingest.iter().find(|it| it.source == node).map(|it| &it.guarantee);
    let holds = |list: &[String]| list.iter().any(|it| it == node);
    let stage = || {
        let found = plan.stages.iter().find(|it| holds(&it.sinks) || holds(&it.transforms) || holds(&it.topics));
        found.map(|it| &it.guarantee)
    };
    ingest.or_else(stage)
}

fn level(level: Delivery) -> &'static str {
    match level {
        Delivery::ExactlyOnce => "exactly once",
        Delivery::AtLeastOnce => "at least once",
    }
}

/// A field: its type here, what marks it, its doc comment.
fn field(declared: Span, span: Span, place: &Place<'_>) -> String {
    let analysis = &place.program.analysis;
    let sources = place.sources();
    let name = sources.text(span).trim_matches('`');
    let origin = place.names.field(declared);
    let written = type_field(analysis, declared).or_else(|| type_field(analysis, origin));
    let ty = analysis.facts.type_of(span).map(ToString::to_string);
    let ty = ty.or_else(|| {
        // Where it is declared: what flows on says its type.
        let shapes = analysis.facts.steps().iter().map(|it| &it.after);
        let mut of = shapes.filter(|it| it.declared.get(name) == Some(&declared)).filter_map(|it| it.field(name));
        of.next().map(|it| it.ty.to_string())
    });
    let ty = ty.or_else(|| written.map(|it| sources.text(it.ty.span).to_string()));
    let marks: String =
        written.iter().flat_map(|it| &it.annotations).map(|it| format!(" {}", sources.text(it.span))).collect();
    let head = match ty {
        Some(ty) => format!("{name}: {ty}{marks}"),
        None => format!("{name}{marks}"),
    };
    join(&[Some(code(&head)), written.and_then(|it| it.doc.as_ref()).map(|it| it.text.clone())])
}

/// The field of a written type that is declared there.
fn type_field(analysis: &Analysis, declared: Span) -> Option<&Field> {
    fn inside(ty: &TypeExpr, declared: Span) -> Option<&Field> {
        match &ty.kind {
            TypeExprKind::Record(fields) => fields
                .iter()
                .find(|it| it.name.span == declared)
                .or_else(|| fields.iter().find_map(|it| inside(&it.ty, declared))),
            TypeExprKind::List(element) => inside(element, declared),
            TypeExprKind::Map(_, value) => inside(value, declared),
            _ => None,
        }
    }
    analysis.files.iter().flat_map(|file| &file.declarations).find_map(|it| match &it.kind {
        DeclarationKind::Type(it) => match &it.value {
            TypeValue::Written(ty) => inside(ty, declared),
            _ => None,
        },
        _ => None,
    })
}

/// The head and the doc comment of what a candidate names.
pub(super) fn declaration_of(analysis: &Analysis, name: &str, what: &Candidate) -> Option<(String, Option<String>)> {
    declared(analysis, |it| match (it, what) {
        (DeclarationKind::Connection(it), Candidate::Connection(_)) => it.name.text == name,
        (DeclarationKind::Type(it), Candidate::Type(_)) => it.name.text == name,
        (DeclarationKind::Function(it), Candidate::Function(_)) => it.name.text == name,
        (DeclarationKind::Param(it), Candidate::Param(_)) => it.name.text == name,
        (
            DeclarationKind::Source(it)
            | DeclarationKind::Topic(it)
            | DeclarationKind::Lookup(it)
            | DeclarationKind::Transform(it)
            | DeclarationKind::Sink(it),
            Candidate::Node(_),
        ) => it.name.text == name,
        _ => false,
    })
}

fn declared(analysis: &Analysis, is: impl Fn(&DeclarationKind) -> bool) -> Option<(String, Option<String>)> {
    let sources = &analysis.compilation.sources;
    let found = analysis.files.iter().flat_map(|file| &file.declarations).find(|it| is(&it.kind))?;
    Some((head(found, sources.text(found.span)), found.doc.as_ref().map(|it| it.text.clone())))
}

/// What is shown of a declaration: types whole, of all else the first line.
fn head(declaration: &Declaration, text: &str) -> String {
    match &declaration.kind {
        DeclarationKind::Type(_) => text.lines().take(40).collect::<Vec<_>>().join("\n"),
        DeclarationKind::Function(it) => {
            let end = it.result.span.end.saturating_sub(declaration.span.start) as usize;
            text.get(..end).unwrap_or(text).to_string()
        }
        _ => {
            let line = text.lines().next().unwrap_or_default().trim_end();
            line.strip_suffix('{').unwrap_or(line).trim_end().to_string()
        }
    }
}

/// Type and default of an option, and its doc.
pub(super) fn option_page(spec: &OptionSpec) -> (String, String) {
    let presence = match (spec.required, spec.default) {
        (true, _) => ", required".to_string(),
        (false, Some(default)) => format!(", default {default}"),
        (false, None) => String::new(),
    };
    let doc = spec.doc.split_whitespace().collect::<Vec<_>>().join(" ");
    (format!("{}{presence}", reference::option_type(&spec.ty)), doc)
}
