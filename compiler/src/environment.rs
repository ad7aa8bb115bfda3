//! What differs between environments: connections and parameters, by name; and how loud each lint
//! is. Filled from `pipewright.yaml` and the command line
//! by whoever runs the compiler; the compiler reads no files and no variables.

use std::collections::BTreeMap;

use pipewright_plan::OptionValue;

use crate::levels::Levels;

/// One environment.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Its name, for messages.
    pub name: Option<String>,
    /// Where it was written, for messages: `pipewright.yaml`.
    pub file: Option<String>,
    /// Connections by name. An entry with a `kind` replaces the program's connection; one without adds to its options.
    pub connections: BTreeMap<String, EnvironmentConnection>,
    /// Parameters by name, as text: read as an expression of the parameter's type, or as the bare text of a string. Each must
    /// be declared.
    pub params: BTreeMap<String, String>,
    /// The text of the file, and where the names of parameters stand in it, in bytes: for what is wrong with one.
    pub text: String,
    /// See [`text`](Self::text).
    pub places: BTreeMap<String, (usize, usize)>,
    /// Parameters that were set for this run (`--set`), in the same way: they win, and each must be declared.
    pub set: BTreeMap<String, String>,
    /// How loud each lint is.
    pub lints: Levels,
}

/// What an environment says of a connection.
#[derive(Clone, Debug, Default)]
pub struct EnvironmentConnection {
    /// Another kind than the program says.
    pub kind: Option<String>,
    /// Options by name.
    pub options: BTreeMap<String, OptionValue>,
}
