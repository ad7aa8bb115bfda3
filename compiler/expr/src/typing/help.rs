//! What to type instead: the cast that leads from one type to another, and how an expression is named in a message.

use pipewright_plan::{Base, Expr, ExprKind, Literal, Meta};

use super::literal_text_value;

/// How a short expression is written, for use in help; `fallback` for a longer one.
pub(crate) fn written(value: &Expr, fallback: &str) -> String {
    short(value).unwrap_or_else(|| fallback.to_owned())
}

fn short(value: &Expr) -> Option<String> {
    match &value.kind {
        ExprKind::Column(name) => Some(name.clone()),
        ExprKind::Field { base, name } => Some(format!("{}.{name}", short(base)?)),
        ExprKind::Meta(Meta::Key) => Some("meta.key".into()),
        ExprKind::Meta(Meta::Partition) => Some("meta.partition".into()),
        ExprKind::Meta(Meta::Offset) => Some("meta.offset".into()),
        ExprKind::Meta(Meta::Timestamp) => Some("meta.timestamp".into()),
        ExprKind::Meta(Meta::Header(name)) => Some(format!("meta.headers[{name:?}]")),
        ExprKind::Literal(Literal::Int(int)) if value.ty.base.is_integer() => Some(int.to_string()),
        ExprKind::Literal(Literal::Text(text)) if value.ty.base.is_text() && text.len() < 20 => {
            Some(format!("{text:?}"))
        }
        ExprKind::Literal(Literal::Decimal(_)) => {
            let (unscaled, scale) = super::literal::literal_decimal(value)?;
            let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = usize::from(scale) + 1);
            let (whole, fraction) = digits.split_at_checked(digits.len() - usize::from(scale))?;
            let sign = if unscaled < 0 { "-" } else { "" };
            Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
        }
        ExprKind::Widen(inner) => short(inner),
        ExprKind::Negate(inner) => Some(format!("-{}", short(inner)?)),
        _ => None,
    }
}

/// What to type to bring the value to that type, if a function does it.
pub fn cast_help(value: &Expr, to: &Base) -> Option<String> {
    let x = written(value, "x");
    let from = &value.ty.base;
    let nested = |base: &Base| matches!(base, Base::List(_) | Base::Map(_) | Base::Record(_));
    Some(match (from, to) {
        (_, Base::String) if nested(from) => format!("write `string(to_json({x}))`"),
        (Base::Bytes, Base::String) => format!("write `string({x})` if the bytes are UTF-8"),
        (_, Base::String) => format!("write `string({x})`"),
        (Base::String | Base::Set(_) | Base::Json, Base::Bool) => format!("write `bool({x})`"),
        (_, Base::Bool) if from.is_number() => format!("write `{x} != 0`"),
        (Base::Decimal { .. } | Base::Float64, Base::Int32 | Base::Int64) => format!("write `{to}(round({x}))`"),
        (Base::Timestamp, Base::Int32 | Base::Int64) => format!("write `to_unix({x}, \"ms\")`"),
        (_, Base::Int32 | Base::Int64 | Base::Float64) if from.is_number() || from.is_text() || *from == Base::Json => {
            format!("write `{to}({x})`")
        }
        (Base::Decimal { precision: p1, scale: s1 }, Base::Decimal { precision, scale })
            if s1 > scale && p1.saturating_sub(*s1) <= precision.saturating_sub(*scale) =>
        {
            format!("write `round({x}, {scale})` or `decimal({x}, {precision}, {scale})`")
        }
        (_, Base::Decimal { precision, scale }) if from.is_number() || from.is_text() || *from == Base::Json => {
            format!("write `decimal({x}, {precision}, {scale})`")
        }
        (Base::String | Base::Set(_), Base::Timestamp | Base::LocalTimestamp | Base::Date | Base::Time) => {
            match literal_text_value(value) {
                Some(text) if text.starts_with(|c: char| c.is_ascii_digit()) => {
                    format!("an instant, date or time is written `@{}`", text.replacen(' ', "T", 1))
                }
                _ => format!("write `{to}({x})`"),
            }
        }
        (Base::String | Base::Set(_), Base::Duration) => match literal_text_value(value) {
            Some(text) if text.starts_with(|c: char| c.is_ascii_digit()) => format!("write `{text}` without quotes"),
            _ => format!("write `duration({x})`"),
        },
        (Base::LocalTimestamp | Base::Date, Base::Timestamp) => {
            format!("name the zone: `at_zone({x}, \"Europe/Paris\")`")
        }
        (Base::Timestamp, Base::LocalTimestamp) => format!("name the zone: `at_zone({x}, \"Europe/Paris\")`"),
        (Base::Int32 | Base::Int64, Base::Timestamp) => format!("name the unit: `timestamp({x}, unit = \"ms\")`"),
        (Base::Date, Base::LocalTimestamp) => format!("write `local_timestamp({x})`"),
        (Base::Timestamp | Base::LocalTimestamp, Base::Date) => format!("write `date({x})`"),
        (Base::String | Base::Set(_) | Base::Bytes, Base::Uuid) => format!("write `uuid({x})`"),
        (Base::String | Base::Set(_), Base::Bytes) => format!("write `bytes({x})`"),
        (Base::String | Base::Set(_), Base::Json) => {
            format!("write `json({x})` if the text is JSON, else `to_json({x})`")
        }
        (_, Base::Json) => format!("write `to_json({x})`"),
        _ => return None,
    })
}
