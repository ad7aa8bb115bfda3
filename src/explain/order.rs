//! Which records keep their order on the way to each sink, which step ends it, and what another key or number of partitions
//! would do to it. Everything follows from the plan: order is kept within a partition, and the partition key says which records
//! share one.

use std::collections::{BTreeMap, BTreeSet};

use pipewright_plan::{ExprKind, Partitioner, Plan, Step, StepKind, Topic, Write};

use super::diagram::embedded;
use crate::report::counted;

/// Per sink: where its records come from and which of them keep their order.
pub fn sinks(plan: &Plan) -> Vec<(String, Vec<String>)> {
    plan.sinks.iter().map(|sink| (sink.name.clone(), sink_order(plan, &sink.name, &sink.from, &sink.write))).collect()
}

fn sink_order(plan: &Plan, sink: &str, from: &[String], write: &Write) -> Vec<String> {
    let mut ways = vec![];
    for input in from {
        back(plan, input, vec![sink.to_string()], &mut ways);
    }
    let mut out: Vec<String> = ways.iter().filter_map(|way| way_order(plan, way)).collect();
    let topics: BTreeSet<&String> = ways.iter().filter_map(|way| way.first()).collect();
    if topics.len() > 1 {
        let names: Vec<String> = topics.iter().map(|it| format!("`{it}`")).collect();
        out.push(format!("between {} there is no order: they are read side by side", names.join(" and ")));
    }
    if let Write::Upsert { key, version, .. } = write {
        let key = key.join(", ");
        out.push(match version {
            Some(version) => format!("rows of one `{key}` may come in any order: the greatest `{version}` wins"),
            None => format!("all versions of one `{key}` come through one partition, so the newest stays"),
        });
    }
    out
}

/// Every way from a topic to a sink: names, the topic first.
fn back(plan: &Plan, node: &str, mut way: Vec<String>, ways: &mut Vec<Vec<String>>) {
    // A program that is no cycle ends; what is deep enough to matter is not explained by names in a row.
    if ways.len() >= 64 {
        return;
    }
    way.insert(0, node.to_string());
    match plan.transform(node) {
        Some(transform) => {
            for input in &transform.from {
                back(plan, input, way.clone(), ways);
            }
        }
        None => ways.push(way),
    }
}

fn way_order(plan: &Plan, way: &[String]) -> Option<String> {
    let topic = plan.topic(way.first()?)?;
    let path = way.join(" -> ");
    let Some(key) = key_columns(topic) else {
        let why = if topic.partitioning.key.is_empty() {
            format!("`{}` spreads its records at will", topic.name)
        } else {
            format!("`{}` is placed by an expression, not by fields alone", topic.name)
        };
        return Some(if topic.partitioning.count == Some(1) {
            format!("{path}: every record keeps its order, because `{}` has one partition", topic.name)
        } else if topic.partitioning.key.is_empty() {
            format!("{path}: no order is kept, because {why}; a `partition_key` there keeps one")
        } else {
            format!("{path}: records that share a partition keep their order; {why}")
        });
    };
    let steps = way.iter().filter_map(|it| plan.transform(it)).flat_map(|it| &it.steps);
    let begin = match topic.owned() {
        true => "from the source on",
        false => "from the topic on (others write it)",
    };
    let names = key.join(", ");
    match follow(&key, steps) {
        Ok(now) => {
            let now = now.join(", ");
            let renamed = if now == names { String::new() } else { format!(" (`{names}` in `{}`)", topic.name) };
            Some(format!("{path}: records of one `{now}`{renamed} keep their order, {begin}"))
        }
        Err((field, step)) => Some(format!(
            "{path}: records of one `{names}` keep their order, {begin}; but `{field}` is gone after `{}` ({}), so the \
             rows do not show which these are",
            step.keyword,
            plan.place(step.origin)
        )),
    }
}

/// The fields that place a record, if nothing but fields does.
fn key_columns(topic: &Topic) -> Option<Vec<String>> {
    let column = |it: &pipewright_plan::Expr| match &it.kind {
        ExprKind::Column(name) => Some(name.clone()),
        _ => None,
    };
    let columns: Option<Vec<String>> = topic.partitioning.key.iter().map(column).collect();
    columns.filter(|it| !it.is_empty())
}

