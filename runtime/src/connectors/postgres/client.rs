//! One PostgreSQL connection: opened, guarded by timeouts, and its statements as futures of a named type, so that they can
//! be awaited in tasks that move between threads.
//!
//! Invariant: a future that ran out of time is dropped only together with its connection: the error breaks the connection.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow, PgSslMode};
use sqlx::query::Query;
use sqlx::{ConnectOptions, Connection, Executor, Postgres, Row};

use super::PostgresConnection;
use super::errors;
use crate::sinks::failure::Failure;

/// Signature, flags, no extension.
const COPY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const COPY_TRAILER: &[u8] = &[0xff, 0xff];

/// How much goes in one message: client and server hold a whole message in memory, and touch fresh pages for a large one.
const COPY_PIECE: usize = 64 * 1024;

/// A statement with its values.
pub(crate) type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// A connection.
pub(crate) struct Client {
    connection: PgConnection,
    place: String,
    limit: Duration,
    /// The temporary tables exist.
    pub staged: bool,
}

/// What a url and the options say.
pub(crate) fn connect_options(options: &PostgresConnection) -> Result<PgConnectOptions, Failure> {
    let mut connect: PgConnectOptions =
        options.url.0.parse().map_err(|error: sqlx::Error| errors::failure(error, "?"))?;
    let mode = match options.tls.as_deref() {
        Some("off") => Some(PgSslMode::Disable),
        Some("prefer") => Some(PgSslMode::Prefer),
        Some("require") => Some(PgSslMode::Require),
        Some("verify_ca") => Some(PgSslMode::VerifyCa),
        Some("verify_full") => Some(PgSslMode::VerifyFull),
        _ => None,
    };
    if let Some(mode) = mode {
        connect = connect.ssl_mode(mode);
    }
    for path in [&options.root_cert, &options.client_cert, &options.client_key].into_iter().flatten() {
        if let Err(error) = std::fs::File::open(path) {
            let message = format!("the certificate file `{path}` cannot be read: {error}");
            return Err(Failure::configuration("file-not-found", message, None));
        }
    }
    if let Some(path) = &options.root_cert {
        connect = connect.ssl_root_cert(path);
    }
    if let (Some(cert), Some(key)) = (&options.client_cert, &options.client_key) {
        connect = connect.ssl_client_cert(cert).ssl_client_key(key);
    }
    Ok(connect.disable_statement_logging())
}

