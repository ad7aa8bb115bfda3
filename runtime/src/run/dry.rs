//! A run that does nothing: what it would read, create and write, and what would stop it at its start.
//!
//! Invariant: nothing is created, written, claimed or taken; every problem is told, not only the first.

use std::collections::BTreeMap;
use std::sync::Arc;

use pipewright_plan::{Plan, Stage};

use super::committer::database_error;
use super::embedded::owner;
use super::positions::{Clusters, Kind, Place, Position};
use super::{RunSettings, beginning, bug, embedded, positions};
use crate::codecs::ColumnRequest;
use crate::connectors::files::{FileReader, nothing_yet};
use crate::connectors::kafka::admin::TopicNeed;
use crate::connectors::kafka::cursor::positions_topic;
use crate::connectors::kafka::ingest::letters_topic;
use crate::engine::IngestCore;
use crate::report::{ErrorClass, Observer, RunError};
use crate::sinks;
use crate::sinks::look::TableLook;

/// What a run would do.
#[derive(Clone, Debug, Default)]
pub struct Dry {
    /// Topics: connection, what the program needs, partitions of what is there.
    pub topics: Vec<(String, TopicNeed, Option<u32>)>,
    /// Tables: name of the sink, and what would be done to its table.
    pub tables: Vec<(String, TableLook)>,
    /// Where stages and sources stand; none: who knows it does not answer.
    pub positions: Option<Vec<Position>>,
    /// Worth knowing, and no error.
    pub notes: Vec<String>,
    /// What would stop the run.
    pub problems: Vec<RunError>,
}

/// Looks at everything that a run would touch. The plan must be resolved.
pub fn dry_run(plan: &Plan, settings: &RunSettings, ear: &Arc<dyn Observer>) -> Dry {
    let mut dry = Dry::default();
    let embedded = embedded::is_embedded(plan);
    let mut clusters = Clusters::new(plan, ear);
    if embedded {
        dry.problems.extend(beginning::check_embedded(settings.from).err());
    } else {
        let looked = topics(plan, &mut clusters, &mut dry);
        dry.problems.extend(looked.err());
    }
    match positions::stages(plan) {
        Ok(stages) => {
            for stage in stages {
                let looked = stage_of(plan, &stage, settings, ear, embedded, &mut dry);
                dry.problems.extend(looked.err());
            }
        }
        Err(error) => dry.problems.push(error),
    }
    match positions::list(plan, ear) {
        Ok(list) => {
            dry.problems.extend(list.iter().filter_map(lost));
            dry.positions = Some(list);
        }
        Err(error) => dry.problems.push(error),
    }
    let mut names: Vec<&str> = plan.ingest.iter().map(|it| it.source.as_str()).collect();
    names.dedup();
    for name in names {
        let looked = source(plan, name, settings, &mut clusters, &mut dry);
        dry.problems.extend(looked.err());
    }
    let mut told = std::collections::BTreeSet::new();
    dry.problems.retain(|it| told.insert((it.name, it.message.clone())));
    dry
}

fn topics(plan: &Plan, clusters: &mut Clusters<'_>, dry: &mut Dry) -> Result<(), RunError> {
    let mut by_connection: BTreeMap<&str, Vec<TopicNeed>> = BTreeMap::new();
    for topic in &plan.topics {
        by_connection.entry(&topic.connection).or_default().push(TopicNeed::from(topic));
    }
    for (name, mut needs) in by_connection {
        if !plan.ingest.is_empty() {
            needs.push(positions_topic());
        }
        if plan.ingest.iter().any(|it| plan.topic(&it.topic).is_some_and(|topic| topic.connection == name)) {
            needs.push(letters_topic(&plan.pipeline.name));
        }
        let (connection, cluster) = clusters.get(name)?;
        let (found, problems) = cluster.look(&needs)?;
        dry.problems.extend(problems);
        let fed =
            |name: &str| plan.ingest.iter().any(|it| plan.topic(&it.topic).is_some_and(|topic| topic.topic == name));
        let written: Vec<_> = found.iter().flatten().filter(|it| fed(&it.name)).cloned().collect();
        let owners = cluster.check_owners(connection, &written, &plan.pipeline.name, plan.pipeline.was.as_deref());
        dry.problems.extend(owners.err());
        let there: Vec<_> =
            needs.iter().zip(&found).filter(|(_, it)| it.is_some()).map(|(need, _)| need.clone()).collect();
        dry.notes.extend(cluster.differences(&there));
        let looked = needs.into_iter().zip(found);
        dry.topics.extend(looked.map(|(need, it)| (name.to_string(), need, it.map(|it| it.partitions))));
    }
    Ok(())
}

