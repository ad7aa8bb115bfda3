//! The files of a program: the root and what it imports, each once, in the order of reading.
//!
//! Reads only through the [`Loader`]. A file that cannot be read is one finding, at the import that wanted it.

use std::collections::{BTreeSet, VecDeque};

use pipewright_grammar::{
    ProblemKind, SourceId, Span,
    ast::{DeclarationKind, File},
};

use crate::{
    diagnostics::{Diagnostics, EmptyFile, FileTooLarge, LONGEST_FILE, MissingFile, NotUtf8},
    problems,
    source::{Loader, Sources},
};

/// The files of a program.
#[derive(Default)]
pub(crate) struct Loaded {
    pub(crate) files: Vec<File>,
    /// Where something was skipped because it could not be read.
    pub(crate) unread: Vec<Span>,
}

/// Reads the program. Empty if the root itself could not be read.
pub(crate) fn load(root: &str, loader: &dyn Loader, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Loaded {
    let mut loaded = Loaded::default();
    let root = normal(root);
    let mut seen = BTreeSet::from([root.clone()]);
    let mut queue = VecDeque::from([(root, None)]);
    while let Some((path, import)) = queue.pop_front() {
        let Some((id, text)) = read(&path, import, loader, sources, diagnostics) else { continue };
        let parsed = pipewright_grammar::parse(id, &text);
        let unread = parsed.problems.iter().filter(|it| {
            matches!(
                it.kind,
                ProblemKind::Unexpected { .. } | ProblemKind::Unclosed { .. } | ProblemKind::StrayClose(_)
            )
        });
        loaded.unread.extend(unread.map(|it| it.span));
        problems::report(parsed.problems, diagnostics);
        for declaration in &parsed.file.declarations {
            if let DeclarationKind::Import(target) = &declaration.kind {
                let target_path = join(&path, &target.value);
                if seen.insert(target_path.clone()) {
                    queue.push_back((target_path, Some(target.span)));
                }
            }
        }
        if parsed.file.declarations.is_empty() && !diagnostics.has_errors() {
            diagnostics.emit(EmptyFile { path, span: import.unwrap_or(Span::new(id, 0, 0)) });
        }
        loaded.files.push(parsed.file);
    }
    loaded
}

/// Adds the file to the sources. A root that cannot be read is added empty, so that the finding has a place.
fn read(
    path: &str,
    import: Option<Span>,
    loader: &dyn Loader,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<(SourceId, String)> {
    let place =
        |sources: &mut Sources| import.unwrap_or_else(|| Span::new(sources.add(path.to_string(), String::new()), 0, 0));
    let bytes = match loader.load(path) {
        Ok(bytes) => bytes,
        Err(reason) => {
            let span = place(sources);
            diagnostics.emit(MissingFile { path: path.to_string(), reason, span });
            return None;
        }
    };
    if bytes.len() > LONGEST_FILE {
        let span = place(sources);
        diagnostics.emit(FileTooLarge { path: path.to_string(), bytes: bytes.len(), span });
        return None;
    }
    match String::from_utf8(bytes) {
        Ok(text) => {
            let text = text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text);
            Some((sources.add(path.to_string(), text.clone()), text))
        }
        Err(error) => {
            let byte = error.utf8_error().valid_up_to();
            let line = 1 + error.as_bytes().iter().take(byte).filter(|it| **it == b'\n').count();
            let span = place(sources);
            diagnostics.emit(NotUtf8 { path: path.to_string(), byte, line, span });
            None
        }
    }
}

/// An import's path, relative to the folder of the importing file.
pub(crate) fn join(from: &str, import: &str) -> String {
    if import.starts_with('/') {
        return normal(import);
    }
    match from.rsplit_once('/') {
        Some((folder, _)) => normal(&format!("{folder}/{import}")),
        None => normal(import),
    }
}

/// Without `.` and `..`, so that two ways to one file are one file.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = vec![];
    for part in path.split('/') {
        match part {
            "." => {}
            "" if !parts.is_empty() => {}
            ".." if parts.last().is_some_and(|last| !matches!(*last, "" | "..")) => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn imports_are_relative_to_their_file() {
        assert_eq!(join("a/b/main.pipe", "../types.pipe"), "a/types.pipe");
        assert_eq!(join("main.pipe", "./lib/x.pipe"), "lib/x.pipe");
        assert_eq!(join("../main.pipe", "../x.pipe"), "../../x.pipe");
        assert_eq!(join("/p/main.pipe", "x.pipe"), "/p/x.pipe");
    }
}
