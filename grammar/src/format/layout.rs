//! Where lines break and how far they are indented.
//!
//! What fits stays on its line. A block that does not, or that was written on several lines, gets a line for each of its
//! entries. What is left is broken behind commas, or before `and`, `or`, `else`, `+`, `??`: places where the language
//! lets an expression go on. Decided from the tokens and the breaks that the result keeps, so a second run changes nothing.

use super::is_block;
use super::marks::Marks;
use super::tokens::{Kind, Token};
use super::tree::{Group, Node};

/// How wide a line may be.
const WIDTH: usize = 100;

/// The text as it grows.
pub(super) struct Layout<'m> {
    marks: &'m Marks,
    out: String,
    /// Where the last line begins.
    line: usize,
    /// True behind a comment: only a new line may follow.
    ended: bool,
}

/// An entry of a block, with the comments above it and behind it.
struct Element<'n, 't> {
    nodes: Vec<&'n Node<'t>>,
    above: Vec<Token<'t>>,
    behind: Option<Token<'t>>,
}

impl<'m> Layout<'m> {
    pub(super) fn new(marks: &'m Marks) -> Self {
        Self { marks, out: String::new(), line: 0, ended: false }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    pub(super) fn text(&mut self, text: &str) {
        self.out.push_str(text);
        if let Some(last) = text.rfind('\n') {
            self.line = self.out.len() - (text.len() - last - 1);
        }
    }

    /// Begins a line, if one has been begun before.
    pub(super) fn line(&mut self, indent: usize) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.line = self.out.len();
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.ended = false;
    }

    /// An empty line, before the next one.
    pub(super) fn blank(&mut self) {
        self.out.push('\n');
    }

    /// A comment behind code.
    pub(super) fn trailing(&mut self, comment: &Token<'_>) {
        self.text("  ");
        self.text(comment.text);
        self.ended = true;
    }

    fn column(&self) -> usize {
        self.out.get(self.line..).map_or(0, |line| line.chars().count())
    }

