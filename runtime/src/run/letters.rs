//! Dead letters of sources on a real cluster: they lie in a topic of the program, not beside the rows.

use std::sync::Arc;

use pipewright_plan::Plan;

use super::embedded;
use super::positions::Clusters;
use crate::connectors::kafka::ingest::dead_letter_topic;
use crate::connectors::kafka::letters;
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
        let (connection, cluster) = open.get(name)?;
        for program in std::iter::once(&plan.pipeline.name).chain(&plan.pipeline.was) {
            let topic = dead_letter_topic(program);
            if let Some(now) = cluster.topic_now(&topic)? {
                all.extend(letters::read(connection, &topic, &now)?);
            }
        }
    }
    fn same<T: PartialEq>(wanted: &Option<T>, is: &T) -> bool {
        wanted.as_ref().is_none_or(|it| it == is)
    }
    all.retain(|it| {
        same(&filter.stage, &it.stage)
            && same(&filter.node, &it.node)
            && same(&filter.name, &it.name)
            && same(&filter.topic, &it.topic)
            && same(&filter.partition, &it.partition)
            && same(&filter.offset, &it.offset)
    });
    all.sort_by(|a, b| a.created_at.cmp(&b.created_at).then(a.offset.cmp(&b.offset)));
    all.truncate(filter.limit.and_then(|it| usize::try_from(it).ok()).unwrap_or(usize::MAX));
    Ok(all)
}
