//! Stages: what is committed together, and what that promises. The promise is derived from the graph, with its reasons, and
//! held against what the program asks for.

use std::collections::{BTreeMap, BTreeSet};

use pipewright_plan::{Delivery, Guarantee, IngestStage, OptionValue, Reason, Stage, Topic};

use crate::{
    context::Context,
    diagnostics::{Diagnostics, ExactlyOnceNotDerivable, NotYet, Unfed},
    nodes::{Program, pipeline},
};

/// All stages.
#[derive(Default)]
pub(crate) struct Stages {
    pub(crate) ingest: Vec<IngestStage>,
    pub(crate) stages: Vec<Stage>,
}

/// Derives the stages of a program.
pub(crate) fn derive(
    context: &Context<'_>,
    pipeline: &pipeline::Checked,
    program: &Program,
    diagnostics: &mut Diagnostics,
) -> Stages {
    let name = pipeline.plan.as_ref().map(|it| it.name.as_str()).unwrap_or_default();
    let embedded = program.topics.iter().any(|it| is_embedded(it, context));
    one_database(context, pipeline, program, embedded, diagnostics);
    unfed(context, program, diagnostics);
    let derivation = Derivation { context, pipeline, program, name };
    Stages { ingest: derivation.ingest(diagnostics), stages: derivation.stages() }
}

fn is_embedded(topic: &Topic, context: &Context<'_>) -> bool {
    context.connections.get(&topic.connection).is_some_and(|it| it.embedded())
}

/// The embedded cluster commits rows, state and the source's position in one transaction: that is one database.
fn one_database(
    context: &Context<'_>,
    pipeline: &pipeline::Checked,
    program: &Program,
    embedded: bool,
    diagnostics: &mut Diagnostics,
) {
    let mut databases: BTreeMap<&str, &str> = BTreeMap::new();
    for sink in &program.sinks {
        databases.entry(&sink.connection).or_insert(&sink.name);
    }
    if !embedded || databases.len() < 2 {
        return;
    }
    let places = databases.iter().filter_map(|(database, sink)| {
        let to = context.index.node(sink)?.node.to.as_ref()?;
        Some((database.to_string(), to.span))
    });
    let cluster = context.connections.values().find(|it| it.embedded()).map(|it| it.span);
    let places: Vec<_> = places.collect();
    if pipeline.delivery == Delivery::ExactlyOnce {
        diagnostics.emit(ExactlyOnceNotDerivable { span: pipeline.delivery_span, databases: places, cluster });
    } else if let Some((_, span)) = places.last() {
        diagnostics.emit(NotYet { what: "an embedded cluster with sinks in two databases".into(), span: *span });
    }
}

/// An embedded topic that nothing feeds stays empty for ever.
fn unfed(context: &Context<'_>, program: &Program, diagnostics: &mut Diagnostics) {
    for topic in program.topics.iter().filter(|it| !it.owned() && is_embedded(it, context)) {
        let Some(node) = context.index.node(&topic.name) else { continue };
        let cluster = context.connections.get(&topic.connection).map(|it| it.span);
        diagnostics.emit(Unfed { topic: topic.name.clone(), span: node.node.name.span, cluster });
    }
}

struct Derivation<'d> {
    context: &'d Context<'d>,
    pipeline: &'d pipeline::Checked,
    program: &'d Program,
    name: &'d str,
}

