//! Cursors that are changed by hand, file by file.

use super::*;
use crate::connectors::files::positions::FilePositions;

fn positions(folder: &Path, path: &str, cursor: &str) -> FilePositions {
    let text = |it: &str| OptionValue::String(it.to_string());
    let connection = Options::from([("root".to_string(), text(folder.to_str().unwrap()))]);
    FilePositions::open(&connection, &Options::from([("path".to_string(), text(path))]), Some(cursor)).unwrap()
}

/// Everything that is left, and the cursor behind it.
fn read(folder: &Path, path: &str, codec: &str, cursor: Option<&str>) -> (usize, String) {
    let mut reader = open(folder, path, codec, cursor).unwrap();
    let (records, error) = rest(&mut reader, 10);
    assert!(error.is_none(), "{error:?}");
    (records.len(), reader.cursor())
}

#[test]
fn a_file_that_is_forgotten_is_read_again_also_when_it_is_another_one() {
    let array = b"[{\"a\":1},{\"a\":2}]";
    for (name, codec, before, after) in [
        ("a.ndjson", "json", b"{\"a\":1}\n{\"a\":2}\n".to_vec(), b"{\"a\":3}\n".to_vec()),
        ("a.ndjson.gz", "json", gz(b"{\"a\":1}\n{\"a\":2}\n"), gz(b"{\"a\":3}\n")),
        ("a.json", "json array", array.to_vec(), b"[{\"a\":1}]".to_vec()),
    ] {
        let folder = folder(&[(name, &before), ("b.json", if codec == "json" { b"{\"a\":9}\n" } else { array })]);
        let (folder, all) = (folder.path(), "*");
        let (_, cursor) = read(folder, all, codec, None);
        let (forgotten, records) = positions(folder, all, &cursor).forget(name).unwrap();
        assert_eq!(records, 2, "{name}");
        let (count, again) = read(folder, all, codec, Some(&forgotten));
        assert_eq!(count, 2, "{name}: the same is read again");
        assert_eq!(read(folder, all, codec, Some(&again)).0, 0, "{name}: once");

        write(folder, name, &after);
        assert!(open(folder, all, codec, Some(&again)).is_err(), "{name} has changed");
        let (skipped, _) = positions(folder, all, &again).skip(name).unwrap();
        assert_eq!(read(folder, all, codec, Some(&skipped)).0, 0, "{name}");
        let (forgotten, _) = positions(folder, all, &again).forget(name).unwrap();
        assert_eq!(read(folder, all, codec, Some(&forgotten)).0, 1, "{name}");
    }
}

#[test]
fn a_source_that_begins_anew_reads_everything_and_keeps_its_turns_apart() {
    let folder = folder(&[("a.ndjson", b"{\"a\":1}\n"), ("b.ndjson", b"{\"a\":2}\n")]);
    let (folder, path) = (folder.path(), "*.ndjson");
    let (_, first) = read(folder, path, "json", None);
    let again = positions(folder, path, &first).reset().unwrap();
    let (count, second) = read(folder, path, "json", Some(&again));
    assert_eq!(count, 2);
    let turns = |cursor: &str| FileCursor::read(cursor).unwrap().done.iter().map(|it| it.turn).collect::<Vec<_>>();
    assert!(turns(&first).iter().zip(turns(&second)).all(|(a, b)| *a != b), "{first}\n{second}");
    let error = positions(folder, path, &first).forget("a.ndjso").unwrap_err();
    assert_eq!(error.help.as_deref(), Some("did you mean `a.ndjson`?"));
}

#[test]
fn what_has_grown_and_waits_is_not_forgotten_when_the_run_ends_before_it() {
    let folder = folder(&[("a.ndjson", b"{\"a\":1}\n"), ("b.ndjson", b"{\"b\":1}\n")]);
    let folder = folder.path();
    let (_, cursor) = read(folder, "*", "json", None);
    write(folder, "a.ndjson", b"{\"a\":1}\n{\"a\":2}\n");
    write(folder, "b.ndjson", b"{\"b\":1}\n{\"b\":2}\n");
    let mut reader = open(folder, "*", "json", Some(&cursor)).unwrap();
    reader.next_batch(1, usize::MAX, &mut |_| {}).unwrap();
    assert_eq!(read(folder, "*", "json", Some(&reader.cursor())).0, 1, "one of each file is new");
}
