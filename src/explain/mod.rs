//! What `pipewright explain` prints: the page of a diagnostic or function, or what a program means.

pub mod diagram;
pub mod order;
pub mod page;
pub mod program;
pub mod settings;
