//! Random histories of a table, and what must be left of them.

use std::collections::BTreeMap;

use pipewright_expr::Datum::Int;
use pipewright_plan::*;
use proptest::prelude::*;

use super::{Driver, field, sink};

/// Rows, deletes and ends of epochs.
#[derive(Clone, Debug)]
pub struct History {
    steps: Vec<Step>,
    marks: bool,
    versions: bool,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Key, value (7 is refused), version.
    Put(i64, i64, i64),
    Delete(i64),
    End,
}

pub fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

pub fn any() -> impl Strategy<Value = History> {
    let step = prop_oneof![
        6 => (0..3_i64, 5..9_i64, 0..4_i64).prop_map(|(key, value, version)| Step::Put(key, value, version)),
        2 => (0..3_i64).prop_map(Step::Delete),
        1 => Just(Step::End),
    ];
    (prop::collection::vec(step, 1..40), proptest::bool::ANY, proptest::bool::ANY)
        // A delete has no version, so versions go with marks only.
        .prop_map(|(steps, marks, versions)| History { steps, marks, versions: versions && marks })
}

impl History {
    pub fn sink(&self, name: &str) -> Sink {
        let fields = ["id", "n", "v"].map(|name| field(name, Base::Int64.required())).to_vec();
        let on_delete = if self.marks { OnDelete::Mark("gone".to_string()) } else { OnDelete::Delete };
        let version = self.versions.then(|| "v".to_string());
        sink(name, Write::Upsert { key: vec!["id".to_string()], on_delete, version }, fields)
    }

    pub async fn run(&self, driver: &mut Driver) {
        for step in &self.steps {
            match *step {
                Step::Put(key, value, version) => driver.put(&[Int(key), Int(value), Int(version)]).unwrap(),
                Step::Delete(key) => driver.delete(&[Int(key)]),
                Step::End => drop(driver.commit().await.unwrap()),
            }
        }
        driver.commit().await.unwrap();
    }

    /// One record after the other.
    pub fn expected(&self, no: &str, yes: &str) -> Vec<String> {
        let mut table = BTreeMap::<i64, (i64, i64, &str)>::new();
        for step in &self.steps {
            match *step {
                Step::End | Step::Put(_, 7, _) => {}
                Step::Put(key, value, version) => {
                    if !(self.versions && table.get(&key).is_some_and(|old| old.1 > version)) {
                        table.insert(key, (value, version, no));
                    }
                }
                Step::Delete(key) if self.marks => drop(table.get_mut(&key).map(|it| it.2 = yes)),
                Step::Delete(key) => drop(table.remove(&key)),
            }
        }
        table.iter().map(|(key, (value, version, gone))| format!("{key} {value} {version} {gone}")).collect()
    }
}
