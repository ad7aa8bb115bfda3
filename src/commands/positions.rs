//! `pipewright positions ls|set|reset FILE`: where stages and sources stand, and the way back when one must begin elsewhere.

use std::path::PathBuf;

use pipewright_plan::Start;

use super::run::{assignment, start};
use crate::exit::Exit;

/// Look at and change where stages and sources go on
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Where each stage and source stands, and how much is left
    Ls(Ls),
    /// Begin anew: a stage at the start of its topics (or `--to`), a source at its first record
    Reset(Reset),
    /// Go on at an offset, or behind a file
    Set(Set),
}

#[derive(Debug, clap::Args)]
struct Which {
    /// The program
    file: PathBuf,
    /// The environment of `pipewright.yaml`; without it, the file's default
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Set a parameter: `--set min_amount=5`
    #[arg(long, value_name = "PARAM=VALUE", value_parser = assignment)]
    set: Vec<(String, String)>,
}

#[derive(Debug, clap::Args)]
struct Ls {
    #[command(flatten)]
    which: Which,
    /// Only this stage or source
    name: Option<String>,
    /// One JSON document instead of text
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct Reset {
    #[command(flatten)]
    which: Which,
    /// The id of a stage (`orders-to-warehouse`) or the name of a source
    name: String,
    /// Only this partition of the stage
    #[arg(long, value_name = "TOPIC:NUMBER", value_parser = partition, conflicts_with = "path")]
    partition: Option<(String, i32)>,
    /// Only this file of the source, named from its `root` on: it is read again from its beginning
    #[arg(long = "file", value_name = "PATH")]
    path: Option<String>,
    /// Where the stage begins: `earliest`, `latest`, or a time such as `2026-01-31T10:00:00Z`
    #[arg(long, value_name = "START", value_parser = start, default_value = "earliest")]
    to: Start,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, clap::Args)]
struct Set {
    #[command(flatten)]
    which: Which,
    /// The id of a stage (`orders-to-warehouse`) or the name of a source
    name: String,
    /// The partition of the stage
    #[arg(value_name = "TOPIC:NUMBER", value_parser = partition, requires = "offset", required_unless_present = "path")]
    partition: Option<(String, i32)>,
    /// The offset of the next record to be read
    #[arg(value_name = "OFFSET", value_parser = clap::value_parser!(i64).range(0..))]
    offset: Option<i64>,
    /// A file of the source, named from its `root` on; with `--skip`
    #[arg(long = "file", value_name = "PATH", requires = "skip", conflicts_with = "partition")]
    path: Option<String>,
    /// The file counts as read to its end
    #[arg(long, requires = "path")]
    skip: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    #[default]
    Human,
    Json,
}

/// `orders:3`, and `orders[3]` as it is printed.
fn partition(text: &str) -> Result<(String, i32), String> {
    let split = text.strip_suffix(']').and_then(|it| it.rsplit_once('[')).or_else(|| text.rsplit_once(':'));
    split
        .and_then(|(topic, number)| Some((topic.to_string(), number.parse().ok().filter(|it| *it >= 0)?)))
        .filter(|(topic, _)| !topic.is_empty())
        .ok_or_else(|| "write topic and partition as `orders:3`".to_string())
}

#[cfg(not(feature = "run"))]
/// Says what is missing.
pub fn run(arguments: &Arguments) -> Exit {
    let _ = format!("{arguments:?}");
    crate::output::complain(
        "this build only checks, formats and explains; the full one (feature `run`) reads positions",
    );
    Exit::Usage
}

#[cfg(feature = "run")]
pub use engine::run;

#[cfg(feature = "run")]
mod engine {
    use std::io::{BufRead, IsTerminal};
    use std::sync::Arc;

    use pipewright_compiler::source::Sources;
    use pipewright_plan::Plan;
    use pipewright_runtime::report::{Event, Observer, RunError};
    use pipewright_runtime::run::positions::{self, Request, To};

    use super::{Arguments, Command, Exit, Format, Ls, Which};
    use crate::commands::{explain, run};
    use crate::output;
    use crate::report::{positions as shown, run_error};
    use crate::style::Style;

