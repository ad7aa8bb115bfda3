//! JSON values that are not one a line: cut, gone on with after every one, damaged, mended, followed.

use super::*;

#[test]
fn elements_of_an_array_go_on_after_every_one() {
    let elements: Vec<_> =
        (0..40).map(|it| format!("{{\n  \"n\": {it},\n  \"text\": \"}},[{}\"\n}}", "é".repeat(it))).collect();
    let array = format!("\u{feff}[\n{}\n]\n", elements.join(" ,\n"));
    let folder = folder(&[
        ("a.json", array.as_bytes()),
        ("b.json.gz", &gz(array.as_bytes())),
        ("c.json", b"[]"),
        ("d.json", b"[12,3]"),
        ("e.json", b""),
    ]);
    resumes_everywhere(folder.path(), "*.json*", "json array");
    let text = all(folder.path(), "[cde].json", "json array");
    assert_eq!(text, ["d.json:1:1:12", "d.json:4:1:3"]);
    let values = elements.join("\n");
    write(folder.path(), "v.jsonl", values.as_bytes());
    let first = &all(folder.path(), "v.jsonl", "json values")[1];
    assert!(first.starts_with("v.jsonl:30:5:{\n  \"n\": 1,"), "{first}");
}

#[test]
fn an_array_that_is_damaged_or_cut_off_goes_on_when_it_is_mended() {
    let folder = folder(&[("a.json", b"[{\"n\": 1},\n{\"n\": nul},\n{\"n\": \"x},\n{\"n\": 4}]\n")]);
    let mut reader = open(folder.path(), "a.json", "json array", None).unwrap();
    let (records, error) = rest(&mut reader, 9);
    assert_eq!(records, ["a.json:1:1:{\"n\": 1}", "a.json:11:2:{\"n\": nul}"], "inside its brackets it costs itself");
    let error = error.unwrap();
    assert_eq!(
        format!("{} {:?} {}", error.name, error.class, error.message),
        "file-damaged WouldLose the JSON value that begins at line 3 of `a.json` has a string that is not closed on its line"
    );
    write(folder.path(), "a.json", b"[{\"n\": 1},\n{\"n\": nul},\n{\"n\": \"x\"},\n{\"n\": 4}");
    let mut reader = open(folder.path(), "a.json", "json array", Some(&reader.cursor())).unwrap();
    let (records, error) = rest(&mut reader, 9);
    assert_eq!(records, ["a.json:23:3:{\"n\": \"x\"}", "a.json:35:4:{\"n\": 4}"]);
    assert_eq!(error.unwrap().message, "`a.json` is cut off: its array does not end");
    write(folder.path(), "a.json", b"[{\"n\": 1},\n{\"n\": nul},\n{\"n\": \"x\"},\n{\"n\": 4}]\n");
    let mut reader = open(folder.path(), "a.json", "json array", Some(&reader.cursor())).unwrap();
    let (records, error) = rest(&mut reader, 9);
    assert!(records.is_empty() && error.is_none(), "{records:?} {error:?}");
    assert!(open(folder.path(), "a.json", "json array", Some(&reader.cursor())).is_ok());
}

#[test]
fn a_follower_waits_for_the_end_of_a_value() {
    let folder = folder(&[("a.jsonl", b"{\n\"n\": 1\n}\n{\n\"n\":")]);
    let mut reader = open(folder.path(), "*.jsonl", "json values", None).unwrap();
    reader.follow();
    assert_eq!(rest(&mut reader, 9).0, ["a.jsonl:0:1:{\n\"n\": 1\n}"]);
    write(folder.path(), "a.jsonl", b"{\n\"n\": 1\n}\n{\n\"n\": 2}");
    assert!(reader.look_again().unwrap());
    assert_eq!(rest(&mut reader, 9).0, ["a.jsonl:11:4:{\n\"n\": 2}"]);
    let mut reader = open(folder.path(), "*.jsonl", "json values", Some(&reader.cursor())).unwrap();
    assert!(rest(&mut reader, 9).0.is_empty());
    write(folder.path(), "a.jsonl", b"{\n\"n\": 1\n}\n{\n\"n\": 2}\n{\"n\": 3}");
    let mut reader = open(folder.path(), "*.jsonl", "json values", Some(&reader.cursor())).unwrap();
    assert_eq!(rest(&mut reader, 9).0, ["a.jsonl:21:6:{\"n\": 3}"]);
}
