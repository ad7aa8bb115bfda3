//! Positions as text and as JSON, and what a change of them means for the rows.

use pipewright_plan::{Plan, Write};
use pipewright_runtime::run::positions::{Changed, Kind, Place, Position, Request, To};
use serde_json::{Value, json};

use super::grouped;

/// As it is typed: `orders[3]`, or a file.
fn place(it: &Place) -> String {
    match it {
        Place::Partition(topic, partition) => format!("{topic}[{partition}]"),
        Place::File(file) if file == "-" => "the standard input".to_string(),
        Place::File(file) => file.clone(),
    }
}

fn number(it: Option<i64>) -> String {
    it.map_or_else(|| "-".to_string(), |it| grouped(it.unsigned_abs()))
}

/// One line each, in columns.
pub fn table(all: &[Position]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let head = ["stage or source", "of", "position", "end", "behind", "when", ""].map(str::to_string);
    let mut lines = vec![head];
    for it in all {
        let when = it.when.clone().unwrap_or_else(|| "-".to_string());
        let note = it.note.clone().unwrap_or_default();
        let numbers = [it.at, it.end, it.behind].map(number);
        let [at, end, behind] = numbers;
        lines.push([it.name.clone(), place(&it.place), at, end, behind, when, note]);
    }
    columns(&lines)
}

/// Numbers to the right, text to the left.
fn columns(lines: &[[String; 7]]) -> String {
    let mut out = String::new();
    for line in lines {
        let mut text = String::new();
        for (index, cell) in line.iter().enumerate() {
            let width = lines.iter().filter_map(|it| it.get(index)).map(|it| it.chars().count()).max().unwrap_or(0);
            let cell = match index {
                2..=4 => format!("{cell:>width$}  "),
                _ => format!("{cell:<width$}  "),
            };
            text.push_str(&cell);
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

/// One document.
pub fn json(all: &[Position]) -> String {
    let entry = |it: &Position| {
        let (kind, topic, partition, file) = match &it.place {
            Place::Partition(topic, partition) => ("stage", Some(topic), Some(partition), None),
            Place::File(file) => ("source", None, None, Some(file)),
        };
        json!({
            "kind": kind, "name": it.name, "topic": topic, "partition": partition, "file": file, "position": it.at,
            "end": it.end, "behind": it.behind, "when": it.when, "note": it.note,
        })
    };
    format!("{:#}\n", Value::Array(all.iter().map(entry).collect()))
}

/// Before and after.
pub fn done(changed: &Changed) -> String {
    let text = |at: Option<i64>, none: &str| at.map_or_else(|| none.to_string(), |it| grouped(it.unsigned_abs()));
    let lines: Vec<_> = changed
        .moves
        .iter()
        .map(|(it, before, after)| [place(it), text(*before, "none"), text(*after, "none")])
        .collect();
    let width = |index: usize| {
        lines.iter().filter_map(|it| it.get(index)).map(|it| it.chars().count()).max().unwrap_or_default()
    };
    let (first, second) = (width(0), width(1));
    lines.iter().map(|[place, before, after]| format!("  {place:<first$}  {before:>second$} -> {after}\n")).collect()
}

/// What is going to happen, and what it means.
pub fn proposal(plan: &Plan, request: &Request, changed: &Changed) -> String {
    let what = match changed.kind {
        Kind::Stage => "stage",
        Kind::Source if plan.source(&request.name).is_some() => "source",
        Kind::Source => "stage",
    };
    let does = match (request.to, &request.file) {
        (To::Start(_), None) => "begins anew",
        (To::Start(_), Some(_)) => "reads a file again from its beginning",
        (To::Offset(_), _) => "goes on elsewhere",
        (To::End, _) => "counts a file as read",
    };
    let mut out = format!("{what} `{}` {does}:\n{}", request.name, done(changed));
    let back = changed.moves.iter().any(|(_, before, after)| before.is_none_or(|it| after.is_none_or(|to| to < it)));
    let forth = changed.moves.iter().any(|(_, before, after)| after.is_some_and(|to| before.is_some_and(|it| to > it)));
    if request.to == To::End {
        out.push_str("- what was not read of it never will be\n");
    } else if back {
        again(&mut out, plan, changed);
    }
    if forth && request.to != To::End {
        out.push_str("- the records that are left out between are never stored\n");
    }
    out.push_str(if changed.embedded {
        "- a run that goes on now ends with `fenced`, and stores nothing any more\n"
    } else {
        "- a run that goes on now finds its next transaction refused, stores nothing of it, and goes on from there\n"
    });
    out
}

fn again(out: &mut String, plan: &Plan, changed: &Changed) {
    if changed.kind == Kind::Source && !changed.embedded {
        out.push_str("- its records are written to its topics once more, and every reader of these gets them again\n");
    }
    let sinks = changed.stages.iter().filter_map(|it| plan.stages.get(*it)).flat_map(|it| &it.sinks);
    for sink in sinks.filter_map(|it| plan.sink(it)) {
        let table = format!("{}.{}", sink.connection, sink.table);
        out.push_str(&match &sink.write {
            Write::Append => {
                format!("- rows that `{table}` has are appended once more, unless they are deleted before\n")
            }
            Write::Upsert { version: Some(version), .. } => {
                format!("- rows of `{table}` stay unless their `{version}` is newer\n")
            }
            Write::Upsert { .. } => {
                format!("- rows of `{table}` may go back to older versions, until the end is reached again\n")
            }
        });
    }
}
