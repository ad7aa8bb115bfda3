//! The property that makes tests worth having: what comes of given rows does not depend on lanes, epochs, crashes or who
//! moves when. Random programs over random rows; nothing panics, whatever is given.

use std::cell::Cell;

use pipewright_compiler::environment::Environment;
use pipewright_compiler::source::Loader;
use pipewright_plan::{Test, TestLineKind};
use pipewright_runtime::testing::{Bench, FailureKind, Schedule};
use proptest::prelude::*;

/// One program in memory.
struct Text(String);

impl Loader for Text {
    fn load(&self, _: &str) -> Result<Vec<u8>, String> {
        Ok(self.0.clone().into_bytes())
    }
}

fn step() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "where amount > 5",
        "where status != \"cancelled\"",
        "where ratio is not null",
        "check amount != 7 else f\"amount of {id} is 7\"",
        "derive ratio = (ratio ?? 1.0e0) / float64(amount)",
        "derive note = if amount > 8 then \"large\" else note",
        "derive note = match status { \"new\" => \"n\", _ => note }",
        "derive amount = amount * 1000000000",
        "derive version = version + 1",
    ])
}

fn value() -> impl Strategy<Value = String> {
    let text = prop::sample::select(vec!["\"\"", "\"a\"", "\"ü\\\"x\"", "\"a,b\\n\"", "null"]);
    let status = prop::sample::select(vec!["\"new\"", "\"paid\"", "\"cancelled\""]);
    let ratio = prop::sample::select(vec!["null", "1.5", "0.0", "2.5e10"]);
    (0..5i64, 0..12i64, text, status, ratio, 0..4i64).prop_map(|(id, amount, note, status, ratio, version)| {
        format!(
            "{{ id = {id}, amount = {amount}, note = {note}, status = {status}, ratio = {ratio}, version = {version} }}"
        )
    })
}

fn row(deletes: bool) -> impl Strategy<Value = String> {
    let broken = prop::sample::select(vec![
        "bytes \"\"",
        "bytes \"{\"",
        "bytes \"null\"",
        "bytes \"{\\\"id\\\":1}\"",
        "bytes \"[1,2\"",
        "bytes \"1,2,3\"",
        "bytes \"\\u0000\"",
    ])
    .prop_map(ToString::to_string);
    let delete = (0..5i64).prop_map(|id| format!("delete {{ id = {id} }}"));
    prop_oneof![8 => value(), 1 => broken, (if deletes { 2 } else { 0 }) => delete]
}

/// Nodes, the input that takes rows, and what the test sees.
#[derive(Clone, Debug)]
struct Program {
    text: String,
    input: &'static str,
    seen: Vec<&'static str>,
}

fn program() -> impl Strategy<Value = (Program, bool)> {
    let steps = || prop::collection::vec(step(), 0..4);
    let writes = prop::sample::select(vec!["delete", "ignore", "mark(gone)"]);
    (1..5u32, steps(), steps(), any::<bool>(), any::<bool>(), any::<bool>(), writes).prop_map(
        |(partitions, first, second, changelog, from_file, version, on_delete)| {
            let steps = |list: &[&str]| list.iter().map(|it| format!("\n  | {it}")).collect::<String>();
            let from_file = from_file && !changelog;
            let input = if from_file { "inbox" } else { "events" };
            let source = if from_file {
                "connection disk = files { root = \".\" }\nsource inbox: Event from disk { path = \"x\", format = csv }\n"
            } else {
                ""
            };
            let (from, kind) = match (from_file, changelog) {
                (true, _) => (" from inbox", ""),
                (false, true) => ("", ", kind = changelog, cleanup = compact, partitioner = murmur2"),
                (false, false) => ("", ", partitioner = murmur2"),
            };
            let table = if changelog { "" } else { "\n  | as table by id" };
            let version = if version { ", version = version, on_delete = ignore".to_string() } else { format!(", on_delete = {on_delete}") };
            let version = if changelog || version.contains("version") { version } else { String::new() };
            let appended = if changelog { "\n  | as events" } else { "" };
            let (first, second) = (steps(&first), steps(&second));
            let text = format!(
                r#"pipeline p {{ max_bad = 100% }}
connection bus = kafka {{ brokers = "localhost:9092" }}
connection db = sqlite {{ path = "x.db" }}
type Event = {{ id: int64 @key, amount: int64, note: string?, status: "new" | "paid" | "cancelled", ratio: float64?, version: int64 }}
{source}topic events: Event{from} {{ key = id, partitions = {partitions}, replication = 3{kind} }}
transform one from events{first}
transform two from one{second}{table}
transform log from one{appended}
sink rows from two to db {{ table = "rows", write = upsert, key = id{version} }}
sink facts from log to db {{ table = "facts", write = append }}
"#
            );
            (Program { text, input, seen: vec!["rows", "facts", "events", "one", "log", "dead_letters"] }, changelog)
        },
    )
}

