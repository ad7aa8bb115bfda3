//! How text may look where it is read: colours, line drawing, width. Decided once per channel, from the terminal and the
//! variables `NO_COLOR`, `CI`, `TERM`, `COLUMNS`, `LC_ALL`, `LC_CTYPE`, `LANG`.

use std::io::IsTerminal;

/// How text may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub colour: bool,
    /// Line drawing beyond ASCII.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
    /// A person watches: bars may move.
    pub live: bool,
}

/// Where nobody says how wide it is.
const WIDTH: usize = 100;

impl Style {
    /// For stderr.
    pub fn stderr() -> Self {
        Self::of(std::io::stderr().is_terminal())
    }

    /// For stdout.
    pub fn stdout() -> Self {
        Self::of(std::io::stdout().is_terminal())
    }

    /// No colours, a fixed width: for files and tests.
    pub fn plain(width: usize) -> Self {
        Self { colour: false, unicode: true, width, live: false }
    }

    fn of(terminal: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        let live = terminal && !dumb && !set("CI");
        Self { colour: live && !set("NO_COLOR"), unicode: utf8_locale(), width: width(terminal), live }
    }

    /// Text in an ANSI style (`1` bold, `2` dim, `31` red, …), if colours are wanted.
    pub fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }
}

fn width(terminal: bool) -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|it| it.parse::<usize>().ok());
    let measured = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    columns.or_else(|| terminal.then(measured).flatten()).unwrap_or(WIDTH).clamp(40, 140)
}

/// A locale that is not set at all counts as UTF-8: so are files, pipes and logs today.
fn utf8_locale() -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .is_none_or(|value| {
            let value = value.to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        })
}
