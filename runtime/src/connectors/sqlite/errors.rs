//! What SQLite's errors mean: <https://sqlite.org/rescode.html>.

use crate::sinks::failure::Failure;

/// An error of a statement on the database at `path`.
pub(crate) fn failure(error: sqlx::Error, path: &str) -> Failure {
    let sqlx::Error::Database(database) = &error else {
        return match error {
            sqlx::Error::Io(error) => Failure::Unavailable(format!("SQLite at {path}: {error}")),
            other => Failure::Unavailable(format!("SQLite at {path}: {other}")),
        };
    };
    let code: i32 = database.code().and_then(|code| code.parse().ok()).unwrap_or(1);
    let said = database.message();
    match code & 0xff {
        // TOOBIG, CONSTRAINT, MISMATCH
        18..=20 => Failure::Data(said.to_string()),
        // BUSY, LOCKED
        5 | 6 => Failure::Unavailable(format!("SQLite at {path}: another program is writing the file ({said})")),
        // FULL
        13 => Failure::Unavailable(format!("SQLite at {path}: the disk is full")),
        // PERM, READONLY
        3 | 8 => Failure::configuration(
            "database-read-only",
            format!("the database `{path}` is read-only"),
            Some("let this user write the file and its folder".to_string()),
        ),
        // CANTOPEN
        14 => Failure::configuration(
            "database-not-opened",
            format!("the database `{path}` cannot be opened"),
            Some("create its folder, or let this user write there".to_string()),
        ),
        // CORRUPT
        11 => Failure::configuration(
            "database-damaged",
            format!("the database `{path}` is damaged ({said})"),
            Some("restore it from a backup".to_string()),
        ),
        // NOTADB
        26 => Failure::configuration("database-damaged", format!("`{path}` is not a SQLite database"), None),
        // IOERR, NOMEM, PROTOCOL, INTERRUPT
        10 | 7 | 15 | 9 => Failure::Unavailable(format!("SQLite at {path}: {said}")),
        // ERROR: a statement that cannot be compiled, or a function that fails on a value.
        1 => Failure::Doubtful {
            reason: said.to_string(),
            otherwise: Box::new(Failure::configuration("database-refuses", format!("SQLite at {path}: {said}"), None)),
        },
        _ => Failure::configuration("database-refuses", format!("SQLite at {path}: {said}"), None),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{ConnectOptions, Executor};

    use super::*;

    #[tokio::test]
    async fn a_read_only_file_is_called_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        std::fs::write(&path, "").unwrap();
        let mut connection = SqliteConnectOptions::new().filename(&path).read_only(true).connect().await.unwrap();
        let error = connection.execute("CREATE TABLE t (a)").await.unwrap_err();
        let Failure::Configuration { name, message, .. } = failure(error, "shop.db") else { panic!() };
        assert_eq!((name, message.as_str()), ("database-read-only", "the database `shop.db` is read-only"));
    }

    #[tokio::test]
    async fn a_full_disk_is_waited_for() {
        let mut connection = SqliteConnectOptions::new().in_memory(true).connect().await.unwrap();
        connection.execute("PRAGMA max_page_count = 2; CREATE TABLE t (a)").await.unwrap();
        let error = connection.execute("INSERT INTO t VALUES (zeroblob(100000))").await.unwrap_err();
        assert!(matches!(failure(error, "shop.db"), Failure::Unavailable(why) if why.contains("disk is full")));
    }
}
