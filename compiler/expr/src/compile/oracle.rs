//! The closures against a plain interpreter: every operator over random rows, typed by the rules of `typing`.
//!
//! Compiled for tests only (`mod.rs`): it panics where the expressions that the test itself makes are not what it made.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::cmp::Ordering;

use bigdecimal::num_bigint::BigInt;
use bumpalo::Bump;
use pipewright_plan::{ArithmeticOp, Base, CompareOp, Expr, ExprKind, Literal, MatchArm, Meta, Origin, Type};
use proptest::prelude::*;

use super::{Layout, compile};
use crate::typing::{arithmetic, comparison, tests_support, unify};
use crate::{Datum, Row};

const COLUMNS: [(&str, &str); 8] = [
    ("i", "int64?"),
    ("j", "int32"),
    ("d", "decimal(12, 2)?"),
    ("e", "decimal(10, 6)"),
    ("f", "float64?"),
    ("b", "bool?"),
    ("t", "string?"),
    ("w", "timestamp"),
];

struct Columns;

impl Layout for Columns {
    fn column(&self, path: &[&str]) -> Option<usize> {
        COLUMNS.iter().position(|(name, _)| path == [*name])
    }

    fn meta(&self, _: &Meta) -> Option<usize> {
        None
    }
}

/// An expression before it has types; what does not fit together is left away when it gets them.
#[derive(Clone, Debug)]
enum Sketch {
    Column(usize),
    Int(i64),
    Decimal(i32),
    Text(String),
    Null,
    Arithmetic(ArithmeticOp, Box<Sketch>, Box<Sketch>),
    Compare(CompareOp, Box<Sketch>, Box<Sketch>),
    And(Vec<Sketch>),
    Or(Vec<Sketch>),
    Not(Box<Sketch>),
    IsNull(Box<Sketch>, bool),
    Coalesce(Vec<Sketch>),
    If(Box<Sketch>, Box<Sketch>, Box<Sketch>),
    In(Box<Sketch>, Vec<Sketch>, bool),
    Match(Box<Sketch>, Vec<Sketch>, Vec<Sketch>),
    Let(Box<Sketch>, CompareOp, Box<Sketch>),
}

fn op() -> impl Strategy<Value = ArithmeticOp> {
    use ArithmeticOp::*;
    prop_oneof![Just(Add), Just(Subtract), Just(Multiply), Just(Divide), Just(Remainder)]
}

fn comparator() -> impl Strategy<Value = CompareOp> {
    use CompareOp::*;
    prop_oneof![Just(Equal), Just(NotEqual), Just(Less), Just(LessOrEqual), Just(Greater), Just(GreaterOrEqual)]
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let leaf = prop_oneof![
        6 => (0..COLUMNS.len()).prop_map(Sketch::Column),
        2 => prop_oneof![-3i64..4, Just(i64::MAX), Just(i64::MIN + 1)].prop_map(Sketch::Int),
        1 => (-300..300i32).prop_map(Sketch::Decimal),
        1 => "[a-c]{0,2}".prop_map(Sketch::Text),
        1 => Just(Sketch::Null),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new).boxed();
        let some = proptest::collection::vec(inner, 1..4).boxed();
        prop_oneof![
            4 => (op(), boxed.clone(), boxed.clone()).prop_map(|(op, a, b)| Sketch::Arithmetic(op, a, b)),
            4 => (comparator(), boxed.clone(), boxed.clone()).prop_map(|(op, a, b)| Sketch::Compare(op, a, b)),
            1 => some.clone().prop_map(Sketch::And),
            1 => some.clone().prop_map(Sketch::Or),
            1 => boxed.clone().prop_map(Sketch::Not),
            1 => (boxed.clone(), any::<bool>()).prop_map(|(a, n)| Sketch::IsNull(a, n)),
            1 => some.clone().prop_map(Sketch::Coalesce),
            1 => (boxed.clone(), boxed.clone(), boxed.clone()).prop_map(|(c, a, b)| Sketch::If(c, a, b)),
            1 => (boxed.clone(), some.clone(), any::<bool>()).prop_map(|(a, l, n)| Sketch::In(a, l, n)),
            1 => (boxed.clone(), some.clone(), some.clone()).prop_map(|(a, p, v)| Sketch::Match(a, p, v)),
            1 => (boxed.clone(), comparator(), boxed.clone()).prop_map(|(a, op, b)| Sketch::Let(a, op, b)),
        ]
    })
}

