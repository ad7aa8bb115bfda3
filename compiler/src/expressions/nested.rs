//! Parts of a value: fields of records, members of lists and maps, and what Kafka knows of a record (`meta`).

use pipewright_expr::typing;
use pipewright_grammar::{Span, ast};
use pipewright_plan::{Base, Expr, ExprKind, Meta, Type};

use super::scope::{Names, Place};
use super::suggest::closest;
use super::{Checker, span_of};
use crate::diagnostics::{MetaNotHere, NotAList, NotARecord, UnknownField};
use crate::editor::facts::{AtCursor, CURSOR};

/// What stands behind `meta.`
const META: [&str; 5] = ["key", "partition", "offset", "timestamp", "headers"];

impl Checker<'_, '_> {
    /// `a.b`
    pub(super) fn member(&mut self, base: &ast::Expr, field: &ast::Name, span: Span, names: &Names) -> Expr {
        if is_meta(base, names) {
            if field.text == CURSOR {
                self.members(META.iter().map(|it| ((*it).to_string(), Type::unknown())).collect());
            }
            return self.meta(field, span, names);
        }
        let base = self.expr(base, names, None);
        if let (true, Base::Record(fields)) = (field.text == CURSOR, &base.ty.base) {
            self.members(fields.iter().map(|it| (it.name.clone(), it.ty.clone())).collect());
        }
        let Base::Record(fields) = &base.ty.base else {
            if !base.ty.is_unknown() {
                self.diagnostics.emit(NotARecord {
                    base: self.context.sources.text(span_of(&base)).to_owned(),
                    span: span_of(&base),
                    field: field.text.clone(),
                    ty: base.ty.clone(),
                    declared: self.declared(&base, names),
                });
            }
            return self.unknown(span);
        };
        let Some(found) = fields.iter().find(|it| it.name == field.text) else {
            self.diagnostics.emit(UnknownField {
                base: self.context.sources.text(span_of(&base)).to_owned(),
                name: field.text.clone(),
                span: field.span,
                closest: closest(&field.text, fields.iter().map(|it| it.name.as_str())),
                known: fields.iter().map(|it| it.name.clone()).collect(),
            });
            return self.unknown(span);
        };
        let nullable = base.ty.nullable || found.ty.nullable;
        let ty = Type { base: found.ty.base.clone(), nullable };
        self.typed(ExprKind::Field { base: Box::new(base), name: field.text.clone() }, ty, span)
    }

    /// Notes what may stand after the dot, where the cursor is.
    fn members(&self, names: Vec<(String, Type)>) {
        self.note(|facts| facts.at_cursor = Some(AtCursor { names, member: true, ..AtCursor::default() }));
    }

    /// `items[0]`, `labels["x"]`, `meta.headers["x"]`
    pub(super) fn index(&mut self, base: &ast::Expr, index: &ast::Expr, span: Span, names: &Names) -> Expr {
        if let ast::ExprKind::Member(root, field) = &base.kind
            && is_meta(root, names)
            && field.text == "headers"
        {
            return self.header(index, span, names);
        }
        let base = self.expr(base, names, None);
        let index_at = index.span;
        let index = self.expr(index, names, None);
        let (element, wanted) = match &base.ty.base {
            Base::List(element) => (element.base.clone(), Base::Int64),
            Base::Map(value) => (value.base.clone(), Base::String),
            Base::Unknown => return self.unknown(span),
            _ => {
                self.diagnostics.emit(NotAList {
                    base: self.context.sources.text(span_of(&base)).to_owned(),
                    span: span_of(&base),
                    ty: base.ty.clone(),
                    declared: self.declared(&base, names),
                });
                return self.unknown(span);
            }
        };
        let nullable_index = Type { base: wanted, nullable: index.ty.nullable };
        let index = self.assign(Expr { origin: self.context.sources.origin(index_at), ..index }, &nullable_index, None);
        if index.ty.is_unknown() {
            return self.unknown(span);
        }
        // Out of range, and an absent key, are null.
        self.typed(ExprKind::Index { base: Box::new(base), index: Box::new(index) }, element.optional(), span)
    }

    fn meta(&mut self, field: &ast::Name, span: Span, names: &Names) -> Expr {
        let (meta, ty) = match field.text.as_str() {
            "key" => (Meta::Key, Base::Bytes.optional()),
            "partition" => (Meta::Partition, Base::Int32.required()),
            "offset" => (Meta::Offset, Base::Int64.required()),
            "timestamp" => (Meta::Timestamp, Base::Timestamp.optional()),
            "headers" => {
                self.diagnostics.emit(NotAList {
                    base: "meta.headers".into(),
                    span,
                    ty: Type::unknown(),
                    declared: None,
                });
                return self.unknown(span);
            }
            _ => {
                self.diagnostics.emit(UnknownField {
                    base: "meta".into(),
                    name: field.text.clone(),
                    span: field.span,
                    closest: closest(&field.text, META),
                    known: META.iter().map(|it| (*it).to_owned()).collect(),
                });
                return self.unknown(span);
            }
        };
        self.meta_value(meta, ty, span, names)
    }

    fn header(&mut self, index: &ast::Expr, span: Span, names: &Names) -> Expr {
        let key = self.expr(index, names, None);
        if key.ty.is_unknown() {
            return self.unknown(span);
        }
        let Some(name) = typing::literal_text_value(&key) else {
            self.not_constant(index.span, "the name of a header", "meta.headers[\"trace-id\"]");
            return self.unknown(span);
        };
        self.meta_value(Meta::Header(name.to_owned()), Base::Bytes.optional(), span, names)
    }

    fn meta_value(&mut self, meta: Meta, mut ty: Type, span: Span, names: &Names) -> Expr {
        if !names.scope.meta || names.place != Place::Step {
            self.diagnostics.emit(MetaNotHere {
                span,
                ended: names.scope.meta_ended,
                in_function: names.place == Place::Function,
            });
            return self.unknown(span);
        }
        if names.scope.meta_known.contains(&meta) {
            ty.nullable = false;
        }
        self.typed(ExprKind::Meta(meta), ty, span)
    }
}

/// `meta`, unless a field of that name hides it.
fn is_meta(base: &ast::Expr, names: &Names) -> bool {
    match &base.kind {
        ast::ExprKind::Name(name) => {
            name.text == "meta"
                && names.scope.column("meta").is_none()
                && !names.locals.iter().any(|local| local.name == "meta")
        }
        _ => false,
    }
}
