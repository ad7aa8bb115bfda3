//! The tree of declarations: pipeline, connections, types, functions, parameters, nodes.

use super::*;
use crate::Span;

/// `pipeline NAME { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// The program's identity.
    pub name: Name,
    /// Its options.
    pub options: Option<Record>,
}

/// `connection NAME = KIND { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// Its name.
    pub name: Name,
    /// `kafka`, `postgres`, …
    pub kind: Name,
    /// Its options.
    pub options: Option<Record>,
}

/// `type NAME = …`
#[derive(Clone, Debug, PartialEq)]
pub struct TypeDeclaration {
    /// Its name.
    pub name: Name,
    /// What it stands for.
    pub value: TypeValue,
}

/// The right side of a `type` declaration.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeValue {
    /// Written out.
    Written(TypeExpr),
    /// `avro "schemas/order.avsc"`, `json_schema "…"`, `protobuf "…"`, `registry "…"`.
    Imported {
        /// The keyword.
        format: Name,
        /// The path or subject.
        from: Text,
    },
    /// `table shop "public.orders"`.
    Table {
        /// The connection.
        connection: Name,
        /// The table.
        table: Text,
        /// All of it.
        span: Span,
    },
}

/// A type as written.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeExpr {
    /// What it is, without the `?`.
    pub kind: TypeExprKind,
    /// `T?`
    pub optional: bool,
    /// Where, with the `?`.
    pub span: Span,
}

/// A type as written, without its `?`.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeExprKind {
    /// `int64`, `Order`.
    Name(String),
    /// `decimal(12, 2)`; the digits as written.
    Decimal {
        /// Digits in all.
        precision: Text,
        /// Digits after the point.
        scale: Text,
    },
    /// `"a" | "b"`
    Set(Vec<Text>),
    /// `list<T>`
    List(Box<TypeExpr>),
    /// `map<K, V>`
    Map(Box<TypeExpr>, Box<TypeExpr>),
    /// `{ a: T, b: U }`
    Record(Vec<Field>),
    /// Could not be read; reported.
    Error,
}

/// One field of a record type.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The `##` lines above it.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// `= EXPR`: what it holds where a record has no such field.
    pub default: Option<Expr>,
    /// `@key`, `@json("name")`, …
    pub annotations: Vec<Annotation>,
    /// All of it, without the doc comment.
    pub span: Span,
}

/// `@name(args)`
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    /// The name, without `@`.
    pub name: Name,
    /// What stands in the parentheses.
    pub args: Vec<Arg>,
    /// All of it, with `@`.
    pub span: Span,
}

/// `fn NAME(a: T, …): R = EXPR`
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub params: Vec<FunctionParam>,
    /// What it returns.
    pub result: TypeExpr,
    /// Its body.
    pub body: Expr,
}

/// A parameter of a user function.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionParam {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
}

/// `param NAME: Type [= EXPR]`
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// Its default.
    pub default: Option<Expr>,
}

/// A source, topic, lookup, transform or sink. One shape for all; the checker says what does not belong.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: Name,
    /// `: Type`, a named type.
    pub ty: Option<Name>,
    /// `on CLUSTER`
    pub on: Option<Name>,
    /// `from A, B.branch`
    pub from: Vec<Input>,
    /// `to CONNECTION`
    pub to: Option<Name>,
    /// `{ … }`
    pub options: Option<Record>,
    /// `| step | step`
    pub steps: Vec<Step>,
}

/// What a node reads: a node, or a branch of a `route`.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The node.
    pub node: Name,
    /// The branch.
    pub branch: Option<Name>,
}

impl Input {
    /// Both names.
    pub fn span(&self) -> Span {
        self.branch.as_ref().map_or(self.node.span, |branch| self.node.span.to(branch.span))
    }
}