fn node(kind: ExprKind, ty: Type) -> Expr {
    Expr { kind, ty, origin: Origin::default() }
}

/// The typed expression, if the sketch can be typed.
fn typed(sketch: &Sketch, locals: &mut u32) -> Option<Expr> {
    let condition = |sketch: &Sketch, locals: &mut u32| typed(sketch, locals).filter(|e| e.ty.base == Base::Bool);
    Some(match sketch {
        Sketch::Column(column) => {
            let (name, ty) = COLUMNS[*column];
            tests_support::column(name, tests_support::ty(ty))
        }
        Sketch::Int(value) => tests_support::int(*value),
        Sketch::Decimal(value) => tests_support::decimal(&value.to_string(), 3, 2),
        Sketch::Text(text) => tests_support::text(text),
        Sketch::Null => tests_support::null(),
        Sketch::Arithmetic(op, a, b) => {
            let (a, b) = (typed(a, locals)?, typed(b, locals)?);
            match arithmetic(*op, a.clone(), b) {
                Ok((left, right, ty)) => {
                    node(ExprKind::Arithmetic { op: *op, left: Box::new(left), right: Box::new(right) }, ty)
                }
                Err(_) => a,
            }
        }
        Sketch::Compare(op, a, b) => {
            let (left, right, ty) = comparison(*op, typed(a, locals)?, typed(b, locals)?).ok()?;
            node(ExprKind::Compare { op: *op, left: Box::new(left), right: Box::new(right) }, ty)
        }
        Sketch::And(parts) | Sketch::Or(parts) => {
            let parts: Vec<Expr> = parts.iter().filter_map(|part| condition(part, locals)).collect();
            let nullable = parts.iter().any(|part| part.ty.nullable);
            let kind = if matches!(sketch, Sketch::And(_)) { ExprKind::And(parts) } else { ExprKind::Or(parts) };
            node(kind, Type { base: Base::Bool, nullable })
        }
        Sketch::Not(a) => {
            let a = condition(a, locals)?;
            let ty = a.ty.clone();
            node(ExprKind::Not(Box::new(a)), ty)
        }
        Sketch::IsNull(a, negated) => {
            let operand = Box::new(typed(a, locals)?);
            node(ExprKind::IsNull { operand, negated: *negated }, Base::Bool.required())
        }
        Sketch::Coalesce(parts) => {
            let parts = parts.iter().filter_map(|part| typed(part, locals)).collect();
            let (parts, ty) = unify(parts).ok()?;
            node(ExprKind::Coalesce(parts), ty)
        }
        Sketch::If(c, a, b) => {
            let c = condition(c, locals)?;
            let c = node(
                ExprKind::Coalesce(vec![c, node(ExprKind::Literal(Literal::Bool(false)), Base::Bool.required())]),
                Base::Bool.required(),
            );
            let (values, ty) = unify(vec![typed(a, locals)?, typed(b, locals)?]).ok()?;
            let [a, b] = <[Expr; 2]>::try_from(values).unwrap();
            node(ExprKind::If { branches: vec![(c, a)], otherwise: Box::new(b) }, ty)
        }
        Sketch::In(a, list, negated) => {
            let mut all = vec![typed(a, locals)?];
            all.extend(list.iter().filter_map(|part| typed(part, locals)).filter(|part| part.ty.base != Base::Null));
            let (mut all, ty) = unify(all).ok()?;
            let operand = Box::new(all.remove(0));
            let ty = Type { base: Base::Bool, nullable: ty.nullable };
            node(ExprKind::In { operand, list: all, negated: *negated }, ty)
        }
        Sketch::Match(subject, patterns, values) => {
            let subject = typed(subject, locals)?;
            let mut parts = vec![subject];
            parts.extend(patterns.iter().filter_map(|part| typed(part, locals)));
            let (mut parts, _) = unify(parts).ok()?;
            let subject = Box::new(parts.remove(0));
            let values = values.iter().filter_map(|value| typed(value, locals)).collect();
            let (mut values, ty) = unify(values).ok()?;
            let last = values.pop()?;
            let mut arms: Vec<MatchArm> = values
                .into_iter()
                .zip(parts)
                .filter_map(|(value, pattern)| match pattern.kind {
                    ExprKind::Literal(literal) => Some(MatchArm { patterns: vec![literal], value }),
                    _ => None,
                })
                .collect();
            arms.push(MatchArm { patterns: Vec::new(), value: last });
            node(ExprKind::Match { subject, arms }, ty)
        }
        Sketch::Let(value, op, other) => {
            let value = typed(value, locals)?;
            *locals += 1;
            let number = *locals;
            let bound = node(ExprKind::Local(number), value.ty.clone());
            let (left, right, ty) = comparison(*op, bound, typed(other, locals)?).ok()?;
            let body = node(ExprKind::Compare { op: *op, left: Box::new(left), right: Box::new(right) }, ty.clone());
            node(ExprKind::Let { local: number, value: Box::new(value), body: Box::new(body) }, ty)
        }
    })
}

