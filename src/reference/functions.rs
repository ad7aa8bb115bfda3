//! The reference of functions.

use pipewright_expr::functions::{Function, Group};

use super::GENERATED;
use crate::program::registry;

const GROUPS: &[(Group, &str)] = &[
    (Group::Conversion, "Casts"),
    (Group::Strings, "Text"),
    (Group::Numbers, "Numbers"),
    (Group::Time, "Time"),
    (Group::Logic, "Nulls and failure"),
    (Group::Regex, "Regular expressions"),
    (Group::Hashing, "Digests and encodings"),
    (Group::Json, "JSON and nested data"),
    (Group::Generated, "Values that differ from call to call"),
];

pub(super) fn document() -> String {
    let mut out = format!(
        "{GENERATED}# Functions\n\nA null argument makes the result null unless the function says otherwise. Brackets mark \
         arguments that may be left out,\n`…` one that may be repeated; an argument may be given by name. Every example runs \
         as a test; `error` means that the\nrecord becomes a bad record.\n"
    );
    for (group, title) in GROUPS {
        let functions: Vec<_> = registry().functions.iter().filter(|it| it.group == *group).collect();
        if functions.is_empty() {
            continue;
        }
        out.push_str(&format!("\n## {title}\n"));
        for function in functions {
            out.push_str(&format!("\n### `{}`\n\n{}\n", signature(function), page(function).trim()));
        }
    }
    out
}

/// `round(x[, digits])`
pub(super) fn signature(function: &Function) -> String {
    let mut out = format!("{}(", function.name);
    for (at, param) in function.params.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        out.push_str(&if param.optional {
            format!("[{comma}{}]", param.name)
        } else {
            format!("{comma}{}", param.name)
        });
    }
    if function.variadic {
        out.push_str(", …");
    }
    out.push(')');
    out
}

pub(super) fn page(function: &Function) -> String {
    let mut out = format!("{}\n", function.doc.trim());
    if !function.deterministic {
        out.push_str("\nIts value differs from call to call.\n");
    }
    if !function.examples.is_empty() {
        let width = function.examples.iter().map(|it| it.call.chars().count()).max().unwrap_or(0);
        out.push_str("\n```\n");
        for example in function.examples {
            out.push_str(&format!("{:width$}  = {}\n", example.call, example.result));
        }
        out.push_str("```\n");
    }
    out
}
