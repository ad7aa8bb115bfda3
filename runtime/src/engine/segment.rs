//! A segment: one input with everything that hangs on it, compiled. A tree, because a record takes each path at most once:
//! a transform that two sinks read is run once; a union is run once for each of its inputs.

use pipewright_expr::Compiled;
use pipewright_plan::{BadRecordPolicy, Meta, Origin};

use crate::codecs::Decoder;

/// One input (a topic of a stage, or a source on its way to a topic), compiled.
pub struct Segment {
    /// The input's name, for dead letters.
    pub(super) name: String,
    pub(super) origin: Origin,
    pub(super) place: String,
    pub(super) policy: BadRecordPolicy,
    pub(super) decoder: Box<dyn Decoder>,
    /// Payload cells: `0..requested`; then one per entry of `metas`; then computed ones.
    pub(super) requested: usize,
    pub(super) metas: Vec<Meta>,
    pub(super) cells: usize,
    /// `Some`: a changelog; how a tombstone's message key fills the key cells.
    pub(super) deletes: Option<KeyCells>,
    /// Whether it is a changelog at all.
    pub(super) changelog: bool,
    /// Some policy in it is `stop`: a record is tried before it is let through.
    pub(super) can_stop: bool,
    pub(super) root: Branch,
}

/// How a tombstone's key is read: the cell and the type of each part.
pub(super) struct KeyCells {
    pub(super) cells: Vec<usize>,
    pub(super) types: Vec<pipewright_plan::Type>,
}

/// Steps, and what reads their result.
pub(super) struct Branch {
    /// The node whose steps these are.
    pub(super) node: String,
    pub(super) policy: BadRecordPolicy,
    pub(super) changelog: bool,
    pub(super) steps: Vec<Step>,
    pub(super) taps: Vec<Tap>,
    pub(super) children: Vec<Branch>,
}

/// One step with what messages about it need.
pub(super) struct Step {
    /// Counts the steps of a stage; index of its counters.
    pub(super) number: usize,
    /// `<node>.<ordinal>`
    pub(super) id: String,
    pub(super) place: String,
    pub(super) kind: StepKind,
}

/// What a compiled step does.
pub(super) enum StepKind {
    Where {
        condition: Compiled,
        deletes: bool,
    },
    Check {
        condition: Compiled,
        reason: Compiled,
    },
    /// One field of a derive or select.
    Set {
        cell: usize,
        value: Compiled,
    },
    /// `as events`: the cell of `op`, if there is one.
    AsEvents {
        op: Option<usize>,
    },
}

/// Where rows leave the tree.
pub struct Tap {
    /// Which target: the index given to [`build`](super::build).
    pub target: usize,
    /// The cells of the target's columns, in order.
    pub(super) columns: Vec<usize>,
    /// The cells of its key: what a delete carries.
    pub(super) key: Vec<usize>,
    /// Cells of a second key (a topic's partition key).
    pub(super) partition_key: Vec<usize>,
    /// Steps on the way, outermost first: whose counters make up the target's.
    pub(super) path: Vec<usize>,
    /// Index of the tap's own counters.
    pub(super) number: usize,
    pub(super) node: String,
    pub(super) place: String,
    pub(super) policy: BadRecordPolicy,
}
