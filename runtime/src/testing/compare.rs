//! Expected rows against those that are there: as a multiset, over the fields that are named, in order per key.

use bumpalo::Bump;
use pipewright_expr::{literal_text, nested};
use pipewright_plan::{Base, DEAD_LETTERS, Extent, Literal, Schema, TestRow, TestRowKind, Type};

use super::outcome::{Cell, RowsDiffer};

/// The rows that are there.
pub(super) struct Found {
    pub(super) schema: Schema,
    pub(super) rows: Vec<Vec<Literal>>,
    /// Rows with equal values of these fields have an order; none: no order.
    pub(super) order_by: Vec<String>,
}

/// An expected row and the one that is there, beside one another.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// What was expected.
    pub expected: Option<Vec<Cell>>,
    /// What is there: the fields that some row names.
    pub actual: Option<Vec<Cell>>,
    /// Which row of the `expect`.
    pub(super) expected_row: Option<usize>,
}

impl Pair {
    /// Both are there, and no field differs.
    pub fn is_equal(&self) -> bool {
        let same = |cells: &Option<Vec<Cell>>| cells.as_ref().is_some_and(|it| it.iter().all(|cell| cell.same));
        same(&self.expected) && same(&self.actual)
    }
}

/// Two values of a type are one value.
pub(super) fn same(a: &Literal, b: &Literal, ty: &Type) -> bool {
    match (a, b) {
        (Literal::Float(a), Literal::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
        (Literal::Text(a), Literal::Text(b)) => match &ty.base {
            Base::List(_) | Base::Map(_) | Base::Record(_) => nested::equal_json(a, b, &ty.base, &Bump::new()),
            Base::Json => {
                let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
                a == b || value(a).zip(value(b)).is_some_and(|(a, b)| a == b)
            }
            _ => a == b,
        },
        _ => a == b,
    }
}

/// The fields that an expected row names.
type Named<'r> = &'r [(String, Literal)];

struct Matching<'r> {
    expected: Vec<Named<'r>>,
    found: &'r Found,
    /// Expected row to actual row.
    to: Vec<Option<usize>>,
    /// Actual row to expected row.
    from: Vec<Option<usize>>,
}

/// Beyond this many rows a match that was made is not moved again: enough for what a person writes.
const AUGMENTED: usize = 2_000;

impl Matching<'_> {
    fn fits(&self, expected: usize, actual: usize) -> bool {
        let (Some(expected), Some(actual)) = (self.expected.get(expected), self.found.rows.get(actual)) else {
            return false;
        };
        self.common(expected, actual) == expected.len()
    }

    /// How many of the named fields are the same.
    fn common(&self, expected: Named<'_>, actual: &[Literal]) -> usize {
        let is_same = |(name, value): &&(String, Literal)| {
            let at = self.found.schema.position(name);
            let field = at.and_then(|at| self.found.schema.fields.get(at));
            let cell = at.and_then(|at| actual.get(at));
            field.zip(cell).is_some_and(|(field, cell)| same(value, cell, &field.ty))
        };
        expected.iter().filter(is_same).count()
    }

    fn link(&mut self, expected: usize, actual: usize) {
        if let (Some(to), Some(from)) = (self.to.get_mut(expected), self.from.get_mut(actual)) {
            *to = Some(actual);
            *from = Some(expected);
        }
    }

    /// Finds a row for an expected one; rows that others have are taken over if those find another.
    fn augment(&mut self, start: usize) {
        let mut visited = vec![false; self.from.len()];
        // The path back: which expected row asked for an actual one.
        let mut asked: Vec<Option<usize>> = vec![None; self.from.len()];
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(expected) = queue.pop_front() {
            for actual in 0..self.from.len() {
                if visited.get(actual).copied().unwrap_or(true) || !self.fits(expected, actual) {
                    continue;
                }
                if let (Some(seen), Some(by)) = (visited.get_mut(actual), asked.get_mut(actual)) {
                    *seen = true;
                    *by = Some(expected);
                }
                match self.from.get(actual).copied().flatten() {
                    Some(other) if self.expected.len() <= AUGMENTED => queue.push_back(other),
                    Some(_) => {}
                    None => {
                        let mut free = Some(actual);
                        while let Some(actual) = free {
                            let Some(by) = asked.get(actual).copied().flatten() else { return };
                            free = self.to.get(by).copied().flatten();
                            self.link(by, actual);
                            if by == start {
                                return;
                            }
                        }
                        return;
                    }
                }
            }
        }
    }

    fn key(&self, actual: usize) -> Vec<&Literal> {
        let at = self.found.order_by.iter().filter_map(|name| self.found.schema.position(name));
        at.filter_map(|at| self.found.rows.get(actual)?.get(at)).collect()
    }

    /// Keys whose rows are matched out of order, after rows that fit both ways were exchanged.
    fn disordered(&mut self) -> Vec<String> {
        if self.found.order_by.is_empty() {
            return vec![];
        }
        let mut broken = Vec::new();
        for later in 0..self.to.len() {
            for earlier in 0..later {
                let places = self.to.get(earlier).copied().flatten().zip(self.to.get(later).copied().flatten());
                let Some((first, second)) = places.filter(|(first, second)| first > second) else { continue };
                if self.key(first) != self.key(second) {
                    continue;
                }
                if self.fits(earlier, second) && self.fits(later, first) {
                    self.link(earlier, second);
                    self.link(later, first);
                    continue;
                }
                let named = self.found.order_by.iter().zip(self.key(first)).map(|(name, value)| {
                    let ty = self.found.schema.field(name).map(|it| it.ty.clone());
                    format!("{name} = {}", ty.map_or_else(String::new, |ty| literal_text(value, &ty)))
                });
                let named = named.collect::<Vec<_>>().join(", ");
                if !broken.contains(&named) {
                    broken.push(named);
                }
            }
        }
        broken
    }

    fn cells(&self, row: &[Literal], fields: &[String], other: Option<Named<'_>>) -> Vec<Cell> {
        let cell = |name: &String| {
            let at = self.found.schema.position(name)?;
            let (field, value) = (self.found.schema.fields.get(at)?, row.get(at)?);
            let named = other.and_then(|it| it.iter().find(|(it, _)| it == name));
            let same = named.is_none_or(|(_, it)| same(it, value, &field.ty));
            Some(Cell { field: name.clone(), text: literal_text(value, &field.ty), same })
        };
        fields.iter().filter_map(cell).collect()
    }

    fn expected_cells(&self, row: Named<'_>, other: Option<&[Literal]>) -> Vec<Cell> {
        let cell = |(name, value): &(String, Literal)| {
            let at = self.found.schema.position(name)?;
            let field = self.found.schema.fields.get(at)?;
            let same = other.and_then(|it| it.get(at)).is_none_or(|it| same(value, it, &field.ty));
            Some(Cell { field: name.clone(), text: literal_text(value, &field.ty), same })
        };
        row.iter().filter_map(cell).collect()
    }
}

