//! The tree of `test` blocks.

use super::*;
use crate::Span;

/// `test "what it shows" { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What it shows.
    pub title: Text,
    /// Its lines.
    pub lines: Vec<TestLine>,
}

/// A line of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestLine {
    /// All of it.
    pub span: Span,
    /// What it does.
    pub kind: TestLineKind,
}

/// What a line of a test does.
#[derive(Clone, Debug, PartialEq)]
pub enum TestLineKind {
    /// `given orders [partition 2] [ … ]`
    Given {
        /// The node.
        input: Input,
        /// `partition N`
        partition: Option<Text>,
        /// The rows.
        rows: Vec<Row>,
    },
    /// `expect x [contains] [ … ]`
    Expect {
        /// The node, or `dead_letters`.
        input: Input,
        /// `contains`
        contains: bool,
        /// The rows.
        rows: Vec<Row>,
    },
    /// `expect no x`
    ExpectNone(Input),
    /// `advance 10m`
    Advance(Expr),
    /// `advance to @…`
    AdvanceTo(Expr),
    /// `restart`
    Restart,
}

/// A row of a test.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// `{ id = 1 }`
    Value(Record),
    /// `delete { id = 1 }`
    Delete(Record),
    /// `bytes "not json"`
    Bytes(Text),
}
