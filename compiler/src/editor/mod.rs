//! What an editor asks of a program: what stands at a place, what it refers to, what could stand there.
//!
//! Pure and without text for people beyond names and docs: spans are bytes, and the language server turns answers into its
//! protocol. Works on broken programs; what stands behind a mistake may have no answer.

mod analysis;
pub(crate) mod facts;

pub use analysis::{Analysis, analyse};
pub use facts::{Facts, NodeShape, Placement, Shape, StepShape};
