//! `topic NAME[: Type] [on CLUSTER] [from …] { … }`: where records lie in Kafka, under which key, in which partition.

use pipewright_grammar::{
    Span,
    ast::{Expr, ExprKind},
};
use pipewright_plan::{
    Base, Cleanup, Kind, OptionSpec, OptionType, Partitioner, Partitioning, Role, Start, Topic, Type,
};

use super::{
    Program, Site, bad_records,
    formats::{self, Direction},
    inputs, option, pipeline, schemas,
    source::{self, Typed},
};
use crate::{
    added,
    context::{Context, DeclaredConnection},
    diagnostics::{
        CompactedTopicMisuse, Diagnostics, KeyNotIdentity, NotYet, PartitionsInherited, WhichCluster, WrongConnection,
        WrongInput, WrongOptionValue,
    },
    expressions::{self, Scope},
    flow::Flow,
    index::NodeRole,
    keys, options,
};

const EXPRS: OptionType = OptionType::Exprs;

/// Options of a topic.
pub const OPTIONS: &[OptionSpec] = &[
    option("name", OptionType::String, None, "Its name in Kafka, if it differs from its name in the program."),
    option(
        "was",
        OptionType::String,
        None,
        "Its old name in the program, after it was renamed: positions move to the new one when it starts. Its name in Kafka stays \
         the old one, unless `name` says otherwise.",
    ),
    option(
        "key",
        EXPRS,
        Some("the `@key` fields, else the partition key"),
        "The message key: what identifies a record for deletes and compaction.",
    ),
    option(
        "partition_key",
        EXPRS,
        Some("the key"),
        "What chooses the partition: records with the same partition key keep their order.",
    ),
    option(
        "partitions",
        OptionType::Int { min: 1, max: 200_000 },
        Some("1 in an embedded cluster; else it must be said"),
        "How many partitions. More can be read in parallel; changing it later moves keys to other partitions.",
    ),
    option("replication", OptionType::Int { min: 1, max: 100 }, Some("the broker's"), "How many brokers hold a copy."),
    option("retention", OptionType::Duration, Some("the broker's"), "How long records are kept."),
    option(
        "cleanup",
        OptionType::Choice(&["delete", "compact"]),
        Some("`delete`; `compact` for a changelog"),
        "What Kafka does with old records: drops them after the retention, or keeps the newest per key.",
    ),
    option("format", OptionType::Format, Some("json"), "How records are written and read."),
    option("event_time", OptionType::Fields, None, "The field that says when it happened. Not yet in this version."),
    option("lateness", OptionType::Duration, None, "How late records may come. Not yet in this version."),
    option("idle_after", OptionType::Duration, None, "When a quiet partition stops holding up time. Not yet."),
    option("max_future", OptionType::Duration, None, "How far ahead an event time may be. Not yet in this version."),
    option(
        "kind",
        OptionType::Choice(&["append", "changelog"]),
        Some("that of its input; `append` for a topic of others"),
        "Whether a record is a fact or the newest version of a row.",
    ),
    option(
        "partitioner",
        OptionType::Choice(&["murmur2", "consistent"]),
        Some("murmur2"),
        "The function from key to partition: that of Java's clients, or CRC32, librdkafka's own. What the program writes is placed \
         by it; of a topic of others it says how they place their records.",
    ),
    option(
        "compression",
        OptionType::Choice(&["zstd", "lz4", "gzip", "snappy", "none"]),
        Some("zstd; none embedded"),
        "How batches are compressed.",
    ),
    option("start", EXPRS, Some("earliest"), "Where a fresh stage begins: `earliest`, `latest`, or an instant."),
    bad_records::SPEC,
];

