//! What a run did, at its end: per sink a row that adds up (read = stored + deleted + filtered + dead letters + skipped,
//! and what a database did not keep), per reason a line, the rate, where the data lies, what to try next.

use std::collections::BTreeMap;
use std::path::Path;

use comfy_table::{CellAlignment, Table, presets};
use pipewright_plan::{OptionValue, Plan};
use pipewright_runtime::report::{SourceSummary, StageSummary, Summary};

use crate::report::{counted, grouped};
use crate::style::Style;

/// Where the program came from, for what to try next.
pub struct Place<'a> {
    /// Its file.
    pub program: &'a Path,
    /// The environment it ran in.
    pub env: Option<&'a str>,
    /// Other environments.
    pub others: Vec<String>,
}

/// The whole text.
pub fn render(summary: &Summary, plan: &Plan, place: &Place<'_>, style: Style) -> String {
    let mut out = String::from("\n");
    if summary.failed.is_some() && is_nothing(summary) {
        return style.paint("1", "failed before anything was read\n") + &earlier_letters(summary);
    }
    // Of a run that failed before anything was read there is nothing to tell.
    let said = |it: &&SourceSummary| summary.failed.is_none() || it.read > 0 || it.read_before > 0;
    for source in summary.sources.iter().filter(said) {
        out.push_str(&one_source(source));
    }
    for stage in &summary.stages {
        out.push_str(&one_stage(stage, plan, style));
    }
    let read: u64 = summary.stages.iter().map(|it| it.read).sum();
    let rate = (read as f64 / summary.seconds.max(0.001)) as u64;
    let how = match &summary.failed {
        Some(_) => "failed; stored until then",
        None if summary.ended => "done",
        None => "stopped",
    };
    out.push_str(&style.paint(
        "1",
        &format!("{how}: {} in {:.1} s, {} a second\n", counted(read, "record"), summary.seconds, grouped(rate)),
    ));
    for (connection, path) in &summary.databases {
        out.push_str(&format!("{connection}: {}\n", shorten(path)));
    }
    out.push_str(&earlier_letters(summary));
    if summary.failed.is_none() {
        out.push_str(&next(summary, plan, place));
    }
    out
}

fn is_nothing(summary: &Summary) -> bool {
    summary.stages.iter().all(|it| it.read == 0) && summary.sources.iter().all(|it| it.read == 0)
}

/// Dead letters of earlier runs are no numbers of this one, and must not be forgotten.
fn earlier_letters(summary: &Summary) -> String {
    let stages = summary.stages.iter().map(|it| it.letters_before).sum::<u64>();
    let sources = summary.sources.iter().map(|it| it.letters_before).sum::<u64>();
    match stages + sources {
        0 => String::new(),
        count => format!("besides: {} of earlier runs\n", counted(count, "dead letter")),
    }
}

fn one_source(it: &SourceSummary) -> String {
    let mut parts = vec![format!("{} read", grouped(it.read))];
    if it.read_before > 0 {
        parts.push(format!("{} in earlier runs", grouped(it.read_before)));
    }
    if it.filtered > 0 {
        parts.push(format!("{} filtered", grouped(it.filtered)));
    }
    parts.extend(it.dead_letters.iter().map(|(name, count)| format!("{} {name}", grouped(*count))));
    if it.skipped > 0 {
        parts.push(format!("{} skipped", grouped(it.skipped)));
    }
    format!("source {}: {}\n", it.name, parts.join(", "))
}

/// ` (shop.pipe:12)` for a step.
fn place_of(plan: &Plan, id: &str) -> String {
    let steps = plan.sources.iter().flat_map(|it| &it.steps).chain(plan.transforms.iter().flat_map(|it| &it.steps));
    let step = steps.into_iter().find(|it| it.id == id && it.origin.line > 0);
    step.map(|it| format!(" ({})", plan.place(it.origin))).unwrap_or_default()
}

