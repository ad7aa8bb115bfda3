//! `--deny`, `--warn` and `--allow`: how loud lints are in this run, over what `pipewright.yaml` says.

use pipewright_compiler::levels::{Level, NotALint, Said};

/// How loud lints are
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Lints")]
pub struct LintFlags {
    /// Make lints errors, by name: `--deny tls-unverified,dlq-unbounded`. `--deny warnings` takes all that are warnings
    #[arg(long, value_name = "LINT", value_delimiter = ',')]
    deny: Vec<String>,
    /// Make lints warnings
    #[arg(long, value_name = "LINT", value_delimiter = ',')]
    warn: Vec<String>,
    /// Silence lints. An error that is no lint cannot be silenced
    #[arg(long, value_name = "LINT", value_delimiter = ',')]
    allow: Vec<String>,
}

impl LintFlags {
    /// What they say. Of two flags for one lint the louder one holds.
    pub fn said(&self) -> Result<Said, NotALint> {
        let mut said = Said::default();
        for (names, level) in [(&self.allow, Level::Allow), (&self.warn, Level::Warn), (&self.deny, Level::Deny)] {
            for name in names {
                said.set(name.trim(), level)?;
            }
        }
        Ok(said)
    }
}
