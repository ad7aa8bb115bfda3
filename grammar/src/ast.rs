//! The syntax tree: what the user wrote, with the place of every part.
//!
//! Knows no names, types or defaults. Foreign spellings (`&&`, `<>`, `name: 1`) are normalised here and reported as
//! [`Problem`](crate::Problem)s beside the tree. A part that could not be read is [`ExprKind::Error`], [`StepKind::Error`]
//! or [`DeclarationKind::Stub`]: it has been reported already, and nothing downstream complains about it again.
//!
//! Chains of one precedence level are flat lists, so that 10,000 terms cost no depth.

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
    /// `= EXPR`: not part of the language yet; kept so that the checker can say so.
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

/// One step, after its `|`.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// All of it, without the `|`.
    pub span: Span,
    /// The keyword (`where`; `group` of `group by`).
    pub keyword: Span,
    /// What it does.
    pub kind: StepKind,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// `where EXPR`
    Where(Expr),
    /// `check EXPR else "why"`; the reason may be an f-string.
    Check {
        /// What must be true.
        condition: Expr,
        /// The reason.
        reason: Expr,
    },
    /// `derive a = EXPR, …`
    Derive(Vec<Binding>),
    /// `select a, b = EXPR, …`
    Select(Vec<Item>),
    /// `drop a, b`
    Drop(Vec<Path>),
    /// `rename a to b, …`
    Rename(Vec<(Path, Name)>),
    /// `[optional] lookup L [as x] on EXPR { … }`
    Lookup {
        /// `optional`
        optional: bool,
        /// The lookup.
        lookup: Name,
        /// `as x`
        alias: Option<Name>,
        /// The condition.
        on: Expr,
        /// Its options.
        options: Option<Record>,
    },
    /// `[left|right|full] join S [as x] on EXPR within 10m`
    Join {
        /// `left`, `right` or `full`.
        side: Option<Name>,
        /// The other input.
        input: Input,
        /// `as x`
        alias: Option<Name>,
        /// The condition.
        on: Expr,
        /// `within`
        within: Expr,
    },
    /// `flatten items as item`
    Flatten {
        /// The list.
        path: Path,
        /// The element's name.
        alias: Name,
    },
    /// `dedupe by KEYS within 1h`
    Dedupe {
        /// The keys.
        keys: Vec<Item>,
        /// How long.
        within: Expr,
    },
    /// `window …`
    Window(Window),
    /// `group by KEYS [as name] { n = count() } [emit …]`
    Group {
        /// The keys.
        keys: Vec<Item>,
        /// `as name`
        alias: Option<Name>,
        /// The aggregates.
        aggregates: Record,
        /// `emit final` or `emit changes`.
        emit: Option<Name>,
    },
    /// `route { a when EXPR, c otherwise }`
    Route(Vec<Branch>),
    /// `repartition by KEYS { … }`
    Repartition {
        /// The keys.
        keys: Vec<Item>,
        /// Its options.
        options: Option<Record>,
    },
    /// `as events { … }`
    AsEvents {
        /// Its options.
        options: Option<Record>,
    },
    /// `as table by a, b { … }`
    AsTable {
        /// The key.
        keys: Vec<Path>,
        /// Its options.
        options: Option<Record>,
    },
    /// Could not be read; reported.
    Error,
}

/// `window …`
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// `tumbling 1m`
    Tumbling(Expr),
    /// `hopping 10m every 1m`
    Hopping(Expr, Expr),
    /// `session gap 30m`
    Session(Expr),
}

/// `name = EXPR`
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The `##` lines above it (inside braces).
    pub doc: Option<Doc>,
    /// The field.
    pub name: Name,
    /// Its value.
    pub value: Expr,
}

/// `EXPR` or `name = EXPR`. Without a name the expression must be a path, whose last part is the name; the checker says so.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The name, if it was written.
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
}

/// One branch of a `route`. `condition` is `None` for `otherwise`.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// Its name.
    pub name: Name,
    /// `when EXPR`
    pub condition: Option<Expr>,
}

/// `a.b.c`
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// At least one.
    pub parts: Vec<Name>,
}

/// `{ name = EXPR, … }`: options, nested options, aggregates, record values, test rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its entries; unreadable ones are left out (and reported).
    pub entries: Vec<Entry>,
    /// True if an entry was left out: then a missing entry is no news.
    pub incomplete: bool,
    /// With its braces.
    pub span: Span,
}