/// Checks a topic.
pub(super) fn check(
    site: &Site<'_>,
    context: &Context<'_>,
    pipeline: &pipeline::Checked,
    program: &mut Program,
    diagnostics: &mut Diagnostics,
) -> Option<Flow> {
    let node = site.node;
    let cluster = cluster(site, context, diagnostics);
    let ty = source::record_type(site, context, diagnostics);
    let owned = !node.from.is_empty();
    let input = owned.then(|| inputs::read(site, NodeRole::Topic, context, program, diagnostics));
    let block = options::check(node.options.as_ref(), node.name.span, &[OPTIONS], "a topic", context, diagnostics);
    for later in ["event_time", "lateness", "idle_after", "max_future"] {
        if block.has(later) {
            diagnostics.emit(NotYet { what: format!("`{later}`"), span: block.name_span(later) });
        }
    }
    if let Some(input) = input.as_ref().filter(|it| it.known && !it.reads_source()) {
        let from = node.from.first().map_or(node.name.span, |it| it.span());
        let root = input.roots.first().map(|it| it.name.clone()).unwrap_or_default();
        diagnostics
            .emit(NotYet { what: format!("writing what was read from the topic `{root}` to a topic"), span: from });
        return None;
    }
    if block.duration("retention").is_some_and(|it| it < 1000) {
        diagnostics.emit(WrongOptionValue {
            option: "retention".into(),
            block: "a topic".into(),
            expected: "at least a millisecond".into(),
            span: block.value_span("retention"),
            help: None,
            fixes: vec![],
        });
    }
    let format = formats::read(&block, Some("json"), context, diagnostics);
    let policy = bad_records::read(&block, &pipeline.policy, diagnostics);
    let start = start(&block, context, diagnostics);
    let (format, codec) = format?;
    let (typed, input_kind) = match input {
        Some(mut flow) if flow.known => {
            if let Some(declared) = ty.ok()? {
                let span = node.ty.as_ref().map_or(node.name.span, |it| it.span);
                context.note_joined(&flow.declared, &declared.fields);
                schemas::match_schema(&declared, &mut flow, span, &node.name.text, diagnostics);
            }
            (Typed { schema: flow.schema, fields: flow.declared }, Some((flow.kind, flow.kind_span)))
        }
        Some(_) => (ty.ok()??, None),
        None => (source::schema(site, ty, codec.fixed_schema, codec.name, diagnostics)?, None),
    };
    let whole_input = !owned || input_kind.is_some();
    let declared = |field: &str| typed.fields.get(field).copied();
    let format_span = if block.has("format") { block.value_span("format") } else { node.name.span };
    formats::check_fields(codec, &typed.schema, Direction::Reads, format_span, &declared, diagnostics);
    if owned {
        formats::check_fields(codec, &typed.schema, Direction::Writes, format_span, &declared, diagnostics);
    }
    source::pii(&policy, &typed, site, program);

    let keys = key_parts(&block, &typed, context, diagnostics);
    let kind = kind(&block, &keys, &typed, &input_kind, site, diagnostics);
    let cleanup = match (block.word("cleanup"), &kind) {
        (Some("compact"), _) | (None, Kind::Changelog { .. }) => Cleanup::Compact,
        _ => Cleanup::Delete,
    };
    if block.word("cleanup") == Some("compact") && matches!(kind, Kind::Append { .. }) {
        let span = block.value_span("cleanup");
        diagnostics.emit(CompactedTopicMisuse { name: node.name.text.clone(), span, has_key: !keys.key.is_empty() });
    }
    if let Kind::Changelog { key, .. } = &kind {
        key_is_identity(key, &keys, &block, site, diagnostics);
    }
    let count = partitions(&block, cluster, owned, site, context, diagnostics);
    let was = block.text("was", diagnostics).filter(|it| *it != node.name.text);
    let topic_name = topic_name(&block, was.as_deref().unwrap_or(&node.name.text), node.name.span, diagnostics);
    let schema = mark_key(typed.schema.clone(), &kind);
    let flow =
        Flow::root(&node.name.text, NodeRole::Topic, schema, typed.fields, kind.clone(), block.value_span("kind"));
    let mut flow = if block.has("kind") { flow } else { Flow { kind_span: node.name.span, ..flow } };
    flow.known = whole_input;
    let cluster = cluster?;
    let embedded = cluster.embedded();
    program.topics.push(Topic {
        name: node.name.text.clone(),
        topic: topic_name,
        connection: cluster.plan.name.clone(),
        from: node.from.iter().map(|it| it.node.text.clone()).collect(),
        schema: flow.schema.clone(),
        kind,
        format,
        key: keys.key,
        partitioning: Partitioning {
            key: keys.partition_key,
            partitioner: match (block.word("partitioner"), owned) {
                (Some("consistent"), _) => Partitioner::Consistent,
                (Some(_), _) | (None, true) => Partitioner::Murmur2,
                (None, false) => Partitioner::Unknown,
            },
            count,
        },
        replication: block.int("replication").and_then(|it| u16::try_from(it).ok()),
        cleanup,
        retention_ms: block.duration("retention").map(|us| us / 1000),
        compression: match block.word("compression") {
            Some(word) => word.to_string(),
            None if embedded => "none".to_string(),
            None => "zstd".to_string(),
        },
        start,
        on_bad_record: policy.plan,
        was,
        doc: Context::doc(&site.declaration.doc),
        origin: context.origin(site.declaration.span),
    });
    Some(flow)
}

