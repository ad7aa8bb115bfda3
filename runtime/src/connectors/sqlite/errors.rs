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
        // CONSTRAINT, MISMATCH, TOOBIG
        19 | 20 | 18 => Failure::Data(said.to_string()),
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
        _ => Failure::configuration("database-refuses", format!("SQLite at {path}: {said}"), None),
    }
}
