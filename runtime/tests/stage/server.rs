//! A database of its own on a PostgreSQL server: POSTGRES_URL, or the one of the test stack. Without a server tests fail.

use pipewright_plan::*;
use pipewright_runtime::sinks::{AnyDatabase, Database};
use sqlx::{Connection as _, Executor, PgConnection, Row};

use super::{Driver, configuration, open};

pub fn server() -> url::Url {
    let text = std::env::var("POSTGRES_URL").unwrap_or("postgres://postgres@127.0.0.1:15432/postgres".to_string());
    url::Url::parse(&text).unwrap()
}

pub struct Server {
    pub url: url::Url,
    pub name: String,
}

impl Server {
    pub async fn new() -> Self {
        let name = format!("pipewright_{}", uuid::Uuid::new_v4().simple());
        let mut admin = PgConnection::connect(server().as_str()).await.expect("a PostgreSQL server at POSTGRES_URL");
        admin.execute(format!("CREATE DATABASE {name}").as_str()).await.unwrap();
        let mut url = server();
        url.set_path(&name);
        Self { url, name }
    }

    pub fn options(&self, url: &url::Url) -> Options {
        Options::from([
            ("url".to_string(), OptionValue::String(url.to_string())),
            ("connect_timeout".to_string(), OptionValue::Duration(5_000_000)),
        ])
    }

    pub fn open(&self, sinks: Vec<Sink>) -> AnyDatabase {
        open("postgres", &self.options(&self.url), sinks)
    }

    pub async fn start(&self, sink: Sink) -> Driver {
        Driver::start(self.open(vec![sink])).await
    }

    pub async fn run(&self, sql: &str) {
        let mut connection = PgConnection::connect(self.url.as_str()).await.unwrap();
        connection.execute(sql).await.unwrap();
        connection.close().await.unwrap();
    }

    /// One text per row: the columns as PostgreSQL writes them.
    pub async fn rows(&self, columns: &str, table: &str) -> Vec<String> {
        let mut connection = PgConnection::connect(self.url.as_str()).await.unwrap();
        let list: Vec<String> = columns.split(' ').map(|it| format!("coalesce(({it})::text, 'NULL')")).collect();
        let sql = format!("SELECT {} AS line FROM {table} ORDER BY 1", list.join("||' '||"));
        let rows = sqlx::query(&sql).fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    pub async fn problems(&self, sink: Sink) -> Vec<String> {
        let errors = self.open(vec![sink]).prepare().await.unwrap_err();
        let mut lines: Vec<String> = errors
            .iter()
            .map(|error| {
                let (name, message, help) = configuration(error);
                format!("{name}: {message} [{help}]")
            })
            .collect();
        lines.sort();
        lines
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let database = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let role = format!("DROP ROLE IF EXISTS r{}", self.name);
        let drop = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                if let Ok(mut admin) = PgConnection::connect(server().as_str()).await {
                    let _ = admin.execute(database.as_str()).await;
                    let _ = admin.execute(role.as_str()).await;
                }
            });
        });
        let _ = drop.join();
    }
}
