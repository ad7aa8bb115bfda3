//! `param` declarations: their types and values. A value comes from the environment (`--set`, `pipewright.yaml`) or else
//! from the default.
//!
//! The environment's text becomes a source text of its own, so that a finding in it has a place to point at.

use std::collections::BTreeMap;

use pipewright_grammar::ast::{DeclarationKind, File, Param, TypeDeclaration, TypeExpr, TypeExprKind, TypeValue};
use pipewright_grammar::{SourceId, Span};
use pipewright_plan::{Literal, Type};

use crate::{
    context::Context,
    diagnostics::{Diagnostics, ParamNotSet, UnknownParam},
    environment::Environment,
    expressions::closest,
    expressions::{self, ParamValue},
    problems,
    source::Sources,
    types::written,
};

/// A value that the environment gives.
pub(crate) enum Override {
    /// The bare text of a string.
    Text(String),
    /// Written as an expression. Boxed: most programs have none.
    Written(Box<Param>),
    /// Unreadable, and reported.
    Broken,
}

/// Reads the environment's values of declared parameters.
pub(crate) fn read_overrides(
    files: &[File],
    environment: &Environment,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> BTreeMap<String, Override> {
    let params: Vec<&Param> = files
        .iter()
        .flat_map(|file| &file.declarations)
        .filter_map(|it| if let DeclarationKind::Param(param) = &it.kind { Some(param) } else { None })
        .collect();
    let mut overrides = BTreeMap::new();
    let of_file = environment.params.iter().filter(|(name, _)| !environment.set.contains_key(*name));
    let values = of_file.map(|it| (it, false)).chain(environment.set.iter().map(|it| (it, true)));
    for ((name, text), set) in values {
        let Some(param) = params.iter().find(|it| it.name.text == *name) else {
            let closest = closest(name, params.iter().map(|it| it.name.text.as_str()));
            let span = if set {
                let start = "--set ".len();
                let id = sources.add("the command line".to_string(), format!("--set {name}={text}\n"));
                Span::new(id, start, start + name.len())
            } else {
                in_file(name, environment, sources)
            };
            diagnostics.emit(UnknownParam { name: name.clone(), span, closest });
            continue;
        };
        let quoted = text.trim_start().starts_with('"');
        let found = if !quoted && is_text(&param.ty, files, 0) == Some(Text::Any) {
            Override::Text(text.clone())
        } else {
            let ty = sources.text(param.ty.span).to_string();
            let bare = !quoted && is_text(&param.ty, files, 0) == Some(Text::Set);
            let text = if bare { format!("{text:?}") } else { text.clone() };
            let line = format!("param {name}: {ty} = {text}\n");
            let file = environment.file.clone().filter(|_| !set).unwrap_or_else(|| format!("--set {name}"));
            let id = sources.add(file, line.clone());
            let parsed = pipewright_grammar::parse(id, &line);
            problems::report(parsed.problems, diagnostics);
            let declaration = parsed.file.declarations.into_iter().next().map(|it| it.kind);
            match declaration {
                Some(DeclarationKind::Param(param)) => Override::Written(Box::new(param)),
                _ => Override::Broken,
            }
        };
        overrides.insert(name.clone(), found);
    }
    overrides
}

/// Where a parameter stands in the environment's file.
fn in_file(name: &str, environment: &Environment, sources: &mut Sources) -> Span {
    let path = environment.file.clone().unwrap_or_default();
    let known = sources.files().iter().position(|it| it.path == path && it.text == environment.text);
    let id = match known.and_then(|it| u32::try_from(it).ok()) {
        Some(known) => SourceId(known),
        None => sources.add(path, environment.text.clone()),
    };
    let (start, end) = environment.places.get(name).copied().unwrap_or_default();
    Span::new(id, start, end)
}

/// What of a text type a bare word can be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Text {
    Any,
    Set,
}

/// Whether a type is text, through some aliases.
fn is_text(ty: &TypeExpr, files: &[File], depth: u8) -> Option<Text> {
    match &ty.kind {
        TypeExprKind::Set(_) => Some(Text::Set),
        TypeExprKind::Name(name) if name == "string" => Some(Text::Any),
        TypeExprKind::Name(name) if depth < 8 => {
            let mut declarations = files.iter().flat_map(|file| &file.declarations);
            declarations.find_map(|it| match &it.kind {
                DeclarationKind::Type(TypeDeclaration { name: declared, value: TypeValue::Written(ty) })
                    if declared.text == *name =>
                {
                    is_text(ty, files, depth + 1)
                }
                _ => None,
            })
        }
        _ => None,
    }
}

/// Fills [`Context::params`], in the order of the program: a default may use the parameters before it.
pub(crate) fn declare(
    context: &mut Context<'_>,
    overrides: &BTreeMap<String, Override>,
    diagnostics: &mut Diagnostics,
) {
    for declared in context.index.params.clone() {
        let param = declared.part;
        let ty = written(&param.ty, context, diagnostics);
        let value = match overrides.get(&param.name.text) {
            Some(Override::Text(text)) => Some(Literal::Text(text.clone())),
            Some(Override::Written(given)) => given.default.as_ref().and_then(|it| fold(it, &ty, context, diagnostics)),
            Some(Override::Broken) => None,
            None => match &param.default {
                Some(default) => fold(default, &ty, context, diagnostics),
                None => {
                    diagnostics.emit(ParamNotSet { name: param.name.text.clone(), span: param.name.span });
                    None
                }
            },
        };
        let known = ParamValue { name: param.name.clone(), ty, value };
        context.params.insert(param.name.text.clone(), known);
    }
}

fn fold(
    expr: &pipewright_grammar::ast::Expr,
    ty: &Type,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Literal> {
    let expected = (!ty.is_unknown()).then_some(ty);
    expressions::constant(expr, expected, &context.expressions(), diagnostics).map(|(value, _)| value)
}
