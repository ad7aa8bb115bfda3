//! `pipewright run FILE`: check, then run. Ctrl-C (or SIGTERM) drains, commits and ends; a second one ends at once, which
//! loses nothing either.

use std::path::PathBuf;

use pipewright_expr::convert::{Finer, read_timestamp};
use pipewright_plan::Start;

use crate::exit::Exit;

/// Check a program and run it
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A program (`shop.pipe`), or a plan that `explain --format yaml` saved
    file: PathBuf,
    /// The environment of `pipewright.yaml`; without it, the file's default
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Stop when the bounded sources are read and everything is stored. Without servers this is the default
    #[arg(long)]
    until_end: bool,
    /// Where stages without a stored position begin: `earliest`, `latest`, or a time such as `2026-01-31T10:00:00Z`. Needed
    /// when the tables of such a stage hold rows already
    #[arg(long, value_name = "START", value_parser = start)]
    from: Option<Start>,
    /// Only say what would be read, created and written, and what would stop the run; nothing is changed
    #[arg(long)]
    dry_run: bool,
    /// Set a parameter: `--set min_amount=5`
    #[arg(long, value_name = "PARAM=VALUE", value_parser = assignment)]
    set: Vec<(String, String)>,
}

pub(crate) fn start(text: &str) -> Result<Start, String> {
    let at = text.strip_prefix('@').unwrap_or(text);
    let midnight = format!("{at}T00:00:00Z");
    let time = |text: &str| read_timestamp(text.as_bytes(), Finer::Refuse).ok();
    match text {
        "earliest" => Ok(Start::Earliest),
        "latest" => Ok(Start::Latest),
        _ => time(at).or_else(|| time(&midnight)).map(Start::Timestamp).ok_or_else(|| {
            "write `earliest`, `latest`, a time with its zone (`2026-01-31T10:00:00Z`) or a day (`2026-01-31`)".into()
        }),
    }
}

pub(crate) fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_string(), value.to_string())),
        _ => Err("write it as `name=value`".into()),
    }
}

#[cfg(not(feature = "run"))]
/// Says what is missing.
pub fn run(arguments: &Arguments) -> Exit {
    let _ = (&arguments.file, &arguments.env, arguments.until_end, &arguments.from, arguments.dry_run, &arguments.set);
    crate::output::complain("this build only checks, formats and explains; the full one (feature `run`) runs programs");
    Exit::Usage
}

#[cfg(feature = "run")]
pub use engine::run;

#[cfg(feature = "run")]
mod engine {
    use std::path::Path;
    use std::sync::Arc;

    use pipewright_compiler::source::Sources;
    use pipewright_plan::Plan;
    use pipewright_runtime::run::{RunSettings, StopSignal};

    use super::{Arguments, Exit};
    use crate::commands::explain;
    use crate::environment;
    use crate::output;
    use crate::program::registry;
    use crate::progress::Progress;
    use crate::report::{dry_run, run_error, typed_help};
    use crate::signals;
    use crate::style::Style;
    use crate::summary;

    /// Runs.
    pub fn run(arguments: &Arguments) -> Exit {
        let (plan, sources) = match explain::read(&arguments.file, arguments.env.as_deref(), &arguments.set) {
            Ok(read) => read,
            Err(exit) => return exit,
        };
        let stop = Arc::new(StopSignal::new());
        if let Err(error) = signals::watch(Arc::clone(&stop)) {
            output::complain(&format!("cannot listen to signals: {error}"));
            return Exit::Bug;
        }
        let settings = RunSettings {
            until_end: arguments.until_end || ends_by_itself(&plan),
            base: base(&arguments.file),
            state_dir: state_dir(),
            from: arguments.from,
            stop,
        };
        let style = Style::stderr();
        if arguments.dry_run {
            return dry(plan, &settings, &sources, arguments);
        }
        let progress = Arc::new(Progress::new(style));
        let result = pipewright_runtime::run::run(plan.clone(), settings, Arc::clone(&progress) as _);
        progress.end();
        let typed = |error: &_| typed_help::fill_in(error, &plan, &arguments.file, arguments.env.as_deref());
        match result {
            Ok(done) => {
                let place = summary::Place {
                    program: &arguments.file,
                    env: arguments.env.as_deref(),
                    // A plan holds its environment.
                    others: if arguments.file.extension().is_some_and(|it| it == "pipe") {
                        environment::others(&arguments.file, arguments.env.as_deref())
                    } else {
                        vec![]
                    },
                };
                output::talk(&summary::render(&done, &plan, &place, style));
                // A run that was told to stop may not have come to the good ones yet.
                let bad: Vec<_> =
                    done.sources.iter().filter(|_| done.ended).filter_map(|it| it.without_good()).collect();
                let errors: Vec<_> = done.failed.iter().chain(&bad).collect();
                for error in &errors {
                    output::talk(&run_error::render(&typed(error), &sources, style));
                }
                errors.first().map_or(Exit::Fine, |error| run_error::exit(error.class))
            }
            Err(error) => {
                output::talk(&run_error::render(&typed(&error), &sources, style));
                run_error::exit(error.class)
            }
        }
    }

