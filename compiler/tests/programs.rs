//! Whole programs, text in and findings out: every diagnostic has a program that shows it (`tests/ui/<name>/fail*.pipe`) and
//! one that does not (`pass*.pipe`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use pipewright_compiler::{
    Compilation, compile,
    diagnostics::{PAGES, Severity},
    environment::{Environment, EnvironmentConnection},
    registry::Registry,
    source::Loader,
};
use pipewright_plan::OptionValue;

/// Diagnostics that no program alone can show: they come from the environment (the command line's tests show them), or no
/// connector of this version has them, or the program would be megabytes long (`tests/bad_input.rs` makes one).
const NOT_BY_A_PROGRAM: &[&str] = &["column-type", "environment-option", "file-too-large", "unknown-param"];

fn registry() -> Registry {
    Registry {
        connectors: pipewright_runtime::connectors::SPECS,
        codecs: pipewright_runtime::codecs::SPECS,
        functions: pipewright_expr::functions::ALL,
    }
}

struct Folder(PathBuf);

impl Loader for Folder {
    fn load(&self, path: &str) -> Result<Vec<u8>, String> {
        fs::read(self.0.join(path)).map_err(|error| error.to_string())
    }
}

struct Texts(BTreeMap<&'static str, String>);

impl Loader for Texts {
    fn load(&self, path: &str) -> Result<Vec<u8>, String> {
        self.0.get(path).map(|it| it.clone().into_bytes()).ok_or_else(|| "no such file".to_string())
    }
}

fn ui() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/ui")
}

fn programs(prefix: &str) -> Vec<(String, PathBuf, String)> {
    let mut found = vec![];
    for folder in fs::read_dir(ui()).unwrap().map(Result::unwrap).filter(|it| it.path().is_dir()) {
        for file in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
            let name = file.file_name().into_string().unwrap();
            if name.starts_with(prefix) && name.ends_with(".pipe") {
                found.push((folder.file_name().into_string().unwrap(), folder.path(), name));
            }
        }
    }
    found.sort();
    found
}

fn told(compilation: &Compilation) -> Vec<String> {
    let line = |it: &pipewright_compiler::diagnostics::Diagnostic| {
        let (line, column) = compilation.sources.position(it.primary.span);
        format!("{line}:{column} {:?} {}: {}", it.severity, it.name, it.message)
    };
    compilation.diagnostics.iter().map(line).collect()
}

#[test]
fn every_diagnostic_has_a_failing_program_and_a_passing_one() {
    let folders = |prefix| programs(prefix).into_iter().map(|(folder, ..)| folder).collect::<BTreeSet<_>>();
    let (failing, passing) = (folders("fail"), folders("pass"));
    let shown = PAGES.iter().map(|(name, _)| *name).filter(|name| !NOT_BY_A_PROGRAM.contains(name));
    let missing: Vec<&str> = shown.filter(|name| !failing.contains(*name) || !passing.contains(*name)).collect();
    assert!(missing.is_empty(), "no programs in tests/ui for: {missing:?}");
    let unknown: Vec<&String> = failing.iter().filter(|it| !PAGES.iter().any(|(name, _)| name == it)).collect();
    assert!(unknown.is_empty(), "folders in tests/ui that no diagnostic has: {unknown:?}");
}

