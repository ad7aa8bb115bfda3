//! What a run would do, as text.

use pipewright_plan::{Cleanup, Plan, Start, Write};
use pipewright_runtime::connectors::kafka::admin::TopicNeed;
use pipewright_runtime::run::positions::{Kind, Place, Position};
use pipewright_runtime::run::{Dry, RunSettings};
use pipewright_runtime::sinks::look::TableLook;

use super::grouped;

/// Sources, topics, positions and tables, in the order in which records pass them.
pub fn render(plan: &Plan, settings: &RunSettings, dry: &Dry) -> String {
    let mut out = String::new();
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            out.push_str(&format!("{title}\n"));
            lines.iter().for_each(|it| out.push_str(&format!("  {it}\n")));
        }
    };
    section("sources", sources(plan, dry.positions.as_deref()));
    section("topics", dry.topics.iter().map(|(connection, need, there)| topic(connection, need, *there)).collect());
    section("positions", positions(plan, settings, dry.positions.as_deref()));
    section("tables", dry.tables.iter().filter_map(|(sink, it)| table(plan, sink, it)).collect());
    section("notes", dry.notes.clone());
    let ends = if settings.until_end { "would end when its sources are read" } else { "would run until it is stopped" };
    let end = match dry.problems.len() {
        0 => format!("nothing was changed; the run {ends}"),
        1 => "nothing was changed; one thing would stop the run".to_string(),
        many => format!("nothing was changed; {many} things would stop the run"),
    };
    out.push_str(&format!("{end}\n"));
    out
}

/// Of what only servers know that do not answer.
const UNKNOWN: &str = "not known now";

fn sources(plan: &Plan, positions: Option<&[Position]>) -> Vec<String> {
    let mut names: Vec<&str> = plan.ingest.iter().map(|it| it.source.as_str()).collect();
    names.dedup();
    let Some(positions) = positions else {
        return names.iter().map(|name| format!("{name}: {UNKNOWN}")).collect();
    };
    let line = |name: &str| {
        let files: Vec<_> = positions.iter().filter(|it| it.kind == Kind::Source && it.name == name).collect();
        let left: Vec<i64> = files.iter().filter_map(|it| it.behind).filter(|it| *it > 0).collect();
        let bytes = grouped(left.iter().sum::<i64>().unsigned_abs());
        let files = if left.len() == 1 { "1 file".to_string() } else { format!("{} files", left.len()) };
        match left.len() {
            0 => format!("{name}: nothing to read"),
            _ => format!("{name}: {bytes} bytes of {files} to read"),
        }
    };
    names.into_iter().map(line).collect()
}

fn topic(connection: &str, need: &TopicNeed, there: Option<u32>) -> String {
    let name = format!("{connection}.{}", need.name);
    let count = |it: u32| if it == 1 { "1 partition".to_string() } else { format!("{it} partitions") };
    match there {
        Some(partitions) => format!("{name}: there, {}", count(partitions)),
        None if !need.owned => format!("{name}: missing"),
        None => {
            let partitions = need.partitions.map_or("the broker's number of partitions".to_string(), count);
            let replication = need.replication.map(|it| format!(", replication {it}")).unwrap_or_default();
            let cleanup = match need.cleanup {
                Cleanup::Delete => "delete",
                Cleanup::Compact => "compact",
            };
            let retention = need.retention_ms.map(|it| format!(", retention.ms {it}")).unwrap_or_default();
            format!("{name}: would be created with {partitions}{replication}, cleanup {cleanup}{retention}")
        }
    }
}

fn positions(plan: &Plan, settings: &RunSettings, positions: Option<&[Position]>) -> Vec<String> {
    let Some(positions) = positions else {
        return plan.stages.iter().map(|stage| format!("{}: {UNKNOWN}", stage.id)).collect();
    };
    let stages = plan.stages.iter().map(|stage| {
        let of: Vec<_> = positions.iter().filter(|it| it.kind == Kind::Stage && it.name == stage.id).collect();
        let stored = of.iter().filter(|it| it.at.is_some()).count();
        let behind = of.iter().filter_map(|it| it.behind).sum::<i64>().unsigned_abs();
        let topic = stage.topics.first().and_then(|it| plan.topic(it)).map(|it| it.start).unwrap_or_default();
        let start = match settings.from.unwrap_or(topic) {
            Start::Earliest => "the first record of its topics".to_string(),
            Start::Latest => "the end of its topics".to_string(),
            Start::Timestamp(_) => "a time that was given".to_string(),
        };
        match (stored, of.len()) {
            (0, _) => format!("{}: would begin at {start}", stage.id),
            (_, all) if all == stored => {
                format!("{}: would go on at its stored positions, {} behind", stage.id, grouped(behind))
            }
            (_, all) => format!(
                "{}: would go on at its stored positions, and begin at {start} in {} partitions, {} behind",
                stage.id,
                all - stored,
                grouped(behind)
            ),
        }
    });
    let files = positions.iter().filter_map(|it| match (&it.place, it.at) {
        (Place::File(file), Some(at)) if it.behind != Some(0) && at > 0 => {
            Some(format!("{}: would go on in {file} at byte {}", it.name, grouped(at.unsigned_abs())))
        }
        (Place::File(_) | Place::Partition(..), _) => None,
    });
    stages.chain(files).collect()
}

fn table(plan: &Plan, sink: &str, look: &TableLook) -> Option<String> {
    let sink = plan.sink(sink)?;
    let mode = match &sink.write {
        Write::Append => "append".to_string(),
        Write::Upsert { key, .. } => format!("upsert by {}", key.join(", ")),
    };
    let columns = || {
        let of = |it: &pipewright_plan::Field| format!("{} {}", it.name, it.ty);
        sink.stored_columns().fields.iter().map(of).collect::<Vec<_>>().join(", ")
    };
    let what = match look {
        TableLook::There => "there".to_string(),
        TableLook::Altered(statements) => format!("there, would be altered: {statements}"),
        TableLook::Created => format!("would be created: {}", columns()),
    };
    Some(format!("{}.{} ({mode}): {what}", sink.connection, sink.table))
}
