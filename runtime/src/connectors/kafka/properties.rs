//! The properties of the Kafka client (librdkafka 2.12) that `client = { … }` may name, and those it may not, with why.
//!
//! Pure: no client library. Invariant: sorted by name, every name once; whatever would break a guarantee, or has an option
//! of its own, is refused.

use pipewright_plan::{EntryProblem, OptionProblem};

/// One property of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientProperty {
    /// As librdkafka calls it.
    pub name: &'static str,
    /// Which clients know it.
    pub scope: Scope,
    /// Why it cannot be set; `None`: it can.
    pub refused: Option<&'static str>,
}

/// Which clients know a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All.
    Both,
    /// Those that read.
    Consumer,
    /// Those that write.
    Producer,
}

/// The property of that name.
pub fn client_property(name: &str) -> Option<&'static ClientProperty> {
    CLIENT_PROPERTIES.binary_search_by(|it| it.name.cmp(name)).ok().and_then(|at| CLIENT_PROPERTIES.get(at))
}

/// What is wrong with naming this property, if something is.
pub fn problem(name: &str) -> Option<OptionProblem> {
    let entry = |rule, closest| Some(Box::new(EntryProblem { name: name.to_string(), rule, closest }));
    let (message, help, entry) = match client_property(name) {
        Some(ClientProperty { refused: None, .. }) => return None,
        Some(ClientProperty { refused: Some(why), .. }) => {
            (format!("the client property `{name}` cannot be set"), Some((*why).to_string()), entry(rule(name), None))
        }
        None => {
            let closest = super::closest(name, allowed()).map(str::to_string);
            let help = closest.as_ref().map(|it| format!("did you mean `{it}`?"));
            (
                format!("the Kafka client has no property `{name}`"),
                help,
                entry(Some("unknown-client-property"), closest),
            )
        }
    };
    Some(OptionProblem { option: Some("client".to_string()), message, help, entry })
}

/// The diagnostic that tells what setting this property would do, where it has one of its own.
fn rule(name: &str) -> Option<&'static str> {
    Some(match name {
        "acks" | "request.required.acks" => "acks-too-weak",
        "auto.commit.enable" | "auto.commit.interval.ms" | "enable.auto.commit" | "enable.auto.offset.store" => {
            "auto-commit-before-sink"
        }
        "max.in.flight" | "max.in.flight.requests.per.connection" | "queuing.strategy" => "retries-can-reorder",
        "enable.idempotence" | "enable.gapless.guarantee" | "message.send.max.retries" | "retries" => {
            "idempotence-incompatible"
        }
        "isolation.level" => "isolation-mismatch",
        "group.id" => "shared-group-id",
        "delivery.timeout.ms" | "message.timeout.ms" => "delivery-timeout-drops",
        "allow.auto.create.topics" => "auto-create-topics",
        _ => return None,
    })
}

/// Names that may be set.
fn allowed() -> impl Iterator<Item = &'static str> {
    CLIENT_PROPERTIES.iter().filter(|it| it.refused.is_none()).map(|it| it.name)
}

const BROKERS: &str = "use `brokers`";
const CALLBACK: &str = "it is a function inside the client, not a setting";
const COMMIT: &str = "positions are committed together with the rows, never by the client";
const COMPRESSION: &str = "use `compression` of the topic";
const EXACTLY_ONCE: &str = "records would be lost, doubled or reordered when a broker fails";
const GROUP: &str = "the group belongs to the stage: its name and protocol are chosen by the program";
const KERBEROS: &str = "this build has no Kerberos; use `sasl` with PLAIN or SCRAM";
const OAUTH: &str = "this build has no OAuth; use `sasl` with PLAIN or SCRAM";
const PLUGIN: &str = "code of others would run inside the client";
const PROTOCOL: &str = "what a broker can do is asked from the broker";
const SASL: &str = "use `sasl = { … }`";
const TLS: &str = "use `tls = { … }`";
const TRANSACTION: &str = "epochs are sized for it, and it is what keeps a second writer out";
const UNUSED: &str = "nothing would read it";

