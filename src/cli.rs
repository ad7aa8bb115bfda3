//! The command line itself: one variant a command, the command in its own file.

use clap::{Parser, Subcommand};

use crate::commands;
use crate::exit::Exit;

/// Declarative Kafka pipelines: one file declares sources, topics, keys, transforms and sinks; one command checks it, one
/// runs it.
#[derive(Debug, Parser)]
#[command(name = "pipewright", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(commands::new::Arguments),
    Check(commands::check::Arguments),
    Test(commands::test::Arguments),
    Fmt(commands::fmt::Arguments),
    Explain(commands::explain::Arguments),
    Run(commands::run::Arguments),
    DeadLetters(commands::dead_letters::Arguments),
    Positions(commands::positions::Arguments),
    Lsp(commands::lsp::Arguments),
    Completions(commands::completions::Arguments),
    #[command(hide = true)]
    Docs(commands::docs::Arguments),
}

/// Reads the arguments and does what they say.
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // `--help` and `--version` come here too; they go to stdout and end well.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Fine };
        }
    };
    match cli.command {
        Command::New(arguments) => commands::new::run(&arguments),
        Command::Check(arguments) => commands::check::run(&arguments),
        Command::Test(arguments) => commands::test::run(&arguments),
        Command::Fmt(arguments) => commands::fmt::run(&arguments),
        Command::Explain(arguments) => commands::explain::run(&arguments),
        Command::Run(arguments) => commands::run::run(&arguments),
        Command::DeadLetters(arguments) => commands::dead_letters::run(&arguments),
        Command::Positions(arguments) => commands::positions::run(&arguments),
        Command::Lsp(arguments) => commands::lsp::run(&arguments),
        Command::Completions(arguments) => commands::completions::run(&arguments),
        Command::Docs(arguments) => commands::docs::run(&arguments),
    }
}
