//! Expressions as text: what they are, or what is said about them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod calls;
mod findings;
mod fixes;
mod plans;
mod scale;
mod soundness;
mod types;

use std::collections::BTreeMap;

use pipewright_grammar::{SourceId, ast};
use pipewright_plan::{Base, Expr, Field, Literal, Schema, Type};

use super::{ExprContext, ParamValue, Scope, UserFunction};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::registry::Registry;
use crate::source::Sources;

const DECLARATIONS: &str = "\
fn shout(text: string): string = concat(text, \"!\")
fn or_zero(x: int64?): int64 = if x is null then 0 else x
fn broken(x: int64): string = x
fn constant_one(): int64 = 1
param limit: int64 = 10
param wanted: string = \"a%\"
";

/// A text that is being checked, and what was found.
pub(super) struct Checked {
    pub(super) value: Expr,
    pub(super) findings: Vec<Diagnostic>,
    pub(super) sources: Sources,
}

pub(super) fn schema() -> Schema {
    let set = || Base::Set(vec!["new".into(), "paid".into(), "cancelled".into()]);
    let decimal = |precision, scale| Base::Decimal { precision, scale };
    let customer =
        || Base::Record(vec![Field::new("id", Base::Int64.required()), Field::new("country", Base::String.optional())]);
    Schema::new(vec![
        Field::new("id", Base::Int64.required()),
        Field::new("small", Base::Int32.required()),
        Field::new("amount", decimal(12, 2).required()),
        Field::new("rate", decimal(10, 6).required()),
        Field::new("wide", decimal(38, 10).required()),
        Field::new("score", Base::Float64.required()),
        Field::new("name", Base::String.required()),
        Field::new("note", Base::String.optional()),
        Field::new("weight", Base::Int64.optional()),
        Field::new("status", set().required()),
        Field::new("state", set().optional()),
        Field::new("vip", Base::Bool.required()),
        Field::new("flag", Base::Bool.optional()),
        Field::new("created_at", Base::Timestamp.required()),
        Field::new("local_at", Base::LocalTimestamp.required()),
        Field::new("wait", Base::Duration.required()),
        Field::new("tags", Base::List(Box::new(Base::String.required())).required()),
        Field::new("labels", Base::Map(Box::new(Base::String.required())).required()),
        Field::new("customer", customer().required()),
        Field::new("maybe", customer().optional()),
        Field::new("payload", Base::Json.required()),
    ])
}

fn written(ty: &ast::TypeExpr) -> Type {
    let ast::TypeExprKind::Name(name) = &ty.kind else { panic!("only named types in these tests") };
    let base = match name.as_str() {
        "int64" => Base::Int64,
        "string" => Base::String,
        other => panic!("{other}"),
    };
    Type { base, nullable: ty.optional }
}

/// Runs `body` with everything that an expression can see.
pub(super) fn with_context<T>(
    text: &str,
    body: impl FnOnce(&ast::Expr, &ExprContext<'_>, &mut Diagnostics) -> T,
) -> (T, Vec<Diagnostic>, Sources) {
    with_declarations(DECLARATIONS, text, body)
}

pub(super) fn with_declarations<T>(
    declarations: &str,
    text: &str,
    body: impl FnOnce(&ast::Expr, &ExprContext<'_>, &mut Diagnostics) -> T,
) -> (T, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let program = format!("{declarations}transform t from x\n  | derive v = {text}\n");
    sources.add("test.pipe".into(), program.clone());
    let parsed = pipewright_grammar::parse(SourceId(0), &program);
    assert_eq!(parsed.problems, [], "{text}");
    let (mut functions, mut params, mut expr) = (BTreeMap::new(), BTreeMap::new(), None);
    for declaration in parsed.file.declarations {
        match declaration.kind {
            ast::DeclarationKind::Function(function) => {
                let params = function.params.iter().map(|param| (param.name.clone(), written(&param.ty))).collect();
                let result = written(&function.result);
                let (name, body) = (function.name.clone(), function.body);
                functions.insert(name.text.clone(), UserFunction { name, params, result, body, ok: true });
            }
            ast::DeclarationKind::Param(param) => {
                let value = match &param.default.as_ref().unwrap().kind {
                    ast::ExprKind::Number(text) => Literal::Int(text.parse().unwrap()),
                    ast::ExprKind::String(text) => Literal::Text(text.clone()),
                    other => panic!("{other:?}"),
                };
                let known = ParamValue { name: param.name.clone(), ty: written(&param.ty), value: Some(value) };
                params.insert(param.name.text, known);
            }
            ast::DeclarationKind::Transform(mut node) => {
                let ast::StepKind::Derive(mut bindings) = node.steps.remove(0).kind else { panic!("{text}") };
                expr = Some(bindings.remove(0).value);
            }
            other => panic!("{other:?}"),
        }
    }
    let registry = Registry { connectors: &[], codecs: &[], functions: pipewright_expr::functions::ALL };
    let context =
        ExprContext { sources: &sources, registry: &registry, functions: &functions, params: &params, notes: None };
    let mut diagnostics = Diagnostics::default();
    let result = body(&expr.unwrap(), &context, &mut diagnostics);
    (result, diagnostics.finish(), sources)
}

pub(super) fn check(text: &str) -> Checked {
    check_as(text, None)
}

pub(super) fn check_as(text: &str, expected: Option<&Type>) -> Checked {
    let scope = Scope::from_schema(&schema(), true);
    let (value, findings, sources) =
        with_context(text, |expr, context, diagnostics| super::check(expr, &scope, expected, context, diagnostics));
    Checked { value, findings, sources }
}

/// `name @ underlined text: message (help)`
pub(super) fn shown(checked: &Checked) -> Vec<String> {
    let one = |found: &Diagnostic| {
        let place = checked.sources.text(found.primary.span);
        let help = found.help.as_ref().map_or(String::new(), |help| format!(" ({help})"));
        format!("{} @ {place}: {}{help}", found.name, found.message)
    };
    checked.findings.iter().map(one).collect()
}