macro_rules! properties {
    ($($name:literal $scope:ident $($why:expr)?;)*) => {
        /// All properties, sorted by name.
        pub const CLIENT_PROPERTIES: &[ClientProperty] =
            &[$(ClientProperty { name: $name, scope: Scope::$scope, refused: properties!(@why $($why)?) }),*];
    };
    (@why) => { None };
    (@why $why:expr) => { Some($why) };
}

properties! {
    "acks" Producer EXACTLY_ONCE;
    "allow.auto.create.topics" Both "a misspelt topic would be created instead of found missing";
    "api.version.fallback.ms" Both PROTOCOL;
    "api.version.request" Both PROTOCOL;
    "api.version.request.timeout.ms" Both PROTOCOL;
    "auto.commit.enable" Consumer COMMIT;
    "auto.commit.interval.ms" Consumer COMMIT;
    "auto.offset.reset" Consumer "a lost position must stop the stage, not skip or repeat records";
    "background_event_cb" Both CALLBACK;
    "batch.num.messages" Producer;
    "batch.size" Producer;
    "bootstrap.servers" Both BROKERS;
    "broker.address.family" Both;
    "broker.address.ttl" Both;
    "broker.version.fallback" Both PROTOCOL;
    "builtin.features" Both UNUSED;
    "check.crcs" Consumer "damaged records would be decoded as if they were sound";
    "client.dns.lookup" Both;
    "client.id" Both;
    "client.rack" Both;
    "closesocket_cb" Both CALLBACK;
    "compression.codec" Producer COMPRESSION;
    "compression.level" Producer;
    "compression.type" Producer COMPRESSION;
    "connect_cb" Both CALLBACK;
    "connections.max.idle.ms" Both;
    "consume.callback.max.messages" Consumer UNUSED;
    "consume_cb" Consumer CALLBACK;
    "coordinator.query.interval.ms" Consumer;
    "debug" Both;
    "default_topic_conf" Both UNUSED;
    "delivery.report.only.error" Producer EXACTLY_ONCE;
    "delivery.timeout.ms" Producer EXACTLY_ONCE;
    "dr_cb" Producer CALLBACK;
    "dr_msg_cb" Producer CALLBACK;
    "enable.auto.commit" Consumer COMMIT;
    "enable.auto.offset.store" Consumer COMMIT;
    "enable.gapless.guarantee" Producer EXACTLY_ONCE;
    "enable.idempotence" Producer EXACTLY_ONCE;
    "enable.metrics.push" Both;
    "enable.partition.eof" Consumer "the runtime finds the end of a topic by itself";
    "enable.random.seed" Both;
    "enable.sasl.oauthbearer.unsecure.jwt" Both OAUTH;
    "enable.ssl.certificate.verification" Both TLS;
    "enabled_events" Both UNUSED;
    "error_cb" Both CALLBACK;
    "fetch.error.backoff.ms" Consumer;
    "fetch.max.bytes" Consumer;
    "fetch.message.max.bytes" Consumer;
    "fetch.min.bytes" Consumer;
    "fetch.queue.backoff.ms" Consumer;
    "fetch.wait.max.ms" Consumer;
    "group.id" Consumer GROUP;
    "group.instance.id" Consumer GROUP;
    "group.protocol" Consumer GROUP;
    "group.protocol.type" Consumer GROUP;
    "group.remote.assignor" Consumer GROUP;
    "heartbeat.interval.ms" Consumer;
    "https.ca.location" Both UNUSED;
    "https.ca.pem" Both UNUSED;
    "interceptors" Both PLUGIN;
    "internal.termination.signal" Both UNUSED;
    "isolation.level" Consumer "records of aborted transactions would be read";
    "linger.ms" Producer;
    "log.connection.close" Both;
    "log.queue" Both UNUSED;
    "log.thread.name" Both;
    "log_cb" Both CALLBACK;
    "log_level" Both;
    "max.in.flight" Both EXACTLY_ONCE;
    "max.in.flight.requests.per.connection" Both EXACTLY_ONCE;
    "max.partition.fetch.bytes" Consumer;
    "max.poll.interval.ms" Consumer;
    "message.copy.max.bytes" Both;
    "message.max.bytes" Both;
    "message.send.max.retries" Producer EXACTLY_ONCE;
    "message.timeout.ms" Producer EXACTLY_ONCE;
    "metadata.broker.list" Both BROKERS;
    "metadata.max.age.ms" Both;
    "metadata.recovery.rebootstrap.trigger.ms" Both;
    "metadata.recovery.strategy" Both;
    "msg_order_cmp" Producer CALLBACK;
    "oauthbearer_token_refresh_cb" Both CALLBACK;
    "offset.store.method" Consumer COMMIT;
    "offset.store.path" Consumer COMMIT;
    "offset.store.sync.interval.ms" Consumer COMMIT;
    "offset_commit_cb" Consumer CALLBACK;
    "opaque" Both UNUSED;
    "open_cb" Both CALLBACK;
    "partition.assignment.strategy" Consumer GROUP;
    "partitioner" Producer "use `partitioner` of the topic: keys must land where every other client looks for them";
    "partitioner_cb" Producer CALLBACK;
    "plugin.library.paths" Both PLUGIN;
    "produce.offset.report" Producer UNUSED;
    "queue.buffering.backpressure.threshold" Producer;
    "queue.buffering.max.kbytes" Producer;
    "queue.buffering.max.messages" Producer;
    "queue.buffering.max.ms" Producer;
    "queued.max.messages.kbytes" Consumer;
    "queued.min.messages" Consumer;
    "queuing.strategy" Producer EXACTLY_ONCE;
    "rebalance_cb" Consumer CALLBACK;
    "receive.message.max.bytes" Both;
    "reconnect.backoff.jitter.ms" Both;
    "reconnect.backoff.max.ms" Both;
    "reconnect.backoff.ms" Both;
    "request.required.acks" Producer EXACTLY_ONCE;
    "request.timeout.ms" Producer;
    "resolve_cb" Both CALLBACK;
    "retries" Producer EXACTLY_ONCE;
    "retry.backoff.max.ms" Both;
    "retry.backoff.ms" Both;
    "sasl.kerberos.keytab" Both KERBEROS;
    "sasl.kerberos.kinit.cmd" Both KERBEROS;
    "sasl.kerberos.min.time.before.relogin" Both KERBEROS;
    "sasl.kerberos.principal" Both KERBEROS;
    "sasl.kerberos.service.name" Both KERBEROS;
    "sasl.mechanism" Both SASL;
    "sasl.mechanisms" Both SASL;
    "sasl.oauthbearer.assertion.algorithm" Both OAUTH;
    "sasl.oauthbearer.assertion.claim.aud" Both OAUTH;
    "sasl.oauthbearer.assertion.claim.exp.seconds" Both OAUTH;
    "sasl.oauthbearer.assertion.claim.iss" Both OAUTH;
    "sasl.oauthbearer.assertion.claim.jti.include" Both OAUTH;
    "sasl.oauthbearer.assertion.claim.nbf.seconds" Both OAUTH;
    "sasl.oauthbearer.assertion.claim.sub" Both OAUTH;
    "sasl.oauthbearer.assertion.file" Both OAUTH;
    "sasl.oauthbearer.assertion.jwt.template.file" Both OAUTH;
    "sasl.oauthbearer.assertion.private.key.file" Both OAUTH;
    "sasl.oauthbearer.assertion.private.key.passphrase" Both OAUTH;
    "sasl.oauthbearer.assertion.private.key.pem" Both OAUTH;
    "sasl.oauthbearer.client.credentials.client.id" Both OAUTH;
    "sasl.oauthbearer.client.credentials.client.secret" Both OAUTH;
    "sasl.oauthbearer.client.id" Both OAUTH;
    "sasl.oauthbearer.client.secret" Both OAUTH;
    "sasl.oauthbearer.config" Both OAUTH;
    "sasl.oauthbearer.extensions" Both OAUTH;
    "sasl.oauthbearer.grant.type" Both OAUTH;
    "sasl.oauthbearer.metadata.authentication.type" Both OAUTH;
    "sasl.oauthbearer.method" Both OAUTH;
    "sasl.oauthbearer.scope" Both OAUTH;
    "sasl.oauthbearer.token.endpoint.url" Both OAUTH;
    "sasl.password" Both SASL;
    "sasl.username" Both SASL;
    "security.protocol" Both TLS;
    "session.timeout.ms" Consumer;
    "socket.blocking.max.ms" Both;
    "socket.connection.setup.timeout.ms" Both;
    "socket.keepalive.enable" Both;
    "socket.max.fails" Both;
    "socket.nagle.disable" Both;
    "socket.receive.buffer.bytes" Both;
    "socket.send.buffer.bytes" Both;
    "socket.timeout.ms" Both;
    "socket_cb" Both CALLBACK;
    "ssl.ca.certificate.stores" Both TLS;
    "ssl.ca.location" Both TLS;
    "ssl.ca.pem" Both TLS;
    "ssl.certificate.location" Both TLS;
    "ssl.certificate.pem" Both TLS;
    "ssl.certificate.verify_cb" Both CALLBACK;
    "ssl.cipher.suites" Both;
    "ssl.crl.location" Both;
    "ssl.curves.list" Both;
    "ssl.endpoint.identification.algorithm" Both TLS;
    "ssl.engine.id" Both PLUGIN;
    "ssl.engine.location" Both PLUGIN;
    "ssl.key.location" Both TLS;
    "ssl.key.password" Both TLS;
    "ssl.key.pem" Both TLS;
    "ssl.keystore.location" Both TLS;
    "ssl.keystore.password" Both TLS;
    "ssl.providers" Both PLUGIN;
    "ssl.sigalgs.list" Both;
    "ssl_ca" Both TLS;
    "ssl_certificate" Both TLS;
    "ssl_engine_callback_data" Both UNUSED;
    "ssl_key" Both TLS;
    "statistics.interval.ms" Both UNUSED;
    "stats_cb" Both CALLBACK;
    "sticky.partitioning.linger.ms" Producer;
    "throttle_cb" Both CALLBACK;
    "topic.blacklist" Both "only topics that the program names are read";
    "topic.metadata.propagation.max.ms" Both;
    "topic.metadata.refresh.fast.cnt" Both;
    "topic.metadata.refresh.fast.interval.ms" Both;
    "topic.metadata.refresh.interval.ms" Both;
    "topic.metadata.refresh.sparse" Both;
    "transaction.timeout.ms" Producer TRANSACTION;
    "transactional.id" Producer TRANSACTION;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;

    #[test]
    fn properties_are_sorted_and_unique() {
        for pair in CLIENT_PROPERTIES.windows(2) {
            assert!(pair[0].name < pair[1].name, "{} before {}", pair[0].name, pair[1].name);
        }
    }

    #[test]
    fn what_breaks_a_guarantee_is_refused() {
        for name in ["acks", "enable.auto.commit", "isolation.level", "partitioner", "auto.offset.reset", "group.id"] {
            assert!(client_property(name).unwrap().refused.is_some(), "{name}");
        }
        for name in ["linger.ms", "fetch.min.bytes", "client.id", "socket.keepalive.enable"] {
            assert_eq!(client_property(name).unwrap().refused, None, "{name}");
        }
    }
}
