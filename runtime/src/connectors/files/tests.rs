//! Reading whole folders, and going on after every record.

use std::io::Write;
use std::path::Path;

use bumpalo::Bump;
use pipewright_expr::Datum;
use pipewright_plan::{Base, Field, Format, OptionValue, Options, Schema};
use proptest::prelude::*;
use tempfile::TempDir;

use super::cursor::FileCursor;
use super::*;
use crate::codecs::ColumnRequest;
use crate::report::{ErrorClass, RunError};

mod positions;
mod rotation;
mod values;

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        write(folder.path(), name, bytes);
    }
    folder
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// `json` or `json(framing = array)`, written `json array`.
fn format(codec: &str) -> Format {
    let (codec, framing) = codec.split_once(' ').map_or((codec, None), |(codec, framing)| (codec, Some(framing)));
    let options = framing.map(|it| ("framing".to_string(), OptionValue::Word(it.to_string()))).into_iter().collect();
    Format { codec: codec.to_string(), options }
}

fn open(folder: &Path, path: &str, codec: &str, cursor: Option<&str>) -> Result<FileReader, RunError> {
    open_when(folder, path, codec, cursor, "stop")
}

fn open_when(
    folder: &Path,
    path: &str,
    codec: &str,
    cursor: Option<&str>,
    changed: &str,
) -> Result<FileReader, RunError> {
    let text = |it: &str| OptionValue::String(it.to_string());
    let connection = Options::from([("root".to_string(), text(folder.to_str().unwrap()))]);
    FileReader::open(
        &connection,
        &Options::from([("path".to_string(), text(path)), ("changed".to_string(), text(changed))]),
        &format(codec),
        cursor,
    )
}

/// `file:start:line:text` of a record.
fn shown(record: FileRecord<'_>) -> String {
    format!("{}:{}:{}:{}", record.file, record.start, record.line, String::from_utf8_lossy(record.bytes))
}

/// The records that are left, and the error that ended them.
fn rest(reader: &mut FileReader, batch: usize) -> (Vec<String>, Option<RunError>) {
    let mut records = Vec::new();
    loop {
        let before = records.len() as u64;
        match reader.next_batch(batch, usize::MAX, &mut |record| records.push(shown(record))) {
            Ok(progress) => {
                assert_eq!(progress.records, records.len() as u64 - before);
                assert!(progress.records <= batch as u64);
                if progress.ended {
                    return (records, None);
                }
                assert!(progress.records > 0, "a batch that is not the last one holds a record");
            }
            Err(error) => return (records, Some(error)),
        }
    }
}

fn all(folder: &Path, path: &str, codec: &str) -> Vec<String> {
    let (records, error) = rest(&mut open(folder, path, codec, None).unwrap(), 3);
    assert!(error.is_none(), "{error:?}");
    records
}

fn refused(folder: &Path, path: &str) -> (&'static str, String, String) {
    let error = open(folder, path, "json", None).err().unwrap();
    (error.name, error.message.replace(folder.to_str().unwrap(), "ROOT"), error.help.unwrap_or_default())
}

#[test]
fn lines_of_files_in_the_order_of_their_names() {
    let folder = folder(&[
        ("b.jsonl", b"\xef\xbb\xbf{\"a\":3}\r\n\n  \n{\"a\":4}"),
        ("a.jsonl", b"{\"a\":1}\n{\"a\":2}\n"),
        ("c/d.jsonl.gz", &[gz(b"{\"a\":5}\n{\"a\""), gz(b":6}\n")].concat()),
        ("e.jsonl.zst", &zstd::encode_all(&b"{\"a\":7}\n"[..], 1).unwrap()),
        ("empty.jsonl", b""),
        ("other.txt", b"x\n"),
        (".hidden.jsonl", b"x\n"),
    ]);
    let expected = [
        "a.jsonl:0:1:{\"a\":1}",
        "a.jsonl:8:2:{\"a\":2}",
        "b.jsonl:3:1:{\"a\":3}",
        "b.jsonl:16:4:{\"a\":4}",
        "c/d.jsonl.gz:0:1:{\"a\":5}",
        "c/d.jsonl.gz:8:2:{\"a\":6}",
        "e.jsonl.zst:0:1:{\"a\":7}",
    ];
    assert_eq!(all(folder.path(), "**/*.jsonl*", "json"), expected);
    assert_eq!(all(folder.path(), "a.jsonl", "json"), expected[..2]);
    assert_eq!(all(folder.path(), "./[ab].jsonl", "json"), expected[..4]);
    let lines = folder.path().join("b.jsonl");
    std::fs::write(lines, b"x\r\n\r\n y").unwrap();
    assert_eq!(all(folder.path(), "b.jsonl", "raw"), ["b.jsonl:0:1:x", "b.jsonl:3:2:", "b.jsonl:5:3: y"]);
}

