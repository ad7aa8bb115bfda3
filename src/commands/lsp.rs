//! `pipewright lsp`: the language server, over stdin and stdout. An editor starts it; a person has no use for it.

use std::io::IsTerminal;

use crate::exit::Exit;
use crate::lsp::{serve, transport};
use crate::output;

/// Serve an editor: the language server protocol over stdin and stdout
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Accepted because editors pass it; there is no other way
    #[arg(long)]
    stdio: bool,
}

/// Serves until the editor says goodbye.
pub fn run(_: &Arguments) -> Exit {
    if std::io::stdin().is_terminal() {
        output::talk(
            "this is the language server: an editor starts it and talks to it; how is told in editors/README.md\n",
        );
    }
    match transport::stdio() {
        Ok((connection, writer)) => {
            let exit = serve(connection);
            let _ = writer.join();
            exit
        }
        Err(error) => {
            output::complain(&format!("cannot start a thread: {error}"));
            Exit::Usage
        }
    }
}
