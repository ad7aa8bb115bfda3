//! Results of tests as JUnit XML: one suite a program, one case a test.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::test::{self, Played};
use crate::style::Style;

/// One document.
pub fn document(played: &[Played]) -> Result<String, String> {
    let mut report = Report::new("pipewright test");
    for program in played.iter().filter(|it| !it.tests.is_empty()) {
        let mut suite = TestSuite::new(program.file.clone());
        for line in &program.tests {
            let status = match line.failures.first() {
                None => TestCaseStatus::success(),
                Some(first) => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    let text: String = line.failures.iter().map(|it| test::show(it, Style::plain(100))).collect();
                    status.set_type("expect").set_message(first.message.clone()).set_description(text);
                    status
                }
            };
            let mut case = TestCase::new(line.name.clone(), status);
            case.set_classname(program.file.clone()).set_time(line.took);
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    report.to_string().map_err(|error| format!("the report cannot be written: {error}"))
}