#[test]
fn rows_with_a_header_are_decoded_by_name() {
    let folder = folder(&[
        ("1.csv", b"\xef\xbb\xbfname,id\r\n\"Ada\r\nL.\",1\r\n\r\nBob,2"),
        ("0.csv", b""),
        ("2.csv.gz", &gz(b"name,id\nEve,3\n")),
    ]);
    let mut reader = open(folder.path(), "*.csv*", "csv", None).unwrap();
    let schema =
        Schema::new(vec![Field::new("id", Base::Int64.required()), Field::new("name", Base::String.required())]);
    let request = |field: &Field| ColumnRequest {
        path: vec![field.name.clone()],
        ty: field.ty.clone(),
        name: field.name.clone(),
        origin: None,
    };
    let requests: Vec<_> = schema.fields.iter().map(request).collect();
    let mut decoder = reader.decoder(&requests, &schema).unwrap();
    let mut rows = Vec::new();
    let mut decode = |record: FileRecord<'_>| {
        let arena = Bump::new();
        let mut cells = [Datum::Null; 2];
        decoder.decode(record.bytes, &arena, &mut cells).unwrap();
        rows.push(format!("{}:{}:{:?}", record.start, record.line, cells));
    };
    assert_eq!(reader.next_batch(10, 1 << 20, &mut decode).unwrap(), Progress { records: 3, ended: true });
    assert_eq!(
        rows,
        ["12:2:[Int(1), Text(\"Ada\\r\\nL.\")]", "27:5:[Int(2), Text(\"Bob\")]", "8:2:[Int(3), Text(\"Eve\")]"]
    );
    write(folder.path(), "3.csv", b"id,name\n4,Zoe\n");
    let (records, error) = rest(&mut open(folder.path(), "*.csv*", "csv", None).unwrap(), 100);
    assert_eq!(records.len(), 3);
    let error = error.unwrap();
    assert_eq!((error.name, error.message.as_str()), ("header-differs", "`3.csv` has other columns than `1.csv`"));
}

/// Reads one record at a time; at each place a new reader goes on from the cursor and must give the rest.
fn resumes_everywhere(folder: &Path, path: &str, codec: &str) {
    let whole = all(folder, path, codec);
    let mut reader = open(folder, path, codec, None).unwrap();
    let total = reader.total_bytes().unwrap();
    for at in 0..=whole.len() + 1 {
        let cursor = reader.cursor();
        let mut other = open(folder, path, codec, Some(&cursor)).unwrap();
        assert_eq!(other.total_bytes(), Some(total));
        assert!(other.consumed_bytes() <= total, "{cursor}");
        let (records, error) = rest(&mut other, 2);
        assert!(error.is_none());
        assert_eq!(records, whole[at.min(whole.len())..], "{cursor}");
        assert_eq!(other.consumed_bytes(), total);
        let last = reader.next_batch(1, usize::MAX, &mut |_| ()).unwrap();
        assert_eq!(last.ended, at >= whole.len());
    }
}

#[test]
fn goes_on_after_every_record() {
    let rows = "name,note\n\"a\nb\",1\nc,\"d\r\n\"\"\"\n\ne,\n";
    let lines: String = (0..50).map(|it| format!("{{\"n\":{it},\"text\":\"{}\"}}\n", "é".repeat(it))).collect();
    let folder = folder(&[
        ("a.csv", rows.as_bytes()),
        ("b.csv", b"name,note\n"),
        ("c.csv.gz", &gz(rows.as_bytes())),
        ("d.csv", b"name,note\nx,y"),
        ("a.jsonl", lines.as_bytes()),
        ("b.jsonl.gz", &gz(lines.as_bytes())),
        ("c.jsonl.zst", &zstd::encode_all(lines.as_bytes(), 1).unwrap()),
    ]);
    resumes_everywhere(folder.path(), "*.csv*", "csv");
    resumes_everywhere(folder.path(), "*.jsonl*", "json");
    resumes_everywhere(folder.path(), "*.jsonl*", "raw");
    resumes_everywhere(folder.path(), "*.jsonl*", "json values");
}

