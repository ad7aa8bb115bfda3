//! What operators take and give: the rules of the language for arithmetic, comparison and assignment, as pure functions
//! over typed expressions. The checker asks them; they know nothing of names or places.
//!
//! [`Base::Unknown`](pipewright_plan::Base::Unknown) is compatible with everything and gives unknown: an error is reported once.

use pipewright_plan::{ArithmeticOp, CompareOp, Expr, Type};

/// Why an operator or a function refuses its operands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeProblem {
    /// The stable name of the diagnostic: `type-mismatch`, `decimal-too-wide`, `mixed-number-types`, `integer-division`, ….
    pub name: &'static str,
    /// The operand or argument to underline, from 0; `None`: the whole expression.
    pub argument: Option<usize>,
    /// What is wrong, in the user's words, lower case, no full stop: "`int64` and `float64` do not mix".
    pub message: String,
    /// What to type instead.
    pub help: Option<String>,
}

/// Types `left op right`: widens the operands as needed and gives the finished expression kind's operands and type.
pub fn arithmetic(op: ArithmeticOp, left: Expr, right: Expr) -> Result<(Expr, Expr, Type), TypeProblem> {
    let _ = (op, left, right);
    Err(TypeProblem { name: "type-mismatch", argument: None, message: "not built".into(), help: None })
}

/// Types `left op right`: both sides brought to one base type. The result is `bool`, nullable if a side is.
pub fn comparison(op: CompareOp, left: Expr, right: Expr) -> Result<(Expr, Expr, Type), TypeProblem> {
    let _ = (op, left, right);
    Err(TypeProblem { name: "type-mismatch", argument: None, message: "not built".into(), help: None })
}

/// Types `-operand`.
pub fn negation(operand: &Expr) -> Result<Type, TypeProblem> {
    let _ = operand;
    Err(TypeProblem { name: "type-mismatch", argument: None, message: "not built".into(), help: None })
}

/// The one type that holds all of these (branches of `if` and `match`, `??`, members of a list), each widened to it.
/// `null` among them makes it nullable. `argument` of the problem says which one does not fit the ones before it.
pub fn unify(values: Vec<Expr>) -> Result<(Vec<Expr>, Type), TypeProblem> {
    let _ = values;
    Err(TypeProblem { name: "type-mismatch", argument: None, message: "not built".into(), help: None })
}

/// Brings a value to a declared type without loss (a user function's argument or result, a topic's field, a default),
/// or says why not: a narrower integer or decimal, null into not null, another type; help names the cast or `??`.
pub fn assign(value: Expr, to: &Type) -> Result<Expr, TypeProblem> {
    let _ = to;
    Ok(value)
}
