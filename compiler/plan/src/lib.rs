//! The typed plan: what a checked program means, ready to be run, saved, compared or translated.
//!
//! Owns the contract between the compiler and everything that executes or emits: types, expressions, nodes, stages,
//! partitioning, guarantees; and what the *spec* of a connector, a codec or an option is. Knows no syntax, no client library,
//! does no I/O. A [`Plan`] is plain data: it can be written as YAML, read back and run ([`Plan::to_yaml`], [`Plan::from_yaml`]).
//!
//! Invariant: a plan that the compiler made is well typed; the runtimes rely on it and refuse what is not.

mod expr;
mod guarantee;
mod kind;
mod node;
mod options;
mod origin;
mod partitioning;
mod plan;
mod schema;
mod spec;
mod stage;
mod test;
mod types;

pub use expr::*;
pub use guarantee::*;
pub use kind::*;
pub use node::*;
pub use options::*;
pub use origin::*;
pub use partitioning::*;
pub use plan::*;
pub use schema::*;
pub use spec::*;
pub use stage::*;
pub use test::*;
pub use types::*;
