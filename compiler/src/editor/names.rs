//! Every name of a program and what it refers to: for hover, definition, references and rename.

use std::collections::{BTreeMap, BTreeSet};

use pipewright_grammar::{
    SourceId, Span,
    ast::{
        Declaration, DeclarationKind, Expr, ExprKind, Input, Item, Name, Node, Row, Step, StepKind, TestLineKind,
        TypeExpr, TypeExprKind, TypeValue, Window,
    },
};
use pipewright_plan::{OptionSpec, OptionType};

use super::{
    Analysis,
    blocks::{self, Block},
    facts::Use,
};
use crate::{registry::Registry, types, walk};

/// What a name refers to.
#[derive(Clone, Debug)]
pub enum Target {
    /// The program.
    Pipeline,
    /// A node of the program.
    Node(String),
    /// A connection of the program.
    Connection(String),
    /// A type of the program.
    Type(String),
    /// A function of the program.
    Function(String),
    /// A parameter of the program.
    Param(String),
    /// A field, by the place that declared it.
    Field(Span),
    /// A field that was declared nowhere: the codec gives it.
    Bare(String),
    /// A parameter of a function, by its place.
    Local(Span),
    /// A function of the library.
    Library(String),
    /// A kind of connection.
    Connector(String),
    /// A format.
    Codec(String),
    /// A type of the language.
    PlainType(String),
    /// An option.
    Option(&'static OptionSpec),
    /// A word that an option takes.
    Choice(&'static OptionSpec, String),
    /// A keyword of a declaration.
    Keyword(String),
    /// A keyword of a step.
    Step(String),
    /// `@key`
    Annotation(String),
    /// A diagnostic, in an `allow` comment.
    Lint(String),
    /// An imported file.
    File(String),
}

/// A name with its place.
#[derive(Clone, Debug)]
pub struct Occurrence {
    /// Where, with backticks.
    pub span: Span,
    /// What it refers to.
    pub target: Target,
    /// It is declared here.
    pub declares: bool,
    /// It stands for `name = name`.
    pub shorthand: bool,
}

/// All names of a program.
#[derive(Debug)]
pub struct Names {
    /// In no order.
    pub occurrences: Vec<Occurrence>,
    /// Fields that are one by several places, each with the first of them.
    same: BTreeMap<Span2, Span>,
}

/// A span that can be sorted by its place.
type Span2 = (SourceId, u32, u32);

fn key(span: Span) -> Span2 {
    (span.source, span.start, span.end)
}

impl Names {
    /// The name at a place; the smallest, if one stands in another.
    pub fn at(&self, source: SourceId, byte: u32) -> Option<&Occurrence> {
        let here = |it: &&Occurrence| it.span.source == source && it.span.start <= byte && byte <= it.span.end;
        // Between two names that touch, the one that begins here.
        self.occurrences.iter().filter(here).min_by_key(|it| (it.span.end == byte, it.span.end - it.span.start))
    }

    /// Whether two targets are the same thing.
    pub fn same(&self, one: &Target, other: &Target) -> bool {
        match (one, other) {
            (Target::Node(a), Target::Node(b))
            | (Target::Connection(a), Target::Connection(b))
            | (Target::Type(a), Target::Type(b))
            | (Target::Function(a), Target::Function(b))
            | (Target::Param(a), Target::Param(b)) => a == b,
            (Target::Field(a), Target::Field(b)) => self.field(*a) == self.field(*b),
            (Target::Local(a), Target::Local(b)) => a == b,
            (Target::Pipeline, Target::Pipeline) => true,
            _ => false,
        }
    }

    /// The first of the places that declare a field.
    pub fn field(&self, declared: Span) -> Span {
        self.same.get(&key(declared)).copied().unwrap_or(declared)
    }

    /// Every place of a thing, in the order of the program.
    pub fn all(&self, target: &Target) -> Vec<&Occurrence> {
        let mut found: Vec<&Occurrence> = self.occurrences.iter().filter(|it| self.same(&it.target, target)).collect();
        found.sort_by_key(|it| (it.span, !it.declares));
        found.dedup_by_key(|it| it.span);
        found
    }

    /// Where a thing is declared.
    pub fn definition(&self, target: &Target) -> Option<Span> {
        match target {
            Target::Field(span) | Target::Local(span) => Some(*span),
            _ => self.occurrences.iter().find(|it| it.declares && self.same(&it.target, target)).map(|it| it.span),
        }
    }
}

/// All names of a program.
pub fn names(analysis: &Analysis, registry: &Registry) -> Names {
    let mut reader = Reader { analysis, registry, out: vec![], params: BTreeSet::new(), functions: BTreeSet::new() };
    let declarations = || analysis.files.iter().flat_map(|file| &file.declarations);
    for declaration in declarations() {
        match &declaration.kind {
            DeclarationKind::Param(it) => drop(reader.params.insert(&it.name.text)),
            DeclarationKind::Function(it) => drop(reader.functions.insert(&it.name.text)),
            _ => {}
        }
    }
    declarations().for_each(|it| reader.declaration(it));
    for allow in analysis.files.iter().flat_map(|file| &file.allows) {
        allow.names.iter().for_each(|it| reader.add(it.span, Target::Lint(it.text.clone()), false));
    }
    Names { occurrences: reader.out, same: groups(&analysis.facts.joined) }
}

/// Joins pairs to groups: each place with the first of its group.
fn groups(pairs: &[(Span, Span)]) -> BTreeMap<Span2, Span> {
    let mut parent: BTreeMap<Span2, Span> = BTreeMap::new();
    fn root(parent: &BTreeMap<Span2, Span>, mut span: Span) -> Span {
        while let Some(up) = parent.get(&key(span)).filter(|up| **up != span) {
            span = *up;
        }
        span
    }
    for (one, other) in pairs {
        let (one, other) = (root(&parent, *one), root(&parent, *other));
        let (first, last) = if key(one) <= key(other) { (one, other) } else { (other, one) };
        parent.insert(key(last), first);
    }
    let all: Vec<Span> = pairs.iter().flat_map(|(one, other)| [*one, *other]).collect();
    all.into_iter().map(|span| (key(span), root(&parent, span))).collect()
}

struct Reader<'a> {
    analysis: &'a Analysis,
    registry: &'a Registry,
    out: Vec<Occurrence>,
    params: BTreeSet<&'a str>,
    functions: BTreeSet<&'a str>,
}

impl<'a> Reader<'a> {
    fn add(&mut self, span: Span, target: Target, declares: bool) {
        self.out.push(Occurrence { span, target, declares, shorthand: false });
    }

