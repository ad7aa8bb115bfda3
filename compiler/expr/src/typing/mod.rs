//! What operators take and give: the rules of the language for arithmetic, comparison and assignment, as pure functions
//! over typed expressions. The checker asks them; they know nothing of names or places.
//!
//! [`Base::Unknown`] is compatible with everything and gives unknown: an error is reported once.
//! Every implicit conversion is lossless and becomes a `Widen`; a literal takes the type it is needed in instead.

mod arithmetic;
mod assign;
mod comparison;
mod help;
mod literal;
mod unify;

pub use arithmetic::{arithmetic, decimal_result, negation};
pub use assign::assign;
pub use comparison::comparison;
pub use help::cast_help;
pub(crate) use help::written;
pub use literal::{literal_int, literal_text_value, retype};
pub use unify::{common_base, is_never, unify};

use pipewright_plan::{Base, Expr, ExprKind, Type};

/// Why an operator or a function refuses its operands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeProblem {
    /// The stable name of the diagnostic: `type-mismatch`, `decimal-too-wide`, `mixed-number-types`, `integer-division`,
    /// `comparison-with-null`, `null-not-allowed`, `not-a-member`, `not-comparable`, `narrowing`, `bad-argument`.
    pub name: &'static str,
    /// The operand or argument to underline, from 0; `None`: the whole expression.
    pub argument: Option<usize>,
    /// What is wrong, in the user's words, lower case, no full stop: "`int64` and `float64` do not mix".
    pub message: String,
    /// What to type instead.
    pub help: Option<String>,
}

impl TypeProblem {
    /// A problem of the whole expression, without help.
    pub fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, argument: None, message: message.into(), help: None }
    }

    /// The same, underlining that operand.
    pub fn at(mut self, argument: usize) -> Self {
        self.argument = Some(argument);
        self
    }

    /// The same, with something to type.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, with something to type if there is something.
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }
}

/// The digits before the point that every value of an integer type fits in.
pub(crate) fn integer_digits(base: &Base) -> u8 {
    if *base == Base::Int32 { 10 } else { 19 }
}

/// Brings an expression to that type, which holds all its values: a literal changes its type, anything else is wrapped.
/// What cannot be a literal of the type is wrapped, too; the caller has checked that the types fit.
pub(crate) fn widen(value: Expr, ty: Type) -> Expr {
    if value.ty == ty {
        return value;
    }
    let nullable = ty.nullable;
    if let Some(mut literal) = retype(&value, &ty.base) {
        literal.ty.nullable = nullable || literal.ty.nullable;
        return literal;
    }
    let origin = value.origin;
    Expr { kind: ExprKind::Widen(Box::new(value)), ty, origin }
}

/// [`widen`], keeping whether it may be null.
pub(crate) fn widen_base(value: Expr, base: Base) -> Expr {
    let nullable = value.ty.nullable;
    widen(value, Type { base, nullable })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests_support {
    //! Expressions for the tests of the rules.

    use pipewright_plan::{Base, Expr, ExprKind, Literal, Origin, Type};

    /// A column of that type.
    pub fn column(name: &str, ty: Type) -> Expr {
        Expr { kind: ExprKind::Column(name.into()), ty, origin: Origin::default() }
    }

    /// An integer literal, as the checker makes it.
    pub fn int(value: i64) -> Expr {
        Expr { kind: ExprKind::Literal(Literal::Int(value)), ty: Base::Int64.required(), origin: Origin::default() }
    }

    /// A float literal.
    pub fn float(value: f64) -> Expr {
        Expr { kind: ExprKind::Literal(Literal::Float(value)), ty: Base::Float64.required(), origin: Origin::default() }
    }

    /// A decimal literal.
    pub fn decimal(unscaled: &str, precision: u8, scale: u8) -> Expr {
        Expr {
            kind: ExprKind::Literal(Literal::Decimal(unscaled.into())),
            ty: Base::Decimal { precision, scale }.required(),
            origin: Origin::default(),
        }
    }

    /// A string literal.
    pub fn text(value: &str) -> Expr {
        Expr {
            kind: ExprKind::Literal(Literal::Text(value.into())),
            ty: Base::String.required(),
            origin: Origin::default(),
        }
    }

    /// `null`
    pub fn null() -> Expr {
        Expr { kind: ExprKind::Literal(Literal::Null), ty: Base::Null.optional(), origin: Origin::default() }
    }

    /// The type that the text names; the few forms the tests need.
    pub fn ty(text: &str) -> Type {
        if let Some(inner) = text.strip_suffix('?') {
            return ty(inner).or_null();
        }
        let base = match text {
            "bool" => Base::Bool,
            "int32" => Base::Int32,
            "int64" => Base::Int64,
            "float64" => Base::Float64,
            "string" => Base::String,
            "bytes" => Base::Bytes,
            "uuid" => Base::Uuid,
            "date" => Base::Date,
            "time" => Base::Time,
            "timestamp" => Base::Timestamp,
            "local_timestamp" => Base::LocalTimestamp,
            "duration" => Base::Duration,
            "json" => Base::Json,
            "null" => Base::Null,
            "unknown" => Base::Unknown,
            _ => {
                if let Some(inner) = text.strip_prefix("list<").and_then(|t| t.strip_suffix('>')) {
                    Base::List(Box::new(ty(inner)))
                } else if let Some(inner) = text.strip_prefix("decimal(").and_then(|t| t.strip_suffix(')')) {
                    let (p, s) = inner.split_once(", ").unwrap();
                    Base::Decimal { precision: p.parse().unwrap(), scale: s.parse().unwrap() }
                } else {
                    Base::Set(text.split('|').map(|m| m.trim().trim_matches('"').to_owned()).collect())
                }
            }
        };
        base.required()
    }

    /// A literal if it looks like one, else a column `x` of that type: `5`, `-5`, `1.50`, `1e0`, `"a"`, `null`, `int64?`.
    pub fn expr(text: &str) -> Expr {
        if text == "null" {
            return null();
        }
        if text.contains('|') {
            return column("x", ty(text));
        }
        if let Some(inner) = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
            return self::text(inner);
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.starts_with(|c: char| c.is_ascii_digit()) {
            let literal = if digits.contains('e') {
                float(digits.parse().unwrap())
            } else if let Some((whole, fraction)) = digits.split_once('.') {
                let whole = whole.trim_start_matches('0');
                let unscaled = format!("{whole}{fraction}");
                decimal(unscaled.as_str(), unscaled.len() as u8, fraction.len() as u8)
            } else {
                int(digits.parse().unwrap())
            };
            if digits.len() == text.len() {
                return literal;
            }
            let ty = literal.ty.clone();
            return Expr { kind: ExprKind::Negate(Box::new(literal)), ty, origin: Origin::default() };
        }
        column("x", ty(text))
    }
}
