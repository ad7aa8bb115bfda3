//! Servers killed with -9 in the middle of a run and brought back, or held still: the run goes on by itself, nothing lost,
//! nothing doubled.

use std::time::Duration;

use crate::e2e::own_stack::{OwnStack, own_stack};
use crate::e2e::project::{Project, Running, ask_at, eventually, orders_csv, sql_at};
use crate::e2e::servers::{check_at, program_on};

const ROWS: u64 = 80_000;

fn project(stack: &OwnStack, what: &str) -> Project {
    let kafka = format!("brokers = \"{}\"", stack.kafka());
    let postgres = format!("url = \"{}\"", stack.postgres_admin());
    let project = Project::new(what, &program_on(&kafka, &postgres));
    sql_at(&stack.postgres_admin(), &format!("CREATE SCHEMA {}", project.name));
    project.write("orders.csv", orders_csv(ROWS));
    project
}

/// Waits until `more` rows than now are stored.
fn more_rows(stack: &OwnStack, project: &Project, more: u64) {
    let count =
        || ask_at(&stack.postgres_admin(), &format!("SELECT count(*)::text FROM {}.facts", project.name)).parse();
    let before = count().unwrap_or(0u64);
    eventually("rows arrive", || count().is_ok_and(|it| it >= before + more));
}

/// Kills the server, waits until the run says so, brings the server back.
fn bounce(stack: &OwnStack, running: &mut Running, service: &str, name: &str) {
    let said = running.log().matches(&format!("waiting for {name}")).count();
    running.pause();
    stack.run(&["kill", service]);
    running.resume();
    eventually("the run says that it waits", || {
        assert!(running.child.try_wait().unwrap().is_none(), "it ended:\n{}", running.log());
        running.log().matches(&format!("waiting for {name}")).count() > said
    });
    stack.run(&["up", service]);
}

fn goes_on(service: &str, name: &str, times: usize) {
    let stack = own_stack();
    let _alone = stack.alone();
    let project = project(stack, &format!("killed_{service}"));
    let mut running = project.start(&["run", "main.pipe", "--until-end"]);
    for _ in 0..times {
        more_rows(stack, &project, 1_000);
        bounce(stack, &mut running, service, name);
    }
    assert_eq!(running.wait(), 0, "{}", running.log());
    check_at(&stack.postgres_admin(), &project, ROWS);
}

#[test]
fn a_postgres_that_is_killed_and_comes_back_costs_nothing() {
    goes_on("postgres", "PostgreSQL", 2);
}

#[test]
fn a_kafka_that_hangs_is_waited_for_and_told_once() {
    let stack = own_stack();
    let _alone = stack.alone();
    let project = project(stack, "hanging_kafka");
    // The file is in the topic already: what hangs first is the end of a bounded run.
    let mut running = project.start(&["run", "main.pipe", "--until-end"]);
    more_rows(stack, &project, 1_000);
    stack.halt_server("kafka");
    eventually("the run says that it waits", || {
        assert!(running.child.try_wait().unwrap().is_none(), "it ended:\n{}", running.log());
        running.log().contains("waiting for Kafka")
    });
    // Longer than any one question to the cluster may take.
    std::thread::sleep(Duration::from_secs(15));
    assert!(running.child.try_wait().unwrap().is_none(), "it ended:\n{}", running.log());
    stack.continue_server("kafka");
    assert_eq!(running.wait(), 0, "{}", running.log());
    check_at(&stack.postgres_admin(), &project, ROWS);
    let log = running.log();
    assert_eq!((log.matches("waiting for Kafka").count(), log.matches("is back").count()), (1, 1), "{log}");
}

#[test]
fn a_kafka_that_is_killed_and_comes_back_costs_nothing() {
    goes_on("kafka", "Kafka", 1);
}
