//! `pipewright.yaml`: what differs between environments, by name. Finds the file, reads it strictly (an unknown key is an
//! error with "did you mean"), and hands the compiler one [`Environment`]. Reads no variables: `{ env: NAME }` stays a
//! reference until the program runs.
//!
//! ```yaml
//! default: embedded
//! environments:
//!   embedded:
//!     connections:
//!       bus: { kind: kafka, embedded: true }
//!   servers:
//!     connections:
//!       bus: { kind: kafka, brokers: { env: KAFKA_BROKERS, default: "127.0.0.1:9092" } }
//!     params: { partitions: 6 }
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pipewright_compiler::environment::{Environment, EnvironmentConnection};
use pipewright_plan::OptionValue;
use serde_yaml::{Mapping, Value};

use crate::program::reason;
use crate::report::human;
use crate::style::Style;
use crate::suggest::closest;

mod declared;
mod lints;
mod value;

/// The name of the file.
pub const FILE: &str = "pipewright.yaml";

/// Why there is no environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `pipewright.yaml`, as it was found; empty if there is none.
    pub file: String,
    /// Its text.
    text: String,
    /// The line, from 1, if it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Problem {
    /// In the layout of a finding.
    pub fn render(&self, style: Style) -> String {
        let (diagnostic, sources) = self.finding();
        human::finding(&diagnostic, &sources, style, false)
    }

    /// As a finding, with the text it points into.
    pub fn finding(&self) -> (pipewright_compiler::diagnostics::Diagnostic, pipewright_compiler::source::Sources) {
        use pipewright_compiler::{diagnostics::Diagnostic, source::Sources};
        use pipewright_grammar::{SourceId, Span};
        let mut sources = Sources::default();
        let mut span = Span::new(SourceId(u32::MAX), 0, 0);
        if let Some(line) = self.line {
            let id = sources.add(self.file.clone(), self.text.clone());
            let start: usize = self.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
            let rest = self.text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
            let indent = rest.len() - rest.trim_start().len();
            span = Span::new(id, start + indent, start + rest.trim_end().len());
        }
        let mut diagnostic = Diagnostic::error("environment", span, self.message.clone());
        diagnostic.help = self.help.clone();
        (diagnostic, sources)
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None if self.file.is_empty() => f.write_str(&self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// The environment for the program with this root: by name, else the file's default, else none.
pub fn load(root: &Path, name: Option<&str>) -> Result<Environment, Problem> {
    match find(root) {
        Some(path) => {
            let shown = path.display().to_string();
            let bare = |message| Problem { file: shown.clone(), text: String::new(), line: None, message, help: None };
            let bytes = std::fs::read(&path).map_err(|error| bare(format!("cannot be read: {}", reason(&error))))?;
            let text = String::from_utf8(bytes).map_err(|_| bare("it is not UTF-8".into()))?;
            let environment = read(&shown, &text, name)?;
            let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if let Some(declared) = declared::connections(folder) {
                Reader { file: &shown, text: &text }.connections_exist(&declared)?;
            }
            Ok(environment)
        }
        None => match name {
            None => Ok(Environment::default()),
            Some(name) => Err(Problem {
                file: String::new(),
                text: String::new(),
                line: None,
                message: format!("there is no environment `{name}`: no `{FILE}` beside the program or above it"),
                help: Some(format!("write a `{FILE}` with `environments:`, or leave `--env` out")),
            }),
        },
    }
}

/// Next to the root, or in the nearest folder above it.
fn find(root: &Path) -> Option<PathBuf> {
    let folder = match root.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let beside = folder.join(FILE);
    if beside.is_file() {
        return Some(beside.strip_prefix("./").map(Path::to_path_buf).unwrap_or(beside));
    }
    let folder = folder.canonicalize().ok()?;
    folder.ancestors().skip(1).map(|above| above.join(FILE)).find(|path| path.is_file())
}

/// Reads the text of the file.
pub fn read(file: &str, text: &str, name: Option<&str>) -> Result<Environment, Problem> {
    Reader { file, text }.environment(name)
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
}

impl Reader<'_> {
    fn environment(&self, name: Option<&str>) -> Result<Environment, Problem> {
        let root: Value = serde_yaml::from_str(self.text).map_err(|error| {
            let line = error.location().map(|it| it.line());
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default();
            self.problem(line, format!("this is not YAML: {what}"), None)
        })?;
        let root = match &root {
            Value::Null => return self.pick(&Mapping::new(), None, name),
            Value::Mapping(root) => root,
            _ => return Err(self.problem(Some(1), "expected `environments:` or `lints:` here".into(), None)),
        };
        self.known(root, &[], &["default", "environments", "lints"])?;
        let default = match root.get("default") {
            None => None,
            Some(Value::String(default)) => Some(default.as_str()),
            Some(_) => return Err(self.at(&["default"], "expected the name of an environment".into(), None)),
        };
        let none = Mapping::new();
        let environments = match root.get("environments") {
            None => &none,
            Some(value) => self.mapping(value, &["environments"])?,
        };
        // All of them are read, not only the one that is wanted: a slip in `prod` should not wait for the release.
        for (key, value) in environments {
            let key = self.name(key, &["environments"])?;
            self.one(key, value)?;
        }
        let mut environment = self.pick(environments, default, name)?;
        environment.lints.file = lints::read(self, root)?;
        Ok(environment)
    }

    /// A connection that no program has is a slip: its program would go on with what it says itself.
    fn connections_exist(&self, declared: &BTreeSet<String>) -> Result<(), Problem> {
        let root: Value = serde_yaml::from_str(self.text).unwrap_or_default();
        let Some(Value::Mapping(environments)) = root.get("environments") else { return Ok(()) };
        for (environment, body) in environments.iter().filter_map(|(key, body)| Some((key.as_str()?, body))) {
            let Some(Value::Mapping(connections)) = body.get("connections") else { continue };
            let unknown = connections.keys().filter_map(Value::as_str).find(|it| !declared.contains(*it));
            if let Some(name) = unknown {
                let help = match closest(name, declared.iter().map(String::as_str)) {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => "take it out, or declare it in a program: `connection … = …`".into(),
                };
                let message = format!("no program beside this file or below it has a connection `{name}`");
                return Err(self.at(&["environments", environment, "connections", name], message, Some(help)));
            }
        }
        Ok(())
    }

    fn pick(&self, environments: &Mapping, default: Option<&str>, name: Option<&str>) -> Result<Environment, Problem> {
        let Some(wanted) = name.or(default) else { return Ok(Environment::default()) };
        if let Some(value) = environments.get(wanted) {
            return self.one(wanted, value);
        }
        let known: Vec<&str> = environments.keys().filter_map(Value::as_str).collect();
        let help = match closest(wanted, known.iter().copied()) {
            Some(close) => format!("did you mean `{close}`?"),
            None if known.is_empty() => "the file has no environments".into(),
            None => format!("known are: {}", known.join(", ")),
        };
        let message = format!("there is no environment `{wanted}`");
        Err(match name {
            Some(_) => self.problem(None, format!("{message} in {}", self.file), Some(help)),
            None => self.at(&["default"], message, Some(help)),
        })
    }

    fn one(&self, name: &str, value: &Value) -> Result<Environment, Problem> {
        let path = ["environments", name];
        let mut environment = Environment {
            name: Some(name.into()),
            file: Some(self.file.into()),
            text: self.text.into(),
            ..Environment::default()
        };
        if value.is_null() {
            return Ok(environment);
        }
        let body = self.mapping(value, &path)?;
        self.known(body, &path, &["connections", "params"])?;
        if let Some(connections) = body.get("connections").filter(|it| !it.is_null()) {
            let path = ["environments", name, "connections"];
            for (key, value) in self.mapping(connections, &path)? {
                let key = self.name(key, &path)?;
                environment.connections.insert(key.into(), self.connection(name, key, value)?);
            }
        }
        if let Some(params) = body.get("params").filter(|it| !it.is_null()) {
            let path = ["environments", name, "params"];
            for (key, value) in self.mapping(params, &path)? {
                let key = self.name(key, &path)?;
                let text = match value {
                    Value::String(text) => text.clone(),
                    Value::Number(number) => number.to_string(),
                    Value::Bool(value) => value.to_string(),
                    _ => {
                        let path = ["environments", name, "params", key];
                        return Err(self.at(&path, "a parameter is text, a number, `true` or `false`".into(), None));
                    }
                };
                environment.params.insert(key.into(), text);
                if let Some(place) = place_of(self.text, &["environments", name, "params", key]) {
                    environment.places.insert(key.into(), place);
                }
            }
        }
        Ok(environment)
    }

    fn connection(&self, environment: &str, name: &str, value: &Value) -> Result<EnvironmentConnection, Problem> {
        let path = ["environments", environment, "connections", name];
        let mut connection = EnvironmentConnection::default();
        for (key, value) in self.mapping(value, &path)? {
            let key = self.name(key, &path)?;
            let path = ["environments", environment, "connections", name, key];
            if key == "kind" {
                let Value::String(kind) = value else {
                    return Err(self.at(&path, "expected a kind of connection, such as `kafka`".into(), None));
                };
                connection.kind = Some(kind.clone());
            } else {
                let option = value::option(value).map_err(|message| self.at(&path, message, None))?;
                connection.options.insert(key.into(), option);
            }
        }
        Ok(connection)
    }

    fn known(&self, mapping: &Mapping, path: &[&str], known: &[&str]) -> Result<(), Problem> {
        for key in mapping.keys() {
            let key = self.name(key, path)?;
            if !known.contains(&key) {
                let help = match closest(key, known.iter().copied()) {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => format!("known are: {}", known.join(", ")),
                };
                let place: Vec<&str> = path.iter().copied().chain([key]).collect();
                return Err(self.at(&place, format!("unknown key `{key}`"), Some(help)));
            }
        }
        Ok(())
    }

    fn mapping<'v>(&self, value: &'v Value, path: &[&str]) -> Result<&'v Mapping, Problem> {
        match value {
            Value::Mapping(mapping) => Ok(mapping),
            _ => Err(self.at(path, format!("`{}` needs entries `name: value`", path.join(".")), None)),
        }
    }

    fn name<'v>(&self, key: &'v Value, path: &[&str]) -> Result<&'v str, Problem> {
        key.as_str().ok_or_else(|| self.at(path, "a name here is text".into(), None))
    }

    fn at(&self, path: &[&str], message: String, help: Option<String>) -> Problem {
        self.problem(line_of(self.text, path), message, help)
    }

    fn problem(&self, line: Option<usize>, message: String, help: Option<String>) -> Problem {
        Problem { file: self.file.into(), text: self.text.into(), line, message, help }
    }
}