/// The cluster a topic lives on: `on X`, or the only one there is.
fn cluster<'c>(
    site: &Site<'_>,
    context: &'c Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<&'c DeclaredConnection> {
    let name = &site.node.name;
    if let Some(on) = &site.node.on {
        let found = source::connection(on, context, diagnostics)?;
        if found.spec.role != Role::Cluster {
            diagnostics.emit(WrongConnection {
                message: format!("topics live in Kafka, and `{}` is a `{}` connection", on.text, found.spec.name),
                help: "name a `kafka` connection, or leave `on` out".into(),
                span: on.span,
                declared: found.span,
            });
            return None;
        }
        return Some(found);
    }
    let clusters: Vec<&DeclaredConnection> =
        context.connections.values().filter(|it| it.spec.role == Role::Cluster).collect();
    match clusters.as_slice() {
        [one] => Some(one),
        // A connection that is broken may well have been the cluster.
        [] if context.index.connections.len() > context.connections.len()
            || context.index.broken(crate::index::Namespace::Connections).next().is_some() =>
        {
            None
        }
        several => {
            let clusters = several.iter().map(|it| (it.plan.name.clone(), it.span)).collect();
            let end = site.node.ty.as_ref().map_or(name.span, |it| it.span);
            diagnostics.emit(WhichCluster { topic: name.text.clone(), span: name.span, end, clusters });
            None
        }
    }
}

/// The parts of the message key and of the partition key, with their places.
struct Keys {
    key: Vec<pipewright_plan::Expr>,
    partition_key: Vec<pipewright_plan::Expr>,
    key_span: Option<Span>,
}

