//! `source NAME: Type from CONNECTION { … } | steps`: records from outside.

use std::collections::BTreeMap;

use pipewright_grammar::Span;
use pipewright_plan::{Base, Kind, OptionSpec, OptionType, Role, Schema, Source};

use super::{
    Policy, Program, Site, bad_records, check_pii,
    formats::{self, Direction},
    option, pipeline,
};
use crate::{
    context::{Context, DeclaredConnection},
    diagnostics::{
        ConflictingOptions, Diagnostics, MissingOption, MissingPart, MissingType, RecordExpected, TopicTypeMismatch,
        UnknownConnection, UnknownType, WrongConnection,
    },
    expressions::closest,
    flow::Flow,
    index::{Namespace, NodeRole},
    options, steps, types,
};

/// Options of every source, beside those of its connector.
pub const OPTIONS: &[OptionSpec] = &[
    option(
        "format",
        OptionType::Format,
        None,
        "How bytes become records. Taken from the path where that says it: `.csv`, `.json`, `.jsonl`.",
    ),
    bad_records::SPEC,
];

/// Checks a source.
pub(super) fn check(
    site: &Site<'_>,
    context: &Context<'_>,
    pipeline: &pipeline::Checked,
    program: &mut Program,
    diagnostics: &mut Diagnostics,
) -> Option<Flow> {
    let node = site.node;
    let ty = record_type(site, context, diagnostics);
    let connection = input(site, context, diagnostics);
    let spec = connection.and_then(|it| it.spec.source);
    // Without a connector its options are not known: then only a wrong type is news.
    let (Some(connection), Some(spec)) = (connection, spec) else { return None };
    let what = format!("a source from `{}`", connection.spec.name);
    let checked = options::check(node.options.as_ref(), site.head(), &[spec, OPTIONS], &what, context, diagnostics);
    for problem in (connection.spec.validate)(&checked.values) {
        if problem.option.as_deref().is_some_and(|option| checked.has(option)) {
            let span = problem.option.as_deref().map_or(checked.span, |option| checked.value_span(option));
            diagnostics.emit(ConflictingOptions { message: problem.message, help: problem.help, span });
        }
    }
    let path = match checked.get("path") {
        Some(pipewright_plan::OptionValue::String(path)) => path.as_str(),
        _ => "",
    };
    let format = formats::read(&checked, by_extension(path), context, diagnostics);
    if format.is_none() && !checked.has("format") && checked.has("path") {
        diagnostics.emit(MissingOption {
            name: "format",
            block: what,
            span: checked.span,
            doc: "How bytes become records: `json`, `csv`.",
        });
    }
    let policy = bad_records::read(&checked, &pipeline.policy, diagnostics);
    let (format, codec) = format?;
    let typed = schema(site, ty, codec.fixed_schema, codec.name, diagnostics)?;
    let declared = |field: &str| typed.fields.get(field).copied();
    let format_span = if checked.has("format") { checked.value_span("format") } else { node.name.span };
    formats::check_fields(codec, &typed.schema, Direction::Reads, format_span, &declared, diagnostics);
    pii(&policy, &typed, site, program);

    let flow =
        Flow::root(&node.name.text, NodeRole::Source, typed.schema.clone(), typed.fields, Kind::APPEND, node.name.span);
    let (steps, flow) = steps::run(&node.steps, &node.name.text, flow, context, &|_| None, diagnostics);
    let mut values = checked.values.clone();
    values.remove("format");
    values.remove("on_bad_record");
    program.sources.push(Source {
        name: node.name.text.clone(),
        connection: connection.plan.name.clone(),
        options: values,
        format,
        schema: typed.schema,
        kind: Kind::APPEND,
        steps,
        on_bad_record: policy.plan,
        doc: Context::doc(&site.declaration.doc),
        origin: context.origin(site.declaration.span),
    });
    Some(flow)
}

/// The records of a node: from its type, or from the format.
pub(super) struct Typed {
    pub(super) schema: Schema,
    pub(super) fields: BTreeMap<String, Span>,
}

