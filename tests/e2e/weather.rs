//! Servers away, passwords wrong, tables changed, topics created anew: each says what to do, and nothing is lost.

use std::time::Duration;

use crate::e2e::project::{
    HANGS, Project, ask, ask_sqlite, block_on, brokers, eventually, expected, orders_csv, sql, text_of, topic_is_gone,
};
use crate::e2e::servers::{check, program, project};

#[test]
fn a_kafka_out_of_reach_at_the_start_is_exit_code_3() {
    let text = program().replace(&brokers(), "127.0.0.1:9");
    let project = Project::new("nokafka", &text);
    project.write("orders.csv", orders_csv(10));
    let output = project.output(&["run", "main.pipe", "--until-end"]);
    assert_eq!(output.status.code(), Some(3), "{}", text_of(&output));
    assert!(text_of(&output).contains("127.0.0.1:9"), "{}", text_of(&output));
}

#[test]
fn a_missing_database_is_named() {
    let text = program().replace("/postgres\"", "/no_such_database\"");
    let project = Project::new("nodb", &text);
    project.write("orders.csv", orders_csv(10));
    let output = project.output(&["run", "main.pipe", "--until-end"]);
    assert_eq!(output.status.code(), Some(1), "{}", text_of(&output));
    assert!(text_of(&output).contains("no_such_database"), "{}", text_of(&output));
}

#[test]
fn connections_that_are_cut_in_the_middle_cost_nothing() {
    let rows = 200_000;
    let project = project("cut", rows);
    let mut running = project.start(&["run", "main.pipe", "--until-end"]);
    let count = format!("SELECT count(*)::text FROM {}.facts", project.name);
    eventually("rows arrive", || ask(&count).parse::<u64>().is_ok_and(|it| it > 0));
    let cut = format!(
        "SELECT count(pg_terminate_backend(pid))::text FROM pg_stat_activity
         WHERE application_name = left('pipewright {}', 63)",
        project.name
    );
    let mut cuts = 0;
    while cuts < 10 && running.child.try_wait().unwrap().is_none() {
        cuts += ask(&cut).parse::<u64>().unwrap_or_default();
        std::thread::sleep(Duration::from_millis(60));
    }
    assert!(cuts > 0, "no connection was cut");
    assert_eq!(running.wait(), 0, "{}", running.log());
    check(&project, rows);
}

#[test]
fn a_topic_created_anew_stops_the_stage() {
    let project = project("recreated", 2_000);
    project.run_to_end();
    delete_topic(&format!("{}.orders", project.name));
    let output = project.output(&["run", "main.pipe", "--until-end"]);
    let text = text_of(&output);
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(text.contains("created again"), "{text}");
    check(&project, 2_000);
}

#[test]
fn partitions_that_are_added_to_a_topic_are_read_and_told() {
    use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions};
    use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
    let program = r#"
pipeline NAME { }
connection bus = kafka { brokers = "BROKERS" }
connection db = sqlite { path = "out.db" }
type Word = { word: string }
topic words: Word on bus { name = "NAME.words", format = json, start = latest }
sink stored from words to db { table = "words", write = append }
"#;
    let project = Project::new("added", &program.replace("BROKERS", &brokers()));
    let topic = format!("{}.words", project.name);
    let mut config = rdkafka::ClientConfig::new();
    config.set("bootstrap.servers", brokers()).set("topic.metadata.refresh.interval.ms", "500");
    let admin: AdminClient<_> = config.create().unwrap();
    create_topic(&admin, &topic, 2);
    let producer: ThreadedProducer<DefaultProducerContext> = config.create().unwrap();
    let send = |partition: i32, word: &str| {
        let value = format!("{{\"word\":\"{word}\"}}");
        let record = BaseRecord::<(), _>::to(&topic).partition(partition).payload(&value);
        if producer.send(record).is_ok() {
            producer.flush(HANGS).unwrap();
        }
    };
    let mut running = project.start(&["run", "main.pipe"]);
    let stored = |word: &str| {
        let query = format!("SELECT count(*) || '' FROM words WHERE word = '{word}'");
        ask_sqlite(&project.path("out.db"), &query).parse::<u64>().unwrap_or_default()
    };
    // What came before it had its place is not to be read: until it has, nothing of this is.
    eventually("the first partitions are read", || {
        send(0, "old");
        stored("old") > 0
    });
    let more = block_on(admin.create_partitions(&[NewPartitions::new(&topic, 4)], &AdminOptions::new())).unwrap();
    assert!(more.iter().all(Result::is_ok), "{more:?}");
    // Before the run knows the partition: this is no old record, though the topic is read from its end.
    eventually("the producer knows the partition", || {
        let metadata = producer.client().fetch_metadata(Some(&topic), HANGS).unwrap();
        metadata.topics()[0].partitions().len() == 4
    });
    send(3, "new");
    eventually("it is stored", || stored("new") == 1);
    eventually("it is told", || running.log().contains("has 4 partitions now, 2 before"));
    running.terminate();
    assert_eq!(running.wait(), 0, "{}", running.log());
    assert_eq!(running.log().matches("4 partitions now").count(), 1, "{}", running.log());
}

fn create_topic(
    admin: &rdkafka::admin::AdminClient<rdkafka::client::DefaultClientContext>,
    name: &str,
    partitions: i32,
) {
    use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
    let new = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
    let created = block_on(admin.create_topics(&[new], &AdminOptions::new())).unwrap();
    assert!(created.iter().all(Result::is_ok), "{created:?}");
}

fn delete_topic(name: &str) {
    use rdkafka::admin::{AdminClient, AdminOptions};
    let client: AdminClient<_> = rdkafka::ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let results = runtime.block_on(client.delete_topics(&[name], &AdminOptions::new())).unwrap();
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    topic_is_gone(name);
}

#[test]
fn a_column_that_is_dropped_under_the_run_stops_it_with_its_name() {
    let project = project("dropped", 1_000);
    project.run_to_end();
    sql(&format!("ALTER TABLE {}.facts DROP COLUMN gross", project.name));
    project.write("orders.csv", orders_csv(2_000));
    let output = project.output(&["run", "main.pipe", "--until-end"]);
    let text = text_of(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("gross"), "{text}");
}

#[test]
fn rows_that_the_database_refuses_become_dead_letters_and_the_others_are_stored() {
    let project = project("refused", 5_000);
    let n = &project.name;
    project.write("orders.csv", orders_csv(10));
    project.run_to_end();
    sql(&format!("ALTER TABLE {n}.facts ADD CONSTRAINT no_666 CHECK (id % 1000 <> 666)"));
    project.write("orders.csv", orders_csv(5_000));
    project.run_to_end();
    let (stored, ..) = expected(5_000);
    let refused = (0..5_000u64).filter(|i| i % 1000 == 666 && i % 97 != 96 && i % 10 != 9).count() as u64;
    assert_eq!(ask(&format!("SELECT count(*)::text FROM {n}.facts")), (stored - refused).to_string());
    let letters = format!(
        "SELECT count(*)::text FROM pipewright.dead_letters WHERE program = '{n}' AND reason LIKE '%no_666%' AND value IS NOT NULL"
    );
    assert_eq!(ask(&letters), refused.to_string());
}