/// The names of fields after some steps, or the field that is lost and the step that loses it.
fn follow<'p>(key: &[String], steps: impl Iterator<Item = &'p Step>) -> Result<Vec<String>, (String, &'p Step)> {
    let mut names: Vec<String> = key.to_vec();
    for step in steps {
        match &step.kind {
            StepKind::Where { .. } | StepKind::Check { .. } | StepKind::AsEvents { .. } | StepKind::AsTable { .. } => {}
            StepKind::Derive(assignments) => {
                if let Some(lost) = names.iter().find(|name| assignments.iter().any(|it| it.name == **name)) {
                    return Err((lost.clone(), step));
                }
            }
            StepKind::Select(assignments) => {
                for name in &mut names {
                    let same = |it: &&pipewright_plan::Assignment| matches!(&it.value.kind, ExprKind::Column(column) if column == name);
                    match assignments.iter().find(same) {
                        Some(kept) => name.clone_from(&kept.name),
                        None => return Err((name.clone(), step)),
                    }
                }
            }
        }
    }
    Ok(names)
}

/// Per keyed topic: what moves when the number of partitions changes, and what rests on the key.
pub fn changes(plan: &Plan) -> Vec<(String, Vec<String>)> {
    let keyed = plan.topics.iter().filter(|it| !it.partitioning.key.is_empty());
    keyed.map(|topic| (topic.name.clone(), change(plan, topic))).collect()
}

fn change(plan: &Plan, topic: &Topic) -> Vec<String> {
    let mut out = vec![];
    match topic.partitioning.count {
        Some(count) => {
            // Kafka takes no partition away.
            let others = [count.saturating_add(1), count.saturating_add(count / 3), count.saturating_mul(2)];
            let others: BTreeMap<u32, String> = others
                .into_iter()
                .filter(|other| *other != count)
                .map(|other| (other, format!("{}% at {count}→{other}", moved(count, other))))
                .collect();
            let list: Vec<String> = others.into_values().collect();
            out.push(format!("more partitions move keys to other partitions: {}", list.join(", ")));
        }
        None => out.push("how many partitions it has is not said here; another number moves keys".to_string()),
    }
    if embedded(plan, &topic.name) {
        out.push("it is embedded, so every run makes it anew: a change harms nothing that is there".to_string());
    } else {
        out.push(
            "records that are there stay where they are: the old ones of a moved key lie in one partition, its new ones in \
             another, and their order is lost"
                .to_string(),
        );
        if topic.partitioning.partitioner != Partitioner::Murmur2 {
            out.push("its partitioner is not Java's: other writers may place the same key elsewhere".to_string());
        }
    }
    let resting: Vec<String> = plan
        .sinks
        .iter()
        .filter(|sink| matches!(&sink.write, Write::Upsert { version: None, .. }))
        .filter(|sink| {
            let mut ways = vec![];
            for input in &sink.from {
                back(plan, input, vec![], &mut ways);
            }
            ways.iter().any(|way| way.first() == Some(&topic.name))
        })
        .map(|sink| format!("`{}`", sink.name))
        .collect();
    if resting.is_empty() {
        out.push("no sink rests on its key: another key would change the order of records only".to_string());
    } else {
        out.push(format!(
            "{} on its key: {} would be refused with another key that the key of the upsert does not determine",
            if resting.len() == 1 { "a sink rests" } else { "sinks rest" },
            counted_names(&resting)
        ));
    }
    out
}

fn counted_names(names: &[String]) -> String {
    if names.len() > 6 { counted(names.len() as u64, "upsert") } else { names.join(", ") }
}

/// How many of a hundred keys are placed elsewhere when `from` partitions become `to`. A key stays where it is if its hash has
/// the same remainder by both: that are `min` of every `lcm` hashes.
pub fn moved(from: u32, to: u32) -> u64 {
    let (from, to) = (u64::from(from.max(1)), u64::from(to.max(1)));
    let (mut a, mut b) = (from, to);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    let lcm = from / a * to;
    let stay = from.min(to);
    ((lcm - stay) * 200 + lcm) / (2 * lcm)
}

#[cfg(test)]
mod tests {
    use super::moved;

    #[test]
    fn moved_keys_are_those_that_hash_to_another_partition() {
        for (from, to) in [(6, 12), (6, 8), (30, 31), (6, 7), (12, 6), (5, 5), (1, 2), (7, 3)] {
            let hashes = 0..u64::from(from) * u64::from(to) * 50;
            let total = hashes.clone().count() as f64;
            let away = hashes.filter(|it| it % u64::from(from) != it % u64::from(to)).count() as f64;
            assert_eq!(moved(from, to), (100.0 * away / total).round() as u64, "{from} to {to}");
        }
        assert_eq!((moved(6, 12), moved(6, 8), moved(30, 31)), (50, 75, 97));
    }
}
