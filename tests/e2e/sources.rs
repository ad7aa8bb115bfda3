//! Sources on a real cluster: several topics in one transaction, stopping at a bad record, going on with new files and lines.

use std::io::Write;
use std::time::Duration;

use crate::e2e::project::{Project, ask, ask_sqlite, brokers, eventually, expected, orders_csv, sql, text_of};
use crate::e2e::servers::{check, program};

/// Lines of the file from this row to that one, without the header.
fn lines(from: u64, to: u64) -> String {
    let all = orders_csv(to);
    all.lines().skip(1 + usize::try_from(from).unwrap()).map(|line| format!("{line}\n")).collect()
}

fn append(project: &Project, file: &str, text: &str) {
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(project.path(file)).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn stored(project: &Project) -> u64 {
    ask(&format!("SELECT count(*)::text FROM {}.facts", project.name)).parse().unwrap_or_default()
}

#[test]
fn a_source_feeds_two_topics_exactly_once() {
    let more = "
transform cancelled from orders_csv | where status == \"cancelled\"
topic cancellations from cancelled { name = \"NAME.cancelled\", replication = 1, partition_key = id, partitions = 3 }
sink cancels from cancellations to db { table = \"cancels\", write = append }
";
    let rows = 150_000;
    let project = Project::new("two_topics", &(program() + more));
    sql(&format!("CREATE SCHEMA {}", project.name));
    project.write("orders.csv", orders_csv(rows));
    for wait in [1_200u64, 1_500, 1_800] {
        let mut running = project.start(&["run", "main.pipe", "--until-end"]);
        std::thread::sleep(Duration::from_millis(wait));
        if running.child.try_wait().unwrap().is_none() {
            running.kill_9();
        }
    }
    project.run_to_end();
    check(&project, rows);
    let cancelled = (0..rows).filter(|i| i % 97 != 96 && i % 10 == 9).count();
    let found = ask(&format!("SELECT count(*) || ' ' || count(DISTINCT id) FROM {}.cancels", project.name));
    assert_eq!(found, format!("{cancelled} {cancelled}"));
}

#[test]
fn a_bad_record_stops_a_source_behind_everything_before_it() {
    let text = program().replace("max_bad = 5%", "on_bad_record = stop, max_bad = 5%");
    let project = Project::new("source_stop", &text);
    sql(&format!("CREATE SCHEMA {}", project.name));
    let text = orders_csv(300);
    project.write("orders.csv", &text);
    for (line, before) in [(98, 96), (195, 193), (292, 290)] {
        let output = project.output(&["run", "main.pipe", "--until-end"]);
        let shown = text_of(&output);
        assert_eq!(output.status.code(), Some(5), "{shown}");
        assert!(shown.contains(&format!("line {line}")), "{shown}");
        // The run ends at the bad record: what is in the topic by then is stored by the next one.
        let mended = std::fs::read_to_string(project.path("orders.csv")).unwrap().replacen("abc", "1.00", 1);
        project.write("orders.csv", mended);
        assert!(stored(&project) <= before, "{}", stored(&project));
    }
    project.run_to_end();
    let good = (0..300).filter(|i| i % 10 != 9).count();
    let found = ask(&format!("SELECT count(*) || ' ' || count(DISTINCT id) FROM {}.facts", project.name));
    assert_eq!(found, format!("{good} {good}"));
}

#[test]
fn a_service_goes_on_with_appended_lines_and_new_files() {
    let text = program().replace("path = \"orders.csv\"", "path = \"inbox/*.csv\"");
    let project = Project::new("watch", &text);
    sql(&format!("CREATE SCHEMA {}", project.name));
    std::fs::create_dir(project.path("inbox")).unwrap();
    let header = orders_csv(0);
    let all_up_to = |rows| eventually("rows are stored", || stored(&project) == expected(rows).0);

    let mut running = project.start(&["run", "main.pipe"]);
    eventually("it waits for a file", || running.log().contains("no file matches"));
    append(&project, "inbox/a.csv", &(header.clone() + &lines(0, 1_000)));
    all_up_to(1_000);
    append(&project, "inbox/a.csv", &lines(1_000, 1_500));
    all_up_to(1_500);
    // Half a line waits for the other half.
    let next = lines(1_500, 1_501);
    let (half, rest) = next.split_at(6);
    append(&project, "inbox/a.csv", half);
    append(&project, "inbox/b.csv", &(header.clone() + &lines(1_501, 2_000)));
    eventually("the new file is stored", || stored(&project) == expected(2_000).0 - 1);
    running.kill_9();
    append(&project, "inbox/a.csv", rest);
    let mut running = project.start(&["run", "main.pipe"]);
    all_up_to(2_000);
    append(&project, "inbox/c.csv", &header);
    append(&project, "inbox/c.csv", &lines(2_000, 2_500));
    all_up_to(2_500);
    running.terminate();
    assert_eq!(running.wait(), 0, "{}", running.log());
    check(&project, 2_500);
}

/// The next lines have as many bytes as these.
#[test]
fn a_service_notices_another_file_of_the_same_size_in_the_place_of_one_that_it_has_read() {
    let text = program().replace("path = \"orders.csv\"", "path = \"inbox/*.csv*\"");
    let project = Project::new("same_size", &text);
    sql(&format!("CREATE SCHEMA {}", project.name));
    std::fs::create_dir(project.path("inbox")).unwrap();
    let (first, second) = (lines(1_000, 1_050), lines(4_000, 4_050));
    assert_eq!(first.len(), second.len());
    project.write("inbox/a.csv", orders_csv(0) + &first);
    let mut running = project.start(&["run", "main.pipe"]);
    let distinct = format!("SELECT count(DISTINCT id)::text FROM {}.facts", project.name);
    let count = || ask(&distinct).parse::<u64>().unwrap_or_default();
    eventually("the first file is stored", || count() > 40);
    let of_one = count();
    std::fs::rename(project.path("inbox/a.csv"), project.path("inbox/a.csv.1")).unwrap();
    project.write("inbox/new", orders_csv(0) + &second);
    std::fs::rename(project.path("inbox/new"), project.path("inbox/a.csv")).unwrap();
    eventually("the second file is stored", || count() > of_one + 40);
    running.terminate();
    assert_eq!(running.wait(), 0, "{}", running.log());
    assert_eq!(stored(&project), count(), "nothing of the first file came twice");
}

#[test]
fn a_bounded_run_waits_for_every_source_of_a_topic() {
    const PROGRAM: &str = r#"
pipeline NAME {}
connection disk = files { root = "." }
connection bus = kafka { brokers = "BROKERS" }
connection db = sqlite { path = "out.db" }
type Row = { id: int64 }
source few: Row from disk { path = "few.jsonl" }
source many: Row from disk { path = "many.jsonl" }
topic rows on bus from few, many { name = "NAME.rows", replication = 1, partitions = 2, partition_key = id }
sink stored from rows to db { table = "rows", write = append }
"#;
    let project = Project::new("two_sources", &PROGRAM.replace("BROKERS", &brokers()));
    let lines = |ids: std::ops::Range<u32>| ids.map(|it| format!("{{\"id\":{it}}}\n")).collect::<String>();
    project.write("few.jsonl", "");
    let mut all = 0;
    for _ in 0..3 {
        all += 20_000;
        project.write("many.jsonl", lines(0..all));
        project.run_to_end();
        let count = ask_sqlite(&project.path("out.db"), "SELECT CAST(count(*) AS TEXT) FROM rows");
        assert_eq!(count, all.to_string());
    }
}