/// A value of the interpreter: decimals are integers of any size with a scale.
#[derive(Clone, Debug)]
enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Decimal(BigInt, u8),
    Text(String),
}

fn pow(exponent: u32) -> BigInt {
    BigInt::from(10).pow(exponent)
}

fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => match (a.is_nan(), b.is_nan()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ => a.partial_cmp(b).unwrap(),
        },
        (Value::Decimal(a, s), Value::Decimal(b, t)) => (a * pow(u32::from(*t))).cmp(&(b * pow(u32::from(*s)))),
        (Value::Text(a), Value::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        other => panic!("{other:?}"),
    }
}

type Outcome = Result<Value, &'static str>;

struct Interpreter<'a> {
    cells: &'a [Value],
    locals: Vec<(u32, Value)>,
}

impl Interpreter<'_> {
    fn literal(literal: &Literal, ty: &Type) -> Value {
        match (literal, &ty.base) {
            (Literal::Null, _) => Value::Null,
            (Literal::Bool(value), _) => Value::Bool(*value),
            (Literal::Int(value), _) => Value::Int(*value),
            (Literal::Float(value), _) => Value::Float(*value),
            (Literal::Decimal(text), Base::Decimal { scale, .. }) => Value::Decimal(text.parse().unwrap(), *scale),
            (Literal::Text(text), _) => Value::Text(text.clone()),
            other => panic!("{other:?}"),
        }
    }

    fn eval(&mut self, expr: &Expr) -> Outcome {
        Ok(match &expr.kind {
            ExprKind::Literal(literal) => Self::literal(literal, &expr.ty),
            ExprKind::Column(name) => {
                self.cells[COLUMNS.iter().position(|(column, _)| column == name).unwrap()].clone()
            }
            ExprKind::Local(number) => self.locals.iter().rev().find(|(local, _)| local == number).unwrap().1.clone(),
            ExprKind::Let { local, value, body } => {
                let value = self.eval(value)?;
                self.locals.push((*local, value));
                self.eval(body)?
            }
            ExprKind::Widen(inner) => match (self.eval(inner)?, &expr.ty.base) {
                (Value::Int(value), Base::Decimal { scale, .. }) => {
                    Value::Decimal(BigInt::from(value) * pow(u32::from(*scale)), *scale)
                }
                (Value::Decimal(value, from), Base::Decimal { scale, .. }) => {
                    Value::Decimal(value * pow(u32::from(scale - from)), *scale)
                }
                (value, _) => value,
            },
            ExprKind::Arithmetic { op, left, right } => {
                let left = self.eval(left)?;
                if matches!(left, Value::Null) {
                    return Ok(Value::Null);
                }
                let right = self.eval(right)?;
                if matches!(right, Value::Null) {
                    return Ok(Value::Null);
                }
                compute(*op, left, right, &expr.ty.base)?
            }
            ExprKind::Compare { op, left, right } => {
                let left = self.eval(left)?;
                if matches!(left, Value::Null) {
                    return Ok(Value::Null);
                }
                let right = self.eval(right)?;
                if matches!(right, Value::Null) {
                    return Ok(Value::Null);
                }
                Value::Bool(super::comparison::holds(*op, order(&left, &right)))
            }
            ExprKind::Not(inner) => match self.eval(inner)? {
                Value::Bool(value) => Value::Bool(!value),
                other => other,
            },
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                let decisive = matches!(expr.kind, ExprKind::Or(_));
                let mut null = false;
                for part in parts {
                    match self.eval(part)? {
                        Value::Bool(value) if value == decisive => return Ok(Value::Bool(decisive)),
                        Value::Null => null = true,
                        _ => {}
                    }
                }
                if null { Value::Null } else { Value::Bool(!decisive) }
            }
            ExprKind::Coalesce(parts) => {
                for part in parts {
                    match self.eval(part)? {
                        Value::Null => {}
                        value => return Ok(value),
                    }
                }
                Value::Null
            }
            ExprKind::IsNull { operand, negated } => {
                Value::Bool(matches!(self.eval(operand)?, Value::Null) != *negated)
            }
            ExprKind::In { operand, list, negated } => {
                let value = self.eval(operand)?;
                if matches!(value, Value::Null) {
                    return Ok(Value::Null);
                }
                for member in list {
                    let member = self.eval(member)?;
                    if !matches!(member, Value::Null) && order(&value, &member).is_eq() {
                        return Ok(Value::Bool(!negated));
                    }
                }
                Value::Bool(*negated)
            }
            ExprKind::If { branches, otherwise } => {
                for (condition, value) in branches {
                    if matches!(self.eval(condition)?, Value::Bool(true)) {
                        return self.eval(value);
                    }
                }
                self.eval(otherwise)?
            }
            ExprKind::Match { subject, arms } => {
                let value = self.eval(subject)?;
                for arm in arms {
                    let fits = arm.patterns.is_empty()
                        || arm.patterns.iter().any(|pattern| match (Self::literal(pattern, &subject.ty), &value) {
                            (Value::Null, value) => matches!(value, Value::Null),
                            (_, Value::Null) => false,
                            (pattern, value) => order(&pattern, value).is_eq(),
                        });
                    if fits {
                        return self.eval(&arm.value);
                    }
                }
                return Err("no-match");
            }
            other => panic!("{other:?}"),
        })
    }
}

