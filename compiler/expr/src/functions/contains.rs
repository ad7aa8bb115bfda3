//! `contains(x, search)`: whether a text contains another, or a list an element.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, extreme, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::{TypeProblem, assign};
use crate::{Datum, nested};

/// `contains(x, search)`
pub static FUNCTION: Function = Function {
    name: "contains",
    group: Group::Strings,
    doc: "True if `search` occurs in the text, or is an element of the list. Elements that are null are passed over.",
    params: &[Param::required("x"), Param::required("search")],

    typing,
    compile,
    examples: &[
        Example::new("contains(\"abc\", \"b\")", "true"),
        Example::new("contains(\"abc\", \"B\")", "false"),
        Example::new("contains([1, 2], 2)", "true"),
        Example::new("contains([\"a\"], \"b\")", "false"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    if let (Some(Base::List(element)), Some(value)) = (args.first().map(|arg| &arg.ty.base), args.get(1)) {
        if matches!(element.base, Base::Json | Base::List(_) | Base::Map(_) | Base::Record(_)) {
            return Err(TypeProblem::new(
                "not-comparable",
                format!("elements of the type `{element}` cannot be searched"),
            )
            .at(0));
        }
        assign(value.clone(), &element.clone().or_null()).map_err(|problem| problem.at(1))?;
        return Ok(rules::result(args, Base::Bool));
    }
    rules::text(args, 0)?;
    rules::text(args, 1)?;
    Ok(rules::result(args, Base::Bool))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    if let Base::List(element) = call.base(0) {
        let (list, value) = (call.text(0)?, call.typed_as(1, &element)?);
        let origin = call.origin;
        return Ok(Typed::of_bool(move |row| {
            let list = list(row)?;
            let value = value.datum(row);
            if value == Datum::Null {
                return None;
            }
            for raw in nested::Elements::new(list) {
                match nested::read_json(raw, &element.base, row.arena) {
                    Ok(Datum::Null) => {}
                    Ok(found) if extreme::order(found, value).is_eq() => return Some(true),
                    Ok(_) => {}
                    Err(problem) => {
                        return row
                            .fail("bad-cast", origin, || problem.reason(raw.as_bytes(), &element.base.to_string()));
                    }
                }
            }
            Some(false)
        }));
    }
    let (text, search) = (call.text_source(0)?, call.text_source(1)?);
    Ok(Typed::Bool(text.zip(search, |_, text, search| Some(text.contains(search)))))
}
