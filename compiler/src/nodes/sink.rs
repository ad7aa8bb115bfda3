//! `sink NAME from INPUT to CONNECTION { … }`: rows in a table.
//!
//! Holds the rules of keys and kinds at the end of the way: what an append may take, what an upsert must know, and that
//! all versions of a row come through one partition.

use pipewright_grammar::Span;
use pipewright_plan::{
    CallSpec, Field, Kind, OnDelete, OptionSpec, OptionType, OptionValue, Role, SchemaMode, Sink, Write,
};

use super::{Program, Site, bad_records, check_pii, inputs, option, pipeline, required, source};
use crate::{
    context::{Context, DeclaredConnection},
    diagnostics::{
        ColumnType, ConflictingOptions, DeleteUnhandled, Diagnostics, MissingPart, NameTooLong, NeedsTopic,
        PiiDeadLetter, UnknownKeyField, UpsertKeyMismatch, UpsertOrder, UpsertWithoutIdentity, WrongConnection,
    },
    expressions::closest,
    flow::Flow,
    index::NodeRole,
    keys,
    options::{self, Checked},
};

const MARK: &[OptionSpec] =
    &[required("column", OptionType::Fields, "A bool column of the table that is set to true.")];

/// Options of every sink into a database, beside those of its connector.
pub const OPTIONS: &[OptionSpec] = &[
    required("table", OptionType::String, "The table: `fact_orders`, or with its schema `sales.fact_orders`."),
    option(
        "write",
        OptionType::Choice(&["append", "upsert"]),
        Some("append; upsert for a changelog"),
        "Whether every record is a new row, or the newest record per key is the row.",
    ),
    option("key", OptionType::Fields, Some("what identifies a row of the input"), "The key of an upsert."),
    option(
        "on_delete",
        OptionType::Call(&[
            CallSpec { name: "delete", options: &[], doc: "The row is deleted." },
            CallSpec { name: "ignore", options: &[], doc: "The row stays as it is." },
            CallSpec { name: "mark", options: MARK, doc: "A bool column of the row is set to true." },
        ]),
        Some("delete"),
        "What a delete of the changelog does to the row.",
    ),
    option(
        "version",
        OptionType::Fields,
        None,
        "A column that grows with every version of a row: the greatest wins, in whatever order they come.",
    ),
    option(
        "schema",
        OptionType::Choice(&["create", "evolve", "fixed"]),
        Some("create"),
        "What may be done to the table: create it when missing, add missing nullable columns, too, or nothing.",
    ),
    option("loaded_at", OptionType::Fields, None, "A column that the database sets to the time of loading."),
    bad_records::SPEC,
];

