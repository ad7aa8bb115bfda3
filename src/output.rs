//! The two channels: data to stdout, talk to stderr. A reader that goes away (`| head`) ends the command quietly.

use std::io::{ErrorKind, Write};

use crate::exit::Exit;

/// Writes facts to stdout.
pub fn data(text: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        if error.kind() == ErrorKind::BrokenPipe {
            std::process::exit(Exit::Fine.code().into());
        }
        talk(&format!("cannot write to stdout: {error}\n"));
        std::process::exit(Exit::Findings.code().into());
    }
}

/// Says something on stderr; if nobody can hear it, nothing is lost.
pub fn talk(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// One line of talk: what went wrong outside of any program.
pub fn complain(what: &str) {
    talk(&format!("error: {what}\n"));
}
