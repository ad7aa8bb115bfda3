//! What a run would find and make of topics, told without making it.

use super::admin::{Cluster, TopicFound, TopicNeed};
use super::cursor::{POSITIONS, read_all};
use super::ownership::Owners;
use super::spec::KafkaConnection;
use crate::report::RunError;

impl Cluster {
    /// In the order of `needs`: what there is, none if it would be created; and everything that is wrong.
    pub fn look(&self, needs: &[TopicNeed]) -> Result<(Vec<Option<TopicFound>>, Vec<RunError>), RunError> {
        let there = self.partition_counts()?;
        let names: Vec<String> = needs.iter().map(|it| it.name.clone()).collect();
        let ids = self.topic_ids(&names)?;
        let (mut all, mut problems) = (Vec::new(), Vec::new());
        for (need, id) in needs.iter().zip(ids) {
            let found = there.get(&need.name).map(|partitions| TopicFound {
                name: need.name.clone(),
                partitions: *partitions,
                id,
                created: false,
            });
            match &found {
                None if !need.owned => problems.push(self.missing(need, &there)),
                None => {}
                Some(found) => problems.extend(need.misfit(found.partitions)),
            }
            all.push(found);
        }
        Ok((all, problems))
    }

    /// Whether a topic that the program writes is another program's.
    pub fn check_owners(
        &self,
        connection: &KafkaConnection,
        topics: &[TopicFound],
        program: &str,
        was: Option<&str>,
    ) -> Result<(), RunError> {
        if topics.is_empty() || !self.has_topic(POSITIONS)? {
            return Ok(());
        }
        let mut owners = Owners::of(topics);
        read_all(connection, &mut |key, value| owners.hear(key, value))?;
        Ok(owners.missing(program, was).map(drop)?)
    }
}
