//! kill -9, twins, take-overs on real servers: the tables equal those of an undisturbed run.

use std::time::Duration;

use crate::e2e::project::{ask, eventually, expected};
use crate::e2e::servers::{check, project};

#[test]
fn killed_at_any_moment_it_goes_on_exactly_once() {
    let rows = 200_000;
    let project = project("kill", rows);
    for wait in [900u64, 1_400, 1_100, 2_000] {
        let mut running = project.start(&["run", "main.pipe", "--until-end"]);
        std::thread::sleep(Duration::from_millis(wait));
        if running.child.try_wait().unwrap().is_none() {
            running.kill_9();
        }
    }
    project.run_to_end();
    check(&project, rows);
}

#[test]
fn two_instances_share_the_work_and_one_takes_over_when_the_other_is_killed() {
    let rows = 300_000;
    let project = project("twins", rows);
    let mut first = project.start(&["run", "main.pipe"]);
    let mut second = project.start(&["run", "main.pipe"]);
    let count = format!("SELECT count(*)::text FROM {}.facts", project.name);
    let stored = || ask(&count).parse::<u64>().unwrap_or_default();
    eventually("rows arrive", || stored() > 10_000);
    first.kill_9();
    let (all, ..) = expected(rows);
    eventually("the other one finishes", || stored() == all);
    second.terminate();
    assert_eq!(second.wait(), 0, "{}", second.log());
    check(&project, rows);
}
