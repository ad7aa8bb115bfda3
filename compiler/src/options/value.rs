//! One value of an option: from the text of the program, or from an environment's file.
//!
//! Literals, `env(…)`, `file(…)`, parameters and constant expressions are the same to every option.

use pipewright_grammar::{
    Span,
    ast::{Arg, Expr, ExprKind, Name},
};
use pipewright_plan::{Base, CallSpec, Literal, OptionSpec, OptionType, OptionValue, Options, Type};

use super::{Part, Place, check_parts, holds_password};
use crate::{
    context::Context,
    diagnostics::{Diagnostics, Fix, SecretInFile, UnknownFormat, WrongOptionValue},
    expressions,
    expressions::closest,
};

/// A value that does not fit.
struct Misfit {
    span: Span,
    expected: String,
    help: Option<String>,
    fixes: Vec<Fix>,
}

/// Reads the value of an option, or says why not.
pub(super) fn read(
    expr: &Expr,
    spec: &OptionSpec,
    block: &str,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<OptionValue> {
    match typed(expr, &spec.ty, spec.name, context, diagnostics) {
        Ok(value) => value,
        Err(misfit) => {
            diagnostics.emit(WrongOptionValue {
                option: spec.name.to_string(),
                block: block.to_string(),
                expected: misfit.expected,
                span: misfit.span,
                help: misfit.help,
                fixes: misfit.fixes,
            });
            None
        }
    }
}

/// `Ok(None)`: broken, and told already.
fn typed(
    expr: &Expr,
    ty: &OptionType,
    name: &str,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Option<OptionValue>, Misfit> {
    let misfit = |help: Option<String>| Misfit { span: expr.span, expected: expected(ty), help, fixes: vec![] };
    if matches!(expr.kind, ExprKind::Error) {
        return Ok(None);
    }
    match ty {
        OptionType::String | OptionType::Secret | OptionType::Strings => {
            if let (OptionType::Strings, ExprKind::List(members)) = (ty, &expr.kind) {
                return list(members, &OptionType::String, name, context, diagnostics);
            }
            if let Some(reference) = reference(expr)? {
                return Ok(Some(reference));
            }
            match &expr.kind {
                ExprKind::String(text) | ExprKind::Raw(text) => {
                    if matches!(ty, OptionType::Secret) && holds_password(name, text) {
                        diagnostics.emit(SecretInFile { option: name.to_string(), span: expr.span });
                        return Ok(None);
                    }
                    Ok(Some(OptionValue::String(text.clone())))
                }
                _ => constant(expr, ty, &Base::String, context, diagnostics),
            }
        }
        OptionType::Bool => match &expr.kind {
            ExprKind::Bool(it) => Ok(Some(OptionValue::Bool(*it))),
            _ => constant(expr, ty, &Base::Bool, context, diagnostics),
        },
        OptionType::Int { min, max } => match constant(expr, ty, &Base::Int64, context, diagnostics)? {
            Some(OptionValue::Int(it)) if it < *min || it > *max => Err(misfit(None)),
            other => Ok(other),
        },
        OptionType::Duration => match &expr.kind {
            ExprKind::Duration(it) => Ok(Some(OptionValue::Duration(*it))),
            ExprKind::Number(number) => Err(misfit(Some(format!("write the unit: `{number}s` or `{number}ms`")))),
            _ => constant(expr, ty, &Base::Duration, context, diagnostics),
        },
        OptionType::Size => match &expr.kind {
            ExprKind::Size(it) => Ok(Some(OptionValue::Size(*it))),
            ExprKind::Number(number) => Err(misfit(Some(format!("write the unit: `{number}MiB`")))),
            _ => Err(misfit(None)),
        },
        OptionType::Percent => match &expr.kind {
            ExprKind::Percent(number) => percent(number).map(Some).ok_or_else(|| misfit(None)),
            ExprKind::Number(number) => Err(misfit(Some(format!("write `{number}%`")))),
            _ => Err(misfit(None)),
        },
        OptionType::Choice(words) => match &expr.kind {
            ExprKind::Name(Name { text, .. }) | ExprKind::String(text) => {
                if words.contains(&text.as_str()) {
                    return Ok(Some(OptionValue::Word(text.clone())));
                }
                let Some(meant) = closest(text, words.iter().copied()) else { return Err(misfit(None)) };
                let misfit = misfit(Some(format!("did you mean `{meant}`?")));
                Err(Misfit { fixes: vec![Fix::did_you_mean(text, expr.span, &meant)], ..misfit })
            }
            _ => Err(misfit(None)),
        },
        OptionType::Fields => match &expr.kind {
            ExprKind::List(members) if members.is_empty() => Err(misfit(None)),
            ExprKind::List(members) => list(members, ty, name, context, diagnostics),
            ExprKind::Name(Name { text, .. }) | ExprKind::String(text) => Ok(Some(OptionValue::Word(text.clone()))),
            _ => Err(misfit(None)),
        },
        OptionType::Exprs => Ok(Some(OptionValue::String(context.sources.text(expr.span).to_string()))),
        OptionType::Format => format(expr, context, diagnostics),
        OptionType::Record(specs) => match &expr.kind {
            ExprKind::Record(record) => {
                let parts: Vec<Part<'_>> = record.entries.iter().map(Part::entry).collect();
                let what = format!("`{name}`");
                let place =
                    Place { what: &what, span: record.span, incomplete: record.incomplete, given: &Options::new() };
                let checked = check_parts(&parts, &place, &[specs], context, diagnostics);
                Ok(Some(OptionValue::Record(checked.values)))
            }
            _ => Err(misfit(None)),
        },
        OptionType::Call(calls) => call(expr, calls, context, diagnostics).unwrap_or_else(|| {
            let words = calls.iter().map(|it| it.name);
            let written = match &expr.kind {
                ExprKind::Name(it) => Some(it.text.as_str()),
                ExprKind::Call { callee, .. } => match &callee.kind {
                    ExprKind::Name(it) => Some(it.text.as_str()),
                    _ => None,
                },
                _ => None,
            };
            Err(misfit(written.and_then(|it| closest(it, words)).map(|it| format!("did you mean `{it}`?"))))
        }),
        OptionType::Properties => properties(expr, context, diagnostics),
    }
}

fn list(
    members: &[Expr],
    ty: &OptionType,
    name: &str,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Option<OptionValue>, Misfit> {
    let mut values = vec![];
    let mut whole = true;
    for member in members {
        if matches!(member.kind, ExprKind::List(_)) {
            return Err(Misfit { span: member.span, expected: expected(ty), help: None, fixes: vec![] });
        }
        match typed(member, ty, name, context, diagnostics)? {
            Some(value) => values.push(value),
            None => whole = false,
        }
    }
    Ok(whole.then_some(OptionValue::List(values)))
}

/// `env("X")`, `env("X", "fallback")`, `file("path")`.
fn reference(expr: &Expr) -> Result<Option<OptionValue>, Misfit> {
    let ExprKind::Call { callee, args, .. } = &expr.kind else { return Ok(None) };
    let ExprKind::Name(function) = &callee.kind else { return Ok(None) };
    let text = |arg: &Arg| match (&arg.name, &arg.value.kind) {
        (None, ExprKind::String(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    let fallback = |arg: &Arg| match (&arg.name, &arg.value.kind) {
        (None, ExprKind::String(text)) => Some(text.clone()),
        _ => None,
    };
    let wrong = |expected: &str| Misfit { span: expr.span, expected: expected.to_string(), help: None, fixes: vec![] };
    match (function.text.as_str(), args.as_slice()) {
        ("env", [name]) => match text(name) {
            Some(name) => Ok(Some(OptionValue::Env { name, fallback: None })),
            None => Err(wrong("the name of a variable: `env(\"NAME\")`")),
        },
        ("env", [name, other]) => match (text(name), fallback(other)) {
            (Some(name), Some(other)) => Ok(Some(OptionValue::Env { name, fallback: Some(other) })),
            _ => Err(wrong("two texts: `env(\"NAME\", \"fallback\")`")),
        },
        ("env", _) => Err(wrong("the name of a variable: `env(\"NAME\")`")),
        ("file", [path]) => match text(path) {
            Some(path) => Ok(Some(OptionValue::File(path))),
            None => Err(wrong("a path: `file(\"path\")`")),
        },
        ("file", _) => Err(wrong("a path: `file(\"path\")`")),
        _ => Ok(None),
    }
}

/// A literal, a parameter, or an expression of them.
fn constant(
    expr: &Expr,
    ty: &OptionType,
    base: &Base,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Option<OptionValue>, Misfit> {
    let misfit = |help: Option<String>| Misfit { span: expr.span, expected: expected(ty), help, fixes: vec![] };
    match &expr.kind {
        ExprKind::Name(name) => match context.params.get(&name.text) {
            None => {
                let params = context.params.keys().map(String::as_str);
                let help = match (base, closest(&name.text, params)) {
                    (_, Some(param)) => Some(format!("did you mean the parameter `{param}`?")),
                    (Base::String, None) => Some(format!("text stands in quotes: `\"{}\"`", name.text)),
                    _ => None,
                };
                return Err(misfit(help));
            }
            Some(param) if param.ty.is_unknown() => return Ok(None),
            Some(param) if !compatible(&param.ty, base) => {
                return Err(misfit(Some(format!("`{}` is of type `{}`", name.text, param.ty))));
            }
            Some(_) => {}
        },
        ExprKind::Call { .. } if reference(expr)?.is_some() => {
            let help = "it must be known when the program is compiled: use a `param`, and set it per environment";
            return Err(misfit(Some(help.to_string())));
        }
        ExprKind::Number(_) | ExprKind::Negate(_) if *base == Base::Int64 => {
            return match number(expr) {
                Some(value) => Ok(Some(OptionValue::Int(value))),
                None => Err(misfit(None)),
            };
        }
        ExprKind::Chain { .. } | ExprKind::Interpolated(_) | ExprKind::If { .. } | ExprKind::Match { .. } => {}
        ExprKind::Call { .. } | ExprKind::Not(_) | ExprKind::Logic { .. } | ExprKind::Compare { .. } => {}
        _ => return Err(misfit(None)),
    }
    let expected: Type = base.clone().required();
    let found = expressions::constant(expr, Some(&expected), &context.expressions(), diagnostics);
    Ok(found.and_then(|(value, _)| match (value, base) {
        (Literal::Bool(it), _) => Some(OptionValue::Bool(it)),
        (Literal::Int(it), Base::Duration) => Some(OptionValue::Duration(it)),
        (Literal::Int(it), _) => Some(OptionValue::Int(it)),
        (Literal::Text(it), _) => Some(OptionValue::String(it)),
        _ => None,
    }))
}

fn compatible(ty: &Type, base: &Base) -> bool {
    !ty.nullable
        && match base {
            Base::String => ty.base.is_text(),
            Base::Int64 => ty.base.is_integer(),
            other => ty.base == *other,
        }
}

fn number(expr: &Expr) -> Option<i64> {
    match &expr.kind {
        ExprKind::Number(text) => text.parse().ok(),
        ExprKind::Negate(operand) => match &operand.kind {
            ExprKind::Number(text) => format!("-{text}").parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

/// Parts per million; at most 100 %.
pub(super) fn percent(number: &str) -> Option<OptionValue> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: String = fraction.chars().chain("0000".chars()).take(4).collect();
    let ppm = whole.parse::<u32>().ok()?.checked_mul(10_000)?.checked_add(digits.parse().ok()?)?;
    (ppm <= 1_000_000).then_some(OptionValue::Percent(ppm))
}

/// A codec with its options.
fn format(expr: &Expr, context: &Context<'_>, diagnostics: &mut Diagnostics) -> Result<Option<OptionValue>, Misfit> {
    let (name, args, span) = match &expr.kind {
        ExprKind::Name(name) => (name, [].as_slice(), expr.span),
        ExprKind::Call { callee, args, args_span } => match &callee.kind {
            ExprKind::Name(name) => (name, args.as_slice(), *args_span),
            _ => {
                return Err(Misfit {
                    span: expr.span,
                    expected: expected(&OptionType::Format),
                    help: None,
                    fixes: vec![],
                });
            }
        },
        _ => {
            return Err(Misfit { span: expr.span, expected: expected(&OptionType::Format), help: None, fixes: vec![] });
        }
    };
    let Some(codec) = context.registry.codec(&name.text) else {
        let known: Vec<&'static str> = context.registry.codecs.iter().map(|it| it.name).collect();
        let closest = closest(&name.text, known.iter().copied());
        diagnostics.emit(UnknownFormat { name: name.text.clone(), span: name.span, closest, known });
        return Ok(None);
    };
    let options = arguments(&name.text, args, span, codec.options, context, diagnostics)?;
    Ok(Some(match options.is_empty() {
        true => OptionValue::Word(name.text.clone()),
        false => OptionValue::Call { name: name.text.clone(), args: options },
    }))
}

/// `None`: no such word.
fn call(
    expr: &Expr,
    calls: &[CallSpec],
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Result<Option<OptionValue>, Misfit>> {
    let (name, args, span) = match &expr.kind {
        ExprKind::Name(name) => (&name.text, [].as_slice(), expr.span),
        ExprKind::String(text) => (text, [].as_slice(), expr.span),
        ExprKind::Call { callee, args, args_span } => match &callee.kind {
            ExprKind::Name(name) => (&name.text, args.as_slice(), *args_span),
            _ => return None,
        },
        _ => return None,
    };
    let spec = calls.iter().find(|spec| spec.name == *name)?;
    Some(arguments(name, args, span, spec.options, context, diagnostics).map(|options| {
        Some(match options.is_empty() {
            true => OptionValue::Word(name.clone()),
            false => OptionValue::Call { name: name.clone(), args: options },
        })
    }))
}

/// Arguments in parentheses: named, or (the first ones) in the order of the specs.
fn arguments(
    name: &str,
    args: &[Arg],
    span: Span,
    specs: &'static [OptionSpec],
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Options, Misfit> {
    let mut parts = vec![];
    for (at, arg) in args.iter().enumerate() {
        match (&arg.name, specs.get(at)) {
            (Some(name), _) => parts.push(Part { name: &name.text, name_span: name.span, value: &arg.value }),
            (None, Some(spec)) => {
                parts.push(Part { name: spec.name, name_span: arg.value.span, value: &arg.value });
            }
            (None, None) if specs.is_empty() => {
                let expected = format!("nothing in parentheses after `{name}`");
                return Err(Misfit {
                    span: arg.value.span,
                    expected,
                    help: Some(format!("write `{name}`")),
                    fixes: vec![],
                });
            }
            (None, None) => {
                let names: Vec<&str> = specs.iter().map(|it| it.name).collect();
                let expected = format!("at most {} values here: {}", specs.len(), names.join(", "));
                return Err(Misfit { span: arg.value.span, expected, help: None, fixes: vec![] });
            }
        }
    }
    let what = format!("`{name}`");
    let place = Place { what: &what, span, incomplete: false, given: &Options::new() };
    Ok(check_parts(&parts, &place, &[specs], context, diagnostics).values)
}

/// A client's own properties: any names; plain values or references.
fn properties(
    expr: &Expr,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Option<OptionValue>, Misfit> {
    let misfit = |span: Span| Misfit { span, expected: expected(&OptionType::Properties), help: None, fixes: vec![] };
    let ExprKind::Record(record) = &expr.kind else { return Err(misfit(expr.span)) };
    let mut values = Options::new();
    for entry in &record.entries {
        let value = match &entry.value.kind {
            ExprKind::Error => continue,
            ExprKind::String(text) => OptionValue::String(text.clone()),
            ExprKind::Bool(it) => OptionValue::Bool(*it),
            ExprKind::Duration(it) => OptionValue::Duration(*it),
            ExprKind::Size(it) => OptionValue::Size(*it),
            ExprKind::Number(text) => match text.parse() {
                Ok(it) => OptionValue::Int(it),
                Err(_) => OptionValue::Number(text.clone()),
            },
            ExprKind::Name(name) if !context.params.contains_key(&name.text) => OptionValue::Word(name.text.clone()),
            _ => match reference(&entry.value)? {
                Some(reference) => reference,
                None => match constant(&entry.value, &OptionType::String, &Base::String, context, diagnostics)? {
                    Some(value) => value,
                    None => continue,
                },
            },
        };
        values.insert(entry.name.text.clone(), value);
    }
    Ok(Some(OptionValue::Record(values)))
}

/// What may stand there, in words: "a whole number between 1 and 1000".
pub(super) fn expected(ty: &OptionType) -> String {
    let words = |words: Vec<&str>| words.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
    match ty {
        OptionType::Bool => "`true` or `false`".into(),
        OptionType::Int { min, max: i64::MAX } => format!("a whole number, at least {min}"),
        OptionType::Int { min, max } => format!("a whole number between {min} and {max}"),
        OptionType::String => "text in quotes, `env(…)` or `file(…)`".into(),
        OptionType::Secret => "`env(\"NAME\")` or `file(\"path\")`".into(),
        OptionType::Duration => "a duration such as `30s`".into(),
        OptionType::Size => "a size such as `8MiB`".into(),
        OptionType::Percent => "a share such as `1%`, at most `100%`".into(),
        OptionType::Choice(choices) => format!("one of {}", words(choices.to_vec())),
        OptionType::Fields => "the name of a field, or a list `[a, b]`".into(),
        OptionType::Exprs => "an expression over the fields, or a list of them".into(),
        OptionType::Format => "a format such as `json`".into(),
        OptionType::Record(_) | OptionType::Properties => "a block `{ … }`".into(),
        OptionType::Call(calls) => format!("one of {}", words(calls.iter().map(|it| it.name).collect())),
        OptionType::Strings => "text in quotes, or a list of texts".into(),
    }
}
