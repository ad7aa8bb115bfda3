//! What the comparison asks of PostgreSQL.

use anyhow::Context;
use sqlx::{Connection, Row};

/// Runs statements.
pub fn execute(statements: &str) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut connection =
            sqlx::PgConnection::connect(&crate::postgres_url()).await.context("PostgreSQL is not up")?;
        sqlx::raw_sql(statements).execute(&mut connection).await?;
        Ok(())
    })
}

/// One text value.
pub fn ask(query: &str) -> anyhow::Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut connection = sqlx::PgConnection::connect(&crate::postgres_url()).await?;
        let row = sqlx::query(query).fetch_one(&mut connection).await?;
        Ok(row.try_get::<Option<String>, _>(0)?.unwrap_or_default())
    })
}

/// The process id of the postmaster.
pub fn postmaster() -> anyhow::Result<u32> {
    // The parent of a backend.
    let backend = ask("SELECT pg_read_file('postmaster.pid', 0, 20)")?;
    backend.lines().next().and_then(|line| line.trim().parse().ok()).context("cannot read the postmaster's pid")
}