/// Checks a sink.
pub(super) fn check(
    site: &Site<'_>,
    context: &Context<'_>,
    pipeline: &pipeline::Checked,
    program: &mut Program,
    diagnostics: &mut Diagnostics,
) {
    let node = site.node;
    let database = database(site, context, diagnostics);
    let input = inputs::read(site, NodeRole::Sink, context, program, diagnostics);
    if node.to.as_ref().and_then(|it| context.connections.get(&it.text)).is_some_and(|it| it.spec.sink.is_none()) {
        // It has been told; the options of what this should be are others.
        return;
    }
    let more = database.and_then(|it| it.spec.sink).map(|it| it.options).unwrap_or_default();
    let block = options::check(node.options.as_ref(), site.head(), &[OPTIONS, more], "a sink", context, diagnostics);
    for problem in database.map(|it| (it.spec.validate)(&block.values)).unwrap_or_default() {
        if let Some(option) = problem.option.as_deref().filter(|option| block.has(option)) {
            let (message, help) = (problem.message, problem.help);
            diagnostics.emit(ConflictingOptions { message, help, span: block.value_span(option) });
        }
    }
    let policy = bad_records::read(&block, &pipeline.policy, diagnostics);
    let table = block.text("table", diagnostics);
    if table.as_deref().is_some_and(str::is_empty) {
        conflict(&block, "table", "`table` is empty", "name the table", diagnostics);
    }
    if !input.known {
        return;
    }
    if input.reads_source() {
        diagnostics.emit(NeedsTopic {
            source: input.roots.first().map(|it| it.name.clone()).unwrap_or_default(),
            sink: node.name.text.clone(),
            span: node.from.first().map_or(node.name.span, |it| it.span()),
        });
        return;
    }
    if block.has("on_bad_record") {
        let flows = input.roots.iter().filter_map(|root| Some((root, program.flows.get(&root.name)?)));
        let found: Vec<PiiDeadLetter> = flows
            .filter_map(|(root, flow)| {
                let declared = |field: &str| flow.declared.get(field).copied();
                check_pii(&policy, &flow.schema, &root.name, &declared)
            })
            .collect();
        program.pii.extend(found);
    }
    if let Some(database) = database {
        columns(&input, database, site, diagnostics);
    }
    let write = write(&input, &block, site, context, program, diagnostics);
    let loaded_at = loaded_at(&input, &block, diagnostics);
    let (Some(database), Some(table), Some(write)) = (database, table, write) else { return };
    names(&input, &table, loaded_at.as_deref(), database, site, &block, diagnostics);
    program.sinks.push(Sink {
        name: node.name.text.clone(),
        from: node.from.iter().map(|it| it.node.text.clone()).collect(),
        connection: database.plan.name.clone(),
        table,
        write,
        columns: input.schema,
        schema_mode: match block.word("schema") {
            Some("evolve") => SchemaMode::Evolve,
            Some("fixed") => SchemaMode::Fixed,
            _ => SchemaMode::Create,
        },
        options: {
            let declared = more.iter().filter_map(|it| Some((it.name.to_string(), block.values.get(it.name)?.clone())));
            declared.collect()
        },
        loaded_at,
        on_bad_record: policy.plan,
        doc: Context::doc(&site.declaration.doc),
        origin: context.origin(site.declaration.span),
    });
}

fn conflict(block: &Checked<'_>, option: &str, message: &str, help: &str, diagnostics: &mut Diagnostics) {
    let (message, help) = (message.to_string(), Some(help.to_string()));
    diagnostics.emit(ConflictingOptions { message, help, span: block.value_span(option) });
}

/// The database a sink writes.
fn database<'c>(
    site: &Site<'_>,
    context: &'c Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<&'c DeclaredConnection> {
    let Some(to) = &site.node.to else {
        let node = format!("sink `{}`", site.node.name.text);
        diagnostics.emit(MissingPart { node, part: "a connection after `to`", span: site.head() });
        return None;
    };
    let found = source::connection(to, context, diagnostics)?;
    let message = match found.spec.role {
        Role::Database if found.spec.sink.is_some() => return Some(found),
        Role::Cluster => format!("a sink writes to a database, and `{}` is a Kafka cluster", to.text),
        Role::Database | Role::Input => format!("a `{}` connection cannot be written", found.spec.name),
    };
    let help = match found.spec.role {
        Role::Cluster => "write `topic NAME from …` instead",
        Role::Database | Role::Input => "name a connection to a database: `sqlite`, `postgres`",
    };
    diagnostics.emit(WrongConnection { message, help: help.into(), span: to.span, declared: found.span });
    None
}

/// Every field must have a column type.
fn columns(input: &Flow, database: &DeclaredConnection, site: &Site<'_>, diagnostics: &mut Diagnostics) {
    for field in input.schema.fields.iter().filter(|it| !it.ty.is_unknown()) {
        if let Err(why) = (database.spec.column)(&field.ty) {
            diagnostics.emit(ColumnType {
                field: field.name.clone(),
                why,
                span: site.node.name.span,
                declared: input.declared.get(&field.name).copied(),
            });
        }
    }
}

/// Every name must fit: a database that cuts names off would find two columns alike, or none.
fn names(
    input: &Flow,
    table: &str,
    loaded_at: Option<&str>,
    database: &DeclaredConnection,
    site: &Site<'_>,
    block: &Checked<'_>,
    diagnostics: &mut Diagnostics,
) {
    let Some(longest) = database.spec.sink.and_then(|it| it.longest_name) else { return };
    let mut check = |name: &str, what: &'static str, span, declared| {
        if name.len() > longest {
            let (name, connector) = (name.to_string(), database.spec.name);
            diagnostics.emit(NameTooLong { name, what, connector, longest, span, declared });
        }
    };
    for part in table.split('.') {
        check(part, "table", block.value_span("table"), None);
    }
    for field in &input.schema.fields {
        check(&field.name, "column", site.node.name.span, input.declared.get(&field.name).copied());
    }
    if let Some(column) = loaded_at {
        check(column, "column", block.value_span("loaded_at"), None);
    }
}

