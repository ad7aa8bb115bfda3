//! `regex_extract(x, pattern[, group])`: a part of a text by a regular expression.

use pipewright_plan::{Base, Expr, Type};

use super::captures::Locations;
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;
use crate::typing::literal_text_value;

/// `regex_extract(x, pattern[, group])`
pub static FUNCTION: Function = Function {
    name: "regex_extract",
    group: Group::Regex,
    doc: "What a group of the first match holds: the group by number or name, by default the first one, or the whole match if the pattern has no groups. Null if nothing matches.",
    params: &[Param::required("x"), Param::required("pattern"), Param::optional("group")],

    typing,
    compile,
    examples: &[
        Example::new("regex_extract(\"order 42\", r\"\\d+\")", "\"42\""),
        Example::new("regex_extract(\"k=v\", r\"(\\w)=(\\w)\", 2)", "\"v\""),
        Example::new("regex_extract(\"k=v\", r\"(?<key>\\w)=\", \"key\")", "\"k\""),
        Example::new("regex_extract(\"none\", r\"\\d+\")", "null"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text(args, 0)?;
    let regex = rules::regex(args, 1)?;
    if let (Some(regex), Some(group)) = (regex, rules::given(args, 2)) {
        if let Some(name) = literal_text_value(group) {
            if !regex.capture_names().flatten().any(|other| other == name) {
                let names: Vec<&str> = regex.capture_names().flatten().collect();
                let problem = TypeProblem::new("bad-argument", format!("the pattern has no group `{name}`")).at(2);
                return Err(if names.is_empty() {
                    problem.help(format!("name it: `(?<{name}>…)`"))
                } else {
                    problem.help(format!("its groups are `{}`", names.join("`, `")))
                });
            }
        } else {
            let number = rules::literal_number(args, 2, "the group")?.unwrap_or(0);
            if !usize::try_from(number).is_ok_and(|number| number < regex.captures_len()) {
                let groups = regex.captures_len() - 1;
                return Err(TypeProblem::new(
                    "bad-argument",
                    format!("the pattern has {groups} groups, no group {number}"),
                )
                .at(2)
                .help("0 is the whole match, 1 the first group"));
            }
        }
    }
    Ok(rules::optional(args, Base::String))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let pattern = call.literal_text(1)?.unwrap_or_default();
    let regex = regex::Regex::new(&pattern).map_err(|error| call.error(error.to_string()))?;
    let number = match call.args.get(2).and_then(literal_text_value) {
        Some(name) => regex.capture_names().position(|other| other == Some(name)),
        None => None,
    };
    let number = match number {
        Some(number) => number,
        None if call.args.get(2).is_some_and(|group| literal_text_value(group).is_some()) => {
            return Err(call.error("there is no such group"));
        }
        None => match call.literal_int(2)? {
            Some(number) => usize::try_from(number).unwrap_or(usize::MAX),
            None => usize::from(regex.captures_len() > 1),
        },
    };
    let text = call.text(0)?;
    if number == 0 {
        return Ok(Typed::of_text(move |row| Some(regex.find(text(row)?)?.as_str())));
    }
    let locations = Locations::new(&regex);
    Ok(Typed::of_text(move |row| {
        let text = text(row)?;
        locations.with(|places| {
            regex.captures_read(places, text)?;
            let (start, end) = places.get(number)?;
            text.get(start..end)
        })
    }))
}
