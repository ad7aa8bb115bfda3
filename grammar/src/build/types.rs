//! Types as written.

use super::{Builder, P, take};
use crate::Span;
use crate::ast::{Annotation, Field, Name, TypeDeclaration, TypeExpr, TypeExprKind, TypeValue};
use crate::explain::Site;
use crate::parser::{Rule, parse_rule};

impl Builder<'_> {
    pub(super) fn type_declaration(&mut self, pair: P<'_>) -> Option<TypeDeclaration> {
        let mut children = pair.into_inner();
        take(&mut children, Rule::k_type)?;
        let name = self.name(children.next()?);
        let value = children.next()?;
        let value = match value.as_rule() {
            Rule::type_import => self.type_import(value)?,
            _ => TypeValue::Written(self.type_expr(value)),
        };
        Some(TypeDeclaration { name, value })
    }

    fn type_import(&mut self, pair: P<'_>) -> Option<TypeValue> {
        let span = self.span(&pair);
        let mut children = pair.into_inner();
        let keyword = children.next()?;
        if keyword.as_rule() == Rule::k_table {
            let connection = self.name(children.next()?);
            let table = self.text(children.next()?);
            return Some(TypeValue::Table { connection, table, span });
        }
        Some(TypeValue::Imported { format: self.name(keyword), from: self.text(children.next()?) })
    }

    pub(super) fn type_expr(&mut self, pair: P<'_>) -> TypeExpr {
        let mut span = self.span(&pair);
        let error = TypeExpr { kind: TypeExprKind::Error, optional: false, span };
        let mut children = pair.into_inner();
        let Some(atom) = children.next() else { return error };
        let (kind, inner_optional) = match atom.as_rule() {
            Rule::type_expr => {
                let inner = self.type_expr(atom);
                (inner.kind, inner.optional)
            }
            _ => (self.type_atom(atom).unwrap_or(TypeExprKind::Error), false),
        };
        let mut optional = inner_optional;
        if let Some(mark) = children.next() {
            span = span.to(self.exact(&mark));
            optional = true;
        }
        TypeExpr { kind, optional, span }
    }

    fn type_atom(&mut self, pair: P<'_>) -> Option<TypeExprKind> {
        let rule = pair.as_rule();
        if rule == Rule::name {
            return Some(TypeExprKind::Name(self.name(pair).text));
        }
        let mut children = pair.into_inner();
        Some(match rule {
            Rule::literal_set => TypeExprKind::Set(children.map(|value| self.text(value)).collect()),
            Rule::list_type => {
                take(&mut children, Rule::k_list)?;
                TypeExprKind::List(Box::new(self.type_expr(children.next()?)))
            }
            Rule::map_type => {
                take(&mut children, Rule::k_map)?;
                let key = self.type_expr(children.next()?);
                TypeExprKind::Map(Box::new(key), Box::new(self.type_expr(children.next()?)))
            }
            Rule::decimal_type => {
                take(&mut children, Rule::k_decimal)?;
                let precision = self.integer(&children.next()?);
                TypeExprKind::Decimal { precision, scale: self.integer(&children.next()?) }
            }
            Rule::record_type => {
                let mut fields = Vec::new();
                let mut reported = false;
                for child in children {
                    match child.as_rule() {
                        Rule::field_decl => fields.extend(self.field(child)),
                        Rule::doc => self.nothing_to_document(&child),
                        Rule::bad_entry => {
                            if !reported {
                                self.explain(Rule::field_only, &child, Site::Field, None);
                            }
                            reported = true;
                            fields.extend(self.bad_field(&child));
                        }
                        _ => {}
                    }
                }
                TypeExprKind::Record(fields)
            }
            _ => return None,
        })
    }

    fn field(&mut self, pair: P<'_>) -> Option<Field> {
        let end = self.span(&pair);
        let mut children = pair.into_inner();
        let doc = take(&mut children, Rule::doc).map(|doc| self.doc(doc));
        let name = self.name(children.next()?);
        let ty = self.type_expr(children.next()?);
        let default = take(&mut children, Rule::expr).map(|value| self.expr(value));
        let annotations = children.filter_map(|annotation| self.annotation(annotation)).collect();
        let span = name.span.to(end.after());
        Some(Field { doc, name, ty, default, annotations, span })
    }

    /// A field that could not be read keeps its name.
    fn bad_field(&self, pair: &P<'_>) -> Option<Field> {
        let text = pair.as_str();
        let blank = text.len() - text.trim_start().len();
        let len = parse_rule(Rule::name, text.trim_start())?.as_str().len();
        let start = self.base + pair.as_span().start() + blank;
        let span = Span::new(self.source, start, start + len);
        let name = Name { text: text.get(blank..blank + len)?.trim_matches('`').to_owned(), span };
        let ty = TypeExpr { kind: TypeExprKind::Error, optional: false, span };
        Some(Field { doc: None, name, ty, default: None, annotations: Vec::new(), span })
    }

    fn annotation(&mut self, pair: P<'_>) -> Option<Annotation> {
        let span = self.span(&pair);
        let mut children = pair.into_inner();
        let name = self.name(children.next()?);
        let args = take(&mut children, Rule::args).map(|args| self.args(args)).unwrap_or_default();
        Some(Annotation { name, args, span })
    }
}
