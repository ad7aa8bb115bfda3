//! `pipewright dead-letters ls|show|replay FILE`: bad records that were kept, with the reason, beside the rows in the database; those of
//! sources on a real Kafka, in the topic `<program>.dead_letters`; and their way back once the program is mended.

use std::path::PathBuf;

use crate::exit::Exit;

/// Look at bad records that were kept, and send them through the program again once it is mended
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// How many there are, by reason and place; the newest of each
    Ls(Which),
    /// The letters themselves, with their original bytes
    Show(Which),
    /// Sends them through the program again, now that it is mended
    Replay(Replay),
}

#[derive(Debug, clap::Args)]
struct Replay {
    #[command(flatten)]
    which: Which,
    /// Set a parameter: `--set min_amount=5`
    #[arg(long, value_name = "PARAM=VALUE", value_parser = super::run::assignment)]
    set: Vec<(String, String)>,
    /// Say what would become of them, and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
struct Which {
    /// The program
    file: PathBuf,
    /// The environment of `pipewright.yaml`; without it, the file's default
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Only those with this reason: `check-failed`
    #[arg(long)]
    name: Option<String>,
    /// Only those that this topic, transform or sink refused
    #[arg(long)]
    node: Option<String>,
    /// Only those of this topic in Kafka
    #[arg(long)]
    topic: Option<String>,
    /// Only those of this partition
    #[arg(long)]
    partition: Option<i32>,
    /// Only the one at this offset
    #[arg(long)]
    offset: Option<i64>,
    /// Those that were replayed, superseded or read again, too
    #[arg(long)]
    all: bool,
    /// At most so many; `show` prints 10 if you do not say
    #[arg(long)]
    limit: Option<u32>,
    /// One JSON document instead of text
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    #[default]
    Human,
    Json,
}

#[cfg(not(feature = "run"))]
/// Says what is missing.
pub fn run(arguments: &Arguments) -> Exit {
    let _ = format!("{arguments:?}");
    crate::output::complain(
        "this build only checks, formats and explains; the full one (feature `run`) reads databases",
    );
    Exit::Usage
}

#[cfg(feature = "run")]
pub use engine::run;

#[cfg(feature = "run")]
mod engine {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use pipewright_compiler::source::Sources;
    use pipewright_plan::Plan;
    use pipewright_runtime::report::RunError;
    use pipewright_runtime::report::{Event, Observer};
    use pipewright_runtime::run::replay;
    use pipewright_runtime::sinks::DatabaseError;
    use pipewright_runtime::sinks::dead_letters::{LetterFilter, StoredLetter};
    use pipewright_runtime::sinks::open_connection;
    use serde_json::{Value, json};

    use super::{Arguments, Command, Exit, Format, Replay, Which};
    use crate::commands::{explain, run};
    use crate::output;
    use crate::report::{grouped, replay as told, run_error};
    use crate::style::Style;

    /// Lists or shows.
    pub fn run(arguments: &Arguments) -> Exit {
        let (which, show) = match &arguments.command {
            Command::Ls(which) => (which, false),
            Command::Show(which) => (which, true),
            Command::Replay(it) => return send_again(it),
        };
        let (plan, sources) = match explain::read(&which.file, which.env.as_deref(), &[]) {
            Ok(read) => read,
            Err(exit) => return exit,
        };
        let plan = match pipewright_runtime::run::resolve_plan(plan, &run::base(&which.file)) {
            Ok(plan) => plan,
            Err(error) => {
                output::talk(&run_error::render(&error, &sources, Style::stderr()));
                return run_error::exit(error.class);
            }
        };
        let mut letters = match read(&plan, which, show) {
            Ok(letters) => letters,
            Err(error) => {
                output::complain(&error.to_string());
                return if matches!(error, DatabaseError::Unavailable(_)) { Exit::OutOfReach } else { Exit::Findings };
            }
        };
        let ear: Arc<dyn Observer> = Arc::new(Silent);
        let of_sources = pipewright_runtime::run::source_letters(&plan, &filter(which, show), &ear);
        let mut exit = Exit::Fine;
        match of_sources {
            Ok(more) => {
                letters.extend(more);
                letters.sort_by(|a, b| a.created_at.cmp(&b.created_at));
                letters
                    .truncate(filter(which, show).limit.and_then(|it| usize::try_from(it).ok()).unwrap_or(usize::MAX));
            }
            Err(error) => {
                // Those in the database can be shown all the same.
                output::talk(&run_error::render(&error, &sources, Style::stderr()));
                exit = run_error::exit(error.class);
            }
        }
        output::data(&match (which.format, show) {
            (Format::Json, _) => format!("{:#}\n", Value::Array(letters.iter().map(as_json).collect())),
            (Format::Human, true) => letters.iter().map(|it| page(it, &plan, Style::stdout())).collect(),
            (Format::Human, false) => list(&letters, &plan),
        });
        match letters.last() {
            None if exit == Exit::Fine => output::talk(none(which)),
            Some(last) if !show && which.format == Format::Human => {
                let file = which.file.display();
                let env = which.env.as_ref().map(|it| format!(" --env {it}")).unwrap_or_default();
                output::talk(&format!(
                    "\nnext: pipewright dead-letters show {file}{env} --name {}\n\
                     mended: pipewright dead-letters replay {file}{env} --dry-run\n",
                    last.name
                ));
            }
            Some(_) | None => {}
        }
        exit
    }

