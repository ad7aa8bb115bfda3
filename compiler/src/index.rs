//! Names: which declaration a name stands for. One namespace for nodes, one for connections, one for types, one for
//! functions and parameters.
//!
//! A declaration that could not be read keeps its name here as *broken*, so that nothing complains about its absence.

use std::collections::{BTreeMap, BTreeSet};

use pipewright_grammar::{
    Span,
    ast::{self, DeclarationKind, File, Name},
};

use crate::{
    diagnostics::{Diagnostics, DuplicateName, MissingPipeline, SecondPipeline},
    source::Sources,
};

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeRole {
    Source,
    Topic,
    Lookup,
    Transform,
    Sink,
}

impl NodeRole {
    /// With its article, for messages.
    pub(crate) fn words(self) -> &'static str {
        match self {
            NodeRole::Source => "a source",
            NodeRole::Topic => "a topic",
            NodeRole::Lookup => "a lookup",
            NodeRole::Transform => "a transform",
            NodeRole::Sink => "a sink",
        }
    }

    /// Its keyword.
    pub(crate) fn keyword(self) -> &'static str {
        match self {
            NodeRole::Source => "source",
            NodeRole::Topic => "topic",
            NodeRole::Lookup => "lookup",
            NodeRole::Transform => "transform",
            NodeRole::Sink => "sink",
        }
    }
}

/// A declared thing: its declaration and its own part.
pub(crate) struct Declared<'a, T> {
    pub(crate) declaration: &'a ast::Declaration,
    pub(crate) part: &'a T,
}

impl<T> Clone for Declared<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Declared<'_, T> {}

/// A declared node.
#[derive(Clone, Copy)]
pub(crate) struct DeclaredNode<'a> {
    pub(crate) role: NodeRole,
    pub(crate) declaration: &'a ast::Declaration,
    pub(crate) node: &'a ast::Node,
}

/// All declarations by name. Lists are in the order of the program.
#[derive(Default)]
pub(crate) struct Index<'a> {
    pub(crate) pipeline: Option<Declared<'a, ast::Pipeline>>,
    pub(crate) nodes: Vec<DeclaredNode<'a>>,
    pub(crate) connections: Vec<Declared<'a, ast::Connection>>,
    pub(crate) types: Vec<Declared<'a, ast::TypeDeclaration>>,
    pub(crate) functions: Vec<Declared<'a, ast::Function>>,
    pub(crate) params: Vec<Declared<'a, ast::Param>>,
    pub(crate) tests: Vec<Declared<'a, ast::Test>>,
    /// Where something could not be read.
    unread: Vec<Span>,
    /// What stands there: the name of a declaration whose keyword is gone is one of it.
    unread_words: BTreeSet<&'a str>,
    /// Of these a declaration has lost its name.
    nameless: BTreeSet<Namespace>,
    node_names: BTreeMap<&'a str, usize>,
    /// Names that something unreadable declares, by namespace.
    broken: BTreeSet<(Namespace, &'a str)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Namespace {
    Nodes,
    Connections,
    Types,
    Values,
}

const NAMESPACES: [Namespace; 4] = [Namespace::Nodes, Namespace::Connections, Namespace::Types, Namespace::Values];

fn namespace(keyword: &str) -> Option<Namespace> {
    Some(match keyword {
        "source" | "topic" | "lookup" | "transform" | "sink" => Namespace::Nodes,
        "connection" => Namespace::Connections,
        "type" => Namespace::Types,
        "fn" | "param" => Namespace::Values,
        _ => return None,
    })
}

