//! Append or changelog: whether a record is a fact or the newest version of a row.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether records are facts or versions of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Each record is a fact; nothing revises it.
    Append {
        /// No two records share the values of these fields.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unique: Option<Vec<String>>,
    },
    /// Each record is `put row` or `delete K`; the last one per K, in partition order, is the table.
    Changelog {
        /// K: the fields that identify a row.
        key: Vec<String>,
        /// Deletes may come.
        deletes: bool,
        /// The old row is in the stream.
        #[serde(default)]
        before: bool,
    },
}

impl Kind {
    /// Facts without a known identity.
    pub const APPEND: Kind = Kind::Append { unique: None };

    /// The key of a changelog.
    pub fn key(&self) -> Option<&[String]> {
        match self {
            Kind::Append { .. } => None,
            Kind::Changelog { key, .. } => Some(key),
        }
    }
}

/// As `explain` prints it: `append`, `append unique(a, b)`, `changelog[order_id]`.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Append { unique: None } => f.write_str("append"),
            Kind::Append { unique: Some(fields) } => write!(f, "append unique({})", fields.join(", ")),
            Kind::Changelog { key, .. } => write!(f, "changelog[{}]", key.join(", ")),
        }
    }
}
