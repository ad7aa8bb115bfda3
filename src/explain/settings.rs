//! What the Kafka clients of a program are told, and how much memory a run may take: taken from the place where clients are
//! made, so it cannot differ from what happens.

use std::collections::BTreeMap;

use pipewright_plan::{Connection, Plan};
#[cfg(feature = "run")]
use pipewright_plan::{OptionValue, Options};
use pipewright_runtime::connectors::kafka::client::{SHARING_PARTITIONS, read_ahead_kib};

use super::program::size;

/// The settings per Kafka connection, as lines. A build without the engine knows none.
#[cfg(feature = "run")]
pub fn kafka(plan: &Plan) -> BTreeMap<String, String> {
    use pipewright_plan::TypedOptions;
    use pipewright_runtime::connectors::kafka::client::{self, Purpose};
    use pipewright_runtime::connectors::kafka::spec::KafkaConnection;

    let mut lists = BTreeMap::new();
    for connection in clusters(plan) {
        let Ok(options) = KafkaConnection::decode(&placeholders(&connection.options)) else { continue };
        let purposes: &[(&str, Purpose)] = if options.embedded {
            &[("readers", Purpose::EmbeddedReader), ("writers", Purpose::EmbeddedWriter)]
        } else {
            &[("readers", Purpose::Reader), ("writers", Purpose::Writer)]
        };
        let mut list = String::new();
        for (who, purpose) in purposes {
            list.push_str(&format!("  {who}\n"));
            let partitions = partitions(plan, &connection.name) as usize;
            for it in client::settings(&options, *purpose, partitions) {
                list.push_str(&format!("    {:<38} {:<16} {}\n", it.name, it.value, it.why));
            }
        }
        lists.insert(connection.name.clone(), list);
    }
    lists
}

/// The settings per Kafka connection, as lines. A build without the engine knows none.
#[cfg(not(feature = "run"))]
pub fn kafka(plan: &Plan) -> BTreeMap<String, String> {
    let unknown = "  this build has no Kafka client; the full build prints its settings here\n";
    clusters(plan).map(|it| (it.name.clone(), unknown.to_string())).collect()
}

fn clusters(plan: &Plan) -> impl Iterator<Item = &Connection> {
    plan.connections.iter().filter(|it| it.kind == "kafka")
}

#[cfg(feature = "run")]
/// Partitions of all topics on a cluster, as far as the program says how many.
fn partitions(plan: &Plan, connection: &str) -> u64 {
    let counts = plan.topics.iter().filter(|it| it.connection == connection).map(|it| it.partitioning.count);
    counts.map(|count| u64::from(count.unwrap_or(1))).sum::<u64>().max(1)
}

/// References to variables and files as text: their values are known when the program runs, and no setting depends on them.
#[cfg(feature = "run")]
fn placeholders(options: &Options) -> Options {
    fn one(value: &OptionValue) -> OptionValue {
        match value {
            OptionValue::Env { .. } | OptionValue::File(_) => OptionValue::String("set when it runs".into()),
            OptionValue::Record(entries) => OptionValue::Record(placeholders(entries)),
            other => other.clone(),
        }
    }
    options.iter().map(|(name, value)| (name.clone(), one(value))).collect()
}

/// How much memory records may take in a run: what is fetched ahead, and the epochs on their way to the databases.
pub fn memory(plan: &Plan) -> String {
    let epoch = plan.pipeline.commit.bytes;
    let kib = |partitions: u64| (read_ahead_kib(usize::try_from(partitions).unwrap_or(usize::MAX)) as u64) << 10;
    let sharing = SHARING_PARTITIONS as u64;
    let mut lines = String::new();
    let (mut sum, mut known) = (0, true);
    for stage in &plan.stages {
        let topics = stage.topics.iter().filter_map(|name| plan.topic(name));
        let counts: Option<u64> = topics.map(|it| it.partitioning.count.map(u64::from)).sum();
        // Up to so many partitions share what is fetched ahead, however many they are.
        let partitions = counts.unwrap_or(sharing).max(1);
        // What does not divide evenly is no matter.
        let ahead = if partitions <= sharing { sharing * kib(sharing) } else { partitions * kib(partitions) };
        let of = match counts {
            Some(1) => "one partition".to_string(),
            Some(_) => format!("{partitions} partitions"),
            None => format!("up to {sharing} partitions ({} of each of more)", size(kib(sharing))),
        };
        known &= counts.is_some();
        // One epoch is filled while one waits and one is stored.
        sum += ahead + 3 * epoch;
        lines.push_str(&format!(
            "  {}: {} fetched ahead of {of}, and three epochs of {}\n",
            stage.id,
            size(ahead),
            size(epoch)
        ));
    }
    let many = if known { "" } else { ", if no more partitions are read" };
    format!(
        "{lines}  records take up to {} in all{many}, unpacked; a batch of a producer that is larger than its share comes alone\n",
        size(sum)
    )
}
