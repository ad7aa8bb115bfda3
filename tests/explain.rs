//! `explain FILE`: golden files in `tests/explain/` for a program with every kind of node, and the pictures of the examples.
//! `UPDATE=1 cargo test --test text explain::` writes the golden files anew; look at the difference before you keep it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const PROGRAM: &str = "tests/explain/marketplace.pipe";

fn explain(program: &str, format: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_pipewright"))
        .args(["explain", program, "--format", format])
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn golden(name: &str, text: &str) {
    let path = Path::new("tests/explain").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, text).unwrap();
    } else {
        assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), text, "{}", path.display());
    }
}

#[test]
fn the_program_is_drawn_as_written_down() {
    golden("marketplace.mmd", &explain(PROGRAM, "mermaid"));
    golden("marketplace.json", &explain(PROGRAM, "json"));
    golden("marketplace.svg", &explain(PROGRAM, "svg"));
}

#[test]
fn order_and_changes_are_explained() {
    let text = explain(PROGRAM, "text");
    let from = text.find("which order holds").unwrap();
    let to = text.find("what the Kafka client").unwrap();
    golden("marketplace.txt", &text[from..to]);
}

/// How many partitions a topic has that the program leaves to the cluster, nobody knows without asking: the sentence is true for any.
#[test]
fn memory_is_told_for_the_partitions_that_are_said_and_for_those_that_are_not() {
    let program = |options: &str| {
        format!(
            "pipeline p\nconnection bus = kafka {{ brokers = \"localhost:9092\" }}\nconnection db = sqlite {{ path = \"out.db\" }}\n\
             type T = {{ id: int64 }}\ntopic t: T on bus {options}\nsink s from t to db {{ table = \"s\", write = append }}\n"
        )
    };
    for (options, words) in [
        ("{ partitions = 1 }", "16MiB fetched ahead of one partition, and three epochs of 8MiB"),
        ("{ partitions = 12 }", "16MiB fetched ahead of 12 partitions, and three epochs of 8MiB"),
        ("{ partitions = 100 }", "50MiB fetched ahead of 100 partitions, and three epochs of 8MiB"),
        ("", "16MiB fetched ahead of up to 32 partitions (512KiB of each of more), and three epochs of 8MiB"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("main.pipe");
        std::fs::write(&path, program(options)).unwrap();
        let text = explain(path.to_str().unwrap(), "text");
        let memory = text.split("memory").last().unwrap_or_default();
        assert!(memory.contains(words), "{memory}");
    }
}

/// Every node of an example is in its picture, under its name, and no box touches another.
#[test]
fn pictures_of_the_examples_are_whole() {
    for program in ["examples/retail/retail.pipe", "examples/access_log/access_log.pipe", PROGRAM] {
        let text = explain(program, "svg");
        let document = roxmltree::Document::parse(&text).unwrap();
        let class = |name: &'static str| {
            document.descendants().filter(move |it| it.attribute("class") == Some(name)).collect::<Vec<_>>()
        };
        let names: BTreeSet<&str> = class("name").iter().filter_map(|it| it.text()).collect();
        let plan: serde_json::Value = serde_json::from_str(&explain(program, "json")).unwrap();
        for kind in ["sources", "topics", "transforms", "sinks"] {
            for node in plan[kind].as_array().unwrap() {
                assert!(names.contains(node["name"].as_str().unwrap()), "{program}: {node}");
            }
        }
        let mut boxes = vec![];
        for kind in ["source", "topic", "transform", "sink"] {
            for node in class(kind) {
                let rect = node.children().find(|it| it.has_tag_name("rect")).unwrap();
                let number = |name: &str| rect.attribute(name).unwrap().parse::<f64>().unwrap();
                boxes.push((number("x"), number("y"), number("width"), number("height")));
                // The text of a box lies within it, by the width of a monospaced font.
                for line in node.children().filter(|it| it.has_tag_name("text")) {
                    let x: f64 = line.attribute("x").unwrap().parse().unwrap();
                    let size = if line.attribute("class") == Some("name") { 14.0 } else { 11.5 };
                    let width = line.text().unwrap().chars().count() as f64 * size * 0.602;
                    assert!(x + width < number("x") + number("width"), "{program}: {:?}", line.text());
                }
            }
        }
        for (at, a) in boxes.iter().enumerate() {
            for b in &boxes[at + 1..] {
                let apart = a.0 + a.2 < b.0 || b.0 + b.2 < a.0 || a.1 + a.3 < b.1 || b.1 + b.3 < a.1;
                assert!(apart, "{program}: {a:?} {b:?}");
            }
        }
    }
}
