//! `[a, b]` and `{ a = 1 }`.

use std::collections::BTreeMap;

use pipewright_grammar::{Span, ast};
use pipewright_plan::{Base, Expr, ExprKind, Field, Literal, Type};

use super::scope::Names;
use super::suggest::closest;
use super::{Checker, Refusal};
use crate::diagnostics::{DuplicateField, TypeMismatch, UnknownField};

impl Checker<'_, '_> {
    pub(super) fn list(&mut self, items: &[ast::Expr], span: Span, names: &Names, hint: Option<&Type>) -> Expr {
        let element = match hint.map(|ty| &ty.base) {
            Some(Base::List(element)) => Some(&**element),
            _ => None,
        };
        let mut values = vec![];
        for item in items {
            let value = self.expr(item, names, element);
            values.push(match element {
                Some(element) => self.assign(value, element, None),
                None => value,
            });
        }
        match (element, self.unify(values, "the members of this list", span, names)) {
            (Some(element), Some((values, _))) => {
                self.typed(ExprKind::List(values), Base::List(Box::new(element.clone())).required(), span)
            }
            (None, Some((values, ty))) => self.typed(ExprKind::List(values), Base::List(Box::new(ty)).required(), span),
            (_, None) => self.unknown(span),
        }
    }

    pub(super) fn record(&mut self, record: &ast::Record, names: &Names, hint: Option<&Type>) -> Expr {
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        let mut entries: Vec<(&ast::Name, &ast::Expr)> = vec![];
        let mut fits = !record.incomplete;
        for entry in &record.entries {
            let name = &entry.name;
            if let Some(first) = seen.insert(&name.text, name.span) {
                let (name, span) = (name.text.clone(), name.span);
                self.diagnostics.emit(DuplicateField { what: "field", name, span, first });
                fits = false;
            } else {
                entries.push((name, &entry.value));
            }
        }
        let result = match hint.map(|ty| &ty.base) {
            Some(Base::Record(fields)) => self.record_of(fields, &entries, record, names),
            _ => self.free_record(&entries, record.span, names),
        };
        if fits { result } else { self.unknown(record.span) }
    }

    fn free_record(&mut self, entries: &[(&ast::Name, &ast::Expr)], span: Span, names: &Names) -> Expr {
        let mut values = vec![];
        for (name, value) in entries {
            values.push((name.text.clone(), self.expr(value, names, None)));
        }
        if values.iter().any(|(_, value)| value.ty.is_unknown()) {
            return self.unknown(span);
        }
        let fields = values.iter().map(|(name, value)| Field::new(name.clone(), value.ty.clone())).collect();
        self.typed(ExprKind::Record(values), Base::Record(fields).required(), span)
    }

    /// A record whose fields are declared: in their order, each of its type; what may be null may be left out.
    fn record_of(
        &mut self,
        fields: &[Field],
        entries: &[(&ast::Name, &ast::Expr)],
        record: &ast::Record,
        names: &Names,
    ) -> Expr {
        let mut fits = true;
        for (name, value) in entries {
            if fields.iter().any(|field| field.name == name.text) {
                continue;
            }
            self.diagnostics.emit(UnknownField {
                base: String::new(),
                name: name.text.clone(),
                span: name.span,
                closest: closest(&name.text, fields.iter().map(|field| field.name.as_str())),
                known: fields.iter().map(|field| field.name.clone()).collect(),
            });
            self.expr(value, names, None);
            fits = false;
        }
        let mut values = vec![];
        for field in fields {
            let given = entries.iter().find(|(name, _)| name.text == field.name);
            let value = match given {
                Some((_, value)) => {
                    let value = self.expr(value, names, Some(&field.ty));
                    self.assign(value, &field.ty, None)
                }
                None if field.ty.nullable => {
                    self.typed(ExprKind::Literal(Literal::Null), field.ty.clone(), record.span)
                }
                None => {
                    // An entry that could not be read may have been this one.
                    if !record.incomplete && fits {
                        let mut refusal = Refusal::new(record.span, format!("the field `{}` is missing", field.name));
                        refusal.help = Some(format!("add `{} = …` (`{}`)", field.name, field.ty));
                        self.diagnostics.emit(TypeMismatch(refusal));
                    }
                    self.unknown(record.span)
                }
            };
            fits &= !value.ty.is_unknown();
            values.push((field.name.clone(), value));
        }
        if fits {
            self.typed(ExprKind::Record(values), Base::Record(fields.to_vec()).required(), record.span)
        } else {
            self.unknown(record.span)
        }
    }
}
