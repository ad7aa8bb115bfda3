//! A change: what it would do, and doing it.

use pipewright_plan::{Plan, Stage, Start};

use super::super::embedded;
use super::clusters::Clusters;
use super::list::topics;
use super::{Asked, Changed, Ear, Kind, Place, Request, Target, To, sources, wrong};
use crate::connectors::kafka::closest;
use crate::report::RunError;
use crate::sinks::positions::{Changes, NewPosition, Stored};

/// What a change would do. Changes nothing. The plan must be resolved.
pub fn propose(plan: &Plan, request: &Request, ear: Ear<'_>) -> Result<Changed, RunError> {
    change(plan, request, ear, false)
}

/// Does it; gives what was there before and is there now.
pub fn apply(plan: &Plan, request: &Request, ear: Ear<'_>) -> Result<Changed, RunError> {
    change(plan, request, ear, true)
}

fn change(plan: &Plan, request: &Request, ear: Ear<'_>, store: bool) -> Result<Changed, RunError> {
    let target = Target::find(plan, &request.name)?;
    if let (Target::Source(name), Some(_)) = (&target, &request.partition) {
        let help = "`--file PATH` names one file of it".to_string();
        return Err(wrong("source-start", format!("`{name}` is a source: it has files, no partitions"), Some(help)));
    }
    if let (Target::Stage(stage), Some(_)) = (&target, &request.file) {
        let help = "`--partition TOPIC:NUMBER` names one partition of it".to_string();
        return Err(wrong("stage-file", format!("`{}` is a stage: it has partitions, no files", stage.id), Some(help)));
    }
    if embedded::is_embedded(plan) {
        return in_process(plan, request, &target, store);
    }
    let mut clusters = Clusters::new(plan, ear);
    match target {
        Target::Stage(stage) => of_stage(plan, stage, request, &mut clusters, store),
        Target::Source(name) => of_source(plan, name, request, &mut clusters, store),
    }
}

fn of_source(
    plan: &Plan,
    name: &str,
    request: &Request,
    clusters: &mut Clusters<'_>,
    store: bool,
) -> Result<Changed, RunError> {
    let (before, after) = if store {
        let writer = sources::writer(plan, clusters, name)?;
        let before = writer.cursor().map(str::to_string);
        let after = sources::changed(plan, request, before.as_deref())?;
        writer.store(after.as_deref())?;
        (before, after)
    } else {
        let before = sources::cursor(plan, clusters, name)?;
        let after = sources::changed(plan, request, before.as_deref())?;
        (before, after)
    };
    let [before, after] = [before, after].map(|it| sources::position(it.as_deref()));
    Ok(Changed {
        stages: sources::readers(plan, name),
        kind: Kind::Source,
        embedded: false,
        moves: sources::compare(plan, request, before.as_deref(), after.as_deref()),
    })
}

