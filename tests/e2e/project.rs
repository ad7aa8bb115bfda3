//! A program in a folder of its own, with names of its own on the servers, and the binary that runs it.

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Connection, Row};

/// Only a hang takes this long, however busy the machine is.
pub const HANGS: Duration = Duration::from_secs(600);

pub fn brokers() -> String {
    std::env::var("KAFKA_BROKERS").unwrap_or_else(|_| "127.0.0.1:19092".into())
}

pub fn postgres_url() -> String {
    std::env::var("POSTGRES_URL").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:15432/postgres".into())
}

pub struct Project {
    pub dir: tempfile::TempDir,
    /// Unique on the servers; also the name of the pipeline.
    pub name: String,
}

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Project {
    /// `program` may say NAME for the unique name.
    pub fn new(what: &str, program: &str) -> Self {
        let n = COUNT.fetch_add(1, Ordering::SeqCst);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
        let name = format!("{what}_{}_{n}_{}", std::process::id(), now % 1_000_000);
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("main.pipe"), program.replace("NAME", &name)).unwrap();
        Self { dir, name }
    }

    pub fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.dir.path().join(file), text).unwrap();
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join(file)
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipewright"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .env("NO_COLOR", "1")
            .env("KAFKA_BROKERS", brokers())
            .env("POSTGRES_URL", postgres_url())
            .stdin(Stdio::null());
        command
    }

    pub fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs to the end and must succeed.
    pub fn run_to_end(&self) -> String {
        let output = self.output(&["run", "main.pipe", "--until-end"]);
        let text = text_of(&output);
        assert!(output.status.success(), "exit {:?}\n{text}", output.status.code());
        text
    }

    pub fn start(&self, args: &[&str]) -> Running {
        let n = COUNT.fetch_add(1, Ordering::SeqCst);
        Running::start(self.command(args), self.path(&format!("run{n}.log")))
    }
}

pub fn text_of(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A run in the background; killed when dropped.
pub struct Running {
    pub child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts a command that writes everything it says into `log`.
    pub fn start(mut command: Command, log: PathBuf) -> Self {
        let file = std::fs::File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        Self { child: command.spawn().expect("the binary starts"), log }
    }

    pub fn kill_9(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Holds it still until `resume`, so that what is done meanwhile happens in the middle of the run.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    pub fn resume(&self) {
        self.signal("-CONT");
    }

    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    fn signal(&self, signal: &str) {
        Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits for its end, which must be a good one; the most memory it had, in KiB.
    pub fn wait_measured(&mut self) -> u64 {
        let status = format!("/proc/{}/status", self.child.id());
        let mut most = 0;
        while self.child.try_wait().unwrap().is_none() {
            let status = std::fs::read_to_string(&status).unwrap_or_default();
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
            most = most.max(peak.trim().trim_end_matches(" kB").parse().unwrap_or(0));
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(self.wait(), 0, "{}", self.log());
        most
    }

    pub fn wait(&mut self) -> i32 {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(started.elapsed() < HANGS, "it still runs after {HANGS:?}:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `ready` holds.
pub fn eventually(what: &str, mut ready: impl FnMut() -> bool) {
    let started = Instant::now();
    while !ready() {
        assert!(started.elapsed() < HANGS, "not within {HANGS:?}: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Waits until a deleted topic is gone: its name is free again, and nobody is told of it.
pub fn topic_is_gone(name: &str) {
    use rdkafka::consumer::{BaseConsumer, Consumer};
    let client: BaseConsumer = rdkafka::ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    eventually("the topic is gone", || {
        // All topics are asked for: a question for this one could create it.
        let topics = client.fetch_metadata(None, HANGS).unwrap();
        topics.topics().iter().all(|it| it.name() != name)
    });
}

/// Runs statements on PostgreSQL.
pub fn sql(statements: &str) {
    sql_at(&postgres_url(), statements);
}

/// Runs statements on that PostgreSQL.
pub fn sql_at(url: &str, statements: &str) {
    block_on(async {
        let mut connection = sqlx::PgConnection::connect(url).await.expect("PostgreSQL is up");
        sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
    });
}

/// A table that nobody else can read or write as long as this lives.
pub struct Lock {
    runtime: tokio::runtime::Runtime,
    connection: Option<sqlx::PgConnection>,
}

impl Lock {
    /// None where somebody else is at the table.
    pub fn take(url: &str, table: &str) -> Option<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let taken = runtime.block_on(async {
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            let lock = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE NOWAIT");
            sqlx::raw_sql(&lock).execute(&mut connection).await.ok().map(|_| connection)
        });
        taken.map(|connection| Self { runtime, connection: Some(connection) })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let _ = self.runtime.block_on(connection.close());
        }
    }
}

/// One text value of PostgreSQL; "" for null, an error text if the statement fails.
pub fn ask(query: &str) -> String {
    ask_at(&postgres_url(), query)
}

/// One text value of that PostgreSQL, as above; "away" if it is.
pub fn ask_at(url: &str, query: &str) -> String {
    block_on(async {
        let Ok(mut connection) = sqlx::PgConnection::connect(url).await else { return "away".into() };
        match sqlx::query(query).fetch_one(&mut connection).await {
            Ok(row) => row.try_get::<Option<String>, _>(0).unwrap().unwrap_or_default(),
            Err(error) => format!("error: {error}"),
        }
    })
}

/// One text value of a SQLite file; "away" while there is none.
pub fn ask_sqlite(path: &std::path::Path, query: &str) -> String {
    block_on(async {
        let url = format!("sqlite://{}", path.display());
        let Ok(mut connection) = sqlx::SqliteConnection::connect(&url).await else { return "away".into() };
        match sqlx::query(query).fetch_one(&mut connection).await {
            Ok(row) => row.try_get::<Option<String>, _>(0).unwrap().unwrap_or_default(),
            Err(error) => format!("error: {error}"),
        }
    })
}

/// Orders as CSV: every 97th has no amount (bad), every 10th is cancelled (filtered).
pub fn orders_csv(rows: u64) -> String {
    let mut text = String::from("id,customer,amount,status,at\n");
    for i in 0..rows {
        let amount = if i % 97 == 96 { "abc".to_string() } else { format!("{}.{:02}", i % 1000, i % 100) };
        let status = if i % 10 == 9 { "cancelled" } else { "paid" };
        text.push_str(&format!("{i},{},{amount},{status},2026-01-01T00:00:{:02}Z\n", i % 500, i % 60));
    }
    text
}

/// What the tables must hold for [`orders_csv`]: stored, sum in cents, bad.
pub fn expected(rows: u64) -> (u64, u64, u64) {
    let (mut stored, mut cents, mut bad) = (0, 0, 0);
    for i in 0..rows {
        if i % 97 == 96 {
            bad += 1;
        } else if i % 10 != 9 {
            stored += 1;
            cents += (i % 1000) * 100 + i % 100;
        }
    }
    (stored, cents, bad)
}