    /// A filter that is misspelt must not look as if all were well.
    fn none(which: &Which) -> &'static str {
        let chosen = which.name.is_some() || which.node.is_some() || which.topic.is_some();
        match chosen || which.partition.is_some() || which.offset.is_some() {
            true => "no dead letter fits what was asked for; without it, there may be others\n",
            false => "no dead letters\n",
        }
    }

    /// Waiting is no news here: it ends in letters or in an error.
    struct Silent;

    impl Observer for Silent {
        fn event(&self, _: Event) {}
    }

    fn send_again(it: &Replay) -> Exit {
        let which = &it.which;
        let (plan, sources) = match explain::read(&which.file, which.env.as_deref(), &it.set) {
            Ok(read) => read,
            Err(exit) => return exit,
        };
        let complain = |error: &RunError, sources: &Sources| {
            output::talk(&run_error::render(error, sources, Style::stderr()));
            run_error::exit(error.class)
        };
        let request = replay::Request { filter: LetterFilter { open: true, ..filter(which, false) }, dry: it.dry_run };
        let env = which.env.as_ref().map(|it| format!(" --env {it}")).unwrap_or_default();
        let typed = format!("{}{env}", which.file.display());
        let ear: Arc<dyn Observer> = Arc::new(Silent);
        let report = match replay::replay(plan, &run::base(&which.file), &request, &ear) {
            Ok(report) => report,
            Err(error) => return complain(&error, &sources),
        };
        output::data(&match which.format {
            Format::Json => format!("{:#}\n", told::document(&report, it.dry_run)),
            Format::Human => told::text(&report, it.dry_run).replace("FILE", &typed),
        });
        if let Some(error) = &report.failed {
            return complain(error, &sources);
        }
        if report.fates.is_empty() {
            output::talk(none(which));
        }
        match told::judge(&report) {
            (true, _) => Exit::Fine,
            (false, true) => Exit::Policy,
            (false, false) => Exit::Findings,
        }
    }

    fn filter(which: &Which, show: bool) -> LetterFilter {
        LetterFilter {
            stage: None,
            node: which.node.clone(),
            name: which.name.clone(),
            topic: which.topic.clone(),
            partition: which.partition,
            offset: which.offset,
            open: !which.all,
            limit: which.limit.or(show.then_some(10)),
        }
    }

    fn read(plan: &Plan, which: &Which, show: bool) -> Result<Vec<StoredLetter>, DatabaseError> {
        let filter = filter(which, show);
        let mut domains: Vec<&str> = plan.stages.iter().map(|it| it.domain.as_str()).collect();
        domains.dedup();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| DatabaseError::Unavailable(error.to_string()))?;
        runtime.block_on(async {
            let mut letters = vec![];
            for domain in domains {
                letters.extend(open_connection(plan, domain)?.dead_letters(&filter).await?);
            }
            Ok(letters)
        })
    }

    /// Where it was read: a record of a topic, or a byte of a source's file.
    fn read_at(it: &StoredLetter, plan: &Plan) -> String {
        if plan.source(&it.topic).is_some() {
            format!("source {} at byte {}", it.topic, it.offset)
        } else {
            format!("{}[{}] at {}", it.topic, it.partition, it.offset)
        }
    }

    /// One line per reason and place, the most frequent first, with an example.
    fn list(letters: &[StoredLetter], plan: &Plan) -> String {
        let mut groups = BTreeMap::<(&str, &str, &str), (u64, &StoredLetter)>::new();
        for it in letters {
            let group = groups.entry((&it.name, &it.node, &it.place)).or_insert((0, it));
            *group = (group.0 + 1, it);
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        let mut out = String::new();
        for ((name, node, place), (count, it)) in &groups {
            out.push_str(&format!("{:>9}  {name}  in {node}, {place}\n", grouped(*count)));
            out.push_str(&format!("           {} ({})\n", it.reason, read_at(it, plan)));
        }
        out
    }

    fn page(it: &StoredLetter, plan: &Plan, style: Style) -> String {
        let head = format!("{}: {}", read_at(it, plan), it.reason);
        let mut out = format!("{}\n", style.paint("1", &head));
        let step = it.step.as_ref().map(|step| format!(" step {step}")).unwrap_or_default();
        out.push_str(&format!("  reason   {} in {}{step}, {}\n", it.name, it.node, it.place));
        out.push_str(&format!("  stored   {}\n", it.created_at));
        if it.stale_key {
            out.push_str("  row      the last good version stays in the table\n");
        }
        if let Some(key) = &it.key {
            out.push_str(&format!("  key      {}\n", String::from_utf8_lossy(key)));
        }
        match &it.value {
            Some(value) => out.push_str(&format!("  value    {}\n", String::from_utf8_lossy(value))),
            None => out.push_str("  value    not kept\n"),
        }
        out.push('\n');
        out
    }

    fn as_json(it: &StoredLetter) -> Value {
        let text = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|it| String::from_utf8_lossy(it).into_owned());
        json!({
            "stage": it.stage, "topic": it.topic, "partition": it.partition, "offset": it.offset, "ordinal": it.ordinal,
            "key": text(&it.key), "value": text(&it.value), "node": it.node, "step": it.step, "place": it.place,
            "name": it.name, "reason": it.reason, "stale_key": it.stale_key, "record_time": it.record_time,
            "created_at": it.created_at, "replayed_at": it.replayed_at,
        })
    }
}
