//! Where a stage may begin: what `--from` says, and when a stage must not begin without it.

use pipewright_plan::{Plan, Stage, Start, Topic};

use crate::report::{ErrorClass, Event, Observer, RunError};
use crate::sinks::{Acquired, Emptied, History};

/// Refuses a stage that has rows but no position, unless the user said where it begins, and one that goes on in the middle although
/// its rows are gone. `embedded`: its topics live in the process, so that "from now on" and points in time mean nothing.
pub(super) fn check(
    plan: &Plan,
    stage: &Stage,
    history: &History,
    from: Option<Start>,
    embedded: bool,
    observer: &dyn Observer,
) -> Result<(), RunError> {
    let filled = match (history, from) {
        (History::Emptied(emptied), _) => return Err(table_emptied(plan, stage, emptied)),
        (History::Late(tables), _) => {
            for table in tables {
                let text = format!(
                    "`{table}` is new to stage `{}`, which goes on at its stored positions: what came before them is not in it, \
                     unless the stage begins anew with `{}`",
                    stage.id,
                    anew(plan, &stage.id)
                );
                observer.event(Event::Note { text });
            }
            return Ok(());
        }
        (History::Stored, Some(_)) => {
            let text = format!(
                "stage `{}` goes on at its stored position: `--from` is for one that has none; `{} --to …` moves it",
                stage.id,
                anew(plan, &stage.id)
            );
            observer.event(Event::Note { text });
            return Ok(());
        }
        (History::Fresh | History::Stored, _) | (History::RowsOnly(_), Some(_)) => return Ok(()),
        (History::RowsOnly(filled), None) => filled,
    };
    let choices = if embedded {
        "`--from earliest` reads the sources from their first record and stores all of them again; if the rows are of no \
         use any more, empty the table or name another database"
            .to_string()
    } else {
        "say where it begins: `--from earliest` stores every record of its topics (again), `--from latest` only what comes \
         from now on, `--from 2026-01-31T00:00:00Z` what came since then"
            .to_string()
    };
    let help = match filled.others.as_slice() {
        [other] => format!(
            "is it the stage of `{other}` under another name? Then write `was = \"{other}\"` in the `pipeline` block, and \
             it goes on where that stood. Else {choices}"
        ),
        _ => choices,
    };
    Err(RunError {
        name: "no-stored-position",
        message: format!(
            "stage `{}` has no stored position, but its table `{}` holds {}",
            stage.id,
            filled.table,
            filled.amount()
        ),
        help: Some(help),
        origin: stage.sinks.get(filled.sink).and_then(|it| plan.sink(it)).map(|it| it.origin),
        class: ErrorClass::WouldLose,
    })
}

/// The command with which a stage or a source forgets its positions.
pub(super) fn anew(plan: &Plan, stage: &str) -> String {
    let file = plan.files.first().map_or("FILE", String::as_str);
    format!("pipewright positions reset {file} {stage}")
}

/// A table that would be filled from the middle.
fn table_emptied(plan: &Plan, stage: &Stage, emptied: &Emptied) -> RunError {
    let Emptied { sink, table, another, permit, .. } = emptied;
    let how = if *another { "was dropped or emptied" } else { "is empty" };
    let others: Vec<String> = stage
        .sinks
        .iter()
        .enumerate()
        .filter(|(index, _)| index != sink)
        .filter_map(|(_, name)| plan.sink(name))
        .map(|it| format!("`{}`", it.table))
        .collect();
    let others = match others.as_slice() {
        [] => String::new(),
        others => format!(" (it fills {} again as well: empty what must not hold rows twice)", others.join(", ")),
    };
    RunError {
        name: "table-emptied",
        message: format!(
            "the table `{table}` {how}, but stage `{}` goes on at its stored positions: {}",
            stage.id,
            emptied.amount()
        ),
        help: Some(format!(
            "`{}` makes the stage begin anew{others}. If the table is emptied on purpose and is to go on from here, say so once: {permit}",
            anew(plan, &stage.id)
        )),
        origin: stage.sinks.get(*sink).and_then(|it| plan.sink(it)).map(|it| it.origin),
        class: ErrorClass::WouldLose,
    }
}

/// Refuses a partition whose row is gone while those of later ones are there: partitions are added behind the last one, so this one
/// was read before, and to begin anew in it would store its records twice.
pub(super) fn check_rows(plan: &Plan, stage: &Stage, topics: &[Topic], acquired: &[Acquired]) -> Result<(), RunError> {
    let is_new = |it: &&Acquired| it.next.is_none();
    let before_another = |it: &&Acquired| {
        acquired.iter().any(|other| other.topic == it.topic && other.partition > it.partition && other.next.is_some())
    };
    match acquired.iter().filter(is_new).find(before_another) {
        Some(it) => Err(position_missing(plan, stage, topics.get(usize::from(it.topic)), it.partition)),
        None => Ok(()),
    }
}

/// A partition that was read before and has no position.
pub(super) fn position_missing(plan: &Plan, stage: &Stage, topic: Option<&Topic>, partition: i32) -> RunError {
    let name = topic.map_or("?", |it| it.topic.as_str());
    RunError {
        name: "position-missing",
        message: format!(
            "stage `{}` has read partition {partition} of `{name}` before, but its stored position is gone",
            stage.id
        ),
        help: Some(format!(
            "`{} --partition {name}:{partition}` reads the partition again from its start, with `--to` from elsewhere",
            anew(plan, &stage.id)
        )),
        origin: topic.map(|it| it.origin),
        class: ErrorClass::WouldLose,
    }
}

/// What `--from` may say of topics that live in the process.
pub(super) fn check_embedded(from: Option<Start>) -> Result<(), RunError> {
    match from {
        None | Some(Start::Earliest) => Ok(()),
        Some(Start::Latest | Start::Timestamp(_)) => Err(RunError {
            name: "from-embedded",
            message: "an embedded run reads its sources from their first record".into(),
            help: Some("write `--from earliest`, or run on a real Kafka".into()),
            origin: None,
            class: ErrorClass::Configuration,
        }),
    }
}
