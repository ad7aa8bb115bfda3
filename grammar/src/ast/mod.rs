//! The syntax tree: what the user wrote, with the place of every part.
//!
//! Knows no names, types or defaults. Foreign spellings (`&&`, `<>`, `name: 1`) are normalised here and reported as
//! [`Problem`](crate::Problem)s beside the tree. A part that could not be read is [`ExprKind::Error`], [`StepKind::Error`]
//! or [`DeclarationKind::Stub`]: it has been reported already, and nothing downstream complains about it again.
//!
//! Chains of one precedence level are flat lists, so that 10,000 terms cost no depth.

mod declarations;
mod expressions;
mod steps;
mod tests;

pub use declarations::*;
pub use expressions::*;
pub use steps::*;
pub use tests::*;

use crate::Span;

/// One file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// Its declarations, in the order of the text.
    pub declarations: Vec<Declaration>,
    /// `# pipewright: allow(name, …)` comments.
    pub allows: Vec<Allow>,
}

/// `# pipewright: allow(unused-param)`: silences a lint on the line of the comment and on the next line with code.
#[derive(Clone, Debug, PartialEq)]
pub struct Allow {
    /// The names in the parentheses.
    pub names: Vec<Name>,
    /// The whole comment.
    pub span: Span,
}

/// A name with its place. `text` is without backticks.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The name itself.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// Text of `##` lines, joined with newlines, without the marks.
#[derive(Clone, Debug, PartialEq)]
pub struct Doc {
    /// The text.
    pub text: String,
    /// The lines.
    pub span: Span,
}

/// A string literal with its place; `value` is unescaped.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// The value.
    pub value: String,
    /// With its quotes.
    pub span: Span,
}

/// One declaration.
#[derive(Clone, Debug, PartialEq)]
pub struct Declaration {
    /// The `##` lines above it.
    pub doc: Option<Doc>,
    /// All of it, without the doc comment.
    pub span: Span,
    /// The head (keyword to name): what a message about the whole declaration underlines.
    pub head: Span,
    /// What it declares.
    pub kind: DeclarationKind,
}

/// What a declaration declares.
#[derive(Clone, Debug, PartialEq)]
pub enum DeclarationKind {
    /// `pipeline NAME { … }`
    Pipeline(Pipeline),
    /// `import "file.pipe"`
    Import(Text),
    /// `connection NAME = KIND { … }`
    Connection(Connection),
    /// `type NAME = …`
    Type(TypeDeclaration),
    /// `fn NAME(…): Type = EXPR`
    Function(Function),
    /// `param NAME: Type [= EXPR]`
    Param(Param),
    /// `source NAME[: Type] from INPUT { … } | steps`
    Source(Node),
    /// `topic NAME[: Type] [on CLUSTER] [from …] { … }`
    Topic(Node),
    /// `lookup NAME: Type from INPUT { … }`
    Lookup(Node),
    /// `transform NAME[: Type] from INPUT, … | step | step`
    Transform(Node),
    /// `sink NAME from INPUT to CONNECTION { … }`
    Sink(Node),
    /// `test "what it shows" { … }`
    Test(Test),
    /// Could not be read (and has been reported): its keyword and name, as far as known. The name exists with an unknown type.
    Stub {
        /// The declaration keyword, if it was one.
        keyword: Option<String>,
        /// The declared name, if there was one.
        name: Option<Name>,
    },
}
