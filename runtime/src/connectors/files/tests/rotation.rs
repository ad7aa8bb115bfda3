//! Files that are renamed, packed, cut off, written anew or padded between two readings.

use super::*;

#[test]
fn zeros_behind_a_gzip_member_are_padding_and_other_bytes_are_not() {
    let member = gz(b"1\n2\n");
    let read = |bytes: Vec<u8>| {
        let folder = folder(&[("a.jsonl.gz", &bytes)]);
        let (records, error) = rest(&mut open(folder.path(), "a.jsonl.gz", "json", None).unwrap(), 9);
        (records.len(), error.map(|it| it.name))
    };
    assert_eq!(read([member.clone(), vec![0; 200_000]].concat()), (2, None));
    assert_eq!(read([member.clone(), vec![0; 512], member.clone(), vec![0; 3]].concat()), (4, None));
    assert_eq!(
        read([member.clone(), vec![0; 512], b"garbage that is no member".to_vec()].concat()),
        (2, Some("file-damaged"))
    );
    assert_eq!(read([member.clone(), b"garbage that is no member".to_vec()].concat()), (2, Some("file-damaged")));
    assert_eq!(read(member[..member.len() - 3].to_vec()).1, Some("file-truncated"));
}

#[test]
fn rotated_logs_are_known_under_their_new_names() {
    let folder = folder(&[("app.log", b"a1\na2\n")]);
    let path = |name: &str| folder.path().join(name);
    let mut cursor: Option<String> = None;
    let mut read = |expected: &[&str]| {
        let mut reader = open(folder.path(), "app.log*", "raw", cursor.as_deref()).unwrap();
        let (records, error) = rest(&mut reader, 9);
        assert!(error.is_none(), "{error:?}");
        assert_eq!(records, expected);
        cursor = Some(reader.cursor());
    };
    read(&["app.log:0:1:a1", "app.log:3:2:a2"]);
    // A line more, then by rename; the new one is shorter, the next time longer.
    std::fs::write(path("app.log"), "a1\na2\na3\n").unwrap();
    std::fs::rename(path("app.log"), path("app.log.1")).unwrap();
    std::fs::write(path("app.log"), "b1\n").unwrap();
    read(&["app.log:0:1:b1", "app.log.1:6:3:a3"]);
    std::fs::rename(path("app.log.1"), path("app.log.2")).unwrap();
    std::fs::rename(path("app.log"), path("app.log.1")).unwrap();
    std::fs::write(path("app.log"), "c1\nc2\nc3\n").unwrap();
    read(&["app.log:0:1:c1", "app.log:3:2:c2", "app.log:6:3:c3"]);
    // Packed as it is put away; copied and cut off.
    std::fs::write(path("app.log.3.gz"), gz(b"a1\na2\na3\n")).unwrap();
    std::fs::rename(path("app.log.1"), path("app.log.2")).unwrap();
    std::fs::copy(path("app.log"), path("app.log.1")).unwrap();
    std::fs::write(path("app.log"), "d1\n").unwrap();
    read(&["app.log:0:1:d1"]);
    read(&[]);
}

#[test]
fn a_new_file_that_says_the_same_as_one_that_is_gone_is_read() {
    let folder = folder(&[("1.log", b"nothing\n")]);
    let mut reader = open(folder.path(), "*.log", "raw", None).unwrap();
    assert_eq!(rest(&mut reader, 9).0.len(), 1);
    std::fs::remove_file(folder.path().join("1.log")).unwrap();
    write(folder.path(), "2.log", b"nothing\n");
    let mut reader = open(folder.path(), "*.log", "raw", Some(&reader.cursor())).unwrap();
    assert_eq!(rest(&mut reader, 9).0, ["2.log:0:1:nothing"]);
}

#[test]
fn what_becomes_of_a_changed_file_can_be_said() {
    let folder = folder(&[("a.csv", b"n\n1\n2\n"), ("b.csv", b"n\n3\n4\n")]);
    let mut reader = open(folder.path(), "*.csv", "csv", None).unwrap();
    reader.next_batch(3, 1 << 20, &mut |_| ()).unwrap();
    let cursor = reader.cursor();
    write(folder.path(), "a.csv", b"n\n5\n");
    write(folder.path(), "b.csv", b"m,n\n6,7\n");
    let error = open(folder.path(), "*.csv", "csv", Some(&cursor)).err().unwrap();
    assert!(error.help.unwrap().contains("`changed = read`"));
    let mut skipped = open_when(folder.path(), "*.csv", "csv", Some(&cursor), "skip").unwrap();
    assert!(rest(&mut skipped, 9).0.is_empty());
    let cursor = skipped.cursor();
    write(folder.path(), "a.csv", b"n\n5\n8\n");
    let mut reader = open(folder.path(), "*.csv", "csv", Some(&cursor)).unwrap();
    assert_eq!(rest(&mut reader, 9).0, ["a.csv:4:3:8"]);
    let cursor = reader.cursor();
    write(folder.path(), "a.csv", b"n\n9\n");
    let mut reader = open_when(folder.path(), "*.csv", "csv", Some(&cursor), "read").unwrap();
    let mut turns = vec![];
    reader.next_batch(9, 1 << 20, &mut |record| turns.push((record.start, record.turn > 0))).unwrap();
    assert_eq!(turns, [(2, true)], "its dead letters are others than those of the old one");
    let cursor = reader.cursor();
    assert!(rest(&mut open(folder.path(), "*.csv", "csv", Some(&cursor)).unwrap(), 9).0.is_empty());
}