#[test]
fn new_files_are_read_and_changed_ones_refused() {
    let folder = folder(&[("b.jsonl", b"1\n2\n"), ("c.jsonl", b"3\n4\n")]);
    let mut reader = open(folder.path(), "*.jsonl", "raw", None).unwrap();
    reader.next_batch(3, 1 << 20, &mut |_| ()).unwrap();
    let cursor = reader.cursor();
    let again = |path: &str| open(folder.path(), path, "raw", Some(&cursor));
    write(folder.path(), "a.jsonl", b"5\n");
    write(folder.path(), "c.jsonl", b"3\n4\n6\n");
    let (records, _) = rest(&mut again("*.jsonl").unwrap(), 9);
    assert_eq!(records, ["c.jsonl:2:2:4", "c.jsonl:4:3:6", "a.jsonl:0:1:5"]);
    let said =
        |path: &str| again(path).err().map(|error| format!("{} {:?} {}", error.name, error.class, error.message));
    write(folder.path(), "b.jsonl", b"1\n2\n7\n");
    let (records, _) = rest(&mut again("*.jsonl").unwrap(), 9);
    assert_eq!(records, ["c.jsonl:2:2:4", "c.jsonl:4:3:6", "a.jsonl:0:1:5", "b.jsonl:4:3:7"], "b has grown");
    write(folder.path(), "b.jsonl", b"1\n");
    assert_eq!(
        said("*.jsonl").unwrap(),
        "file-changed WouldLose `b.jsonl` was read when it had 4 bytes, and has 2 now"
    );
    write(folder.path(), "b.jsonl", b"1\n7\n");
    assert_eq!(said("*.jsonl").unwrap(), "file-changed WouldLose `b.jsonl` was read before, and has changed since");
    std::fs::remove_file(folder.path().join("b.jsonl")).unwrap();
    assert_eq!(said("*.jsonl"), None);
    for other in [&b"3\n"[..], b"8\n4\n6\n"] {
        write(folder.path(), "c.jsonl", other);
        assert_eq!(
            said("*.jsonl").unwrap(),
            "file-changed WouldLose `c.jsonl` is not the file that was begun: it has changed"
        );
    }
    std::fs::remove_file(folder.path().join("c.jsonl")).unwrap();
    assert_eq!(said("*.jsonl").unwrap(), "file-changed WouldLose `c.jsonl` is gone; it was read up to line 1");
    assert_eq!(open(folder.path(), "a.jsonl", "raw", Some("{")).err().unwrap().class, ErrorClass::Bug);
}

#[test]
fn a_cut_file_gives_what_it_has_and_says_so() {
    let lines: String = (0..20_000).map(|it| format!("{{\"n\":{it},\"hash\":{}}}\n", it * 7919 % 10007)).collect();
    let packed = gz(lines.as_bytes());
    for (name, packed) in [("a.jsonl.gz", packed), ("a.jsonl.zst", zstd::encode_all(lines.as_bytes(), 1).unwrap())] {
        let folder = folder(&[(name, &packed[..packed.len() / 2])]);
        let mut reader = open(folder.path(), name, "json", None).unwrap();
        let (records, error) = rest(&mut reader, 1000);
        let error = error.unwrap();
        assert!(records.len() > 1000, "{}", records.len());
        for (at, record) in records.iter().enumerate() {
            assert!(record.contains(&format!("{{\"n\":{at},")), "{record}");
        }
        assert_eq!((error.name, error.class), ("file-truncated", ErrorClass::WouldLose));
        assert_eq!(
            error.message,
            format!("`{name}` is cut off after {} records; nothing after them is known", records.len())
        );
        assert_eq!(reader.next_batch(1, 1, &mut |_| ()).unwrap_err().name, "file-truncated");
        // The whole file takes its place: nothing is read twice.
        let cursor = reader.cursor();
        write(folder.path(), name, &packed);
        let (more, error) = rest(&mut open(folder.path(), name, "json", Some(&cursor)).unwrap(), 1000);
        assert!(error.is_none());
        assert_eq!(records.len() + more.len(), 20_000);
        assert!(more[0].contains(&format!("{{\"n\":{},", records.len())));
        // Cut in the trailer, behind the last record.
        write(folder.path(), name, &packed[..packed.len() - 3]);
        let (records, error) = rest(&mut open(folder.path(), name, "json", None).unwrap(), 1000);
        assert_eq!(error.map(|error| error.name), Some("file-truncated"));
        assert!(name.ends_with("zst") || records.len() == 20_000);
    }
    let folder = folder(&[("a.gz", b"this was never packed")]);
    let (records, error) = rest(&mut open(folder.path(), "a.gz", "json", None).unwrap(), 9);
    assert_eq!((records.len(), error.unwrap().name), (0, "file-damaged"));
}

