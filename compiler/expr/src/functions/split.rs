//! `split(x, separator)`: a text to a list.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::convert::{Out, write_json_string};
use crate::typing::TypeProblem;

/// `split(x, separator)`
pub static FUNCTION: Function = Function {
    name: "split",
    group: Group::Strings,
    doc: "The parts of the text between the separators, as a list. An empty separator makes the record bad.",
    params: &[Param::required("x"), Param::required("separator")],

    typing,
    compile,
    examples: &[
        Example::new("split(\"a,b,c\", \",\")", "[\"a\", \"b\", \"c\"]"),
        Example::new("split(\"\", \",\")", "[\"\"]"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text(args, 0)?;
    rules::text(args, 1)?;
    Ok(rules::result(args, Base::List(Box::new(Base::String.required()))))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let origin = call.origin;
    let (text, separator) = (call.text(0)?, call.text(1)?);
    Ok(Typed::of_text(move |row| {
        let (text, separator) = (text(row)?, separator(row)?);
        if separator.is_empty() {
            return row.fail("bad-argument", origin, || "a text cannot be split at an empty separator".to_owned());
        }
        Some(row.written(|out| {
            out.put(b"[");
            for (position, part) in text.split(separator).enumerate() {
                if position > 0 {
                    out.put(b",");
                }
                write_json_string(part, out);
            }
            out.put(b"]");
        }))
    }))
}
