//! The reference: every function, option and diagnostic, from the declarations themselves. `pipewright explain NAME` prints a
//! page of it, `pipewright docs --write` writes all of it to `docs/`, and a test holds the two equal.

pub mod examples;
mod functions;
mod options;

use pipewright_compiler::diagnostics::{PAGES, default_level};

use crate::program::registry;

/// The generated files, below the folder of the project: path and content.
pub fn files() -> Vec<(&'static str, String)> {
    vec![
        ("docs/diagnostics.md", diagnostics()),
        ("docs/functions.md", functions::document()),
        ("docs/options.md", options::document()),
    ]
}

/// What stands at the top of a generated file.
const GENERATED: &str = "<!-- Written by `pipewright docs --write` from the declarations. -->\n\n";

fn diagnostics() -> String {
    let mut out = format!(
        "{GENERATED}# Diagnostics\n\nEvery finding has a name: it is printed, `pipewright explain NAME` prints its page, and \
         a lint is silenced on the\nnext line by the comment `# pipewright: allow(NAME)`.\n"
    );
    out.push_str(
        "\nLints, with how loud they are if nothing else is said ([lints.md](lints.md) tells how to change it):\n\n",
    );
    for (name, level) in PAGES.iter().filter_map(|(name, _)| Some((name, default_level(name)?))) {
        out.push_str(&format!("- [{name}](#{name}): {}\n", level.word()));
    }
    for (name, page) in PAGES {
        out.push_str(&format!("\n## {name}\n\n{}\n", page.trim()));
    }
    out
}

/// What can be done about a lint, for the end of its page.
fn loudness(name: &str) -> Option<String> {
    let level = default_level(name)?;
    Some(format!(
        "\nThis is a lint, `{}` if nothing else is said. The comment `# pipewright: allow({name})` silences it for the next \
         line, `lints:` in `pipewright.yaml` for a project, `check --allow {name}` for a run; `--deny` makes it an error.\n",
        level.word()
    ))
}

/// Title and page of what has this name: a diagnostic, a function, a connector or a codec.
pub fn page(name: &str) -> Option<(String, String)> {
    if let Some((name, page)) = PAGES.iter().find(|(it, _)| *it == name) {
        let more = loudness(name).unwrap_or_default();
        return Some(((*name).to_string(), format!("{page}{more}")));
    }
    let registry = registry();
    if let Some(function) = registry.function(name) {
        return Some((functions::signature(function), functions::page(function)));
    }
    if let Some(connector) = registry.connector(name) {
        return Some((format!("connection … = {name}"), options::connector(connector)));
    }
    registry.codec(name).map(|codec| (format!("format = {name}"), options::codec(codec)))
}

/// Every name that has a page.
pub fn names() -> Vec<&'static str> {
    let registry = registry();
    let mut names: Vec<&str> = PAGES.iter().map(|(name, _)| *name).collect();
    names.extend(registry.functions.iter().map(|it| it.name));
    names.extend(registry.connectors.iter().map(|it| it.name));
    names.extend(registry.codecs.iter().map(|it| it.name));
    names
}