/// One entry of a record. `{ id }` is short for `{ id = id }`: then `value` is a name with the same span.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The `##` lines above it.
    pub doc: Option<Doc>,
    /// Its name; a quoted name (`"linger.ms" = 20`, or JSON's `"id": 1`) without its quotes.
    pub name: Name,
    /// Its value.
    pub value: Expr,
    /// True for the short form.
    pub shorthand: bool,
    /// All of it, without the doc comment.
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands, without surrounding parentheses.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number as written, without `_`: `12`, `12.50`, `1.25e1`.
    Number(String),
    /// `"text"`, `"""text"""`
    String(String),
    /// `r"\d+"`
    Raw(String),
    /// `f"order {id}"`
    Interpolated(Vec<Piece>),
    /// `1h30m`, in microseconds. Saturates; the parser reports what does not fit.
    Duration(i64),
    /// `8MiB`, in bytes.
    Size(u64),
    /// `1%`, the number as written.
    Percent(String),
    /// `@2026-01-01T10:00:00Z`, `@2026-01-01`, `@10:00`: the text after `@`. The checker reads it.
    Instant(String),
    /// `amount`
    Name(Name),
    /// `a.b`
    Member(Box<Expr>, Name),
    /// `items[0]`, `meta.headers["x"]`
    Index(Box<Expr>, Box<Expr>),
    /// `round(x, 2)`, `csv(delimiter = ";")`
    Call {
        /// What is called; a name, or the checker says so.
        callee: Box<Expr>,
        /// The arguments.
        args: Vec<Arg>,
        /// With the parentheses.
        args_span: Span,
    },
    /// `-x`
    Negate(Box<Expr>),
    /// `not x`
    Not(Box<Expr>),
    /// `a and b and c`, `a or b`: at least two terms.
    Logic {
        /// Which.
        op: LogicOp,
        /// The terms.
        terms: Vec<Expr>,
    },
    /// `a + b - c`, `a * b / c`, `a ?? b`: one precedence level, to be read from the left (`??` from the right).
    Chain {
        /// The first operand.
        first: Box<Expr>,
        /// The others; at least one.
        rest: Vec<Link>,
    },
    /// `a < b`. Longer chains are reported by the parser, and the first comparison is kept.
    Compare {
        /// The operator.
        op: CompareOp,
        /// Where it stands.
        op_span: Span,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// `x is null`, `x is not null`
    IsNull {
        /// The operand.
        operand: Box<Expr>,
        /// `not`
        negated: bool,
    },
    /// `x in [a, b]`
    In {
        /// The operand.
        operand: Box<Expr>,
        /// The list.
        list: Vec<Expr>,
        /// `not`
        negated: bool,
    },
    /// `x between a and b`
    Between {
        /// The operand.
        operand: Box<Expr>,
        /// Lower bound, inclusive.
        low: Box<Expr>,
        /// Upper bound, inclusive.
        high: Box<Expr>,
        /// `not`
        negated: bool,
    },
    /// `x like "a%"`
    Like {
        /// The operand.
        operand: Box<Expr>,
        /// The pattern.
        pattern: Box<Expr>,
        /// `not`
        negated: bool,
    },
    /// `x ~ r"…"`, `x !~ r"…"`
    Matches {
        /// The operand.
        operand: Box<Expr>,
        /// The regular expression as written, without quotes.
        pattern: Text,
        /// `!~`
        negated: bool,
    },
    /// `if a then b else if c then d else e`
    If {
        /// Conditions and values; at least one.
        branches: Vec<(Expr, Expr)>,
        /// The last `else`.
        otherwise: Box<Expr>,
    },
    /// `match x { "a" | "b" => 1, _ => 0 }`
    Match {
        /// What is compared.
        subject: Box<Expr>,
        /// The arms.
        arms: Vec<Arm>,
    },
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ a = 1 }`
    Record(Record),
    /// Could not be read; reported.
    Error,
}

/// `and` or `or`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogicOp {
    /// `and`
    And,
    /// `or`
    Or,
}

/// An operator with its right operand.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The operator.
    pub op: ChainOp,
    /// Where it stands.
    pub op_span: Span,
    /// The right operand.
    pub operand: Expr,
}

/// An operator of a [`ExprKind::Chain`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `??`
    Coalesce,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// A part of an f-string.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text, unescaped.
    Text(String),
    /// `{expr}`
    Hole(Expr),
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// `name =`
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
}

/// An arm of a `match`.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// `"a" | "b"`; at least one.
    pub patterns: Vec<Pattern>,
    /// After `=>`.
    pub value: Expr,
}

/// A pattern of a `match`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// What it matches.
    pub kind: PatternKind,
    /// Where it stands.
    pub span: Span,
}

/// What a pattern matches.
#[derive(Clone, Debug, PartialEq)]
pub enum PatternKind {
    /// `_`
    Any,
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `"text"`
    String(String),
    /// A number as written, with its sign.
    Number(String),
}

/// `test "what it shows" { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What it shows.
    pub title: Text,
    /// Its lines.
    pub lines: Vec<TestLine>,
}

/// A line of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestLine {
    /// All of it.
    pub span: Span,
    /// What it does.
    pub kind: TestLineKind,
}

/// What a line of a test does.
#[derive(Clone, Debug, PartialEq)]
pub enum TestLineKind {
    /// `given orders [partition 2] [ … ]`
    Given {
        /// The node.
        input: Input,
        /// `partition N`
        partition: Option<Text>,
        /// The rows.
        rows: Vec<Row>,
    },
    /// `expect x [contains] [ … ]`
    Expect {
        /// The node, or `dead_letters`.
        input: Input,
        /// `contains`
        contains: bool,
        /// The rows.
        rows: Vec<Row>,
    },
    /// `expect no x`
    ExpectNone(Input),
    /// `advance 10m`
    Advance(Expr),
    /// `advance to @…`
    AdvanceTo(Expr),
    /// `restart`
    Restart,
}

/// A row of a test.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// `{ id = 1 }`
    Value(Record),
    /// `delete { id = 1 }`
    Delete(Record),
    /// `bytes "not json"`
    Bytes(Text),
}
