//! `pipewright completions SHELL`: the shell's own completion script.

use clap::CommandFactory;

use crate::cli::Cli;
use crate::exit::Exit;
use crate::output;

/// Print a completion script: `pipewright completions bash > /etc/bash_completion.d/pipewright`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// For which shell
    shell: clap_complete::Shell,
}

/// Prints the script.
pub fn run(arguments: &Arguments) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "pipewright", &mut script);
    output::data(&String::from_utf8_lossy(&script));
    Exit::Fine
}
