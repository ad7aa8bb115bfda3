//! What casts have in common: text from strings and from `json`, and what happens if the value is none.

use pipewright_plan::{Base, Expr, Origin, Type};

use super::rules;
use crate::compile::{CallSite, EvalText};
use crate::convert::ConvertError;
use crate::typing::TypeProblem;
use crate::{CompileError, Row, nested};

/// A cast fails by making the record bad, a `try_` cast by giving null.
#[derive(Clone, Debug)]
pub struct Cast {
    origin: Origin,
    strict: bool,
    ty: String,
}

impl Cast {
    /// The cast that the call is.
    pub fn new(call: &CallSite<'_, '_>) -> Self {
        Self {
            origin: call.origin,
            strict: !call.function.name.starts_with("try_"),
            ty: call.ty.clone().not_null().to_string(),
        }
    }

    /// The value, or null, or a bad record that shows the text.
    #[inline]
    pub fn finish<T>(&self, row: &Row<'_>, text: &str, value: Result<T, ConvertError>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(problem) => self.refuse(row, || problem.reason(text.as_bytes(), &self.ty)),
        }
    }

    /// Null, or a bad record with that reason.
    #[cold]
    pub fn refuse<T>(&self, row: &Row<'_>, reason: impl FnOnce() -> String) -> Option<T> {
        if self.strict { row.fail("bad-cast", self.origin, reason) } else { None }
    }

    /// The same for a value that is shown as it is.
    #[cold]
    pub fn not_one<T>(&self, row: &Row<'_>, value: impl FnOnce() -> String) -> Option<T> {
        self.refuse(row, || format!("`{}` is not {}", value(), crate::convert::with_article(&self.ty)))
    }
}

/// The type of a cast: null if an argument is null, if JSON is (it may hold `null`), and if it is a `try_`.
pub fn cast_type(args: &[Expr], base: Base, attempt: bool) -> Type {
    let json = args.first().is_some_and(|arg| arg.ty.base == Base::Json);
    if attempt || json { rules::optional(args, base) } else { rules::result(args, base) }
}

/// The argument's type must be one that the cast takes.
pub fn takes(args: &[Expr], to: &Base, test: impl Fn(&Base) -> bool) -> Result<(), TypeProblem> {
    let Some(arg) = rules::given(args, 0) else { return Ok(()) };
    let from = &arg.ty.base;
    if arg.ty.is_unknown() || from == to || test(from) {
        return Ok(());
    }
    let help = match (from, to) {
        (Base::Int32 | Base::Int64, Base::Date) => Some("write `date(timestamp(x, unit = \"s\"))`".to_owned()),
        // Not the very call that is refused.
        (_, to) => crate::typing::cast_help(arg, to)
            .filter(|help| !help.contains(&format!("`{to}({}", crate::typing::written(arg, "x")))),
    };
    Err(TypeProblem::new("type-mismatch", format!("`{from}` cannot be cast to `{to}`")).at(0).maybe_help(help))
}

/// Strings, closed sets and `json`.
pub fn textual(base: &Base) -> bool {
    base.is_text() || *base == Base::Json
}

/// The text of the first argument: of a string the string, of JSON what it holds (null for `null`).
pub fn text_input(call: &mut CallSite<'_, '_>) -> Result<EvalText, CompileError> {
    let json = call.base(0) == Base::Json;
    let text = call.text(0)?;
    if !json {
        return Ok(text);
    }
    Ok(Box::new(move |row| {
        let raw = text(row)?;
        if nested::is_null(raw) { None } else { Some(nested::unquote(raw, row.arena).unwrap_or(raw)) }
    }))
}
