//! `env("…")` and `file("…")` become values, relative paths become absolute, just before the run. Nothing of it is ever stored.

use std::path::Path;

use pipewright_plan::{Connection, OptionValue, Options, Origin, Plan};

use crate::report::{ErrorClass, RunError};

/// A plan ready to be run: no references left, paths below `base`.
pub fn resolve_plan(mut plan: Plan, base: &Path) -> Result<Plan, RunError> {
    for connection in &mut plan.connections {
        *connection = resolve_connection(connection, base)?;
    }
    for source in &mut plan.sources {
        source.options = resolve(&source.options, source.origin)?;
        source.format.options = resolve(&source.format.options, source.origin)?;
    }
    for sink in &mut plan.sinks {
        sink.options = resolve(&sink.options, sink.origin)?;
    }
    for topic in &mut plan.topics {
        topic.format.options = resolve(&topic.format.options, topic.origin)?;
    }
    Ok(plan)
}

/// One connection, as above.
pub fn resolve_connection(connection: &Connection, base: &Path) -> Result<Connection, RunError> {
    let mut options = resolve(&connection.options, connection.origin)?;
    // Relative to the program, not to where the command was typed: the same program means the same files everywhere.
    let below = |path: &str| OptionValue::String(base.join(path).to_string_lossy().into_owned());
    match connection.kind.as_str() {
        "files" if !options.contains_key("root") => {
            options.insert("root".into(), below("."));
        }
        "sqlite" if matches!(options.get("path"), Some(OptionValue::String(path)) if path == ":memory:") => {}
        "sqlite" => absolute(&mut options, &["path"], &below),
        "files" => absolute(&mut options, &["root"], &below),
        "postgres" => absolute(&mut options, &["root_cert", "client_cert", "client_key"], &below),
        "kafka" => {
            if let Some(OptionValue::Record(tls)) = options.get_mut("tls") {
                absolute(tls, &["ca", "certificate", "key"], &below);
            }
        }
        _ => {}
    }
    Ok(Connection { options, ..connection.clone() })
}

fn absolute(options: &mut Options, names: &[&str], below: &dyn Fn(&str) -> OptionValue) {
    for name in names {
        if let Some(OptionValue::String(path)) = options.get(*name) {
            let path = below(path);
            options.insert((*name).to_string(), path);
        }
    }
}

fn resolve(options: &Options, origin: Origin) -> Result<Options, RunError> {
    options.iter().map(|(name, value)| Ok((name.clone(), value_of(name, value, origin)?))).collect()
}

fn value_of(option: &str, value: &OptionValue, origin: Origin) -> Result<OptionValue, RunError> {
    Ok(match value {
        OptionValue::Env { name, fallback } => match (std::env::var(name), fallback) {
            (Ok(text), _) => OptionValue::String(text),
            (Err(std::env::VarError::NotPresent), Some(text)) => OptionValue::String(text.clone()),
            (Err(std::env::VarError::NotPresent), None) => {
                return Err(RunError {
                    name: "variable-not-set",
                    message: format!("the environment variable `{name}` is not set (option `{option}`)"),
                    help: Some(format!("export {name}=…, or give a fallback: env(\"{name}\", \"…\")")),
                    origin: Some(origin),
                    class: ErrorClass::Configuration,
                });
            }
            (Err(_), _) => {
                return Err(RunError {
                    name: "variable-not-text",
                    message: format!("the environment variable `{name}` is not valid UTF-8 (option `{option}`)"),
                    help: None,
                    origin: Some(origin),
                    class: ErrorClass::Configuration,
                });
            }
        },
        OptionValue::File(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| RunError {
                name: "file-not-found",
                message: format!("cannot read `{path}` (option `{option}`): {error}"),
                help: None,
                origin: Some(origin),
                class: ErrorClass::Configuration,
            })?;
            OptionValue::String(text.trim_end_matches(['\n', '\r']).to_string())
        }
        OptionValue::List(items) => {
            OptionValue::List(items.iter().map(|item| value_of(option, item, origin)).collect::<Result<_, _>>()?)
        }
        OptionValue::Record(options) => OptionValue::Record(resolve(options, origin)?),
        OptionValue::Call { name, args } => OptionValue::Call { name: name.clone(), args: resolve(args, origin)? },
        plain => plain.clone(),
    })
}
