//! What editors read without the binary: the grammars for colours and the files of the extension hold every word of the
//! language.

use pipewright_compiler::editor::words;
use pipewright_grammar::{KEYWORDS, RESERVED, STEP_KEYWORDS};
use serde_json::Value;

fn json(path: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).expect(path)
}

/// The words of all regular expressions below a part of the TextMate grammar.
fn patterns(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("match" | "begin", Value::String(text)) => {
                        out.extend(text.split(|it: char| !it.is_alphanumeric() && it != '_').map(str::to_string));
                    }
                    _ => patterns(value, out),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|it| patterns(it, out)),
        _ => {}
    }
}

#[test]
fn the_colours_know_every_word_of_the_language() {
    let grammar = json("editors/vscode/syntaxes/pipewright.tmLanguage.json");
    let rule = |name: &str| {
        let mut words = vec![];
        patterns(&grammar["repository"][name], &mut words);
        words
    };
    let (declaration, step) = (rule("declaration"), rule("step"));
    let mut operators = rule("word");
    operators.extend(rule("constant"));
    for word in KEYWORDS {
        assert!(declaration.iter().any(|it| it == word), "{word}");
    }
    for word in STEP_KEYWORDS {
        assert!(step.iter().any(|it| it == word), "{word}");
    }
    let types = words::TYPES.iter().chain(words::TYPES_OF).map(|it| it.name);
    for word in RESERVED.iter().copied().chain(types) {
        assert!(operators.iter().any(|it| it == word), "{word}");
    }
}

/// Every keyword of the grammar is one of the tree-sitter grammar, too.
#[test]
fn tree_sitter_knows_every_keyword_of_the_grammar() {
    let pest = std::fs::read_to_string("grammar/pipe.pest").unwrap();
    let grammar = std::fs::read_to_string("editors/tree-sitter-pipewright/grammar.js").unwrap();
    let colours = std::fs::read_to_string("editors/tree-sitter-pipewright/queries/highlights.scm").unwrap();
    let keywords: Vec<&str> = pest
        .split("k_")
        .skip(1)
        .filter_map(|it| it.split_once(" = @{ \"").filter(|(name, _)| !name.contains(' '))?.1.split('"').next())
        .collect();
    assert!(keywords.len() > 60, "{}", keywords.len());
    for word in keywords {
        let quoted = format!("\"{word}\"");
        assert!(grammar.contains(&quoted), "{word} is not in grammar.js");
        let named = ["true", "false", "null", "decimal", "list", "map"].contains(&word);
        assert!(named || colours.contains(&quoted), "{word} has no colour in highlights.scm");
    }
}

#[test]
fn the_extension_names_files_that_are_there() {
    let package = json("editors/vscode/package.json");
    let folder = std::path::Path::new("editors/vscode");
    let contributes = &package["contributes"];
    for path in [&package["main"], &contributes["languages"][0]["configuration"], &contributes["grammars"][0]["path"]] {
        assert!(folder.join(path.as_str().unwrap()).is_file(), "{path}");
    }
    json("editors/vscode/language-configuration.json");
    let script = std::fs::read_to_string("editors/vscode/extension.js").unwrap();
    for setting in contributes["configuration"]["properties"].as_object().unwrap().keys() {
        let name = setting.strip_prefix("pipewright.").unwrap();
        // The client reads the trace itself.
        assert!(name == "trace.server" || script.contains(&format!("\"{name}\"")), "{setting}");
    }
    for command in contributes["commands"].as_array().unwrap() {
        assert!(script.contains(command["command"].as_str().unwrap()), "{command}");
    }
}
