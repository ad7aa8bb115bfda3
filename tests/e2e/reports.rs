//! What a run says of itself at its end: each row adds up, a run that fails tells what it stored, and dead letters of earlier
//! runs are counted apart.

use crate::e2e::project::{Project, text_of};

const TWO_TOPICS: &str = r#"
pipeline shop { max_bad = 100% }
connection disk = files { root = "." }
connection bus = kafka { embedded = true }
connection db = sqlite { path = "out.db" }
type Customer = { id: int64, name: string }
type Visit = { id: int64, customer: int64, page: string }
source customers_csv: Customer from disk { path = "customers.csv", format = csv(header = true) }
source visits_csv: Visit from disk { path = "visits.csv", format = csv(header = true) }
topic customers from customers_csv { partition_key = id }
topic visits from visits_csv { partition_key = customer }
transform latest from customers | as table by id | select id, name
transform pages from visits | where page != "/health" | check page != "" else "no page" | select id, customer, page
sink customer_rows from latest to db { table = "customers", write = upsert, key = id }
sink visit_rows from pages to db { table = "visits", write = append }
"#;

/// The cells of a sink's row: read, stored, deleted, filtered, dead letters, skipped.
fn row(report: &str, sink: &str) -> Vec<u64> {
    let line =
        report.lines().find(|it| it.split_whitespace().any(|word| word == sink)).unwrap_or_else(|| panic!("{report}"));
    line.split(['|', '│', '┆', ' ']).filter_map(|it| it.replace(',', "").parse().ok()).collect()
}

#[test]
fn each_sink_counts_the_records_that_lead_to_it() {
    let project = Project::new("report", TWO_TOPICS);
    project.write("customers.csv", "id,name\n1,Ann\n2,Bob\n1,Anna\n");
    project.write("visits.csv", "id,customer,page\n1,1,/\n2,1,/health\n3,2,\n4,2,/a\n");
    let report = project.run_to_end();
    // 2 rows for 3 records: one of the two of customer 1 is replaced before it is written.
    assert_eq!(row(&report, "customer_rows"), [3, 3, 0, 0, 0, 0], "{report}");
    assert!(report.contains("2  rows written to db.customers"), "{report}");
    assert_eq!(row(&report, "visit_rows"), [4, 2, 0, 1, 1, 0], "{report}");
    assert!(!report.contains("besides"), "{report}");
    let report = project.run_to_end();
    assert_eq!(row(&report, "visit_rows"), [0; 6], "{report}");
    assert!(report.contains("besides: 1 dead letter of earlier runs"), "{report}");
    assert!(report.contains("dead-letters ls"), "{report}");
}

#[test]
fn a_run_that_is_stopped_tells_what_it_stored_until_then() {
    let stop = TWO_TOPICS.replace("max_bad = 100%", "on_bad_record = stop");
    let project = Project::new("stopped_report", &stop);
    project.write("customers.csv", "id,name\n1,Ann\n");
    project.write("visits.csv", "id,customer,page\n1,1,/\n2,1,/health\n3,2,\n4,2,/a\n");
    let output = project.output(&["run", "main.pipe", "--until-end"]);
    let report = text_of(&output);
    assert_eq!(output.status.code(), Some(5), "{report}");
    // Before the record that stopped it; that one is read again.
    assert_eq!(row(&report, "visit_rows")[..4], [2, 1, 0, 1], "{report}");
    assert!(report.contains("failed; stored until then: "), "{report}");
    assert!(report.contains("no page"), "{report}");
}

#[test]
fn a_run_that_fails_at_its_start_has_no_table_of_nothing() {
    let project = Project::new("failed_report", TWO_TOPICS);
    project.write("customers.csv", "id;name\n1;Ann\n");
    project.write("visits.csv", "id,customer,page\n");
    let output = project.output(&["run", "main.pipe", "--until-end"]);
    let report = text_of(&output);
    assert_eq!(output.status.code(), Some(1), "{report}");
    assert!(report.contains("failed before anything was read") && !report.contains("customer_rows"), "{report}");
}
