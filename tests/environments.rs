//! `check` looks at every environment of `pipewright.yaml` in one go.

use std::path::Path;
use std::process::Command;

const PROGRAM: &str = r#"
pipeline shop { }
param smallest: decimal(12, 2) = 0.00
connection bus = kafka { embedded = true }
connection disk = files { root = "." }
connection db = sqlite { path = "out.db" }
type Order = { id: int64, amount: decimal(12, 2) }
source orders_csv: Order from disk { path = "orders.csv", format = csv(header = true) }
topic orders from orders_csv { partition_key = id, partitions = 4 }
transform large from orders | where amount >= smallest
sink facts from large to db { table = "facts", write = append }
"#;

const YAML: &str = r#"
default: embedded
environments:
  embedded:
    connections:
      bus: { kind: kafka, embedded: true }
  servers:
    connections:
      bus: { kind: kafka, brokers: "127.0.0.1:9092" }
    params: { smallest: 5 }
  live:
    connections:
      bus: { kind: kafka, brokers: "127.0.0.1:9092" }
    params:
      smallest: 10
"#;

/// Exit code and everything that was said, without the breaks of its lines.
fn check(files: &[(&str, &str)], more: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, text)| std::fs::write(folder.path().join(name), text).unwrap());
    check_in(folder.path(), &[&["check", "--format", "human"], more].concat())
}

fn check_in(folder: &Path, args: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_pipewright"))
        .args(args)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[test]
fn a_program_that_fits_all_environments_is_fine() {
    let (code, text) = check(&[("main.pipe", PROGRAM), ("pipewright.yaml", YAML)], &["main.pipe"]);
    assert_eq!((code, text.as_str()), (0, "1 program: fine"));
}

#[test]
fn what_is_wrong_in_all_is_said_once_and_what_is_wrong_in_some_with_their_names() {
    let program = PROGRAM.replace("amount >= smallest", "amout >= smallest").replace(", partitions = 4", "");
    let files = [("main.pipe", program.as_str()), ("pipewright.yaml", YAML)];
    let (code, text) = check(&files, &["main.pipe"]);
    assert_eq!(code, 1, "{text}");
    assert_eq!(
        text.matches("error[unknown-field]").count() + text.matches("error[unknown-column]").count(),
        1,
        "{text}"
    );
    // Embedded, one partition is the default; on servers it must be said.
    assert_eq!(text.matches("error[partitions-inherited]").count(), 1, "{text}");
    assert_eq!(text.matches("only in the environments `servers`, `live`").count(), 1, "{text}");
    let (_, text) = check(&files, &["main.pipe", "--env", "embedded"]);
    assert!(!text.contains("partitions-inherited") && !text.contains("only in"), "{text}");
}

#[test]
fn a_parameter_that_no_program_declares_is_reported_at_its_line() {
    let yaml = YAML.replace("      smallest: 10", "      smalest: 10").replace("{ smallest: 5 }", "{ tax: 1 }");
    let (code, text) = check(&[("main.pipe", PROGRAM), ("pipewright.yaml", &yaml)], &["main.pipe"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("there is no parameter `smalest`") && text.contains("pipewright.yaml:15:7"), "{text}");
    assert!(text.contains("did you mean `smallest`?") && text.contains("only in the environment `live`"), "{text}");
    assert!(text.contains("pipewright.yaml:10:15"), "{text}");

    // Another program beside it has that one.
    let other = PROGRAM.replace("pipeline shop", "pipeline tax").replace("smallest", "tax");
    let files = [("main.pipe", PROGRAM), ("other.pipe", &other), ("pipewright.yaml", &yaml)];
    let (_, text) = check(&files, &["main.pipe"]);
    assert!(!text.contains("`tax`") && text.contains("`smalest`"), "{text}");
}

#[test]
fn a_connection_that_no_program_has_is_a_slip() {
    let yaml = YAML.replace(
        "      bus: { kind: kafka, brokers: \"127.0.0.1:9092\" }\n    params:\n",
        "      buss: { kind: kafka }\n    params:\n",
    );
    for args in [&["check", "--format", "human", "main.pipe"][..], &["run", "main.pipe"]] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("main.pipe"), PROGRAM).unwrap();
        std::fs::write(folder.path().join("pipewright.yaml"), &yaml).unwrap();
        let (code, text) = check_in(folder.path(), args);
        assert_eq!(code, 2, "{text}");
        assert!(text.contains("no program beside this file or below it has a connection `buss`"), "{text}");
        assert!(text.contains("did you mean `bus`?") && text.contains("pipewright.yaml:13"), "{text}");
        // Another program has it.
        std::fs::create_dir(folder.path().join("other")).unwrap();
        std::fs::write(folder.path().join("other/more.pipe"), "connection buss = kafka { embedded = true }").unwrap();
        let (_, text) = check_in(folder.path(), &["check", "--format", "human", "main.pipe"]);
        assert_eq!(text, "1 program: fine");
    }
}
