//! Topics are created, checked, told apart.

use std::time::{Duration, Instant};

use pipewright_plan::Cleanup;
use pipewright_runtime::connectors::kafka::admin::Cluster;
use pipewright_runtime::connectors::kafka::spec::KafkaConnection;
use pipewright_runtime::report::{ErrorClass, Event};
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;

use super::cluster::{Heard, PATIENCE, brokers, cluster, need, produce, unique};

#[test]
fn an_owned_topic_is_created_once_and_then_checked() {
    let cluster = cluster();
    let (orders, customers) = (unique("orders"), unique("customers"));
    let mut compacted = need(&customers, 1);
    compacted.cleanup = Cleanup::Compact;
    compacted.retention_ms = Some(86_400_000);
    let needs = [need(&orders, 3), compacted];
    let first = cluster.prepare(&needs).unwrap();
    assert_eq!(first.iter().map(|it| (it.partitions, it.created)).collect::<Vec<_>>(), [(3, true), (1, true)]);
    assert!(first[0].id.is_some() && first[0].id != first[1].id);
    let second = cluster.prepare(&needs).unwrap();
    assert_eq!(second.iter().map(|it| (it.partitions, it.created)).collect::<Vec<_>>(), [(3, false), (1, false)]);
    assert_eq!(first[0].id, second[0].id);
    for wanted in [2, 4] {
        let error = cluster.prepare(&[need(&orders, wanted)]).unwrap_err();
        assert_eq!(error.name, "partition-count");
        assert_eq!(error.message, format!("topic `{orders}` has 3 partitions in Kafka, the program says {wanted}"));
    }
}

#[test]
fn an_external_topic_must_be_there() {
    let cluster = cluster();
    let name = unique("orders");
    cluster.prepare(&[need(&name, 1)]).unwrap();
    let mut external = need(&format!("{name}s"), 1);
    external.owned = false;
    let error = cluster.prepare(&[external]).unwrap_err();
    assert_eq!((error.name, error.class), ("topic-missing", ErrorClass::Configuration));
    assert_eq!(error.help, Some(format!("did you mean `{name}`?")));
}

#[test]
fn a_topic_created_again_has_another_id() {
    let cluster = cluster();
    let name = unique("orders");
    let before = cluster.prepare(&[need(&name, 1)]).unwrap();
    let admin: AdminClient<DefaultClientContext> =
        rdkafka::ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(admin.delete_topics(&[&name], &AdminOptions::new())).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while cluster.topic_ids(std::slice::from_ref(&name)).unwrap()[0].is_some() {
        assert!(Instant::now() < deadline, "the topic was not deleted");
        std::thread::sleep(Duration::from_millis(50));
    }
    let after = cluster.prepare(&[need(&name, 1)]).unwrap();
    assert!(after[0].created);
    assert_ne!(before[0].id, after[0].id);
}

#[test]
fn ends_are_known() {
    let cluster = cluster();
    let name = unique("orders");
    cluster.prepare(&[need(&name, 2)]).unwrap();
    produce(&name, 2, 0..7);
    assert_eq!(cluster.watermarks(&name, 0).unwrap(), (0, 4));
    assert_eq!(cluster.watermarks(&name, 1).unwrap(), (0, 3));
}

#[test]
fn a_cluster_that_is_away_is_waited_for_and_then_out_of_reach() {
    // Nobody listens on the port: it was just free, and nothing is started there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let connection = KafkaConnection { brokers: Some(vec![free.to_string()]), ..KafkaConnection::embedded() };
    let cluster = Cluster::new(&connection, "main").unwrap();
    let heard = Heard::default();
    let error = cluster.wait(Duration::from_secs(3), &heard).unwrap_err();
    assert_eq!((error.name, error.class), ("out-of-reach", ErrorClass::OutOfReach));
    assert!(error.message.starts_with(&format!("Kafka at {free} (connection `main`) is out of reach: ")), "{error}");
    let heard = heard.0.into_inner().unwrap();
    assert!(matches!(&heard[..], [Event::Waiting { .. }]), "{heard:?}");
}
