//! `like` and `~`: patterns compiled once.

use memchr::memmem::Finder;
use pipewright_plan::{Expr, Origin};
use regex::Regex;

use super::{CompileError, Compiler, Typed, error};

/// What a `like` pattern asks for; most are one of the simple ones.
enum Like {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Contains(Box<Finder<'static>>),
    Any(Regex),
}

impl Like {
    fn new(pattern: &str) -> Result<Self, regex::Error> {
        // Pieces of plain text between wildcards.
        let mut regex = String::from("(?s)^");
        let mut plain = String::new();
        let mut shape = String::new();
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            match c {
                '%' => {
                    regex.push_str(".*");
                    shape.push('%');
                }
                '_' => {
                    regex.push('.');
                    shape.push('_');
                }
                _ => {
                    // `\` takes the next character as it is; at the end it stands for itself.
                    let c = if c == '\\' { chars.next().unwrap_or('\\') } else { c };
                    regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
                    plain.push(c);
                    if !shape.ends_with('x') {
                        shape.push('x');
                    }
                }
            }
        }
        regex.push('$');
        Ok(match shape.as_str() {
            "" | "x" => Like::Exact(plain),
            "x%" => Like::Prefix(plain),
            "%x" => Like::Suffix(plain),
            "%x%" => Like::Contains(Box::new(Finder::new(&plain).into_owned())),
            _ => Like::Any(Regex::new(&regex)?),
        })
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Like::Exact(plain) => text == plain,
            Like::Prefix(plain) => text.starts_with(plain.as_str()),
            Like::Suffix(plain) => text.ends_with(plain.as_str()),
            Like::Contains(finder) => finder.find(text.as_bytes()).is_some(),
            Like::Any(regex) => regex.is_match(text),
        }
    }
}

impl Compiler<'_> {
    pub(super) fn like(
        &mut self,
        operand: &Expr,
        pattern: &str,
        negated: bool,
        origin: Origin,
    ) -> Result<Typed, CompileError> {
        let like = Like::new(pattern).map_err(|problem| error(origin, problem.to_string()))?;
        Ok(Typed::Bool(self.text(operand)?.map(move |_, text| Some(like.matches(text) != negated))))
    }

    pub(super) fn matches(
        &mut self,
        operand: &Expr,
        pattern: &str,
        negated: bool,
        origin: Origin,
    ) -> Result<Typed, CompileError> {
        let regex = Regex::new(pattern).map_err(|problem| error(origin, problem.to_string()))?;
        Ok(Typed::Bool(self.text(operand)?.map(move |_, text| Some(regex.is_match(text) != negated))))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn like_is_sql_like() {
        for (text, pattern, expected) in [
            ("abc", "abc", true),
            ("abc", "ABC", false),
            ("abc", "a%", true),
            ("abc", "%c", true),
            ("abc", "%b%", true),
            ("abc", "a_c", true),
            ("abc", "_", false),
            ("a\nc", "a_c", true),
            ("", "%", true),
            ("", "", true),
            ("100%", "100\\%", true),
            ("1000", "100\\%", false),
            ("a.c", "a.c", true),
            ("abc", "a.c", false),
            ("aXbYc", "a%b%c", true),
            ("ä", "_", true),
        ] {
            assert_eq!(Like::new(pattern).unwrap().matches(text), expected, "{text} like {pattern}");
        }
    }
}
