//! The tree of steps.

use super::*;
use crate::Span;

/// One step, after its `|`.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// All of it, without the `|`.
    pub span: Span,
    /// The keyword (`where`; `group` of `group by`).
    pub keyword: Span,
    /// What it does.
    pub kind: StepKind,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// `where EXPR`
    Where(Expr),
    /// `check EXPR else "why"`; the reason may be an f-string.
    Check {
        /// What must be true.
        condition: Expr,
        /// The reason.
        reason: Expr,
    },
    /// `derive a = EXPR, …`
    Derive(Vec<Binding>),
    /// `select a, b = EXPR, …`
    Select(Vec<Item>),
    /// `drop a, b`
    Drop(Vec<Path>),
    /// `rename a to b, …`
    Rename(Vec<(Path, Name)>),
    /// `[optional] lookup L [as x] on EXPR { … }`
    Lookup {
        /// `optional`
        optional: bool,
        /// The lookup.
        lookup: Name,
        /// `as x`
        alias: Option<Name>,
        /// The condition.
        on: Expr,
        /// Its options.
        options: Option<Record>,
    },
    /// `[left|right|full] join S [as x] on EXPR within 10m`
    Join {
        /// `left`, `right` or `full`.
        side: Option<Name>,
        /// The other input.
        input: Input,
        /// `as x`
        alias: Option<Name>,
        /// The condition.
        on: Expr,
        /// `within`
        within: Expr,
    },
    /// `flatten items as item`
    Flatten {
        /// The list.
        path: Path,
        /// The element's name.
        alias: Name,
    },
    /// `dedupe by KEYS within 1h`
    Dedupe {
        /// The keys.
        keys: Vec<Item>,
        /// How long.
        within: Expr,
    },
    /// `window …`
    Window(Window),
    /// `group by KEYS [as name] { n = count() } [emit …]`
    Group {
        /// The keys.
        keys: Vec<Item>,
        /// `as name`
        alias: Option<Name>,
        /// The aggregates.
        aggregates: Record,
        /// `emit final` or `emit changes`.
        emit: Option<Name>,
    },
    /// `route { a when EXPR, c otherwise }`
    Route(Vec<Branch>),
    /// `repartition by KEYS { … }`
    Repartition {
        /// The keys.
        keys: Vec<Item>,
        /// Its options.
        options: Option<Record>,
    },
    /// `as events { … }`
    AsEvents {
        /// Its options.
        options: Option<Record>,
    },
    /// `as table by a, b { … }`
    AsTable {
        /// The key.
        keys: Vec<Path>,
        /// Its options.
        options: Option<Record>,
    },
    /// Could not be read; reported.
    Error,
}

/// `window …`
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// `tumbling 1m`
    Tumbling(Expr),
    /// `hopping 10m every 1m`
    Hopping(Expr, Expr),
    /// `session gap 30m`
    Session(Expr),
}

/// `name = EXPR`
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The `##` lines above it (inside braces).
    pub doc: Option<Doc>,
    /// The field.
    pub name: Name,
    /// Its value.
    pub value: Expr,
}

/// `EXPR` or `name = EXPR`. Without a name the expression must be a path, whose last part is the name; the checker says so.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The name, if it was written.
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
}

/// One branch of a `route`. `condition` is `None` for `otherwise`.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// Its name.
    pub name: Name,
    /// `when EXPR`
    pub condition: Option<Expr>,
}

/// `a.b.c`
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// At least one.
    pub parts: Vec<Name>,
}
