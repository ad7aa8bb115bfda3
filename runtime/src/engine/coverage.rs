//! What the records of a test have reached: outcomes of conditions, branches of `if` and `match`. Filled by the closures that
//! the engine was built with; without a [`Coverage`] they note nothing and cost nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pipewright_expr::{Outcomes, Reached};
use pipewright_plan::Origin;

/// What can be reached, and what was.
#[derive(Debug, Default)]
pub struct Coverage {
    conditions: RefCell<BTreeMap<Place, (Origin, String, Arc<Outcomes>)>>,
    branches: RefCell<BTreeMap<(Place, Place), (Origin, Reached)>>,
}

/// File, first byte, one past the last: an origin that can be compared.
type Place = (u32, u32, u32);

/// One thing that a test can reach.
#[derive(Clone, Debug)]
pub struct Reachable {
    /// Where it stands.
    pub origin: Origin,
    /// What it would be: "`where` is true".
    pub what: String,
    /// Whether it was.
    pub reached: bool,
}

fn place(origin: Origin) -> Place {
    (origin.file, origin.start, origin.end)
}

impl Coverage {
    /// The outcomes of a `where` or `check`.
    pub(super) fn condition(&self, origin: Origin, keyword: &str) -> Arc<Outcomes> {
        let mut conditions = self.conditions.borrow_mut();
        let entry = conditions.entry(place(origin));
        Arc::clone(&entry.or_insert_with(|| (origin, keyword.to_string(), Arc::default())).2)
    }

    /// The branch of an `if` or `match`. A function that is called twice has its branches once.
    pub(super) fn branch(&self, choice: Origin, value: Origin) -> Reached {
        let mut branches = self.branches.borrow_mut();
        let entry = branches.entry((place(choice), place(value)));
        Arc::clone(&entry.or_insert_with(|| (value, Arc::new(AtomicBool::new(false)))).1)
    }

    /// Everything that can be reached, in the order of the program.
    pub fn report(&self) -> Vec<Reachable> {
        let mut all = Vec::new();
        for (origin, keyword, outcomes) in self.conditions.borrow().values() {
            for (truth, seen) in [("true", &outcomes.passed), ("false", &outcomes.failed)] {
                let what = format!("`{keyword}` is {truth}");
                all.push(Reachable { origin: *origin, what, reached: seen.load(Ordering::Relaxed) });
            }
        }
        for (origin, reached) in self.branches.borrow().values() {
            let reached = reached.load(Ordering::Relaxed);
            all.push(Reachable { origin: *origin, what: "this branch is taken".to_string(), reached });
        }
        all.sort_by_key(|it| (it.origin.file, it.origin.start));
        all
    }
}