    fn named(&mut self, name: &Name, target: fn(String) -> Target, declares: bool) {
        self.add(name.span, target(name.text.clone()), declares);
    }

    fn declaration(&mut self, declaration: &'a Declaration) {
        let text = self.analysis.compilation.sources.text(declaration.head);
        let word: String = text.chars().take_while(|it| it.is_ascii_alphanumeric() || *it == '_').collect();
        let start = declaration.head.start as usize;
        let keyword = Span::new(declaration.head.source, start, start + word.len());
        self.add(keyword, Target::Keyword(word), false);
        match &declaration.kind {
            DeclarationKind::Pipeline(it) => self.add(it.name.span, Target::Pipeline, true),
            DeclarationKind::Import(it) => self.add(it.span, Target::File(it.value.clone()), false),
            DeclarationKind::Connection(it) => {
                self.named(&it.name, Target::Connection, true);
                self.named(&it.kind, Target::Connector, false);
            }
            DeclarationKind::Type(it) => {
                self.named(&it.name, Target::Type, true);
                match &it.value {
                    TypeValue::Written(ty) => self.ty(ty),
                    TypeValue::Table { connection, .. } => self.named(connection, Target::Connection, false),
                    TypeValue::Imported { .. } => {}
                }
            }
            DeclarationKind::Function(it) => {
                self.named(&it.name, Target::Function, true);
                for param in &it.params {
                    self.add(param.name.span, Target::Local(param.name.span), true);
                    self.ty(&param.ty);
                }
                self.ty(&it.result);
                self.expr(&it.body);
            }
            DeclarationKind::Param(it) => {
                self.named(&it.name, Target::Param, true);
                self.ty(&it.ty);
                it.default.iter().for_each(|it| self.expr(it));
            }
            DeclarationKind::Source(it) => self.node(it, Target::Connection),
            DeclarationKind::Lookup(it) => self.node(it, Target::Connection),
            DeclarationKind::Topic(it) | DeclarationKind::Transform(it) | DeclarationKind::Sink(it) => {
                self.node(it, Target::Node);
            }
            DeclarationKind::Test(it) => it.lines.iter().for_each(|line| self.test_line(&line.kind)),
            // What it is, is not known.
            DeclarationKind::Stub { .. } => {}
        }
        for block in blocks::blocks(declaration, self.analysis, self.registry) {
            self.block(&block, declaration);
        }
    }

