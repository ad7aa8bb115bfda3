//! What a database must know of the stage it serves: names, sinks, topics.

use std::collections::{BTreeMap, BTreeSet};

use pipewright_plan::{Plan, Sink, Stage};

use crate::sinks::{Acquired, DatabaseError};

/// A stage as its database sees it.
#[derive(Clone, Debug)]
pub struct StageContext {
    /// The program's name.
    pub program: String,
    /// The stage's id.
    pub stage: String,
    /// Program and stage under their old names, if one of them was renamed.
    pub before: Option<(String, String)>,
    /// Who runs it: any text that tells instances apart.
    pub owner: String,
    /// The name of the connection.
    pub connection: String,
    /// The names of its topics in Kafka, in the order of [`Stage::topics`].
    pub topics: Vec<String>,
    /// The ids of those topics as far as they are known: by them a topic that was created anew is another one.
    pub topic_ids: BTreeMap<u16, String>,
    /// Its sinks, in order.
    pub sinks: Vec<Sink>,
    /// `file:line` of each sink.
    pub places: Vec<String>,
    /// Other stages of the program that write a table of this one.
    pub sharing: Vec<String>,
    /// Sources that feed its topics, sorted: in embedded mode their bad records are stored here as well.
    pub sources: Vec<String>,
}

impl StageContext {
    /// From the plan.
    pub fn new(plan: &Plan, stage: &Stage, owner: &str) -> Result<Self, DatabaseError> {
        let mut sinks = Vec::new();
        for name in &stage.sinks {
            let sink = plan.sink(name).ok_or_else(|| DatabaseError::Configuration {
                name: "plan-incomplete",
                message: format!("the plan has no sink `{name}`"),
                help: Some("compile the program again".to_string()),
                sink: None,
            })?;
            sinks.push(sink.clone());
        }
        Ok(Self {
            program: plan.pipeline.name.clone(),
            stage: stage.id.clone(),
            before: before(plan, stage),
            owner: owner.to_string(),
            connection: stage.domain.clone(),
            topics: stage
                .topics
                .iter()
                .map(|name| plan.topic(name).map_or_else(|| name.clone(), |topic| topic.topic.clone()))
                .collect(),
            sources: {
                let feeds = plan.ingest.iter().filter(|it| stage.topics.contains(&it.topic));
                let names: BTreeSet<String> = feeds.map(|it| it.source.clone()).collect();
                names.into_iter().collect()
            },
            topic_ids: BTreeMap::new(),
            sharing: sharing(plan, stage),
            places: sinks.iter().map(|sink| plan.place(sink.origin)).collect(),
            sinks,
        })
    }

    /// A connection without a stage.
    pub fn of_connection(plan: &Plan, connection: &str) -> Self {
        Self {
            program: plan.pipeline.name.clone(),
            stage: String::new(),
            before: None,
            owner: String::new(),
            connection: connection.to_string(),
            topics: Vec::new(),
            topic_ids: BTreeMap::new(),
            sinks: Vec::new(),
            places: Vec::new(),
            sharing: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// The same stage under its old names, if it had others.
    pub fn former(&self) -> Option<Self> {
        let (program, stage) = self.before.clone()?;
        Some(Self { program, stage, before: None, ..self.clone() })
    }

    /// Where a bad record stood: the Kafka name of a topic or, behind the topics, the name of a source.
    pub fn letter_topic(&self, index: u16) -> &str {
        let source = usize::from(index).checked_sub(self.topics.len()).and_then(|it| self.sources.get(it));
        source.map_or_else(|| self.topic(index), String::as_str)
    }

    /// The id of that topic; empty: it has none, or it is not known.
    pub fn letter_topic_id(&self, index: u16) -> &str {
        self.topic_ids.get(&index).map_or("", String::as_str)
    }

    /// Keeps the ids that the positions of partitions count in.
    pub fn learn_topic_ids(&mut self, positions: &[Acquired]) {
        let known = positions.iter().filter_map(|it| Some((it.topic, it.topic_id.clone()?)));
        self.topic_ids.extend(known);
    }

    /// The Kafka name of a topic by its index.
    pub fn topic(&self, index: u16) -> &str {
        self.topics.get(usize::from(index)).map_or("?", String::as_str)
    }
}

/// The identity of a stage under the old names of program, topic and connection.
fn before(plan: &Plan, stage: &Stage) -> Option<(String, String)> {
    let topic = stage.topics.first().and_then(|it| plan.topic(it)).and_then(|it| it.was.as_deref());
    let connection = plan.connection(&stage.domain).and_then(|it| it.was.as_deref());
    if plan.pipeline.was.is_none() && topic.is_none() && connection.is_none() {
        return None;
    }
    let program = plan.pipeline.was.as_ref().unwrap_or(&plan.pipeline.name);
    let topic = topic.or(stage.topics.first().map(String::as_str)).unwrap_or_default();
    Some((program.clone(), format!("{topic}-to-{}", connection.unwrap_or(&stage.domain))))
}

/// Two sinks that append may share a table.
fn sharing(plan: &Plan, stage: &Stage) -> Vec<String> {
    let tables = |of: &Stage| -> BTreeSet<String> {
        of.sinks.iter().filter_map(|name| plan.sink(name)).map(|sink| sink.table.clone()).collect()
    };
    let own = tables(stage);
    let others = plan.stages.iter().filter(|it| it.id != stage.id && it.domain == stage.domain);
    others.filter(|it| !tables(it).is_disjoint(&own)).map(|it| it.id.clone()).collect()
}
