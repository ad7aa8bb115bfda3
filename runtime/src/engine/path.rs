//! A segment of which only the way of a dead letter is left: from the input to the node that refused the record, and from there on.
//!
//! Invariant: what comes out did not come out when the record was refused, as long as the node is on one way only, or has refused the
//! record on each of them.

use super::segment::{Branch, Segment};

impl Segment {
    /// Leaves only what a record passes that this node refused: all of it if the node is the input itself, what hangs on it if it is
    /// a transform, its own rows if it is a sink. Gives on how many ways a record comes to the node; none: it is not here.
    pub(super) fn keep_way_of(&mut self, node: &str) -> usize {
        if self.name == node { 1 } else { keep(&mut self.root, node) }
    }
}

fn keep(branch: &mut Branch, node: &str) -> usize {
    if branch.node == node {
        return 1;
    }
    branch.taps.retain(|it| it.node == node);
    let mut ways = branch.taps.len();
    branch.children.retain_mut(|child| {
        let below = keep(child, node);
        ways += below;
        below > 0
    });
    ways
}
