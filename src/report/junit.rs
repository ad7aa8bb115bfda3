//! JUnit XML: suites of cases, as build servers show them. Knows nothing of programs; [`super::findings_junit`] and the test
//! runner say what their suites and cases are.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// Cases that belong together, such as those of one file.
#[derive(Clone, Debug, Default)]
pub struct Suite {
    /// Its name, such as the path of a program.
    pub name: String,
    /// What was tried.
    pub cases: Vec<Case>,
}

/// One thing that was tried.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// The class it is listed below; build servers group by it.
    pub class: String,
    /// The file it stands in, and its line.
    pub place: Option<(String, u32)>,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took; nothing if that says nothing, so that the same run gives the same bytes.
    pub time: Option<Duration>,
    /// What is worth reading although it passed.
    pub output: Option<String>,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Passed,
    /// Not as it should.
    Failed {
        /// Its kind, such as the name of a finding.
        kind: String,
        /// One line.
        message: String,
        /// All of it.
        text: String,
    },
    /// It could not be tried.
    Broken {
        /// One line.
        message: String,
        /// All of it.
        text: String,
    },
    /// It was left out.
    Skipped {
        /// Why.
        message: String,
    },
}

/// The document. `name`: what was done, such as `pipewright check`.
pub fn render(name: &str, suites: &[Suite]) -> String {
    let mut report = Report::new(name);
    for suite in suites {
        let mut tests = TestSuite::new(suite.name.as_str());
        for case in &suite.cases {
            tests.add_test_case(test_case(case));
        }
        if let Some(time) = sum(suite) {
            tests.set_time(time);
        }
        report.add_test_suite(tests);
    }
    // Text that no XML holds was taken out when it became an `XmlString`; writing to memory cannot fail.
    report.to_string().unwrap_or_default()
}

fn test_case(case: &Case) -> TestCase {
    let status = match &case.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed { kind, message, text } => failure(NonSuccessKind::Failure, kind, message, text),
        Outcome::Broken { message, text } => failure(NonSuccessKind::Error, "error", message, text),
        Outcome::Skipped { message } => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(message.as_str());
            status
        }
    };
    let mut test = TestCase::new(case.name.as_str(), status);
    test.set_classname(case.class.as_str());
    if let Some((file, line)) = &case.place {
        test.extra.insert("file".into(), file.as_str().into());
        test.extra.insert("line".into(), line.to_string().into());
    }
    if let Some(time) = case.time {
        test.set_time(time);
    }
    if let Some(output) = &case.output {
        test.set_system_out(output.as_str());
    }
    test
}

fn failure(kind: NonSuccessKind, ty: &str, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(ty).set_message(message).set_description(text);
    status
}

fn sum(suite: &Suite) -> Option<Duration> {
    suite.cases.iter().filter_map(|it| it.time).reduce(|a, b| a.saturating_add(b))
}

#[cfg(test)]
mod tests {
    use super::{Case, Outcome, Suite, render};

    #[test]
    fn suites_and_cases() {
        let case = |name: &str, outcome| Case {
            name: name.into(),
            class: "shop".into(),
            place: None,
            outcome,
            time: None,
            output: None,
        };
        let failed = Outcome::Failed {
            kind: "difference".into(),
            message: "a \"b\" <c> & d".into(),
            text: "- 1\n+ 2 \u{1b}[31mred\u{1b}[0m \u{0}".into(),
        };
        let mut placed = case("fails", failed);
        placed.place = Some(("shop.pipe".into(), 7));
        placed.time = Some(std::time::Duration::from_millis(1_500));
        let cases = vec![
            case("passes", Outcome::Passed),
            placed,
            case("breaks", Outcome::Broken { message: "no".into(), text: "nothing to read".into() }),
            case("waits", Outcome::Skipped { message: "not yet".into() }),
        ];
        let text = render("pipewright test", &[Suite { name: "shop.pipe".into(), cases }]);
        assert_eq!(
            text,
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="pipewright test" tests="4" skipped="1" failures="1" errors="1">
    <testsuite name="shop.pipe" tests="4" skipped="1" errors="1" failures="1" time="1.500">
        <testcase name="passes" classname="shop"/>
        <testcase name="fails" classname="shop" time="1.500" file="shop.pipe" line="7">
            <failure message="a &quot;b&quot; &lt;c&gt; &amp; d" type="difference">- 1
+ 2 red </failure>
        </testcase>
        <testcase name="breaks" classname="shop">
            <error message="no" type="error">nothing to read</error>
        </testcase>
        <testcase name="waits" classname="shop">
            <skipped message="not yet"/>
        </testcase>
    </testsuite>
</testsuites>
"#
        );
    }
}
