//! Values of rows: constants of the field's type. Text stands for times, dates, uuids and the like, as in JSON, and `{ … }` and
//! `[ … ]` for `json` and maps.

use bumpalo::Bump;
use pipewright_expr::{Datum, nested};
use pipewright_grammar::ast::{Expr, ExprKind};
use pipewright_plan::{Base, Literal, Type};

use super::Checker;
use crate::{diagnostics::BadLiteral, expressions};

impl Checker<'_, '_> {
    /// `None`: reported.
    pub(super) fn value(&mut self, value: &Expr, ty: &Type) -> Option<Literal> {
        match (&value.kind, &ty.base) {
            (ExprKind::Error, _) => None,
            (ExprKind::String(text), base) if is_written_as_text(base) => self.text(text, value, ty),
            (_, Base::Json) if is_json(value) => json(value).map(Literal::Text),
            (ExprKind::Record(record), Base::Map(element)) => {
                let mut out = b"{".to_vec();
                for (number, entry) in record.entries.iter().enumerate() {
                    let inner = self.value(&entry.value, element)?;
                    if number > 0 {
                        out.push(b',');
                    }
                    pipewright_expr::convert::write_json_string(&entry.name.text, &mut out);
                    out.push(b':');
                    write(&inner, element, &mut out);
                }
                out.push(b'}');
                (!record.incomplete).then(|| Literal::Text(String::from_utf8(out).unwrap_or_default()))
            }
            _ => {
                let expressions = self.context.expressions();
                expressions::constant(value, Some(ty), &expressions, self.diagnostics).map(|(literal, _)| literal)
            }
        }
    }

    /// Read as it would be read from JSON.
    fn text(&mut self, text: &str, value: &Expr, ty: &Type) -> Option<Literal> {
        let mut quoted = Vec::new();
        pipewright_expr::convert::write_json_string(text, &mut quoted);
        let quoted = String::from_utf8(quoted).unwrap_or_default();
        let arena = Bump::new();
        match nested::read_json(&quoted, &ty.base, &arena) {
            Ok(Datum::Int(it)) => Some(Literal::Int(it)),
            Ok(Datum::Bytes(it)) => Some(Literal::Bytes(it.to_vec())),
            Ok(_) | Err(_) => {
                let message = format!("{quoted} is not a `{}`", ty.base);
                self.diagnostics.emit(BadLiteral { span: value.span, message, help: example(&ty.base) });
                None
            }
        }
    }
}

fn is_written_as_text(base: &Base) -> bool {
    matches!(
        base,
        Base::Uuid | Base::Bytes | Base::Date | Base::Time | Base::Timestamp | Base::LocalTimestamp | Base::Duration
    )
}

fn example(base: &Base) -> Option<String> {
    let text = match base {
        Base::Uuid => "\"01234567-89ab-cdef-0123-456789abcdef\"",
        Base::Bytes => "base64, such as \"aGVsbG8=\"",
        Base::Date => "`@2026-01-31`",
        Base::Time => "`@10:00`",
        Base::Timestamp => "`@2026-01-31T10:00:00Z`",
        Base::LocalTimestamp => "`@2026-01-31T10:00:00`",
        Base::Duration => "`1h30m`",
        _ => return None,
    };
    Some(format!("written like {text}"))
}

fn is_json(value: &Expr) -> bool {
    json(value).is_some()
}

/// A value without names or calls, as JSON.
fn json(value: &Expr) -> Option<String> {
    let quoted = |text: &str| {
        let mut out = Vec::new();
        pipewright_expr::convert::write_json_string(text, &mut out);
        String::from_utf8(out).ok()
    };
    Some(match &value.kind {
        ExprKind::Bool(it) => it.to_string(),
        ExprKind::Number(text) => text.clone(),
        ExprKind::Negate(inner) => match &inner.kind {
            ExprKind::Number(text) => format!("-{text}"),
            _ => return None,
        },
        ExprKind::List(items) => format!("[{}]", items.iter().map(element).collect::<Option<Vec<_>>>()?.join(",")),
        ExprKind::Record(record) if !record.incomplete => {
            let member = |entry: &pipewright_grammar::ast::Entry| {
                Some(format!("{}:{}", quoted(&entry.name.text)?, element(&entry.value)?))
            };
            format!("{{{}}}", record.entries.iter().map(member).collect::<Option<Vec<_>>>()?.join(","))
        }
        _ => return None,
    })
}

/// Inside of JSON null and text are values as well.
fn element(value: &Expr) -> Option<String> {
    match &value.kind {
        ExprKind::Null => Some("null".to_string()),
        ExprKind::String(text) => {
            let mut out = Vec::new();
            pipewright_expr::convert::write_json_string(text, &mut out);
            String::from_utf8(out).ok()
        }
        _ => json(value),
    }
}

fn write(literal: &Literal, ty: &Type, out: &mut Vec<u8>) {
    let datum = match literal {
        Literal::Null => Datum::Null,
        Literal::Bool(it) => Datum::Bool(*it),
        Literal::Int(it) => Datum::Int(*it),
        Literal::Float(it) => Datum::Float(*it),
        Literal::Decimal(it) => it.parse().map_or(Datum::Null, Datum::Decimal),
        Literal::Text(it) => Datum::Text(it),
        Literal::Bytes(it) => Datum::Bytes(it),
    };
    nested::write_json(datum, ty, out);
}
