//! What a program may say of an SQLite connection. Knows no client library.

use std::time::Duration;

use pipewright_plan::{
    Base, ConnectorSpec, OptionProblem, OptionType, OptionValue, Options, Role, SinkSpec, Type, TypedOptions, options,
};

options! {
    /// Which database file to write.
    pub struct SqliteConnection {
        /// The database file. It is created when missing; its folder must exist.
        path: String, OptionType::String, required;
        /// How long to wait while another program writes the file.
        busy_timeout: Duration, OptionType::Duration, default "10s" = Duration::from_secs(10);
    }
}

/// The connector `sqlite`.
pub const SPEC: ConnectorSpec = ConnectorSpec {
    name: "sqlite",
    doc: "A SQLite database in one file. Rows, dead letters and positions are stored in one transaction. SQLite has no \
          exact decimals, no times and no nested data: `decimal` is stored as text in its canonical form (`12.50`), \
          `timestamp` as `2026-01-31T10:00:00.000000Z`, `local_timestamp`, `date` and `time` in the same manner, \
          `duration` as an integer of microseconds, `bool` as 0 or 1, `uuid` as text, `bytes` as a blob, lists, maps, \
          records and `json` as JSON text.",
    role: Role::Database,
    connection: SqliteConnection::SPEC,
    source: None,
    bounded: false,
    sink: Some(SinkSpec { options: &[], longest_name: None }),
    column,
    validate,
};

/// Everything can be stored, some of it as text (see the doc of the connector).
fn column(ty: &Type) -> Result<(), String> {
    match &ty.base {
        Base::Bool
        | Base::Int32
        | Base::Int64
        | Base::Float64
        | Base::Decimal { .. }
        | Base::String
        | Base::Bytes
        | Base::Uuid
        | Base::Date
        | Base::Time
        | Base::Timestamp
        | Base::LocalTimestamp
        | Base::Duration
        | Base::Json
        | Base::List(_)
        | Base::Map(_)
        | Base::Record(_)
        | Base::Set(_)
        | Base::Unknown => Ok(()),
        Base::Null => Err("a column that is always null has no type".to_string()),
    }
}

fn validate(options: &Options) -> Vec<OptionProblem> {
    let mut problems = Vec::new();
    if let Some(OptionValue::String(path)) = options.get("path")
        && (path.is_empty() || path == ":memory:")
    {
        problems.push(OptionProblem {
            option: Some("path".to_string()),
            message: "a database in memory would lose its positions with the run".to_string(),
            help: Some("name a file: `path = \"shop.db\"`".to_string()),
            entry: None,
        });
    }
    problems
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_database_in_memory_is_refused() {
        let with = |path: &str| Options::from([("path".to_string(), OptionValue::String(path.to_string()))]);
        assert!(validate(&with("shop.db")).is_empty());
        assert_eq!(validate(&with(":memory:")).len(), 1);
    }
}
