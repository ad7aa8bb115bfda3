//! Where a part of the plan stands in the program. Never takes part in equality: two plans that do the same are equal.

use serde::{Deserialize, Serialize};

/// A place in a `.pipe` file. Line and column count from 1 (column in characters); `start..end` are bytes.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Origin {
    /// Index into [`Plan::files`](crate::Plan::files).
    pub file: u32,
    /// Line, from 1; 0 means "nowhere".
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Origin {}
