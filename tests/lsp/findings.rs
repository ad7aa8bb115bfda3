//! Findings while typing, quick fixes, formatting.

use serde_json::{Value, json};

use crate::lsp::SHOP;
use crate::lsp::editor::Editor;

fn line_of(text: &str, part: &str) -> u32 {
    text.lines().position(|line| line.contains(part)).unwrap() as u32
}

#[test]
fn findings_follow_every_edit_also_behind_multi_byte_text() {
    let mut editor = Editor::start(&[]);
    editor.open("main.pipe", SHOP);
    assert_eq!(editor.names("main.pipe"), [""; 0]);
    // `amount` inside the f-string, between umlauts and before the ship: the units are UTF-16.
    let line = line_of(SHOP, "größe {");
    let column = SHOP.lines().nth(line as usize).unwrap().find("{amount}").unwrap() as u32 - 2 + 1;
    editor.edit("main.pipe", [line, column, line, column + 6], "amuont");
    assert_eq!(editor.names("main.pipe"), ["unknown-column"]);
    let finding = editor.findings["main.pipe"][0].clone();
    assert_eq!(finding["range"]["start"], json!({ "line": line, "character": column }));
    assert_eq!(finding["range"]["end"], json!({ "line": line, "character": column + 6 }));
    assert_eq!(finding["severity"], 1);
    assert!(finding["codeDescription"]["href"].as_str().unwrap().ends_with("#unknown-column"), "{finding}");
    assert!(finding["relatedInformation"][0]["location"]["range"]["start"]["line"].is_number(), "{finding}");
    // Into the ship and back: half a surrogate pair is no place.
    editor.edit("main.pipe", [0, 47, 0, 48], "");
    editor.names("main.pipe");
    editor.edit("main.pipe", [line, column, line, column + 6], "amount");
    assert_eq!(editor.names("main.pipe"), [""; 0]);
    assert_eq!(editor.quit().code(), Some(0));
}

#[test]
fn a_buffer_wins_over_the_disk_and_a_file_belongs_to_the_programs_that_import_it() {
    let (head, rest) = SHOP.split_once("## One order.\n").unwrap();
    let (types, rest) = rest.split_once("\nfn gross").unwrap();
    let main = format!("import \"types.pipe\"\n{head}fn gross{rest}");
    let mut editor = Editor::start(&[("main.pipe", &main), ("types.pipe", types)]);
    editor.open("types.pipe", types);
    assert_eq!(editor.names("types.pipe"), [""; 0]);
    let line = line_of(types, "amount");
    editor.edit("types.pipe", [line, 2, line, 8], "worth");
    assert_eq!(editor.names("types.pipe"), [""; 0]);
    // The mistake is in the program that imports it, which is not open.
    while editor.findings.get("main.pipe").is_none_or(Vec::is_empty) {
        editor.ask(
            "textDocument/formatting",
            json!({ "textDocument": { "uri": "file:///x" }, "options": { "tabSize": 2, "insertSpaces": true } }),
        );
    }
    assert_eq!(editor.findings["main.pipe"][0]["code"], "unknown-column");
    assert_eq!(editor.quit().code(), Some(0));
}

#[test]
fn the_environment_is_that_of_the_file_beside_the_program() {
    let yaml =
        "default: live\nenvironments:\n  live:\n    connections:\n      warehouse: { kind: sqlite, path: 5, pth: x }\n";
    let mut editor = Editor::start(&[("pipewright.yaml", yaml)]);
    editor.open("main.pipe", SHOP);
    assert!(editor.names("main.pipe").contains(&"environment-option".to_string()));
    std::fs::write(editor.path("pipewright.yaml"), "default: nowhere\n").unwrap();
    editor.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    assert_eq!(editor.names("main.pipe"), [""; 0]);
    let place = editor.open("main.pipe", SHOP);
    editor.names("main.pipe");
    editor.ask(
        "textDocument/formatting",
        json!({ "textDocument": place["textDocument"], "options": { "tabSize": 2, "insertSpaces": true } }),
    );
    let finding = &editor.findings["pipewright.yaml"][0];
    assert!(finding["message"].as_str().unwrap().contains("there is no environment `nowhere`"), "{finding}");
    assert_eq!(finding["range"]["start"]["line"], 0);
}

#[test]
fn what_is_unused_is_greyed_and_can_be_allowed() {
    let mut editor = Editor::start(&[]);
    let text = format!("{SHOP}\ntype Nobody = {{ a: int64 }}\n");
    let place = editor.open("main.pipe", &text);
    assert_eq!(editor.names("main.pipe"), ["unused-declaration"]);
    let finding = editor.findings["main.pipe"][0].clone();
    assert_eq!((&finding["severity"], &finding["tags"]), (&json!(2), &json!([1])));
    let actions = act(&mut editor, &place, &finding);
    let allow = actions.iter().find(|it| it["title"] == "allow `unused-declaration` here").unwrap();
    let edit = &allow["edit"]["changes"][place["textDocument"]["uri"].as_str().unwrap()][0];
    assert_eq!(edit["newText"], "# pipewright: allow(unused-declaration)\n");
    let line = edit["range"]["start"]["line"].as_u64().unwrap() as u32;
    editor.edit("main.pipe", [line, 0, line, 0], edit["newText"].as_str().unwrap());
    assert_eq!(editor.names("main.pipe"), [""; 0]);
}

fn act(editor: &mut Editor, place: &Value, finding: &Value) -> Vec<Value> {
    let params = json!({
        "textDocument": place["textDocument"], "range": finding["range"], "context": { "diagnostics": [finding] }
    });
    editor.ask("textDocument/codeAction", params).as_array().unwrap().clone()
}

#[test]
fn a_mechanical_answer_is_a_quick_fix() {
    let mut editor = Editor::start(&[]);
    let place = editor.open("main.pipe", &SHOP.replace("| where status", "| filter status"));
    assert_eq!(editor.names("main.pipe"), ["unknown-step"]);
    let finding = editor.findings["main.pipe"][0].clone();
    let fix = &act(&mut editor, &place, &finding)[0];
    assert_eq!(fix["title"], "write `where`");
    let edit = &fix["edit"]["changes"][place["textDocument"]["uri"].as_str().unwrap()][0];
    assert_eq!((&edit["range"], &edit["newText"]), (&finding["range"], &json!("where")));
}

#[test]
fn formatting_changes_only_the_lines_that_differ() {
    let mut editor = Editor::start(&[]);
    let place = editor.open("main.pipe", &SHOP.replace("  partitions = 3", "    partitions=3"));
    let params = json!({ "textDocument": place["textDocument"], "options": { "tabSize": 8, "insertSpaces": false } });
    let edits = editor.ask("textDocument/formatting", params);
    let line = line_of(SHOP, "partitions = 3");
    assert_eq!(
        edits,
        json!([{ "newText": "  partitions = 3\n", "range": {
            "start": { "line": line, "character": 0 }, "end": { "line": line + 1, "character": 0 } } }])
    );
    // What cannot be read is left alone.
    let place = editor.open("broken.pipe", "pipeline x {");
    let params = json!({ "textDocument": place["textDocument"], "options": { "tabSize": 2, "insertSpaces": true } });
    assert_eq!(editor.ask("textDocument/formatting", params), Value::Null);
}
