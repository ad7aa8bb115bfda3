//! Databases that are full, and tables that are changed in the very middle of an epoch.

use std::process::Command;
use std::time::Duration;

use crate::e2e::embedded::PROGRAM;
use crate::e2e::project::{Project, Running, ask, ask_sqlite, eventually, expected, orders_csv, sql};
use crate::e2e::servers::{check, project};

#[test]
fn a_postgres_without_room_is_waited_for() {
    let project = project("full", 10);
    let n = &project.name;
    project.run_to_end();
    sql(&format!(
        "CREATE FUNCTION {n}.full() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
         CREATE TRIGGER full_disk BEFORE INSERT ON {n}.facts FOR EACH STATEMENT EXECUTE FUNCTION {n}.full()"
    ));
    project.write("orders.csv", orders_csv(3_000));
    let mut running = project.start(&["run", "main.pipe", "--until-end"]);
    eventually("it says why it waits", || running.log().contains("its disk is full"));
    std::thread::sleep(Duration::from_millis(300));
    assert!(running.child.try_wait().unwrap().is_none(), "{}", running.log());
    sql(&format!("DROP TRIGGER full_disk ON {n}.facts"));
    assert_eq!(running.wait(), 0, "{}", running.log());
    assert!(running.log().contains("is back"), "{}", running.log());
    check(&project, 3_000);
}

#[test]
fn a_sqlite_file_that_cannot_grow_is_told_and_a_rerun_goes_on() {
    let rows = 20_000;
    let project = Project::new("full_sqlite", PROGRAM);
    project.write("orders.csv", orders_csv(rows));
    // A write beyond the limit fails as on a full disk; without the trap it would be a signal.
    let limited = format!("trap '' XFSZ; ulimit -f 300; exec '{}' run main.pipe", env!("CARGO_BIN_EXE_pipewright"));
    let mut command = Command::new("bash");
    command.args(["-c", &limited]).current_dir(project.dir.path()).env("NO_COLOR", "1");
    let mut running = Running::start(command, project.path("limited.log"));
    let db = project.path("out.db").display().to_string();
    eventually("it says why it waits", || running.log().contains("waiting for") && running.log().contains(&db));
    running.terminate();
    let code = running.wait();
    assert_eq!(code, 3, "{}", running.log());
    assert!(running.log().contains("nothing is lost"), "{}", running.log());

    let ask = |query: &str| ask_sqlite(&project.path("out.db"), query);
    assert_eq!(ask("PRAGMA integrity_check"), "ok");
    let half = ask("SELECT CAST(count(*) AS TEXT) FROM facts").parse::<u64>().unwrap();
    assert!(half < expected(rows).0, "the limit was not reached: {half}");
    project.run_to_end();
    assert_eq!(ask("SELECT CAST(count(*) AS TEXT) FROM facts"), expected(rows).0.to_string());
    assert_eq!(ask("SELECT CAST(count(DISTINCT id) AS TEXT) FROM facts"), expected(rows).0.to_string());
}

/// Changes `facts` (FACTS: `ALTER TABLE` and its name) while an epoch waits to write it.
fn changed_under_the_run(what: &str, change: &str) -> (Project, Running) {
    let project = project(what, 10);
    let n = project.name.clone();
    project.run_to_end();
    project.write("orders.csv", orders_csv(3_000));
    let waits = format!(
        "SELECT count(*)::text FROM pg_stat_activity
         WHERE application_name = left('pipewright {n}', 63) AND wait_event_type = 'Lock'"
    );
    let statements = format!(
        "BEGIN; LOCK TABLE {n}.facts IN ACCESS EXCLUSIVE MODE;
         DO $$ BEGIN FOR i IN 1..6000 LOOP
           EXIT WHEN ({waits}) <> '0';
           PERFORM pg_sleep(0.1), pg_stat_clear_snapshot();
         END LOOP; END $$;
         {}; COMMIT",
        change.replace("FACTS", &format!("ALTER TABLE {n}.facts"))
    );
    let changer = std::thread::spawn(move || sql(&statements));
    let locked = format!(
        "SELECT count(*)::text FROM pg_locks
         WHERE relation = '{n}.facts'::regclass AND mode = 'AccessExclusiveLock' AND granted"
    );
    eventually("the table is locked", || ask(&locked) == "1");
    let running = project.start(&["run", "main.pipe", "--until-end"]);
    changer.join().unwrap();
    (project, running)
}

/// It stops as what the user must mend, and what is stored is what was stored before.
fn stops(what: &str, change: &str, words: &[&str]) {
    let (project, mut running) = changed_under_the_run(what, change);
    assert_eq!(running.wait(), 1, "{}", running.log());
    for word in words {
        assert!(running.log().contains(word), "no `{word}` in {}", running.log());
    }
    let n = &project.name;
    assert_eq!(ask(&format!("SELECT count(*)::text FROM {n}.facts")), expected(10).0.to_string());
    let letters = format!("SELECT count(*)::text FROM pipewright.dead_letters WHERE program = '{n}'");
    assert_eq!(ask(&letters), "0", "no record is at fault");
}

#[test]
fn a_column_that_is_dropped_in_the_middle_stops_the_run() {
    stops("drop_column", "FACTS DROP COLUMN gross", &["column-missing", "gross"]);
}

#[test]
fn a_type_that_is_changed_in_the_middle_stops_the_run() {
    // Of the same size: the bytes of one would be taken for the other.
    stops(
        "change_type",
        "FACTS ALTER COLUMN customer TYPE float8",
        &["table-changed", "`facts`", "start the program again"],
    );
    stops("change_text", "FACTS ALTER COLUMN amount TYPE text", &["table-changed", "`facts`"]);
}

#[test]
fn a_new_column_that_wants_a_value_stops_the_run() {
    stops(
        "want_value",
        "FACTS ADD COLUMN region text NOT NULL DEFAULT ''; FACTS ALTER COLUMN region DROP DEFAULT",
        &["table-changed"],
    );
}

#[test]
fn a_new_column_that_wants_nothing_changes_nothing() {
    let (project, mut running) = changed_under_the_run("new_column", "FACTS ADD COLUMN region text");
    assert_eq!(running.wait(), 0, "{}", running.log());
    check(&project, 3_000);
}
