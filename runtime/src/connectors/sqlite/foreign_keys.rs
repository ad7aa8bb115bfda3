//! The order of sinks that the foreign keys of their tables ask for.

use pipewright_plan::Sink;
use sqlx::{Row, SqliteConnection};

use super::client;
use crate::sinks::order::{self, Refers};

/// What the foreign keys between the tables of a stage ask for.
#[derive(Debug)]
pub(crate) struct ForeignKeys {
    /// The order in which the sinks are written.
    pub sequence: Vec<usize>,
    /// There is none: the tables refer to one another.
    pub circle: bool,
}

/// Reads them.
pub(crate) async fn read(connection: &mut SqliteConnection, sinks: &[Sink]) -> Result<ForeignKeys, sqlx::Error> {
    let mut refers = Vec::new();
    for (from, sink) in sinks.iter().enumerate() {
        let query = sqlx::query("SELECT \"table\" FROM pragma_foreign_key_list(?)").bind(&sink.table);
        for row in client::rows(connection, query).await? {
            let parent: String = row.try_get(0)?;
            let parents = sinks.iter().enumerate().filter(|(_, it)| it.table.eq_ignore_ascii_case(&parent));
            refers.extend(parents.map(|(to, _)| Refers { from, to }));
        }
    }
    Ok(match order::order(sinks.len(), &refers) {
        Ok(sequence) => ForeignKeys { sequence, circle: false },
        Err(_) => ForeignKeys { sequence: (0..sinks.len()).collect(), circle: true },
    })
}
