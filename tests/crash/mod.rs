//! Crash runs: `crash.py` kills the binary at random instants and at every boundary of a commit, `verify.py` judges the tables
//! from the input alone. `CRASH_SEED` repeats the kills of a run that failed, `CRASH_RUNS` asks for more than CI does.
//!
//! Needs the servers of `scripts/stack up kafka postgres`; the binary under test has the fail points of `crash_points.rs`.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

/// One after the other on Kafka: a program that is killed in an open transaction can hold up the start of others until the
/// cluster gives the transaction up.
static ALONE: Mutex<()> = Mutex::new(());

fn crash(path: &str, kills: u32, more: &[&str]) -> Output {
    let _alone = (path != "sqlite").then(|| ALONE.lock().unwrap_or_else(PoisonError::into_inner));
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let kills = std::env::var("CRASH_RUNS").ok().and_then(|it| it.parse().ok()).unwrap_or(kills);
    let mut command = Command::new("python3");
    command.arg(here.join("tests/crash/crash.py"));
    command.args(["--binary", env!("CARGO_BIN_EXE_pipewright"), "--path", path, "--runs", &kills.to_string()]);
    if let Ok(seed) = std::env::var("CRASH_SEED") {
        command.args(["--seed", &seed]);
    }
    command.args(more).output().expect("python3 is there")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn killed_on_the_way_from_file_over_kafka_into_postgres_nothing_is_lost_or_doubled() {
    let output = crash("postgres", 40, &[]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn killed_on_the_way_over_the_embedded_cluster_into_sqlite_nothing_is_lost_or_doubled() {
    let output = crash("sqlite", 60, &[]);
    assert!(output.status.success(), "{}", said(&output));
}

/// One JSON array over many lines: a cursor stands between two elements of it.
#[test]
fn killed_while_it_reads_a_json_array_nothing_is_lost_or_doubled() {
    let output = crash("sqlite", 30, &["--input", "array"]);
    assert!(output.status.success(), "{}", said(&output));
}

/// The judge is judged: a build that stores positions in a transaction of their own must be caught.
#[test]
fn positions_outside_the_transaction_are_noticed() {
    noticed("broken-positions", "WRONG");
}

/// A build that stores dead letters after the rows must be caught.
#[test]
fn dead_letters_after_the_commit_are_noticed() {
    noticed("broken-letters", "WRONG");
}

fn noticed(broken: &str, what: &str) {
    let output = crash("postgres", 30, &["--broken", broken, "--rows", "20000"]);
    let said = said(&output);
    assert!(output.status.code() == Some(1) && said.contains(what), "{said}");
}