fn loaded_at(input: &Flow, block: &Checked<'_>, diagnostics: &mut Diagnostics) -> Option<String> {
    let names = block.names("loaded_at");
    let (name, _) = names.first()?;
    if names.len() > 1 {
        conflict(block, "loaded_at", "`loaded_at` is one column", "name one", diagnostics);
    } else if input.schema.field(name).is_some() {
        let message = format!("the records have a field `{name}` already");
        conflict(block, "loaded_at", &message, "name a column that the records do not have", diagnostics);
    }
    Some(name.clone())
}

/// How rows are written, or why they cannot be.
fn write(
    input: &Flow,
    block: &Checked<'_>,
    site: &Site<'_>,
    context: &Context<'_>,
    program: &Program,
    diagnostics: &mut Diagnostics,
) -> Option<Write> {
    let changelog = matches!(input.kind, Kind::Changelog { .. });
    if block.has("write") && block.word("write").is_none() {
        return None;
    }
    let upsert = match block.word("write") {
        Some(word) => word == "upsert",
        None => changelog || block.has("key"),
    };
    if !upsert {
        if changelog {
            diagnostics.emit(DeleteUnhandled {
                kind: input.kind.to_string(),
                span: block.value_span("write"),
                decided: input.kind_span,
            });
            return None;
        }
        for option in ["key", "on_delete", "version"] {
            if block.has(option) {
                let message = format!("`{option}` belongs to an upsert, and this sink appends");
                let help = format!("write `write = upsert`, or remove `{option}`");
                conflict(block, option, &message, &help, diagnostics);
            }
        }
        return Some(Write::Append);
    }
    let key = upsert_key(input, block, site, diagnostics)?;
    keys::check_fields(&key, input, "the key of an upsert", diagnostics);
    let names: Vec<String> = key.iter().map(|(name, _)| name.clone()).collect();
    let version = version(input, block, diagnostics);
    if version.is_none() && !block.has("version") {
        order(input, &names, block, site, context, program, diagnostics);
    }
    let on_delete = on_delete(block);
    if version.is_some() && changelog && on_delete == OnDelete::Delete && deletes(&input.kind) {
        let message = "with `version`, a deleted row could come back with an older version";
        conflict(block, "version", message, "write `on_delete = mark(deleted)` or `on_delete = ignore`", diagnostics);
    }
    if !changelog && block.has("on_delete") {
        let message = "what flows in has no deletes";
        conflict(block, "on_delete", message, "remove `on_delete`", diagnostics);
    }
    if let OnDelete::Mark(column) = &on_delete
        && input.schema.field(column).is_some()
    {
        let message = format!("the records have a field `{column}` already");
        conflict(block, "on_delete", &message, "name a column that the records do not have", diagnostics);
    }
    Some(Write::Upsert { key: names, on_delete, version })
}

fn deletes(kind: &Kind) -> bool {
    matches!(kind, Kind::Changelog { deletes: true, .. })
}

