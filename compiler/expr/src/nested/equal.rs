//! Equality of nested values by structure: the text of two equal values may differ in white space, zeros, escapes and
//! the order of fields.

use std::cmp::Ordering;

use bumpalo::Bump;
use pipewright_plan::Base;

use super::scan::{Elements, Members, is_null, member, unquote};
use super::value::read_json;
use crate::Datum;

/// True if both JSON texts are the same value of that type.
pub fn equal_json(left: &str, right: &str, base: &Base, arena: &Bump) -> bool {
    if is_null(left) || is_null(right) {
        return is_null(left) && is_null(right);
    }
    match base {
        Base::List(element) => {
            let (mut a, mut b) = (Elements::new(left), Elements::new(right));
            loop {
                match (a.next(), b.next()) {
                    (None, None) => return true,
                    (Some(a), Some(b)) if equal_json(a, b, &element.base, arena) => {}
                    _ => return false,
                }
            }
        }
        Base::Map(value) => {
            Members::new(left).count() == Members::new(right).count()
                && Members::new(left).all(|(key, a)| {
                    let Some(key) = unquote(key, arena) else { return false };
                    member(right, key).is_some_and(|b| equal_json(a, b, &value.base, arena))
                })
        }
        Base::Record(fields) => fields.iter().all(|field| {
            let part = |text| member(text, &field.name).unwrap_or("null");
            equal_json(part(left), part(right), &field.ty.base, arena)
        }),
        Base::Json => left == right,
        _ => match (read_json(left, base, arena), read_json(right, base, arena)) {
            (Ok(Datum::Float(a)), Ok(Datum::Float(b))) => crate::compile::compare_floats(a, b) == Ordering::Equal,
            (Ok(a), Ok(b)) => a == b,
            _ => left == right,
        },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use pipewright_plan::Field;

    use super::*;

    #[test]
    fn structure_not_text() {
        let arena = Bump::new();
        let number = Base::Decimal { precision: 5, scale: 2 };
        let list = Base::List(Box::new(number.clone().optional()));
        assert!(equal_json("[1.5,null]", "[ 1.50 , null]", &list, &arena));
        assert!(!equal_json("[1.5]", "[1.5,null]", &list, &arena));
        let record = Base::Record(vec![Field::new("a", number.required()), Field::new("b", Base::String.optional())]);
        assert!(equal_json(r#"{"a":1,"b":"x"}"#, r#"{"b":"\u0078","a":1.0}"#, &record, &arena));
        assert!(equal_json(r#"{"a":1}"#, r#"{"b":null,"a":1.0}"#, &record, &arena));
        assert!(!equal_json(r#"{"a":1}"#, r#"{"a":2}"#, &record, &arena));
        let map = Base::Map(Box::new(Base::Int64.required()));
        assert!(equal_json(r#"{"x":1,"y":2}"#, r#"{"y":2,"x":1}"#, &map, &arena));
        assert!(!equal_json(r#"{"x":1}"#, r#"{"y":1}"#, &map, &arena));
    }
}
