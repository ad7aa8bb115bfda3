//! Declarations: heads, and which parts belong to which kind of node.

use super::{Builder, P, first, take};
use crate::ast::{
    Connection, Declaration, DeclarationKind, Function, FunctionParam, Input, Name, Node, Param, Pipeline, Record,
};
use crate::keywords::closest_declaration;
use crate::parser::Rule;
use crate::{ProblemKind, Span};

/// What may stand in a node: `on`, `from` is everywhere, `to`, options, steps, a type.
struct Shape {
    within: &'static str,
    ty: bool,
    on: bool,
    to: bool,
    options: bool,
    steps: bool,
}

const SOURCE: Shape = Shape { within: "a source", ty: true, on: false, to: false, options: true, steps: true };
const TOPIC: Shape = Shape { within: "a topic", ty: true, on: true, to: false, options: true, steps: false };
const LOOKUP: Shape = Shape { within: "a lookup", ty: true, on: false, to: false, options: true, steps: false };
const TRANSFORM: Shape = Shape { within: "a transform", ty: true, on: false, to: false, options: false, steps: true };
const SINK: Shape = Shape { within: "a sink", ty: false, on: false, to: true, options: true, steps: false };

impl Builder<'_> {
    pub(super) fn declaration(&mut self, pair: P<'_>) -> Option<Declaration> {
        let mut children = pair.into_inner();
        let doc = take(&mut children, Rule::doc).map(|doc| self.doc(doc));
        let body = children.next()?;
        let span = self.span(&body);
        let keyword = first(body.clone())?;
        let keyword_span = self.exact(&keyword);
        let rule = body.as_rule();
        let (kind, head) = match rule {
            Rule::unknown_decl => (self.unknown(&keyword), keyword_span),
            Rule::test => {
                let test = self.test(body)?;
                let head = keyword_span.to(test.title.span);
                (DeclarationKind::Test(test), head)
            }
            Rule::import => {
                let from = self.text(body.into_inner().nth(1)?);
                let head = keyword_span.to(from.span);
                (DeclarationKind::Import(from), head)
            }
            _ => {
                let name = body.clone().into_inner().find(|part| part.as_rule() == Rule::name)?;
                let head = keyword_span.to(self.exact(&name));
                (self.named(body)?, head)
            }
        };
        Some(Declaration { doc, span, head, kind })
    }

    fn named(&mut self, body: P<'_>) -> Option<DeclarationKind> {
        Some(match body.as_rule() {
            Rule::pipeline => {
                let (name, options) = self.name_and_options(body)?;
                DeclarationKind::Pipeline(Pipeline { name, options })
            }
            Rule::connection => {
                let kind = body.clone().into_inner().find(|part| part.as_rule() == Rule::engine)?;
                let kind = self.name(kind);
                let (name, options) = self.name_and_options(body)?;
                DeclarationKind::Connection(Connection { name, kind, options })
            }
            Rule::type_decl => DeclarationKind::Type(self.type_declaration(body)?),
            Rule::fn_decl => DeclarationKind::Function(self.function(body)?),
            Rule::param => {
                let mut children = body.into_inner().skip(1);
                let name = self.name(children.next()?);
                let ty = self.type_expr(children.next()?);
                let default = children.next().map(|value| self.expr(value));
                DeclarationKind::Param(Param { name, ty, default })
            }
            Rule::source => DeclarationKind::Source(self.node(body, &SOURCE)?),
            Rule::topic => DeclarationKind::Topic(self.node(body, &TOPIC)?),
            Rule::lookup => DeclarationKind::Lookup(self.node(body, &LOOKUP)?),
            Rule::transform => DeclarationKind::Transform(self.node(body, &TRANSFORM)?),
            Rule::sink => DeclarationKind::Sink(self.node(body, &SINK)?),
            _ => return None,
        })
    }

    fn name_and_options(&mut self, body: P<'_>) -> Option<(Name, Option<Record>)> {
        let mut name = None;
        let mut options = None;
        for part in body.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(part)),
                Rule::record => options = Some(self.record(part)),
                _ => {}
            }
        }
        Some((name?, options))
    }

    fn function(&mut self, body: P<'_>) -> Option<Function> {
        let mut children = body.into_inner().skip(1).peekable();
        let name = self.name(children.next()?);
        let mut params = Vec::new();
        while let Some(param) = children.next_if(|part| part.as_rule() == Rule::fn_param) {
            let mut parts = param.into_inner();
            let name = self.name(parts.next()?);
            params.push(FunctionParam { name, ty: self.type_expr(parts.next()?) });
        }
        let result = self.type_expr(children.next()?);
        let body = self.expr(children.next()?);
        Some(Function { name, params, result, body })
    }

    /// A part that does not belong here is reported and left out, so that it is reported once.
    fn node(&mut self, body: P<'_>, shape: &Shape) -> Option<Node> {
        let mut name = None;
        let mut node = Node {
            name: Name { text: String::new(), span: Span::default() },
            ty: None,
            on: None,
            from: Vec::new(),
            to: None,
            options: None,
            steps: Vec::new(),
        };
        for part in body.into_inner() {
            let mut span = self.span(&part);
            if part.as_rule() == Rule::steps {
                // The line breaks before the first `|` belong to the rule.
                let blank = part.as_str().len()
                    - part
                        .as_str()
                        .find('|')
                        .map_or(part.as_str(), |n| part.as_str().get(n..).unwrap_or_default())
                        .len();
                span.start += u32::try_from(blank).unwrap_or(0);
            }
            match part.as_rule() {
                Rule::name => name = Some(self.name(part)),
                Rule::typed if !shape.ty => self.misplaced(span, "a type", shape),
                Rule::typed => node.ty = first(part).map(|ty| self.name(ty)),
                Rule::on_cluster if !shape.on => self.misplaced(span, "`on`", shape),
                Rule::on_cluster => node.on = part.into_inner().nth(1).map(|cluster| self.name(cluster)),
                Rule::from => {
                    let inputs = part.into_inner().filter(|input| input.as_rule() == Rule::input);
                    node.from = inputs.filter_map(|input| self.input(input)).collect();
                }
                Rule::to if !shape.to => self.misplaced(span, "`to`", shape),
                Rule::to => node.to = part.into_inner().nth(1).map(|connection| self.name(connection)),
                Rule::record if !shape.options => self.misplaced(span, "options", shape),
                Rule::record => node.options = Some(self.record(part)),
                Rule::steps if !shape.steps => self.misplaced(span, "steps", shape),
                Rule::steps => node.steps = self.steps(part),
                _ => {}
            }
        }
        Some(Node { name: name?, ..node })
    }

    fn misplaced(&mut self, span: Span, what: &str, shape: &Shape) {
        self.problem(span, ProblemKind::Misplaced { what: what.to_owned(), within: shape.within.to_owned() });
    }

    pub(super) fn input(&self, pair: P<'_>) -> Option<Input> {
        let mut names = pair.into_inner();
        let node = self.name(names.next()?);
        Some(Input { node, branch: names.next().map(|branch| self.name(branch)) })
    }

    fn unknown(&mut self, word: &P<'_>) -> DeclarationKind {
        let span = self.exact(word);
        let closest = closest_declaration(word.as_str());
        let fix = closest.map(|keyword| (span, keyword.to_owned())).into_iter().collect();
        let word = word.as_str().to_owned();
        let kind = ProblemKind::UnknownDeclaration { word, closest: closest.map(str::to_owned) };
        self.problem_with_fix(span, kind, fix);
        DeclarationKind::Stub { keyword: None, name: None }
    }
}