#[test]
fn a_record_that_never_ends_is_refused() {
    let mut text = b"id,note\n1,ok\n2,\"".to_vec();
    text.resize(17 << 20, b'x');
    let folder = folder(&[("a.csv", &text)]);
    let (records, error) = rest(&mut open(folder.path(), "a.csv", "csv", None).unwrap(), 9);
    assert_eq!(records, ["a.csv:8:2:1,ok"]);
    let error = error.unwrap();
    assert_eq!(error.name, "record-too-large");
    assert_eq!(error.message, "the record at line 3 of `a.csv` is larger than 16 MiB");
}

#[test]
fn a_quote_that_never_closes_costs_one_line_however_far_it_would_run() {
    let mut text = b"id,note\n1,\"ok\nstill\"\n2,\"open\n".to_vec();
    let rows = 20 << 20 >> 6;
    let row = format!("{:>61},x\n", 7);
    text.extend(row.as_bytes().repeat(rows));
    let folder = folder(&[("a.csv", &text)]);
    let mut reader = open(folder.path(), "a.csv", "csv", None).unwrap();
    let mut torn = Vec::new();
    let mut seen = 0;
    let mut read = |reader: &mut FileReader, most: usize| {
        let mut sink = |record: FileRecord<'_>| {
            seen += 1;
            torn.extend(record.torn.map(|it| (String::from_utf8_lossy(record.bytes).into_owned(), record.line, it)));
        };
        reader.next_batch(most, usize::MAX, &mut sink).unwrap()
    };
    assert_eq!(read(&mut reader, 2).records, 2);
    // Begun anew behind the torn record, nothing is different.
    let mut reader = open(folder.path(), "a.csv", "csv", Some(&reader.cursor())).unwrap();
    while !read(&mut reader, usize::MAX).ended {}
    assert_eq!(seen, 2 + rows);
    let [(text, line, torn)] = &torn[..] else { panic!("{torn:?}") };
    assert_eq!((text.as_str(), *line), ("2,\"open", 4));
    let said = "the quote of cell 2 opens at line 4 and is not closed; it would take more than 16 MiB of the lines behind it, \
                so these are read as rows of their own";
    assert_eq!(torn.explain().reason, said);
}

#[test]
fn a_header_that_is_not_closed_is_said_with_its_place() {
    let folder = folder(&[("a.csv", b"\xef\xbb\xbf\"Order ID\" ,\"b\"\n1,2\n"), ("b.csv", b"a,\"b\n1,2\n")]);
    let said = |path: &str| open(folder.path(), path, "csv", None).err().map(|it| (it.name, it.message)).unwrap();
    let (name, message) = said("a.csv");
    assert_eq!(name, "header-unreadable");
    assert_eq!(
        message,
        "the header of `a.csv`, line 1, cannot be read: a blank stands behind the closing quote of cell 1: `\"Order ID\" `"
    );
    assert!(said("b.csv").1.ends_with("line 1, cannot be read: the quote of cell 2 is not closed: b"));
}

#[test]
fn a_follower_waits_for_the_end_of_a_quoted_cell() {
    let folder = folder(&[("a.csv", b"id,note\n1,\"one\ntwo\n")]);
    let mut reader = open(folder.path(), "a.csv", "csv", None).unwrap();
    reader.follow();
    assert_eq!(left(&mut reader), Vec::<String>::new());
    append(folder.path(), "a.csv", b"three\"\n2,x\n");
    assert!(reader.look_again().unwrap());
    assert_eq!(left(&mut reader), ["a.csv:8:2:1,\"one\ntwo\nthree\"", "a.csv:26:5:2,x"]);
}