    /// Looks, and says what it has found.
    fn dry(plan: Plan, settings: &RunSettings, sources: &Sources, arguments: &Arguments) -> Exit {
        let style = Style::stderr();
        let plan = match pipewright_runtime::run::resolve_plan(plan, &settings.base) {
            Ok(plan) => plan,
            Err(error) => {
                output::talk(&run_error::render(&error, sources, style));
                return run_error::exit(error.class);
            }
        };
        let progress = Arc::new(Progress::new(style));
        let looked = pipewright_runtime::run::dry_run(&plan, settings, &(Arc::clone(&progress) as _));
        progress.end();
        output::data(&dry_run::render(&plan, settings, &looked));
        for problem in &looked.problems {
            let problem = typed_help::fill_in(problem, &plan, &arguments.file, arguments.env.as_deref());
            output::talk(&run_error::render(&problem, sources, style));
        }
        looked.problems.first().map_or(Exit::Fine, |it| run_error::exit(it.class))
    }

    /// Where relative paths of the program start: its folder.
    pub fn base(file: &Path) -> std::path::PathBuf {
        let folder = file.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf())
    }

    /// Where instances keep their slots in consumer groups: `$XDG_STATE_HOME/pipewright`, else below the home folder.
    fn state_dir() -> std::path::PathBuf {
        let of = |name: &str| std::env::var_os(name).filter(|it| !it.is_empty()).map(std::path::PathBuf::from);
        of("XDG_STATE_HOME")
            .or_else(|| of("HOME").map(|home| home.join(".local/state")))
            .unwrap_or_else(std::env::temp_dir)
            .join("pipewright")
    }

    /// Nothing can come after the end: the topics live in this process, and every source has an end.
    fn ends_by_itself(plan: &Plan) -> bool {
        let embedded =
            plan.connections.iter().filter(|it| it.kind == "kafka").all(|it| environment::is_embedded(&it.options));
        let bounded = |connection: &str| {
            let kind = plan.connection(connection).map(|it| it.kind.as_str()).unwrap_or_default();
            registry().connector(kind).is_some_and(|it| it.bounded)
        };
        embedded && plan.sources.iter().all(|it| bounded(&it.connection))
    }
}

#[cfg(feature = "run")]
pub use engine::base;

#[cfg(test)]
mod tests {
    use pipewright_plan::Start;

    use super::{assignment, start};

    #[test]
    fn a_start_is_a_word_a_time_or_a_day() {
        assert_eq!(start("earliest"), Ok(Start::Earliest));
        assert_eq!(start("latest"), Ok(Start::Latest));
        let day = Ok(Start::Timestamp(1_769_817_600_000_000));
        assert_eq!(start("2026-01-31"), day);
        assert_eq!(start("@2026-01-31T02:00:00+02:00"), day);
        assert!(start("2026-01-31T10:00:00").is_err(), "no zone");
        assert!(start("yesterday").is_err());
    }

    #[test]
    fn parameters_are_name_and_value() {
        assert_eq!(assignment("min=5"), Ok(("min".into(), "5".into())));
        assert_eq!(assignment("text=a=b"), Ok(("text".into(), "a=b".into())));
        assert!(assignment("min").is_err());
        assert!(assignment("=5").is_err());
    }
}
