//! Members, elements, and building lists and records. Nested values are JSON text, read when asked for.

use pipewright_plan::{Base, Expr, ExprKind, Origin, Type};

use super::{CompileError, Compiler, EvalText, Typed, error};
use crate::convert::{Out, write_json_string};
use crate::{Datum, Row, nested};

impl Compiler<'_> {
    pub(super) fn field(&mut self, expr: &Expr, base: &Expr, name: &str) -> Result<Typed, CompileError> {
        if let Some(path) = path(expr)
            && let Some(column) = self.layout.column(&path)
        {
            return Ok(Typed::column(&expr.ty.base, column));
        }
        if let Base::Record(fields) = &base.ty.base
            && !fields.iter().any(|field| field.name == name)
        {
            return Err(error(expr.origin, format!("there is no field `{name}`")));
        }
        let name = name.to_owned();
        let text = self.text(base)?.into_fn();
        Ok(part(text, expr.ty.base.clone(), expr.origin, move |_, text| nested::member(text, &name)))
    }

    pub(super) fn index(&mut self, expr: &Expr, base: &Expr, index: &Expr) -> Result<Typed, CompileError> {
        let text = self.text(base)?.into_fn();
        match self.expr(index)? {
            Typed::Int(position) => Ok(part(text, expr.ty.base.clone(), expr.origin, move |row, text| {
                nested::element(text, usize::try_from(position.get(row)?).ok()?)
            })),
            Typed::Text(key) => {
                Ok(part(text, expr.ty.base.clone(), expr.origin, move |row, text| nested::member(text, key.get(row)?)))
            }
            _ => Err(error(index.origin, format!("`{}` is no position and no key", index.ty))),
        }
    }

    pub(super) fn list(&mut self, items: &[Expr], ty: &Type) -> Result<Typed, CompileError> {
        let element = match &ty.base {
            Base::List(element) => (**element).clone(),
            _ => Base::Json.optional(),
        };
        let items = items.iter().map(|item| self.expr_as(item, &element)).collect::<Result<Vec<_>, _>>()?;
        Ok(Typed::of_text(move |row| {
            let text = row.written(|out| {
                out.put(b"[");
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        out.put(b",");
                    }
                    nested::write_json(item.datum(row), &element, out);
                }
                out.put(b"]");
            });
            Some(text)
        }))
    }

    pub(super) fn record(&mut self, fields: &[(String, Expr)], ty: &Type) -> Result<Typed, CompileError> {
        let mut parts = Vec::new();
        for (name, value) in fields {
            let declared = match &ty.base {
                Base::Record(fields) => fields.iter().find(|field| field.name == *name),
                _ => None,
            };
            let ty = declared.map_or_else(|| value.ty.clone(), |field| field.ty.clone());
            let mut key = Vec::new();
            write_json_string(name, &mut key);
            key.push(b':');
            parts.push((key, self.expr_as(value, &ty)?, ty));
        }
        Ok(Typed::of_text(move |row| {
            let text = row.written(|out| {
                out.put(b"{");
                for (position, (key, value, ty)) in parts.iter().enumerate() {
                    if position > 0 {
                        out.put(b",");
                    }
                    out.put(key);
                    nested::write_json(value.datum(row), ty, out);
                }
                out.put(b"}");
            });
            Some(text)
        }))
    }
}

/// `a.b.c` as names, if it starts at a column.
fn path(expr: &Expr) -> Option<Vec<&str>> {
    match &expr.kind {
        ExprKind::Column(name) => Some(vec![name]),
        ExprKind::Field { base, name } => {
            let mut path = path(base)?;
            path.push(name);
            Some(path)
        }
        _ => None,
    }
}

/// Reads the part that `find` finds; null if there is none.
fn part(
    text: EvalText,
    base: Base,
    origin: Origin,
    find: impl for<'r, 'b> Fn(&'r Row<'b>, &'b str) -> Option<&'b str> + Send + Sync + 'static,
) -> Typed {
    let target = base.clone();
    Typed::from_datum(&base, move |row| {
        let Some(raw) = text(row).and_then(|text| find(row, text)) else {
            return Datum::Null;
        };
        match nested::read_json(raw, &target, row.arena) {
            Ok(value) => value,
            Err(problem) => {
                let _: Option<()> =
                    row.fail("bad-cast", origin, || problem.reason(raw.as_bytes(), &target.to_string()));
                Datum::Null
            }
        }
    })
}
