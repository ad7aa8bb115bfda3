//! Dead letters that are sent through the program again, now that it is mended.
//!
//! Invariants: rows that come of a letter and its mark are one transaction, so a letter is never stored twice; only what its record
//! had lost is stored; an old version never takes the place of a newer one: where that cannot be known, the letter stays. Knows no
//! wording of commands.

mod newer;
mod record;
mod source;
mod stage;
mod there;

use std::collections::BTreeMap;
use std::sync::Arc;

use pipewright_plan::{BadRecordPolicy, Original, Plan};

use super::committer::database_error;
use super::{asynchronous, positions, resolve_plan};
use crate::report::{Observer, RunError};
use crate::sinks;
use crate::sinks::dead_letters::{LetterFilter, StoredLetter};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Which letters; those that were dealt with are not among them.
    pub filter: LetterFilter,
    /// Only say what would be done.
    pub dry: bool,
}

/// What became of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its rows are stored.
    Replayed,
    /// The program as it is now filters the record out.
    Filtered,
    /// A later record of its key has been there: there is nothing to store.
    Superseded,
    /// It was refused again: name and reason.
    Refused(String, String),
    /// It stays, and nothing was tried: why, and what may help.
    Left(String, Option<String>),
    /// Somebody else has dealt with it meanwhile.
    Elsewhere,
}

/// A letter, and what became of it.
#[derive(Clone, Debug)]
pub struct Fate {
    /// The letter as it was, without its bytes.
    pub letter: StoredLetter,
    /// What became of it.
    pub outcome: Outcome,
}

/// What a replay did, or would do.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Letter by letter.
    pub fates: Vec<Fate>,
    /// Rows and deletes, by sink and `connection.table`.
    pub rows: BTreeMap<(String, String), u64>,
    /// Why it ended early. What is told until then is done.
    pub failed: Option<RunError>,
}

impl Report {
    fn tell(&mut self, letter: &StoredLetter, outcome: Outcome) {
        let letter = StoredLetter { key: None, value: None, headers: vec![], ..letter.clone() };
        self.fates.push(Fate { letter, outcome });
    }
}

/// Sends letters through the program again. Blocks.
pub fn replay(
    plan: Plan,
    base: &std::path::Path,
    request: &Request,
    ear: &Arc<dyn Observer>,
) -> Result<Report, RunError> {
    crate::crash_points::arm();
    let plan = patient(resolve_plan(plan, base)?);
    let mut report = Report::default();
    let stages = positions::stages(&plan)?;
    let mut left = request.filter.limit;
    for stage in &stages {
        let result = stage::replay(&plan, stage, request, &mut left, &mut report);
        if let Err(error) = result {
            report.failed = Some(error);
            return Ok(report);
        }
    }
    // What a source had refused goes into its topics; a run reads it from there.
    if let Err(error) = source::replay(&plan, request, &mut left, ear, &mut report) {
        report.failed = Some(error);
        return Ok(report);
    }
    let known: Vec<&str> = stages.iter().map(|it| it.id.as_str()).collect();
    if let Err(error) = of_no_stage(&plan, &known, request, &mut left, &mut report) {
        report.failed = Some(error);
    }
    Ok(report)
}

/// Letters of stages that the program does not have any more.
fn of_no_stage(
    plan: &Plan,
    known: &[&str],
    request: &Request,
    left: &mut Option<u32>,
    report: &mut Report,
) -> Result<(), RunError> {
    let mut domains: Vec<&str> = plan.stages.iter().map(|it| it.domain.as_str()).collect();
    domains.sort_unstable();
    domains.dedup();
    let runtime = asynchronous()?;
    for domain in domains {
        let what = sinks::describe(plan, domain);
        let fail = |error| database_error(error, &what, &[]);
        let mut database = sinks::open_connection(plan, domain).map_err(fail)?;
        let filter = LetterFilter { open: true, limit: None, ..request.filter.clone() };
        let letters = runtime.block_on(database.dead_letters(&filter)).map_err(fail)?;
        for it in letters.iter().filter(|it| !known.contains(&it.stage.as_str())) {
            if !counted(left) {
                break;
            }
            let why = format!("the program has no stage `{}` any more", it.stage);
            report.tell(it, Outcome::Left(why, None));
        }
    }
    Ok(())
}

/// Whether one more letter is wanted.
fn counted(left: &mut Option<u32>) -> bool {
    match left {
        None => true,
        Some(0) => false,
        Some(it) => {
            *it -= 1;
            true
        }
    }
}

/// The program with the policy of a replay: whatever is bad stays a letter, and nothing stops.
fn patient(mut plan: Plan) -> Plan {
    let keep = BadRecordPolicy::DeadLetter { original: Original::Keep };
    plan.pipeline.on_bad_record = keep.clone();
    plan.pipeline.max_bad_ppm = 1_000_000;
    plan.topics.iter_mut().for_each(|it| it.on_bad_record = keep.clone());
    plan.sinks.iter_mut().for_each(|it| it.on_bad_record = keep.clone());
    plan.sources.iter_mut().for_each(|it| it.on_bad_record = keep.clone());
    plan
}
