//! Compiling over a layout: columns, nested members, locals, folding, errors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use bumpalo::Bump;
use pipewright_plan::{ArithmeticOp, Base, CompareOp, Expr, ExprKind, Field, Literal, Meta, Origin, Type};

use super::{Compiled, Layout, compile, constant};
use crate::typing::tests_support::{column, int, text};
use crate::{Datum, EvalError, Row};

/// Columns by their dotted path.
struct Named(&'static [&'static str]);

impl Layout for Named {
    fn column(&self, path: &[&str]) -> Option<usize> {
        let path = path.join(".");
        self.0.iter().position(|name| *name == path)
    }

    fn meta(&self, meta: &Meta) -> Option<usize> {
        (*meta == Meta::Offset).then_some(0)
    }
}

fn node(kind: ExprKind, ty: Type) -> Expr {
    Expr { kind, ty, origin: Origin { line: 7, ..Origin::default() } }
}

fn field(base: Expr, name: &str, ty: Type) -> Expr {
    node(ExprKind::Field { base: Box::new(base), name: name.into() }, ty)
}

fn customer() -> Expr {
    let mut renamed = Field::new("name", Base::String.optional());
    renamed.wire_name = Some("fullName".into());
    column("customer", Base::Record(vec![Field::new("id", Base::Int64.required()), renamed]).required())
}

