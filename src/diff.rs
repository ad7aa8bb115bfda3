//! What would change in a file, as a unified diff that `patch` and `git apply` read. Knows no command and no file: texts in,
//! text out.

use std::time::Duration;

use similar::{Algorithm, TextDiff};

use crate::style::Style;

/// A generated file may differ in every line: from here on the diff is allowed to be longer than it could be.
const PATIENCE: Duration = Duration::from_secs(2);

/// The difference between two texts of the file that is shown as `path`; empty if there is none.
pub fn unified(path: &str, before: &str, after: &str, style: Style) -> String {
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).timeout(PATIENCE).diff_lines(before, after);
    let plain = diff.unified_diff().header(path, path).to_string();
    if !style.colour {
        return plain;
    }
    let mut out = String::with_capacity(plain.len() * 2);
    for (number, line) in plain.split_inclusive('\n').enumerate() {
        let (text, end) = line.strip_suffix('\n').map_or((line, ""), |text| (text, "\n"));
        let code = match text.as_bytes().first() {
            _ if number < 2 => "1",
            Some(b'-') => "31",
            Some(b'+') => "32",
            Some(b'@') => "36",
            _ => {
                out.push_str(line);
                continue;
            }
        };
        out.push_str(&style.paint(code, text));
        out.push_str(end);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_changes_and_nothing_else() {
        let (before, after) = ("a\nb\nc", "a\nB\nc\n");
        let diff = unified("x.pipe", before, after, Style::plain(80));
        assert_eq!(diff, "--- x.pipe\n+++ x.pipe\n@@ -1,3 +1,3 @@\n a\n-b\n-c\n\\ No newline at end of file\n+B\n+c\n");
        assert_eq!(unified("x.pipe", before, before, Style::plain(80)), "");
    }

    #[test]
    fn colours_are_laid_around_the_lines() {
        let style = Style { colour: true, ..Style::plain(80) };
        let diff = unified("x.pipe", "--a\n", "b\n", style);
        assert_eq!(
            diff,
            "\x1b[1m--- x.pipe\x1b[0m\n\x1b[1m+++ x.pipe\x1b[0m\n\x1b[36m@@ -1 +1 @@\x1b[0m\n\
             \x1b[31m---a\x1b[0m\n\x1b[32m+b\x1b[0m\n"
        );
    }
}
