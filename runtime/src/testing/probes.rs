//! What tests want to see beyond the sinks: topics and transforms. Each gets a sink of its own, with a stage of its own, in a
//! copy of the plan: reading a transform changes nothing of what the sinks read, and needs no second way through the engine.

use std::collections::{BTreeMap, BTreeSet};

use pipewright_plan::{
    BadRecordPolicy, Cleanup, DEAD_LETTERS, Format, IngestStage, Kind, OnDelete, Original, Partitioner, Partitioning,
    Plan, Schema, SchemaMode, Sink, Stage, Start, Test, TestLineKind, Topic, Write,
};

/// The plan with what the tests want to see.
pub(super) struct Probes {
    /// The copy of the plan.
    pub(super) plan: Plan,
    /// Node of the program to the sink in which its rows are.
    pub(super) sinks: BTreeMap<String, String>,
    /// Stages and ingest stages (by id and topic) that only look: their dead letters are those of others.
    pub(super) silent: BTreeSet<String>,
}

impl Probes {
    pub(super) fn new(plan: &Plan, tests: &[Test]) -> Self {
        let mut probes = Self { plan: plan.clone(), sinks: BTreeMap::new(), silent: BTreeSet::new() };
        probes.sinks.extend(plan.sinks.iter().map(|it| (it.name.clone(), it.name.clone())));
        for line in tests.iter().flat_map(|it| &it.lines) {
            if let TestLineKind::Expect { node, .. } = &line.kind
                && node != DEAD_LETTERS
                && !probes.sinks.contains_key(node)
            {
                probes.add(node);
            }
        }
        probes
    }

    fn add(&mut self, node: &str) {
        let found = self.plan.topic(node).map(|it| (it.schema.clone(), it.kind.clone()));
        let found = found.or_else(|| self.plan.transform(node).map(|it| (it.schema.clone(), it.kind.clone())));
        let Some((schema, kind)) = found else { return };
        let (topics, sources) = upstream(&self.plan, node);
        // A name that no program can write.
        let name = format!("expect {node}");
        let mut from = vec![node.to_string()];
        let mut read = topics;
        if !sources.is_empty() {
            // A transform before its topic: a topic of its own makes it visible.
            self.plan.topics.push(probe_topic(&name, node, &schema, &kind));
            for source in sources {
                self.plan.ingest.push(IngestStage {
                    source,
                    topic: name.clone(),
                    through: vec![],
                    transactional_id: String::new(),
                    guarantee: no_guarantee(&self.plan),
                });
            }
            if read.is_empty() {
                from = vec![];
            }
            from.push(name.clone());
            read.push(name.clone());
        }
        let write = match kind {
            Kind::Append { .. } => Write::Append,
            Kind::Changelog { key, .. } => Write::Upsert { key, on_delete: OnDelete::Delete, version: None },
        };
        self.plan.sinks.push(Sink {
            name: name.clone(),
            from,
            connection: String::new(),
            table: String::new(),
            write,
            columns: schema,
            schema_mode: SchemaMode::Create,
            options: Default::default(),
            loaded_at: None,
            on_bad_record: BadRecordPolicy::Skip,
            doc: None,
            origin: Default::default(),
        });
        self.plan.stages.push(Stage {
            id: name.clone(),
            domain: String::new(),
            group: String::new(),
            topics: read,
            transforms: vec![],
            sinks: vec![name.clone()],
            guarantee: no_guarantee(&self.plan),
            nondeterministic: vec![],
        });
        self.silent.insert(name.clone());
        self.sinks.insert(node.to_string(), name);
    }

    /// The fields by which rows of a node are in order: those of the partition key of what feeds it.
    pub(super) fn order_fields(&self, node: &str) -> Vec<String> {
        let schema = self.sinks.get(node).and_then(|it| self.plan.sink(it)).map(|it| &it.columns);
        let (topics, _) = upstream(&self.plan, node);
        let topic = topics.first().and_then(|it| self.plan.topic(it));
        let (Some(schema), Some(topic)) = (schema, topic) else { return vec![] };
        let mut fields = Vec::new();
        for part in &topic.partitioning.key {
            match &part.kind {
                pipewright_plan::ExprKind::Column(name) if schema.position(name).is_some() => fields.push(name.clone()),
                _ => return vec![],
            }
        }
        fields
    }
}

fn no_guarantee(plan: &Plan) -> pipewright_plan::Guarantee {
    pipewright_plan::Guarantee { level: plan.pipeline.delivery, because: vec![] }
}

fn probe_topic(name: &str, node: &str, schema: &Schema, kind: &Kind) -> Topic {
    let columns = kind.key().unwrap_or_default().iter().filter_map(|key| {
        let field = schema.field(key)?;
        let kind = pipewright_plan::ExprKind::Column(key.clone());
        Some(pipewright_plan::Expr { kind, ty: field.ty.clone(), origin: Default::default() })
    });
    let key: Vec<_> = columns.collect();
    Topic {
        name: name.to_string(),
        topic: name.to_string(),
        connection: String::new(),
        from: vec![node.to_string()],
        schema: schema.clone(),
        kind: kind.clone(),
        format: Format { codec: "json".to_string(), options: Default::default() },
        key: key.clone(),
        partitioning: Partitioning { key, partitioner: Partitioner::Murmur2, count: Some(1) },
        replication: None,
        cleanup: Cleanup::Delete,
        retention_ms: None,
        compression: "none".to_string(),
        start: Start::Earliest,
        on_bad_record: BadRecordPolicy::DeadLetter { original: Original::Keep },
        was: None,
        doc: None,
        origin: Default::default(),
    }
}

/// The topics and the sources that a node reads, through transforms. A topic reads itself.
pub(super) fn upstream(plan: &Plan, node: &str) -> (Vec<String>, Vec<String>) {
    let (mut topics, mut sources) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    let mut queue = vec![node.to_string()];
    while let Some(name) = queue.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        if plan.topic(&name).is_some() {
            topics.push(name);
        } else if plan.source(&name).is_some() {
            sources.push(name);
        } else if let Some(from) =
            plan.transform(&name).map(|it| &it.from).or_else(|| plan.sink(&name).map(|it| &it.from))
        {
            queue.extend(from.iter().rev().cloned());
        }
    }
    (topics, sources)
}
