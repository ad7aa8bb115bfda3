//! What a topic that is there has otherwise than the program says: told at the start of a run, with what to type.
//!
//! A run changes no topic that is there, and stops for none of these: partitions, which it cannot live with, are
//! [`super::admin`]'s. Invariant: what cannot be asked for (a missing right) is no difference.

use pipewright_plan::Cleanup;
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::Consumer;

use super::admin::{ANSWER, Cluster, TopicNeed, wait_for};
use super::farewell;

/// What one topic has in Kafka, as far as it is known.
#[derive(Debug, Default, PartialEq, Eq)]
struct Settings {
    cleanup: Option<String>,
    retention_ms: Option<String>,
    replication: Option<usize>,
}

impl Cluster {
    /// One sentence for each difference of the topics that the program owns.
    pub fn differences(&self, needs: &[TopicNeed]) -> Vec<String> {
        let owned: Vec<&TopicNeed> = needs.iter().filter(|it| it.owned).collect();
        let Ok(admin) = self.config.create::<AdminClient<DefaultClientContext>>() else { return vec![] };
        let topics: Vec<_> = owned.iter().map(|it| ResourceSpecifier::Topic(&it.name)).collect();
        let options = AdminOptions::new().request_timeout(Some(ANSWER));
        let described = wait_for(admin.describe_configs(&topics, &options)).unwrap_or_default();
        farewell::later(admin);
        owned
            .into_iter()
            .zip(described)
            .flat_map(|(need, described)| {
                let Ok(described) = described else { return vec![] };
                let value = |name: &str| described.get(name).and_then(|it| it.value.clone());
                let found = Settings {
                    cleanup: value("cleanup.policy"),
                    retention_ms: value("retention.ms"),
                    replication: need.replication.and_then(|_| self.replicas(&need.name)),
                };
                compare(need, &found, &self.brokers())
            })
            .collect()
    }

    fn replicas(&self, topic: &str) -> Option<usize> {
        let metadata = self.probe.fetch_metadata(Some(topic), ANSWER).ok()?;
        metadata.topics().first()?.partitions().iter().map(|it| it.replicas().len()).min()
    }

    fn brokers(&self) -> String {
        self.config.get("bootstrap.servers").unwrap_or_default().to_string()
    }
}

fn compare(need: &TopicNeed, found: &Settings, brokers: &str) -> Vec<String> {
    let name = &need.name;
    let alter = |setting: &str, value: &str| {
        format!(
            "a run changes no topic that is there: `kafka-configs.sh --bootstrap-server {brokers} --alter --topic {name} \
             --add-config {setting}={value}`, or write what is there"
        )
    };
    let mut told = vec![];
    let cleanup = match need.cleanup {
        Cleanup::Delete => "delete",
        Cleanup::Compact => "compact",
    };
    if let Some(there) = found.cleanup.as_deref().filter(|it| *it != cleanup) {
        let how = alter("cleanup.policy", cleanup);
        told.push(format!("topic `{name}` has `cleanup.policy={there}` in Kafka, the program says {cleanup}; {how}"));
    }
    if let (Some(there), Some(wanted)) = (&found.retention_ms, need.retention_ms)
        && *there != wanted.to_string()
    {
        let (there, says) = (duration(there), duration(&wanted.to_string()));
        let how = alter("retention.ms", &wanted.to_string());
        told.push(format!("topic `{name}` keeps records {there} in Kafka, the program says {says}; {how}"));
    }
    if let (Some(there), Some(wanted)) = (found.replication, need.replication)
        && there != usize::from(wanted)
    {
        told.push(format!(
            "topic `{name}` has {there} replicas in Kafka, the program says {wanted}; a run changes no topic that is there: \
             `kafka-reassign-partitions.sh` does, or write what is there"
        ));
    }
    told
}

/// `for 7 days`, from milliseconds; what is no whole number of seconds stays milliseconds.
fn duration(millis: &str) -> String {
    let Ok(number) = millis.parse::<i64>() else { return millis.to_string() };
    if number < 0 {
        return "for ever".to_string();
    }
    let units = [(86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1_000, "second"), (1, "millisecond")];
    let fits = units.into_iter().find(|(size, _)| number % size == 0);
    let (size, unit) = fits.unwrap_or((1, "millisecond"));
    let count = number / size;
    format!("for {count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need() -> TopicNeed {
        TopicNeed {
            name: "orders".to_string(),
            owned: true,
            partitions: None,
            replication: Some(3),
            cleanup: Cleanup::Delete,
            retention_ms: Some(2_592_000_000),
            segment_bytes: None,
        }
    }

    fn found(cleanup: &str, retention: &str, replication: usize) -> Settings {
        Settings {
            cleanup: Some(cleanup.to_string()),
            retention_ms: Some(retention.to_string()),
            replication: Some(replication),
        }
    }

    #[test]
    fn what_is_as_said_is_not_told() {
        assert_eq!(compare(&need(), &found("delete", "2592000000", 3), "b:1"), [""; 0]);
        assert_eq!(compare(&need(), &Settings::default(), "b:1"), [""; 0]);
        let silent = TopicNeed { retention_ms: None, replication: None, ..need() };
        assert_eq!(compare(&silent, &found("delete", "1", 1), "b:1"), [""; 0]);
    }

    #[test]
    fn each_difference_says_what_is_there_what_is_said_and_what_to_type() {
        let told = compare(&need(), &found("compact", "604800000", 1), "b:1");
        assert_eq!(
            told,
            [
                "topic `orders` has `cleanup.policy=compact` in Kafka, the program says delete; a run changes no topic that is there: \
                 `kafka-configs.sh --bootstrap-server b:1 --alter --topic orders --add-config cleanup.policy=delete`, or write \
                 what is there",
                "topic `orders` keeps records for 7 days in Kafka, the program says for 30 days; a run changes no topic that is there: \
                 `kafka-configs.sh --bootstrap-server b:1 --alter --topic orders --add-config retention.ms=2592000000`, or write \
                 what is there",
                "topic `orders` has 1 replicas in Kafka, the program says 3; a run changes no topic that is there: \
                 `kafka-reassign-partitions.sh` does, or write what is there",
            ]
        );
    }

    #[test]
    fn durations_are_read_by_people() {
        let read = |millis: &str| duration(millis);
        assert_eq!([read("-1"), read("90000"), read("1500")], ["for ever", "for 90 seconds", "for 1500 milliseconds"]);
        assert_eq!([read("3600000"), read("0")], ["for 1 hour", "for 0 days"]);
    }
}