fn compute(op: ArithmeticOp, left: Value, right: Value, result: &Base) -> Outcome {
    use ArithmeticOp::*;
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => {
            let (a, b) = (i128::from(a), i128::from(b));
            let exact = match op {
                Add => a + b,
                Subtract => a - b,
                Multiply => a * b,
                Remainder if b == 0 => return Err("division-by-zero"),
                Remainder => a % b,
                Divide => panic!("integer division"),
            };
            let range = if *result == Base::Timestamp {
                i128::from(crate::convert::MIN_INSTANT)..=i128::from(crate::convert::MAX_INSTANT)
            } else {
                i128::from(i64::MIN)..=i128::from(i64::MAX)
            };
            if range.contains(&exact) { Ok(Value::Int(exact as i64)) } else { Err("overflow") }
        }
        (Value::Float(a), Value::Float(b)) => {
            let value = match op {
                Add => a + b,
                Subtract => a - b,
                Multiply => a * b,
                Divide | Remainder if b == 0.0 => return Err("division-by-zero"),
                Divide => a / b,
                Remainder => a % b,
            };
            if value.is_infinite() && a.is_finite() && b.is_finite() {
                Err("overflow")
            } else {
                Ok(Value::Float(value))
            }
        }
        (Value::Decimal(a, s), Value::Decimal(b, t)) => {
            let Base::Decimal { precision, scale } = result else { panic!("{result}") };
            let (wide_a, wide_b) = (&a * pow(u32::from(t)), &b * pow(u32::from(s)));
            let zero = b == BigInt::from(0);
            // A fraction with this denominator.
            let (numerator, denominator) = match op {
                Add => (wide_a + wide_b, pow(u32::from(s) + u32::from(t))),
                Subtract => (wide_a - wide_b, pow(u32::from(s) + u32::from(t))),
                Multiply => (a * b, pow(u32::from(s) + u32::from(t))),
                Divide | Remainder if zero => return Err("division-by-zero"),
                Divide => (wide_a, wide_b),
                Remainder => (wide_a % wide_b, pow(u32::from(s) + u32::from(t))),
            };
            let negative = (numerator < BigInt::from(0)) != (denominator < BigInt::from(0));
            let numerator = BigInt::from(numerator.magnitude().clone()) * pow(u32::from(*scale)) * 2;
            let denominator = BigInt::from(denominator.magnitude().clone());
            let rounded: BigInt = (numerator + &denominator) / (denominator * 2);
            if rounded >= pow(u32::from(*precision)) {
                return Err("overflow");
            }
            Ok(Value::Decimal(if negative { -rounded } else { rounded }, *scale))
        }
        other => panic!("{other:?}"),
    }
}

