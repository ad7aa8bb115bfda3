//! Whole runs without servers: a CSV file over embedded Kafka into SQLite. What is in the tables is computed here a second time,
//! from the input alone; a run that is killed (kill -9) anywhere and started again gives the same tables.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use sqlx::{Connection, Row, SqliteConnection};

const PROGRAM: &str = r#"
pipeline orders_e2e {
  delivery = exactly_once
  max_bad  = 50%
  commit   = { rows = 500, bytes = 1MiB, interval = 20ms }
}

connection files     = files { root = "data" }
connection bus       = kafka { embedded = true }
connection warehouse = sqlite { path = "out.db" }

type Order = {
  order_id: int64
  version:  int64
  amount:   decimal(12, 2)
  status:   "new" | "paid"
  note:     string?
}

source order_file: Order from files {
  path   = "orders.csv"
  format = csv
}

topic orders: Order on bus from order_file {
  partition_key = order_id
  partitions    = 3
}

transform good from orders
  | where status == "paid"
  | check amount > 0 else f"amount {amount}"
  | derive doubled = round(amount * 2, 2)

transform newest from good
  | select order_id, version, doubled
  | as table by order_id

sink lines from good to warehouse {
  table = "lines"
  write = append
}

sink latest from newest to warehouse {
  table = "latest"
  write = upsert
  key   = order_id
}
"#;

/// A row of the input; `None`: a line that is no order.
type Line = Option<(i64, i64, i64, bool)>;

/// Versions of orders, a few bad amounts, a few lines that cannot be decoded: always the same.
fn input(lines: i64) -> Vec<Line> {
    let mut state: u64 = 7;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    (0..lines)
        .map(|version| {
            if random(200) == 0 {
                return None;
            }
            let cents = random(20_000) as i64 - 100;
            Some((random(2_000) as i64, version, cents, random(4) != 0))
        })
        .collect()
}

fn project(lines: &[Line]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let mut csv = String::from("order_id,version,amount,status,note\n");
    for line in lines {
        match line {
            Some((order, version, cents, paid)) => {
                let sign = if *cents < 0 { "-" } else { "" };
                let (whole, rest) = (cents.abs() / 100, cents.abs() % 100);
                let status = if *paid { "paid" } else { "new" };
                csv.push_str(&format!("{order},{version},{sign}{whole}.{rest:02},{status},\"a, \"\"b\"\"\"\n"));
            }
            None => csv.push_str("x,1,2.00,paid,\n"),
        }
    }
    std::fs::write(folder.path().join("data/orders.csv"), csv).unwrap();
    std::fs::write(folder.path().join("orders.pipe"), PROGRAM).unwrap();
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipewright"));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

fn run(folder: &Path) -> Output {
    command(folder, &["run", "orders.pipe"]).output().unwrap()
}

fn talk(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What the tables hold: (order, version, doubled amount in cents), sorted.
#[derive(Debug, PartialEq)]
struct Tables {
    lines: Vec<(i64, i64, i64)>,
    latest: Vec<(i64, i64, i64)>,
    letters: BTreeMap<String, usize>,
}

fn expected(input: &[Line]) -> Tables {
    let paid: Vec<_> = input.iter().flatten().filter(|(.., paid)| *paid).collect();
    let good = paid.iter().filter(|(_, _, cents, _)| *cents > 0);
    let mut lines: Vec<_> = good.map(|(order, version, cents, _)| (*order, *version, cents * 2)).collect();
    let latest: BTreeMap<i64, (i64, i64, i64)> = lines.iter().map(|it| (it.0, *it)).collect();
    lines.sort_unstable();
    let mut letters = BTreeMap::new();
    letters.insert("check-failed".to_string(), paid.iter().filter(|(_, _, cents, _)| *cents <= 0).count());
    letters.insert("undecodable".to_string(), input.iter().filter(|it| it.is_none()).count());
    Tables { lines, latest: latest.into_values().collect(), letters }
}

fn stored(folder: &Path) -> Tables {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let read = |table: &'static str| {
        runtime.block_on(async {
            let path = folder.join("out.db");
            let mut database =
                SqliteConnection::connect(&format!("sqlite://{}?mode=ro", path.display())).await.unwrap();
            let query = format!("SELECT order_id, version, CAST(doubled AS TEXT) FROM {table} ORDER BY 1, 2");
            let rows = sqlx::query(&query).fetch_all(&mut database).await.unwrap();
            rows.iter().map(|row| (row.get(0), row.get(1), cents(row.get(2)))).collect()
        })
    };
    let list = command(folder, &["dead-letters", "ls", "orders.pipe", "--format", "json"]).output().unwrap();
    assert_eq!(list.status.code(), Some(0), "{}", talk(&list));
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    let mut letters = BTreeMap::new();
    for letter in list.as_array().unwrap() {
        // Read from the file, or refused on the way to the topic: a line that cannot be decoded is one thing to the user.
        let name = letter["name"].as_str().unwrap().to_string();
        let name = if name == "check-failed" { name } else { "undecodable".into() };
        *letters.entry(name).or_default() += 1;
    }
    Tables { lines: read("lines"), latest: read("latest"), letters }
}

/// `12.3` as 1230.
fn cents(text: String) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    whole.parse::<i64>().unwrap() * 100 + format!("{fraction:0<2}").parse::<i64>().unwrap()
}

