//! Results of tests as JSON: what [`super::test`] prints, for tools.

use pipewright_runtime::testing::{Cell, Pair};
use serde_json::{Value, json};

use super::test::Played;

/// One document.
pub fn document(played: &[Played]) -> Value {
    let tests = || played.iter().flat_map(|it| &it.tests);
    let failed = tests().filter(|it| !it.failures.is_empty()).count();
    json!({
        "tests": tests().count(),
        "failed": failed,
        "programs": played.iter().map(program).collect::<Vec<_>>(),
    })
}

fn program(played: &Played) -> Value {
    let tests: Vec<Value> = played
        .tests
        .iter()
        .map(|test| {
            let failures = test.failures.iter().map(|it| {
                json!({
                    "at": it.place,
                    "message": it.message,
                    "rows": it.pairs.iter().map(pair).collect::<Vec<_>>(),
                    "because": it.because,
                })
            });
            json!({
                "name": test.name,
                "at": test.place,
                "passed": test.failures.is_empty(),
                "failures": failures.collect::<Vec<_>>(),
            })
        })
        .collect();
    let mut program = json!({ "file": played.file, "tests": tests });
    if let (Some(coverage), Some(program)) = (&played.coverage, program.as_object_mut()) {
        let unreached = coverage.iter().filter(|it| !it.reached);
        let unreached = unreached.map(|it| json!({ "at": it.place, "what": it.what, "text": it.text }));
        let document = json!({
            "reachable": coverage.len(),
            "reached": coverage.iter().filter(|it| it.reached).count(),
            "not_reached": unreached.collect::<Vec<_>>(),
        });
        program.insert("coverage".to_string(), document);
    }
    program
}

/// Values are text as a program writes it.
fn pair(pair: &Pair) -> Value {
    let row = |cells: &Option<Vec<Cell>>| {
        cells
            .as_ref()
            .map(|it| it.iter().map(|cell| (cell.field.clone(), json!(cell.text))).collect::<serde_json::Map<_, _>>())
    };
    json!({ "equal": pair.is_equal(), "expected": row(&pair.expected), "found": row(&pair.actual) })
}
