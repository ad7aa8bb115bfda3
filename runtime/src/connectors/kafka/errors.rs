//! What can go wrong with a cluster, in the user's words, and whether trying again can help.
//!
//! Invariant: an error whose kind is not known is tried again, never taken for success.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::report::{ErrorClass, RunError};

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The same again later may do.
    Retry,
    /// Going on is wrong or hopeless; the run ends like this.
    Fatal(ErrorClass),
}

/// Why reading or writing a topic failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ReaderError {
    /// The stable name: `data-lost`, `topic-recreated`, `authentication-failed`, ….
    pub name: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Whether trying again can help.
    pub class: ErrorKind,
}

impl ReaderError {
    /// The same again later may do.
    pub fn retry(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, message: message.into(), help: None, class: ErrorKind::Retry }
    }

    /// Only the user can mend it.
    pub fn configuration(name: &'static str, message: impl Into<String>) -> Self {
        Self { class: ErrorKind::Fatal(ErrorClass::Configuration), ..Self::retry(name, message) }
    }

    /// Going on would lose or repeat records.
    pub fn would_lose(name: &'static str, message: impl Into<String>) -> Self {
        Self { class: ErrorKind::Fatal(ErrorClass::WouldLose), ..Self::retry(name, message) }
    }

    /// One thing to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// True unless trying again can help.
    pub fn is_fatal(&self) -> bool {
        self.class != ErrorKind::Retry
    }

    /// From what the client said while doing something ("topics cannot be created").
    pub fn of(doing: &str, error: &KafkaError) -> Self {
        // rdkafka gives no code for errors of admin requests.
        let code = match error {
            KafkaError::AdminOp(code) => Some(*code),
            other => other.rdkafka_error_code(),
        };
        match code {
            Some(code) => Self::of_code(doing, code, None),
            None => Self::retry("kafka-error", format!("{doing}: {error}")),
        }
    }

    /// From an error code, with the client's own words if there are any.
    pub fn of_code(doing: &str, code: Code, words: Option<&str>) -> Self {
        let text = words.map_or_else(|| plain(code), str::to_string);
        let message = format!("{doing}: {text}");
        match code {
            Code::Authentication | Code::SaslAuthenticationFailed => {
                Self::configuration("authentication-failed", message).help("check `sasl` and `tls` of the connection")
            }
            Code::TopicAuthorizationFailed | Code::GroupAuthorizationFailed | Code::ClusterAuthorizationFailed => {
                Self::configuration("not-authorized", message).help("grant the right to the program's user")
            }
            Code::TransactionalIdAuthorizationFailed => {
                Self::configuration("not-authorized", message).help("grant the right to write in transactions")
            }
            Code::FencedInstanceId => {
                Self::configuration("twin", "another process runs with the same state directory".to_string())
                    .help("give each instance a state directory of its own")
            }
            Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownTopicId => {
                Self::would_lose("topic-gone", message)
            }
            Code::InvalidTopic => Self::configuration("topic-name", message),
            Code::InvalidReplicationFactor => Self::configuration("replication", message)
                .help("write a `replication` that the number of brokers allows"),
            Code::PolicyViolation | Code::InvalidConfig | Code::InvalidPartitions => {
                Self::configuration("topic-refused", message)
            }
            _ => Self::retry("kafka-error", message),
        }
    }
}

impl From<ReaderError> for RunError {
    fn from(error: ReaderError) -> Self {
        let ReaderError { name, message, help, class } = error;
        let class = match class {
            ErrorKind::Retry => ErrorClass::OutOfReach,
            ErrorKind::Fatal(class) => class,
        };
        RunError { name, message, help, origin: None, class }
    }
}

/// True if the error says that brokers are out of reach, and nothing else.
pub fn is_away(code: Code) -> bool {
    matches!(
        code,
        Code::AllBrokersDown
            | Code::BrokerTransportFailure
            | Code::Resolve
            | Code::OperationTimedOut
            | Code::MessageTimedOut
            | Code::RequestTimedOut
            | Code::SSL
    )
}

/// The client's text for a code, without the "Local:" and "Broker:" before it.
pub fn plain(code: Code) -> String {
    let text = code.to_string();
    // rdkafka writes "UnknownTopic (Local: Unknown topic)".
    let inner = text.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(&text);
    let inner = inner.trim_start_matches("Local: ").trim_start_matches("Broker: ");
    let mut letters = inner.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_like_sentences() {
        assert_eq!(plain(Code::UnknownTopic), "unknown topic");
        assert_eq!(plain(Code::AllBrokersDown), "all broker connections are down");
    }

    #[test]
    fn what_only_the_user_can_mend_is_fatal() {
        let error = ReaderError::of("orders", &KafkaError::AdminOp(Code::TopicAuthorizationFailed));
        assert_eq!((error.name, error.is_fatal()), ("not-authorized", true));
        let error = ReaderError::of("orders", &KafkaError::MetadataFetch(Code::BrokerTransportFailure));
        assert!(!error.is_fatal());
    }
}
