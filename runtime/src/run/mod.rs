//! Runs a plan: opens what it names, starts its stages, ends them in order.
//!
//! Two ways to run: [`embedded`] (the topics live in this process; one global epoch) and [`server`] (real Kafka). Both carry
//! records through the same engine into the same databases. Knows no clocks but the monotonic one, prints nothing: what
//! happens is told to the [`Observer`].

mod beginning;
mod committer;
mod dry;
mod embedded;
mod letters;
mod opening;
pub mod positions;
pub mod replay;
mod resolve;
mod server;
mod signal;
mod summary;
mod tally;

use std::path::PathBuf;
use std::sync::Arc;

use pipewright_plan::{Plan, Start};

pub use dry::{Dry, dry_run};
pub use letters::source_letters;
pub use resolve::{resolve_connection, resolve_plan};
pub use signal::StopSignal;

use crate::report::{ErrorClass, Observer, RunError, Summary, bug};

/// What a thread waits on its database with.
fn asynchronous() -> Result<tokio::runtime::Runtime, RunError> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| bug(format!("cannot start the asynchronous runtime: {error}")))
}

/// How a plan is run.
#[derive(Clone)]
pub struct RunSettings {
    /// Stop when the bounded inputs are read and everything is stored.
    pub until_end: bool,
    /// Relative paths of files and databases start here: the folder of the program.
    pub base: PathBuf,
    /// Where this instance keeps its slot in the consumer groups, so that a restart takes its partitions back at once.
    pub state_dir: PathBuf,
    /// Where partitions without a stored position begin, whatever their topics say; without it, a stage that has rows but no
    /// position does not begin at all.
    pub from: Option<Start>,
    /// Asks the run to drain, commit and end.
    pub stop: Arc<StopSignal>,
}

/// Runs a plan until it ends or is told to stop. Blocks.
pub fn run(plan: Plan, settings: RunSettings, observer: Arc<dyn Observer>) -> Result<Summary, RunError> {
    crate::crash_points::arm();
    let plan = resolve_plan(plan, &settings.base)?;
    if plan.stages.is_empty() {
        return Err(RunError {
            name: "nothing-to-run",
            message: format!("`{}` has no sink that anything flows into", plan.pipeline.name),
            help: Some("add a `sink … from … to …`".into()),
            origin: None,
            class: ErrorClass::Configuration,
        });
    }
    if embedded::is_embedded(&plan) {
        embedded::run(&plan, &settings, observer)
    } else {
        server::run(&plan, &settings, observer)
    }
}
