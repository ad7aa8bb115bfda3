//! The house rules that a machine can check: sizes, signs on the doors, arrows between packages, complete lists, fresh docs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

fn sources() -> Vec<PathBuf> {
    let roots = ["src", "tests", "grammar", "compiler", "runtime"];
    let mut files: Vec<PathBuf> = roots
        .iter()
        .flat_map(|root| WalkDir::new(root).into_iter().filter_entry(|it| it.file_name() != "target"))
        .map(|it| it.unwrap().into_path())
        .filter(|it| it.extension().is_some_and(|it| it == "rs" || it == "pest"))
        .collect();
    files.sort();
    assert!(files.len() > 50, "{}", files.len());
    files
}

#[test]
fn files_are_short() {
    let long: Vec<String> = sources()
        .iter()
        .map(|path| (std::fs::read_to_string(path).unwrap().lines().count(), path))
        .filter(|(lines, _)| *lines > 600)
        .map(|(lines, path)| format!("{}: {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn every_module_has_a_sign() {
    let without: Vec<String> = sources()
        .iter()
        .filter(|it| it.extension().is_some_and(|it| it == "rs"))
        .filter(|path| !std::fs::read_to_string(path).unwrap().starts_with("//!"))
        .map(|path| path.display().to_string())
        .collect();
    assert!(without.is_empty(), "these do not open with `//!`: {without:#?}");
}

#[test]
fn names_say_something() {
    let vague = ["util", "utils", "common", "helper", "helpers", "misc", "stuff"];
    for path in sources() {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(!vague.contains(&stem.as_str()), "{}", path.display());
    }
}

/// Who may build on whom, tests left out.
#[test]
fn packages_point_in_one_direction() {
    let allowed: &[(&str, &[&str])] = &[
        ("grammar", &[]),
        ("compiler/plan", &[]),
        ("compiler/expr", &["pipewright-plan"]),
        ("compiler", &["pipewright-grammar", "pipewright-plan", "pipewright-expr"]),
        ("runtime", &["pipewright-plan", "pipewright-expr"]),
        (
            ".",
            &["pipewright-grammar", "pipewright-plan", "pipewright-expr", "pipewright-compiler", "pipewright-runtime"],
        ),
    ];
    for (folder, allowed) in allowed {
        let depends = dependencies(&Path::new(folder).join("Cargo.toml"));
        let own: BTreeSet<&str> =
            depends.iter().map(String::as_str).filter(|it| it.starts_with("pipewright-")).collect();
        assert!(own.is_subset(&allowed.iter().copied().collect()), "{folder} builds on {own:?}");
    }
    // The checker starts in milliseconds because it links no client library; the plan knows none either.
    for folder in ["grammar", "compiler/plan", "compiler/expr", "compiler"] {
        for name in ["tokio", "rdkafka", "sqlx", "miette", "clap"] {
            let depends = dependencies(&Path::new(folder).join("Cargo.toml"));
            assert!(!depends.contains(name), "{folder} builds on {name}");
        }
    }
}

/// What nobody uses is compiled all the same, by everybody who builds this.
#[test]
fn every_declared_dependency_is_used() {
    let mut declared = BTreeSet::new();
    for folder in [".", "grammar", "compiler", "compiler/plan", "compiler/expr", "runtime", "benches", "benches/hot"] {
        let folder = Path::new(folder);
        let manifest = folder.join("Cargo.toml");
        let own = rust(&folder.join("src"));
        let all = rust(&folder.join("src")) + &rust(&folder.join("tests"));
        for (section, code) in [("dependencies", &own), ("dev-dependencies", &all)] {
            for name in names_below(&manifest, section) {
                let used = speaks_of(code, &name);
                assert!(used, "{} declares `{name}`, which nothing there uses", manifest.display());
                declared.insert(name);
            }
        }
    }
    for name in names_below(Path::new("Cargo.toml"), "workspace.dependencies") {
        assert!(declared.contains(&name), "the workspace declares `{name}`, which no package takes");
    }
}

#[test]
fn a_crate_is_used_where_its_name_stands_as_a_word() {
    assert!(speaks_of("use serde_json::Value;", "serde_json") && speaks_of("let x = md5::Md5::new();", "md-5"));
    assert!(speaks_of("#[derive(thiserror::Error)]", "thiserror"));
    assert!(!speaks_of("use serde_json::Value;", "serde") && !speaks_of("// hex\nlet hexagon = 6;", "hex"));
}

/// Whether the code names the crate in a path.
fn speaks_of(code: &str, package: &str) -> bool {
    // The one whose library is called otherwise than its package.
    let name = if package == "md-5" { "md5".into() } else { package.replace('-', "_") };
    let word = |it: &u8| it.is_ascii_alphanumeric() || *it == b'_';
    code.match_indices(&name).any(|(at, _)| {
        let before = code.as_bytes()[..at].last();
        let after = &code[at + name.len()..];
        let whole = !before.is_some_and(word) && !after.as_bytes().first().is_some_and(word);
        whole && (after.starts_with("::") || code[..at].ends_with("use "))
    })
}

/// All Rust below a folder, as one text.
fn rust(folder: &Path) -> String {
    WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|it| it.path().extension().is_some_and(|it| it == "rs"))
        .map(|it| std::fs::read_to_string(it.path()).unwrap())
        .collect()
}

fn dependencies(manifest: &Path) -> BTreeSet<String> {
    names_below(manifest, "dependencies")
}

/// The names below `[SECTION]`.
fn names_below(manifest: &Path, section: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(manifest).unwrap();
    let section = text.split(&format!("\n[{section}]\n")).nth(1).unwrap_or_default();
    section
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split([' ', '=', '.']).next())
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .map(String::from)
        .collect()
}

