//! Hover, definition, references, rename, outline, hints: everything about a name that stands there.

use serde_json::{Value, json};

use crate::lsp::SHOP;
use crate::lsp::editor::Editor;

/// The program with the cursor before the `nth` (from 0) occurrence of `part`.
fn at(part: &str, nth: usize) -> String {
    let (byte, _) = SHOP.match_indices(part).nth(nth).unwrap();
    format!("{}‸{}", &SHOP[..byte], &SHOP[byte..])
}

fn hover(editor: &mut Editor, part: &str, nth: usize) -> String {
    let place = editor.open("main.pipe", &at(part, nth));
    editor.ask("textDocument/hover", place)["contents"]["value"].as_str().unwrap_or_default().to_string()
}

/// The texts of ranges.
fn texts(list: &Value) -> Vec<String> {
    let lines: Vec<&str> = SHOP.lines().collect();
    let text = |range: &Value| {
        let line = range["start"]["line"].as_u64().unwrap() as usize;
        let units: Vec<u16> = lines[line].encode_utf16().collect();
        let (from, to) = (range["start"]["character"].as_u64().unwrap(), range["end"]["character"].as_u64().unwrap());
        format!("{}:{}", line + 1, String::from_utf16(&units[from as usize..to as usize]).unwrap())
    };
    list.as_array().unwrap().iter().map(|it| text(&it["range"])).collect()
}

#[test]
fn hover_tells_what_a_thing_is() {
    let mut editor = Editor::start(&[]);
    for (part, nth, told) in [
        ("checked from", 0, vec!["changelog[order_id]", "exactly once:", "total: decimal(12, 2)", "country: string\n"]),
        ("orders: Order", 0, vec!["append", "placed by order_id in 3 partitions", "All orders, in the order"]),
        ("Order on", 0, vec!["One order.", "order_id: int64 @key"]),
        ("order_id\n", 0, vec!["order_id: int64 @key", "The number on the invoice."]),
        ("amount} —", 0, vec!["amount: decimal(12, 2)"]),
        ("total = gross", 0, vec!["total: decimal(12, 2)"]),
        ("gross(amount)", 0, vec!["fn gross(net: decimal(12, 2)): decimal(12, 2)"]),
        ("least else", 0, vec!["param least: decimal(12, 2)"]),
        ("decimal(net", 0, vec!["decimal(x"]),
        ("partition_key", 0, vec!["What chooses the partition"]),
        ("upsert", 0, vec!["write = upsert", "newest record per key"]),
        ("csv\n", 0, vec!["format = csv"]),
        ("sqlite {", 0, vec!["connection … = sqlite"]),
        ("as table", 0, vec!["the last record per key is the row", "After it: `changelog[order_id]`"]),
        ("transform checked", 0, vec!["transform NAME"]),
        ("string\n", 0, vec!["Text, UTF-8."]),
        ("key\n", 0, vec!["Identifies the row."]),
        ("shop {", 0, vec!["pipeline shop", "exactly once"]),
        ("> least", 0, vec!["bool"]),
    ] {
        let page = hover(&mut editor, part, nth);
        for text in told {
            assert!(page.contains(text), "{part}: {page}");
        }
    }
    assert_eq!(hover(&mut editor, "## One", 0), "");
    let place = editor
        .open("main.pipe", &format!("{SHOP}\n# pipewright: allow(unused-‸declaration)\ntype X = {{ a: int64 }}\n"));
    let page = editor.ask("textDocument/hover", place)["contents"]["value"].to_string();
    assert!(page.contains("unused-declaration"), "{page}");
}

