//! What an editor asks of a program: what stands at a place, what it refers to, what could stand there.
//!
//! Pure and without text for people beyond names and docs: spans are bytes, and the language server turns answers into its
//! protocol. Works on broken programs; what stands behind a mistake may have no answer.

mod analysis;
mod blocks;
mod complete;
pub(crate) mod facts;
mod names;
mod rename;
pub mod words;

pub use analysis::{Analysis, analyse};
pub use complete::{Candidate, Completion, complete};
pub use facts::{Facts, NodeShape, Placement, Shape, StepShape};
pub use names::{Names, Occurrence, Target, names};
pub use rename::{Renaming, renamable, rename};
