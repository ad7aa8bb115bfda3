//! A program as a graph to look at: boxes for its nodes, an arrow where records pass, a group for what is committed together.
//! Made from the plan alone; [`mermaid`] and [`svg`] draw it. A transform that runs in two stages is drawn in both, because it
//! runs in both.

mod layout;
pub mod mermaid;
pub mod svg;

use pipewright_plan::{Cleanup, OptionValue, Plan, Sink, Source, StepKind, Topic, Transform, Write};

use super::program::delivery;

/// Boxes, arrows and groups.
#[derive(Clone, Debug, Default)]
pub struct Diagram {
    /// The name of the program.
    pub title: String,
    /// What it promises.
    pub subtitle: String,
    /// What is committed together.
    pub groups: Vec<Group>,
    /// The boxes.
    pub boxes: Vec<Box>,
    /// From box to box, by index.
    pub arrows: Vec<(usize, usize)>,
}

/// What is committed together.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub title: String,
    /// What it promises.
    pub subtitle: String,
}

/// One node of the program.
#[derive(Clone, Debug)]
pub struct Box {
    /// The stage it runs in; topics stand between stages.
    pub group: Option<usize>,
    /// What it is.
    pub role: Role,
    /// Its name.
    pub name: String,
    /// What is worth knowing: kind, key, partitions.
    pub lines: Vec<String>,
}

/// What a box is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Records from outside.
    Source,
    /// A Kafka topic.
    Topic,
    /// Steps.
    Transform,
    /// A table.
    Sink,
}

impl Role {
    /// All of them, in the direction of the data.
    pub const ALL: [Role; 4] = [Role::Source, Role::Topic, Role::Transform, Role::Sink];

    /// Its word in the language.
    pub fn word(self) -> &'static str {
        match self {
            Role::Source => "source",
            Role::Topic => "topic",
            Role::Transform => "transform",
            Role::Sink => "sink",
        }
    }
}

/// The graph of a plan.
pub fn of(plan: &Plan) -> Diagram {
    let title = plan.pipeline.name.clone();
    let subtitle = delivery(plan.pipeline.delivery).to_string();
    let mut diagram = Diagram { title, subtitle, ..Diagram::default() };
    // Topics first: what a stage reads and what feeds it is there when the stage is drawn.
    for it in &plan.topics {
        diagram.add(None, Role::Topic, &it.name, topic(it));
    }
    for stage in &plan.ingest {
        let how =
            if embedded(plan, &stage.topic) { "position stored with the rows" } else { "one transaction in Kafka" };
        let subtitle = format!("{}, {how}", delivery(stage.guarantee.level));
        let group = Some(diagram.group(format!("{} into {}", stage.source, stage.topic), subtitle));
        if let Some(it) = plan.source(&stage.source) {
            diagram.add(group, Role::Source, &it.name, source(plan, it));
        }
        for it in stage.through.iter().filter_map(|it| plan.transform(it)) {
            diagram.add(group, Role::Transform, &it.name, transform(it));
        }
    }
    for stage in &plan.stages {
        let subtitle = format!("{}, one transaction in {}", delivery(stage.guarantee.level), stage.domain);
        let group = Some(diagram.group(stage.id.clone(), subtitle));
        for it in stage.transforms.iter().filter_map(|it| plan.transform(it)) {
            diagram.add(group, Role::Transform, &it.name, transform(it));
        }
        for it in stage.sinks.iter().filter_map(|it| plan.sink(it)) {
            diagram.add(group, Role::Sink, &it.name, sink(it));
        }
    }
    // What no stage runs is drawn as well: it is in the program.
    for it in &plan.sources {
        if !diagram.has(&it.name) {
            diagram.add(None, Role::Source, &it.name, source(plan, it));
        }
    }
    for it in &plan.transforms {
        if !diagram.has(&it.name) {
            diagram.add(None, Role::Transform, &it.name, transform(it));
        }
    }
    diagram.connect(plan);
    diagram
}

impl Diagram {
    fn group(&mut self, title: String, subtitle: String) -> usize {
        self.groups.push(Group { title, subtitle });
        self.groups.len() - 1
    }

    fn add(&mut self, group: Option<usize>, role: Role, name: &str, lines: Vec<String>) {
        self.boxes.push(Box { group, role, name: name.to_string(), lines });
    }

    fn has(&self, name: &str) -> bool {
        self.boxes.iter().any(|it| it.name == name)
    }

