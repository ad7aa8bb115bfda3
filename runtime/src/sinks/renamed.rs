//! A stage under a new name (`was = …`): what is stored under the old one becomes its own, once, in one transaction.

use super::StageContext;
use super::failure::Failure;

/// Both names have positions: nobody can tell which ones hold.
pub(crate) fn both(context: &StageContext, program: &str, stage: &str) -> Failure {
    let shown = |program: &str, stage: &str| format!("stage `{stage}` of `{program}`");
    let (old, new) = (shown(program, stage), shown(&context.program, &context.stage));
    Failure::configuration(
        "stored-under-both-names",
        format!("positions are stored for {new} and for {old}, which it is said to have been"),
        Some(
            "if it goes on under the new name, take `was` out; if a program under the old name still runs, stop it; else \
             delete the rows in the table of positions that do not hold"
                .to_string(),
        ),
    )
}