fn case() -> impl Strategy<Value = (Program, Vec<String>)> {
    program().prop_flat_map(|(program, changelog)| {
        let input = program.input;
        let given = prop::collection::vec(row(changelog), 0..12)
            .prop_map(move |rows| format!("  given {input} [\n    {}\n  ]", rows.join("\n    ")));
        let line = prop_oneof![
            4 => given,
            2 => Just("  restart".to_string()),
            1 => Just("  advance 10m".to_string()),
        ];
        (Just(program), prop::collection::vec(line, 1..6))
    })
}

/// What a test sees at its end, whatever the order of rows of different keys.
fn result(bench: &mut Bench, test: &Test, seed: u64) -> Vec<String> {
    let outcome = bench.run(test, Schedule { seed });
    let mut all = vec![];
    for failure in outcome.failures {
        match failure.kind {
            FailureKind::Rows(differ) => {
                let rows = differ.pairs.iter().map(|pair| {
                    let cells = pair.actual.iter().flatten().map(|it| format!("{} = {}", it.field, it.text));
                    format!("{}: {}", differ.node, cells.collect::<Vec<_>>().join(", "))
                });
                let mut rows: Vec<_> = rows.collect();
                // Rows of one key stay in order; each begins with its key.
                match differ.node.as_str() {
                    "dead_letters" => rows.sort(),
                    _ => rows.sort_by_key(|it| it.split(',').next().map(str::to_string)),
                }
                all.extend(rows);
            }
            other => all.push(format!("{other:?}")),
        }
    }
    all
}

thread_local! {
    /// How many rows were seen, so that the property is not one of empty tables; and how many programs of each kind ran.
    static SEEN: Cell<usize> = const { Cell::new(0) };
    static RAN: Cell<[usize; 3]> = const { Cell::new([0; 3]) };
}

#[test]
fn results_depend_on_what_is_given_alone() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 96, ..ProptestConfig::default() });
    let outcome = runner.run(&case(), |(program, lines)| {
        let expects: String = program.seen.iter().map(|it| format!("  expect no {it}\n")).collect();
        let text = format!("{}test \"t\" {{\n{}\n{expects}}}\n", program.text, lines.join("\n"));
        let loader = Text(text.clone());
        let registry = pipewright::program::registry();
        let compiled = pipewright_compiler::compile("p.pipe", &Environment::default(), &loader, &registry);
        let errors: Vec<_> = compiled.diagnostics.iter().map(|it| format!("{}: {}", it.name, it.message)).collect();
        let Some(plan) = compiled.plan else {
            // A step that finds its field decided already is refused; anything else would empty the property.
            let known = ["never-null", "narrowing", "pointless-step", "unreachable-arm", "delete-unhandled"];
            let is_known = |it: &String| known.iter().any(|name| it.starts_with(name));
            prop_assert!(errors.iter().any(is_known), "{errors:#?}\n{text}");
            return Ok(());
        };
        let mut ran = RAN.get();
        ran[if program.input == "inbox" { 0 } else { usize::from(text.contains("changelog")) + 1 }] += 1;
        RAN.set(ran);
        let mut bench = Bench::new(&plan, &compiled.tests).unwrap();
        let test = &compiled.tests[0];
        let expected = result(&mut bench, test, 0);
        SEEN.set(SEEN.get() + expected.len());
        for seed in 1..12 {
            prop_assert_eq!(&result(&mut bench, test, seed), &expected, "seed {}\n{}", seed, &text);
        }
        let mut calm = test.clone();
        calm.lines.retain(|it| it.kind != TestLineKind::Restart);
        prop_assert_eq!(&result(&mut bench, &calm, 1), &expected, "without crashes\n{}", &text);
        Ok(())
    });
    outcome.unwrap();
    assert!(SEEN.get() > 500, "{} rows seen", SEEN.get());
    assert!(RAN.get().iter().all(|it| *it >= 5), "files, topics, changelogs: {:?}", RAN.get());
}
