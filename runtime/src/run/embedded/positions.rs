//! A new beginning without servers: the cursors of sources change, the offsets of the topics go on. So a record that is read
//! again is a new one, and nothing of it is passed over as stored.
//!
//! Invariant: where the database is ahead of the sources' cursors (a run was killed in between), what it has is passed over only
//! if it comes again in the same order; what changes that order moves the topics to where the database stands, or is refused.

use pipewright_plan::{Plan, Stage};

use super::super::bug;
use super::super::positions::{Request, moved};
use super::loading::{STANDING, Standing};
use crate::report::{ErrorClass, RunError};
use crate::sinks::positions::{Changes, NewPosition, Stored};

/// What is to be stored. `source`: only this one; else all of them.
pub(in crate::run) fn changes(
    plan: &Plan,
    stage: &Stage,
    stored: &Stored,
    request: &Request,
    source: Option<&str>,
) -> Result<Changes, RunError> {
    let text = stored.cursors.get(STANDING);
    let mut standing: Standing = match (text.map(|it| serde_json::from_str(it)).transpose(), source) {
        (Ok(standing), _) => standing.unwrap_or_default(),
        // All of it is given up.
        (Err(_), None) => Standing::default(),
        (Err(error), Some(_)) => return Err(bug(format!("the stored cursor is unreadable: {error}"))),
    };
    let mut changes = Changes::default();
    let mut names: Vec<&str> = plan.ingest.iter().map(|it| it.source.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names.into_iter().filter(|it| source.is_none_or(|only| only == *it)) {
        let request = Request { name: name.to_string(), ..request.clone() };
        let (cursor, gone) = moved(plan, &request, stored.cursors.get(name).map(String::as_str))?;
        let read = standing.read.remove(name).unwrap_or_default();
        if request.file.is_some() {
            standing.read.insert(name.to_string(), read.saturating_sub(gone));
        }
        changes.cursors.insert(name.to_string(), cursor);
        if request.file.is_none() {
            let fed = plan.ingest.iter().filter(|it| it.source == name).filter_map(|it| plan.topic(&it.topic));
            changes.anew.extend(fed.map(|it| it.topic.clone()));
            changes.anew.push(name.to_string());
        }
    }
    for name in &stage.topics {
        let Some(topic) = plan.topic(name) else { continue };
        let count = usize::try_from(topic.partitioning.count.unwrap_or(1).max(1)).unwrap_or(1);
        let at = |partition: usize| {
            let found = stored
                .positions
                .iter()
                .find(|it| it.topic == topic.topic && usize::try_from(it.partition) == Ok(partition));
            found.and_then(|it| it.next).unwrap_or_default()
        };
        let ends: Vec<i64> = (0..count).map(at).collect();
        let feeds = |source: &str| plan.ingest.iter().any(|it| it.topic == *name && it.source == source);
        match source {
            None => drop(standing.offsets.insert(name.clone(), ends)),
            Some(source) if feeds(source) => {
                let ahead = standing.offsets.get(name).map_or(ends.iter().any(|it| *it > 0), |it| *it != ends);
                let alone = plan.ingest.iter().filter(|it| it.topic == *name).count() == 1;
                match (ahead, alone && request.file.is_none()) {
                    (false, _) => {}
                    (true, true) => drop(standing.offsets.insert(name.clone(), ends)),
                    (true, false) => return Err(unfinished(&plan.pipeline.name, &stage.id)),
                }
            }
            Some(_) => {}
        }
    }
    let text = serde_json::to_string(&standing).map_err(|error| bug(error.to_string()))?;
    changes.cursors.insert(STANDING.to_string(), Some(text));
    // The same positions under a new generation: a run that goes on is shut out.
    changes.positions = stored
        .positions
        .iter()
        .map(|it| NewPosition { topic: it.topic.clone(), partition: it.partition, next: it.next, topic_id: None })
        .collect();
    Ok(changes)
}

fn unfinished(program: &str, stage: &str) -> RunError {
    RunError {
        name: "run-unfinished",
        message: format!("the last run of `{program}` was killed between its rows and the position of its sources"),
        help: Some(format!(
            "run it once more, so that they fit, then repeat this; or let everything begin anew: `pipewright positions reset FILE {stage}`"
        )),
        origin: None,
        class: ErrorClass::WouldLose,
    }
}
