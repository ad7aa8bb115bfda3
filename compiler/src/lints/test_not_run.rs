//! `test` blocks, which this version reads only.

use super::facts::Facts;
use crate::diagnostics::{Diagnostics, TestNotRun};

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    for test in &facts.context.index.tests {
        diagnostics.emit(TestNotRun { span: test.declaration.head });
    }
}
