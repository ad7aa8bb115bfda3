//! Where a stage begins that has no stored position: never by itself when its tables hold rows.

use crate::e2e::project::{Project, ask, ask_sqlite, expected, orders_csv, sql, text_of};
use crate::e2e::servers::{check, project};

const UNTIL_END: [&str; 3] = ["run", "main.pipe", "--until-end"];

fn from(project: &Project, start: &str) -> String {
    let output = project.output(&[&UNTIL_END[..], &["--from", start]].concat());
    let text = flat(&text_of(&output));
    assert!(output.status.success(), "{text}");
    flat(&text)
}

/// Without the breaks of its lines.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As if the tables had come from elsewhere.
fn forget_positions(project: &Project) {
    sql(&format!("DELETE FROM pipewright.positions WHERE program = '{}'", project.name));
}

fn facts(project: &Project) -> u64 {
    ask(&format!("SELECT count(*)::text FROM {}.facts", project.name)).parse().unwrap()
}

#[test]
fn rows_without_a_position_are_refused_until_it_is_said_where_to_begin() {
    let project = project("begin", 1_000);
    project.run_to_end();
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    let between = ask("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')");
    project.write("orders.csv", orders_csv(3_000));
    project.run_to_end();
    check(&project, 3_000);
    let (all, ..) = expected(3_000);
    let (before, ..) = expected(1_000);

    forget_positions(&project);
    let output = project.output(&UNTIL_END);
    let text = flat(&text_of(&output));
    assert_eq!(output.status.code(), Some(4), "{text}");
    for said in ["stage `orders-to-db`", "its table `facts` holds 2,", "--from earliest", "--from latest"] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert_eq!(facts(&project), all, "nothing was stored");

    from(&project, "latest");
    assert_eq!(facts(&project), all, "nothing came since");
    let text = from(&project, "earliest");
    assert!(
        text.contains("`--from` is for one that has none; `pipewright positions reset main.pipe orders-to-db --to"),
        "{text}"
    );
    assert_eq!(facts(&project), all);

    forget_positions(&project);
    from(&project, &between);
    assert_eq!(facts(&project), all + (all - before), "what came since is stored again");

    forget_positions(&project);
    from(&project, "earliest");
    assert_eq!(facts(&project), 2 * all + (all - before));

    forget_positions(&project);
    sql(&format!("TRUNCATE {0}.facts, {0}.customers", project.name));
    project.run_to_end();
    check(&project, 3_000);
}

#[test]
fn the_same_embedded() {
    let project = Project::new("begin_embedded", crate::e2e::embedded::PROGRAM);
    project.write("orders.csv", orders_csv(1_000));
    project.run_to_end();
    let renamed = crate::e2e::embedded::PROGRAM.replace("NAME", "another");
    project.write("main.pipe", &renamed);
    let output = project.output(&UNTIL_END);
    let text = flat(&text_of(&output));
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(text.contains("holds 8") && text.contains(&format!("was = \"{}\"", project.name)), "{text}");
    let output = project.output(&[&UNTIL_END[..], &["--from", "latest"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", text_of(&output));

    from(&project, "earliest");
    let (all, ..) = expected(1_000);
    let rows = || ask_sqlite(&project.path("out.db"), "SELECT CAST(count(*) AS TEXT) FROM facts");
    assert_eq!(rows(), (2 * all).to_string());
    from(&project, "earliest");
    assert_eq!(rows(), (2 * all).to_string(), "its position is stored by now");
}