fn key_parts(
    block: &options::Checked<'_>,
    typed: &Typed,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Keys {
    let mut scope = Scope::from_schema(&typed.schema, false);
    for column in scope.columns_mut() {
        column.declared = typed.fields.get(&column.name).copied();
    }
    let mut read = |name: &str, what: &str| {
        block.expr(name).map(|expr| parts(expr, &scope, what, context, diagnostics)).unwrap_or_default()
    };
    let mut key = read("key", "the message key");
    let mut partition_key = read("partition_key", "the partition key");
    if !block.has("key") {
        let marked = typed.schema.fields.iter().filter(|it| it.key && !it.ty.is_unknown());
        let columns: Vec<(pipewright_plan::Expr, Span)> = marked
            .map(|field| {
                let span = typed.fields.get(&field.name).copied().unwrap_or(block.span);
                (column(&field.name, &field.ty), span)
            })
            .collect();
        for (part, span) in &columns {
            keys::check(part, *span, context.sources.text(*span), "the message key", diagnostics);
        }
        key = if columns.is_empty() { partition_key.clone() } else { columns.into_iter().map(|it| it.0).collect() };
    }
    if !block.has("partition_key") {
        partition_key = key.clone();
    }
    Keys { key, partition_key, key_span: block.has("key").then(|| block.value_span("key")) }
}

fn parts(
    expr: &Expr,
    scope: &Scope,
    what: &str,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<pipewright_plan::Expr> {
    let members: Vec<&Expr> = if let ExprKind::List(list) = &expr.kind { list.iter().collect() } else { vec![expr] };
    let mut result = vec![];
    for member in members {
        if let ExprKind::Call { callee, .. } = &member.kind
            && matches!(&callee.kind, ExprKind::Name(name) if name.text == "salted")
        {
            diagnostics.emit(NotYet { what: "`salted`".into(), span: callee.span });
            continue;
        }
        let part = expressions::check(member, scope, None, &context.expressions(), diagnostics);
        keys::check(&part, member.span, context.sources.text(member.span), what, diagnostics);
        result.push(part);
    }
    result
}

fn column(name: &str, ty: &Type) -> pipewright_plan::Expr {
    let kind = pipewright_plan::ExprKind::Column(name.to_string());
    pipewright_plan::Expr { kind, ty: ty.clone(), origin: Default::default() }
}

/// Facts or versions of rows; K of a changelog are its `@key` fields, else the fields of its key.
fn kind(
    block: &options::Checked<'_>,
    keys: &Keys,
    typed: &Typed,
    input: &Option<(Kind, Span)>,
    site: &Site<'_>,
    diagnostics: &mut Diagnostics,
) -> Kind {
    let said = block.word("kind");
    if let (Some("append"), Some((Kind::Changelog { .. }, at))) = (said, input) {
        diagnostics.emit(WrongInput {
            message: "what flows in are versions of rows, not facts".into(),
            help: "write `| as events` in a transform before the topic".into(),
            span: block.value_span("kind"),
            at: Some((*at, "a changelog since here".into())),
        });
    }
    if let (None, Some((kind @ Kind::Changelog { .. }, _))) = (said, input) {
        return kind.clone();
    }
    if said != Some("changelog") {
        return match input {
            Some((kind @ Kind::Append { .. }, _)) => kind.clone(),
            _ => Kind::APPEND,
        };
    }
    let marked: Vec<String> = typed.schema.fields.iter().filter(|it| it.key).map(|it| it.name.clone()).collect();
    let from_key = || {
        keys.key
            .iter()
            .filter_map(|part| match &part.kind {
                pipewright_plan::ExprKind::Column(name) => Some(name.clone()),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    let key = if marked.is_empty() { from_key() } else { marked };
    if key.is_empty() {
        let broken = keys.key.iter().any(|it| it.ty.is_unknown());
        if !broken {
            let span = block.value_span("kind");
            diagnostics.emit(CompactedTopicMisuse { name: site.node.name.text.clone(), span, has_key: false });
        }
        return Kind::APPEND;
    }
    let deletes = match input {
        Some((Kind::Changelog { deletes, .. }, _)) => *deletes,
        // A file has no deletes; in a topic of others there may be some.
        Some((Kind::Append { .. }, _)) => false,
        None => true,
    };
    Kind::Changelog { key, deletes, before: false }
}

/// On a changelog the message key is K: a delete carries nothing else.
fn key_is_identity(
    identity: &[String],
    keys: &Keys,
    block: &options::Checked<'_>,
    site: &Site<'_>,
    diagnostics: &mut Diagnostics,
) {
    let columns: Option<Vec<&str>> = keys
        .key
        .iter()
        .map(|part| match &part.kind {
            pipewright_plan::ExprKind::Column(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    if keys.key.iter().any(|it| it.ty.is_unknown()) {
        return;
    }
    let same = columns
        .is_some_and(|names| names.len() == identity.len() && identity.iter().all(|it| names.contains(&it.as_str())));
    if !same {
        diagnostics.emit(KeyNotIdentity {
            topic: site.node.name.text.clone(),
            identity: identity.to_vec(),
            span: keys.key_span.unwrap_or(block.span),
        });
    }
}

/// The fields of K are marked as the key.
fn mark_key(mut schema: pipewright_plan::Schema, kind: &Kind) -> pipewright_plan::Schema {
    if let Some(key) = kind.key() {
        for field in &mut schema.fields {
            field.key = key.contains(&field.name);
        }
    }
    schema
}

fn partitions(
    block: &options::Checked<'_>,
    cluster: Option<&DeclaredConnection>,
    owned: bool,
    site: &Site<'_>,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<u32> {
    if let Some(count) = block.int("partitions") {
        return u32::try_from(count).ok();
    }
    let cluster = cluster?;
    if cluster.embedded() {
        return Some(1);
    }
    if owned && !cluster.incomplete && !block.has("partitions") && !block.meant("partitions") {
        diagnostics.emit(PartitionsInherited {
            topic: site.node.name.text.clone(),
            span: site.node.name.span,
            cluster: cluster.span,
            edit: added::node(site.node, "partitions = 6", context.sources),
        });
    }
    None
}

fn topic_name(block: &options::Checked<'_>, name: &str, span: Span, diagnostics: &mut Diagnostics) -> String {
    let found = block.text("name", diagnostics).unwrap_or_else(|| name.to_string());
    let legal = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '_' | '-');
    if found.is_empty() || found.len() > 249 || !found.chars().all(legal) || found == "." || found == ".." {
        diagnostics.emit(WrongOptionValue {
            option: "name".into(),
            block: "a topic".into(),
            expected: "1 to 249 letters, digits, `.`, `_` or `-`".into(),
            span: if block.has("name") { block.value_span("name") } else { span },
            help: None,
            fixes: vec![],
        });
    }
    found
}

fn start(block: &options::Checked<'_>, context: &Context<'_>, diagnostics: &mut Diagnostics) -> Start {
    let Some(expr) = block.expr("start") else { return Start::Earliest };
    match &expr.kind {
        ExprKind::Name(name) if name.text == "earliest" => Start::Earliest,
        ExprKind::Name(name) if name.text == "latest" => Start::Latest,
        ExprKind::Instant(_) | ExprKind::Call { .. } => {
            let ty = Base::Timestamp.required();
            match expressions::constant(expr, Some(&ty), &context.expressions(), diagnostics) {
                Some((pipewright_plan::Literal::Int(us), _)) => Start::Timestamp(us),
                _ => Start::Earliest,
            }
        }
        ExprKind::Error => Start::Earliest,
        _ => {
            diagnostics.emit(WrongOptionValue {
                option: "start".into(),
                block: "a topic".into(),
                expected: "`earliest`, `latest` or an instant such as `@2026-01-01T00:00:00Z`".into(),
                span: expr.span,
                help: None,
                fixes: vec![],
            });
            Start::Earliest
        }
    }
}
