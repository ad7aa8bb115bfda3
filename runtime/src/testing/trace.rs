//! Where given records went: which step let them fall, what refused them. Found while they move, told when a row is missing.

use std::collections::BTreeSet;

use pipewright_expr::literal_text;
use pipewright_plan::{Extent, Literal, Origin, Plan, Schema, TestRow, TestRowKind};

use super::compare::same;
use super::outcome::{Because, RowsDiffer, Why};
use crate::record::DeadLetter;

/// More reasons than this are not read.
const SHOWN: usize = 5;

/// A given row, as far as reasons need it.
pub(super) struct GivenRow {
    node: String,
    origin: Origin,
    values: Vec<(String, Literal)>,
    /// `order_id = 2`
    name: String,
}

impl GivenRow {
    /// `read`: what a pasted record holds; nothing if it is bad.
    pub(super) fn new(plan: &Plan, node: &str, row: &TestRow, read: &[(String, Literal)]) -> Self {
        let schema = plan.topic(node).map(|it| &it.schema).or_else(|| plan.source(node).map(|it| &it.schema));
        let empty = Schema::default();
        let schema = schema.unwrap_or(&empty);
        let (values, name) = match &row.kind {
            TestRowKind::Value(values) | TestRowKind::Delete(values) => {
                let deletes = matches!(row.kind, TestRowKind::Delete(_));
                (
                    values.clone(),
                    format!("{}{}", if deletes { "delete " } else { "" }, name(plan, node, schema, values)),
                )
            }
            TestRowKind::Pasted(_) if !read.is_empty() => (read.to_vec(), name(plan, node, schema, read)),
            TestRowKind::Pasted(text) => {
                let text = String::from_utf8_lossy(text);
                let short: String = text.chars().take(40).collect();
                (vec![], format!("{short}{}", if short.len() < text.len() { "…" } else { "" }))
            }
            TestRowKind::Bytes(bytes) => {
                let text: String = String::from_utf8_lossy(bytes).chars().take(40).collect();
                (vec![], format!("bytes {text:?}"))
            }
        };
        Self { node: node.to_string(), origin: row.origin, values, name }
    }
}

/// By its key, or else by its first field.
fn name(plan: &Plan, node: &str, schema: &Schema, values: &[(String, Literal)]) -> String {
    let keys: Vec<&str> = match plan.topic(node).map(|it| &it.key) {
        Some(parts) if !parts.is_empty() => parts
            .iter()
            .filter_map(|it| match &it.kind {
                pipewright_plan::ExprKind::Column(name) => Some(name.as_str()),
                _ => None,
            })
            .collect(),
        _ => schema.fields.iter().filter(|it| it.key).map(|it| it.name.as_str()).collect(),
    };
    let named = |name: &&str| values.iter().find(|(it, _)| it == name);
    let mut shown: Vec<_> = keys.iter().filter_map(named).collect();
    if shown.is_empty() {
        shown = values.iter().take(1).collect();
    }
    let text = |(name, value): &&(String, Literal)| match schema.field(name) {
        Some(field) => {
            let text = literal_text(value, &field.ty);
            let short: String = text.chars().take(60).collect();
            format!("{name} = {short}{}", if short.len() < text.len() { "…" } else { "" })
        }
        None => name.clone(),
    };
    shown.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// What happened to given rows.
#[derive(Default)]
pub(super) struct Trace {
    /// Row and step id.
    fell: BTreeSet<(usize, String)>,
    /// Row and sink.
    deleted: BTreeSet<(usize, String)>,
}

impl Trace {
    pub(super) fn clear(&mut self) {
        self.fell.clear();
        self.deleted.clear();
    }

    pub(super) fn fell(&mut self, given: usize, step: String) {
        self.fell.insert((given, step));
    }

    pub(super) fn deleted(&mut self, given: usize, sink: &str) {
        self.deleted.insert((given, sink.to_string()));
    }
}

/// What explains the rows that are missing: the fate of given rows that have a value in common with one of them; of all rows
/// if none has.
pub(super) fn explain(
    plan: &Plan,
    differ: &RowsDiffer,
    expected: &[TestRow],
    given: &[GivenRow],
    trace: &Trace,
    letters: &[(&DeadLetter, usize)],
    inputs: &BTreeSet<String>,
) -> Vec<Because> {
    let missing: Vec<usize> =
        differ.pairs.iter().filter(|it| it.actual.is_none()).filter_map(|it| it.expected_row).collect();
    if missing.is_empty() || differ.extent == Extent::Nothing {
        return vec![];
    }
    let mut all: Vec<(usize, Why)> = Vec::new();
    for (letter, row) in letters {
        let bad = &letter.bad;
        let (name, reason, place) = (bad.name.to_string(), bad.reason.clone(), letter.place.clone());
        all.push((*row, Why::Bad { name, reason, place }));
    }
    for (row, step) in &trace.fell {
        if let Some(step) = find_step(plan, step).filter(|_| !all.iter().any(|(it, _)| it == row)) {
            all.push((*row, Why::Dropped { keyword: step.keyword.clone(), step: step.origin }));
        }
    }
    for (row, node) in trace.deleted.iter().filter(|(_, node)| node.trim_start_matches("expect ") == differ.node) {
        all.push((*row, Why::Deleted { node: node.trim_start_matches("expect ").to_string() }));
    }
    all.retain(|(row, _)| given.get(*row).is_some_and(|it| inputs.contains(&it.node)));
    all.sort_by_key(|(row, _)| *row);
    // Two stages that read one topic tell the same twice.
    all.dedup();
    let related = |row: usize| {
        given
            .get(row)
            .is_some_and(|row| missing.iter().filter_map(|at| expected.get(*at)).any(|it| shares(plan, row, it)))
    };
    if all.iter().any(|(row, _)| related(*row)) {
        all.retain(|(row, _)| related(*row));
    }
    let because = |(row, why): (usize, Why)| {
        let row = given.get(row)?;
        Some(Because { record: row.name.clone(), given: row.origin, why })
    };
    all.into_iter().take(SHOWN).filter_map(because).collect()
}

/// The best clue that a given row was meant to become an expected one: an equal key, or else an equal field.
fn shares(plan: &Plan, given: &GivenRow, expected: &TestRow) -> bool {
    let TestRowKind::Value(expected) = &expected.kind else { return false };
    let schema = plan.topic(&given.node).map(|it| &it.schema).or_else(|| plan.source(&given.node).map(|it| &it.schema));
    let Some(schema) = schema else { return false };
    let common = |key_only: bool| {
        expected.iter().filter_map(move |(name, value)| {
            let field = schema.field(name).filter(|it| !key_only || it.key)?;
            let (_, other) = given.values.iter().find(|(it, _)| it == name)?;
            Some(same(value, other, &field.ty))
        })
    };
    let mut keys = common(true).peekable();
    if keys.peek().is_some() { keys.all(|it| it) } else { common(false).any(|it| it) }
}

fn find_step<'p>(plan: &'p Plan, id: &str) -> Option<&'p pipewright_plan::Step> {
    let of_transforms = plan.transforms.iter().flat_map(|it| &it.steps);
    of_transforms.chain(plan.sources.iter().flat_map(|it| &it.steps)).find(|it| it.id == id)
}
