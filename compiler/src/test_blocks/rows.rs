//! Rows of tests: a given row is whole, an expected one names what is compared. A given row that is a JSON object, for a
//! node whose format is JSON, is the record itself: only its decoder says whether it is good, as in a run.

use std::collections::BTreeMap;

use pipewright_expr::literal_from_json;
use pipewright_grammar::{Span, ast, is_json_object};
use pipewright_plan::{Field, Literal, Schema, TestRow, TestRowKind};

use super::{Checker, Named};
use crate::{
    diagnostics::{DuplicateField, MisplacedTestRow, MissingTestField, UnknownField},
    expressions::closest,
};

impl Checker<'_, '_> {
    /// `None`: broken, and reported.
    pub(super) fn given_row(&mut self, row: &ast::Row, node: &ast::Name, named: &Named) -> Option<TestRow> {
        let (kind, span) = match row {
            ast::Row::Value(record) if named.pasted && is_json_object(self.context.sources.text(record.span)) => {
                let text = self.context.sources.text(record.span);
                (TestRowKind::Pasted(text.as_bytes().to_vec()), record.span)
            }
            ast::Row::Value(record) => {
                let mut values = self.fields(record, &named.schema.fields, &node.text)?;
                let missing = self.missing(record, &named.schema.fields, &values);
                if !missing.is_empty() {
                    self.diagnostics.emit(MissingTestField { node: node.text.clone(), missing, span: record.span });
                    return None;
                }
                let left_out = |field: &Field| {
                    let default = field.default.as_deref().and_then(|json| literal_from_json(json, &field.ty));
                    (field.name.clone(), default.unwrap_or(Literal::Null))
                };
                let all = named.schema.fields.iter().map(|field| {
                    let at = values.iter().position(|(name, _)| *name == field.name);
                    at.map_or_else(|| left_out(field), |at| values.swap_remove(at))
                });
                (TestRowKind::Value(all.collect()), record.span)
            }
            ast::Row::Delete(record) => {
                let Some(key) = &named.delete else {
                    let message = format!("`{}` has no deletes", node.text);
                    let help = if named.is_topic {
                        "a delete is for a topic that is a changelog: `kind = changelog` or `cleanup = compact`"
                    } else {
                        "a source brings whole records"
                    };
                    self.diagnostics.emit(MisplacedTestRow { span: record.span, message, help: help.into() });
                    return None;
                };
                let of_key = |it: &&Field| key.contains(&it.name);
                let fields: Vec<Field> = named.schema.fields.iter().filter(of_key).cloned().collect();
                let values = self.fields(record, &fields, &format!("the key of {}", node.text))?;
                let missing = self.missing(record, &fields, &values);
                if !missing.is_empty() {
                    self.diagnostics.emit(MissingTestField { node: node.text.clone(), missing, span: record.span });
                    return None;
                }
                (TestRowKind::Delete(values), record.span)
            }
            ast::Row::Bytes(text) => (TestRowKind::Bytes(text.value.clone().into_bytes()), text.span),
        };
        Some(TestRow { kind, origin: self.context.origin(span) })
    }

    pub(super) fn expected_row(&mut self, row: &ast::Row, node: &ast::Name, schema: &Schema) -> Option<TestRow> {
        let mut misplaced = |span: Span, message: &str, help: String| {
            self.diagnostics.emit(MisplacedTestRow { span, message: message.into(), help });
        };
        let record = match row {
            ast::Row::Value(record) => record,
            ast::Row::Delete(record) => {
                let help = format!(
                    "what is expected of `{}` are the rows that are left: leave the deleted one out",
                    node.text
                );
                misplaced(record.span, "a delete cannot be expected", help);
                return None;
            }
            ast::Row::Bytes(text) => {
                misplaced(text.span, "bytes cannot be expected", "name the fields of the row: `{ id = 1 }`".into());
                return None;
            }
        };
        let values = self.fields(record, &schema.fields, &node.text)?;
        Some(TestRow { kind: TestRowKind::Value(values), origin: self.context.origin(record.span) })
    }

    /// The fields of a row with their values, in the order written. `None`: something is wrong, and reported.
    fn fields(&mut self, record: &ast::Record, fields: &[Field], owner: &str) -> Option<Vec<(String, Literal)>> {
        let mut values = vec![];
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        let mut whole = !record.incomplete;
        for entry in &record.entries {
            let name = &entry.name;
            // A pasted JSON object has the names of the wire.
            let named = fields.iter().find(|it| it.name == name.text);
            let field = named.or_else(|| fields.iter().find(|it| it.wire_name() == name.text));
            let Some(field) = field else {
                self.diagnostics.emit(UnknownField {
                    base: owner.to_string(),
                    name: name.text.clone(),
                    span: name.span,
                    closest: closest(&name.text, fields.iter().map(|it| it.name.as_str())),
                    known: fields.iter().map(|it| it.name.clone()).collect(),
                });
                whole = false;
                continue;
            };
            if let Some(first) = seen.insert(field.name.clone(), name.span) {
                let (name, span) = (name.text.clone(), name.span);
                self.diagnostics.emit(DuplicateField { what: "field", name, span, first });
                whole = false;
                continue;
            }
            match self.value(&entry.value, &field.ty) {
                Some(value) => values.push((field.name.clone(), value)),
                None => whole = false,
            }
        }
        whole.then_some(values)
    }

    /// Fields without a value that must have one.
    fn missing(&self, record: &ast::Record, fields: &[Field], values: &[(String, Literal)]) -> Vec<Field> {
        let can_be_left_out = |it: &Field| it.ty.nullable || it.default.is_some();
        let is_missing = |it: &&Field| !can_be_left_out(it) && !values.iter().any(|(name, _)| *name == it.name);
        if record.incomplete { vec![] } else { fields.iter().filter(is_missing).cloned().collect() }
    }
}
