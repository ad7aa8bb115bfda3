//! Files as people have them: a program, files in, rows and dead letters out, without servers. Each test states what is stored
//! and how the run ends.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use sqlx::{Connection, Row, SqliteConnection};

/// A program with one source; its type has `id` and `name`.
struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    /// `source`: the options of the source.
    fn new(source: &str) -> Self {
        Self::of("{ id: int64 @key, name: string, qty: int32? }", "", source)
    }

    fn of(ty: &str, pipeline: &str, source: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = format!(
            "pipeline parts {{ {pipeline} }}\n\
             connection inbox = files {{ root = \".\" }}\n\
             connection bus = kafka {{ embedded = true }}\n\
             connection db = sqlite {{ path = \"out.db\" }}\n\
             type Part = {ty}\n\
             source part_file: Part from inbox {{ {source} }}\n\
             topic parts: Part on bus from part_file {{ key = id }}\n\
             sink parts_table from parts to db {{ table = \"parts\" }}\n"
        );
        std::fs::write(folder.path().join("parts.pipe"), program).unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), bytes).unwrap();
    }

    fn pipewright(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipewright"));
        command.args(arguments).current_dir(self.path()).env("NO_COLOR", "1").stdin(Stdio::null());
        command.output().unwrap()
    }

    /// Runs it; exit code and what it said.
    fn run(&self) -> (i32, String) {
        let output = self.pipewright(&["run", "parts.pipe"]);
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Runs it and expects that end.
    #[track_caller]
    fn ends(&self, code: i32) -> String {
        let (found, said) = self.run();
        assert_eq!(found, code, "{said}");
        said
    }

    /// `id name` of what is stored, in the order in which it came.
    fn stored(&self) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let path = self.path().join("out.db");
            let address = format!("sqlite://{}?mode=ro", path.display());
            let mut database = SqliteConnection::connect(&address).await.unwrap();
            let rows = sqlx::query("SELECT id || ' ' || name FROM parts ORDER BY rowid").fetch_all(&mut database);
            rows.await.unwrap().iter().map(|row| row.get(0)).collect()
        })
    }

    /// The reasons of the dead letters.
    fn letters(&self) -> Vec<String> {
        let list = self.pipewright(&["dead-letters", "ls", "parts.pipe", "--format", "json"]);
        assert_eq!(list.status.code(), Some(0), "{}", String::from_utf8_lossy(&list.stderr));
        let list: Value = serde_json::from_slice(&list.stdout).unwrap();
        list.as_array().unwrap().iter().map(|it| it["reason"].as_str().unwrap().to_string()).collect()
    }
}

#[test]
fn an_unclosed_quote_costs_its_own_row() {
    let project = Project::new("path = \"parts.csv\"");
    project.write(
        "parts.csv",
        "id,name,qty\n1,\"Bolt M4\",10\n2,\"Nut M4,20\n3,\"Washer\",30\n4,Screw,40\n5,\"two\nlines\",50\n6,Clip,60\n",
    );
    project.ends(0);
    assert_eq!(project.stored(), ["1 Bolt M4", "3 Washer", "4 Screw", "5 two\nlines", "6 Clip"]);
    assert_eq!(
        project.letters(),
        [
            "the quote of cell 2 opens at line 3 and is not closed; text stands behind the closing quote 1 line further down, \
          so these are read as rows of their own"
        ]
    );
}

#[test]
fn an_unclosed_quote_with_no_other_behind_it_takes_no_row_along() {
    let project = Project::new("path = \"parts.csv\"");
    let mut text = String::from("id,name,qty\n0,\"open,1\n");
    (1..=40_000).for_each(|id| text.push_str(&format!("{id},row,1\n")));
    project.write("parts.csv", text);
    project.ends(0);
    assert_eq!(project.stored().len(), 40_000);
    assert_eq!(
        project.letters(),
        [
            "the quote of cell 2 opens at line 2 and is not closed; it would take the 40000 lines up to the end of the file, \
          so these are read as rows of their own"
        ]
    );
}

/// The quote is closed by one that opens a cell with a delimiter in front: good CSV, but no row of this file.
#[test]
fn lines_that_a_row_takes_by_mistake_weigh_in_max_bad() {
    let project = Project::new("path = \"parts.csv\"");
    let mut text = String::from("id,name,qty\n0,\"open,1\n");
    (1..=400).for_each(|id| text.push_str(&format!("{id},row,1\n")));
    text.push_str("401,\",x\",1\n");
    project.write("parts.csv", text);
    let said = project.ends(5);
    assert!(said.contains("402 of the last 402 records of `part_file` were bad"), "{said}");
    assert!(said.contains("the row has 4 cells over 402 lines, the header 3"), "{said}");
}