/// `None`: as expected.
pub(super) fn compare(node: &str, extent: Extent, rows: &[TestRow], found: &Found) -> Option<RowsDiffer> {
    let expected: Vec<Named<'_>> = rows
        .iter()
        .map(|row| match &row.kind {
            TestRowKind::Value(values) | TestRowKind::Delete(values) => values.as_slice(),
            TestRowKind::Pasted(_) | TestRowKind::Bytes(_) => &[][..],
        })
        .collect();
    let (to, from) = (vec![None; expected.len()], vec![None; found.rows.len()]);
    let mut matching = Matching { expected, found, to, from };
    for row in 0..rows.len() {
        matching.augment(row);
    }
    let missing = matching.to.iter().any(Option::is_none);
    let extra = matching.from.iter().any(Option::is_none) && extent != Extent::Contains;
    let order = if missing { vec![] } else { matching.disordered() };
    if !missing && !extra && order.is_empty() {
        return None;
    }
    let pairs = pairs(node, &matching, extent);
    Some(RowsDiffer { node: node.to_string(), extent, pairs, order, because: vec![] })
}

/// Rows that match beside one another, then those that do not beside the one most like them.
fn pairs(node: &str, matching: &Matching<'_>, extent: Extent) -> Vec<Pair> {
    let found = matching.found;
    let mut fields: Vec<String> = Vec::new();
    for (name, _) in matching.expected.iter().flat_map(|it| it.iter()) {
        if !fields.contains(name) {
            fields.push(name.clone());
        }
    }
    if fields.is_empty() {
        let holds = |at: usize| found.rows.iter().any(|row| row.get(at).is_some_and(|it| *it != Literal::Null));
        let columns = found.schema.fields.iter().enumerate();
        let names = columns.filter(|(at, _)| node == DEAD_LETTERS || holds(*at)).map(|(_, it)| it.name.clone());
        // Of a dead letter: name, reason, node and step. Of other rows what is not null everywhere.
        fields = if node == DEAD_LETTERS { names.take(4).collect() } else { names.collect() };
    }
    let mut left: Vec<usize> = (0..found.rows.len()).filter(|at| matching.from.get(*at) == Some(&None)).collect();
    let mut pairs = Vec::new();
    for (number, expected) in matching.expected.iter().enumerate() {
        let partner = matching.to.get(number).copied().flatten().or_else(|| {
            let alike = left.iter().enumerate().filter_map(|(place, at)| {
                let common = matching.common(expected, found.rows.get(*at)?);
                (common > 0).then_some((common, std::cmp::Reverse(place)))
            });
            let (_, std::cmp::Reverse(place)) = alike.max()?;
            (extent != Extent::Contains).then(|| left.remove(place))
        });
        let actual = partner.and_then(|at| found.rows.get(at));
        pairs.push(Pair {
            expected: Some(matching.expected_cells(expected, actual.map(Vec::as_slice))),
            actual: actual.map(|row| matching.cells(row, &fields, Some(expected))),
            expected_row: Some(number),
        });
    }
    if extent != Extent::Contains {
        for at in left {
            let row = found.rows.get(at).map(|row| matching.cells(row, &fields, None));
            pairs.push(Pair { expected: None, actual: row, expected_row: None });
        }
    }
    pairs
}
