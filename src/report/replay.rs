//! What became of dead letters that were sent through the program again: for people by reason, as JSON letter by letter.

use std::collections::BTreeMap;

use pipewright_runtime::run::replay::{Fate, Outcome, Report};
use serde_json::{Value, json};

use super::grouped;

/// The word for an outcome, as it stands in JSON.
fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Replayed => "replayed",
        Outcome::Filtered => "filtered",
        Outcome::Superseded => "superseded",
        Outcome::Refused(..) => "refused",
        Outcome::Left(..) => "left",
        Outcome::Elsewhere => "elsewhere",
    }
}

/// Whether all letters could be dealt with, and whether some were refused again.
pub fn judge(report: &Report) -> (bool, bool) {
    let any = |wanted: &str| report.fates.iter().any(|it| word(&it.outcome) == wanted);
    (!any("refused") && !any("left"), any("refused"))
}

/// For people, with FILE for the program. `dry`: nothing was done.
pub fn text(report: &Report, dry: bool) -> String {
    let mut groups = BTreeMap::<(u8, &str, &str, String), (u64, &Fate)>::new();
    for fate in &report.fates {
        let key = (order(&fate.outcome), fate.letter.name.as_str(), fate.letter.node.as_str(), why(&fate.outcome));
        groups.entry(key).or_insert((0, fate)).0 += 1;
    }
    let mut out = String::new();
    for ((_, name, node, why), (count, example)) in groups {
        let what = told(&example.outcome, dry);
        out.push_str(&format!("{:>9}  {what}: {name} in {node}\n", grouped(count)));
        if !why.is_empty() {
            let it = &example.letter;
            out.push_str(&format!("           {why} ({}[{}] at {})\n", it.topic, it.partition, it.offset));
        }
        if let Outcome::Left(_, Some(help)) = &example.outcome {
            out.push_str(&format!("           {help}\n"));
        }
    }
    for ((sink, table), rows) in &report.rows {
        let verb = if dry { "would go to" } else { "went to" };
        let noun = if *rows == 1 { "row" } else { "rows" };
        out.push_str(&format!("{:>9}  {noun} {verb} {sink} ({table})\n", grouped(*rows)));
    }
    if dry && !report.fates.is_empty() {
        out.push_str("nothing was written; what the database itself would refuse is seen only when it is done\n");
    }
    out
}

fn order(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Replayed => 0,
        Outcome::Filtered => 1,
        Outcome::Superseded => 2,
        Outcome::Elsewhere => 3,
        Outcome::Refused(..) => 4,
        Outcome::Left(..) => 5,
    }
}

fn why(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Refused(name, reason) => format!("{name}: {reason}"),
        Outcome::Left(why, _) => why.clone(),
        Outcome::Replayed | Outcome::Filtered | Outcome::Superseded | Outcome::Elsewhere => String::new(),
    }
}

fn told(outcome: &Outcome, dry: bool) -> &'static str {
    match (outcome, dry) {
        (Outcome::Replayed, false) => "replayed",
        (Outcome::Replayed, true) => "would be replayed",
        (Outcome::Filtered, _) => "dealt with, the program filters it out now",
        (Outcome::Superseded, _) => "superseded, a later record of its key came",
        (Outcome::Elsewhere, _) => "dealt with by somebody else meanwhile",
        (Outcome::Refused(..), false) => "refused again",
        (Outcome::Refused(..), true) => "would be refused again",
        (Outcome::Left(..), _) => "left",
    }
}

/// One document: each letter, and the rows by sink.
pub fn document(report: &Report, dry: bool) -> Value {
    let letters = report.fates.iter().map(|fate| {
        let it = &fate.letter;
        let (name, reason) = match &fate.outcome {
            Outcome::Refused(name, reason) => (Some(name), Some(reason)),
            Outcome::Left(why, _) => (None, Some(why)),
            Outcome::Replayed | Outcome::Filtered | Outcome::Superseded | Outcome::Elsewhere => (None, None),
        };
        json!({
            "stage": it.stage, "topic": it.topic, "partition": it.partition, "offset": it.offset, "ordinal": it.ordinal,
            "node": it.node, "name": it.name, "outcome": word(&fate.outcome), "refused_as": name, "reason": reason,
        })
    });
    let rows = report.rows.iter().map(|((sink, table), rows)| json!({ "sink": sink, "table": table, "rows": rows }));
    json!({ "dry_run": dry, "letters": letters.collect::<Vec<_>>(), "rows": rows.collect::<Vec<_>>() })
}
