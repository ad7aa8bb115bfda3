//! What the edges of the language are: connectors, codecs and functions, handed in by whoever runs the compiler.

use pipewright_expr::functions::Function;
use pipewright_plan::{CodecSpec, ConnectorSpec};

/// Everything a program can name besides its own declarations.
#[derive(Clone, Copy)]
pub struct Registry {
    /// Kinds of connections.
    pub connectors: &'static [&'static ConnectorSpec],
    /// Formats.
    pub codecs: &'static [&'static CodecSpec],
    /// Functions.
    pub functions: &'static [&'static Function],
}

impl Registry {
    /// The connector of that name.
    pub fn connector(&self, name: &str) -> Option<&'static ConnectorSpec> {
        self.connectors.iter().copied().find(|it| it.name == name)
    }

    /// The codec of that name.
    pub fn codec(&self, name: &str) -> Option<&'static CodecSpec> {
        self.codecs.iter().copied().find(|it| it.name == name)
    }

    /// The function of that name.
    pub fn function(&self, name: &str) -> Option<&'static Function> {
        self.functions.iter().copied().find(|it| it.name == name)
    }
}
