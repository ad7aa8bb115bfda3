//! The declared partitioner places the records: of an embedded run and of `test`, against hashes that other clients have.

use std::path::Path;
use std::process::Command;

/// librdkafka, tests/0048-partitioner.c: a key, its murmur2 (the sign cut off), its CRC32.
const VECTORS: &[(&str, u32, u32)] = &[
    ("", 0x106e_08d9, 0),
    ("23456", 0x058d_780f, 0xb1b4_51d7),
    ("this is another string with more length to it perhaps", 0x4f77_03da, 0xb015_0df7),
    ("hejsan", 0x5ec1_9395, 0xd077_037e),
];

const PARTITIONS: u32 = 30;

fn program(partitioner: &str, expected: &[(&str, u32)]) -> String {
    let rows = |row: &dyn Fn(&(&str, u32)) -> String| expected.iter().map(row).collect::<Vec<_>>().join("\n    ");
    format!(
        r#"
pipeline places {{ }}
connection disk = files {{ root = "." }}
connection bus = kafka {{ embedded = true }}
connection db = sqlite {{ path = "out.db" }}
type Word = {{ word: string }}
source words: Word from disk {{ path = "words.jsonl", format = json }}
topic spread from words {{ partition_key = word, partitions = {PARTITIONS}, partitioner = {partitioner} }}
transform placed from spread | derive place = meta.partition
sink places from placed to db {{ table = "places", write = append }}
test "they are where other clients put them" {{
  given words [
    {}
  ]
  expect places [
    {}
  ]
}}
"#,
        rows(&|(word, _)| format!("{{ word = {word:?} }}")),
        rows(&|(word, place)| format!("{{ word = {word:?}, place = {place} }}")),
    )
}

fn pipewright(folder: &Path, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_pipewright")).args(args).current_dir(folder).output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{args:?}: {text}");
    text
}

fn of(partitioner: &str) -> Vec<(&'static str, u32)> {
    let hash = |(_, murmur2, crc32): &(&str, u32, u32)| if partitioner == "murmur2" { *murmur2 } else { *crc32 };
    VECTORS.iter().map(|it| (it.0, hash(it) % PARTITIONS)).collect()
}

#[test]
fn a_test_places_records_as_other_clients_do() {
    for partitioner in ["murmur2", "consistent"] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("main.pipe"), program(partitioner, &of(partitioner))).unwrap();
        pipewright(folder.path(), &["test", "main.pipe"]);
    }
}

#[cfg(feature = "run")]
#[test]
fn an_embedded_run_places_records_as_other_clients_do() {
    use sqlx::{Connection, Row, SqliteConnection};
    for partitioner in ["murmur2", "consistent"] {
        let folder = tempfile::tempdir().unwrap();
        let expected = of(partitioner);
        std::fs::write(folder.path().join("main.pipe"), program(partitioner, &expected)).unwrap();
        let lines: String = expected.iter().map(|(word, _)| format!("{{\"word\":{word:?}}}\n")).collect();
        std::fs::write(folder.path().join("words.jsonl"), lines).unwrap();
        pipewright(folder.path(), &["run", "main.pipe", "--until-end"]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut found: Vec<(String, u32)> = runtime.block_on(async {
            let url = format!("sqlite://{}", folder.path().join("out.db").display());
            let mut connection = SqliteConnection::connect(&url).await.unwrap();
            let rows = sqlx::query("SELECT word, place FROM places").fetch_all(&mut connection).await.unwrap();
            rows.iter().map(|row| (row.get("word"), row.get("place"))).collect()
        });
        let mut expected: Vec<_> = expected.into_iter().map(|(word, place)| (word.to_string(), place)).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{partitioner}");
    }
}