#[test]
fn names_lead_to_their_declaration_and_back() {
    let mut editor = Editor::start(&[]);
    for (part, nth, all) in [
        ("Order on", 0, "13:Order 24:Order 30:Order"),
        ("orders\n", 0, "30:orders 35:orders"),
        ("gross(amount)", 0, "22:gross 37:gross"),
        ("net *", 0, "22:net 22:net"),
        ("least else", 0, "10:least 36:least"),
        ("warehouse {", 0, "9:warehouse 41:warehouse"),
        ("status ==", 0, "19:status 38:status"),
        ("amount > least", 0, "18:amount 36:amount 36:amount 37:amount"),
        // A field that is replaced is the same field.
        ("country ??", 0, "17:country 37:country 37:country"),
    ] {
        let mut place = editor.open("main.pipe", &at(part, nth));
        let definition = editor.ask("textDocument/definition", place.clone());
        let first = all.split(' ').next().unwrap();
        assert_eq!(texts(&json!([definition])), [first], "{part}");
        let here = editor.ask("textDocument/documentHighlight", place.clone());
        assert_eq!(texts(&here).join(" "), all, "{part}");
        place["context"] = json!({ "includeDeclaration": false });
        let uses = editor.ask("textDocument/references", place);
        assert!(uses.as_array().unwrap().len() < all.split(' ').count(), "{part}: {uses}");
    }
}

#[test]
fn a_definition_may_be_in_another_file() {
    let (head, rest) = SHOP.split_once("## One order.\n").unwrap();
    let (types, rest) = rest.split_once("\nfn gross").unwrap();
    let mut editor = Editor::start(&[("types.pipe", types)]);
    let main = format!("import \"types.pipe\"\n{head}fn gross{rest}");
    let place = editor.open("main.pipe", &main.replacen(": Order from", ": Or‸der from", 1));
    let found = editor.ask("textDocument/definition", place);
    assert_eq!(found["uri"], json!(editor.uri("types.pipe")));
    let place = editor.open("main.pipe", &main.replacen("types.pipe", "ty‸pes.pipe", 1));
    let found = editor.ask("textDocument/definition", place);
    assert_eq!((&found["uri"], &found["range"]["start"]["line"]), (&json!(editor.uri("types.pipe")), &json!(0)));
}

/// The program after a rename, or the reason why not.
fn renamed(editor: &mut Editor, text: &str, new: &str) -> Result<String, String> {
    let mut place = editor.open("main.pipe", text);
    let uri = place["textDocument"]["uri"].as_str().unwrap().to_string();
    place["newName"] = json!(new);
    let id = editor.send("textDocument/rename", place);
    let answer = editor.answer(id).map_err(|it| it["message"].as_str().unwrap().to_string())?;
    let mut lines: Vec<Vec<u16>> = text.replace('‸', "").lines().map(|it| it.encode_utf16().collect()).collect();
    let mut edits = answer["changes"][&uri].as_array().unwrap().clone();
    edits.sort_by_key(|it| {
        std::cmp::Reverse((it["range"]["start"]["line"].as_u64(), it["range"]["start"]["character"].as_u64()))
    });
    for edit in edits {
        let place = |end: &str, part: &str| edit["range"][end][part].as_u64().unwrap() as usize;
        let new = edit["newText"].as_str().unwrap().encode_utf16();
        lines[place("start", "line")].splice(place("start", "character")..place("end", "character"), new);
    }
    Ok(lines.iter().map(|it| String::from_utf16(it).unwrap() + "\n").collect())
}

