//! The database of a stage at the start of a run: opened, its tables made and checked, and whether the stage may begin as it is.
//! The same for runs on servers and embedded ones.
//!
//! Invariants: a database that is away at the start is waited for as one that goes away later is, for a while; one that says "no"
//! is not asked again. Nothing is read before this is through.

use std::time::{Duration, Instant};

use pipewright_plan::{Origin, Plan, Stage};

use super::committer::{alone, database_error};
use super::embedded::owner;
use super::{RunSettings, asynchronous, beginning, bug};
use crate::report::{Event, Observer, RunError};
use crate::sinks::{self, AnyDatabase, Database, DatabaseError, History, RowEncoder};

/// How long a database may be away at the start before the run gives up with exit code 3.
const PATIENCE: Duration = Duration::from_secs(30);
/// Until it is asked again.
const PAUSE: Duration = Duration::from_millis(500);

/// The database of a stage that may begin.
pub(super) struct Opened {
    pub(super) database: AnyDatabase,
    pub(super) runtime: tokio::runtime::Runtime,
    pub(super) encoders: Vec<Box<dyn RowEncoder>>,
    pub(super) history: History,
    /// Dead letters of earlier runs.
    pub(super) letters_before: u64,
    /// "PostgreSQL at 127.0.0.1:5432 (connection `warehouse`)"
    pub(super) what: String,
    /// Places of the sinks.
    pub(super) origins: Vec<Origin>,
}

/// Opens it. `embedded`: the topics of the stage live in the process. `ending`: whether the run ends meanwhile.
pub(super) fn open(
    plan: &Plan,
    stage: &Stage,
    settings: &RunSettings,
    embedded: bool,
    observer: &dyn Observer,
    ending: &dyn Fn() -> bool,
) -> Result<Opened, RunError> {
    let runtime = asynchronous()?;
    let what = sinks::describe(plan, &stage.domain);
    let origins: Vec<_> = stage.sinks.iter().filter_map(|it| plan.sink(it)).map(|it| it.origin).collect();
    let fail = |error: DatabaseError| database_error(error, &what, &origins);
    let mut database = sinks::open(plan, stage, &owner()).map_err(fail)?;
    let waiting = Waiting { runtime: &runtime, what: &what, observer, ending };
    let history = waiting.prepare(&mut database).map_err(|errors| first_error(errors, &fail))?;
    beginning::check(plan, stage, &history, settings.from, embedded, observer)?;
    let letters_before = runtime.block_on(database.letters_waiting()).map_err(fail)?;
    let encoders = database.encoders().map_err(fail)?;
    Ok(Opened { database, runtime, encoders, history, letters_before, what, origins })
}

struct Waiting<'a> {
    runtime: &'a tokio::runtime::Runtime,
    what: &'a str,
    observer: &'a dyn Observer,
    ending: &'a dyn Fn() -> bool,
}

impl Waiting<'_> {
    /// Makes and checks the tables.
    fn prepare(&self, database: &mut AnyDatabase) -> Result<History, Vec<DatabaseError>> {
        let started = Instant::now();
        let mut told = false;
        loop {
            let attempt = async {
                database.prepare().await?;
                database.history().await.map_err(|error| vec![error])
            };
            let errors = match self.runtime.block_on(attempt) {
                Ok(history) => {
                    if told {
                        self.observer.event(Event::Resumed { what: self.what.to_string() });
                    }
                    return Ok(history);
                }
                Err(errors) => errors,
            };
            let away = errors.iter().all(|it| matches!(it, DatabaseError::Unavailable(_)));
            if !away || (self.ending)() || started.elapsed() > PATIENCE {
                return Err(errors);
            }
            if !told {
                told = true;
                let why = errors.first().map(ToString::to_string).unwrap_or_default();
                let why = alone(self.what, &why).to_string();
                self.observer.event(Event::Waiting { what: self.what.to_string(), why });
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// The first thing that is wrong, with how many more there are.
pub(super) fn first_error(errors: Vec<DatabaseError>, fail: &dyn Fn(DatabaseError) -> RunError) -> RunError {
    let first = errors.first().map(ToString::to_string);
    let mut rest: Vec<String> =
        errors.iter().map(ToString::to_string).filter(|it| Some(it) != first.as_ref()).collect();
    rest.dedup();
    let more = rest.len();
    let mut error = match errors.into_iter().next() {
        Some(error) => fail(error),
        None => bug("a database refused without saying why"),
    };
    if more > 0 {
        error.message = format!("{} (and {more} more: {})", error.message, rest.join("; "));
    }
    error
}
