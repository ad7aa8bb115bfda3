//! `regex_replace(x, pattern, replacement)`: a text with matches replaced.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `regex_replace(x, pattern, replacement)`
pub static FUNCTION: Function = Function {
    name: "regex_replace",
    group: Group::Regex,
    doc: "The text with every match replaced; `$1` and `${name}` in the replacement stand for groups, `$$` for a dollar.",
    params: &[Param::required("x"), Param::required("pattern"), Param::required("replacement")],

    typing,
    compile,
    examples: &[
        Example::new("regex_replace(\"a1b22\", r\"\\d+\", \"#\")", "\"a#b#\""),
        Example::new("regex_replace(\"abc\", r\"x*\", \"-\")", "\"-a-b-c-\""),
        Example::new("regex_replace(\"Ada Lovelace\", r\"(\\w+) (\\w+)\", \"$2, $1\")", "\"Lovelace, Ada\""),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text(args, 0)?;
    rules::regex(args, 1)?;
    rules::text(args, 2)?;
    Ok(rules::result(args, Base::String))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let pattern = call.literal_text(1)?.unwrap_or_default();
    let regex = regex::Regex::new(&pattern).map_err(|error| call.error(error.to_string()))?;
    let (text, replacement) = (call.text(0)?, call.text(2)?);
    Ok(Typed::of_text(move |row| {
        let (text, replacement) = (text(row)?, replacement(row)?);
        if replacement.contains('$') {
            return Some(match regex.replace_all(text, replacement) {
                std::borrow::Cow::Borrowed(_) => text,
                std::borrow::Cow::Owned(changed) => row.text(&changed),
            });
        }
        // Without groups the pieces go straight to the arena.
        let mut matches = regex.find_iter(text).peekable();
        if matches.peek().is_none() {
            return Some(text);
        }
        let mut out = row.string(text.len());
        let mut rest = 0;
        for found in matches {
            out.push_str(text.get(rest..found.start()).unwrap_or_default());
            out.push_str(replacement);
            rest = found.end();
        }
        out.push_str(text.get(rest..).unwrap_or_default());
        Some(out.into_bump_str())
    }))
}