fn eval<'b>(compiled: &Compiled, arena: &'b Bump, cells: &[Datum<'b>]) -> Result<Datum<'b>, EvalError> {
    let mut row = Row::new(cells.len(), arena);
    for (column, cell) in cells.iter().enumerate() {
        row.set(column, *cell);
    }
    let first = compiled.eval(&row);
    assert_eq!(first, compiled.eval(&row), "evaluating again gives the same");
    first
}

#[test]
fn compiled_expressions_cross_threads() {
    fn check<T: Send + Sync>() {}
    check::<Compiled>();
}

#[test]
fn the_longest_path_is_a_column() {
    let arena = Bump::new();
    let id = field(customer(), "id", Base::Int64.required());
    let compiled = compile(&id, &Named(&["customer.id"])).unwrap();
    assert_eq!(compiled.as_column(), Some(0));
    assert_eq!(eval(&compiled, &arena, &[Datum::Int(7)]), Ok(Datum::Int(7)));
    let error = compile(&id, &Named(&["other"])).err().unwrap();
    assert_eq!(error.reason, "there is no column `customer`");
}

#[test]
fn members_of_a_record_are_read_from_its_text() {
    let arena = Bump::new();
    let layout = Named(&["customer"]);
    let id = compile(&field(customer(), "id", Base::Int64.required()), &layout).unwrap();
    let name = compile(&field(customer(), "name", Base::String.optional()), &layout).unwrap();
    let cell = [Datum::Text(r#"{"id":12,"name":"A\u0064a"}"#)];
    assert_eq!(eval(&id, &arena, &cell), Ok(Datum::Int(12)));
    assert_eq!(eval(&name, &arena, &cell), Ok(Datum::Text("Ada")));
    assert_eq!(eval(&name, &arena, &[Datum::Text(r#"{"id":12}"#)]), Ok(Datum::Null));
    assert_eq!(eval(&id, &arena, &[Datum::Null]), Ok(Datum::Null));
    let error = eval(&id, &arena, &[Datum::Text(r#"{"id":"x"}"#)]).unwrap_err();
    assert_eq!((error.name, error.reason.as_str()), ("bad-cast", "`\"x\"` is not an int64"));
}

#[test]
fn elements_and_keys() {
    let arena = Bump::new();
    let items = column("items", Base::List(Box::new(Base::Int64.required())).required());
    let at = |index: Expr| {
        let kind = ExprKind::Index { base: Box::new(items.clone()), index: Box::new(index) };
        compile(&node(kind, Base::Int64.optional()), &Named(&["items"])).unwrap()
    };
    let cell = [Datum::Text("[10, 20]")];
    assert_eq!(eval(&at(int(1)), &arena, &cell), Ok(Datum::Int(20)));
    assert_eq!(eval(&at(int(2)), &arena, &cell), Ok(Datum::Null));
    assert_eq!(eval(&at(int(-1)), &arena, &cell), Ok(Datum::Null));
    let map = column("map", Base::Map(Box::new(Base::Bool.required())).required());
    let kind = ExprKind::Index { base: Box::new(map), index: Box::new(text("x")) };
    let compiled = compile(&node(kind, Base::Bool.optional()), &Named(&["map"])).unwrap();
    assert_eq!(eval(&compiled, &arena, &[Datum::Text(r#"{"x":true}"#)]), Ok(Datum::Bool(true)));
    assert_eq!(eval(&compiled, &arena, &[Datum::Text("{}")]), Ok(Datum::Null));
}

#[test]
fn lists_and_records_are_built_and_compared() {
    let arena = Bump::new();
    let number = Base::Decimal { precision: 5, scale: 2 };
    let list_type = Base::List(Box::new(number.clone().optional())).required();
    let price = column("price", number.clone().optional());
    let list = node(ExprKind::List(vec![price, int(2)]), list_type);
    let record_type =
        Base::Record(vec![Field::new("prices", list.ty.clone()), Field::new("a\"b", Base::String.required())]);
    let fields = vec![("prices".to_owned(), list.clone()), ("a\"b".to_owned(), text("x"))];
    let record = node(ExprKind::Record(fields), record_type.required());
    let compiled = compile(&record, &Named(&["price"])).unwrap();
    let expected = Datum::Text(r#"{"prices":[1.50,2.00],"a\"b":"x"}"#);
    assert_eq!(eval(&compiled, &arena, &[Datum::Decimal(150)]), Ok(expected));
    let other = column("other", list.ty.clone());
    let kind = ExprKind::Compare { op: CompareOp::NotEqual, left: Box::new(list), right: Box::new(other) };
    let compiled = compile(&node(kind, Base::Bool.required()), &Named(&["price", "other"])).unwrap();
    assert_eq!(eval(&compiled, &arena, &[Datum::Decimal(150), Datum::Text("[1.5, 2]")]), Ok(Datum::Bool(false)));
    assert_eq!(eval(&compiled, &arena, &[Datum::Null, Datum::Text("[1.5, 2]")]), Ok(Datum::Bool(true)));
}

#[test]
fn an_error_names_the_innermost_place_and_leaves_the_row_clean() {
    let arena = Bump::new();
    let x = column("x", Base::Int64.required());
    let sum = node(
        ExprKind::Arithmetic { op: ArithmeticOp::Add, left: Box::new(x), right: Box::new(int(1)) },
        Base::Int64.required(),
    );
    let compiled = compile(&sum, &Named(&["x"])).unwrap();
    let mut row = Row::new(1, &arena);
    row.set(0, Datum::Int(i64::MAX));
    let error = compiled.eval(&row).unwrap_err();
    assert_eq!((error.name, error.reason.as_str()), ("overflow", "9223372036854775807 + 1 is beyond int64"));
    assert_eq!(error.origin.line, 7);
    row.set(0, Datum::Int(1));
    assert_eq!(compiled.eval(&row), Ok(Datum::Int(2)));
    row.set(0, Datum::Text("x"));
    assert_eq!(compiled.eval(&row).unwrap_err().name, "internal-type");
}

#[test]
fn only_what_is_needed_is_evaluated() {
    let arena = Bump::new();
    let fail = || {
        let call = ExprKind::Call { function: "fail".into(), args: vec![text("reached")] };
        node(ExprKind::Widen(Box::new(node(call, Base::Null.required()))), Base::Int64.required())
    };
    let x = column("x", Base::Int64.optional());
    let coalesce = compile(&node(ExprKind::Coalesce(vec![x, fail()]), Base::Int64.required()), &Named(&["x"])).unwrap();
    assert_eq!(eval(&coalesce, &arena, &[Datum::Int(1)]), Ok(Datum::Int(1)));
    let error = eval(&coalesce, &arena, &[Datum::Null]).unwrap_err();
    assert_eq!((error.name, error.reason.as_str()), ("failed", "reached"));
}

#[test]
fn a_local_is_bound_once_though_its_let_is_compiled_twice() {
    // `(let l = b in l) in []`: found by the oracle.
    let arena = Bump::new();
    let b = column("b", Base::Bool.optional());
    let local = node(ExprKind::Local(1), Base::Bool.optional());
    let bound = node(ExprKind::Let { local: 1, value: Box::new(b), body: Box::new(local) }, Base::Bool.optional());
    let kind = ExprKind::In { operand: Box::new(bound), list: vec![], negated: false };
    let compiled = compile(&node(kind, Base::Bool.optional()), &Named(&["b"])).unwrap();
    assert_eq!(eval(&compiled, &arena, &[Datum::Bool(true)]), Ok(Datum::Bool(false)));
    assert_eq!(eval(&compiled, &arena, &[Datum::Null]), Ok(Datum::Null));
}

#[test]
fn meta_is_a_column() {
    let arena = Bump::new();
    let offset = node(ExprKind::Meta(Meta::Offset), Base::Int64.required());
    let compiled = compile(&offset, &Named(&["offset"])).unwrap();
    assert_eq!(eval(&compiled, &arena, &[Datum::Int(5)]), Ok(Datum::Int(5)));
    assert!(compile(&node(ExprKind::Meta(Meta::Key), Base::Bytes.optional()), &Named(&[])).is_err());
}

#[test]
fn constants_are_computed_or_refused() {
    let sum = |right: Expr| {
        let kind = ExprKind::Arithmetic { op: ArithmeticOp::Add, left: Box::new(int(2)), right: Box::new(right) };
        node(kind, Base::Int64.required())
    };
    assert_eq!(constant(&sum(int(3))), Ok(Literal::Int(5)));
    assert_eq!(constant(&sum(column("x", Base::Int64.required()))).unwrap_err().name, "not-constant");
    assert_eq!(constant(&sum(int(i64::MAX))).unwrap_err().name, "overflow");
    let list = node(ExprKind::List(vec![int(1), int(2)]), Base::List(Box::new(Base::Int64.required())).required());
    assert_eq!(constant(&list), Ok(Literal::Text("[1,2]".into())));
}

#[test]
fn plans_that_are_not_well_typed_are_refused() {
    let wrong = node(ExprKind::Literal(Literal::Text("x".into())), Base::Int64.required());
    assert!(compile(&wrong, &Named(&[])).is_err());
    let wrong = node(ExprKind::Not(Box::new(int(1))), Base::Bool.required());
    assert!(compile(&wrong, &Named(&[])).is_err());
    let wrong = node(ExprKind::Call { function: "nothing".into(), args: vec![] }, Base::Bool.required());
    assert!(compile(&wrong, &Named(&[])).is_err());
    let wrong = node(ExprKind::Call { function: "lower".into(), args: vec![] }, Base::String.required());
    assert!(compile(&wrong, &Named(&[])).is_err());
    let wrong = node(
        ExprKind::Matches { operand: Box::new(text("x")), pattern: "(".into(), negated: false },
        Base::Bool.required(),
    );
    assert!(compile(&wrong, &Named(&[])).is_err());
}