#[test]
fn the_list_of_diagnostics_is_the_folder() {
    let listed: BTreeSet<String> =
        pipewright_compiler::diagnostics::PAGES.iter().map(|(name, _)| name.replace('-', "_")).collect();
    assert_eq!(modules("compiler/src/diagnostics"), listed);
}

#[test]
fn every_function_has_a_file_an_example_and_a_page() {
    let names: Vec<&str> = pipewright_expr::functions::ALL.iter().map(|it| it.name).collect();
    assert!(names.is_sorted(), "ALL is sorted by name");
    assert!(names.len() > 20, "{}", names.len());
    for function in pipewright_expr::functions::ALL {
        assert!(!function.doc.trim().is_empty(), "{}", function.name);
        // What differs from call to call cannot be shown by an example.
        assert!(!function.examples.is_empty() || !function.deterministic, "{} has no example", function.name);
    }
}

#[test]
fn lists_of_connectors_and_codecs_are_sorted_folders() {
    let connectors: Vec<&str> = pipewright_runtime::connectors::SPECS.iter().map(|it| it.name).collect();
    assert!(connectors.is_sorted());
    let folders: BTreeSet<String> = subfolders("runtime/src/connectors");
    assert_eq!(folders, connectors.iter().map(|it| (*it).to_string()).collect());
    let codecs: Vec<&str> = pipewright_runtime::codecs::SPECS.iter().map(|it| it.name).collect();
    assert!(codecs.is_sorted());
    for codec in codecs {
        let (file, folder) = (format!("runtime/src/codecs/{codec}.rs"), format!("runtime/src/codecs/{codec}"));
        assert!(Path::new(&file).is_file() || Path::new(&folder).is_dir(), "{codec}");
    }
}

#[test]
fn the_reference_is_fresh() {
    for (path, content) in pipewright::reference::files() {
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(written == content, "{path} is stale: run `pipewright docs --write`");
    }
}

#[test]
fn the_documents_say_what_is_there() {
    let architecture = std::fs::read_to_string("ARCHITECTURE.md").unwrap();
    assert!(architecture.lines().count() < 200);
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(document).unwrap();
        for part in text.split('`').skip(1).step_by(2) {
            let path = part.trim_end_matches('/');
            let below = ["src/", "grammar/", "compiler/", "runtime/", "examples/", "docs/", "tests/", "scripts/"];
            let concrete = !part.contains(['<', ' ', '*', '…', '{', '(']);
            if below.iter().any(|it| part.starts_with(it)) && concrete {
                assert!(Path::new(path).exists(), "{document} speaks of `{part}`, which is not there");
            }
        }
    }
}

/// Names of the modules in a folder, but not `mod`.
fn modules(folder: &str) -> BTreeSet<String> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .filter(|it| it.extension().is_some_and(|it| it == "rs"))
        .map(|it| it.file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|it| it != "mod")
        .collect()
}

fn subfolders(folder: &str) -> BTreeSet<String> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .filter(|it| it.is_dir())
        .map(|it| it.file_name().unwrap().to_string_lossy().into_owned())
        .collect()
}
