//! The session itself: order, cancellation, what is unknown or wrong, and how it ends.

use serde_json::json;

use crate::lsp::SHOP;
use crate::lsp::editor::Editor;

#[test]
fn a_session_ends_well_only_after_goodbye() {
    assert_eq!(Editor::start(&[]).quit().code(), Some(0));
    assert_eq!(Editor::start(&[]).hang_up().code(), Some(1));
    let mut editor = Editor::start(&[]);
    editor.tell("exit", json!(null));
    assert_eq!(editor.hang_up().code(), Some(1));
}

#[test]
fn nothing_is_answered_before_initialize_or_after_shutdown() {
    let mut editor = Editor::bare(&[]);
    assert_eq!(editor.refused("textDocument/hover", json!({}))["code"], -32002);
    editor.ask("initialize", json!({ "capabilities": {} }));
    assert_eq!(editor.refused("initialize", json!({ "capabilities": {} }))["code"], -32600);
    editor.ask("shutdown", json!(null));
    assert_eq!(editor.refused("textDocument/formatting", json!({}))["code"], -32600);
    editor.tell("exit", json!(null));
    assert_eq!(editor.hang_up().code(), Some(0));
}

#[test]
fn what_is_unknown_or_wrong_is_answered_and_the_session_goes_on() {
    let mut editor = Editor::start(&[]);
    assert_eq!(editor.refused("pipewright/noSuchThing", json!({}))["code"], -32601);
    assert_eq!(editor.refused("textDocument/formatting", json!({ "textDocument": 5 }))["code"], -32602);
    editor.tell("pipewright/noSuchThing", json!([1]));
    editor.tell("$/setTrace", json!({ "value": "off" }));
    editor.raw("{ this is not JSON");
    let params = json!({ "textDocument": { "uri": "file:///not/open.pipe" }, "options": { "tabSize": 2, "insertSpaces": true } });
    assert_eq!(editor.ask("textDocument/formatting", params), json!(null));
    assert_eq!(editor.quit().code(), Some(0));
}

#[test]
fn a_cancelled_request_is_answered_as_such() {
    let mut editor = Editor::start(&[]);
    // The server is kept busy by a large program, so that the cancellation overtakes the request.
    let large: String =
        (0..2_000).map(|at| format!("transform t{at} from orders\n  | where amount > {at}.00\n")).collect();
    let place = editor.open("main.pipe", &format!("{SHOP}{large}"));
    let params = json!({ "textDocument": place["textDocument"], "range": {
        "start": { "line": 0, "character": 0 }, "end": { "line": 1, "character": 0 } }, "context": { "diagnostics": [] } });
    editor.send("textDocument/codeAction", params.clone());
    let id = editor.send("textDocument/codeAction", params);
    editor.tell("$/cancelRequest", json!({ "id": id }));
    assert_eq!(editor.answer(id).unwrap_err()["code"], -32800);
    editor.tell("$/cancelRequest", json!({ "id": 4711 }));
    assert_eq!(editor.quit().code(), Some(0));
}