impl<'a> Index<'a> {
    /// Enters every declaration; the first of a name wins, a second is a finding.
    pub(crate) fn build(
        files: &'a [File],
        unread: Vec<Span>,
        sources: &'a Sources,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let unread_words = unread.iter().map(|span| sources.text(*span)).collect();
        let mut index = Index { unread, unread_words, ..Index::default() };
        let mut taken: BTreeMap<(Namespace, &'a str), Span> = BTreeMap::new();
        let mut broken_pipeline = false;
        for declaration in files.iter().flat_map(|file| &file.declarations) {
            let mut claim = |space: Namespace, what: &'static str, name: &'a Name| {
                if let Some(first) = taken.get(&(space, name.text.as_str())) {
                    diagnostics.emit(DuplicateName { what, name: name.text.clone(), span: name.span, first: *first });
                    return false;
                }
                taken.insert((space, &name.text), name.span);
                true
            };
            match &declaration.kind {
                DeclarationKind::Pipeline(part) => match &index.pipeline {
                    Some(first) => {
                        let first = first.part.name.span;
                        diagnostics.emit(SecondPipeline { name: part.name.text.clone(), span: part.name.span, first });
                    }
                    None => index.pipeline = Some(Declared { declaration, part }),
                },
                DeclarationKind::Import(_) => {}
                DeclarationKind::Connection(part) => {
                    if claim(Namespace::Connections, "connection", &part.name) {
                        index.connections.push(Declared { declaration, part });
                    }
                }
                DeclarationKind::Type(part) => {
                    if claim(Namespace::Types, "type", &part.name) {
                        index.types.push(Declared { declaration, part });
                    }
                }
                DeclarationKind::Function(part) => {
                    if claim(Namespace::Values, "function or parameter", &part.name) {
                        index.functions.push(Declared { declaration, part });
                    }
                }
                DeclarationKind::Param(part) => {
                    if claim(Namespace::Values, "function or parameter", &part.name) {
                        index.params.push(Declared { declaration, part });
                    }
                }
                DeclarationKind::Test(part) => index.tests.push(Declared { declaration, part }),
                DeclarationKind::Stub { keyword, name } => {
                    broken_pipeline |= keyword.as_deref().is_none_or(|it| it == "pipeline");
                    let name = name.as_ref().map(|it| it.text.as_str());
                    let name = name.or_else(|| second_word(sources.text(declaration.span)));
                    if name.is_none() {
                        index.nameless.extend(keyword.as_deref().and_then(namespace));
                    }
                    index.stub(keyword.as_deref(), name);
                }
                DeclarationKind::Source(node)
                | DeclarationKind::Topic(node)
                | DeclarationKind::Lookup(node)
                | DeclarationKind::Transform(node)
                | DeclarationKind::Sink(node) => {
                    if claim(Namespace::Nodes, "node", &node.name) {
                        index.node_names.insert(&node.name.text, index.nodes.len());
                        index.nodes.push(DeclaredNode { role: role(&declaration.kind), declaration, node });
                    }
                }
            }
        }
        let empty = files.iter().all(|file| file.declarations.is_empty());
        if index.pipeline.is_none() && !broken_pipeline && !empty {
            diagnostics.emit(MissingPipeline { span: Span::default() });
        }
        index
    }

    fn stub(&mut self, keyword: Option<&str>, name: Option<&'a str>) {
        let Some(name) = name else { return };
        match keyword.and_then(namespace) {
            Some(space) => {
                self.broken.insert((space, name));
            }
            None => self.broken.extend(NAMESPACES.map(|space| (space, name))),
        }
    }

    /// A part of this declaration could not be read.
    pub(crate) fn is_incomplete(&self, declaration: Span) -> bool {
        let inside =
            |it: &Span| it.source == declaration.source && declaration.start <= it.start && it.end <= declaration.end;
        self.unread.iter().any(inside)
    }

    /// A declaration of that name could not be read, or may be the one whose name could not be.
    pub(crate) fn is_broken(&self, space: Namespace, name: &str) -> bool {
        self.broken.contains(&(space, name)) || self.nameless.contains(&space) || self.unread_words.contains(name)
    }

    /// Names that something unreadable declares.
    pub(crate) fn broken(&self, space: Namespace) -> impl Iterator<Item = &'a str> {
        self.broken.iter().filter(move |(of, _)| *of == space).map(|(_, name)| *name)
    }

    /// Where a node stands in [`Index::nodes`].
    pub(crate) fn node_position(&self, name: &str) -> Option<usize> {
        self.node_names.get(name).copied()
    }

    /// The node of that name.
    pub(crate) fn node(&self, name: &str) -> Option<DeclaredNode<'a>> {
        self.node_position(name).and_then(|at| self.nodes.get(at)).copied()
    }
}

/// The name after a misspelt keyword.
fn second_word(text: &str) -> Option<&str> {
    let word = text.split_whitespace().nth(1)?;
    let name = word.split(|it: char| !it.is_alphanumeric() && it != '_').next()?;
    (!name.is_empty()).then_some(name)
}

fn role(kind: &DeclarationKind) -> NodeRole {
    match kind {
        DeclarationKind::Source(_) => NodeRole::Source,
        DeclarationKind::Topic(_) => NodeRole::Topic,
        DeclarationKind::Lookup(_) => NodeRole::Lookup,
        DeclarationKind::Sink(_) => NodeRole::Sink,
        _ => NodeRole::Transform,
    }
}
