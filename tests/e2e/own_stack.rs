//! Servers of these tests alone, with certificates and passwords, brought up by `scripts/stack` at the first use. They may be
//! killed: who needs them up holds [`OwnStack::undisturbed`], who stops one holds [`OwnStack::alone`].
//!
//! Invariant: gone within a second after this process, however it ends.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{OnceLock, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The password of the user `guarded`.
pub const PASSWORD: &str = "open sesame";

pub struct OwnStack {
    dir: PathBuf,
    shift: u16,
    use_of_it: RwLock<()>,
}

pub fn own_stack() -> &'static OwnStack {
    static STACK: OnceLock<OwnStack> = OnceLock::new();
    STACK.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("stack-{}", std::process::id()));
        let stack = OwnStack { dir, shift: free_shift(), use_of_it: RwLock::new(()) };
        std::fs::create_dir_all(&stack.dir).unwrap();
        stack.wipe_when_this_process_ends();
        stack.run(&["up", "kafka", "postgres"]);
        stack
    })
}

/// Ports that nobody listens on.
fn free_shift() -> u16 {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let first = u16::try_from(std::process::id() % 100).unwrap();
    (0..100)
        .map(|it| 400 + (first + it) % 100 * 10)
        .find(|shift| (19_092..19_097).chain([15_432]).all(|port| free(port + shift)))
        .expect("free ports")
}

impl OwnStack {
    fn command(&self) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/stack"));
        command
            .env("STACK_SECURED", "1")
            .env("STACK_DIR", &self.dir)
            .env("STACK_PORT_SHIFT", self.shift.to_string())
            .stdin(Stdio::null());
        if std::env::var_os("STACK_CACHE").is_none() {
            // What was fetched for the other stack serves this one.
            command.env("STACK_CACHE", Path::new(env!("CARGO_MANIFEST_DIR")).join("target/stack/cache"));
        }
        command
    }

    /// `scripts/stack ARGS` for these servers.
    pub fn run(&self, args: &[&str]) {
        let output = self.command().args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// The server closes nothing and answers nobody, until `continue_server`.
    pub fn halt_server(&self, service: &str) {
        self.signal(service, "-STOP");
    }

    pub fn continue_server(&self, service: &str) {
        self.signal(service, "-CONT");
    }

    fn signal(&self, service: &str, signal: &str) {
        let pid = std::fs::read_to_string(self.dir.join("run").join(format!("{service}.pid"))).unwrap();
        // The whole group: what was started may be a shell around the server.
        let sent = Command::new("kill").args([signal, "--", &format!("-{}", pid.trim())]).status().unwrap();
        assert!(sent.success());
    }

    fn wipe_when_this_process_ends(&self) {
        let script = "while kill -0 \"$1\"; do sleep 0.3; done; \"$2\" wipe; rm -rf \"$STACK_DIR\"";
        let stack = self.command();
        let mut watcher = Command::new("setsid");
        watcher
            .args(["--fork", "bash", "-c", script, "watcher"])
            .arg(std::process::id().to_string())
            .arg(stack.get_program());
        watcher.envs(stack.get_envs().filter_map(|(name, value)| value.map(|value| (name, value))));
        watcher.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    }

    /// The servers stay up as long as this is held.
    pub fn undisturbed(&self) -> RwLockReadGuard<'_, ()> {
        self.use_of_it.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Nobody else uses the servers as long as this is held.
    pub fn alone(&self) -> RwLockWriteGuard<'_, ()> {
        self.use_of_it.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A file of the certificates.
    pub fn certificate(&self, name: &str) -> String {
        self.dir.join("certs").join(name).display().to_string()
    }

    /// Kafka that lets everybody in.
    pub fn kafka(&self) -> String {
        format!("127.0.0.1:{}", 19_092 + self.shift)
    }

    /// Kafka that asks for a password.
    pub fn kafka_password(&self) -> String {
        format!("127.0.0.1:{}", 19_094 + self.shift)
    }

    /// Kafka that speaks TLS.
    pub fn kafka_tls(&self, host: &str) -> String {
        format!("{host}:{}", 19_095 + self.shift)
    }

    /// Kafka that speaks TLS and asks for a password.
    pub fn kafka_both(&self) -> String {
        format!("localhost:{}", 19_096 + self.shift)
    }

    /// PostgreSQL for a user: `user` or `user:password`.
    pub fn postgres(&self, user: &str, host: &str) -> String {
        format!("postgres://{user}@{host}:{}/postgres", 15_432 + self.shift)
    }

    /// PostgreSQL as one who may do everything.
    pub fn postgres_admin(&self) -> String {
        self.postgres("postgres", "127.0.0.1")
    }
}
