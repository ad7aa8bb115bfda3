//! Steps: each takes what flows in and says what flows out. The rules of kinds (what a step does to a changelog) stand with
//! the step.
//!
//! After a step that is broken or not yet built, nothing is said about the rest of the chain.

mod filter;
mod project;
mod table;

pub(crate) use table::EVENTS;

use pipewright_grammar::{Span, ast};
use pipewright_plan::{Base, Field, Partitioning, Step, StepKind, Type};

use crate::{
    context::Context,
    diagnostics::{Diagnostics, NotYet, UntypedNull},
    editor::facts::{Shape, StepShape},
    expressions::Scope,
    flow::Flow,
};

/// Where records of a topic are placed, by the topic's name.
pub(crate) type Placement<'p> = dyn Fn(&str) -> Option<&'p Partitioning> + 'p;

/// Runs a chain of steps over what flows in.
pub(crate) fn run<'p>(
    steps: &[ast::Step],
    node: &str,
    input: Flow,
    context: &Context<'_>,
    placement: &Placement<'p>,
    diagnostics: &mut Diagnostics,
) -> (Vec<Step>, Flow) {
    let mut chain = Chain { flow: input, context, placement, built: vec![], node, first_id: 1 };
    for step in steps {
        if !chain.flow.known {
            break;
        }
        let before = context.notes.map(|_| Shape::of(&chain.flow));
        chain.step(step, diagnostics);
        if let Some(before) = before {
            let (span, keyword, after) = (step.span, step.keyword, Shape::of(&chain.flow));
            context.note(|facts| facts.steps.push(StepShape { span, keyword, before, after }));
        }
    }
    (chain.built, chain.flow)
}

/// A chain of steps, as far as it was read.
struct Chain<'c, 'a, 'p> {
    flow: Flow,
    context: &'c Context<'a>,
    placement: &'c Placement<'p>,
    built: Vec<Step>,
    node: &'c str,
    first_id: usize,
}

impl Chain<'_, '_, '_> {
    fn step(&mut self, step: &ast::Step, diagnostics: &mut Diagnostics) {
        use ast::StepKind as Ast;
        let kind = match &step.kind {
            Ast::Where(condition) => self.filter(condition, diagnostics),
            Ast::Check { condition, reason } => self.check(condition, reason, diagnostics),
            Ast::Derive(bindings) => self.derive(bindings, diagnostics),
            Ast::Select(items) => self.select(items, step, diagnostics),
            Ast::Drop(paths) => self.drop(paths, step, diagnostics),
            Ast::Rename(pairs) => self.rename(pairs, step, diagnostics),
            Ast::AsEvents { options } => self.as_events(options.as_ref(), step, diagnostics),
            Ast::AsTable { keys, options } => self.as_table(keys, options.as_ref(), step, diagnostics),
            Ast::Lookup { .. } => self.not_yet("`lookup`", step, diagnostics),
            Ast::Join { .. } => self.not_yet("`join`", step, diagnostics),
            Ast::Flatten { .. } => self.not_yet("`flatten`", step, diagnostics),
            Ast::Dedupe { .. } => self.not_yet("`dedupe`", step, diagnostics),
            Ast::Window(_) => self.not_yet("`window`", step, diagnostics),
            Ast::Group { .. } => self.not_yet("`group by`", step, diagnostics),
            Ast::Route(_) => self.not_yet("`route`", step, diagnostics),
            Ast::Repartition { .. } => self.not_yet("`repartition`", step, diagnostics),
            Ast::Error => {
                self.flow.known = false;
                None
            }
        };
        let Some(kind) = kind else { return };
        let keyword = self.context.sources.text(step.keyword).to_string();
        self.built.push(Step {
            id: format!("{}.{}", self.node, self.built.len() + self.first_id),
            keyword,
            kind,
            schema: self.flow.schema.clone(),
            after: self.flow.kind.clone(),
            origin: self.context.origin(step.span),
        });
    }

    fn not_yet(&mut self, what: &str, step: &ast::Step, diagnostics: &mut Diagnostics) -> Option<StepKind> {
        diagnostics.emit(NotYet { what: what.to_string(), span: step.keyword });
        self.flow.known = false;
        None
    }

    /// A field that an expression over `scope` gives: the scope of the flow as it is. It is fixed if it is computed from what is
    /// fixed, and personal if a part is.
    fn computed(
        &self,
        name: &str,
        value: &pipewright_plan::Expr,
        span: Span,
        scope: &Scope,
        diagnostics: &mut Diagnostics,
    ) -> Field {
        let mut ty = value.ty.clone();
        if ty.base == Base::Null {
            diagnostics.emit(UntypedNull { name: name.to_string(), span });
            ty = Type::unknown();
        }
        let mut field = Field::new(name, ty);
        let read = |column: &str| scope.place(column).and_then(|at| self.flow.schema.fields.get(at));
        let known = |column: &str| read(column).is_some_and(|it| it.key || it.fixed);
        field.fixed = pipewright_plan::depends_only_on(value, &known) && self.flow.has_identity();
        field.pii = reads_pii(value, &read);
        field
    }
}

fn reads_pii<'f>(value: &pipewright_plan::Expr, read: &dyn Fn(&str) -> Option<&'f Field>) -> bool {
    match &value.kind {
        pipewright_plan::ExprKind::Column(name) => read(name).is_some_and(|it| it.pii),
        _ => value.children().into_iter().any(|child| reads_pii(child, read)),
    }
}
