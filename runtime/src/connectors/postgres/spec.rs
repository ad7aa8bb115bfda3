//! What a program may say of a PostgreSQL connection. Knows no client library.

use std::time::Duration;

use pipewright_plan::{
    Base, ConnectorSpec, OptionProblem, OptionType, OptionValue, Options, Role, Secret, SinkSpec, Type, TypedOptions,
    options,
};

options! {
    /// How to reach a PostgreSQL database.
    pub struct PostgresConnection {
        /// Where it is: `postgres://user:password@host:5432/database`. Say `env("NAME")` so that no password stands in
        /// the file.
        url: Secret, OptionType::Secret, required;
        /// The schema of tables that are written without one.
        schema: String, OptionType::String, default "\"public\"" = "public".to_string();
        /// How long one statement may take before it is given up and tried again.
        statement_timeout: Duration, OptionType::Duration, default "60s" = Duration::from_secs(60);
        /// How long to wait for a lock that another session holds.
        lock_timeout: Duration, OptionType::Duration, default "30s" = Duration::from_secs(30);
        /// How long to wait for a connection.
        connect_timeout: Duration, OptionType::Duration, default "10s" = Duration::from_secs(10);
        /// Whether the connection is encrypted: `off`, `prefer` (if the server can), `require`, `verify_ca` (the server's
        /// certificate must be signed by a known authority, and in this version name the host), `verify_full` (the same). What the url says with
        /// `sslmode` holds if this is not given.
        tls: Option<String>, OptionType::Choice(&["off", "prefer", "require", "verify_ca", "verify_full"]), optional;
        /// A file with the certificates of the authorities that are trusted, in PEM form.
        root_cert: Option<String>, OptionType::String, optional;
        /// A file with this client's certificate, in PEM form.
        client_cert: Option<String>, OptionType::String, optional;
        /// A file with the key of this client's certificate, in PEM form.
        client_key: Option<String>, OptionType::String, optional;
    }
}

/// The connector `postgres`.
pub const SPEC: ConnectorSpec = ConnectorSpec {
    name: "postgres",
    doc: "A PostgreSQL database (12 or newer). Rows, dead letters and positions are stored in one transaction.",
    role: Role::Database,
    connection: PostgresConnection::SPEC,
    source: None,
    bounded: false,
    sink: Some(SinkSpec { options: &[], longest_name: Some(63) }),
    column,
    validate,
};

/// Everything has a column type: nested data and `json` become `jsonb`, `duration` becomes `interval`.
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

fn problem(option: &str, message: &str, help: Option<&str>) -> OptionProblem {
    OptionProblem {
        option: Some(option.to_string()),
        message: message.to_string(),
        help: help.map(str::to_string),
        entry: None,
    }
}

fn validate(options: &Options) -> Vec<OptionProblem> {
    let mut problems = Vec::new();
    if let Some(OptionValue::String(text)) = options.get("url") {
        match url::Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "postgres" | "postgresql") => {}
            _ => problems.push(problem(
                "url",
                "this is not the url of a PostgreSQL database",
                Some("write `postgres://user@host:5432/database`"),
            )),
        }
    }
    for name in ["statement_timeout", "lock_timeout", "connect_timeout"] {
        if let Some(OptionValue::Duration(us)) = options.get(name)
            && *us < 1_000
        {
            problems.push(problem(name, &format!("`{name}` must be at least one millisecond"), None));
        }
    }
    let off = matches!(options.get("tls"), Some(OptionValue::Word(word) | OptionValue::String(word)) if word == "off");
    for name in ["root_cert", "client_cert", "client_key"] {
        if off && options.contains_key(name) {
            problems.push(problem(
                name,
                &format!("`{name}` has no effect with `tls = off`"),
                Some("say `tls = verify_full`"),
            ));
        }
    }
    for (name, other) in [("client_cert", "client_key"), ("client_key", "client_cert")] {
        if options.contains_key(name) && !options.contains_key(other) {
            problems.push(problem(name, &format!("`{name}` needs `{other}` beside it"), None));
        }
    }
    problems
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn the_url_must_be_one_of_postgres() {
        let with = |url: &str| Options::from([("url".to_string(), OptionValue::String(url.to_string()))]);
        assert!(validate(&with("postgres://ada@localhost/shop")).is_empty());
        assert_eq!(validate(&with("mysql://localhost/shop"))[0].option.as_deref(), Some("url"));
        assert_eq!(validate(&with("localhost"))[0].message, "this is not the url of a PostgreSQL database");
    }

    #[test]
    fn certificates_go_with_tls() {
        let options = Options::from([
            ("url".to_string(), OptionValue::Env { name: "URL".to_string(), fallback: None }),
            ("tls".to_string(), OptionValue::Word("off".to_string())),
            ("root_cert".to_string(), OptionValue::String("ca.pem".to_string())),
            ("client_key".to_string(), OptionValue::String("key.pem".to_string())),
        ]);
        let messages: Vec<_> = validate(&options).into_iter().map(|it| it.message).collect();
        assert_eq!(
            messages,
            [
                "`root_cert` has no effect with `tls = off`",
                "`client_key` has no effect with `tls = off`",
                "`client_key` needs `client_cert` beside it"
            ]
        );
    }

    #[test]
    fn defaults_hold() {
        let options = Options::from([("url".to_string(), OptionValue::String("postgres://h/d".to_string()))]);
        let typed = PostgresConnection::decode(&options).unwrap();
        assert_eq!((typed.schema.as_str(), typed.statement_timeout), ("public", Duration::from_secs(60)));
        assert!(!format!("{typed:?}").contains("postgres://"));
    }
}
