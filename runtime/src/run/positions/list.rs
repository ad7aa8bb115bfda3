//! Where everything stands.

use pipewright_plan::{Plan, Stage};

use super::super::embedded;
use super::clusters::Clusters;
use super::{Asked, Ear, Kind, Place, Position, sources, stages};
use crate::connectors::kafka::markers::only_markers;
use crate::report::RunError;
use crate::sinks::StageContext;
use crate::sinks::positions::StoredPosition;

/// Stages, then sources, in the order of the program. The plan must be resolved.
pub fn list(plan: &Plan, ear: Ear<'_>) -> Result<Vec<Position>, RunError> {
    let embedded = embedded::is_embedded(plan);
    let mut clusters = Clusters::new(plan, ear);
    let (mut all, mut cursors) = (Vec::new(), None);
    for stage in stages(plan)? {
        let stored = Asked::open(plan, &stage)?.stored()?;
        match embedded {
            true => {
                all.extend(stored.positions.into_iter().map(|it| of_process(&stage, it)));
                cursors = Some(stored.cursors);
            }
            false => all.extend(of_stage(plan, &stage, stored.positions, &mut clusters)?),
        }
    }
    let mut names: Vec<&str> = plan.ingest.iter().map(|it| it.source.as_str()).collect();
    names.dedup();
    for name in names {
        let cursor = match &cursors {
            Some(cursors) => cursors.get(name).cloned(),
            None => sources::position(sources::cursor(plan, &mut clusters, name)?.as_deref()),
        };
        let files = sources::files(plan, name, cursor.as_deref())?.list();
        let number = |it: Option<u64>| it.and_then(|it| i64::try_from(it).ok());
        all.extend(files.into_iter().map(|it| Position {
            name: name.to_string(),
            kind: Kind::Source,
            at: number(it.byte),
            end: number(it.size),
            behind: number(it.behind),
            when: None,
            note: it.size.is_none().then(|| "no longer there".to_string()).filter(|_| it.file != "-"),
            place: Place::File(it.file),
        }));
    }
    Ok(all)
}

/// A topic of the process: its offsets are the program's own, and there is no end to compare with.
fn of_process(stage: &Stage, it: StoredPosition) -> Position {
    Position {
        name: stage.id.clone(),
        kind: Kind::Stage,
        place: Place::Partition(it.topic, it.partition),
        at: it.next,
        end: None,
        behind: None,
        when: Some(it.when),
        note: None,
    }
}

fn of_stage(
    plan: &Plan,
    stage: &Stage,
    stored: Vec<StoredPosition>,
    clusters: &mut Clusters<'_>,
) -> Result<Vec<Position>, RunError> {
    let mut left = stored;
    let mut all = Vec::new();
    for name in &stage.topics {
        let topic = plan.topic(name).map_or(name.as_str(), |it| it.topic.as_str());
        let now = clusters.topic(name)?;
        let missing = now.is_none().then(|| "there is no such topic in Kafka".to_string());
        for (partition, (low, high)) in (0..).zip(now.iter().flat_map(|it| &it.ends)) {
            let found = left.iter().position(|it| it.topic == topic && it.partition == partition);
            let found = found.map(|at| left.remove(at));
            let at = found.as_ref().and_then(|it| it.next);
            let id = now.as_ref().and_then(|it| it.id.as_ref());
            let other_id = found.as_ref().and_then(|it| it.topic_id.as_ref()).zip(id).is_some_and(|(a, b)| a != b);
            let note = match at {
                Some(_) if other_id => Some("the topic was deleted and created again".to_string()),
                Some(at) if at < *low => Some(format!("records {at} to {} are gone", low - 1)),
                Some(at) if at > *high => Some("behind the end of the topic".to_string()),
                _ => None,
            };
            all.push(Position {
                name: stage.id.clone(),
                kind: Kind::Stage,
                place: Place::Partition(topic.to_string(), partition),
                at,
                end: Some(*high),
                behind: Some(match at {
                    Some(at) if !other_id => (high - at.max(*low)).max(0),
                    _ => high - low,
                }),
                when: found.map(|it| it.when),
                note,
            });
        }
        let gaps = all.iter().filter_map(|it: &Position| match (&it.place, it.at, it.end, &it.note) {
            (Place::Partition(of, partition), Some(at), Some(end), None) if of == topic => Some((*partition, at, end)),
            _ => None,
        });
        let gaps: Vec<_> = gaps.filter(|(_, at, end)| at < end).collect();
        if let (Some(connection), false) = (plan.topic(name).map(|it| it.connection.clone()), gaps.is_empty()) {
            let empty = only_markers(&clusters.get(&connection)?.0, topic, &gaps);
            let is_empty = |it: &&mut Position| match &it.place {
                Place::Partition(of, partition) => of == topic && empty.contains(partition),
                Place::File(_) => false,
            };
            all.iter_mut().filter(is_empty).for_each(|it| it.behind = Some(0));
        }
        all.extend(left.extract_if(.., |it| it.topic == topic).map(|it| Position {
            note: missing.clone().or_else(|| Some("there is no such partition in Kafka".to_string())),
            ..of_process(stage, it)
        }));
    }
    all.extend(
        left.into_iter().map(|it| Position {
            note: Some("the stage does not read this topic".to_string()),
            ..of_process(stage, it)
        }),
    );
    Ok(all)
}

/// The Kafka names of the topics of a stage.
pub(super) fn topics(plan: &Plan, stage: &Stage) -> Result<Vec<String>, RunError> {
    let context = StageContext::new(plan, stage, "").map_err(|error| super::bug(error.to_string()))?;
    Ok(context.topics)
}