impl Derivation<'_> {
    fn ingest(&self, diagnostics: &mut Diagnostics) -> Vec<IngestStage> {
        let mut stages: Vec<IngestStage> = vec![];
        for topic in self.program.topics.iter().filter(|it| it.owned()) {
            for (source, through) in self.sources_of(&topic.from) {
                let mut others = stages.iter().filter(|it| it.source == source);
                if let Some(what) = others.find_map(|it| self.cannot_share(&source, &it.topic, topic)) {
                    let node = self.context.index.node(&topic.name);
                    let span = node.map(|it| it.node.name.span).unwrap_or_default();
                    diagnostics.emit(NotYet { what, span });
                    continue;
                }
                let guarantee = self.ingest_guarantee(&source, topic);
                stages.push(IngestStage {
                    transactional_id: format!("{}.source.{source}", self.name),
                    source,
                    topic: topic.name.clone(),
                    through,
                    guarantee,
                });
            }
        }
        stages
    }

    /// Records of a source and its position are one transaction of one client: what that cannot do.
    fn cannot_share(&self, source: &str, first: &str, topic: &Topic) -> Option<String> {
        let other = self.program.topic(first)?;
        if other.name == topic.name {
            return Some(format!("feeding `{first}` from the source `{source}` in two ways"));
        }
        let both = format!("feeding both `{first}` and `{}` from the source `{source}`", topic.name);
        if other.connection != topic.connection {
            return Some(format!("{both}, on two clusters"));
        }
        (other.compression != topic.compression).then(|| format!("{both}, with two kinds of `compression`"))
    }

    /// The sources behind these nodes, each with the transforms between, next to the source first.
    fn sources_of(&self, from: &[String]) -> Vec<(String, Vec<String>)> {
        let mut found = vec![];
        let mut queue: Vec<(&String, Vec<String>)> = from.iter().rev().map(|it| (it, vec![])).collect();
        while let Some((name, through)) = queue.pop() {
            if self.program.source(name).is_some() {
                found.push((name.clone(), through.into_iter().rev().collect()));
            } else if let Some(transform) = self.program.transform(name) {
                for input in transform.from.iter().rev() {
                    let mut through = through.clone();
                    through.push(name.clone());
                    queue.push((input, through));
                }
            }
        }
        found
    }

    fn ingest_guarantee(&self, source: &str, topic: &Topic) -> Guarantee {
        let origin = |name: &str| self.context.index.node(name).map(|it| self.context.origin(it.declaration.span));
        let at_source = origin(source).unwrap_or_default();
        let reason = |text: String, origin| Reason { text, origin };
        let mut because = vec![reason(
            format!("`{source}` is read from a stored position, and every record has one position in it"),
            at_source,
        )];
        let path = self.program.source(source).and_then(|it| it.options.get("path"));
        if path == Some(&OptionValue::String("-".into())) {
            let text =
                "after a crash the standard input must be the same again, from its first byte: that is up to you";
            because.push(reason(text.to_string(), at_source));
        }
        if is_embedded(topic, self.context) {
            because.push(reason(
                format!(
                    "`{}` is embedded: the position of `{source}` is stored in the database of the sinks, in the \
                     transaction of the rows",
                    topic.connection
                ),
                topic.origin,
            ));
        } else {
            because.push(reason(
                format!("records and the position of `{source}` are one Kafka transaction on `{}`", topic.connection),
                topic.origin,
            ));
            because.push(reason(
                format!("the transactional id `{}.source.{source}` fences a twin of this program", self.name),
                at_source,
            ));
        }
        self.asked(because)
    }

    /// What was derived, or less if less was asked for.
    fn asked(&self, mut because: Vec<Reason>) -> Guarantee {
        if self.pipeline.delivery == Delivery::AtLeastOnce {
            let text = "`delivery = at_least_once` was asked for".to_string();
            because.insert(0, Reason { text, origin: self.context.origin(self.pipeline.delivery_span) });
        }
        Guarantee { level: self.pipeline.delivery, because }
    }

    /// One stage per primary topic and database.
    fn stages(&self) -> Vec<Stage> {
        let mut stages: Vec<Stage> = vec![];
        for sink in &self.program.sinks {
            let (topics, transforms) = self.upstream(&sink.from);
            let Some(primary) = topics.first() else { continue };
            let id = format!("{primary}-to-{}", sink.connection);
            match stages.iter_mut().find(|it| it.id == id) {
                Some(stage) => {
                    stage.sinks.push(sink.name.clone());
                    stage.topics.extend(new(&stage.topics, topics));
                    stage.transforms.extend(new(&stage.transforms, transforms));
                }
                None => stages.push(Stage {
                    group: format!("{}.{id}", self.name),
                    id,
                    domain: sink.connection.clone(),
                    topics,
                    transforms,
                    sinks: vec![sink.name.clone()],
                    guarantee: Guarantee { level: self.pipeline.delivery, because: vec![] },
                    nondeterministic: vec![],
                }),
            }
        }
        for stage in &mut stages {
            // Inputs before their readers: the order in which the program's transforms were checked.
            let wanted: BTreeSet<&String> = stage.transforms.iter().collect();
            let sorted = self.program.transforms.iter().map(|it| &it.name).filter(|it| wanted.contains(it));
            stage.transforms = sorted.cloned().collect();
            let flows = stage.transforms.iter().filter_map(|it| self.program.flows.get(it));
            let reasons: BTreeSet<String> = flows.flat_map(|it| it.nondeterministic.iter().cloned()).collect();
            stage.nondeterministic = reasons.into_iter().collect();
            stage.guarantee = self.stage_guarantee(stage);
        }
        stages
    }

    /// The topics and transforms behind these nodes; topics from left to right.
    fn upstream(&self, from: &[String]) -> (Vec<String>, Vec<String>) {
        let (mut topics, mut transforms) = (vec![], vec![]);
        let mut seen = BTreeSet::new();
        let mut queue: Vec<&String> = from.iter().rev().collect();
        while let Some(name) = queue.pop() {
            if !seen.insert(name) {
                continue;
            }
            if self.program.topic(name).is_some() {
                topics.push(name.clone());
            } else if let Some(transform) = self.program.transform(name) {
                transforms.push(name.clone());
                queue.extend(transform.from.iter().rev());
            }
        }
        (topics, transforms)
    }

    fn stage_guarantee(&self, stage: &Stage) -> Guarantee {
        let mut because = vec![];
        for topic in stage.topics.iter().filter_map(|it| self.program.topic(it)) {
            let text = if topic.owned() {
                format!("`{}` is written by this program alone, each record once", topic.name)
            } else {
                format!("`{}` is written by others: what they write twice is there twice", topic.name)
            };
            because.push(Reason { text, origin: topic.origin });
        }
        let sinks: Vec<String> = stage.sinks.iter().map(|it| format!("`{it}`")).collect();
        let first = stage.sinks.first().and_then(|it| self.program.sink(it)).map(|it| it.origin).unwrap_or_default();
        let domain = &stage.domain;
        because.push(Reason {
            text: format!("rows of {}, dead letters and positions are one transaction in `{domain}`", sinks.join(", ")),
            origin: first,
        });
        because.push(Reason {
            text: format!(
                "a position in `{domain}` moves only for its owner, so that a twin of the stage cannot commit"
            ),
            origin: first,
        });
        for sink in stage.sinks.iter().filter_map(|it| self.program.sink(it)) {
            if let pipewright_plan::Write::Upsert { key, version, .. } = &sink.write {
                let key = key.join(", ");
                let text = match version {
                    Some(version) => format!("in `{}` the greatest `{version}` of `{key}` wins", sink.name),
                    None => {
                        format!("all versions of a `{key}` come to `{}` through one partition, in order", sink.name)
                    }
                };
                because.push(Reason { text, origin: sink.origin });
            }
        }
        self.asked(because)
    }
}

/// Those of `more` that are not known yet.
fn new(known: &[String], more: Vec<String>) -> Vec<String> {
    more.into_iter().filter(|it| !known.contains(it)).collect()
}
