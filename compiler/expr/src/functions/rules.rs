//! What typing rules of functions have in common: which types an argument may have, and what to say if it has not.
//!
//! `null` and unknown pass everywhere: the first makes the result null, the second has been reported.

use jiff::tz::TimeZone;
use pipewright_plan::{Base, Expr, Type};

use crate::typing::{TypeProblem, cast_help, literal_int, literal_text_value};

/// The type of a result that is null if an argument is.
pub fn result(args: &[Expr], base: Base) -> Type {
    if args.iter().any(|arg| arg.ty.is_unknown()) {
        return Type::unknown();
    }
    // `null` as written may be null; an argument left out in the middle and `fail("…")` have its type, but never are.
    let nullable = args.iter().any(|arg| arg.ty.nullable);
    Type { base, nullable }
}

/// The same with a result that may be null anyway.
pub fn optional(args: &[Expr], base: Base) -> Type {
    let ty = result(args, base);
    if ty.is_unknown() { ty } else { ty.or_null() }
}

/// The argument, unless it was left out (at the end, or as `null` in the middle).
pub fn given(args: &[Expr], argument: usize) -> Option<&Expr> {
    args.get(argument).filter(|arg| arg.ty.base != Base::Null)
}

/// The argument's type must satisfy the test; `like` is what to cast to.
pub fn expect(
    args: &[Expr],
    argument: usize,
    what: &str,
    like: &Base,
    test: impl Fn(&Base) -> bool,
) -> Result<(), TypeProblem> {
    match given(args, argument) {
        Some(arg) if !arg.ty.is_unknown() && !test(&arg.ty.base) => {
            Err(TypeProblem::new("type-mismatch", format!("expected {what}, found `{}`", arg.ty))
                .at(argument)
                .maybe_help(cast_help(arg, like)))
        }
        _ => Ok(()),
    }
}

/// A string or a member of a closed set.
pub fn text(args: &[Expr], argument: usize) -> Result<(), TypeProblem> {
    expect(args, argument, "a string", &Base::String, Base::is_text)
}

/// An integer.
pub fn integer(args: &[Expr], argument: usize) -> Result<(), TypeProblem> {
    expect(args, argument, "an integer", &Base::Int64, Base::is_integer)
}

/// Any number.
pub fn number(args: &[Expr], argument: usize) -> Result<(), TypeProblem> {
    expect(args, argument, "a number", &Base::Int64, Base::is_number)
}

/// A string or bytes.
pub fn text_or_bytes(args: &[Expr], argument: usize) -> Result<(), TypeProblem> {
    expect(args, argument, "a string or bytes", &Base::String, |base| base.is_text() || *base == Base::Bytes)
}

/// A date, an instant, or civil time.
pub fn temporal(args: &[Expr], argument: usize) -> Result<(), TypeProblem> {
    expect(args, argument, "a date or timestamp", &Base::Timestamp, |base| {
        matches!(base, Base::Date | Base::Timestamp | Base::LocalTimestamp)
    })
}

/// A string that stands in the program; `None` if left out.
pub fn literal_text<'a>(args: &'a [Expr], argument: usize, what: &str) -> Result<Option<&'a str>, TypeProblem> {
    match given(args, argument) {
        None => Ok(None),
        Some(arg) if arg.ty.is_unknown() => Ok(None),
        Some(arg) => match literal_text_value(arg) {
            Some(text) => Ok(Some(text)),
            None => {
                Err(TypeProblem::new("bad-argument", format!("{what} must be a string written here, not computed"))
                    .at(argument))
            }
        },
    }
}

/// An integer that stands in the program; `None` if left out.
pub fn literal_number(args: &[Expr], argument: usize, what: &str) -> Result<Option<i64>, TypeProblem> {
    match given(args, argument) {
        None => Ok(None),
        Some(arg) if arg.ty.is_unknown() => Ok(None),
        Some(arg) => match literal_int(arg) {
            Some(int) => Ok(Some(int)),
            None => {
                Err(TypeProblem::new("bad-argument", format!("{what} must be an integer written here, not computed"))
                    .at(argument))
            }
        },
    }
}

/// One of these words, written in the program.
pub fn word<'a>(
    args: &'a [Expr],
    argument: usize,
    what: &str,
    words: &[&'static str],
) -> Result<Option<&'a str>, TypeProblem> {
    let Some(text) = literal_text(args, argument, what)? else { return Ok(None) };
    if words.contains(&text) {
        return Ok(Some(text));
    }
    let listed: Vec<String> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
    let closest = words.iter().find(|word| {
        strsim::osa_distance(&text.to_lowercase(), word) <= 1 || text.to_lowercase().trim_end_matches('s') == **word
    });
    Err(TypeProblem::new("bad-argument", format!("`{text:?}` is not {what}")).at(argument).help(match closest {
        Some(word) => format!("did you mean `\"{word}\"`?"),
        None => format!("it is one of {}", listed.join(", ")),
    }))
}

/// A time zone, written in the program; UTC if left out.
pub fn zone(args: &[Expr], argument: usize) -> Result<TimeZone, TypeProblem> {
    match literal_text(args, argument, "the time zone")? {
        None => Ok(TimeZone::UTC),
        Some(name) => super::civil::time_zone(name).ok_or_else(|| {
            TypeProblem::new("bad-argument", format!("there is no time zone `{name:?}`"))
                .at(argument)
                .help("write a name such as `\"Europe/Paris\"` or `\"UTC\"`")
        }),
    }
}

/// A regular expression, written in the program.
pub fn regex(args: &[Expr], argument: usize) -> Result<Option<regex::Regex>, TypeProblem> {
    let Some(pattern) = literal_text(args, argument, "the pattern")? else { return Ok(None) };
    match regex::Regex::new(pattern) {
        Ok(regex) => Ok(Some(regex)),
        Err(error) => {
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            Err(TypeProblem::new("bad-argument", format!("the regular expression is broken: {reason}"))
                .at(argument)
                .help("the syntax is that of the Rust crate `regex`: no look-around, no back references"))
        }
    }
}
