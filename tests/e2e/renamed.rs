//! `was = "old"`: pipeline, topic and connection go on under their new names.

use crate::e2e::project::{Project, ask, ask_sqlite, expected, orders_csv, sql, text_of};
use crate::e2e::servers::{check, project};

/// The program with all its names new.
fn renamed(text: &str, old: &str) -> String {
    text.replace(&format!("pipeline {old} {{"), &format!("pipeline {old}_new {{ was = \"{old}\","))
        .replace("connection db = ", "connection warehouse = ")
        .replace("to db {", "to warehouse {")
        .replace("url = ", "was = \"db\", url = ")
        .replace("path = \"out.db\"", "was = \"db\", path = \"out.db\"")
        .replace("topic orders from orders_csv {", "topic sales from orders_csv { was = \"orders\", ")
        .replace("from orders |", "from sales |")
}

fn rename(project: &Project) -> String {
    let old = std::fs::read_to_string(project.path("main.pipe")).unwrap();
    project.write("main.pipe", renamed(&old, &project.name));
    old
}

/// Before any run under the new name: nothing would begin anew.
fn looks_under_the_new_name(project: &Project) {
    let dry = project.output(&["run", "main.pipe", "--until-end", "--dry-run"]);
    let text = text_of(&dry).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(dry.status.success() && text.contains("orders_csv: nothing to read"), "{text}");
    let listed = project.output(&["positions", "ls", "main.pipe", "--format", "json"]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let listed = listed.as_array().unwrap();
    assert!(!listed.is_empty() && listed.iter().all(|it| it["position"].is_i64()), "{listed:?}");
}

#[test]
fn on_servers_everything_goes_on_under_the_new_names() {
    let project = project("renamed", 2_000);
    project.run_to_end();
    let old = rename(&project);
    looks_under_the_new_name(&project);
    project.write("orders.csv", orders_csv(3_000));
    project.run_to_end();
    check(&project, 3_000);
    project.write("orders.csv", orders_csv(4_000));
    project.run_to_end();
    check(&project, 4_000);
    let stages = format!(
        "SELECT string_agg(DISTINCT program || ' ' || stage, ', ') FROM pipewright.positions WHERE program LIKE '{}%'",
        project.name
    );
    assert_eq!(ask(&stages), format!("{}_new sales-to-warehouse", project.name));

    // Whoever still has the old name stops instead of beginning anew.
    let new = std::fs::read_to_string(project.path("main.pipe")).unwrap();
    project.write("main.pipe", &old);
    let output = project.output(&["run", "main.pipe", "--until-end"]);
    assert_eq!(output.status.code(), Some(4), "{}", text_of(&output));
    check(&project, 4_000);

    sql(&format!(
        "INSERT INTO pipewright.positions (program, stage, topic, partition, next_offset, generation, owner)
         VALUES ('{0}', 'orders-to-db', '{0}.orders', 0, 5, 1, 'somebody')
         ON CONFLICT (program, stage, topic, partition) DO UPDATE SET next_offset = 5",
        project.name
    ));
    project.write("main.pipe", &new);
    let output = project.output(&["run", "main.pipe", "--until-end"]);
    let text = text_of(&output).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("which it is said to have been") && text.contains("`orders-to-db`"), "{text}");
    check(&project, 4_000);
}

#[test]
fn the_same_embedded_with_its_dead_letters() {
    let project = Project::new("renamed_embedded", crate::e2e::embedded::PROGRAM);
    project.write("orders.csv", orders_csv(2_000));
    project.run_to_end();
    rename(&project);
    looks_under_the_new_name(&project);
    project.write("orders.csv", orders_csv(3_000));
    project.run_to_end();
    project.run_to_end();
    let (rows, _, bad) = expected(3_000);
    let ask = |sql: &str| ask_sqlite(&project.path("out.db"), sql);
    assert_eq!(ask("SELECT count(*) || ' ' || count(DISTINCT id) FROM facts"), format!("{rows} {rows}"));
    let letters = "SELECT count(*) || ' ' || min(program) || ' ' || max(program) FROM pipewright_dead_letters";
    assert_eq!(ask(letters), format!("{bad} {0}_new {0}_new", project.name));
}