#[test]
fn failing_programs_are_told_and_nothing_else_is() {
    let mut wrong = vec![];
    for (folder, path, file) in programs("fail") {
        if NOT_BY_A_PROGRAM.contains(&folder.as_str()) {
            continue;
        }
        let compilation = compile(&file, &Environment::default(), &Folder(path), &registry());
        let told = told(&compilation);
        if !compilation.diagnostics.iter().any(|it| it.name == folder) {
            wrong.push(format!("{folder}/{file} is not told, but: {told:#?}"));
        }
        let error = |it: &&pipewright_compiler::diagnostics::Diagnostic| it.severity == Severity::Error;
        let others: BTreeSet<&str> =
            compilation.diagnostics.iter().filter(error).map(|it| it.name).filter(|it| *it != folder).collect();
        if !others.is_empty() {
            wrong.push(format!("{folder}/{file} has one root cause, but also {others:?}: {told:#?}"));
        }
        assert_eq!(compilation.plan.is_none(), compilation.diagnostics.iter().any(|it| it.severity == Severity::Error));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn passing_programs_pass() {
    let mut wrong = vec![];
    for (folder, path, file) in programs("pass") {
        let compilation = compile(&file, &Environment::default(), &Folder(path), &registry());
        let told = told(&compilation);
        let named = compilation.diagnostics.iter().any(|it| it.name == folder);
        if named || compilation.plan.is_none() {
            wrong.push(format!("{folder}/{file}: {told:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn messages_keep_their_form() {
    let mut wrong = vec![];
    for (folder, path, file) in programs("fail") {
        let compilation = compile(&file, &Environment::default(), &Folder(path), &registry());
        for it in &compilation.diagnostics {
            let first = it.message.chars().next().unwrap_or('A');
            if first.is_uppercase() && !it.message.starts_with("U+") || it.message.ends_with('.') {
                wrong.push(format!("{folder}: `{}` is not lower case without a full stop", it.message));
            }
            if it.message.chars().count() > 90 {
                wrong.push(format!("{folder}: `{}` is longer than 90 columns", it.message));
            }
            if it.secondary.iter().any(|label| label.text.is_empty()) {
                wrong.push(format!("{folder}: a label without a text"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const SHOP: &str = r#"
pipeline shop { }
connection bus = kafka { embedded = true }
connection inbox = files { root = "data" }
connection warehouse = sqlite { path = "shop.db" }
type Order = { order_id: int64 @key, customer: string, amount: decimal(12, 2), status: "paid" | "cancelled" }
source orders_csv: Order from inbox { path = "orders.csv" }
topic orders: Order from orders_csv { kind = changelog }
transform paid from orders
  | where status == "paid"
  | check amount > 0 else "amount must be positive"
  | derive with_tax = amount * 1.19
  | drop status
## Paid orders.
sink paid_orders from paid to warehouse { table = "paid_orders", write = upsert, key = order_id }
"#;

fn shop(text: &str, environment: &Environment) -> Compilation {
    compile("shop.pipe", environment, &Texts(BTreeMap::from([("shop.pipe", text.to_string())])), &registry())
}

#[test]
fn a_whole_program_becomes_a_plan() {
    let compilation = shop(SHOP, &Environment::default());
    assert_eq!(told(&compilation), [""; 0]);
    let plan = compilation.plan.unwrap();
    assert_eq!(plan.stages.len(), 1);
    let stage = &plan.stages[0];
    assert_eq!((stage.id.as_str(), stage.group.as_str()), ("orders-to-warehouse", "shop.orders-to-warehouse"));
    assert_eq!((&stage.transforms, &stage.sinks), (&vec!["paid".to_string()], &vec!["paid_orders".to_string()]));
    assert_eq!(plan.ingest[0].transactional_id, "shop.source.orders_csv");
    assert_eq!(plan.topics[0].partitioning.count, Some(1));
    let columns: Vec<String> =
        plan.sinks[0].columns.fields.iter().map(|it| format!("{}: {}", it.name, it.ty)).collect();
    assert_eq!(columns, ["order_id: int64", "customer: string", "amount: decimal(12, 2)", "with_tax: decimal(16, 4)"]);
    assert_eq!(plan.sinks[0].doc.as_deref(), Some("Paid orders."));
    // A row that stops being paid is deleted.
    assert!(matches!(plan.transforms[0].steps[0].kind, pipewright_plan::StepKind::Where { deletes: true, .. }));
    let text = plan.to_yaml().unwrap();
    assert_eq!(pipewright_plan::Plan::from_yaml(&text).unwrap(), plan);
}

#[test]
fn a_condition_over_what_is_fixed_deletes_nothing() {
    let text = SHOP.replace("\"cancelled\" }", "\"cancelled\" @fixed }");
    let plan = shop(&text, &Environment::default()).plan.unwrap();
    assert!(matches!(plan.transforms[0].steps[0].kind, pipewright_plan::StepKind::Where { deletes: false, .. }));
}

#[test]
fn an_environment_replaces_a_connection_and_its_mistakes_name_its_file() {
    let mut environment = Environment { file: Some("pipewright.yaml".into()), ..Environment::default() };
    let url = OptionValue::Env { name: "URL".into(), fallback: None };
    let mut other =
        EnvironmentConnection { kind: Some("postgres".into()), options: BTreeMap::from([("url".into(), url)]) };
    environment.connections.insert("warehouse".into(), other.clone());
    let compilation = shop(SHOP, &environment);
    assert_eq!(told(&compilation), [""; 0]);
    assert_eq!(compilation.plan.unwrap().connection("warehouse").unwrap().kind, "postgres");

    other.options = BTreeMap::from([("urll".into(), OptionValue::String("x".into()))]);
    environment.connections.insert("warehouse".into(), other);
    let compilation = shop(SHOP, &environment);
    assert!(compilation.plan.is_none());
    assert!(compilation.diagnostics.iter().all(|it| it.name == "environment-option"), "{:?}", told(&compilation));
    assert!(told(&compilation)[0].contains("pipewright.yaml"), "{:?}", told(&compilation));
}

#[test]
fn parameters_are_set_from_outside() {
    let text =
        SHOP.replace("amount > 0", "amount > least").replace("type Order", "param least: decimal(12, 2)\ntype Order");
    assert_eq!(shop(&text, &Environment::default()).diagnostics[0].name, "param-not-set");
    let set = |value: &str| Environment {
        params: BTreeMap::from([("least".to_string(), value.to_string())]),
        ..Environment::default()
    };
    let compilation = shop(&text, &set("10.50"));
    assert_eq!(told(&compilation), [""; 0]);
    assert!(!shop(&text, &set("ten")).diagnostics.is_empty());
    // What is set for this run wins over the file; both must be declared.
    let of_file = BTreeMap::from([("least".to_string(), "ten".to_string())]);
    let wins = BTreeMap::from([("least".to_string(), "1".to_string())]);
    let both = Environment { params: of_file, set: wins, ..Environment::default() };
    assert_eq!(told(&shop(&text, &both)), [""; 0]);
    let unknown = Environment { set: BTreeMap::from([("leest".to_string(), "1".to_string())]), ..set("1") };
    assert!(shop(&text, &unknown).diagnostics.iter().any(|it| it.name == "unknown-param"));
    let slip = BTreeMap::from([("least".to_string(), "1".to_string()), ("leest".to_string(), "1".to_string())]);
    let slip = shop(&text, &Environment { params: slip, ..Environment::default() });
    assert!(slip.diagnostics.iter().any(|it| it.name == "unknown-param"), "{:?}", told(&slip));
}

#[test]
fn broken_parts_are_told_once() {
    let text = SHOP.replace("type Order = {", "type Order = { x:: ");
    let compilation = shop(&text, &Environment::default());
    assert_eq!(compilation.diagnostics.len(), 1, "{:?}", told(&compilation));
}

#[test]
fn imports_are_read_once_even_in_a_circle() {
    let types = "import \"shop.pipe\"\ntype Customer = { id: int64 @key }\n";
    let text = format!("import \"types.pipe\"\nimport \"./types.pipe\"\n{SHOP}");
    let files = Texts(BTreeMap::from([("shop.pipe", text), ("types.pipe", types.to_string())]));
    let compilation = compile("shop.pipe", &Environment::default(), &files, &registry());
    assert_eq!(compilation.sources.files().len(), 2);
    assert!(compilation.plan.is_some());
    let names: Vec<&str> = compilation.diagnostics.iter().map(|it| it.name).collect();
    assert_eq!(names, ["unused-declaration"]);
}

const KAFKA: &str = r#"
pipeline shop { }
connection bus = kafka { brokers = env("BROKERS") }
connection inbox = files { root = "data" }
connection warehouse = sqlite { path = "shop.db" }
connection archive = sqlite { path = "archive.db" }
type Order = { order_id: int64 @key, customer: string @fixed, amount: decimal(12, 2), note: string? }
source a: Order from inbox { path = "a.csv" }
source b: Order from inbox { path = "b.csv" } | where amount > 0
transform ingest from a, b | where note is not null | derive size = if note == "" then 0 else 1
topic orders from ingest { partition_key = customer, partitions = 6, kind = changelog }
topic other: Order { key = order_id, partitions = 3, partitioner = murmur2 }
transform big from orders | where amount > 100.00
transform facts from orders | as events { only = puts } | select order_id, amount
transform others from other | select order_id, amount
sink upserts from big to warehouse { table = "big" }
sink both from facts, others to warehouse { table = "both" }
sink archived from others to archive { table = "both" }
"#;

#[test]
fn stages_are_what_is_committed_together() {
    let compilation = shop(KAFKA, &Environment::default());
    assert_eq!(told(&compilation), [""; 0]);
    let plan = compilation.plan.unwrap();
    let stages: Vec<String> = plan
        .stages
        .iter()
        .map(|it| format!("{}: {} | {} | {}", it.id, it.topics.join(" "), it.transforms.join(" "), it.sinks.join(" ")))
        .collect();
    assert_eq!(
        stages,
        [
            "orders-to-warehouse: orders other | big facts others | upserts both",
            "other-to-archive: other | others | archived"
        ]
    );
    let ingest: Vec<String> = plan
        .ingest
        .iter()
        .map(|it| format!("{} > {} > {} as {}", it.source, it.through.join(" "), it.topic, it.transactional_id))
        .collect();
    assert_eq!(ingest, ["a > ingest > orders as shop.source.a", "b > ingest > orders as shop.source.b"]);
    // Known not to be null from the condition on.
    let orders = plan.topic("orders").unwrap();
    let fields: Vec<String> = orders.schema.fields.iter().map(|it| format!("{}: {}", it.name, it.ty)).collect();
    assert_eq!(
        fields,
        ["order_id: int64", "customer: string", "amount: decimal(12, 2)", "note: string", "size: int32"]
    );
    assert_eq!(
        plan.sink("upserts").unwrap().write,
        pipewright_plan::Write::Upsert {
            key: vec!["order_id".into()],
            on_delete: pipewright_plan::OnDelete::Delete,
            version: None,
        }
    );
    assert!(plan.stages.iter().all(|it| it.guarantee.because.len() >= 3));
}

#[test]
fn a_set_parameter_is_one_of_its_members() {
    let text = SHOP
        .replace("status == \"paid\"", "status == wanted")
        .replace("type Order", "type Status = \"paid\" | \"cancelled\"\nparam wanted: Status = \"paid\"\ntype Order");
    let set = |value: &str| Environment {
        params: BTreeMap::from([("wanted".to_string(), value.to_string())]),
        ..Environment::default()
    };
    assert_eq!(told(&shop(&text, &set("cancelled"))), [""; 0]);
    assert!(shop(&text, &set("canceled")).diagnostics.iter().any(|it| it.name == "not-a-member"));
}

#[test]
fn a_long_chain_of_nodes_needs_no_stack() {
    let mut text = SHOP.replace("sink paid_orders from paid ", "sink paid_orders from t2000 ");
    text += "transform t0 from paid\n  | where order_id > 0\n";
    for at in 1..=2000 {
        text += &format!("transform t{at} from t{}\n  | where order_id > {at}\n", at - 1);
    }
    let compilation = shop(&text, &Environment::default());
    assert_eq!(told(&compilation), [""; 0]);
    assert_eq!(compilation.plan.unwrap().stages[0].transforms.len(), 2002);
}

#[test]
fn no_text_makes_the_compiler_panic() {
    let mut seed = 7u64;
    let mut random = |limit: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % limit.max(1)
    };
    let words: Vec<&str> = KAFKA.split_inclusive(|it: char| !it.is_alphanumeric()).collect();
    for _ in 0..300 {
        let mut changed = words.clone();
        for _ in 0..1 + random(4) {
            let (at, other) = (random(changed.len()), random(words.len()));
            match random(3) {
                0 => {
                    changed.remove(at);
                }
                1 => changed[at] = words[other],
                _ => changed.insert(at, words[other]),
            }
        }
        let text = changed.concat();
        let compilation = shop(&text, &Environment::default());
        if let Some(plan) = &compilation.plan {
            assert!(!plan.to_yaml().unwrap().contains("base: unknown"), "{text}");
        }
    }
}

#[test]
fn warnings_are_silenced_where_they_stand_and_errors_are_not() {
    let with =
        |comment: &str, line: &str| shop(&format!("{SHOP}{comment}\n\n# about it\n{line}\n"), &Environment::default());
    let warned = with("# nothing", "param unused: int64 = 1");
    assert_eq!(warned.diagnostics.iter().map(|it| it.name).collect::<Vec<_>>(), ["unused-declaration"]);
    assert_eq!(told(&with("# pipewright: allow(unused-declaration)", "param unused: int64 = 1")), [""; 0]);
    let error = with("# pipewright: allow(param-not-set)", "param unused: int64");
    assert!(error.plan.is_none());
    assert!(error.diagnostics.iter().any(|it| it.name == "param-not-set"), "{:?}", told(&error));
}

#[test]
fn personal_data_follows_what_is_computed_of_it() {
    let text = SHOP
        .replace("customer: string", "customer: string @pii")
        .replace("pipeline shop { }", "pipeline shop { on_bad_record = dead_letter(original = position) }")
        .replace("| drop status", "| derive label = f\"to {customer}\" | drop status, customer");
    let plan = shop(&text, &Environment::default()).plan.unwrap();
    let columns = &plan.sinks[0].columns;
    assert!(columns.field("label").unwrap().pii && !columns.field("amount").unwrap().pii);
}

#[test]
fn files_that_cannot_be_read_are_told_with_their_place() {
    let nothing = compile("shop.pipe", &Environment::default(), &Texts(BTreeMap::new()), &registry());
    assert_eq!(told(&nothing), ["1:1 Error missing-file: cannot read `shop.pipe`"]);
    let text = format!("import \"gone.pipe\"\n{SHOP}");
    let import = shop(&text, &Environment::default());
    assert_eq!(told(&import), ["1:8 Error missing-file: cannot read `gone.pipe`"]);
}
