//! Servers killed with -9 in the middle of a run and brought back, or held still: the run goes on by itself, nothing lost,
//! nothing doubled.

use std::time::Duration;

use crate::e2e::own_stack::{OwnStack, own_stack};
use crate::e2e::project::{Lock, Project, Running, ask_at, eventually, orders_csv, sql_at};
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

/// Waits until so many rows are stored, whenever that was.
fn rows(stack: &OwnStack, project: &Project, least: u64) {
    let count = format!("SELECT count(*)::text FROM {}.facts", project.name);
    eventually("rows arrive", || ask_at(&stack.postgres_admin(), &count).parse::<u64>().is_ok_and(|it| it >= least));
}

/// A server that is down as long as this lives: a test that fails leaves the others their server.
struct Down<'a>(&'a OwnStack, &'a str);

impl Drop for Down<'_> {
    fn drop(&mut self) {
        self.0.run(&["up", self.1]);
    }
}

/// Waits until the run has said it once more than `before`.
fn says(running: &mut Running, what: &str, before: usize) {
    eventually(&format!("the run says `{what}`"), || {
        let said = running.log().matches(what).count() > before;
        assert!(said || running.child.try_wait().unwrap().is_none(), "it ended:\n{}", running.log());
        said
    });
}

/// Kills the server, waits until the run says so, brings the server back, waits until the run says that, too: one that has
/// not yet seen the server come back does not see it go once more.
fn bounce(stack: &OwnStack, running: &mut Running, service: &str, name: &str) {
    let (away, back) = (format!("waiting for {name}"), "is back");
    let said = [away.as_str(), back].map(|it| running.log().matches(it).count());
    running.pause();
    let down = Down(stack, service);
    stack.run(&["kill", service]);
    running.resume();
    says(running, &away, said[0]);
    drop(down);
    says(running, back, said[1]);
}

fn goes_on(service: &str, name: &str, times: u64) {
    let stack = own_stack();
    let _alone = stack.alone();
    let project = project(stack, &format!("killed_{service}"));
    let mut running = project.start(&["run", "main.pipe", "--until-end"]);
    for time in 1..=times {
        rows(stack, &project, 1_000 * time);
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
    let mut running = project.start(&["run", "main.pipe", "--until-end"]);
    rows(stack, &project, 1_000);
    running.pause();
    stack.halt_server("kafka");
    running.resume();
    eventually("the run says that it waits", || {
        assert!(running.child.try_wait().unwrap().is_none(), "it ended:\n{}", running.log());
        running.log().contains("waiting for Kafka")
    });
    // Longer than any one question to the cluster may take.
    std::thread::sleep(Duration::from_secs(15));
    assert!(running.child.try_wait().unwrap().is_none(), "it ended:\n{}", running.log());
    // Lines of progress say it, too, as long as it is so.
    let told = |log: &str| log.lines().filter(|it| it.starts_with("waiting for Kafka")).count();
    let log = running.log();
    assert_eq!((told(&log), log.matches("is back").count()), (1, 0), "{log}");
    stack.continue_server("kafka");
    assert_eq!(running.wait(), 0, "{}", running.log());
    check_at(&stack.postgres_admin(), &project, ROWS);
    // One that has just come back answers some questions late, and goes away again for that.
    let log = running.log();
    assert_eq!(told(&log), log.matches("is back").count(), "{log}");
}

#[test]
fn a_postgres_that_hangs_is_waited_for_and_told() {
    let stack = own_stack();
    let _alone = stack.alone();
    let project = project(stack, "hanging_postgres");
    let mut running = project.start(&["run", "main.pipe", "--until-end"]);
    rows(stack, &project, 1_000);
    // Another session locks the positions between two commits: the server is there, and does not answer.
    let lock = loop {
        running.pause();
        let lock = Lock::take(&stack.postgres_admin(), "pipewright.positions");
        running.resume();
        match lock {
            Some(lock) => break lock,
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    eventually("the run says that it waits", || {
        assert!(running.child.try_wait().unwrap().is_none(), "it ended:\n{}", running.log());
        running.log().contains("waiting for PostgreSQL")
    });
    drop(lock);
    assert_eq!(running.wait(), 0, "{}", running.log());
    check_at(&stack.postgres_admin(), &project, ROWS);
    let log = running.log();
    assert_eq!((log.matches("no answer for 10 seconds").count(), log.matches("is back").count()), (1, 1), "{log}");
}

#[test]
fn a_kafka_that_is_killed_and_comes_back_costs_nothing() {
    goes_on("kafka", "Kafka", 1);
}
