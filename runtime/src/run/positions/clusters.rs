//! The clusters of a plan, each asked over one client.

use std::collections::BTreeMap;
use std::time::Duration;

use pipewright_plan::Plan;

use super::super::server::kafka_connection;
use super::Ear;
use crate::connectors::kafka::admin::Cluster;
use crate::connectors::kafka::positions::TopicNow;
use crate::connectors::kafka::spec::KafkaConnection;
use crate::report::RunError;

/// How long a cluster may be away.
const PATIENCE: Duration = Duration::from_secs(10);

pub(in crate::run) struct Clusters<'a> {
    plan: &'a Plan,
    ear: Ear<'a>,
    open: BTreeMap<String, (KafkaConnection, Cluster)>,
}

impl<'a> Clusters<'a> {
    pub(in crate::run) fn new(plan: &'a Plan, ear: Ear<'a>) -> Self {
        Self { plan, ear, open: BTreeMap::new() }
    }

    /// The cluster of a connection, once it has answered.
    pub(in crate::run) fn get(&mut self, name: &str) -> Result<&(KafkaConnection, Cluster), RunError> {
        if !self.open.contains_key(name) {
            let connection = kafka_connection(self.plan, name)?;
            let cluster = Cluster::new(&connection, name)?;
            cluster.wait(PATIENCE, &**self.ear)?;
            self.open.insert(name.to_string(), (connection, cluster));
        }
        self.open.get(name).ok_or_else(|| super::bug("a cluster was not opened"))
    }

    /// What there is of a topic of the program; none: it is not there.
    pub(in crate::run) fn topic(&mut self, name: &str) -> Result<Option<TopicNow>, RunError> {
        let topic = self.plan.topic(name).ok_or_else(|| super::bug(format!("the plan has no topic `{name}`")))?;
        self.get(&topic.connection)?.1.topic_now(&topic.topic)
    }
}
