//! `pipewright explain CODE|FILE`: the page of a diagnostic or a function, or what a program means.

use std::path::Path;

use pipewright_compiler::source::Sources;
use pipewright_plan::Plan;
use serde_json::json;

use crate::exit::Exit;
use crate::report::Tally;
use crate::style::Style;
use crate::suggest::closest;
use crate::{explain, output, program, reference, report};

/// Explain a diagnostic (`pipewright explain unknown-option`), a function, a kind of connection, or what a program means
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The name of a diagnostic, function, connector or format; or a program, or a saved plan
    what: String,
    /// The environment of `pipewright.yaml`; without it, the file's default
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Set a parameter: `--set min_amount=5`
    #[arg(long, value_name = "PARAM=VALUE", value_parser = super::run::assignment)]
    set: Vec<(String, String)>,
    /// How to print it: `yaml` is the plan itself, which `pipewright run` takes as well; `mermaid` and `svg` draw a program
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    #[default]
    Text,
    Mermaid,
    Svg,
    Yaml,
    Json,
}

/// Explains.
pub fn run(arguments: &Arguments) -> Exit {
    let what = arguments.what.as_str();
    let path = Path::new(what);
    let extension = path.extension().and_then(|it| it.to_str());
    if matches!(extension, Some("pipe" | "yaml" | "yml")) || path.is_file() {
        return file(path, arguments);
    }
    let style = Style::stdout();
    if let Some((name, page)) = reference::page(what) {
        output::data(&match arguments.format {
            Format::Json => format!("{:#}\n", json!({ "name": name, "page": page })),
            Format::Text | Format::Yaml | Format::Mermaid | Format::Svg => explain::page::render(&name, &page, style),
        });
        return Exit::Fine;
    }
    let names = reference::names();
    let help = match closest(what, names.iter().copied()) {
        Some(close) => format!("did you mean `pipewright explain {close}`?"),
        None => "names are those of findings (`unknown-option`), functions (`round`), connectors (`kafka`); \
                 a program ends in `.pipe`"
            .into(),
    };
    output::complain(&format!("nothing is called `{what}`"));
    output::talk(&format!("  help: {help}\n"));
    Exit::Usage
}

fn file(path: &Path, arguments: &Arguments) -> Exit {
    let (plan, sources) = match read(path, arguments.env.as_deref(), &arguments.set) {
        Ok(read) => read,
        Err(exit) => return exit,
    };
    let text = match arguments.format {
        Format::Text => Ok(explain::program::render(&plan, &sources, Style::stdout())),
        Format::Mermaid => Ok(explain::diagram::mermaid::render(&explain::diagram::of(&plan))),
        Format::Svg => Ok(explain::diagram::svg::render(&explain::diagram::of(&plan))),
        Format::Yaml => plan.to_yaml().map_err(|error| error.to_string()),
        Format::Json => serde_json::to_string_pretty(&plan).map(|it| it + "\n").map_err(|error| error.to_string()),
    };
    match text {
        Ok(text) => {
            output::data(&text);
            Exit::Fine
        }
        Err(message) => {
            output::complain(&message);
            Exit::Bug
        }
    }
}

/// A program or a saved plan, ready to be run or explained. What is wrong with it has been said when this fails; warnings
/// have been said in any case.
pub fn read(path: &Path, env: Option<&str>, set: &[(String, String)]) -> Result<(Plan, Sources), Exit> {
    if path.extension().is_some_and(|it| it == "yaml" || it == "yml") {
        if env.is_some() || !set.is_empty() {
            let flag = if env.is_some() { "--env" } else { "--set" };
            output::complain(&format!("`{flag}` says nothing to a plan: it holds its environment and its parameters"));
            output::talk(
                "  help: write another plan: `pipewright explain FILE.pipe --env NAME --set NAME=VALUE --format yaml`\n",
            );
            return Err(Exit::Usage);
        }
        let text = std::fs::read_to_string(path).map_err(|error| {
            output::complain(&format!("cannot read `{}`: {}", path.display(), program::reason(&error)));
            Exit::Usage
        })?;
        let plan = Plan::from_yaml(&text).map_err(|error| {
            output::complain(&format!("{}: {error}", path.display()));
            Exit::Findings
        })?;
        return Ok((plan, Sources::default()));
    }
    if let Err((why, help)) = program::is_file(path) {
        output::complain(&why);
        help.into_iter().for_each(|it| output::talk(&format!("  help: {it}\n")));
        return Err(Exit::Usage);
    }
    let style = Style::stderr();
    let compilation = program::compile_in(path, env, set).map_err(|problem| {
        output::talk(&problem.render(style));
        Exit::Usage
    })?;
    output::talk(&report::human::render(&compilation.diagnostics, &compilation.sources, style));
    match compilation.plan {
        Some(plan) if Tally::of(&compilation.diagnostics).errors == 0 => Ok((plan, compilation.sources)),
        _ => Err(Exit::Findings),
    }
}
