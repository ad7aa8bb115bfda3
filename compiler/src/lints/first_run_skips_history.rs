//! A stage that begins at the end of its topic.

use pipewright_plan::Start;

use super::facts::Facts;
use crate::diagnostics::{Diagnostics, FirstRunSkipsHistory};

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    for topic in facts.program.topics.iter().filter(|it| it.start == Start::Latest) {
        diagnostics.emit(FirstRunSkipsHistory { topic: topic.name.clone(), span: facts.option(&topic.name, "start") });
    }
}