#[test]
fn a_renamed_program_is_still_right() {
    let mut editor = Editor::start(&[]);
    for (part, new, shows) in [
        ("Order on", "Purchase", vec!["type Purchase =", "source order_file: Purchase"]),
        (
            "orders\n",
            "order log",
            vec!["topic `order log`: Order", "transform checked from `order log`", "name = \"orders\""],
        ),
        ("gross(amount)", "with_tax", vec!["fn with_tax(", "total = with_tax(amount)"]),
        ("net *", "x", vec!["fn gross(x: decimal(12, 2))", "decimal(x * 1.19"]),
        ("least else", "match", vec!["param `match`", "amount > `match` else"]),
        ("checked from", "good", vec!["from good to warehouse"]),
        ("bus from", "cluster", vec!["connection cluster = kafka", "on cluster from"]),
    ] {
        let text = renamed(&mut editor, &at(part, 0), new).unwrap();
        for it in shows {
            assert!(text.contains(it), "{part}: {text}");
        }
        editor.open("main.pipe", &text);
        assert_eq!(editor.names("main.pipe"), [""; 0], "{text}");
    }
    // A field that reaches no table keeps its name in the records.
    let inner =
        SHOP.replace("  | as table", "  | drop total, status\n  | as table").replace("total = gross", "to‸tal = gross");
    let text = renamed(&mut editor, &inner, "sum").unwrap();
    assert!(text.contains("derive sum = gross") && text.contains("drop sum, status"), "{text}");
    let inner = inner.replace('‸', "").replace("| where status", "| where sta‸tus");
    let text = renamed(&mut editor, &inner, "state").unwrap();
    assert!(
        text.contains("\"cancelled\" @json(\"status\")")
            && text.contains("| where state ==")
            && text.contains("drop total, state"),
        "{text}"
    );
    editor.open("main.pipe", &text);
    assert_eq!(editor.names("main.pipe"), [""; 0], "{text}");
}

#[test]
fn what_cannot_be_renamed_is_refused_with_the_reason() {
    let mut editor = Editor::start(&[]);
    for (part, new, reason) in [
        ("amount > least", "worth", "a column of the table of `orders_table`"),
        ("shop {", "store", "identity"),
        ("checked from", "orders", "already, in line 30"),
        ("least else", "amount", "already"),
        ("checked from", "a`b", "no backtick"),
        ("partition_key", "x", "a word of the language"),
        ("decimal(net", "x", "a word of the language"),
    ] {
        let refused = renamed(&mut editor, &at(part, 0), new).unwrap_err();
        assert!(refused.contains(reason), "{part}: {refused}");
    }
    let broken = at("amount > least", 0).replace("status ==", "statsu ==");
    assert!(renamed(&mut editor, &broken, "x").unwrap_err().contains("no errors"));
    let broken = at("checked from", 0) + "\nsink other checked to\n";
    assert!(renamed(&mut editor, &broken, "x").unwrap_err().contains("cannot be read"));
    let place = editor.open("main.pipe", &at("shop {", 0));
    assert!(editor.refused("textDocument/prepareRename", place)["message"].as_str().unwrap().contains("identity"));
    let place = editor.open("main.pipe", &at("orders\n", 0));
    assert_eq!(editor.ask("textDocument/prepareRename", place)["placeholder"], "orders");
}

#[test]
fn the_outline_the_hints_and_the_folds() {
    let mut editor = Editor::start(&[]);
    let place = editor.open("main.pipe", SHOP);
    let outline = editor.ask("textDocument/documentSymbol", json!({ "textDocument": place["textDocument"] }));
    let names: Vec<&str> = outline.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names.join(" "), "shop files bus warehouse least Order gross order_file orders checked orders_table");
    assert_eq!(outline[5]["children"][4], {
        let mut field = outline[5]["children"][4].clone();
        (field["name"], field["detail"]) = (json!("status"), json!("\"new\" | \"paid\" | \"cancelled\""));
        field
    });
    let found = editor.ask("workspace/symbol", json!({ "query": "ORDER" }));
    assert_eq!(found.as_array().unwrap().len(), 4, "{found}");
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 999, "character": 0 } });
    let hints = editor.ask("textDocument/inlayHint", json!({ "textDocument": place["textDocument"], "range": range }));
    let labels: Vec<&str> = hints.as_array().unwrap().iter().map(|it| it["label"].as_str().unwrap()).collect();
    assert_eq!(
        labels,
        [
            "append",
            "append, key order_id, placed by order_id in 3 partitions",
            "changelog[order_id]",
            "from changelog[order_id]"
        ]
    );
    let folds = editor.ask("textDocument/foldingRange", json!({ "textDocument": place["textDocument"] }));
    assert_eq!(folds.as_array().unwrap().len(), 6, "{folds}");
}
