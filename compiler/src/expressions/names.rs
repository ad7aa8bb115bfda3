//! What a name stands for: a parameter of the function, a field, or a parameter of the program.

use pipewright_grammar::{Span, ast};
use pipewright_plan::{Base, Expr, ExprKind, Literal, Type};

use super::Checker;
use super::scope::{Names, Place};
use super::suggest::closest;
use crate::diagnostics::{MissingParentheses, UnknownColumn};
use crate::editor::facts::{AtCursor, CURSOR, Use};

impl Checker<'_, '_> {
    pub(super) fn name(&mut self, name: &ast::Name, names: &Names, hint: Option<&Type>) -> Expr {
        self.at_cursor(name, names, hint);
        if let Some(found) = self.resolve(name, names) {
            return found;
        }
        if self.is_function(&name.text) {
            let library = self.context.registry.function(&name.text);
            let no_arguments = match library {
                Some(function) => function.params.iter().all(|param| param.optional),
                None => self.context.functions.get(&name.text).is_some_and(|function| function.params.is_empty()),
            };
            self.diagnostics.emit(MissingParentheses { name: name.text.clone(), span: name.span, no_arguments });
        } else {
            self.unknown_column(name, names, hint);
        }
        self.unknown(name.span)
    }

    fn resolve(&self, name: &ast::Name, names: &Names) -> Option<Expr> {
        if let Some(local) = names.locals.iter().find(|local| local.name == name.text) {
            self.note(|facts| facts.note_use(name.span, Use::Local(local.declared)));
            return Some(self.typed(ExprKind::Local(local.number), local.ty.clone(), name.span));
        }
        if let Some(column) = names.scope.column(&name.text) {
            let field = column.declared.map_or_else(|| Use::Bare(name.text.clone()), Use::Field);
            self.note(|facts| facts.note_use(name.span, field));
            return Some(self.typed(ExprKind::Column(name.text.clone()), column.ty.clone(), name.span));
        }
        let param = self.context.params.get(&name.text)?;
        self.note(|facts| facts.note_use(name.span, Use::Param));
        Some(match &param.value {
            Some(value) if !param.ty.is_unknown() => self.param(value, &param.ty, name.span),
            // Its type is known, its value is not: nothing can be built on it, and that has been said where it stands.
            _ => self.unknown(name.span),
        })
    }

    /// A parameter of the program. The value of a number must not change the types around it as a literal's would:
    /// wrapped, it counts by its declared type. So does null.
    fn param(&self, value: &Literal, ty: &Type, span: Span) -> Expr {
        let literal = self.typed(ExprKind::Literal(value.clone()), ty.clone(), span);
        if ty.base.is_number() || *value == Literal::Null {
            self.typed(ExprKind::Widen(Box::new(literal)), ty.clone(), span)
        } else {
            literal
        }
    }

    /// Notes what could be named, if this is the word that stands for the cursor.
    fn at_cursor(&self, name: &ast::Name, names: &Names, hint: Option<&Type>) {
        if name.text != CURSOR {
            return;
        }
        self.note(|facts| {
            let locals = names.locals.iter().map(|local| (local.name.clone(), local.ty.clone()));
            let columns = names.scope.columns().iter().map(|column| (column.name.clone(), column.ty.clone()));
            facts.at_cursor = facts.at_cursor.take().or_else(|| {
                Some(AtCursor {
                    names: locals.chain(columns).collect(),
                    wanted: hint.cloned(),
                    meta: names.scope.meta,
                    member: false,
                })
            });
        });
    }

    pub(super) fn is_function(&self, name: &str) -> bool {
        self.context.registry.function(name).is_some() || self.context.functions.contains_key(name)
    }

    fn unknown_column(&mut self, name: &ast::Name, names: &Names, hint: Option<&Type>) {
        let quoted = match hint.map(|ty| &ty.base) {
            Some(Base::Set(members)) => members.contains(&name.text),
            _ => false,
        };
        let gone = names.scope.gone.iter().rev().find(|gone| gone.name == name.text);
        let closest = {
            let locals = names.locals.iter().map(|local| local.name.as_str());
            let columns = names.scope.columns().iter().map(|column| column.name.as_str());
            let params = self.context.params.keys().map(String::as_str);
            closest(&name.text, locals.chain(columns).chain(params))
        };
        let declared = closest.as_ref().and_then(|closest| names.scope.column(closest)).and_then(|it| it.declared);
        let known = match names.place {
            Place::Function => names.locals.iter().map(|local| local.name.clone()).collect(),
            _ => names.scope.columns().iter().map(|column| column.name.clone()).collect(),
        };
        self.diagnostics.emit(UnknownColumn {
            name: name.text.clone(),
            span: name.span,
            place: match names.place {
                Place::Step => "",
                Place::Function => "a function sees only its own parameters, not the fields of a record",
                Place::Constant => "this value must be known before any record is read",
            },
            quoted,
            gone: gone.map(|gone| (gone.span, gone.renamed_to.clone())),
            closest: closest.map(|closest| (closest, declared)),
            known,
        });
    }

    /// Where the field or parameter that an expression reads was declared, with words for a label.
    pub(super) fn declared(&self, value: &Expr, names: &Names) -> Option<(Span, String)> {
        match &value.kind {
            ExprKind::Column(name) => {
                let column = names.scope.column(name)?;
                Some((column.declared?, format!("`{name}` is declared here")))
            }
            ExprKind::Local(number) => {
                let local = names.locals.iter().find(|local| local.number == *number)?;
                Some((local.declared, format!("`{}` is declared here", local.name)))
            }
            ExprKind::Widen(inner) => self.declared(inner, names),
            ExprKind::Field { base, .. } => self.declared(base, names),
            _ => None,
        }
    }

    /// True if a test has made this a non-null already.
    pub(super) fn narrowed(&self, value: &Expr, names: &Names) -> bool {
        match &value.kind {
            ExprKind::Column(name) => names.scope.column(name).is_some_and(|column| column.narrowed),
            ExprKind::Local(number) => names.locals.iter().any(|local| local.number == *number && local.narrowed),
            ExprKind::Meta(meta) => names.scope.meta_known.contains(meta),
            ExprKind::Field { base, .. } | ExprKind::Widen(base) => self.narrowed(base, names),
            _ => false,
        }
    }
}