fn of_stage(
    plan: &Plan,
    stage: &Stage,
    request: &Request,
    clusters: &mut Clusters<'_>,
    store: bool,
) -> Result<Changed, RunError> {
    let mut set = Vec::new();
    let (kafka_names, mut known) = (topics(plan, stage)?, Vec::new());
    for (name, topic) in stage.topics.iter().zip(&kafka_names) {
        let (wanted, number) = match &request.partition {
            Some((it, number)) => (it == topic || it == name, *number),
            None => (true, None),
        };
        let Some(now) = clusters.topic(name)?.filter(|_| wanted) else {
            if wanted {
                let help = "a run creates the topics of the program, and begins them at their start".to_string();
                return Err(wrong("topic-missing", format!("there is no topic `{topic}` in Kafka"), Some(help)));
            }
            continue;
        };
        let there = i32::try_from(now.ends.len()).unwrap_or(i32::MAX);
        if let Some(number) = number.filter(|it| !(0..there).contains(it)) {
            let help = format!("they are 0 to {}", there - 1);
            return Err(wrong("unknown-partition", format!("`{topic}` has no partition {number}"), Some(help)));
        }
        let connection = plan.topic(name).map(|it| it.connection.clone()).unwrap_or_default();
        let (_, cluster) = clusters.get(&connection)?;
        for (partition, ends) in (0i32..).zip(&now.ends).filter(|(it, _)| number.is_none_or(|only| only == *it)) {
            let next = match request.to {
                To::Start(start) => cluster.offset_at(topic, partition, *ends, start)?,
                To::End => ends.1,
                To::Offset(offset) if (ends.0..=ends.1).contains(&offset) => offset,
                To::Offset(offset) => {
                    return Err(wrong(
                        "unknown-offset",
                        format!("partition {partition} of `{topic}` has no offset {offset}"),
                        Some(format!("its records stand at {} to {}, the end", ends.0, ends.1)),
                    ));
                }
            };
            set.push(NewPosition { topic: topic.clone(), partition, next: Some(next), topic_id: now.id.clone() });
        }
        known.push((topic.clone(), there));
    }
    if let (Some((topic, _)), true) = (&request.partition, known.is_empty()) {
        let help = match closest(topic, kafka_names.iter().map(String::as_str)) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("it reads `{}`", kafka_names.join("`, `")),
        };
        return Err(wrong("unknown-topic", format!("stage `{}` reads no topic `{topic}`", stage.id), Some(help)));
    }
    let mut asked = Asked::open(plan, stage)?;
    let stored = if store { asked.lock()? } else { asked.stored()? };
    // A topic that has fewer partitions than it had is another one.
    let gone = stored.positions.iter().map(|it| (it.topic.clone(), it.partition));
    let is_gone = |it: &(String, i32)| known.iter().any(|(topic, there)| *topic == it.0 && it.1 >= *there);
    let changes = Changes { positions: set, gone: gone.filter(is_gone).collect(), ..Changes::default() };
    if store {
        asked.set(&changes, request)?;
    }
    let index = plan.stages.iter().position(|it| it.id == stage.id);
    Ok(Changed {
        stages: index.into_iter().collect(),
        kind: Kind::Stage,
        embedded: false,
        moves: moves(&stored, &changes),
    })
}

fn moves(stored: &Stored, changes: &Changes) -> Vec<(Place, Option<i64>, Option<i64>)> {
    let before = |topic: &str, partition: i32| {
        stored.positions.iter().find(|it| it.topic == topic && it.partition == partition).and_then(|it| it.next)
    };
    let set = changes
        .positions
        .iter()
        .map(|it| (Place::Partition(it.topic.clone(), it.partition), before(&it.topic, it.partition), it.next));
    let gone = changes
        .gone
        .iter()
        .map(|(topic, partition)| (Place::Partition(topic.clone(), *partition), before(topic, *partition), None));
    set.chain(gone).collect()
}

/// Without servers rows come from the sources: what begins anew are these, whatever is named.
fn in_process(plan: &Plan, request: &Request, target: &Target<'_>, store: bool) -> Result<Changed, RunError> {
    if request.partition.is_some() || !matches!(request.to, To::Start(Start::Earliest) | To::End) {
        return Err(wrong(
            "from-embedded",
            "the topics of an embedded program live in its process, and begin with the first record of its sources"
                .to_string(),
            Some("reset the stage or a source as a whole, or name one file of a source".to_string()),
        ));
    }
    let stage = embedded::global_stage(plan)?;
    let source = match target {
        Target::Stage(_) => None,
        Target::Source(name) => Some(*name),
    };
    let mut asked = Asked::open(plan, &stage)?;
    let stored = if store { asked.lock()? } else { asked.stored()? };
    let changes = embedded::changes(plan, &stage, &stored, request, source)?;
    if store {
        asked.set(&changes, request)?;
    }
    let mut moves = Vec::new();
    let mut names: Vec<&str> = plan.ingest.iter().map(|it| it.source.as_str()).collect();
    names.dedup();
    for name in names.into_iter().filter(|it| source.is_none_or(|only| only == *it)) {
        let request = Request { name: name.to_string(), ..request.clone() };
        let before = stored.cursors.get(name).cloned();
        let after = changes.cursors.get(name).cloned().unwrap_or_else(|| before.clone());
        moves.extend(sources::compare(plan, &request, before.as_deref(), after.as_deref()));
    }
    let stages = (0..plan.stages.len()).collect();
    Ok(Changed { stages, kind: Kind::Source, embedded: true, moves })
}
