//! The `test` blocks of a program, checked: plain data that a runtime can play. They stand beside the plan, not in it: what
//! runs in production does not depend on them.

use std::sync::OnceLock;

use crate::{Base, Field, Literal, Origin, Schema};

/// The name by which `expect` means the dead letters of the whole program.
pub const DEAD_LETTERS: &str = "dead_letters";

/// Where the clock of a test begins: 2026-01-01T00:00:00Z.
pub const TEST_START_US: i64 = 1_767_225_600_000_000;

/// `test "what it shows" { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What it shows; unique in a program.
    pub name: String,
    /// Its lines, in order.
    pub lines: Vec<TestLine>,
    /// Its head.
    pub origin: Origin,
}

/// One line of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestLine {
    /// What it does.
    pub kind: TestLineKind,
    /// Where it stands.
    pub origin: Origin,
}

/// What a line of a test does.
#[derive(Clone, Debug, PartialEq)]
pub enum TestLineKind {
    /// Records for a topic or a source.
    Given {
        /// The topic or source.
        node: String,
        /// `partition N`; none: the partitioner decides.
        partition: Option<u32>,
        /// The records.
        rows: Vec<TestRow>,
    },
    /// What must be there by now.
    Expect {
        /// A sink, topic or transform; or [`DEAD_LETTERS`].
        node: String,
        /// Whether there may be more.
        extent: Extent,
        /// The rows; each names the fields that are compared.
        rows: Vec<TestRow>,
    },
    /// The clock goes on by so many microseconds, after everything given so far has been worked off.
    Advance(i64),
    /// The clock goes on to this instant.
    AdvanceTo(i64),
    /// A crash: what is not committed is lost and read again.
    Restart,
}

/// Whether an `expect` names everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// These rows and no others.
    Exactly,
    /// `contains`: these rows, and maybe others.
    Contains,
    /// `no`: nothing at all.
    Nothing,
}

/// One row of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestRow {
    /// What it is.
    pub kind: TestRowKind,
    /// Where it stands.
    pub origin: Origin,
}

/// What a row of a test is.
#[derive(Clone, Debug, PartialEq)]
pub enum TestRowKind {
    /// Fields with values of their types. Of a given row all fields, in the order of the schema; of an expected one those that
    /// were named, in the order they were.
    Value(Vec<(String, Literal)>),
    /// `delete { … }`: the fields of the key, in its order.
    Delete(Vec<(String, Literal)>),
    /// `{ "id": 1 }` for a format that writes records like this: as it stands, in the bytes of the program.
    Pasted(Vec<u8>),
    /// `bytes "…"`: as they are.
    Bytes(Vec<u8>),
}

/// What can be expected of [`DEAD_LETTERS`]. `input` is the topic or source whose record it was; records of sources have no
/// partition.
pub fn dead_letter_schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let field = |name: &str, base: Base| Field::new(name, base.required());
        let optional = |name: &str| Field::new(name, Base::String.optional());
        Schema::new(vec![
            field("name", Base::String),
            field("reason", Base::String),
            field("node", Base::String),
            optional("step"),
            field("input", Base::String),
            Field::new("partition", Base::Int32.optional()),
            optional("key"),
            optional("value"),
            field("stale_key", Base::Bool),
        ])
    })
}
