//! Sources: where their cursors lie, and the files that these name.

use pipewright_plan::{Plan, Source};

use super::super::{bug, embedded};
use super::clusters::Clusters;
use super::{Place, Request, SourceCursor, To, wrong};
use crate::connectors::files::positions::{FilePosition, FilePositions};
use crate::connectors::kafka::positions::{CursorWriter, stored_cursor};
use crate::report::RunError;

pub(super) fn source<'a>(plan: &'a Plan, name: &str) -> Result<&'a Source, RunError> {
    plan.source(name).ok_or_else(|| bug(format!("the plan has no source `{name}`")))
}

/// The files of a source.
pub(in crate::run) fn files(plan: &Plan, name: &str, cursor: Option<&str>) -> Result<FilePositions, RunError> {
    let source = source(plan, name)?;
    let connection = plan.connection(&source.connection).ok_or_else(|| bug("a source without a connection"))?;
    FilePositions::open(&connection.options, &source.options, cursor)
}

/// The connection whose cluster a source feeds.
fn cluster_of<'a>(plan: &'a Plan, name: &str) -> Result<&'a str, RunError> {
    let fed = plan.ingest.iter().find(|it| it.source == name).and_then(|it| plan.topic(&it.topic));
    Ok(&fed.ok_or_else(|| bug(format!("the source `{name}` feeds no topic")))?.connection)
}

/// The cursor that lies in Kafka.
pub(super) fn cursor(plan: &Plan, clusters: &mut Clusters<'_>, name: &str) -> Result<Option<String>, RunError> {
    let (connection, cluster) = clusters.get(cluster_of(plan, name)?)?;
    let pipeline = &plan.pipeline;
    stored_cursor(cluster, connection, &pipeline.name, pipeline.was.as_deref(), name)
}

/// The one who may change it.
pub(super) fn writer(plan: &Plan, clusters: &mut Clusters<'_>, name: &str) -> Result<CursorWriter, RunError> {
    let at = cluster_of(plan, name)?;
    let (connection, cluster) = clusters.get(at)?;
    let pipeline = &plan.pipeline;
    let planned = plan.ingest.iter().find(|it| it.source == name).map(|it| it.transactional_id.clone());
    let id = planned.unwrap_or_else(|| format!("{}.source.{name}", pipeline.name));
    CursorWriter::new(cluster, connection, at, &pipeline.name, pipeline.was.as_deref(), name, &id)
}

/// What is read of what lies in Kafka. One that cannot be read is as none: only a new beginning mends it.
pub(super) fn read(text: Option<&str>) -> Result<Option<SourceCursor>, RunError> {
    let Some(text) = text else { return Ok(None) };
    serde_json::from_str(text)
        .map(Some)
        .map_err(|error| bug(format!("the stored position of the source is unreadable: {error}")))
}

/// The cursor as it will lie in Kafka.
pub(super) fn changed(plan: &Plan, request: &Request, text: Option<&str>) -> Result<Option<String>, RunError> {
    let before = match (read(text), &request.file) {
        (Ok(before), _) => before,
        // All of it is given up.
        (Err(_), None) => None,
        (Err(error), Some(_)) => return Err(error),
    };
    let (position, read, letters) = before.map_or((None, 0, 0), |it| (Some(it.position), it.read, it.letters));
    let (position, gone) = moved(plan, request, position.as_deref())?;
    let read = if request.file.is_some() { read.saturating_sub(gone) } else { 0 };
    let Some(position) = position else { return Ok(None) };
    Ok(Some(serde_json::to_string(&SourceCursor { position, read, letters }).map_err(|error| bug(error.to_string()))?))
}

/// The reader's cursor, and how many records it counts no more.
pub(in crate::run) fn moved(
    plan: &Plan,
    request: &Request,
    cursor: Option<&str>,
) -> Result<(Option<String>, u64), RunError> {
    let name = &request.name;
    match (&request.file, request.to) {
        (Some(file), To::Start(pipewright_plan::Start::Earliest)) => {
            files(plan, name, cursor)?.forget(file).map(|(cursor, records)| (Some(cursor), records))
        }
        (Some(file), To::End) => files(plan, name, cursor)?.skip(file).map(|(cursor, _)| (Some(cursor), 0)),
        (None, To::Start(pipewright_plan::Start::Earliest)) => {
            // What cannot be read any more is begun anew as well.
            let files = files(plan, name, cursor).or_else(|_| files(plan, name, None));
            Ok((files.ok().and_then(FilePositions::reset), 0))
        }
        (_, To::Start(_) | To::Offset(_)) | (None, To::End) => Err(wrong(
            "source-start",
            format!("`{name}` is a source: it begins at its first record"),
            Some(
                "leave `--to` out, or `pipewright positions set FILE SOURCE --file PATH --skip` counts one file as read"
                    .to_string(),
            ),
        )),
    }
}

/// What differs between two lists of files; of a new beginning every file.
pub(super) fn moves(
    before: &[FilePosition],
    after: &[FilePosition],
    request: &Request,
) -> Vec<(Place, Option<i64>, Option<i64>)> {
    let at = |list: &[FilePosition], file: &str| {
        list.iter().find(|it| it.file == file).and_then(|it| it.byte).and_then(|it| i64::try_from(it).ok())
    };
    let mut names: Vec<&str> = before.iter().chain(after).map(|it| it.file.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let wanted = |name: &&str| match &request.file {
        Some(file) => file == name,
        None => true,
    };
    names.into_iter().filter(wanted).map(|it| (Place::File(it.to_string()), at(before, it), at(after, it))).collect()
}

/// The files before and after, for people: what cannot be looked at is not shown.
pub(super) fn compare(
    plan: &Plan,
    request: &Request,
    before: Option<&str>,
    after: Option<&str>,
) -> Vec<(Place, Option<i64>, Option<i64>)> {
    let list = |cursor| files(plan, &request.name, cursor).map(|it| it.list()).unwrap_or_default();
    moves(&list(before), &list(after), request)
}

/// The reader's own cursor in what lies in Kafka.
pub(super) fn position(text: Option<&str>) -> Option<String> {
    read(text).ok().flatten().map(|it| it.position)
}

/// The stages that read what a source feeds, by index.
pub(super) fn readers(plan: &Plan, name: &str) -> Vec<usize> {
    let fed: Vec<&str> = plan.ingest.iter().filter(|it| it.source == name).map(|it| it.topic.as_str()).collect();
    let reads = |index: &usize| {
        plan.stages.get(*index).is_some_and(|it| it.topics.iter().any(|topic| fed.contains(&topic.as_str())))
    };
    let all = 0..plan.stages.len();
    if embedded::is_embedded(plan) { all.collect() } else { all.filter(reads).collect() }
}
