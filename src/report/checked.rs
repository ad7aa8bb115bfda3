//! What was found in several programs, for layouts that are one document: each finding once, although a file that two programs
//! import is checked twice, with the place it is shown at. Knows no layout.

use std::collections::BTreeSet;

use pipewright_compiler::diagnostics::{Diagnostic, Severity};
use pipewright_compiler::source::Sources;
use pipewright_grammar::Span;

/// A program that was checked.
#[derive(Debug)]
pub struct Program {
    /// The path of its root file.
    pub root: String,
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that the findings point into.
    pub sources: Sources,
}

/// A finding with the program it was found in.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The program.
    pub program: &'a Program,
    /// The finding.
    pub diagnostic: &'a Diagnostic,
}

/// A place as people and tools name it: lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The path; what no file can be blamed for is at the root of its program.
    pub file: String,
    /// First line.
    pub line: u32,
    /// First column.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// One past the last column.
    pub end_column: u32,
}

impl<'a> Found<'a> {
    /// Where its primary label is.
    pub fn place(&self) -> Place {
        self.place_of(self.diagnostic.primary.span)
    }

    /// Where a span of it is.
    pub fn place_of(&self, span: Span) -> Place {
        let sources = &self.program.sources;
        let file = sources.get(span.source).map_or(&self.program.root, |file| &file.path).clone();
        let (line, column) = sources.position(span);
        let (end_line, end_column) = sources.position(span.after());
        Place { file, line, column, end_line, end_column }
    }

    /// The text of its primary place.
    pub fn text(&self) -> &'a str {
        self.program.sources.text(self.diagnostic.primary.span)
    }

    /// Message, label, help and note in plain text, a paragraph each.
    pub fn words(&self) -> String {
        let it = self.diagnostic;
        let mut out = it.message.clone();
        if !it.primary.text.is_empty() {
            out.push_str(&format!("\n{}", it.primary.text));
        }
        for label in &it.secondary {
            let place = self.place_of(label.span);
            out.push_str(&format!("\n{}:{}: {}", place.file, place.line, label.text));
        }
        for (title, text) in [("help", &it.help), ("note", &it.note)] {
            if let Some(text) = text {
                out.push_str(&format!("\n{title}: {text}"));
            }
        }
        out
    }
}

/// Every finding of the programs once, in their order.
pub fn findings(programs: &[Program]) -> Vec<Found<'_>> {
    let mut seen = BTreeSet::new();
    let mut list = vec![];
    for program in programs {
        for diagnostic in &program.diagnostics {
            let found = Found { program, diagnostic };
            if seen.insert((found.place(), diagnostic.name, &diagnostic.message)) {
                list.push(found);
            }
        }
    }
    list
}

/// The same, errors before warnings before notes, otherwise in their order.
pub fn worst_first(programs: &[Program]) -> Vec<Found<'_>> {
    let mut list = findings(programs);
    list.sort_by_key(|it| match it.diagnostic.severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Information => 2,
    });
    list
}

/// Names of findings that stay when lines are added above them: of the rule, the file and the text that is blamed, and the
/// how-manieth of these it is. In the order of `list`.
pub fn fingerprints(list: &[Found<'_>]) -> Vec<String> {
    use sha2::{Digest, Sha256};
    let mut seen = std::collections::BTreeMap::new();
    let mut fingerprint = |it: &Found<'_>| {
        let key = format!("{}\0{}\0{}\0{}", it.diagnostic.name, it.place().file, it.diagnostic.message, it.text());
        let count: &mut u32 = seen.entry(key.clone()).or_default();
        *count += 1;
        let digest = Sha256::digest(format!("{key}\0{count}"));
        digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    };
    list.iter().map(&mut fingerprint).collect()
}
