//! Tokens grouped by their brackets.

use super::is_block;
use super::tokens::{Kind, Token};

/// A token, or a bracket with what is in it.
pub(super) enum Node<'t> {
    Token(Token<'t>),
    Group(Group<'t>),
}

/// A pair of brackets.
pub(super) struct Group<'t> {
    pub open: Token<'t>,
    pub inside: Vec<Node<'t>>,
    pub close: Token<'t>,
    /// True if it cannot stand on one line: it holds a comment, or is a block that was written on several.
    pub broken: bool,
}

impl Node<'_> {
    /// Where it begins.
    pub(super) fn start(&self) -> usize {
        self.first().start
    }

    pub(super) fn is_comment(&self) -> bool {
        matches!(self, Node::Token(token) if token.kind.is_comment())
    }

    pub(super) fn is_comma(&self) -> bool {
        matches!(self, Node::Token(token) if token.kind == Kind::Comma)
    }

    /// True if it, or something in it, has to break the line.
    pub(super) fn breaks(&self) -> bool {
        match self {
            Node::Token(token) => token.kind.is_comment(),
            Node::Group(group) => group.broken,
        }
    }
}

impl<'t> Node<'t> {
    /// Its first token.
    pub(super) fn first(&self) -> &Token<'t> {
        match self {
            Node::Token(token) => token,
            Node::Group(group) => &group.open,
        }
    }

    /// Its last token.
    pub(super) fn last(&self) -> &Token<'t> {
        match self {
            Node::Token(token) => token,
            Node::Group(group) => &group.close,
        }
    }
}

/// Groups the tokens of a unit. Brackets match, for the unit was parsed.
pub(super) fn nodes(tokens: Vec<Token<'_>>) -> Vec<Node<'_>> {
    let mut stack: Vec<(Token<'_>, Vec<Node<'_>>)> = Vec::new();
    let mut level = Vec::new();
    for token in tokens {
        match token.kind {
            Kind::Open(_) => stack.push((token, std::mem::take(&mut level))),
            Kind::Close(_) => match stack.pop() {
                Some((open, outer)) => {
                    let inside = std::mem::replace(&mut level, outer);
                    level.push(Node::Group(group(open, inside, token)));
                }
                None => level.push(Node::Token(token)),
            },
            _ => level.push(Node::Token(token)),
        }
    }
    while let Some((open, outer)) = stack.pop() {
        let inside = std::mem::replace(&mut level, outer);
        level.push(Node::Token(open));
        level.extend(inside);
    }
    level
}

fn group<'t>(open: Token<'t>, inside: Vec<Node<'t>>, close: Token<'t>) -> Group<'t> {
    let lines = close.lines_before > 0 || inside.iter().any(|node| node.first().lines_before > 0);
    let broken = inside.iter().any(Node::breaks) || is_block(open.kind) && lines && !inside.is_empty();
    Group { open, inside, close, broken }
}