    /// Says when a server is waited for.
    struct Ear;

    impl Observer for Ear {
        fn event(&self, event: Event) {
            if let Event::Waiting { what, why } = event {
                output::talk(&format!("waiting for {what}: {why}\n"));
            }
        }
    }

    /// Lists or changes.
    pub fn run(arguments: &Arguments) -> Exit {
        match &arguments.command {
            Command::Ls(it) => ls(it),
            Command::Reset(it) => {
                let request = Request {
                    name: it.name.clone(),
                    partition: it.partition.clone().map(|(topic, number)| (topic, Some(number))),
                    file: it.path.clone(),
                    to: To::Start(it.to),
                };
                change(&it.which, &request, it.yes)
            }
            Command::Set(it) => {
                let request = Request {
                    name: it.name.clone(),
                    partition: it.partition.clone().map(|(topic, number)| (topic, Some(number))),
                    file: it.path.clone(),
                    to: it.offset.map_or(To::End, To::Offset),
                };
                change(&it.which, &request, it.yes)
            }
        }
    }

    fn read(which: &Which) -> Result<(Plan, Sources), Exit> {
        let (plan, sources) = explain::read(&which.file, which.env.as_deref(), &which.set)?;
        match pipewright_runtime::run::resolve_plan(plan, &run::base(&which.file)) {
            Ok(plan) => Ok((plan, sources)),
            Err(error) => Err(complain(&error, &sources)),
        }
    }

    fn complain(error: &RunError, sources: &Sources) -> Exit {
        output::talk(&run_error::render(error, sources, Style::stderr()));
        run_error::exit(error.class)
    }

    fn ls(it: &Ls) -> Exit {
        let (plan, sources) = match read(&it.which) {
            Ok(read) => read,
            Err(exit) => return exit,
        };
        let ear: Arc<dyn Observer> = Arc::new(Ear);
        let listed = positions::known(&plan, it.name.as_deref()).and_then(|()| positions::list(&plan, &ear));
        let mut all = match listed {
            Ok(all) => all,
            Err(error) => return complain(&error, &sources),
        };
        all.retain(|position| it.name.as_ref().is_none_or(|name| position.name == *name));
        output::data(&match it.format {
            Format::Json => shown::json(&all),
            Format::Human => shown::table(&all),
        });
        if all.is_empty() {
            output::talk("no positions: the program has not run yet\n");
        }
        Exit::Fine
    }

    fn change(which: &Which, request: &Request, yes: bool) -> Exit {
        let (plan, sources) = match read(which) {
            Ok(read) => read,
            Err(exit) => return exit,
        };
        let ear: Arc<dyn Observer> = Arc::new(Ear);
        let proposed = match positions::propose(&plan, request, &ear) {
            Ok(proposed) => proposed,
            Err(error) => return complain(&error, &sources),
        };
        if !yes {
            output::talk(&shown::proposal(&plan, request, &proposed));
            if !std::io::stdin().is_terminal() {
                output::complain("there is nobody to be asked: say `--yes`; nothing was changed");
                return Exit::Usage;
            }
            output::talk("Do it? [y/N] ");
            let mut answer = String::new();
            let read = std::io::stdin().lock().read_line(&mut answer);
            if read.is_err() || !matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
                output::talk("nothing was changed\n");
                return Exit::Fine;
            }
        }
        match positions::apply(&plan, request, &ear) {
            Ok(done) => {
                output::data(&shown::done(&done));
                Exit::Fine
            }
            Err(error) => complain(&error, &sources),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::partition;

    #[test]
    fn partitions_are_written_as_they_are_printed_or_with_a_colon() {
        assert_eq!(partition("orders:3"), Ok(("orders".into(), 3)));
        assert_eq!(partition("shop.orders[12]"), Ok(("shop.orders".into(), 12)));
        for wrong in ["orders", "orders:", ":3", "orders:-1", "orders[x]"] {
            assert!(partition(wrong).is_err(), "{wrong}");
        }
    }
}