fn optional(value: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    prop_oneof![3 => value.boxed(), 1 => Just(Value::Null)]
}

fn cells() -> impl Strategy<Value = Vec<Value>> {
    let int = prop_oneof![3 => -3i64..4, 1 => Just(i64::MAX), 1 => Just(i64::MIN)].prop_map(Value::Int);
    let float = prop_oneof![
        3 => (-3i32..4).prop_map(f64::from),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(-0.0),
        1 => Just(f64::MAX)
    ];
    (
        optional(int),
        prop_oneof![-3i64..4, Just(i64::from(i32::MAX))].prop_map(Value::Int),
        optional(prop_oneof![-300i64..300, Just(999_999_999_999)].prop_map(|v| Value::Decimal(v.into(), 2))),
        (-3_000_000i64..3_000_000).prop_map(|v| Value::Decimal(v.into(), 6)),
        optional(float.prop_map(Value::Float)),
        optional(any::<bool>().prop_map(Value::Bool)),
        optional("[a-c]{0,2}".prop_map(Value::Text)),
        prop_oneof![Just(0i64), Just(crate::convert::MAX_INSTANT)].prop_map(Value::Int),
    )
        .prop_map(|(i, j, d, e, f, b, t, w)| vec![i, j, d, e, f, b, t, w])
}

fn datum(value: &Value) -> Datum<'_> {
    match value {
        Value::Null => Datum::Null,
        Value::Bool(value) => Datum::Bool(*value),
        Value::Int(value) => Datum::Int(*value),
        Value::Float(value) => Datum::Float(*value),
        Value::Decimal(value, _) => Datum::Decimal(i128::try_from(value).unwrap()),
        Value::Text(text) => Datum::Text(text),
    }
}

fn same(a: Datum<'_>, b: Datum<'_>) -> bool {
    match (a, b) {
        (Datum::Float(a), Datum::Float(b)) => a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
        _ => a == b,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn closures_agree_with_the_interpreter(sketch in sketch(), rows in proptest::collection::vec(cells(), 1..4)) {
        let mut locals = 0;
        let Some(expr) = typed(&sketch, &mut locals) else { return Ok(()) };
        if expr.ty.base == Base::Null {
            return Ok(());
        }
        let compiled = compile(&expr, &Columns).unwrap();
        let arena = Bump::new();
        for cells in &rows {
            let expected = Interpreter { cells, locals: Vec::new() }.eval(&expr);
            let mut row = Row::new(COLUMNS.len(), &arena);
            for (column, value) in cells.iter().enumerate() {
                row.set(column, datum(value));
            }
            match (compiled.eval(&row), expected) {
                (Ok(got), Ok(expected)) => {
                    prop_assert!(same(got, datum(&expected)), "{:?} is not {:?}: {:?}", got, expected, expr);
                    prop_assert!(expr.ty.nullable || got != Datum::Null, "null in `{}`: {:?}", expr.ty, expr);
                }
                (Err(error), Err(name)) => prop_assert_eq!(error.name, name),
                (got, expected) => prop_assert!(false, "{:?} is not {:?}: {:?}", got, expected, expr),
            }
        }
    }
}