/// The line of a key, from 1: YAML's values have no places, so the keys are looked for one below the other. A key inside
/// `{ … }` gives the line of the block around it, or the line it is on.
fn line_of(text: &str, path: &[&str]) -> Option<usize> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = None;
    let mut from = 0;
    for key in path {
        let at = lines.iter().enumerate().skip(from).find(|(_, line)| {
            let line = line.trim_start().trim_start_matches(['{', '"', '\'']).trim_start();
            line.strip_prefix(key)
                .is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':'))
        });
        let Some((at, _)) = at else { break };
        found = Some(at + 1);
        from = at + 1;
    }
    found
}

/// The bytes of a key, for messages that point at it.
fn place_of(text: &str, path: &[&str]) -> Option<(usize, usize)> {
    let line = line_of(text, path)?;
    let key = path.last()?;
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    // Inside `{ … }` the line of the block around it is found: the key may be on it, or below.
    let rest = text.get(start..)?;
    let word = |at: usize| {
        let before = rest.get(..at).and_then(|it| it.chars().next_back());
        let after = rest.get(at + key.len()..).unwrap_or_default().trim_start_matches(['"', '\'']).trim_start();
        !before.is_some_and(|it| it.is_alphanumeric() || it == '_') && after.starts_with(':')
    };
    let at = rest.match_indices(key).map(|(at, _)| at).find(|at| word(*at))?;
    Some((start + at, start + at + key.len()))
}