/// Every record of the files as they are, and nothing else, however often one looks.
fn follow(reader: &mut FileReader) -> Vec<String> {
    let (mut records, error) = rest(reader, 9);
    assert!(error.is_none(), "{error:?}");
    while reader.look_again().unwrap() {
        let (more, error) = rest(reader, 9);
        assert!(error.is_none(), "{error:?}");
        records.extend(more);
    }
    records
}

#[test]
fn a_log_that_is_put_away_between_its_finding_and_its_opening_is_read_once() {
    let folder = folder(&[("app.log", b"a1\n")]);
    let path = |name: &str| folder.path().join(name);
    let mut reader = open(folder.path(), "app.log*", "raw", None).unwrap();
    reader.follow();
    assert_eq!(follow(&mut reader), ["app.log:0:1:a1"]);
    std::fs::write(path("app.log"), "a1\na2\n").unwrap();
    assert!(reader.look_again().unwrap());
    // Twice at once: what was found is the second last by now, and what has its name is as long.
    std::fs::rename(path("app.log"), path("app.log.2")).unwrap();
    std::fs::write(path("app.log.1"), "b1\nb2\n").unwrap();
    std::fs::write(path("app.log"), "c1\nc2\n").unwrap();
    let mut records = follow(&mut reader);
    records.sort();
    let expected = ["app.log.1:0:1:b1", "app.log.1:3:2:b2", "app.log.2:3:2:a2", "app.log:0:1:c1", "app.log:3:2:c2"];
    assert_eq!(records, expected);
    let mut again = open(folder.path(), "app.log*", "raw", Some(&reader.cursor())).unwrap();
    assert!(rest(&mut again, 9).0.is_empty());
}

#[test]
fn a_log_that_is_put_away_while_it_is_read_is_known_by_its_own_end() {
    let folder = folder(&[("app.log", b"a1\na2\na3\n")]);
    let path = |name: &str| folder.path().join(name);
    let mut reader = open(folder.path(), "app.log*", "raw", None).unwrap();
    reader.follow();
    reader.next_batch(1, 1 << 20, &mut |_| ()).unwrap();
    std::fs::rename(path("app.log"), path("app.log.1")).unwrap();
    std::fs::write(path("app.log"), "b1\nb2\nb3\nb4\n").unwrap();
    let mut records = follow(&mut reader);
    records.sort();
    let new =
        ["app.log:0:1:b1", "app.log:3:2:a2", "app.log:3:2:b2", "app.log:6:3:a3", "app.log:6:3:b3", "app.log:9:4:b4"];
    assert_eq!(records, new);
    assert!(!reader.look_again().unwrap());
}

#[test]
fn a_bounded_reading_finds_what_was_put_away_under_its_new_name() {
    let folder = folder(&[("a.log", b"1\n"), ("b.log", b"2\n")]);
    let mut reader = open(folder.path(), "*.log", "raw", None).unwrap();
    std::fs::rename(folder.path().join("b.log"), folder.path().join("c.log")).unwrap();
    std::fs::write(folder.path().join("b.log"), "3\n").unwrap();
    let mut records = rest(&mut reader, 9).0;
    records.sort();
    assert_eq!(records, ["a.log:0:1:1", "b.log:0:1:3", "c.log:0:1:2"]);
}

#[test]
fn a_log_that_takes_the_name_of_one_that_is_deleted_is_read_once_however_often() {
    for changed in ["stop", "read"] {
        let folder = folder(&[("app.log.1", b"a1\na2\n"), ("app.log.2", b"b1\nb2\nb3\n")]);
        let path = |name: &str| folder.path().join(name);
        let mut reader = open_when(folder.path(), "app.log*", "raw", None, changed).unwrap();
        reader.follow();
        assert_eq!(follow(&mut reader).len(), 5);
        for round in 0..20 {
            // Later ones are longer, as long, or shorter.
            let text = "c1\nc2\n".repeat(round % 3 + 1);
            std::fs::rename(path("app.log.1"), path("app.log.2")).unwrap();
            std::fs::write(path("app.log.1"), format!("{round}\n{text}")).unwrap();
            let lines = 1 + text.lines().count();
            let records = follow(&mut reader);
            assert!(records.iter().all(|it| it.starts_with("app.log.1:")), "{records:?}");
            assert_eq!(records.len(), lines, "round {round} with {changed}: {records:?}");
            if round % 4 == 3 {
                let cursor = reader.cursor();
                assert!(cursor.len() < 8_000, "{}", cursor.len());
                reader = open_when(folder.path(), "app.log*", "raw", Some(&cursor), changed).unwrap();
                reader.follow();
                assert_eq!(follow(&mut reader), [""; 0]);
            }
        }
    }
}

#[test]
fn a_log_that_is_put_away_half_read_goes_on_under_its_new_name() {
    let folder = folder(&[("app.log", b"a1\na2\na3\n"), ("other.log", b"o1\n")]);
    let path = |name: &str| folder.path().join(name);
    let mut reader = open(folder.path(), "*.log*", "raw", None).unwrap();
    reader.next_batch(1, 1 << 20, &mut |_| ()).unwrap();
    let cursor = reader.cursor();
    std::fs::rename(path("app.log"), path("app.log.1")).unwrap();
    std::fs::write(path("app.log"), "b1\nb2\nb3\nb4\n").unwrap();
    let mut reader = open(folder.path(), "*.log*", "raw", Some(&cursor)).unwrap();
    let (mut records, error) = rest(&mut reader, 20);
    assert!(error.is_none(), "{error:?}");
    records.sort();
    let app = [
        "app.log.1:3:2:a2",
        "app.log.1:6:3:a3",
        "app.log:0:1:b1",
        "app.log:3:2:b2",
        "app.log:6:3:b3",
        "app.log:9:4:b4",
    ];
    assert_eq!(records, [&app[..], &["other.log:0:1:o1"]].concat());
}
