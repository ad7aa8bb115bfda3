//! Options: a block as written, checked against what may be written there.
//!
//! One checker for every block of the language: connections, pipeline, nodes, formats, nested blocks and calls. Knows the
//! specs, constants and parameters; knows nothing of what an option does. Names of fields stay names, expressions over
//! fields stay text here: who owns the block resolves them ([`Checked::expr`]).

mod outside;
mod secret;
mod value;

use std::collections::BTreeMap;

use pipewright_grammar::{
    Span,
    ast::{Entry, Expr, Record},
};
use pipewright_plan::{OptionSpec, OptionValue, Options};

use crate::{
    context::Context,
    diagnostics::{Diagnostics, DuplicateOption, MissingOption, UnknownOption, WrongOptionValue},
    expressions::closest,
};

pub(crate) use outside::fits;
pub(crate) use secret::holds_password;

/// A block that was checked: the good values, and where everything stands.
pub(crate) struct Checked<'a> {
    /// The values that fit.
    pub(crate) values: Options,
    entries: BTreeMap<&'static str, (Span, &'a Expr)>,
    /// The block, or the head of the declaration if there is none.
    pub(crate) span: Span,
    /// The block: "a topic".
    what: String,
    /// Options that unknown names were taken for.
    guessed: Vec<String>,
}

impl<'a> Checked<'a> {
    /// Something was written that this option was taken to be: then that it is missing is no news.
    pub(crate) fn meant(&self, name: &str) -> bool {
        self.guessed.iter().any(|it| it == name)
    }

    /// The expression behind an option.
    pub(crate) fn expr(&self, name: &str) -> Option<&'a Expr> {
        self.entries.get(name).map(|(_, expr)| *expr)
    }

    /// Where the value of an option stands; the block if it was not written.
    pub(crate) fn value_span(&self, name: &str) -> Span {
        self.expr(name).map_or(self.span, |expr| expr.span)
    }

    /// Where the name of an option stands; the block if it was not written.
    pub(crate) fn name_span(&self, name: &str) -> Span {
        self.entries.get(name).map_or(self.span, |(span, _)| *span)
    }

    /// It was written, rightly or wrongly.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The value.
    pub(crate) fn get(&self, name: &str) -> Option<&OptionValue> {
        self.values.get(name)
    }

    /// A whole number.
    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        if let Some(OptionValue::Int(it)) = self.get(name) { Some(*it) } else { None }
    }

    /// A duration in microseconds.
    pub(crate) fn duration(&self, name: &str) -> Option<i64> {
        if let Some(OptionValue::Duration(it)) = self.get(name) { Some(*it) } else { None }
    }

    /// A word.
    pub(crate) fn word(&self, name: &str) -> Option<&str> {
        if let Some(OptionValue::Word(it)) = self.get(name) { Some(it) } else { None }
    }

    /// Names of fields, with their places.
    pub(crate) fn names(&self, name: &str) -> Vec<(String, Span)> {
        let places = match self.expr(name).map(|it| (&it.kind, it.span)) {
            Some((pipewright_grammar::ast::ExprKind::List(list), _)) => list.iter().map(|it| it.span).collect(),
            Some((_, span)) => vec![span],
            None => vec![],
        };
        let words = match self.get(name) {
            Some(OptionValue::List(list)) => list.clone(),
            Some(one) => vec![one.clone()],
            None => vec![],
        };
        let texts = words.into_iter().filter_map(|it| match it {
            OptionValue::Word(text) | OptionValue::String(text) => Some(text),
            _ => None,
        });
        texts.zip(places).collect()
    }

    /// Text that the compiler itself needs, so that `env` and `file` will not do.
    pub(crate) fn text(&self, name: &str, diagnostics: &mut Diagnostics) -> Option<String> {
        match self.get(name)? {
            OptionValue::String(text) | OptionValue::Word(text) => Some(text.clone()),
            _ => {
                diagnostics.emit(WrongOptionValue {
                    option: name.to_string(),
                    block: self.what.clone(),
                    expected: "text that is known when the program is compiled".into(),
                    span: self.value_span(name),
                    help: Some("use a `param`, and set it per environment".into()),
                    fixes: vec![],
                });
                None
            }
        }
    }
}

/// Checks a block. `head` is underlined if there is no block; `what` names the block: "a topic".
pub(crate) fn check<'a>(
    record: Option<&'a Record>,
    head: Span,
    specs: &[&'static [OptionSpec]],
    what: &str,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Checked<'a> {
    check_beside(&Options::new(), record, head, specs, what, context, diagnostics)
}

/// The same, beside options that are `given` elsewhere: those are not missing here.
pub(crate) fn check_beside<'a>(
    given: &Options,
    record: Option<&'a Record>,
    head: Span,
    specs: &[&'static [OptionSpec]],
    what: &str,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Checked<'a> {
    let entries = record.map(|it| it.entries.as_slice()).unwrap_or_default();
    let parts: Vec<Part<'a>> = entries.iter().map(Part::entry).collect();
    let incomplete = record.is_some_and(|it| it.incomplete);
    let span = record.map_or(head, |it| it.span);
    let place = Place { what, span, incomplete, given };
    check_parts(&parts, &place, specs, context, diagnostics)
}

/// One written option, whether it stands in braces or in parentheses.
struct Part<'a> {
    name: &'a str,
    name_span: Span,
    value: &'a Expr,
}

impl<'a> Part<'a> {
    fn entry(entry: &'a Entry) -> Self {
        Self { name: &entry.name.text, name_span: entry.name.span, value: &entry.value }
    }
}

/// The block around some options.
struct Place<'w> {
    what: &'w str,
    span: Span,
    incomplete: bool,
    /// Options that stand elsewhere.
    given: &'w Options,
}

fn check_parts<'a>(
    parts: &[Part<'a>],
    place: &Place<'_>,
    specs: &[&'static [OptionSpec]],
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Checked<'a> {
    let all = || specs.iter().copied().flatten();
    let mut checked = Checked {
        values: Options::new(),
        entries: BTreeMap::new(),
        span: place.span,
        what: place.what.to_string(),
        guessed: vec![],
    };
    for part in parts {
        let Some(spec) = all().find(|spec| spec.name == part.name) else {
            let closest = closest(part.name, all().map(|spec| spec.name));
            checked.guessed.extend(closest.clone());
            diagnostics.emit(UnknownOption {
                name: part.name.to_string(),
                span: part.name_span,
                block: place.what.to_string(),
                closest,
                known: all().map(|spec| spec.name).collect(),
            });
            continue;
        };
        if let Some((first, _)) = checked.entries.get(spec.name) {
            diagnostics.emit(DuplicateOption { name: part.name.to_string(), span: part.name_span, first: *first });
            continue;
        }
        checked.entries.insert(spec.name, (part.name_span, part.value));
        if let Some(value) = value::read(part.value, spec, place.what, context, diagnostics) {
            checked.values.insert(spec.name.to_string(), value);
        }
    }
    // A misspelt required option is one finding, not two.
    for spec in all().filter(|spec| spec.required && !place.incomplete) {
        if !checked.entries.contains_key(spec.name)
            && !place.given.contains_key(spec.name)
            && !checked.guessed.iter().any(|it| it == spec.name)
        {
            diagnostics.emit(MissingOption {
                name: spec.name,
                block: place.what.to_string(),
                span: place.span,
                doc: spec.doc,
            });
        }
    }
    checked
}
