//! What PostgreSQL's errors mean, by SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.

use sqlx::postgres::PgDatabaseError;

use crate::sinks::failure::Failure;

/// An error of a statement at `place` (`host:port`).
pub(crate) fn failure(error: sqlx::Error, place: &str) -> Failure {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().map(|it| it.into_owned()).unwrap_or_default();
            match error.try_downcast_ref::<PgDatabaseError>() {
                Some(details) if is_of_row(&code, details.routine()) => Failure::Data(reason(details)),
                Some(details) if may_be_of_row(&code) => Failure::Doubtful {
                    reason: reason(details),
                    otherwise: Box::new(of_state(&code, error.message(), place)),
                },
                _ => of_state(&code, error.message(), place),
            }
        }
        sqlx::Error::Io(error) if error.to_string().contains("peer certificate") => {
            untrusted(&error.to_string(), place)
        }
        sqlx::Error::Io(error) => Failure::Unavailable(format!("PostgreSQL at {place}: {error}")),
        sqlx::Error::Tls(error) if error.to_string().contains("does not support TLS") => Failure::configuration(
            "tls-failed",
            format!("PostgreSQL at {place} does not speak TLS, and the connection asks for it"),
            Some("turn `ssl` on in its postgresql.conf, or say `tls = off`".to_string()),
        ),
        sqlx::Error::Tls(error) => Failure::configuration(
            "tls-failed",
            format!("PostgreSQL at {place}: no encrypted connection: {error}"),
            Some("set `tls` or `root_cert` of the connection".to_string()),
        ),
        sqlx::Error::Configuration(error) => Failure::configuration(
            "bad-url",
            format!("the url of the connection cannot be used: {error}"),
            Some("write `postgres://user@host:5432/database`".to_string()),
        ),
        other => Failure::Unavailable(format!("PostgreSQL at {place}: {other}")),
    }
}

/// What rustls says of a server's certificate.
fn untrusted(said: &str, place: &str) -> Failure {
    let why = said.split_once("peer certificate: ").map_or(said, |(_, why)| why);
    let (why, help) = if why.contains("not valid for name") {
        (why.to_string(), "write the host in the url as the certificate does")
    } else if why.contains("UnknownIssuer") {
        let why = "no authority that is known has signed it".to_string();
        (why, "name the file of the authority that has: `root_cert = \"ca.pem\"`")
    } else {
        (why.to_string(), "let its administrator renew it")
    };
    let message = format!("the certificate of PostgreSQL at {place} is not trusted: {why}");
    Failure::configuration("certificate-not-trusted", message, Some(help.to_string()))
}

/// Whether the row is at fault, whatever becomes of others. `routine`: where in the server's source it was raised; unlike the
/// message it is in no language.
fn is_of_row(code: &str, routine: Option<&str>) -> bool {
    match (code.get(..2).unwrap_or_default(), routine) {
        // What a server says that goes away, or wants a transaction again, holds for every row, even if a trigger says it.
        ("08" | "40" | "53" | "57" | "58", _) => false,
        // Wrong data, constraints, a view's CHECK OPTION, RAISE, and limits of an index row or a stack.
        ("22" | "23" | "44" | "P0" | "54", _) => true,
        // RAISE with a code of its own; a policy of row-level security.
        (_, Some("exec_stmt_raise" | "ExecWithCheckOptions")) => true,
        _ => false,
    }
}

/// Whether it may be the row's fault: anything a function, an operator or an extension may say of a value.
fn may_be_of_row(code: &str) -> bool {
    match code.get(..2).unwrap_or_default() {
        "08" | "25" | "26" | "28" | "3D" | "3F" | "40" | "42" | "53" | "57" | "58" => false,
        "55" => code == "55000",
        "XX" => code == "XX000",
        _ => true,
    }
}

/// What the database says of a row, with the column if the message does not name it.
fn reason(error: &PgDatabaseError) -> String {
    let said = error.message();
    // Of COPY: "COPY orders, line 3, column code".
    let copied = error.r#where().and_then(|it| {
        let mut parts = it.lines().next()?.strip_prefix("COPY ")?.splitn(3, ", ").skip(2);
        let name = parts.next()?.split_once(' ')?.1;
        Some(name.split_once(": ").map_or(name, |(name, _)| name))
    });
    match error.column().or(copied) {
        Some(column) if !said.contains(column) => format!("column `{column}`: {said}"),
        _ => said.to_string(),
    }
}

fn of_state(code: &str, said: &str, place: &str) -> Failure {
    let at = format!("PostgreSQL at {place}");
    let unavailable = |why: &str| Failure::Unavailable(format!("{at}: {why}"));
    match (code, code.get(..2).unwrap_or_default()) {
        ("40003", _) => unavailable(said),
        (_, "40") => Failure::Conflict(format!("{at}: {said}")),
        ("25006", _) => Failure::configuration(
            "database-read-only",
            format!("{at} is read-only ({said})"),
            Some("connect to the primary server".to_string()),
        ),
        ("53100", _) => unavailable("its disk is full"),
        ("53300", _) => unavailable("it has no free connection"),
        ("55P03", _) => unavailable("another session holds a lock for too long"),
        ("57014", _) => unavailable("a statement took longer than `statement_timeout`"),
        ("57P03", _) => unavailable("it is starting"),
        (_, "08" | "53" | "55" | "57" | "58" | "XX" | "25") => unavailable(said),
        // pg_hba.conf lets nobody in without TLS, or only somebody else, or not from here.
        ("28000", _) if said.contains("no encryption") => Failure::configuration(
            "authentication-failed",
            format!("{at}: authentication failed: {said}"),
            Some("it may want an encrypted connection: say `tls = verify_full`".to_string()),
        ),
        (_, "28") => Failure::configuration(
            "authentication-failed",
            format!("{at}: {}", authentication(said)),
            Some("check user and password in the url of the connection".to_string()),
        ),
        ("3D000", _) => Failure::configuration(
            "database-missing",
            format!("{at}: {said}"),
            Some("create it: CREATE DATABASE …".to_string()),
        ),
        ("3F000", _) => Failure::configuration("schema-missing", format!("{at}: {said}"), None),
        ("42501", _) => Failure::configuration("permission-denied", format!("{at}: {said}"), None),
        ("42P01", _) => Failure::configuration("table-missing", format!("{at}: {said}"), None),
        ("42703", _) => Failure::configuration("column-missing", format!("{at}: {said}"), None),
        ("26000", _) => Failure::configuration(
            "pooled-connection",
            format!("{at}: {said}"),
            Some("connect to the server itself, or to a pooler in session mode".to_string()),
        ),
        _ => Failure::configuration("database-refuses", format!("{at}: {said}"), None),
    }
}

/// "authentication failed", whatever method the server asked for.
fn authentication(said: &str) -> String {
    if said.contains("authentication failed") { said.to_string() } else { format!("authentication failed: {said}") }
}
