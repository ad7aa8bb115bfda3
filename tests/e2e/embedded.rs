//! The embedded cluster with SQLite: no server at all.

use std::time::Duration;

use crate::e2e::project::{Project, ask_sqlite, block_on, eventually, expected, orders_csv, text_of};

pub const PROGRAM: &str = r#"
pipeline NAME { max_bad = 5%, commit = { rows = 2_000, interval = 50ms } }
connection bus = kafka { embedded = true }
connection disk = files { root = "." }
connection db = sqlite { path = "out.db" }

type Order = {
  id: int64
  customer: int64
  amount: decimal(12, 2)
  status: "paid" | "cancelled"
  at: timestamp
}

source orders_csv: Order from disk { path = "orders.csv", format = csv(header = true) }
topic orders from orders_csv { partition_key = customer, partitions = 4 }
transform paid from orders | where status == "paid" | derive gross = amount * 1.19
sink facts from paid to db { table = "facts", write = append }
transform latest from paid | as table by customer | select customer, id, amount
sink customers from latest to db { table = "customers", write = upsert, key = customer }
"#;

fn totals(project: &Project) -> (String, String, String) {
    let db = project.path("out.db");
    (
        ask_sqlite(&db, "SELECT CAST(count(*) AS TEXT) FROM facts"),
        ask_sqlite(&db, "SELECT CAST(sum(CAST(round(amount * 100) AS INTEGER)) AS TEXT) FROM facts"),
        ask_sqlite(&db, "SELECT CAST(count(*) AS TEXT) FROM pipewright_dead_letters"),
    )
}

fn check(project: &Project, rows: u64) {
    let (stored, cents, bad) = expected(rows);
    assert_eq!(totals(project), (stored.to_string(), cents.to_string(), bad.to_string()));
    let db = project.path("out.db");
    assert_eq!(ask_sqlite(&db, "SELECT CAST(count(DISTINCT id) AS TEXT) FROM facts"), stored.to_string());
    // The newest order of each customer: the greatest id that was stored.
    let wrong = "SELECT CAST(count(*) AS TEXT) FROM customers c
                 WHERE c.id <> (SELECT max(f.id) FROM facts f WHERE f.customer = c.customer)";
    assert_eq!(ask_sqlite(&db, wrong), "0");
}

#[test]
fn a_program_runs_to_its_end_and_a_second_run_finds_nothing_new() {
    let project = Project::new("embedded", PROGRAM);
    project.write("orders.csv", orders_csv(20_000));
    let text = project.run_to_end();
    check(&project, 20_000);
    assert!(text.contains("facts"), "{text}");
    project.run_to_end();
    check(&project, 20_000);
}

#[test]
fn appended_lines_are_read_by_the_next_run() {
    let project = Project::new("embedded_more", PROGRAM);
    project.write("orders.csv", orders_csv(5_000));
    project.run_to_end();
    project.write("orders.csv", orders_csv(9_000));
    project.run_to_end();
    check(&project, 9_000);
}

/// As after a kill between the last rows and the position of the source: everything is loaded again, and all of it was stored.
#[test]
fn what_was_stored_already_is_passed_over() {
    let project = Project::new("embedded_again", PROGRAM);
    project.write("orders.csv", orders_csv(5_000));
    project.run_to_end();
    ask_sqlite(&project.path("out.db"), "DELETE FROM pipewright_cursors");
    project.run_to_end();
    check(&project, 5_000);
}

#[test]
fn killed_at_any_moment_it_goes_on_exactly_once() {
    let project = Project::new("embedded_kill", PROGRAM);
    let rows = 150_000;
    project.write("orders.csv", orders_csv(rows));
    let mut kills = 0;
    for wait in [150u64, 260, 90, 340, 200, 120] {
        let mut running = project.start(&["run", "main.pipe", "--until-end"]);
        std::thread::sleep(Duration::from_millis(wait));
        if running.child.try_wait().unwrap().is_none() {
            running.kill_9();
            kills += 1;
        }
    }
    assert!(kills > 0, "each run was over before it could be killed");
    project.run_to_end();
    check(&project, rows);
}

#[test]
fn sigterm_drains_commits_and_exits_with_0() {
    let project = Project::new("embedded_term", PROGRAM);
    let rows = 150_000;
    project.write("orders.csv", orders_csv(rows));
    let mut running = project.start(&["run", "main.pipe"]);
    eventually("rows arrive", || {
        project.path("out.db").exists()
            && ask_sqlite(&project.path("out.db"), "SELECT CAST(count(*) AS TEXT) FROM facts")
                .parse::<u64>()
                .is_ok_and(|rows| rows > 0)
    });
    running.terminate();
    assert_eq!(running.wait(), 0, "{}", running.log());
    project.run_to_end();
    check(&project, rows);
}

#[test]
fn a_bad_record_can_stop_the_run_and_a_mended_file_goes_on() {
    let program = PROGRAM.replace("max_bad = 5%", "on_bad_record = stop, max_bad = 5%");
    let project = Project::new("embedded_stop", &program);
    project.write("orders.csv", orders_csv(1_000));
    let output = project.output(&["run", "main.pipe", "--until-end"]);
    let text = text_of(&output);
    assert_eq!(output.status.code(), Some(5), "{text}");
    assert!(text.contains("line 98"), "{text}");
    assert!(text.contains("abc"), "{text}");
    let facts = || ask_sqlite(&project.path("out.db"), "SELECT CAST(count(*) AS TEXT) FROM facts");
    assert_eq!(facts(), "87", "everything before it is stored");
    // Mended, and shorter than it was.
    project.write("orders.csv", orders_csv(1_000).replace(",abc,", ",7,"));
    project.run_to_end();
    assert_eq!(facts(), "900");
}

#[test]
fn a_database_that_somebody_else_has_locked_at_the_start_is_waited_for() {
    use sqlx::Connection as _;
    let project = Project::new("locked", PROGRAM);
    project.write("orders.csv", orders_csv(1_000));
    project.run_to_end();
    project.write("orders.csv", orders_csv(2_000));
    let url = format!("sqlite://{}", project.path("out.db").display());
    let other = block_on(async {
        let mut other = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
        other
    });
    let mut running = project.start(&["run", "main.pipe"]);
    eventually("the run says that it waits", || {
        assert!(running.child.try_wait().unwrap().is_none(), "it ended:\n{}", running.log());
        running.log().contains("waiting for SQLite")
    });
    block_on(other.close()).unwrap();
    assert_eq!(running.wait(), 0, "{}", running.log());
    assert!(running.log().contains("is back"), "{}", running.log());
    let count = "SELECT CAST(count(*) AS TEXT) FROM facts";
    assert_eq!(ask_sqlite(&project.path("out.db"), count), expected(2_000).0.to_string());
}
