//! Every beginning of every program, as it is while somebody types: whatever is asked of it, there is an answer.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::lsp::editor::Editor;

fn programs(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            programs(&path, found);
        } else if path.extension().is_some_and(|it| it == "pipe") {
            found.push(path);
        }
    }
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit.max(1)
    }
}

const REQUESTS: &[&str] = &[
    "hover",
    "completion",
    "definition",
    "references",
    "documentHighlight",
    "rename",
    "prepareRename",
    "signatureHelp",
    "documentSymbol",
    "foldingRange",
    "inlayHint",
    "codeAction",
    "formatting",
];

fn ask(editor: &mut Editor, request: &str, uri: &Value, at: Value, end: Value) -> i64 {
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": end });
    let params = json!({
        "textDocument": { "uri": uri }, "position": at, "range": range, "newName": "other_name",
        "context": { "includeDeclaration": true, "diagnostics": [], "triggerKind": 1, "isRetrigger": false }, "options": { "tabSize": 2, "insertSpaces": true },
    });
    editor.send(&format!("textDocument/{request}"), params)
}

/// Types a program piece by piece, asks something after each, and takes it away again in another order.
fn type_it(editor: &mut Editor, text: &str, steps: usize, dice: &mut Dice) {
    let place = editor.open("main.pipe", "");
    let uri = place["textDocument"]["uri"].clone();
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let position = |byte: usize| {
        let before = &text[..byte];
        let line = before.matches('\n').count() as u32;
        let units: usize = before.rsplit('\n').next().unwrap().chars().map(char::len_utf16).sum();
        [line, units as u32]
    };
    let mut typed = 0;
    for step in 1..=steps {
        let end = ends.get(ends.len() * step / steps).copied().unwrap_or(text.len());
        let [line, character] = position(typed);
        editor.edit("main.pipe", [line, character, line, character], &text[typed..end]);
        typed = end;
        let anywhere = ends.iter().copied().filter(|it| *it <= typed).nth(dice.below(ends.len())).unwrap_or(typed);
        for byte in [typed, anywhere] {
            let [line, character] = position(byte);
            let request = REQUESTS[dice.below(REQUESTS.len())];
            let at = json!({ "line": line, "character": character });
            let [line, character] = position(typed);
            let id = ask(editor, request, &uri, at, json!({ "line": line, "character": character }));
            // A refusal is an answer, too; but never that the request was not understood.
            if let Err(error) = editor.answer(id) {
                assert_eq!(error["code"], -32803, "{request}: {error}");
            }
        }
    }
    while typed > 0 {
        let from = ends.iter().copied().filter(|it| *it < typed).nth_back(dice.below(40)).unwrap_or(0);
        let ([line, character], [to_line, to]) = (position(from), position(typed));
        editor.edit("main.pipe", [line, character, to_line, to], "");
        typed = from;
    }
}

#[test]
fn every_beginning_of_a_program_has_answers() {
    let mut paths = vec![];
    programs(Path::new("tests/ui"), &mut paths);
    programs(Path::new("examples"), &mut paths);
    paths.sort();
    assert!(paths.len() > 200, "{}", paths.len());
    let mut editor = Editor::start(&[]);
    let mut dice = Dice(2_026);
    for path in paths {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).replace('‸', "");
        // Lines end with `\n` in the arithmetic above.
        let text = text.replace('\r', "");
        if text.len() < 20_000 {
            type_it(&mut editor, &text, 6, &mut dice);
        }
    }
    assert_eq!(editor.quit().code(), Some(0));
}

#[test]
fn every_character_of_a_program_can_be_typed() {
    let mut editor = Editor::start(&[]);
    let mut dice = Dice(7);
    type_it(&mut editor, crate::lsp::SHOP, crate::lsp::SHOP.chars().count(), &mut dice);
    assert_eq!(editor.quit().code(), Some(0));
}

#[test]
fn places_outside_of_the_text_are_no_trouble() {
    let mut editor = Editor::start(&[]);
    let place = editor.open("main.pipe", crate::lsp::SHOP);
    for at in [[9_999, 0], [0, 9_999], [4_294_967_295_u32, 4_294_967_295], [0, 48]] {
        for request in REQUESTS {
            let at = json!({ "line": at[0], "character": at[1] });
            let id = ask(&mut editor, request, &place["textDocument"]["uri"], at.clone(), at);
            if let Err(error) = editor.answer(id) {
                assert_eq!(error["code"], -32803, "{request}: {error}");
            }
        }
    }
    editor.edit("main.pipe", [9_999, 0, 4_000_000_000, 7], "\n# end\n");
    editor.edit("main.pipe", [5, 3, 2, 1], "");
    assert_eq!(editor.quit().code(), Some(0));
}