/// `host:port`, or the folder of the socket.
pub(crate) fn place(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

impl Client {
    /// Connects. The settings keep a hung owner from blocking its successor for ever.
    /// `program` is what the server's own tools show.
    pub async fn connect(options: &PostgresConnection, program: &str) -> Result<Self, Failure> {
        let name: String = format!("pipewright {program}").chars().take(63).collect();
        let connect = connect_options(options)?.application_name(&name);
        let place = place(&connect);
        let opened = tokio::time::timeout(options.connect_timeout, PgConnection::connect_with(&connect)).await;
        let connection = match opened {
            Ok(opened) => opened.map_err(|error| errors::failure(error, &place))?,
            Err(_) => return Err(Failure::Unavailable(format!("PostgreSQL at {place}: no answer"))),
        };
        let limit = options.statement_timeout + Duration::from_secs(10);
        let mut client = Self { connection, place, limit, staged: false };
        let settings = format!(
            "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = '30s'; \
             SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; \
             SET synchronous_commit = on; SET client_min_messages = error",
            options.statement_timeout.as_millis().max(1),
            options.lock_timeout.as_millis().max(1),
        );
        client.script(&settings).await?;
        Ok(client)
    }

    async fn guarded<T>(&mut self, run: impl AsyncRun<T>) -> Result<T, Failure> {
        match tokio::time::timeout(self.limit, run.run(&mut self.connection)).await {
            Ok(outcome) => outcome.map_err(|error| errors::failure(error, &self.place)),
            Err(_) => Err(self.silent()),
        }
    }

    /// Runs statements without values, in one message.
    pub async fn script(&mut self, sql: &str) -> Result<(), Failure> {
        self.guarded(Script(sql)).await
    }

    /// Runs the last statements of a transaction. False: the fence in it divided by zero, and nothing was committed.
    pub async fn commit_fenced(&mut self, sql: &str) -> Result<bool, Failure> {
        match tokio::time::timeout(self.limit, Script(sql).run(&mut self.connection)).await {
            Ok(Ok(())) => Ok(true),
            Ok(Err(sqlx::Error::Database(error))) if error.code().as_deref() == Some("22012") => Ok(false),
            Ok(Err(error)) => Err(errors::failure(error, &self.place)),
            Err(_) => Err(self.silent()),
        }
    }

    fn silent(&self) -> Failure {
        Failure::Unavailable(format!("PostgreSQL at {}: no answer", self.place))
    }

    /// Runs a statement; gives the number of rows it changed.
    pub async fn execute(&mut self, statement: Statement<'_>) -> Result<u64, Failure> {
        self.guarded(Execute(statement)).await
    }

    /// Runs a statement; gives its rows.
    pub async fn rows(&mut self, statement: Statement<'_>) -> Result<Vec<PgRow>, Failure> {
        self.guarded(Rows(statement)).await
    }

    /// The one text that a statement gives.
    pub async fn text(&mut self, sql: &str) -> Result<String, Failure> {
        let rows = self.rows(sqlx::query(sql)).await?;
        // JSON arrives as its text.
        let text = rows.first().map_or(Ok(String::new()), |row| row.try_get_unchecked(0));
        text.map_err(|error| self.failure(error))
    }

    /// The one number that a statement counts.
    pub async fn number(&mut self, sql: &str) -> Result<u64, Failure> {
        let rows = self.rows(sqlx::query(sql)).await?;
        let number: Result<i64, _> = rows.first().map_or(Ok(0), |row| row.try_get(0));
        number.map(i64::cast_unsigned).map_err(|error| self.failure(error))
    }

    /// Sends the rows of a `COPY … FROM STDIN (FORMAT binary)`: tuples one behind the other, without header and trailer. Gives
    /// how many the table took.
    pub async fn copy(&mut self, sql: &str, rows: &[u8]) -> Result<u64, Failure> {
        self.guarded(Copy(sql, rows)).await
    }

    /// What went wrong with a row that was read.
    pub fn failure(&self, error: sqlx::Error) -> Failure {
        errors::failure(error, &self.place)
    }
}

/// Something to run on a connection.
trait AsyncRun<T> {
    fn run<'a>(self, connection: &'a mut PgConnection) -> BoxFuture<'a, Result<T, sqlx::Error>>
    where
        Self: 'a;
}

struct Script<'q>(&'q str);
struct Execute<'q>(Statement<'q>);
struct Rows<'q>(Statement<'q>);
struct Copy<'q>(&'q str, &'q [u8]);

impl AsyncRun<()> for Script<'_> {
    fn run<'a>(self, connection: &'a mut PgConnection) -> BoxFuture<'a, Result<(), sqlx::Error>>
    where
        Self: 'a,
    {
        Box::pin(async move { connection.execute(self.0).await.map(drop) })
    }
}

impl AsyncRun<u64> for Execute<'_> {
    fn run<'a>(self, connection: &'a mut PgConnection) -> BoxFuture<'a, Result<u64, sqlx::Error>>
    where
        Self: 'a,
    {
        Box::pin(async move { Ok(self.0.execute(connection).await?.rows_affected()) })
    }
}

impl AsyncRun<Vec<PgRow>> for Rows<'_> {
    fn run<'a>(self, connection: &'a mut PgConnection) -> BoxFuture<'a, Result<Vec<PgRow>, sqlx::Error>>
    where
        Self: 'a,
    {
        Box::pin(async move { self.0.fetch_all(connection).await })
    }
}

impl AsyncRun<u64> for Copy<'_> {
    fn run<'a>(self, connection: &'a mut PgConnection) -> BoxFuture<'a, Result<u64, sqlx::Error>>
    where
        Self: 'a,
    {
        Box::pin(async move {
            let mut copy = connection.copy_in_raw(self.0).await?;
            copy.send(COPY_HEADER).await?;
            for piece in self.1.chunks(COPY_PIECE) {
                copy.send(piece).await?;
            }
            copy.send(COPY_TRAILER).await?;
            copy.finish().await
        })
    }
}
