//! What can go wrong with a cluster, in the user's words, and whether trying again can help.
//!
//! Invariant: an error whose kind is not known is tried again, never taken for success.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::report::{ErrorClass, RunError};

/// The name of the error that says that the group has another member of this name.
pub(crate) const TWIN: &str = "twin";

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The same again later may do.
    Retry,
    /// Going on is wrong or hopeless; the run ends like this.
    Fatal(ErrorClass),
}

/// How a help says to set a position. Whoever knows the program and the stage puts them in.
pub(crate) const ANEW: &str = "pipewright positions reset FILE STAGE";

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
                Self::configuration(TWIN, "another process runs with the same state directory".to_string())
                    .help("give each instance a state directory of its own")
            }
            Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownTopicId => {
                Self::would_lose("topic-gone", message)
            }
            Code::MessageSizeTooLarge => Self::configuration(
                "record-too-large",
                format!(
                    "{doing}: Kafka refuses a batch of records that is larger than `max.message.bytes` of its topic"
                ),
            )
            .help("raise `max.message.bytes` of the topic (kafka-configs --alter), and start again"),
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

impl From<RunError> for ReaderError {
    fn from(error: RunError) -> Self {
        let RunError { name, message, help, class, .. } = error;
        let class = match class {
            ErrorClass::OutOfReach => ErrorKind::Retry,
            other => ErrorKind::Fatal(other),
        };
        Self { name, message, help, class }
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

/// Why brokers do not let the client in, from its complaint: what waiting does not mend.
pub fn refusal(what: &str, code: Code, words: &str) -> Option<ReaderError> {
    if matches!(code, Code::Authentication | Code::SaslAuthenticationFailed) {
        let doing = format!("{what} does not let the program in");
        return Some(ReaderError::of_code(&doing, code, Some(&told(words))));
    }
    let untrusted = ["certificate verify failed", "certificate could not be verified"];
    if untrusted.iter().any(|it| words.contains(it)) {
        let message = format!(
            "the certificate of {what} is not trusted: no known authority has signed it, or it is for another host name"
        );
        let help = "name the authority's file, `tls = { ca = \"ca.pem\" }`, and the brokers as their certificates do";
        return Some(ReaderError::configuration("certificate-not-trusted", message).help(help));
    }
    let wanted = ["certificate required", "bad certificate", "handshake failure"];
    if code == Code::SSL && wanted.iter().any(|it| words.contains(it)) {
        let message = format!("{what} does not accept this client's certificate: {}", told(words));
        let help = "give the client one that the brokers trust: `tls = { certificate = …, key = … }`";
        return Some(ReaderError::configuration("certificate-refused", message).help(help));
    }
    None
}

/// The client's complaint about a broker, without its own notes on state and settings.
pub fn told(words: &str) -> String {
    // "ssl://host:9093/bootstrap: SSL handshake failed: … (after 3ms in state CONNECT, 1 identical error(s) suppressed)"
    let words = words.split_once("/bootstrap: ").map_or(words, |(_, rest)| rest);
    let words = words.split(" (after ").next().unwrap_or(words).trim();
    for (sign, plainly) in [
        ("connecting to a SSL listener?", "it hangs up at once, as one does that speaks TLS only"),
        ("connecting to a PLAINTEXT broker listener?", "it does not speak TLS"),
        ("wrong version number", "it does not speak TLS"),
        // Which of the two comes depends on who is quicker.
        ("SSL connection closed by peer", "it hangs up at once, as one does that does not speak TLS"),
        ("require SASL authentication", "it hangs up at once, as one does that asks for a user and a password"),
        ("brokers are down", "no broker keeps a connection open"),
        ("Invalid response size", "what answers there is no Kafka broker, or speaks TLS only"),
    ] {
        if words.contains(sign) {
            return plainly.to_string();
        }
    }
    words.to_string()
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
    fn a_complaint_of_the_client_is_told_plainly() {
        let words = "ssl://b:9093/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate verify \
                     failed: broker certificate could not be verified (after 7ms in state SSL_HANDSHAKE)";
        let refused = refusal("Kafka at b:9093", Code::SSL, words);
        assert_eq!(refused.map(|it| (it.name, it.is_fatal())), Some(("certificate-not-trusted", true)));
        assert_eq!(refusal("Kafka at b:9093", Code::BrokerTransportFailure, "b:9093/bootstrap: Connect failed"), None);
        assert_eq!(
            told("b:1/bootstrap: Connect to ipv4#1.2.3.4:1 failed: Connection refused (after 0ms in state CONNECT)"),
            "Connect to ipv4#1.2.3.4:1 failed: Connection refused"
        );
        assert_eq!(
            told(
                "ssl://b:1/bootstrap: SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener? (after 1ms)"
            ),
            "it does not speak TLS"
        );
    }

    #[test]
    fn what_only_the_user_can_mend_is_fatal() {
        let error = ReaderError::of("orders", &KafkaError::AdminOp(Code::TopicAuthorizationFailed));
        assert_eq!((error.name, error.is_fatal()), ("not-authorized", true));
        let error = ReaderError::of("orders", &KafkaError::MetadataFetch(Code::BrokerTransportFailure));
        assert!(!error.is_fatal());
    }
}
