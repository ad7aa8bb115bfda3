//! The reference of options: of connections, of what is read and written through them, of formats, and of the blocks of the
//! language itself.

use pipewright_plan::{CallSpec, CodecSpec, ConnectorSpec, OptionSpec, OptionType};

use super::GENERATED;
use super::examples::block;
use crate::program::registry;

pub(super) fn document() -> String {
    let mut out = format!("{GENERATED}# Options\n\nAn option that is not listed here is an error.\n");
    for (title, specs) in pipewright_compiler::nodes::BLOCKS {
        out.push_str(&format!("\n## {title}\n\n{}{}", list(specs, ""), block(title)));
    }
    for it in registry().connectors {
        out.push_str(&format!("\n## `connection … = {}`\n\n{}", it.name, connector(it)));
    }
    for it in registry().codecs {
        out.push_str(&format!("\n## `format = {}`\n\n{}", it.name, codec(it)));
    }
    out
}

pub(super) fn connector(it: &ConnectorSpec) -> String {
    let mut out = format!("{}\n\n{}", it.doc.trim(), list(&connection_options(it), ""));
    if let Some(source) = it.source {
        out.push_str(&format!("\nOptions of a `source` from it:\n\n{}", list(source, "")));
    }
    if let Some(sink) = it.sink.map(|it| it.options).filter(|it| !it.is_empty()) {
        out.push_str(&format!("\nOptions of a `sink` to it, besides those of every sink:\n\n{}", list(sink, "")));
    }
    out.push_str(&block(it.name));
    out
}

/// Its own options, and those of every connection.
fn connection_options(it: &ConnectorSpec) -> Vec<OptionSpec> {
    it.connection.iter().chain(pipewright_compiler::connections::OPTIONS).copied().collect()
}

pub(super) fn codec(it: &CodecSpec) -> String {
    format!("{}\n\n{}{}", it.doc.trim(), list(it.options, ""), block(it.name))
}

/// `- name (type, required or default): doc`, nested blocks set in.
fn list(specs: &[OptionSpec], indent: &str) -> String {
    if specs.is_empty() {
        return format!("{indent}No options.\n");
    }
    let mut out = String::new();
    for it in specs {
        let presence = match (it.required, it.default) {
            (true, _) => ", required".to_string(),
            (false, Some(default)) => format!(", default `{default}`"),
            (false, None) => String::new(),
        };
        let doc = it.doc.split_whitespace().collect::<Vec<_>>().join(" ");
        out.push_str(&format!("{indent}- `{}` ({}{presence}): {doc}\n", it.name, type_text(&it.ty)));
        let inner = format!("{indent}  ");
        match it.ty {
            OptionType::Record(specs) => out.push_str(&list(specs, &inner)),
            OptionType::Call(calls) => {
                for call in calls {
                    out.push_str(&call_text(call, &inner));
                }
            }
            _ => {}
        }
    }
    out
}

fn call_text(call: &CallSpec, indent: &str) -> String {
    let doc = call.doc.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out = format!("{indent}- `{}`: {doc}\n", call.name);
    if !call.options.is_empty() {
        out.push_str(&list(call.options, &format!("{indent}  ")));
    }
    out
}

pub(super) fn type_text(ty: &OptionType) -> String {
    match ty {
        OptionType::Bool => "`true` or `false`".into(),
        OptionType::Int { min, max } if *max == i64::MAX => format!("whole number from {min}"),
        OptionType::Int { min, max } => format!("whole number from {min} to {max}"),
        OptionType::String => "text".into(),
        OptionType::Secret => "text, never printed".into(),
        OptionType::Duration => "duration such as `30s`".into(),
        OptionType::Size => "size such as `8MiB`".into(),
        OptionType::Percent => "share such as `1%`".into(),
        OptionType::Choice(words) => words.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(" or "),
        OptionType::Fields => "a field, or a list of them".into(),
        OptionType::Exprs => "an expression over the fields, or a list of them".into(),
        OptionType::Format => "a format".into(),
        OptionType::Record(_) => "block".into(),
        OptionType::Call(_) => "one of these".into(),
        OptionType::Strings => "text, or a list of texts".into(),
        OptionType::Properties => "block of the client's own properties".into(),
    }
}
