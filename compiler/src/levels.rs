//! How loud each lint is: its own default, what `pipewright.yaml` says over it, what the command line says over both.
//!
//! A comment `# pipewright: allow(name)` is about one place and is applied before ([`crate::allows`]). What is no lint
//! makes a program meaningless or unsound; nothing here can change it.

use std::collections::BTreeMap;

use crate::{
    diagnostics::{Diagnostic, PAGES, Severity, default_level},
    expressions::closest,
};

/// How loud a lint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Silent.
    Allow,
    /// Told, and counted as nothing.
    Info,
    /// A warning.
    Warn,
    /// An error: the program does not run.
    Deny,
}

impl Level {
    /// All of them, the quietest first.
    pub const ALL: [Level; 4] = [Level::Allow, Level::Info, Level::Warn, Level::Deny];

    /// As it is written in `pipewright.yaml`.
    pub fn word(self) -> &'static str {
        match self {
            Level::Allow => "allow",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Deny => "deny",
        }
    }

    /// What a finding of a lint becomes; `None`: it is not told.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Level::Allow => None,
            Level::Info => Some(Severity::Information),
            Level::Warn => Some(Severity::Warning),
            Level::Deny => Some(Severity::Error),
        }
    }
}

/// What one place, a file or a command line, says of lints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    lints: BTreeMap<&'static str, Level>,
    /// `warnings`: every lint that would be a warning and is not named.
    warnings: Option<Level>,
}

/// What both say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// `pipewright.yaml`.
    pub file: Said,
    /// The command line, which wins.
    pub flags: Said,
}

/// Why a lint cannot be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotALint {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// The word for all warnings at once.
const WARNINGS: &str = "warnings";

impl Said {
    /// Sets a lint by its name, or all `warnings`. What is said last holds.
    pub fn set(&mut self, name: &str, level: Level) -> Result<(), NotALint> {
        if name == WARNINGS {
            self.warnings = Some(level);
            return Ok(());
        }
        match PAGES.iter().find(|(known, _)| *known == name) {
            Some((name, _)) if default_level(name).is_some() => {
                self.lints.insert(name, level);
                Ok(())
            }
            Some((name, _)) => Err(NotALint {
                message: format!("`{name}` is no lint: it is an error wherever it is found"),
                help: Some(format!("`pipewright explain {name}` tells what happens otherwise")),
            }),
            None => {
                let lints = PAGES.iter().map(|(name, _)| *name).filter(|it| default_level(it).is_some());
                let close = closest(name, lints.chain([WARNINGS]));
                Err(NotALint {
                    message: format!("there is no lint `{name}`"),
                    help: close.map(|it| format!("did you mean `{it}`?")),
                })
            }
        }
    }

    /// `usual`: the level without this place.
    fn level(&self, name: &str, usual: Level) -> Level {
        match (self.lints.get(name), self.warnings) {
            (Some(level), _) => *level,
            (None, Some(level)) if usual == Level::Warn => level,
            (None, _) => usual,
        }
    }
}

impl Levels {
    /// The level of a lint; `None`: it is no lint.
    pub fn level(&self, name: &str) -> Option<Level> {
        default_level(name).map(|usual| self.flags.level(name, self.file.level(name, usual)))
    }

    /// Gives every lint its level; those that are allowed go.
    pub(crate) fn apply(&self, list: &mut Vec<Diagnostic>) {
        list.retain_mut(|finding| match self.level(finding.name).map(Level::severity) {
            None => true,
            Some(None) => false,
            Some(Some(severity)) => {
                finding.severity = severity;
                true
            }
        });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    fn said(entries: &[(&str, Level)]) -> Said {
        let mut said = Said::default();
        for (name, level) in entries {
            said.set(name, *level).unwrap();
        }
        said
    }

    #[test]
    fn the_command_line_is_over_the_file_and_both_over_the_default() {
        let of = |file: &[(&str, Level)], flags: &[(&str, Level)], name: &str| {
            Levels { file: said(file), flags: said(flags) }.level(name).unwrap()
        };
        use Level::*;
        let lint = "single-partition-topic";
        assert_eq!(of(&[], &[], lint), Warn);
        assert_eq!(of(&[(lint, Allow)], &[], lint), Allow);
        assert_eq!(of(&[(lint, Allow)], &[(lint, Deny)], lint), Deny);
        assert_eq!(of(&[("warnings", Deny)], &[], lint), Deny);
        assert_eq!(of(&[("warnings", Deny), (lint, Warn)], &[], lint), Warn);
        assert_eq!(of(&[(lint, Warn)], &[("warnings", Deny)], lint), Deny);
        assert_eq!(of(&[(lint, Allow)], &[("warnings", Deny)], lint), Allow, "what is silent is no warning");
        assert_eq!(of(&[], &[("warnings", Deny), (lint, Warn)], lint), Warn, "its name says more than `warnings`");
        assert_eq!(of(&[], &[("warnings", Deny)], "test-not-run"), Info);
        assert_eq!(Levels::default().level("unknown-field"), None);
    }

    #[test]
    fn what_is_no_lint_is_told() {
        let message = |name: &str| {
            let error = Said::default().set(name, Level::Allow).unwrap_err();
            format!("{} / {}", error.message, error.help.unwrap_or_default())
        };
        assert_eq!(
            message("unknown-field"),
            "`unknown-field` is no lint: it is an error wherever it is found / \
             `pipewright explain unknown-field` tells what happens otherwise"
        );
        assert_eq!(
            message("single-partition-topc"),
            "there is no lint `single-partition-topc` / did you mean `single-partition-topic`?"
        );
        assert_eq!(message("warning"), "there is no lint `warning` / did you mean `warnings`?");
        assert_eq!(message("xyz"), "there is no lint `xyz` / ");
    }
}
