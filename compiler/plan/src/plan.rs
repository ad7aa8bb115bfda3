//! A whole program, checked: what a runtime runs and `explain` prints. Versioned YAML on disk.

use serde::{Deserialize, Serialize};
use serde_yaml::with::singleton_map_recursive;

use crate::{
    BadRecordPolicy, Connection, Delivery, Expr, ExprKind, Field, IngestStage, Schema, Sink, Source, Stage, Topic,
    Transform,
};

/// The version of the plan's format. Raised when an older runtime would misread a newer plan.
pub const PLAN_VERSION: u32 = 1;

/// A whole program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// [`PLAN_VERSION`] when it was made.
    pub version: u32,
    /// Identity and policies.
    pub pipeline: Pipeline,
    /// The files it was made from; [`crate::Origin::file`] counts into this.
    pub files: Vec<String>,
    /// Connections that are used.
    pub connections: Vec<Connection>,
    /// Sources.
    pub sources: Vec<Source>,
    /// Topics.
    pub topics: Vec<Topic>,
    /// Transforms.
    pub transforms: Vec<Transform>,
    /// Sinks.
    pub sinks: Vec<Sink>,
    /// From sources into topics.
    pub ingest: Vec<IngestStage>,
    /// From topics into databases.
    pub stages: Vec<Stage>,
}

/// Identity and policies of a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    /// Its identity.
    pub name: String,
    /// What was asked for, and holds.
    pub delivery: Delivery,
    /// What becomes of bad records, where nothing nearer says otherwise.
    pub on_bad_record: BadRecordPolicy,
    /// The stage stops when more than this share of the last 10,000 records is bad (and at least 100 are), in parts per million.
    pub max_bad_ppm: u32,
    /// When an epoch is committed.
    pub commit: Commit,
    /// Its old name, if it was renamed: what is stored under that one moves to the new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// Its doc comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

/// An epoch is committed when the first of these is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// Time, in microseconds.
    pub interval_us: i64,
}

impl Default for Commit {
    fn default() -> Self {
        Self { rows: 50_000, bytes: 8 << 20, interval_us: 250_000 }
    }
}

/// Why a saved plan cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Not YAML, or not a plan.
    #[error("this is not a Pipewright plan: {0}")]
    Unreadable(#[from] serde_yaml::Error),
    /// Made by another version.
    #[error("the plan has version {found}, this Pipewright reads version {PLAN_VERSION}: compile the program again")]
    Version {
        /// The plan's version.
        found: u32,
    },
}

impl Plan {
    /// As YAML.
    pub fn to_yaml(&self) -> Result<String, PlanError> {
        // Maps instead of tags: an enum inside an enum has no tag of its own in YAML.
        let mut text = Vec::new();
        singleton_map_recursive::serialize(self, &mut serde_yaml::Serializer::new(&mut text))?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// From YAML; the version is looked at first.
    pub fn from_yaml(text: &str) -> Result<Self, PlanError> {
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let head: Head = serde_yaml::from_str(text)?;
        if head.version != PLAN_VERSION {
            return Err(PlanError::Version { found: head.version });
        }
        Ok(singleton_map_recursive::deserialize(serde_yaml::Deserializer::from_str(text))?)
    }

    /// The connection of that name.
    pub fn connection(&self, name: &str) -> Option<&Connection> {
        self.connections.iter().find(|it| it.name == name)
    }

    /// The source of that name.
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|it| it.name == name)
    }

    /// The topic of that name (in the program).
    pub fn topic(&self, name: &str) -> Option<&Topic> {
        self.topics.iter().find(|it| it.name == name)
    }

    /// The transform of that name.
    pub fn transform(&self, name: &str) -> Option<&Transform> {
        self.transforms.iter().find(|it| it.name == name)
    }

    /// The sink of that name.
    pub fn sink(&self, name: &str) -> Option<&Sink> {
        self.sinks.iter().find(|it| it.name == name)
    }

    /// The fields after a node: a source, topic or transform.
    pub fn schema_of(&self, node: &str) -> Option<&Schema> {
        self.source(node)
            .map(|it| it.steps.last().map_or(&it.schema, |step| &step.schema))
            .or_else(|| self.topic(node).map(|it| &it.schema))
            .or_else(|| self.transform(node).map(|it| &it.schema))
    }

    /// The fields of an owned topic whose declared type is wider than its input's, with the expression that widens them.
    pub fn widened(&self, topic: &Topic) -> Vec<(String, Expr)> {
        let Some(input) = topic.from.first().and_then(|node| self.schema_of(node)) else { return vec![] };
        let differs = |field: &&Field| input.field(&field.name).is_some_and(|it| it.ty.base != field.ty.base);
        let widen = |field: &Field| {
            let from = input.field(&field.name).map_or_else(|| field.ty.clone(), |it| it.ty.clone());
            let origin = topic.origin;
            let column = Expr { kind: ExprKind::Column(field.name.clone()), ty: from, origin };
            (field.name.clone(), Expr { kind: ExprKind::Widen(Box::new(column)), ty: field.ty.clone(), origin })
        };
        topic.schema.fields.iter().filter(differs).map(widen).collect()
    }

    /// `file:line` of an origin.
    pub fn place(&self, origin: crate::Origin) -> String {
        let file = self.files.get(origin.file as usize).map_or("?", String::as_str);
        format!("{file}:{}", origin.line)
    }
}