fn stage_of(
    plan: &Plan,
    stage: &Stage,
    settings: &RunSettings,
    ear: &Arc<dyn Observer>,
    embedded: bool,
    dry: &mut Dry,
) -> Result<(), RunError> {
    let runtime = super::asynchronous()?;
    let what = sinks::describe(plan, &stage.domain);
    let origins: Vec<_> = stage.sinks.iter().filter_map(|it| plan.sink(it)).map(|it| it.origin).collect();
    let fail = |error| database_error(error, &what, &origins);
    let mut database = sinks::open(plan, stage, &owner()).map_err(fail)?;
    let (look, problems) = runtime.block_on(database.look()).map_err(fail)?;
    dry.problems.extend(problems.into_iter().map(fail));
    let Some(look) = look else { return Ok(()) };
    let named = look.tables.into_iter().filter_map(|(index, it)| Some((stage.sinks.get(index)?.clone(), it)));
    dry.tables.extend(named);
    beginning::check(plan, stage, &look.history, settings.from, embedded, &**ear)
}

/// A position that a run could not go on from.
fn lost(it: &Position) -> Option<RunError> {
    let (Kind::Stage, Some(note), Place::Partition(topic, partition)) = (it.kind, &it.note, &it.place) else {
        return None;
    };
    it.at?;
    Some(RunError {
        name: "position-lost",
        message: format!("stage `{}` cannot go on in {topic}[{partition}]: {note}", it.name),
        help: Some(format!("`pipewright positions reset FILE {}` lets it begin anew", it.name)),
        origin: None,
        class: ErrorClass::WouldLose,
    })
}

fn source(
    plan: &Plan,
    name: &str,
    settings: &RunSettings,
    clusters: &mut Clusters<'_>,
    dry: &mut Dry,
) -> Result<(), RunError> {
    let source = plan.source(name).ok_or_else(|| bug(format!("the plan has no source `{name}`")))?;
    let connection = plan.connection(&source.connection).ok_or_else(|| bug("a source without a connection"))?;
    if source.options.get("path") == Some(&pipewright_plan::OptionValue::String("-".to_string())) {
        dry.notes.push(format!("source `{name}` reads the standard input, which is not looked at"));
        return Ok(());
    }
    let cursor = positions::source_cursor(plan, clusters, name)?;
    let at = |error: RunError| RunError { origin: error.origin.or(Some(source.origin)), ..error };
    if cursor.is_none()
        && !settings.until_end
        && nothing_yet(&connection.options, &source.options, &source.format).map_err(at)?
    {
        dry.notes.push(format!("source `{name}` would wait: no file matches its `path` yet"));
        return Ok(());
    }
    let reader =
        FileReader::open(&connection.options, &source.options, &source.format, cursor.as_deref()).map_err(at)?;
    let decoder = |columns: &[ColumnRequest]| reader.decoder(columns, &source.schema);
    let fed = plan.ingest.iter().filter(|it| it.source == name).filter_map(|it| plan.topic(&it.topic));
    let targets: Vec<_> = fed.map(|it| (it, 1, 0)).collect();
    IngestCore::new(plan, source, &targets, 0, &decoder).map(drop)
}
