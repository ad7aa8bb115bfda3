//! Findings as text. The same data in several layouts: for people ([`human`]), for tools that read lines ([`short`]), for tools
//! that read JSON ([`json`]), and for the places where a team looks at its checks ([`sarif`], [`github`], [`gitlab`],
//! [`findings_junit`]). Knows no rule of the language and changes no wording.

pub mod checked;
#[cfg(feature = "run")]
pub mod dry_run;
mod files;
pub mod findings_junit;
pub mod github;
pub mod gitlab;
pub mod human;
pub mod json;
pub mod junit;
#[cfg(feature = "run")]
pub mod positions;
#[cfg(feature = "run")]
pub mod replay;
#[cfg(feature = "run")]
pub mod run_error;
pub mod sarif;
pub mod short;
pub mod test;
pub mod test_json;
pub mod test_junit;
#[cfg(feature = "run")]
pub mod typed_help;

use pipewright_compiler::diagnostics::{Diagnostic, Severity};

/// The layout of a command's facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// With the lines of the program and what is wrong in them
    #[default]
    Human,
    /// One line a finding: `file:line:column: error[name]: message`
    Short,
    /// Everything, as one JSON document (docs/schemas/check.schema.json)
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of a GitHub workflow; the full list goes into the summary of the job
    Github,
    /// A code quality report of GitLab
    Gitlab,
    /// JUnit XML: a suite a program, a case a finding
    Junit,
}

/// The word for a severity.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "info",
    }
}

/// How many findings there are of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Information.
    pub notes: usize,
}

impl Tally {
    /// Counts findings.
    pub fn of(diagnostics: &[Diagnostic]) -> Self {
        let count = |severity| diagnostics.iter().filter(|it| it.severity == severity).count();
        Self { errors: count(Severity::Error), warnings: count(Severity::Warning), notes: count(Severity::Information) }
    }

    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            errors: self.errors + other.errors,
            warnings: self.warnings + other.warnings,
            notes: self.notes + other.notes,
        }
    }

    /// True if there is nothing.
    pub fn is_clean(self) -> bool {
        self == Self::default()
    }
}

/// `3 errors, 1 warning`
impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts: Vec<String> = [("error", self.errors), ("warning", self.warnings), ("note", self.notes)]
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(word, count)| counted(count as u64, word))
            .collect();
        f.write_str(&if parts.is_empty() { "nothing to report".to_string() } else { parts.join(", ") })
    }
}

/// `1 file`, `2 files`, `12,000 files`
pub fn counted(count: u64, word: &str) -> String {
    format!("{} {word}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// `1 fix`, `2 fixes`: for words that do not take an `s`.
pub fn counted_in(count: u64, one: &str, several: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { several })
}

/// `541,909`
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{counted, grouped};

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(541_909), "541,909");
        assert_eq!(grouped(1_000_000), "1,000,000");
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(1200, "file"), "1,200 files");
    }
}
