//! What people bring from other languages and the grammar cannot read: how it is said here.
//!
//! Knows words only: what was found, and what it stands in. A hint is given where the word can hardly mean anything else.

/// For something unexpected. `within`: "the step `derive`".
pub(crate) fn unexpected(found: &str, within: &str) -> Option<&'static str> {
    let step = within.starts_with("the step") || within.starts_with("the value");
    Some(match found.trim_matches('`') {
        "when" if step => "write `if CONDITION then A else B`, or `match x { \"a\" => 1, _ => 0 }`",
        "?" if step => "write `if CONDITION then A else B`",
        "as" if step => "casts are functions: `float64(x)`, `timestamp(x, \"format\")`",
        "ilike" | "ILIKE" => "write `lower(x) like \"…\"`",
        ">>" | "->" | "->>" => "a field of a record is `a.b`, a member of a map `a[\"b\"]`",
        "*" if within == "the step `select`" => "every field stays where there is no `select`; `drop` takes some away",
        "(" if within.starts_with("the field") => "a `string` has no length; exact numbers are `decimal(12, 2)`",
        "the end of the line" if within.starts_with("the transform") => {
            "each step begins with `|`: `| where amount > 0`"
        }
        "the end of the step" if within == "the step `join`" => {
            "`join` is not built yet in this version: leave it out for now"
        }
        text if step && text.starts_with('\'') => "text stands in double quotes; a duration is written `1d`, `10m`",
        _ => return None,
    })
}

/// For a step that does not exist.
pub(crate) fn step(word: &str) -> Option<&'static str> {
    Some(match word {
        "order" | "sort" => {
            "a table has no order: sort where you read it. Records keep the order of their partition key"
        }
        "limit" | "take" | "head" => "a stream has no first rows: keep records with `where`",
        "having" => "write another `| where …`",
        "map" | "project" | "with" | "extend" => "write `| derive x = …` to add fields, `| select …` to keep some",
        "union" | "merge" => "name both inputs: `transform NAME from A, B`",
        "distinct" | "unique" => "write `| as table by KEY`: the newest record of each key is its row",
        "explode" | "unnest" => "taking lists apart is not built yet in this version",
        _ => return None,
    })
}
