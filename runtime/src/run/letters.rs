//! Dead letters of sources on a real cluster: they lie in a topic of the program, not beside the rows.

use std::sync::Arc;

use pipewright_plan::Plan;

use super::embedded;
use super::positions::Clusters;
use crate::connectors::kafka::ingest::dead_letter_topic;
use crate::connectors::kafka::letters::{self, Letters};
use crate::report::{Observer, RunError};
use crate::sinks::dead_letters::{LetterFilter, StoredLetter};

/// Those that are wanted, the oldest first. The plan must be resolved. None in an embedded program: there they lie beside
/// the rows.
pub fn source_letters(
    plan: &Plan,
    filter: &LetterFilter,
    ear: &Arc<dyn Observer>,
) -> Result<Vec<StoredLetter>, RunError> {
    let mut all = Vec::new();
    if embedded::is_embedded(plan) {
        return Ok(all);
    }
    let mut clusters: Vec<&str> =
        plan.ingest.iter().filter_map(|it| plan.topic(&it.topic)).map(|it| it.connection.as_str()).collect();
    clusters.sort_unstable();
    clusters.dedup();
    let mut open = Clusters::new(plan, ear);
    for name in clusters {
        all.extend(of_cluster(plan, &mut open, name)?.into_values());
    }
    all.retain(|it| fits(filter, it));
    all.sort_by(|a, b| a.created_at.cmp(&b.created_at).then(a.offset.cmp(&b.offset)));
    all.truncate(filter.limit.and_then(|it| usize::try_from(it).ok()).unwrap_or(usize::MAX));
    Ok(all)
}

/// All letters of the program's sources that lie on a cluster, also under the program's old name.
pub(super) fn of_cluster(plan: &Plan, open: &mut Clusters<'_>, name: &str) -> Result<Letters, RunError> {
    let (connection, cluster) = open.get(name)?;
    let mut letters = Letters::new();
    for program in plan.pipeline.was.iter().chain([&plan.pipeline.name]) {
        let topic = dead_letter_topic(program);
        if let Some(now) = cluster.topic_now(&topic)? {
            letters::read(connection, &topic, &now, &mut letters)?;
        }
    }
    Ok(letters)
}

/// Whether a letter is wanted.
pub(super) fn fits(filter: &LetterFilter, it: &StoredLetter) -> bool {
    fn same<T: PartialEq>(wanted: &Option<T>, is: &T) -> bool {
        wanted.as_ref().is_none_or(|it| it == is)
    }
    same(&filter.stage, &it.stage)
        && same(&filter.node, &it.node)
        && same(&filter.name, &it.name)
        && same(&filter.topic, &it.topic)
        && same(&filter.partition, &it.partition)
        && same(&filter.offset, &it.offset)
        && !(filter.open && it.replayed_at.is_some())
}
