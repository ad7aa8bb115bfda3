//! The tree-sitter grammar reads every right program of this repository, and its queries name nodes that it has. The parser in
//! `src/parser.c` is compiled here, so it is the one that editors get.

use std::path::{Path, PathBuf};

use tree_sitter::{Language, Node, Parser, Query};
use tree_sitter_loader::{CompileConfig, Loader};
use walkdir::WalkDir;

const GRAMMAR: &str = "editors/tree-sitter-pipewright";

fn language(folder: &Path) -> Language {
    let loader = Loader::with_parser_lib_path(folder.to_path_buf());
    let source = Path::new(GRAMMAR).join("src");
    loader.load_language_at_path(CompileConfig::new(&source, None, None)).unwrap()
}

/// The first part of a tree that could not be read.
fn broken(node: Node<'_>) -> Option<Node<'_>> {
    if node.is_error() || node.is_missing() {
        return Some(node);
    }
    if !node.has_error() {
        return None;
    }
    (0..node.child_count()).filter_map(|at| node.child(at)).find_map(broken)
}

#[test]
fn every_right_program_is_read_and_a_wrong_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let language = language(folder.path());
    let mut parser = Parser::new();
    parser.set_language(&language).unwrap();
    let programs = ["examples", "tests", "benches"].iter().flat_map(WalkDir::new);
    let programs: Vec<PathBuf> = programs
        .map(|it| it.unwrap().into_path())
        .filter(|it| it.extension().is_some_and(|it| it == "pipe"))
        .filter(|it| !it.file_name().unwrap().to_string_lossy().starts_with("fail"))
        // What is not right lies there on purpose.
        .filter(|it| !it.components().any(|it| it.as_os_str() == "not_good_enough" || it.as_os_str() == "formats"))
        .collect();
    assert!(programs.len() > 100, "{}", programs.len());
    for path in programs {
        let text = std::fs::read(&path).unwrap();
        let tree = parser.parse(&text, None).unwrap();
        let found = broken(tree.root_node()).map(|it| {
            let line = it.start_position().row + 1;
            format!("{}:{line}: {:?}", path.display(), it.utf8_text(&text).unwrap_or_default())
        });
        assert_eq!(found, None);
    }
    for wrong in ["topic {", "transform a from b\n  | where\n", "sink s form a to b"] {
        assert!(parser.parse(wrong, None).unwrap().root_node().has_error(), "{wrong}");
    }
}

#[test]
fn the_queries_fit_the_grammar() {
    let folder = tempfile::tempdir().unwrap();
    let language = language(folder.path());
    for query in ["highlights", "folds", "indents"] {
        let text = std::fs::read_to_string(format!("{GRAMMAR}/queries/{query}.scm")).unwrap();
        let query = Query::new(&language, &text).unwrap();
        assert!(!query.capture_names().is_empty());
    }
}

/// The test corpus of tree-sitter, so that `tree-sitter test` and this test see the same.
#[test]
fn the_corpus_gives_the_trees_it_tells() {
    let folder = tempfile::tempdir().unwrap();
    let mut parser = Parser::new();
    parser.set_language(&language(folder.path())).unwrap();
    let corpus = std::fs::read_to_string(format!("{GRAMMAR}/test/corpus/programs.txt")).unwrap();
    let mut cases = 0;
    for case in corpus.split("==================\n").skip(2).step_by(2) {
        let (text, tree) = case.split_once("\n---\n").unwrap();
        let found = parser.parse(text, None).unwrap().root_node().to_sexp();
        let words = |it: &str| it.split_whitespace().collect::<Vec<_>>().join(" ").replace(" )", ")");
        assert_eq!(words(&found), words(tree), "{text}");
        cases += 1;
    }
    assert!(cases >= 3, "{cases}");
}