    fn node(&mut self, node: &'a Node, from: fn(String) -> Target) {
        self.named(&node.name, Target::Node, true);
        node.ty.iter().for_each(|it| self.named(it, Target::Type, false));
        node.on.iter().chain(&node.to).for_each(|it| self.named(it, Target::Connection, false));
        node.from.iter().for_each(|it| self.named(&it.node, from, false));
        node.options.iter().flat_map(|it| &it.entries).for_each(|it| self.expr(&it.value));
        node.steps.iter().for_each(|it| self.step(it));
    }

    fn input(&mut self, input: &Input) {
        self.named(&input.node, Target::Node, false);
    }

    fn field(&mut self, name: &Name) {
        self.add(name.span, Target::Field(name.span), true);
    }

    fn step(&mut self, step: &'a Step) {
        let word = self.analysis.compilation.sources.text(step.keyword).to_string();
        if !matches!(step.kind, StepKind::Error) {
            self.add(step.keyword, Target::Step(word), false);
        }
        match &step.kind {
            StepKind::Where(it) => self.expr(it),
            StepKind::Check { condition, reason } => [condition, reason].into_iter().for_each(|it| self.expr(it)),
            StepKind::Derive(list) => list.iter().for_each(|it| {
                self.field(&it.name);
                self.expr(&it.value);
            }),
            StepKind::Select(items) => items.iter().for_each(|it| self.item(it)),
            // Paths are checked as names.
            StepKind::Drop(paths) => paths.iter().filter_map(|it| it.parts.first()).for_each(|it| self.name(it)),
            StepKind::Rename(pairs) => pairs.iter().for_each(|(path, to)| {
                path.parts.first().into_iter().for_each(|it| self.name(it));
                self.field(to);
            }),
            StepKind::Lookup { lookup, on, .. } => {
                self.named(lookup, Target::Node, false);
                self.expr(on);
            }
            StepKind::Join { input, on, within, .. } => {
                self.input(input);
                [on, within].into_iter().for_each(|it| self.expr(it));
            }
            StepKind::Flatten { path, alias } => {
                path.parts.first().into_iter().for_each(|it| self.name(it));
                self.field(alias);
            }
            StepKind::Dedupe { keys, within } => {
                keys.iter().for_each(|it| self.item(it));
                self.expr(within);
            }
            StepKind::Window(Window::Tumbling(it) | Window::Session(it)) => self.expr(it),
            StepKind::Window(Window::Hopping(one, other)) => [one, other].into_iter().for_each(|it| self.expr(it)),
            StepKind::Group { keys, aggregates, .. } => {
                keys.iter().for_each(|it| self.item(it));
                for entry in &aggregates.entries {
                    self.field(&entry.name);
                    self.expr(&entry.value);
                }
            }
            StepKind::Route(branches) => {
                branches.iter().flat_map(|it| &it.condition).for_each(|it| self.expr(it));
            }
            StepKind::Repartition { keys, .. } => keys.iter().for_each(|it| self.item(it)),
            StepKind::AsTable { keys, .. } => {
                keys.iter().filter_map(|it| it.parts.first()).for_each(|it| self.name(it));
            }
            StepKind::AsEvents { .. } | StepKind::Error => {}
        }
    }

    fn item(&mut self, item: &'a Item) {
        item.name.iter().for_each(|it| self.field(it));
        self.expr(&item.value);
    }

    /// A name inside an expression, as the checker read it.
    fn name(&mut self, name: &Name) {
        let text = || name.text.clone();
        let target = match self.analysis.facts.uses.get(&name.span) {
            Some(Use::Field(declared)) => Target::Field(*declared),
            Some(Use::Bare(field)) => Target::Bare(field.clone()),
            Some(Use::Local(declared)) => Target::Local(*declared),
            Some(Use::Param) => Target::Param(text()),
            Some(Use::Function) => Target::Function(text()),
            Some(Use::Library) => Target::Library(text()),
            // Behind a mistake nothing was checked: what can be nothing else is known all the same.
            None if self.params.contains(name.text.as_str()) => Target::Param(text()),
            None => return,
        };
        self.add(name.span, target, false);
    }

