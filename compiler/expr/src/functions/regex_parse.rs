//! `regex_parse(x, pattern)`: a text to a record by a regular expression.

use pipewright_plan::{Base, Expr, Type};

use super::captures::Locations;
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::convert::{Out, write_json_string};
use crate::typing::TypeProblem;
use pipewright_plan::Field;

/// `regex_parse(x, pattern)`
pub static FUNCTION: Function = Function {
    name: "regex_parse",
    group: Group::Regex,
    doc: "The named groups of the first match as a record of strings; null if nothing matches. The groups may be null only if the pattern can match without them.",
    params: &[Param::required("x"), Param::required("pattern")],

    typing,
    compile,
    examples: &[
        Example::new("regex_parse(\"GET /a\", r\"(?<verb>\\w+) (?<path>\\S+)\")", "{ verb = \"GET\", path = \"/a\" }"),
        Example::new("regex_parse(\"?\", r\"(?<verb>\\w+) (?<path>\\S+)\")", "null"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text(args, 0)?;
    let Some(regex) = rules::regex(args, 1)? else { return Ok(Type::unknown()) };
    // All groups take part in every match: none of the fields can be null.
    let always = regex.static_captures_len() == Some(regex.captures_len());
    let fields: Vec<Field> = regex
        .capture_names()
        .flatten()
        .map(|name| Field::new(name, Type { base: Base::String, nullable: !always }))
        .collect();
    if fields.is_empty() {
        return Err(TypeProblem::new("bad-argument", "the pattern has no named groups, so the record would be empty")
            .at(1)
            .help("name a group: `(?<status>\\d+)`"));
    }
    Ok(rules::optional(args, Base::Record(fields)))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let pattern = call.literal_text(1)?.unwrap_or_default();
    let regex = regex::Regex::new(&pattern).map_err(|error| call.error(error.to_string()))?;
    let mut groups = Vec::new();
    for (number, name) in regex.capture_names().enumerate() {
        if let Some(name) = name {
            let mut key = Vec::new();
            write_json_string(name, &mut key);
            key.push(b':');
            groups.push((number, key));
        }
    }
    let text = call.text(0)?;
    let locations = Locations::new(&regex);
    Ok(Typed::of_text(move |row| {
        let text = text(row)?;
        locations.with(|places| {
            regex.captures_read(places, text)?;
            Some(row.written(|out| {
                for (position, (number, key)) in groups.iter().enumerate() {
                    out.put(if position == 0 { b"{" } else { b"," });
                    out.put(key);
                    match places.get(*number).and_then(|(start, end)| text.get(start..end)) {
                        Some(part) => write_json_string(part, out),
                        None => out.put(b"null"),
                    }
                }
                out.put(b"}");
            }))
        })
    }))
}