/// The named type of a node's head. `Err`: it is broken, and has been reported; `Ok(None)`: there is none.
pub(super) fn record_type(
    site: &Site<'_>,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Option<Typed>, ()> {
    let Some(name) = &site.node.ty else { return Ok(None) };
    let Some(declared) = context.types.get(&name.text) else {
        if !context.index.is_broken(Namespace::Types, &name.text) {
            let closest = types::suggestion(&name.text, context);
            diagnostics.emit(UnknownType { name: name.text.clone(), span: name.span, closest });
        }
        return Err(());
    };
    match &declared.ty.base {
        Base::Unknown => Err(()),
        Base::Record(fields) if !declared.ty.nullable && !fields.is_empty() => {
            Ok(Some(Typed { schema: Schema::new(fields.clone()), fields: declared.fields.clone() }))
        }
        _ => {
            diagnostics.emit(RecordExpected {
                name: name.text.clone(),
                ty: declared.ty.to_string(),
                span: name.span,
                declared: declared.span,
            });
            Err(())
        }
    }
}

/// The records of a source or an external topic.
pub(super) fn schema(
    site: &Site<'_>,
    ty: Result<Option<Typed>, ()>,
    fixed: Option<fn() -> Schema>,
    format: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Typed> {
    let node = site.node;
    match (ty.ok()?, fixed.map(|schema| schema())) {
        (Some(typed), None) => Some(typed),
        (None, Some(schema)) => Some(Typed { schema, fields: BTreeMap::new() }),
        (None, None) => {
            diagnostics.emit(MissingType { name: node.name.text.clone(), span: node.name.span });
            None
        }
        (Some(typed), Some(schema)) => {
            let same = |(a, b): (&pipewright_plan::Field, &pipewright_plan::Field)| a.name == b.name && a.ty == b.ty;
            let equal = typed.schema.fields.len() == schema.fields.len()
                && typed.schema.fields.iter().zip(&schema.fields).all(same);
            if equal {
                return Some(typed);
            }
            let fields: Vec<String> = schema.fields.iter().map(|it| format!("{}: {}", it.name, it.ty)).collect();
            diagnostics.emit(TopicTypeMismatch {
                message: format!("format `{format}` always gives `{{ {} }}`", fields.join(", ")),
                span: node.ty.as_ref().map_or(node.name.span, |it| it.span),
                at: None,
                help: Some("leave the type out, and take the line apart in a transform".into()),
            });
            None
        }
    }
}

/// Looks for personal data in what this node reads.
pub(super) fn pii(policy: &Policy, typed: &Typed, site: &Site<'_>, program: &mut Program) {
    let declared = |field: &str| typed.fields.get(field).copied();
    program.pii.extend(check_pii(policy, &typed.schema, &site.node.name.text, &declared));
}

/// A connection by name; `None`: reported.
pub(super) fn connection<'c>(
    name: &pipewright_grammar::ast::Name,
    context: &'c Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<&'c DeclaredConnection> {
    let found = context.connections.get(&name.text);
    let declared = context.index.connections.iter().any(|it| it.part.name.text == name.text);
    if found.is_none() && !declared && !context.index.is_broken(Namespace::Connections, &name.text) {
        let names = context.index.connections.iter().map(|it| it.part.name.text.as_str());
        let closest = closest(&name.text, names);
        diagnostics.emit(UnknownConnection { name: name.text.clone(), span: name.span, closest });
    }
    found
}

/// The connection a source reads.
fn input<'c>(
    site: &Site<'_>,
    context: &'c Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<&'c DeclaredConnection> {
    let [from] = site.node.from.as_slice() else {
        let node = format!("source `{}`", site.node.name.text);
        diagnostics.emit(MissingPart { node, part: "exactly one connection after `from`", span: site.head() });
        return None;
    };
    let found = connection(&from.node, context, diagnostics)?;
    if found.spec.source.is_none() {
        let (message, help) = match found.spec.role {
            Role::Cluster => (
                format!("`{}` is a Kafka cluster; its topics need no source", from.node.text),
                format!("write `topic NAME: Type on {} {{ … }}`", from.node.text),
            ),
            Role::Database | Role::Input => (
                format!("a `{}` connection cannot be read yet in this version", found.spec.name),
                "read `files`, or a topic that another tool fills".to_string(),
            ),
        };
        diagnostics.emit(WrongConnection { message, help, span: from.node.span, declared: found.span });
        return None;
    }
    Some(found)
}

fn by_extension(path: &str) -> Option<&'static str> {
    let path = path.strip_suffix(".gz").or_else(|| path.strip_suffix(".zst")).unwrap_or(path);
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("csv") => Some("csv"),
        Some("json" | "jsonl" | "ndjson") => Some("json"),
        _ => None,
    }
}
