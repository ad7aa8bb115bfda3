//! The pure half of the `kafka` connector: what may be written in `connection NAME = kafka { … }`.
//!
//! Owns the options and what they mean to each other; knows no client library. The properties of `client = { … }` stand in
//! [`super::properties`].

use std::collections::BTreeMap;

use pipewright_plan::{
    Block, ConnectorSpec, OptionProblem, OptionType, OptionValue, Options, Role, Secret, Type, TypedOptions, options,
};

use super::properties;

/// The mechanisms of this build; Kerberos and OAuth would need libraries of the system.
const MECHANISMS: &[&str] = &["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

options! {
    /// How TLS is spoken to the brokers.
    pub struct TlsOptions {
        /// A file with the certificates (PEM) of who may sign the brokers' certificates. Without it, those of the system hold.
        ca: Option<String>, OptionType::String, optional;
        /// A file with the client's own certificate (PEM), where brokers ask for one.
        certificate: Option<String>, OptionType::String, optional;
        /// A file with the key of the client's certificate (PEM).
        key: Option<String>, OptionType::String, optional;
        /// The password of the key.
        key_password: Option<Secret>, OptionType::Secret, optional;
        /// Whether the broker's certificate and host name are checked.
        verify: bool, OptionType::Bool, default "true" = true;
    }
}

options! {
    /// How the program says to the brokers who it is.
    pub struct SaslOptions {
        /// The mechanism the brokers ask for.
        mechanism: String, OptionType::Choice(MECHANISMS), default "SCRAM-SHA-512" = "SCRAM-SHA-512".to_string();
        /// The user.
        username: String, OptionType::String, required;
        /// The password, usually `env("…")` or `file("…")`.
        password: Secret, OptionType::Secret, required;
    }
}

options! {
    /// How to reach a Kafka cluster.
    pub struct KafkaConnection {
        /// `host:port` of one or more brokers; the others are learnt from them.
        brokers: Option<Vec<String>>, OptionType::Strings, optional;
        /// No server: topics live in the memory of this process for as long as it runs. For trying things out, tests and small jobs.
        embedded: bool, OptionType::Bool, default "false" = false;
        /// The schema registry, `https://host:port`.
        schema_registry: Option<String>, OptionType::String, optional;
        /// Speak TLS; `{ }` is enough where the system knows the signer.
        tls: Option<Block<TlsOptions>>, OptionType::Record(TlsOptions::SPEC), optional;
        /// Say who you are.
        sasl: Option<Block<SaslOptions>>, OptionType::Record(SaslOptions::SPEC), optional;
        /// Properties of the Kafka client (librdkafka), by their own names: `{ "linger.ms" = 20 }`. Those that would break a guarantee are refused.
        client: BTreeMap<String, String>, OptionType::Properties, default "{ }" = BTreeMap::new();
    }
}

/// The connector `kafka`.
pub const SPEC: ConnectorSpec = ConnectorSpec {
    name: "kafka",
    doc: "A Kafka cluster: the topics of the program live there. With `embedded = true` an in-memory stand-in inside the \
          process takes its place, and no server is needed.",
    role: Role::Cluster,
    connection: KafkaConnection::SPEC,
    source: None,
    bounded: false,
    sink: None,
    column,
    validate,
};

/// A cluster is no sink.
fn column(_: &Type) -> Result<(), String> {
    Err("Kafka has topics, not columns: write `topic NAME: TYPE from …`".to_string())
}

fn problem(option: &str, message: impl Into<String>, help: impl Into<String>) -> OptionProblem {
    OptionProblem { option: Some(option.to_string()), message: message.into(), help: Some(help.into()), entry: None }
}

fn validate(options: &Options) -> Vec<OptionProblem> {
    let mut problems = Vec::new();
    let embedded = options.get("embedded") == Some(&OptionValue::Bool(true));
    match (embedded, options.contains_key("brokers")) {
        (true, true) => problems.push(problem(
            "embedded",
            "an embedded cluster has no brokers to connect to",
            "remove `embedded`, or remove `brokers`",
        )),
        (false, false) => problems.push(OptionProblem {
            option: None,
            message: "a `kafka` connection needs `brokers`".to_string(),
            help: Some("add `brokers = \"host:9092\"`, or `embedded = true` to run without a server".to_string()),
            entry: None,
        }),
        _ => {}
    }
    if let Some(OptionValue::List(brokers)) = options.get("brokers")
        && brokers.is_empty()
    {
        problems.push(problem("brokers", "the list of brokers is empty", "write `brokers = \"host:9092\"`"));
    }
    if embedded {
        for name in ["tls", "sasl"] {
            if options.contains_key(name) {
                let message = format!("an embedded cluster is inside the process and speaks no `{name}`");
                problems.push(problem(name, message, format!("remove `{name}`")));
            }
        }
    }
    if let Some(OptionValue::Record(tls)) = options.get("tls") {
        for (one, other) in [("certificate", "key"), ("key", "certificate"), ("key_password", "key")] {
            if tls.contains_key(one) && !tls.contains_key(other) {
                let message = format!("`{one}` is of no use without `{other}`");
                problems.push(problem("tls", message, format!("add `{other}`")));
            }
        }
    }
    if let Some(OptionValue::Record(client)) = options.get("client") {
        problems.extend(client.keys().filter_map(|name| properties::problem(name)));
    }
    problems
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;

    fn text(text: &str) -> OptionValue {
        OptionValue::String(text.into())
    }

    fn found(entries: &[(&str, OptionValue)]) -> Vec<String> {
        let options = entries.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        validate(&options).into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn a_cluster_is_reached_or_embedded() {
        assert_eq!(found(&[]), ["a `kafka` connection needs `brokers`"]);
        assert_eq!(found(&[("embedded", OptionValue::Bool(true))]), [""; 0]);
        assert_eq!(found(&[("brokers", text("a:9092"))]), [""; 0]);
        let env = OptionValue::Env { name: "BROKERS".into(), fallback: None };
        assert_eq!(found(&[("brokers", env), ("embedded", OptionValue::Bool(false))]), [""; 0]);
        assert_eq!(
            found(&[("brokers", text("a:9092")), ("embedded", OptionValue::Bool(true))]),
            ["an embedded cluster has no brokers to connect to"]
        );
        assert_eq!(found(&[("brokers", OptionValue::List(vec![]))]), ["the list of brokers is empty"]);
    }

    #[test]
    fn an_embedded_cluster_has_no_tls() {
        assert_eq!(
            found(&[("embedded", OptionValue::Bool(true)), ("tls", OptionValue::Record(Options::new()))]),
            ["an embedded cluster is inside the process and speaks no `tls`"]
        );
    }

    #[test]
    fn a_certificate_needs_its_key() {
        let tls = OptionValue::Record(Options::from([("certificate".into(), text("me.pem"))]));
        assert_eq!(found(&[("brokers", text("a:9092")), ("tls", tls)]), ["`certificate` is of no use without `key`"]);
    }

    #[test]
    fn properties_of_the_client_are_looked_at() {
        let client = OptionValue::Record(Options::from([
            ("linger.ms".into(), OptionValue::Int(20)),
            ("acks".into(), text("1")),
            ("linger.mss".into(), OptionValue::Int(20)),
        ]));
        let options = Options::from([("brokers".into(), text("a:9092")), ("client".into(), client)]);
        let problems = validate(&options);
        assert_eq!(problems[0].message, "the client property `acks` cannot be set");
        assert_eq!(problems[1].message, "the Kafka client has no property `linger.mss`");
        assert_eq!(problems[1].help.as_deref(), Some("did you mean `linger.ms`?"));
        assert_eq!(problems.len(), 2);
    }

    #[test]
    fn a_connection_is_decoded() {
        let options = Options::from([
            ("brokers".into(), text("a:9092")),
            (
                "sasl".into(),
                OptionValue::Record(Options::from([
                    ("username".into(), text("me")),
                    ("password".into(), text("secret")),
                ])),
            ),
        ]);
        let connection = KafkaConnection::decode(&options).unwrap();
        assert_eq!(connection.brokers, Some(vec!["a:9092".to_string()]));
        assert_eq!(connection.sasl.as_ref().unwrap().0.mechanism, "SCRAM-SHA-512");
        assert!(!format!("{connection:?}").contains("secret"));
    }
}
