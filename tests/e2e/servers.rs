//! File to Kafka to PostgreSQL.

use crate::e2e::project::{Project, ask, ask_at, brokers, eventually, expected, orders_csv, postgres_url, sql};

pub fn program() -> String {
    program_on(&format!("brokers = \"{}\"", brokers()), &format!("url = \"{}\"", postgres_url()))
}

/// The program on other servers: the options of its two connections.
pub fn program_on(kafka: &str, postgres: &str) -> String {
    crate::e2e::embedded::PROGRAM
        .replace("kafka { embedded = true }", &format!("kafka {{ {kafka} }}"))
        .replace("sqlite { path = \"out.db\" }", &format!("postgres {{ {postgres}, schema = \"NAME\" }}"))
        .replace(
            "topic orders from orders_csv {",
            "topic orders from orders_csv { name = \"NAME.orders\", replication = 1, ",
        )
}

pub fn project(what: &str, rows: u64) -> Project {
    let project = Project::new(what, &program());
    sql(&format!("CREATE SCHEMA {}", project.name));
    project.write("orders.csv", orders_csv(rows));
    project
}

pub fn check(project: &Project, rows: u64) {
    check_at(&postgres_url(), project, rows);
}

/// The tables on that PostgreSQL hold what the input says.
pub fn check_at(url: &str, project: &Project, rows: u64) {
    let (stored, cents, _) = expected(rows);
    let n = &project.name;
    let query =
        format!("SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || sum((amount * 100)::bigint) FROM {n}.facts");
    assert_eq!(ask_at(url, &query), format!("{stored} {stored} {cents}"));
    let wrong = format!(
        "SELECT count(*)::text FROM {n}.customers c
         WHERE c.id <> (SELECT max(f.id) FROM {n}.facts f WHERE f.customer = c.customer)"
    );
    assert_eq!(ask_at(url, &wrong), "0");
}

#[test]
fn a_file_goes_through_kafka_into_postgres_exactly_once() {
    let project = project("file_pg", 30_000);
    project.run_to_end();
    check(&project, 30_000);
    project.run_to_end();
    check(&project, 30_000);
}

#[test]
fn as_a_service_it_runs_until_sigterm_and_exits_with_0() {
    let project = project("service", 10_000);
    let (stored, ..) = expected(10_000);
    let mut running = project.start(&["run", "main.pipe"]);
    let count = format!("SELECT count(*)::text FROM {}.facts", project.name);
    eventually("all rows are stored", || ask(&count) == stored.to_string());
    running.terminate();
    assert_eq!(running.wait(), 0, "{}", running.log());
    check(&project, 10_000);
}
