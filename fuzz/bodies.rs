//! What holds for every input: one function for each fuzz target. They panic when it does not.
//!
//! `fuzz/` runs them under cargo-fuzz, `tests/fuzz.rs` over the corpus with mutations of its own. Knows the libraries only.

use std::collections::BTreeMap;

use pipewright_compiler::Compilation;
use pipewright_compiler::diagnostics::{Diagnostic, Severity};
use pipewright_compiler::environment::Environment;
use pipewright_compiler::source::Loader;
use pipewright_grammar::{SourceId, Span, format, parse};

/// The file that a fuzzed program is.
const FILE: &str = "fuzz.pipe";

/// Any bytes: the parser answers, and every place it names is one of the text.
pub fn parses(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let parsed = parse(SourceId(0), &text);
    for problem in &parsed.problems {
        in_text(&text, problem.span);
        problem.fix.iter().for_each(|(span, _)| in_text(&text, *span));
    }
}

/// Any bytes: the compiler gives a plan or an error, every place is one of the text, and no fix breaks what was right.
pub fn checks(bytes: &[u8]) {
    let compilation = compile(&Files::one(bytes));
    answered(&compilation);
    let Some(file) = compilation.sources.files().first() else { return };
    let errors = errors(&compilation.diagnostics);
    for finding in &compilation.diagnostics {
        for fix in &finding.fixes {
            if fix.edits.iter().any(|(span, _)| span.source != SourceId(0)) {
                continue;
            }
            let fixed = applied(&file.text, &fix.edits);
            let after = compile(&Files::one(fixed.as_bytes()));
            assert!(
                errors > 0 || after.plan.is_some(),
                "the fix `{}` of {} breaks the program\n{fixed}\n{:?}",
                fix.title,
                finding.name,
                after.diagnostics
            );
        }
    }
}

/// Any bytes: what reads cleanly is laid out, and only that; nothing is lost, and a second time changes nothing.
pub fn formats(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let clean = parse(SourceId(0), &text).problems.is_empty();
    let Ok(once) = format(&text) else {
        assert!(!clean, "a clean program is not laid out\n{text}");
        return;
    };
    assert!(clean, "a program with mistakes is laid out\n{text}");
    match format(&once) {
        Ok(twice) => assert!(once == twice, "not idempotent\n--- once\n{once}\n--- twice\n{twice}\n--- text\n{text}"),
        Err(problems) => panic!("the layout broke the program: {problems:?}\n--- text\n{text}\n--- layout\n{once}"),
    }
    assert!(tree(&text) == tree(&once), "the tree changed\n--- text\n{text}\n--- layout\n{once}");
    assert_eq!(letters(&text), letters(&once), "something got lost\n--- text\n{text}\n--- layout\n{once}");
}

/// Any bytes as the records of every format: decoded or refused.
pub fn decodes(bytes: &[u8]) {
    use pipewright_runtime::codecs::{ColumnRequest, decoder};
    for (codec, schema) in SCHEMAS.iter() {
        let columns: Vec<ColumnRequest> = schema
            .fields
            .iter()
            .map(|field| ColumnRequest {
                path: vec![field.name.clone()],
                ty: field.ty.clone(),
                name: field.name.clone(),
                origin: None,
            })
            .collect();
        let mut decoder = decoder(codec, &columns, schema).expect("the schema fits the format");
        let arena = bumpalo::Bump::new();
        let mut cells = vec![pipewright_expr::Datum::Null; columns.len()];
        if let Err(bad) = decoder.decode(bytes, &arena, &mut cells) {
            assert!(!bad.reason.is_empty(), "{codec:?} refuses without a reason");
        }
    }
}

/// The formats with all types that they can hold, as the compiler lowers them.
static SCHEMAS: std::sync::LazyLock<Vec<(pipewright_plan::Format, pipewright_plan::Schema)>> =
    std::sync::LazyLock::new(|| {
        let files = Files::one(include_bytes!("formats.pipe"));
        let compilation = compile(&files);
        let plan = compilation.plan.unwrap_or_else(|| panic!("{:?}", compilation.diagnostics));
        plan.topics.into_iter().map(|topic| (topic.format, topic.schema)).collect()
    });

/// The files of a program, in memory.
pub struct Files(pub BTreeMap<String, Vec<u8>>);

impl Files {
    /// One file, which is the root.
    pub fn one(bytes: &[u8]) -> Self {
        Self(BTreeMap::from([(FILE.to_string(), bytes.to_vec())]))
    }
}

impl Loader for Files {
    fn load(&self, path: &str) -> Result<Vec<u8>, String> {
        self.0.get(path).cloned().ok_or_else(|| "no such file".to_string())
    }
}

/// Compiles the one file of `files`.
pub fn compile(files: &Files) -> Compilation {
    compile_in(files, &Environment::default())
}

/// The same in an environment.
pub fn compile_in(files: &Files, environment: &Environment) -> Compilation {
    pipewright_compiler::compile(FILE, environment, files, &pipewright::program::registry())
}

/// A plan or an error, and every place is one of its text.
pub fn answered(compilation: &Compilation) {
    assert!(compilation.plan.is_some() != (errors(&compilation.diagnostics) > 0), "neither a plan nor an error");
    for finding in &compilation.diagnostics {
        assert!(!finding.message.is_empty());
        let labels = std::iter::once(&finding.primary).chain(&finding.secondary).map(|label| label.span);
        let edits = finding.fixes.iter().flat_map(|fix| &fix.edits).map(|(span, _)| *span);
        for span in labels.chain(edits) {
            let file = compilation.sources.get(span.source).expect("a finding lies in a file");
            in_text(&file.text, span);
        }
    }
}

/// How many of the findings are errors.
pub fn errors(findings: &[Diagnostic]) -> usize {
    findings.iter().filter(|it| it.severity == Severity::Error).count()
}

fn in_text(text: &str, span: Span) {
    let range = span.range();
    assert!(text.get(range.clone()).is_some(), "{range:?} is no place in {text:?}");
}

/// The text with the edits of a fix.
fn applied(text: &str, edits: &[(Span, String)]) -> String {
    let mut edits: Vec<_> = edits.iter().collect();
    edits.sort_by_key(|(span, _)| (span.start, span.end));
    let (mut out, mut at) = (String::new(), 0);
    for (span, new) in edits {
        out.push_str(text.get(at..span.start as usize).expect("the edits of a fix do not overlap"));
        out.push_str(new);
        at = span.end as usize;
    }
    out + text.get(at..).expect("the edits lie in the text")
}

/// The tree as text, without its places.
fn tree(text: &str) -> String {
    let debug = format!("{:?}", parse(SourceId(0), text).file);
    let mut parts = debug.split("Span {");
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        out.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    out
}

/// How often each character stands in a text, but for blanks and the commas that a line break stands for: comments too.
fn letters(text: &str) -> BTreeMap<char, usize> {
    let mut letters = BTreeMap::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for c in text.chars().filter(|c| !c.is_whitespace() && *c != ',') {
        *letters.entry(c).or_default() += 1;
    }
    letters
}