    fn fits(&self, nodes: &[&Node<'_>], more: usize) -> bool {
        let room = (WIDTH + 1).saturating_sub(self.column() + more);
        !nodes.iter().any(|node| node.breaks()) && self.width(nodes, room) < room
    }

    /// Nodes that follow one another, on one line if they fit.
    pub(super) fn sequence(&mut self, nodes: &[Node<'_>], indent: usize) {
        let nodes: Vec<_> = nodes.iter().collect();
        self.run(&nodes, indent, 0);
    }

    /// `more`: how much has to stand behind it on the same line.
    fn run(&mut self, nodes: &[&Node<'_>], indent: usize, more: usize) {
        if self.fits(nodes, more) {
            self.flat(nodes);
            return;
        }
        let block = |node: &&Node<'_>| matches!(node, Node::Group(group) if group.broken || is_block(group.open.kind) && self.has_elements(group));
        if nodes.iter().any(block) || nodes.iter().any(|node| node.is_comment()) {
            self.inline(nodes, indent);
            return;
        }
        let pieces = pieces(nodes);
        if pieces.len() == 1 {
            self.inline(nodes, indent);
            return;
        }
        let last = pieces.len() - 1;
        for (index, piece) in pieces.into_iter().enumerate() {
            if index > 0 {
                self.line(indent + 2);
            }
            self.run(piece, indent + 2, if index == last { more } else { 0 });
        }
    }

    /// One node behind the other; each bracket decides for itself, a comment ends its line.
    fn inline(&mut self, nodes: &[&Node<'_>], indent: usize) {
        let mut before: Option<&Node<'_>> = None;
        let mut only_comments = true;
        for (index, node) in nodes.iter().enumerate() {
            if node.is_comment() {
                let token = node.first();
                if token.lines_before > 0 && before.is_some() || token.kind == Kind::Doc {
                    if before.is_some() {
                        self.line(if only_comments { indent } else { indent + 2 });
                    }
                    self.text(token.text);
                    self.ended = true;
                } else {
                    self.trailing(token);
                }
            } else {
                if self.ended {
                    // What begins with comments stands below them; what is cut by one goes on further in.
                    self.line(if only_comments { indent } else { indent + 2 });
                } else if before.is_some_and(|before| spaced(before.last(), node.first())) {
                    self.text(" ");
                }
                only_comments = false;
                match node {
                    Node::Token(token) => self.text(token.text),
                    Node::Group(group) => {
                        let commas = nodes.get(index + 1).is_some_and(|next| next.is_comma());
                        self.group(group, indent, usize::from(commas));
                    }
                }
            }
            before = Some(node);
        }
    }

    fn group(&mut self, group: &Group<'_>, indent: usize, more: usize) {
        let nodes: Vec<_> = group.inside.iter().collect();
        let flat_width = self.group_width(group, WIDTH + 1);
        if !group.broken && self.column() + flat_width + more <= WIDTH {
            self.flat_group(group);
            return;
        }
        let only_comments = !group.inside.is_empty() && group.inside.iter().all(Node::is_comment);
        if !self.has_elements(group) && !only_comments {
            self.text(group.open.text);
            self.run(&nodes, indent, more + 1);
            if self.ended {
                self.line(indent);
            }
            self.text(group.close.text);
            return;
        }
        self.text(group.open.text);
        let (elements, below) = self.elements(group);
        let commas = !is_block(group.open.kind);
        let count = elements.len();
        for (index, element) in elements.into_iter().enumerate() {
            let mut blank = index > 0;
            for comment in &element.above {
                if comment.lines_before == 0 && index == 0 && !self.ended {
                    self.trailing(comment);
                    continue;
                }
                self.entry_line(comment.lines_before > 1 && (index > 0 || blank), indent);
                blank = true;
                self.text(comment.text);
                self.ended = true;
            }
            let wants_blank = element.nodes.first().is_some_and(|node| node.first().lines_before > 1);
            self.entry_line(wants_blank && blank, indent);
            let comma = commas && index + 1 < count;
            self.run(&element.nodes, indent + 2, usize::from(comma));
            if comma {
                self.text(",");
            }
            if let Some(comment) = &element.behind {
                self.trailing(comment);
            }
        }
        for comment in below {
            if comment.lines_before == 0 && count == 0 && !self.ended {
                self.trailing(&comment);
                continue;
            }
            self.entry_line(comment.lines_before > 1 && count > 0, indent);
            self.text(comment.text);
            self.ended = true;
        }
        self.line(indent);
        self.text(group.close.text);
    }

    fn entry_line(&mut self, blank: bool, indent: usize) {
        if blank {
            self.blank();
        }
        self.line(indent + 2);
    }

    fn has_elements(&self, group: &Group<'_>) -> bool {
        group.inside.iter().any(|node| self.marks.elements.contains(&node.start()))
    }

    /// The entries of a block, and the comments below the last.
    fn elements<'n, 't>(&self, group: &'n Group<'t>) -> (Vec<Element<'n, 't>>, Vec<Token<'t>>) {
        let mut elements: Vec<Element<'n, 't>> = Vec::new();
        let mut above: Vec<Token<'t>> = Vec::new();
        for (index, node) in group.inside.iter().enumerate() {
            let begins = self.marks.elements.contains(&node.start());
            if begins || elements.is_empty() && !node.is_comment() {
                // Comments at the end of the entry before belong above this one, but for the one on its own line.
                if let Some(last) = elements.last_mut() {
                    above.extend(close_element(last));
                }
                elements.push(Element { nodes: vec![node], above: std::mem::take(&mut above), behind: None });
            } else if let Some(element) = elements.last_mut() {
                if !self.separates(group, index) {
                    element.nodes.push(node);
                }
            } else if let Node::Token(token) = node {
                above.push(*token);
            }
        }
        match elements.last_mut() {
            Some(last) => {
                let below = close_element(last);
                (elements, below)
            }
            None => (elements, above),
        }
    }

    /// True for a comma between two entries, or behind the last; not for the one in `map<K, V>`.
    fn separates(&self, group: &Group<'_>, index: usize) -> bool {
        let next = || group.inside.get(index + 1..).unwrap_or_default().iter().find(|node| !node.is_comment());
        group.inside.get(index).is_some_and(Node::is_comma)
            && next().is_none_or(|next| self.marks.elements.contains(&next.start()))
    }

    fn flat(&mut self, nodes: &[&Node<'_>]) {
        let mut before: Option<&Node<'_>> = None;
        for node in nodes {
            if before.is_some_and(|before| spaced(before.last(), node.first())) {
                self.text(" ");
            }
            match node {
                Node::Token(token) => self.text(token.text),
                Node::Group(group) => self.flat_group(group),
            }
            before = Some(node);
        }
    }

    fn flat_group(&mut self, group: &Group<'_>) {
        self.text(group.open.text);
        let nodes = self.flat_inside(group);
        if let (Some(first), Some(last)) = (nodes.first(), nodes.last()) {
            if spaced(&group.open, first.first()) {
                self.text(" ");
            }
            let mut pieces = nodes.as_slice();
            let ends = spaced(last.last(), &group.close);
            // Entries that stood on lines of their own get their comma back.
            while let Some((piece, rest)) = self.next_piece(pieces) {
                self.flat(piece);
                pieces = rest;
                if !rest.is_empty() {
                    self.text(if self.marks.tests.contains(&group.open.start) { " " } else { ", " });
                }
            }
            if ends {
                self.text(" ");
            }
        }
        self.text(group.close.text);
    }

    /// What is in a group, without the commas between its entries.
    fn flat_inside<'n, 't>(&self, group: &'n Group<'t>) -> Vec<&'n Node<'t>> {
        let drop = self.has_elements(group);
        let kept = |(index, node)| (!(drop && self.separates(group, index))).then_some(node);
        group.inside.iter().enumerate().filter_map(kept).collect()
    }

    /// Cuts before the next entry.
    fn next_piece<'s, 'n, 't>(&self, nodes: &'s [&'n Node<'t>]) -> Option<(&'s [&'n Node<'t>], &'s [&'n Node<'t>])> {
        if nodes.is_empty() {
            return None;
        }
        let next = nodes.iter().skip(1).position(|node| self.marks.elements.contains(&node.start()));
        nodes.split_at_checked(next.map_or(nodes.len(), |n| n + 1))
    }

    /// How wide nodes are on one line; stops counting at `limit`.
    fn width(&self, nodes: &[&Node<'_>], limit: usize) -> usize {
        let mut width = 0;
        let mut before: Option<&Node<'_>> = None;
        for node in nodes {
            width += usize::from(before.is_some_and(|before| spaced(before.last(), node.first())));
            width += match node {
                Node::Token(token) => token_width(token),
                Node::Group(group) => self.group_width(group, limit.saturating_sub(width)),
            };
            if width >= limit {
                return width;
            }
            before = Some(node);
        }
        width
    }

    fn group_width(&self, group: &Group<'_>, limit: usize) -> usize {
        let nodes = self.flat_inside(group);
        let (Some(first), Some(last)) = (nodes.first(), nodes.last()) else { return 2 };
        let blanks = usize::from(spaced(&group.open, first.first())) + usize::from(spaced(last.last(), &group.close));
        let mut width = 2 + blanks;
        let between = if self.marks.tests.contains(&group.open.start) { 1 } else { 2 };
        let mut pieces = nodes.as_slice();
        while let Some((piece, rest)) = self.next_piece(pieces) {
            width += self.width(piece, limit.saturating_sub(width));
            pieces = rest;
            if !rest.is_empty() {
                width += between;
            }
            if width >= limit {
                break;
            }
        }
        width
    }
}

/// Takes the comments off the end of an entry: one behind it, the others are given back.
fn close_element<'t>(element: &mut Element<'_, 't>) -> Vec<Token<'t>> {
    let keep = element.nodes.iter().rposition(|node| !node.is_comment()).map_or(0, |last| last + 1);
    let mut comments: Vec<Token<'t>> = element.nodes.split_off(keep).into_iter().map(|node| *node.first()).collect();
    if comments.first().is_some_and(|comment| comment.lines_before == 0) {
        element.behind = Some(comments.remove(0));
    }
    comments
}

/// True if a blank stands between two tokens.
fn spaced(before: &Token<'_>, after: &Token<'_>) -> bool {
    match (before.kind, after.kind) {
        (Kind::Open(b'['), Kind::Open(b'{')) | (Kind::Close(b'}'), Kind::Close(b']')) => true,
        (Kind::Open(b'{'), Kind::Close(_)) => false,
        _ => !before.close_behind && !after.close_before,
    }
}

fn token_width(token: &Token<'_>) -> usize {
    token.text.lines().next().unwrap_or_default().chars().count()
}

/// Where a run of nodes may be broken: behind its commas, else before the loosest operators.
fn pieces<'s, 'n, 't>(nodes: &'s [&'n Node<'t>]) -> Vec<&'s [&'n Node<'t>]> {
    let word = |node: &Node<'_>, words: &[&str]| matches!(node, Node::Token(token) if words.contains(&token.text));
    if nodes.iter().any(|node| node.is_comma()) {
        return nodes.split_inclusive(|node| node.is_comma()).collect();
    }
    for words in [&["and", "or"][..], &["else"], &["??", "+"]] {
        let mut starts: Vec<usize> = vec![0];
        starts.extend(nodes.iter().enumerate().skip(1).filter(|(_, node)| word(node, words)).map(|(index, _)| index));
        if starts.len() > 1 {
            let ends = starts.iter().skip(1).copied().chain([nodes.len()]);
            return starts.iter().zip(ends).filter_map(|(start, end)| nodes.get(*start..end)).collect();
        }
    }
    vec![nodes]
}