/// The key as written, or what identifies a row of the input; checked against it.
fn upsert_key(
    input: &Flow,
    block: &Checked<'_>,
    site: &Site<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<(String, Span)>> {
    let identity = match &input.kind {
        Kind::Changelog { key, .. } => Some(key.clone()),
        Kind::Append { unique } => unique.clone(),
    };
    let written = block.names("key");
    if block.has("key") && written.is_empty() {
        return None;
    }
    let mut whole = true;
    for (name, span) in &written {
        if input.schema.field(name).is_none() {
            let fields: Vec<String> = input.schema.fields.iter().map(|it| it.name.clone()).collect();
            let closest = closest(name, fields.iter().map(String::as_str));
            diagnostics.emit(UnknownKeyField { name: name.clone(), span: *span, closest, fields });
            whole = false;
        }
    }
    let Some(identity) = identity else {
        if whole {
            let suggestion = match written.first() {
                Some(_) => written.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "),
                None => {
                    let marked: Vec<&str> =
                        input.schema.fields.iter().filter(|it| it.key).map(|it| it.name.as_str()).collect();
                    if marked.is_empty() { "KEY".to_string() } else { marked.join(", ") }
                }
            };
            let span = if block.has("write") { block.value_span("write") } else { block.value_span("key") };
            let input_span = site.node.from.first().map_or(site.node.name.span, |it| it.span());
            diagnostics.emit(UpsertWithoutIdentity { suggestion, span, input: input_span });
        }
        return None;
    };
    if !whole {
        return None;
    }
    if written.is_empty() {
        let span = site.node.name.span;
        return Some(identity.into_iter().map(|name| (name, span)).collect());
    }
    let same = written.len() == identity.len() && identity.iter().all(|it| written.iter().any(|(name, _)| name == it));
    if !same {
        diagnostics.emit(UpsertKeyMismatch {
            kind: input.kind.to_string(),
            identity,
            span: block.value_span("key"),
            decided: input.kind_span,
        });
        return None;
    }
    Some(written)
}

fn on_delete(block: &Checked<'_>) -> OnDelete {
    match block.get("on_delete") {
        Some(OptionValue::Word(word)) if word == "ignore" => OnDelete::Ignore,
        Some(OptionValue::Call { args, .. }) => match args.get("column") {
            Some(OptionValue::Word(column) | OptionValue::String(column)) => OnDelete::Mark(column.clone()),
            _ => OnDelete::Delete,
        },
        _ => OnDelete::Delete,
    }
}

fn version(input: &Flow, block: &Checked<'_>, diagnostics: &mut Diagnostics) -> Option<String> {
    let names = block.names("version");
    let (name, span) = names.first()?;
    let Some(field) = input.schema.field(name) else {
        let fields: Vec<String> = input.schema.fields.iter().map(|it| it.name.clone()).collect();
        let closest = closest(name, fields.iter().map(String::as_str));
        diagnostics.emit(UnknownKeyField { name: name.clone(), span: *span, closest, fields });
        return None;
    };
    if names.len() > 1 {
        conflict(block, "version", "`version` is one field", "name one", diagnostics);
        return None;
    }
    if !grows(field) {
        let message = format!("`{name}` is `{}` and cannot say which version is newer", field.ty);
        conflict(block, "version", &message, "name a number or a timestamp that is never null", diagnostics);
        return None;
    }
    Some(name.clone())
}

fn grows(field: &Field) -> bool {
    use pipewright_plan::Base;
    let ordered = field.ty.base.is_number()
        || matches!(field.ty.base, Base::Timestamp | Base::LocalTimestamp | Base::Date | Base::Unknown);
    ordered && !field.ty.nullable
}

/// All versions of a row must come through one partition.
fn order(
    input: &Flow,
    key: &[String],
    block: &Checked<'_>,
    site: &Site<'_>,
    context: &Context<'_>,
    program: &Program,
    diagnostics: &mut Diagnostics,
) {
    let placed = |name: &str| program.topic(name).map(|it| &it.partitioning);
    let Some(root) = input.scattered(key, &placed) else { return };
    let topic = context.index.node(&root.name);
    let part = topic.and_then(|it| it.node.options.as_ref()).and_then(|record| {
        let named = |name: &str| record.entries.iter().find(|it| it.name.text == name);
        named("partition_key").or_else(|| named("key"))
    });
    diagnostics.emit(UpsertOrder {
        sink: site.node.name.text.clone(),
        key: key.to_vec(),
        topic: root.name.clone(),
        span: if block.has("key") { block.value_span("key") } else { site.node.name.span },
        partition_key: part.map(|it| (it.value.span, context.sources.text(it.value.span).to_string())),
        topic_span: topic.map_or(site.node.name.span, |it| it.node.name.span),
        owned: topic.is_some_and(|it| !it.node.from.is_empty()),
    });
}