#[test]
fn a_file_of_another_shape_stops_and_says_which_format_reads_it() {
    let lines = "path = \"parts.json\", format = json";
    for (text, framing) in [
        (
            "[\n  { \"id\": 1, \"name\": \"a\" },\n  { \"id\": 2, \"name\": \"b\", \"qty\": \"x\" },\n  { \"id\": 3, \"name\": \"c\" }\n]\n",
            "array",
        ),
        (
            "{\n  \"id\": 1, \"name\": \"a\"\n}\n{ \"id\": 2,\n  \"name\": 2 } { \"id\": 3, \"name\": \"c\" }\n",
            "values",
        ),
    ] {
        let project = Project::new(lines);
        project.write("parts.json", text);
        let said = project.ends(5);
        assert!(said.contains("error[file-shape]"), "{said}");
        let help = format!("`format = json(framing = {framing})` reads it");
        assert!(said.contains(&help), "{said}");
        let program = std::fs::read_to_string(project.path().join("parts.pipe")).unwrap();
        project.write("parts.pipe", program.replace("format = json", &format!("format = json(framing = {framing})")));
        project.ends(0);
        assert_eq!(project.stored(), ["1 a", "3 c"]);
        assert_eq!(project.letters().len(), 1);
        project.ends(0);
        assert_eq!(project.stored().len(), 2, "nothing twice");
    }
}

#[test]
fn a_run_without_one_good_record_ends_as_if_a_policy_had_stopped_it() {
    let project = Project::new("path = \"parts.jsonl\", format = json");
    project.write("parts.jsonl", "{\"id\": \"1\", \"name\": \"a\"}\n{\"id\": \"2\", \"name\": \"b\"}\n");
    let said = project.ends(5);
    assert!(said.contains("error[no-good-record]"), "{said}");
    assert!(said.contains("none of the 2 records that `part_file` has read is good"), "{said}");
    assert!(said.contains("json(numbers = text)"), "{said}");
    assert_eq!(project.letters().len(), 2);
    project.ends(0);
}

#[test]
fn a_report_has_titles_before_its_header() {
    let project = Project::new("path = \"*.csv\", format = csv(delimiter = \";\", skip = 2)");
    project.write("a.csv", "Monthly \"stock;;\nGenerated;;\nid;name;qty\n1;a;2\n2;b;x\n");
    project.write("b.csv", "Only a title\n");
    project.ends(0);
    assert_eq!(project.stored(), ["1 a"]);
    let misspelt = project.pipewright(&["dead-letters", "ls", "parts.pipe", "--name", "undecodeable"]);
    let said = String::from_utf8(misspelt.stderr).unwrap();
    assert!(said.contains("no dead letter fits what was asked for"), "{said}");
    let letters = project.pipewright(&["dead-letters", "ls", "parts.pipe", "--format", "json"]);
    let letters = String::from_utf8(letters.stdout).unwrap();
    assert!(letters.contains("`qty` is `x`"), "{letters}");
    project.write("a.csv", "Monthly \"stock;;\nGenerated;;\nid;name;qty\n1;a;2\n2;b;x\n3;c;1\n");
    project.ends(0);
    assert_eq!(project.stored(), ["1 a", "3 c"], "it has grown");
}

#[test]
fn ragged_rows_are_read_where_that_is_said() {
    let rows = "id,name,qty\n1,a,5\n2,b,6,,\"\"\n3,c\n4,d,\n5,e,7,,x\n6\n";
    let project = Project::new("path = \"parts.csv\"");
    project.write("parts.csv", rows);
    project.ends(0);
    assert_eq!(project.stored(), ["1 a", "4 d"]);
    let project = Project::new("path = \"parts.csv\", format = csv(ragged = true)");
    project.write("parts.csv", rows);
    project.ends(0);
    assert_eq!(project.stored(), ["1 a", "2 b", "3 c", "4 d"]);
    assert_eq!(project.letters(), ["the row has text in cell 5, the header 3 cells", "`name` is missing"]);
}

#[test]
fn a_log_that_is_rotated_goes_on_and_one_that_was_cut_off_says_how() {
    let project = Project::new("path = \"parts.csv*\", format = csv");
    project.write("parts.csv", "id,name,qty\n1,a,1\n2\n");
    project.ends(0);
    std::fs::rename(project.path().join("parts.csv"), project.path().join("parts.csv.1")).unwrap();
    project.write("parts.csv", "id,name,qty\n3,c,1\n4\n");
    project.ends(0);
    assert_eq!(project.stored(), ["1 a", "3 c"]);
    assert_eq!(project.letters().len(), 2, "of the same name and place, and not the same");
    project.write("parts.csv", "id,name,qty\n5,e,1\n");
    let said = project.ends(4);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("`pipewright positions reset parts.pipe part_file --file 'parts.csv'`"), "{said}");
    assert!(said.contains("`changed = read` or `changed = skip` at the source"), "{said}");
    let program = std::fs::read_to_string(project.path().join("parts.pipe")).unwrap();
    project.write("parts.pipe", program.replace("format = csv", "format = csv, changed = read"));
    project.ends(0);
    project.ends(0);
    assert_eq!(project.stored(), ["1 a", "3 c", "5 e"]);
}