    /// Arrows from the inputs of each box: from its own stage if the input runs there, else from a topic or what stands free,
    /// else from any stage that has it.
    fn connect(&mut self, plan: &Plan) {
        let mut arrows = vec![];
        for (to, it) in self.boxes.iter().enumerate() {
            let inputs: &[String] = match it.role {
                Role::Source => &[],
                Role::Topic => plan.topic(&it.name).map(|it| it.from.as_slice()).unwrap_or_default(),
                Role::Transform => plan.transform(&it.name).map(|it| it.from.as_slice()).unwrap_or_default(),
                Role::Sink => plan.sink(&it.name).map(|it| it.from.as_slice()).unwrap_or_default(),
            };
            for input in inputs {
                let candidates: Vec<(usize, &Box)> =
                    self.boxes.iter().enumerate().filter(|(_, other)| other.name == *input).collect();
                let near = candidates.iter().find(|(_, other)| it.role != Role::Topic && other.group == it.group);
                let feeding = candidates.iter().find(|(_, other)| {
                    let stage = other.group.and_then(|group| plan.ingest.get(group));
                    it.role == Role::Topic && stage.is_some_and(|stage| stage.topic == it.name)
                });
                let free = candidates.iter().find(|(_, other)| other.group.is_none());
                if let Some((from, _)) = near.or(feeding).or(free).or(candidates.first()) {
                    arrows.push((*from, to));
                }
            }
        }
        self.arrows = arrows;
    }
}

/// Whether a topic lies in the process itself.
pub(super) fn embedded(plan: &Plan, topic: &str) -> bool {
    let connection = plan.topic(topic).and_then(|it| plan.connection(&it.connection));
    connection.is_some_and(|it| it.options.get("embedded") == Some(&OptionValue::Bool(true)))
}

fn source(plan: &Plan, it: &Source) -> Vec<String> {
    let kind = plan.connection(&it.connection).map_or("?", |it| it.kind.as_str());
    let place = match it.options.get("path") {
        Some(OptionValue::String(path)) => path.clone(),
        _ => it.connection.clone(),
    };
    vec![it.kind.to_string(), format!("{kind}: {place}"), it.format.codec.clone()]
}

fn topic(it: &Topic) -> Vec<String> {
    let names = |list: &[pipewright_plan::Expr]| {
        let name = |it: &pipewright_plan::Expr| match &it.kind {
            pipewright_plan::ExprKind::Column(name) => name.clone(),
            pipewright_plan::ExprKind::Call { function, .. } => format!("{function}(…)"),
            _ => "…".to_string(),
        };
        list.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    let mut lines = vec![it.kind.to_string()];
    if !it.key.is_empty() {
        lines.push(format!("key {}", names(&it.key)));
    }
    let count = it
        .partitioning
        .count
        .map_or("partitions".into(), |count| crate::report::counted(u64::from(count), "partition"));
    lines.push(if it.partitioning.key.is_empty() {
        format!("{count}, no key")
    } else {
        format!("{count} by {}", names(&it.partitioning.key))
    });
    let cleanup = match it.cleanup {
        Cleanup::Delete => "",
        Cleanup::Compact => ", compacted",
    };
    let owner = if it.owned() { "" } else { ", written by others" };
    lines.push(format!("{}{cleanup}{owner}", it.format.codec));
    lines
}

fn transform(it: &Transform) -> Vec<String> {
    let mut steps: Vec<(String, usize)> = vec![];
    for step in &it.steps {
        let word = match &step.kind {
            StepKind::AsEvents { .. } => "as events",
            StepKind::AsTable { .. } => "as table",
            StepKind::Where { .. } | StepKind::Check { .. } | StepKind::Derive(_) | StepKind::Select(_) => {
                &step.keyword
            }
        };
        match steps.last_mut().filter(|(last, _)| last == word) {
            Some((_, count)) => *count += 1,
            None => steps.push((word.to_string(), 1)),
        }
    }
    let step = |(word, count): &(String, usize)| if *count > 1 { format!("{word} ×{count}") } else { word.clone() };
    let steps: Vec<String> = steps.iter().map(step).collect();
    let mut lines = vec![it.kind.to_string()];
    // Three to a line: long transforms grow down, not to the side.
    lines.extend(steps.chunks(3).map(|it| format!("| {}", it.join(" | "))));
    lines
}

fn sink(it: &Sink) -> Vec<String> {
    let write = match &it.write {
        Write::Append => "append".to_string(),
        Write::Upsert { key, .. } => format!("upsert by {}", key.join(", ")),
    };
    vec![write, format!("{}.{}", it.connection, it.table)]
}
