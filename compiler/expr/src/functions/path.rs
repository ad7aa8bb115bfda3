//! Paths into JSON: `a.b[0]["odd key"]`.

use crate::nested;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A member.
    Key(String),
    /// An element, from 0.
    Position(usize),
}

/// Reads a path, or says what is wrong with it.
pub fn parse(path: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    rest = rest.strip_prefix('.').unwrap_or(rest);
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let broken = || format!("the path `{path}` has a bracket that is not closed");
            let (step, after) = if inside.starts_with('"') {
                let end = inside.find("\"]").filter(|end| *end > 0).ok_or_else(broken)?;
                let key = inside.get(1..end).unwrap_or_default();
                (Step::Key(key.to_owned()), inside.get(end + 2..).unwrap_or_default())
            } else {
                let (number, after) = inside.split_once(']').ok_or_else(broken)?;
                let position = number.parse().map_err(|_| format!("`[{number}]` in the path is no position"))?;
                (Step::Position(position), after)
            };
            steps.push(step);
            rest = after.strip_prefix('.').unwrap_or(after);
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (key, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            if key.is_empty() {
                return Err(format!("the path `{path}` has an empty name"));
            }
            steps.push(Step::Key(key.to_owned()));
            rest = after.strip_prefix('.').unwrap_or(after);
        }
    }
    if steps.is_empty() {
        return Err("the path is empty".to_owned());
    }
    Ok(steps)
}

/// The part of the JSON text at that path.
pub fn find<'b>(text: &'b str, path: &[Step]) -> Option<&'b str> {
    let mut part = text;
    for step in path {
        part = match step {
            Step::Key(key) => nested::member(part, key)?,
            Step::Position(position) => nested::element(part, *position)?,
        };
    }
    Some(part)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let text = r#"{"a":{"b":[10,{"odd key":true}]}}"#;
        for (path, found) in [("a.b[0]", Some("10")), ("$.a.b[1][\"odd key\"]", Some("true")), ("a.c", None)] {
            assert_eq!(find(text, &parse(path).unwrap()), found, "{path}");
        }
        for broken in ["", "a[", "a[x]", "a..b", "[\"a"] {
            assert!(parse(broken).is_err(), "{broken}");
        }
    }
}