#[test]
fn a_run_stores_what_the_input_says_and_a_second_one_nothing() {
    let input = input(10_000);
    let folder = project(&input);
    let first = run(folder.path());
    assert_eq!(first.status.code(), Some(0), "{}", talk(&first));
    let summary = talk(&first);
    for part in
        ["10,000 read", "dead letter `check-failed`", "sqlite3 -box out.db", "pipewright dead-letters ls orders.pipe"]
    {
        assert!(summary.contains(part), "no `{part}` in\n{summary}");
    }
    assert_eq!(stored(folder.path()), expected(&input));

    let again = run(folder.path());
    assert_eq!(again.status.code(), Some(0), "{}", talk(&again));
    assert!(talk(&again).contains("10,000 in earlier runs"), "{}", talk(&again));
    assert_eq!(stored(folder.path()), expected(&input));
}

#[test]
fn killed_anywhere_and_started_again_the_tables_are_the_same() {
    let input = input(60_000);
    let folder = project(&input);
    let mut killed = 0;
    // Later and later, so that it dies while starting, reading, committing; then it may end.
    for milliseconds in [40, 90, 150, 220, 300, 400, 550, 750, 1_000] {
        let mut child = command(folder.path(), &["run", "orders.pipe"]).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        killed += usize::from(kill(&mut child));
    }
    let last = run(folder.path());
    assert_eq!(last.status.code(), Some(0), "{}", talk(&last));
    assert_eq!(stored(folder.path()), expected(&input), "after {killed} kills");
    assert!(killed >= 3, "the runs were too short to be killed: {killed}");
}

/// kill -9; false if it had ended before.
fn kill(child: &mut Child) -> bool {
    let running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    running
}

#[test]
fn policies_stop_a_run_with_exit_5() {
    let input = input(2_000);
    let folder = project(&input);
    let path = folder.path().join("orders.pipe");
    std::fs::write(&path, PROGRAM.replace("max_bad  = 50%", "on_bad_record = stop")).unwrap();
    let stopped = run(folder.path());
    assert_eq!(stopped.status.code(), Some(5), "{}", talk(&stopped));
    assert!(talk(&stopped).contains("error["), "{}", talk(&stopped));

    let missing = project(&input);
    std::fs::remove_file(missing.path().join("data/orders.csv")).unwrap();
    let missing = run(missing.path());
    assert_eq!(missing.status.code(), Some(1), "{}", talk(&missing));
    assert!(talk(&missing).contains("orders.csv"), "{}", talk(&missing));
}