#[test]
fn what_is_not_there_is_said_with_what_is() {
    let folder = folder(&[("orders.jsonl", b""), ("data/2026.csv", b""), ("data/2027.csv", b"")]);
    let help = |text: &str| text.to_string();
    for (path, message, advice) in [
        ("order.jsonl", "there is no file `order.jsonl` in `ROOT`", help("did you mean `orders.jsonl`?")),
        ("data/2028.csv", "there is no file `data/2028.csv` in `ROOT`", help("did you mean `data/2027.csv`?")),
        ("data/*.gz", "no file in `ROOT` matches `data/*.gz`", help("there are `data/2026.csv`, `data/2027.csv`")),
        ("data", "`data` is a folder", help("for the files in it: `path = \"data/*\"`")),
    ] {
        assert_eq!(refused(folder.path(), path), ("file-not-found", message.to_string(), advice), "{path}");
    }
    assert_eq!(refused(folder.path(), "dada/x").1, "there is no file `dada/x` in `ROOT`");
    assert_eq!(refused(folder.path(), "../x").0, "bad-option");
    assert_eq!(refused(folder.path(), "a[").0, "bad-option");
    assert_eq!(refused(&folder.path().join("nowhere"), "x").0, "file-not-found");
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out_of_the_root() {
    let outside = folder(&[("secret.jsonl", b"1\n")]);
    let folder = folder(&[("in.jsonl", b"2\n")]);
    let link = |target: &Path, name: &str| std::os::unix::fs::symlink(target, folder.path().join(name)).unwrap();
    link(&folder.path().join("in.jsonl"), "inner.jsonl");
    assert_eq!(all(folder.path(), "*.jsonl", "raw"), ["in.jsonl:0:1:2", "inner.jsonl:0:1:2"]);
    link(&outside.path().join("secret.jsonl"), "out.jsonl");
    link(outside.path(), "folder");
    for path in ["*.jsonl", "out.jsonl", "folder/*", "folder/secret.jsonl"] {
        assert_eq!(refused(folder.path(), path).0, "file-outside-root", "{path}");
    }
}

#[test]
fn a_stream_goes_on_where_it_stood() {
    let text = "id,name\n1,Ada\n2,\"B\nC\"\n3,Eve\n";
    let stream = |text: &str, cursor: &str| {
        let read = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
        FileReader::stream(read, &format("csv"), FileCursor::read(cursor).unwrap())
    };
    let mut reader = stream(text, "{}").unwrap();
    let mut seen = Vec::new();
    for _ in 0..4 {
        let cursor = reader.cursor();
        let (records, error) = rest(&mut stream(text, &cursor).unwrap(), 1);
        assert!(error.is_none());
        assert_eq!(seen.len() + records.len(), 3);
        reader.next_batch(1, usize::MAX, &mut |record| seen.push(shown(record))).unwrap();
    }
    assert_eq!(seen, ["-:8:2:1,Ada", "-:14:3:2,\"B\nC\"", "-:22:5:3,Eve"]);
    let cursor = reader.cursor();
    let said = |text: &str| stream(text, &cursor).err().unwrap().message;
    assert_eq!(said("id,name\n7,Ada\n2,\"B\nC\"\n3,Eve\n"), "the standard input is not what was read before");
    assert_eq!(said("id,name\n1,Ada\n"), "the standard input is not what was read before");
    assert_eq!(reader.total_bytes(), None);
    let folder = folder(&[("a.csv", text.as_bytes())]);
    let cursor = open(folder.path(), "a.csv", "csv", None).unwrap().cursor();
    let error = stream(text, &cursor).err().unwrap();
    assert_eq!(error.message, "`a.csv` was read before, and now the standard input is to be");
}

#[test]
fn a_reader_may_move_to_another_thread() {
    fn moves<T: Send>() {}
    moves::<FileReader>();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Any text, cut by batches and resumed at any record, gives the same records.
    #[test]
    fn batches_and_resumption_change_nothing(
        text in "([a,\"\n]|\r\n|é){0,60}",
        batch in 1usize..5,
        codec in proptest::sample::select(vec!["csv", "json", "raw"]),
        packed: bool,
    ) {
        // A header whose quotes are not in order is an error.
        let text = if codec == "csv" { format!("a,b\n{text}") } else { text };
        let (name, bytes) = if packed { ("x.gz", gz(text.as_bytes())) } else { ("x", text.into_bytes()) };
        let folder = folder(&[(name, &bytes)]);
        let whole = all(folder.path(), name, codec);
        let (records, _) = rest(&mut open(folder.path(), name, codec, None).unwrap(), batch);
        prop_assert_eq!(&records, &whole);
        resumes_everywhere(folder.path(), name, codec);
    }
}

fn left(reader: &mut FileReader) -> Vec<String> {
    let (records, error) = rest(reader, 10);
    assert!(error.is_none(), "{error:?}");
    records
}

fn append(folder: &Path, name: &str, bytes: &[u8]) {
    let file = std::fs::OpenOptions::new().append(true).open(folder.join(name));
    file.unwrap().write_all(bytes).unwrap();
}

fn age(folder: &Path, name: &str) {
    let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    std::fs::File::options().append(true).open(folder.join(name)).unwrap().set_modified(hour_ago).unwrap();
}

#[test]
fn a_follower_finds_new_files_and_lines_and_waits_for_the_end_of_a_line() {
    let folder = folder(&[("a.log", b"one\ntw")]);
    let mut reader = open(folder.path(), "*.log", "raw", None).unwrap();
    reader.follow();
    assert_eq!(left(&mut reader), ["a.log:0:1:one"]);
    assert!(!reader.look_again().unwrap() || left(&mut reader).is_empty());
    let cursor = reader.cursor();
    append(folder.path(), "a.log", b"o\nthree\n");
    write(folder.path(), "b.log", b"");
    write(folder.path(), "c.log", b"half");
    write(folder.path(), "d.log.gz", b"not matched");
    write(folder.path(), "e.log", b"four\n");
    for mut reader in [reader, open(folder.path(), "*.log", "raw", Some(&cursor)).unwrap()] {
        reader.follow();
        reader.look_again().unwrap();
        assert_eq!(left(&mut reader), ["a.log:4:2:two", "a.log:8:3:three", "e.log:0:1:four"]);
    }
}

#[test]
fn a_last_line_without_an_end_is_taken_when_its_file_rests() {
    let folder = folder(&[("a.log", b"one\ntwo")]);
    let mut reader = open(folder.path(), "a.log", "raw", None).unwrap();
    reader.follow();
    assert_eq!(left(&mut reader), ["a.log:0:1:one"]);
    age(folder.path(), "a.log");
    assert!(reader.look_again().unwrap());
    assert_eq!(left(&mut reader), ["a.log:4:2:two"]);
    assert!(!reader.look_again().unwrap());
}

#[test]
fn a_packed_file_is_taken_when_it_rests() {
    let folder = folder(&[("a.gz", &gz(b"one\n"))]);
    let mut reader = open(folder.path(), "*.gz", "raw", None).unwrap();
    reader.follow();
    assert_eq!(left(&mut reader), ["a.gz:0:1:one"]);
    write(folder.path(), "b.gz", &gz(b"two\n"));
    assert!(!reader.look_again().unwrap());
    age(folder.path(), "b.gz");
    assert!(reader.look_again().unwrap());
    assert_eq!(left(&mut reader), ["b.gz:0:1:two"]);
}

#[test]
fn a_record_that_is_refused_comes_again_mended() {
    let folder = folder(&[("a.log", b"one\ntoo long\nthree\n")]);
    let mut reader = open(folder.path(), "a.log", "raw", None).unwrap();
    let mut seen = 0;
    let progress = reader.next_batch_while(10, usize::MAX, &mut |_| {
        seen += 1;
        if seen == 2 { Answer::Refused } else { Answer::Taken }
    });
    assert_eq!(progress.unwrap(), Progress { records: 1, ended: false });
    let cursor = reader.cursor();
    assert_eq!(left(&mut reader), ["a.log:4:2:too long", "a.log:13:3:three"]);
    write(folder.path(), "a.log", b"one\ntwo\nthree\n");
    let mut mended = open(folder.path(), "a.log", "raw", Some(&cursor)).unwrap();
    assert_eq!(left(&mut mended), ["a.log:4:2:two", "a.log:8:3:three"]);
    write(folder.path(), "a.log", b"eno\ntwo\n");
    let error = open(folder.path(), "a.log", "raw", Some(&cursor)).err().unwrap();
    assert_eq!(error.name, "file-changed");
}