    fn expr(&mut self, expr: &'a Expr) {
        let mut found: Vec<(&Name, bool, bool)> = vec![];
        let mut callees = BTreeSet::new();
        walk::expressions(expr, &mut |it| match &it.kind {
            ExprKind::Call { callee, .. } => {
                if let ExprKind::Name(name) = &callee.kind {
                    callees.insert(key(name.span));
                }
            }
            ExprKind::Name(name) => found.push((name, callees.contains(&key(name.span)), false)),
            ExprKind::Record(record) => {
                found.extend(record.entries.iter().filter(|it| it.shorthand).map(|it| (&it.name, false, true)));
            }
            _ => {}
        });
        for (name, called, shorthand) in found {
            let noted = self.analysis.facts.uses.contains_key(&name.span);
            if called && !noted && self.functions.contains(name.text.as_str()) {
                self.named(name, Target::Function, false);
            } else if called && !noted && self.registry.function(&name.text).is_some() {
                self.named(name, Target::Library, false);
            } else {
                let before = self.out.len();
                self.name(name);
                self.out.iter_mut().skip(before).for_each(|it| it.shorthand = shorthand);
            }
        }
    }

    fn ty(&mut self, ty: &'a TypeExpr) {
        match &ty.kind {
            TypeExprKind::Name(name) => {
                let text = self.analysis.compilation.sources.text(ty.span);
                let written = text.trim_end_matches('?').trim_end().len();
                let span = Span::new(ty.span.source, ty.span.start as usize, ty.span.start as usize + written);
                let plain = types::PLAIN.iter().any(|(plain, _)| plain == name);
                self.add(span, if plain { Target::PlainType(name.clone()) } else { Target::Type(name.clone()) }, false);
            }
            TypeExprKind::List(element) => self.ty(element),
            TypeExprKind::Map(key, value) => {
                self.ty(key);
                self.ty(value);
            }
            TypeExprKind::Record(fields) => {
                for field in fields {
                    self.field(&field.name);
                    self.ty(&field.ty);
                    for it in &field.annotations {
                        self.named(&it.name, Target::Annotation, false);
                    }
                }
            }
            TypeExprKind::Decimal { .. } | TypeExprKind::Set(_) | TypeExprKind::Error => {}
        }
    }

    fn block(&mut self, block: &Block<'_>, declaration: &Declaration) {
        for part in &block.parts {
            let (Some(spec), Some(name)) = (block.spec(part), part.name) else { continue };
            self.add(name.span, Target::Option(spec), false);
            let values: Vec<&Expr> = match &part.value.kind {
                ExprKind::List(list) => list.iter().collect(),
                _ => vec![part.value],
            };
            for value in values {
                let word = match &value.kind {
                    ExprKind::Name(word) => word,
                    ExprKind::Call { callee, .. } => match &callee.kind {
                        ExprKind::Name(word) => word,
                        _ => continue,
                    },
                    _ => continue,
                };
                match &spec.ty {
                    OptionType::Format => self.named(word, Target::Codec, false),
                    OptionType::Choice(_) | OptionType::Call(_) => {
                        self.add(word.span, Target::Choice(spec, word.text.clone()), false);
                    }
                    OptionType::Fields => self.field_of(blocks::node(declaration), word),
                    _ => {}
                }
            }
        }
    }

    /// A field that is named by an option or a row, not read by an expression.
    fn field_of(&mut self, node: Option<&Node>, name: &Name) {
        let shape = node.and_then(|it| self.analysis.facts.node(&it.name.text)).map(|it| &it.shape);
        if let Some(declared) = shape.and_then(|it| it.declared.get(&name.text)) {
            self.add(name.span, Target::Field(*declared), false);
        }
    }

    fn test_line(&mut self, line: &'a TestLineKind) {
        match line {
            TestLineKind::Given { input, rows, .. } | TestLineKind::Expect { input, rows, .. } => {
                self.input(input);
                let Some(shape) = self.analysis.facts.node(&input.node.text).map(|it| &it.shape) else { return };
                for row in rows {
                    let (Row::Value(record) | Row::Delete(record)) = row else { continue };
                    for entry in &record.entries {
                        if let Some(declared) = shape.declared.get(&entry.name.text) {
                            self.add(entry.name.span, Target::Field(*declared), false);
                        }
                    }
                }
            }
            TestLineKind::ExpectNone(input) => self.input(input),
            TestLineKind::Advance(_) | TestLineKind::AdvanceTo(_) | TestLineKind::Restart => {}
        }
    }
}