/// The environments of the file beside a root, for help texts: names only, the default left out.
pub fn others(root: &Path, current: Option<&str>) -> Vec<String> {
    let Some(text) = find(root).and_then(|path| std::fs::read_to_string(path).ok()) else { return vec![] };
    let Ok(root) = serde_yaml::from_str::<BTreeMap<String, Value>>(&text) else { return vec![] };
    let Some(Value::Mapping(all)) = root.get("environments") else { return vec![] };
    all.keys().filter_map(Value::as_str).filter(|it| Some(*it) != current).map(String::from).collect()
}

/// Text for `OptionValue` in messages.
pub fn is_embedded(options: &BTreeMap<String, OptionValue>) -> bool {
    options.get("embedded") == Some(&OptionValue::Bool(true))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
default: embedded
environments:
  embedded:
    connections:
      bus: { kind: kafka, embedded: true }
  servers:
    connections:
      bus:
        kind: kafka
        brokers: { env: KAFKA_BROKERS, default: "127.0.0.1:9092" }
        timeout: 30s
        buffer: 8MiB
    params: { partitions: 6, country: NL }
"#;

    #[test]
    fn the_default_and_a_name() {
        let embedded = read("pipewright.yaml", TEXT, None).unwrap();
        assert_eq!(embedded.name.as_deref(), Some("embedded"));
        assert_eq!(embedded.connections["bus"].options["embedded"], OptionValue::Bool(true));

        let servers = read("pipewright.yaml", TEXT, Some("servers")).unwrap();
        let bus = &servers.connections["bus"];
        assert_eq!(bus.kind.as_deref(), Some("kafka"));
        assert_eq!(bus.options["timeout"], OptionValue::Duration(30_000_000));
        assert_eq!(bus.options["buffer"], OptionValue::Size(8 << 20));
        assert_eq!(
            bus.options["brokers"],
            OptionValue::Env { name: "KAFKA_BROKERS".into(), fallback: Some("127.0.0.1:9092".into()) }
        );
        assert_eq!(servers.params["partitions"], "6");
        assert_eq!(servers.params["country"], "NL");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let problem = |text: &str, name| read("pipewright.yaml", text, name).unwrap_err();
        let shown = |text: &str, name| {
            let it = problem(text, name);
            format!("{it} / {}", it.help.as_deref().unwrap_or_default())
        };
        assert_eq!(
            shown(TEXT, Some("server")),
            "pipewright.yaml: there is no environment `server` in pipewright.yaml / did you mean `servers`?"
        );
        assert_eq!(
            shown(&TEXT.replace("default: embedded", "default: live"), None),
            "pipewright.yaml:2: there is no environment `live` / known are: embedded, servers"
        );
        assert_eq!(
            shown(&TEXT.replace("  servers:\n    connections", "  servers:\n    conections"), None),
            "pipewright.yaml:8: unknown key `conections` / did you mean `connections`?"
        );
        assert_eq!(
            shown("environment:\n", None),
            "pipewright.yaml:1: unknown key `environment` / did you mean `environments`?"
        );
        assert_eq!(problem("a: [", None).line, Some(2));
        assert_eq!(shown("- x\n", None), "pipewright.yaml:1: expected `environments:` or `lints:` here / ");
        assert!(read("pipewright.yaml", "", None).is_ok());
    }
}
