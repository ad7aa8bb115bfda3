//! Completion and signature help, in texts that are broken because somebody is typing.

use serde_json::Value;

use crate::lsp::SHOP;
use crate::lsp::editor::Editor;

/// The program with a declaration put behind it, and the cursor in it.
fn items(editor: &mut Editor, typed: &str) -> Vec<Value> {
    let place = editor.open("main.pipe", &format!("{SHOP}\n{typed}"));
    editor.ask("textDocument/completion", place).as_array().cloned().unwrap_or_default()
}

fn labels(editor: &mut Editor, typed: &str) -> Vec<String> {
    items(editor, typed).iter().map(|it| it["label"].as_str().unwrap().to_string()).collect()
}

#[test]
fn what_could_stand_there_is_offered() {
    let mut editor = Editor::start(&[]);
    for (typed, offered, not) in [
        ("top‸", "topic transform sink", "where orders"),
        ("‸\n", "pipeline type", "where"),
        ("transform t from ‸", "orders checked order_file", "orders_table t warehouse"),
        ("transform t from orders, ‸\n  | where true", "checked", "orders t"),
        ("sink s from checked to ‸", "warehouse", "bus files"),
        ("topic t: Order on ‸", "bus", "warehouse files"),
        ("source t: Order from ‸ { }", "files", "warehouse orders"),
        ("source t: ‸", "Order", "int64"),
        ("type T = { a: ‸", "Order int64 decimal list", "orders"),
        ("type T = { a: int64 @key @‸", "pii json", "key"),
        ("connection c = ‸", "kafka postgres sqlite files", "csv"),
        ("transform t from orders\n  | ‸", "where derive select as", "amount topic"),
        ("transform t from orders\n  | where true\n  | wh‸\n  | drop amount", "where", "amount"),
        ("transform t from orders\n  | where ‸", "amount status least gross lower meta", "total where"),
        ("transform t from orders\n  | where am‸\n  | drop status", "amount status", "total"),
        ("transform t from orders\n  | derive x = 1\n  | where ‸", "x amount", ""),
        ("transform t from orders\n  | select amount\n  | where ‸", "amount", "status"),
        ("transform t from orders\n  | drop ‸", "amount status", ""),
        ("transform t from orders\n  | rename amount to worth\n  | check ‸", "worth", "amount"),
        ("transform t from orders\n  | derive x = round(‸", "amount gross", "where"),
        ("transform t from orders\n  | derive x = if ‸", "amount", ""),
        ("transform t from orders\n  | where status == ‸", "\"paid\" status", ""),
        ("transform t from orders\n  | where f\"{‸", "amount", ""),
        ("transform t from orders\n  | where meta.‸", "offset headers", "amount"),
        ("fn f(net: int64): int64 = ‸", "net gross", "amount"),
        ("topic t: Order on bus { ‸ }", "partition_key partitions format", "table"),
        ("topic t: Order on bus {\n  partitions = 3\n  ‸\n}", "partition_key cleanup", "partitions"),
        ("topic t: Order on bus {\n  ‸", "partition_key", ""),
        ("topic t: Order on bus { cleanup = ‸ }", "delete compact", "amount"),
        ("topic t: Order on bus { key = ‸ }", "order_id amount", ""),
        ("topic t: Order on bus { partitions = ‸ }", "least", "amount lower"),
        ("topic t: Order on bus { format = ‸ }", "json csv raw", "amount"),
        ("topic t: Order on bus { format = csv(‸) }", "delimiter header", "partitions"),
        ("topic t: Order on bus { on_bad_record = ‸ }", "dead_letter stop skip", ""),
        ("topic t: Order on bus { on_bad_record = dead_letter(‸) }", "original", ""),
        ("sink s from checked to warehouse { table = \"t\", key = ‸ }", "order_id total", "lower"),
        ("sink s from checked to warehouse { ta‸", "table write key", "partitions"),
        ("sink s from checked ‸", "to", "from"),
        ("test \"t\" { given orders [ { ‸ } ] }", "order_id amount", ""),
        ("test \"t\" { given ‸ }", "orders", ""),
        ("transform t from orders\n  | where \"am‸\" == status", "", "amount"),
        ("# am‸", "", "amount topic"),
    ] {
        let found = labels(&mut editor, typed);
        for label in offered.split_whitespace() {
            assert!(found.iter().any(|it| it == label), "{typed}: no {label} in {found:?}");
        }
        for label in not.split_whitespace() {
            assert!(!found.iter().any(|it| it == label), "{typed}: {label} in {found:?}");
        }
    }
}

#[test]
fn a_candidate_replaces_what_was_typed_and_says_what_it_is() {
    let mut editor = Editor::start(&[]);
    let found = items(&mut editor, "transform t from orders\n  | where am‸ > 0");
    let amount = found.iter().find(|it| it["label"] == "amount").unwrap();
    assert_eq!(amount["detail"], "decimal(12, 2)");
    let range = &amount["textEdit"]["range"];
    assert_eq!((range["start"]["character"].as_u64(), range["end"]["character"].as_u64()), (Some(10), Some(12)));
    let lower = found.iter().find(|it| it["label"] == "lower").unwrap();
    assert_eq!(
        (lower["textEdit"]["newText"].as_str(), lower["insertTextFormat"].as_u64()),
        (Some("lower($0)"), Some(2))
    );
    assert!(lower["documentation"]["value"].as_str().unwrap().len() > 10, "{lower}");
    let found = items(&mut editor, "topic t: Order on bus { ‸ }");
    let option = found.iter().find(|it| it["label"] == "partitions").unwrap();
    assert!(option["detail"].as_str().unwrap().starts_with("whole number"), "{option}");
    let found = items(&mut editor, "transform t from ‸");
    let node = found.iter().find(|it| it["label"] == "orders").unwrap();
    assert_eq!(node["detail"], "topic orders: Order on bus from order_file");
}

#[test]
fn the_signature_of_the_call_is_shown_while_it_is_written() {
    let mut editor = Editor::start(&[]);
    let mut help = |typed: &str| {
        let place = editor.open("main.pipe", &format!("{SHOP}\n{typed}"));
        let help = editor.ask("textDocument/signatureHelp", place);
        let label = help["signatures"][0]["label"].as_str().unwrap_or_default().to_string();
        (label, help["activeParameter"].as_u64())
    };
    assert_eq!(help("transform t from orders\n  | where round(amount, ‸"), ("round(x[, digits])".into(), Some(1)));
    assert_eq!(
        help("transform t from orders\n  | where round(gross(‸), 1)"),
        ("gross(net: decimal(12, 2)): decimal(12, 2)".into(), Some(0))
    );
    assert_eq!(help("transform t from orders\n  | where coalesce(1, 2, 3, ‸)").1, Some(0));
    assert_eq!(help("transform t from orders\n  | where (‸").0, "");
}
