//! What could stand where the cursor is. The text is broken while somebody types: a word is put at the cursor and what is open
//! is closed, then the program is checked as ever, and where that word lands says what it could be.

use std::collections::BTreeSet;
use std::ops::Range;

use pipewright_grammar::{
    Span,
    ast::{
        Declaration, DeclarationKind, Expr, ExprKind, Name, Row, Step, StepKind, TestLineKind, TypeExpr, TypeExprKind,
        TypeValue,
    },
};
use pipewright_plan::{Base, OptionSpec, OptionType, Role, Type};

use super::{
    Analysis,
    analysis::analyse_with,
    blocks::{self, Block, Part},
    facts::{AtCursor, CURSOR, Facts, Shape},
    words::{self, Word},
};
use crate::{
    environment::Environment,
    registry::Registry,
    source::{Loader, Sources},
    walk,
};

/// What a candidate is.
#[derive(Clone, Debug)]
pub enum Candidate {
    /// A field, or a part of a record; a parameter of the function around. With its type, if it is known.
    Field(String, Option<Type>),
    /// A value of a closed set, with its quotes.
    Member(String),
    /// A parameter of the program.
    Param(String),
    /// A function of the program.
    Function(String),
    /// A function of the library.
    Library(&'static str),
    /// A node.
    Node(String),
    /// A connection.
    Connection(String),
    /// A type of the program.
    Type(String),
    /// A word of the language.
    Word(&'static Word),
    /// The same, of an annotation.
    Annotation(&'static Word),
    /// An option.
    Option(&'static OptionSpec),
    /// A word that an option takes; with what it means, if that is told. True: it may take parentheses.
    Choice(String, &'static str, bool),
    /// A kind of connection.
    Connector(&'static str),
    /// A format.
    Codec(&'static str),
    /// A word that goes on with what stands before.
    Plain(&'static str),
}

/// What could stand at a place.
#[derive(Clone, Debug)]
pub struct Completion {
    /// What a candidate replaces: the beginning of a word.
    pub replaced: Range<usize>,
    /// The likeliest first.
    pub candidates: Vec<Candidate>,
}

struct Typed<'a> {
    path: &'a str,
    text: &'a str,
    rest: &'a dyn Loader,
}

impl Loader for Typed<'_> {
    fn load(&self, path: &str) -> Result<Vec<u8>, String> {
        if path == self.path { Ok(self.text.as_bytes().to_vec()) } else { self.rest.load(path) }
    }
}

/// What could stand at a byte of the file `path` of the program with this root.
pub fn complete(
    (root, path, at): (&str, &str, usize),
    text: &str,
    environment: &Environment,
    loader: &dyn Loader,
    registry: &Registry,
) -> Option<Completion> {
    let hole = pipewright_grammar::with_word(text, at, CURSOR)?;
    let mut candidates = vec![];
    if hole.begins {
        candidates.extend(words::DECLARATIONS.iter().map(Candidate::Word));
    } else {
        let loader = Typed { path, text: &hole.text, rest: loader };
        let analysis = analyse_with(Facts::default(), root, environment, &loader, registry);
        let cursor = hole.text.find(CURSOR)?;
        let source = analysis.source(path)?;
        let span = Span::new(source, cursor, cursor + CURSOR.len());
        let mut finder = Finder { analysis: &analysis, registry, span, out: vec![] };
        let declarations = analysis.files.iter().flat_map(|file| &file.declarations);
        let around = |it: &&Declaration| holds(it.span, span);
        declarations.filter(around).for_each(|it| finder.declaration(it));
        candidates = finder.out;
    }
    Some(Completion { replaced: hole.replaced, candidates })
}

fn holds(outer: Span, inner: Span) -> bool {
    outer.source == inner.source && outer.start <= inner.start && inner.end <= outer.end
}

fn is_cursor(name: &Name) -> bool {
    name.text == CURSOR
}

struct Finder<'a> {
    analysis: &'a Analysis,
    registry: &'a Registry,
    span: Span,
    out: Vec<Candidate>,
}

impl<'a> Finder<'a> {
    fn sources(&self) -> &'a Sources {
        &self.analysis.compilation.sources
    }

    fn declarations(&self) -> impl Iterator<Item = &'a Declaration> + use<'a> {
        self.analysis.files.iter().flat_map(|file| &file.declarations)
    }

    fn declaration(&mut self, declaration: &'a Declaration) {
        match &declaration.kind {
            DeclarationKind::Connection(it) if is_cursor(&it.kind) => {
                self.out.extend(self.registry.connectors.iter().map(|it| Candidate::Connector(it.name)));
            }
            DeclarationKind::Type(it) => {
                if let TypeValue::Written(ty) = &it.value {
                    self.ty(ty);
                }
            }
            DeclarationKind::Function(it) => {
                it.params.iter().for_each(|it| self.ty(&it.ty));
                self.ty(&it.result);
                self.expr(&it.body, None);
            }
            DeclarationKind::Param(it) => {
                self.ty(&it.ty);
                it.default.iter().for_each(|it| self.expr(it, None));
            }
            DeclarationKind::Test(it) => it.lines.iter().for_each(|it| self.test_line(&it.kind)),
            DeclarationKind::Stub { keyword, .. } => self.header(keyword.as_deref().unwrap_or_default(), declaration),
            _ => {}
        }
        if self.out.is_empty() {
            self.node(declaration);
        }
        if self.out.is_empty() {
            for block in blocks::blocks(declaration, self.analysis, self.registry) {
                self.block(&block, declaration);
            }
        }
    }

    /// A head that is not whole.
    fn header(&mut self, keyword: &str, declaration: &Declaration) {
        let text = self.sources().text(declaration.span);
        let before = text.split(CURSOR).next().unwrap_or_default();
        if before.contains(['{', '|', '"']) || before.split_whitespace().count() < 2 {
            return;
        }
        let possible: &[&'static str] = match keyword {
            "source" | "lookup" | "transform" => &["from"],
            "topic" => &["on", "from"],
            "sink" => &["from", "to"],
            _ => &[],
        };
        let written: BTreeSet<&str> = text.split_whitespace().collect();
        self.out.extend(possible.iter().filter(|it| !written.contains(**it)).map(|it| Candidate::Plain(it)));
    }

    fn node(&mut self, declaration: &'a Declaration) {
        let Some(node) = blocks::node(declaration) else { return };
        let connections = |finder: &Self, fits: fn(&pipewright_plan::ConnectorSpec) -> bool| {
            let all = finder.declarations().filter_map(|it| match &it.kind {
                DeclarationKind::Connection(it) => Some(it),
                _ => None,
            });
            let fitting = all.filter(|it| finder.registry.connector(&it.kind.text).is_none_or(fits));
            fitting.map(|it| Candidate::Connection(it.name.text.clone())).collect::<Vec<_>>()
        };
        if node.ty.as_ref().is_some_and(is_cursor) {
            self.types(false);
        } else if node.on.as_ref().is_some_and(is_cursor) {
            self.out = connections(self, |it| it.role == Role::Cluster);
        } else if node.to.as_ref().is_some_and(is_cursor) {
            self.out = connections(self, |it| it.sink.is_some());
        } else if node.from.iter().any(|it| is_cursor(&it.node)) {
            if matches!(declaration.kind, DeclarationKind::Source(_) | DeclarationKind::Lookup(_)) {
                self.out = connections(self, |it| it.source.is_some());
            } else {
                let taken: Vec<&str> =
                    node.from.iter().map(|it| &it.node).chain([&node.name]).map(|it| it.text.as_str()).collect();
                self.nodes(&taken, false);
            }
        }
        let span = self.span;
        for step in node.steps.iter().filter(|it| holds(it.span, span)) {
            self.step(step);
        }
    }

    fn nodes(&mut self, without: &[&str], all: bool) {
        for declaration in self.declarations() {
            let reads = !matches!(declaration.kind, DeclarationKind::Sink(_) | DeclarationKind::Lookup(_));
            if let Some(node) = blocks::node(declaration).filter(|_| reads || all)
                && !without.contains(&node.name.text.as_str())
            {
                self.out.push(Candidate::Node(node.name.text.clone()));
            }
        }
    }

    fn types(&mut self, plain: bool) {
        for declaration in self.declarations() {
            if let DeclarationKind::Type(it) = &declaration.kind
                && it.name.text != CURSOR
            {
                self.out.push(Candidate::Type(it.name.text.clone()));
            }
        }
        if plain {
            self.out.extend(words::TYPES.iter().chain(words::TYPES_OF).map(Candidate::Word));
        }
    }

    fn ty(&mut self, ty: &'a TypeExpr) {
        match &ty.kind {
            TypeExprKind::Name(name) if name == CURSOR => self.types(true),
            TypeExprKind::List(element) => self.ty(element),
            TypeExprKind::Map(key, value) => {
                self.ty(key);
                self.ty(value);
            }
            TypeExprKind::Record(fields) => {
                for field in fields {
                    if field.annotations.iter().any(|it| is_cursor(&it.name)) {
                        let given: Vec<&str> = field.annotations.iter().map(|it| it.name.text.as_str()).collect();
                        let free = words::ANNOTATIONS.iter().filter(|it| !given.contains(&it.name));
                        self.out.extend(free.map(Candidate::Annotation));
                    }
                    self.ty(&field.ty);
                }
            }
            _ => {}
        }
    }

    fn step(&mut self, step: &'a Step) {
        let shape = self.analysis.facts.steps.iter().find(|it| it.span == step.span).map(|it| &it.before);
        match &step.kind {
            StepKind::Error => {
                let text = self.sources().text(step.span);
                if text.starts_with(CURSOR) {
                    self.out.extend(words::STEPS.iter().map(Candidate::Word));
                } else if let Some(shape) = shape {
                    self.fields(shape);
                    self.values();
                }
                return;
            }
            StepKind::Derive(list) if list.iter().any(|it| is_cursor(&it.name)) => {
                shape.into_iter().for_each(|it| self.fields(it));
                return;
            }
            StepKind::Lookup { lookup, .. } if is_cursor(lookup) => return self.lookups(),
            StepKind::Join { input, .. } if is_cursor(&input.node) => return self.nodes(&[], false),
            _ => {}
        }
        self.at_cursor(shape);
    }

    fn lookups(&mut self) {
        let lookups = self.declarations().filter_map(|it| match &it.kind {
            DeclarationKind::Lookup(it) => Some(Candidate::Node(it.name.text.clone())),
            _ => None,
        });
        self.out.extend(lookups);
    }

    fn fields(&mut self, shape: &Shape) {
        self.out.extend(shape.fields.iter().map(|it| Candidate::Field(it.name.clone(), Some(it.ty.clone()))));
    }

    /// What the checker saw at the cursor; else the record that flows into the step.
    fn at_cursor(&mut self, shape: Option<&Shape>) {
        match (&self.analysis.facts.at_cursor, shape) {
            (Some(AtCursor { names, wanted, meta, member }), _) => {
                if let Some(Base::Set(members)) = wanted.as_ref().map(|it| &it.base) {
                    self.out.extend(members.iter().map(|it| Candidate::Member(format!("{it:?}"))));
                }
                let known = |ty: &Type| (!ty.is_unknown()).then(|| ty.clone());
                self.out.extend(names.iter().map(|(name, ty)| Candidate::Field(name.clone(), known(ty))));
                if *member {
                    return;
                }
                if *meta {
                    self.out.push(Candidate::Plain("meta"));
                }
            }
            (None, Some(shape)) => self.fields(shape),
            (None, None) => return,
        }
        self.values();
    }

    /// What can be named in every expression.
    fn values(&mut self) {
        for declaration in self.declarations() {
            match &declaration.kind {
                DeclarationKind::Param(it) => self.out.push(Candidate::Param(it.name.text.clone())),
                DeclarationKind::Function(it) => self.out.push(Candidate::Function(it.name.text.clone())),
                _ => {}
            }
        }
        self.out.extend(self.registry.functions.iter().map(|it| Candidate::Library(it.name)));
        self.out.extend(["if", "match", "not", "true", "false", "null"].map(Candidate::Plain));
    }

    fn expr(&mut self, expr: &Expr, shape: Option<&Shape>) {
        if holds(expr.span, self.span) {
            self.at_cursor(shape);
        }
    }

    fn block(&mut self, block: &Block<'_>, declaration: &Declaration) {
        let given: Vec<&str> = block.parts.iter().filter_map(|it| it.name).map(|it| it.text.as_str()).collect();
        for part in &block.parts {
            if part.name.is_some_and(is_cursor) || part.lone && is_cursor_expr(part.value) {
                let free = block.specs.iter().copied().filter(|it| !given.contains(&it.name));
                self.out.extend(free.map(Candidate::Option));
            } else if holds(part.value.span, self.span)
                && let Some(spec) = block.spec(part)
            {
                self.value(spec, part, declaration);
            }
        }
    }

    fn value(&mut self, spec: &'static OptionSpec, part: &Part<'_>, declaration: &Declaration) {
        let direct = match &part.value.kind {
            ExprKind::List(list) => list.iter().any(is_cursor_expr),
            _ => is_cursor_expr(part.value),
        };
        let params = |finder: &mut Self| {
            for declaration in finder.declarations() {
                if let DeclarationKind::Param(it) = &declaration.kind {
                    finder.out.push(Candidate::Param(it.name.text.clone()));
                }
            }
        };
        match &spec.ty {
            OptionType::Choice(words) if direct => {
                self.out.extend(words.iter().map(|it| Candidate::Choice((*it).into(), "", false)));
            }
            OptionType::Call(calls) if direct => {
                let choice =
                    |it: &pipewright_plan::CallSpec| Candidate::Choice(it.name.into(), it.doc, !it.options.is_empty());
                self.out.extend(calls.iter().map(choice));
            }
            OptionType::Bool if direct => self.out.extend(["true", "false"].map(Candidate::Plain)),
            OptionType::Format if direct => {
                self.out.extend(self.registry.codecs.iter().map(|it| Candidate::Codec(it.name)));
            }
            OptionType::Fields if direct => {
                let node = blocks::node(declaration).map(|it| it.name.text.as_str()).unwrap_or_default();
                if let Some(node) = self.analysis.facts.node(node) {
                    self.fields(&node.shape);
                }
            }
            OptionType::Exprs => {
                if spec.name == "start" {
                    self.out.extend(["earliest", "latest"].map(|it| Candidate::Choice(it.into(), "", false)));
                } else {
                    let node = blocks::node(declaration).and_then(|it| it.from.first());
                    let shape = node.and_then(|it| self.analysis.facts.node(&it.node.text)).map(|it| &it.shape);
                    self.at_cursor(shape);
                }
            }
            OptionType::String | OptionType::Secret if direct => {
                params(self);
                self.out.extend(["env", "file"].map(Candidate::Plain));
            }
            OptionType::Int { .. } | OptionType::Duration | OptionType::Size | OptionType::Percent if direct => {
                params(self);
            }
            _ => {}
        }
    }

    fn test_line(&mut self, line: &TestLineKind) {
        match line {
            TestLineKind::Given { input, rows, .. } | TestLineKind::Expect { input, rows, .. } => {
                if is_cursor(&input.node) {
                    return self.nodes(&[], true);
                }
                for row in rows {
                    let (Row::Value(record) | Row::Delete(record)) = row else { continue };
                    if record.entries.iter().any(|it| is_cursor(&it.name))
                        && let Some(node) = self.analysis.facts.node(&input.node.text)
                    {
                        let given: Vec<&str> = record.entries.iter().map(|it| it.name.text.as_str()).collect();
                        let fields = node.shape.fields.iter().filter(|it| !given.contains(&it.name.as_str()));
                        self.out.extend(fields.map(|it| Candidate::Field(it.name.clone(), Some(it.ty.clone()))));
                    }
                }
            }
            TestLineKind::ExpectNone(input) if is_cursor(&input.node) => self.nodes(&[], true),
            _ => {}
        }
    }
}

fn is_cursor_expr(expr: &Expr) -> bool {
    let mut found = false;
    // Not only the word itself: `a.‸` has a value, too.
    if let ExprKind::Name(name) = &expr.kind {
        found = is_cursor(name);
    } else if let ExprKind::Member(..) = &expr.kind {
        walk::expressions(expr, &mut |it| found |= matches!(&it.kind, ExprKind::Name(name) if is_cursor(name)));
    }
    found
}
