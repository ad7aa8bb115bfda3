//! Numbers and text as written, to constants.
//!
//! An integer is an `int32` if it fits, else an `int64`; `12.50` is a `decimal(4, 2)`; `1.25e1` is a `float64`. Only where
//! the surroundings declare a `float64` is a decimal literal read as one: nothing is lost that was not declared.

use pipewright_grammar::Span;
use pipewright_plan::{Base, Expr, ExprKind, Literal, Type};

use super::Checker;
use crate::diagnostics::{BadLiteral, NotAMember};

/// A number that has no constant, and what to do about it.
pub(super) struct BadNumber {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Checker<'_, '_> {
    /// A number, possibly with its sign.
    pub(super) fn number(&mut self, text: &str, span: Span, hint: Option<&Type>) -> Expr {
        let as_float = hint.is_some_and(|ty| ty.base == Base::Float64);
        match number(text, as_float) {
            Ok((literal, base)) => self.typed(ExprKind::Literal(literal), base.required(), span),
            Err(bad) => self.bad_literal(bad, span),
        }
    }

    /// Text; a member of the closed set that the surroundings declare.
    pub(super) fn text(&mut self, text: &str, span: Span, hint: Option<&Type>) -> Expr {
        let literal = ExprKind::Literal(Literal::Text(text.to_owned()));
        match hint.map(|ty| &ty.base) {
            Some(Base::Set(members)) if members.iter().any(|member| member == text) => {
                self.typed(literal, Base::Set(members.clone()).required(), span)
            }
            Some(Base::Set(members)) => {
                self.diagnostics.emit(NotAMember::new(text, span, members, None));
                self.unknown(span)
            }
            _ => self.typed(literal, Base::String.required(), span),
        }
    }

    pub(super) fn percent(&mut self, text: &str, span: Span) -> Expr {
        self.bad_literal(
            BadNumber {
                message: format!("`{text}%` is not a value here"),
                help: Some("a percentage is only for options; write it as a fraction, such as `0.01`".into()),
            },
            span,
        )
    }

    pub(super) fn bad_literal(&mut self, bad: BadNumber, span: Span) -> Expr {
        self.diagnostics.emit(BadLiteral { span, message: bad.message, help: bad.help });
        self.unknown(span)
    }
}

/// Reads a number as it stands in a program: digits, an optional point with digits, an optional exponent, and a sign.
pub(super) fn number(text: &str, as_float: bool) -> Result<(Literal, Base), BadNumber> {
    if as_float || text.contains(['e', 'E']) {
        return match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok((Literal::Float(value), Base::Float64)),
            _ => Err(BadNumber {
                message: format!("`{text}` does not fit float64"),
                help: Some("the largest float64 is about 1.8e308".into()),
            }),
        };
    }
    if text.contains('.') {
        return decimal(text);
    }
    match text.parse::<i64>() {
        Ok(value) if i32::try_from(value).is_ok() => Ok((Literal::Int(value), Base::Int32)),
        Ok(value) => Ok((Literal::Int(value), Base::Int64)),
        Err(_) => Err(BadNumber {
            message: format!("`{text}` does not fit int64"),
            help: Some(format!("write it as a decimal: `{text}.0`")),
        }),
    }
}

/// `12.50` is 1250 with scale 2, in the fewest digits that hold it.
fn decimal(text: &str) -> Result<(Literal, Base), BadNumber> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let unscaled = format!("{whole}{fraction}");
    let unscaled = unscaled.trim_start_matches('0');
    let precision = unscaled.len().max(fraction.len()).max(1);
    match (u8::try_from(precision), u8::try_from(fraction.len())) {
        (Ok(precision @ ..=38), Ok(scale)) => {
            let unscaled = if unscaled.is_empty() { "0".to_owned() } else { format!("{sign}{unscaled}") };
            Ok((Literal::Decimal(unscaled), Base::Decimal { precision, scale }))
        }
        _ => Err(BadNumber {
            message: format!("a decimal holds 38 digits, this number has {precision}"),
            help: Some("drop digits, or write it with an exponent to make it a float64".into()),
        }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::number;

    #[test]
    fn reads_numbers_in_the_fewest_digits() {
        for (text, expected) in [
            ("0", "Int(0) int32"),
            ("2147483647", "Int(2147483647) int32"),
            ("2147483648", "Int(2147483648) int64"),
            ("-9223372036854775808", "Int(-9223372036854775808) int64"),
            ("12.50", "Decimal(\"1250\") decimal(4, 2)"),
            ("0.001", "Decimal(\"1\") decimal(3, 3)"),
            ("-0.50", "Decimal(\"-50\") decimal(2, 2)"),
            ("0.0", "Decimal(\"0\") decimal(1, 1)"),
            ("-0.0", "Decimal(\"0\") decimal(1, 1)"),
            ("007.5", "Decimal(\"75\") decimal(2, 1)"),
            ("1.25e1", "Float(12.5) float64"),
            ("12345678901234567890123456789012345678.0", "a decimal holds 38 digits, this number has 39"),
            ("9223372036854775808", "`9223372036854775808` does not fit int64"),
            ("1e999", "`1e999` does not fit float64"),
        ] {
            let shown = match number(text, false) {
                Ok((literal, base)) => format!("{literal:?} {base}"),
                Err(bad) => bad.message,
            };
            assert_eq!(shown, expected, "{text}");
        }
    }
}