fn one_stage(stage: &StageSummary, plan: &Plan, style: Style) -> String {
    let mut table = Table::new();
    table.load_style(if style.unicode { presets::UTF8_BORDERS_ONLY } else { presets::ASCII_BORDERS_ONLY });
    table.set_header(["sink", "table", "read", "stored", "deleted", "filtered", "dead letters", "skipped"]);
    let mut reasons = BTreeMap::<String, BTreeMap<String, u64>>::new();
    for sink in &stage.sinks {
        let filtered: u64 = sink.filtered.values().sum();
        let letters: u64 = sink.undecodable + sink.dead_letters.values().sum::<u64>();
        table.add_row([
            sink.name.clone(),
            sink.table.clone(),
            grouped(sink.read),
            grouped(sink.stored),
            grouped(sink.deleted),
            grouped(filtered),
            grouped(letters),
            grouped(sink.skipped),
        ]);
        if sink.rows < sink.stored {
            let reason = format!("rows written to {}: of one key in one commit, only the last", sink.table);
            reasons.entry(reason).or_default().insert(sink.name.clone(), sink.rows);
        }
        for (step, count) in &sink.filtered {
            reasons
                .entry(format!("filtered by {step}{}", place_of(plan, step)))
                .or_default()
                .insert(sink.name.clone(), *count);
        }
        if sink.not_kept > 0 {
            let reason = format!("not kept: a trigger of {} dropped it", sink.table);
            reasons.entry(reason).or_default().insert(sink.name.clone(), sink.not_kept);
        }
        for (name, count) in &sink.dead_letters {
            reasons.entry(format!("dead letter `{name}`")).or_default().insert(sink.name.clone(), *count);
        }
    }
    for column in 2..8 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut out = format!("{}\n{table}\n", style.paint("1", &stage.id));
    for (name, count) in &stage.dead_letters {
        out.push_str(&format!("  {:>9}  dead letter `{name}`, before any sink\n", grouped(*count)));
    }
    for (reason, counts) in &reasons {
        // The same steps stand before several sinks: sinks with the same number share a line.
        let mut groups = BTreeMap::<u64, Vec<&str>>::new();
        for (sink, count) in counts {
            groups.entry(*count).or_default().push(sink);
        }
        for (count, sinks) in groups.into_iter().rev() {
            let every = sinks.len() > 1 && sinks.len() == stage.sinks.len();
            let sinks = if every { "every sink".to_string() } else { sinks.join(", ") };
            out.push_str(&format!("  {:>9}  {reason}, on the way to {sinks}\n", grouped(count)));
        }
    }
    out.push('\n');
    out
}

fn next(summary: &Summary, plan: &Plan, place: &Place<'_>) -> String {
    let program = place.program.display();
    let env = place.env.map(|it| format!(" --env {it}")).unwrap_or_default();
    let mut out = String::from("\nnext:\n");
    for (connection, path) in &summary.databases {
        let kind = plan.connection(connection).map(|it| it.kind.as_str());
        let Some(sink) = plan.sinks.iter().find(|it| it.connection == *connection) else { continue };
        if kind == Some("sqlite") {
            let path = shorten(path);
            out.push_str(&format!("  sqlite3 -box {path} 'SELECT * FROM {} LIMIT 5'\n", sink.table));
        } else if let Some((user, host, port, database)) = server(path) {
            let server = format!("psql -h {host} -p {port} -U {user} {database}");
            let schema = plan.connection(connection).and_then(|it| match it.options.get("schema") {
                Some(OptionValue::String(schema)) if !sink.table.contains('.') => Some(format!("{schema}.")),
                _ => None,
            });
            let table = format!("{}{}", schema.unwrap_or_default(), sink.table);
            out.push_str(&format!("  {server} -c 'SELECT * FROM {table} LIMIT 5'\n"));
        }
    }
    let letters = summary.stages.iter().any(|stage| {
        stage.letters_before > 0
            || !stage.dead_letters.is_empty()
            || stage.sinks.iter().any(|it| !it.dead_letters.is_empty())
    }) || summary.sources.iter().any(|it| it.letters_before > 0 || !it.dead_letters.is_empty());
    if letters {
        out.push_str(&format!("  pipewright dead-letters ls {program}{env}\n"));
    }
    out.push_str(&format!("  pipewright explain {program}{env}\n"));
    if let Some(other) = place.others.iter().find(|it| place.env.is_some() || *it != "embedded") {
        out.push_str(&format!("  pipewright run {program} --env {other}\n"));
    }
    out
}

/// `host:port/database`
fn server(place: &str) -> Option<(&str, &str, &str, &str)> {
    let (user, place) = place.rsplit_once('@')?;
    let (address, database) = place.split_once('/')?;
    let (host, port) = address.rsplit_once(':')?;
    Some((user, host, port, database))
}

/// A path below the current folder, relative to it.
fn shorten(path: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    Path::new(path).strip_prefix(&here).map_or_else(|_| path.to_string(), |it| it.display().to_string())
}
