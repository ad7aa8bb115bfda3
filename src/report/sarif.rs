//! Findings as SARIF 2.1.0: one run, its rules with their pages as help, related places, and fixes as replacements. Columns are
//! in characters (`unicodeCodePoints`); paths are relative to `%SRCROOT%`, the folder the command ran in.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pipewright_compiler::diagnostics::{Diagnostic, Fix, PAGES, Severity};
use serde::Serialize;

use super::checked::{Found, Place, Program, findings, fingerprints};

/// Everything but the characters that stand for themselves in a path of a URI.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The document.
pub fn render(programs: &[Program]) -> Result<String, serde_json::Error> {
    let list = findings(programs);
    let mut rules: BTreeMap<&str, Rule> = BTreeMap::new();
    for found in &list {
        rules.entry(found.diagnostic.name).or_insert_with(|| rule(found.diagnostic));
    }
    let index: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(at, name)| (*name, at)).collect();
    let results = list.iter().zip(fingerprints(&list)).map(|(found, fingerprint)| {
        result(found, index.get(found.diagnostic.name).copied().unwrap_or_default(), fingerprint)
    });
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            results: results.collect(),
            tool: Tool {
                driver: Driver {
                    name: "pipewright",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    information_uri: env!("CARGO_PKG_REPOSITORY"),
                    rules: rules.into_values().collect(),
                },
            },
            column_kind: "unicodeCodePoints",
        }],
    };
    Ok(serde_json::to_string_pretty(&log)? + "\n")
}

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<SarifResult>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    short_description: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_description: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Help>,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<SarifFix>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifFix {
    description: Text,
    artifact_changes: Vec<ArtifactChange>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange {
    artifact_location: ArtifactLocation,
    replacements: Vec<Replacement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Text,
}

fn rule(it: &Diagnostic) -> Rule {
    let page = PAGES.iter().find(|(name, _)| *name == it.name).map(|(_, page)| page.trim());
    let first = page.and_then(|page| page.split("\n\n").next()).map(unwrapped);
    Rule {
        id: it.name.to_string(),
        // What one finding says is about its own names; the name of the rule is about the rule.
        short_description: Text { text: it.name.replace('-', " ") },
        full_description: first.map(|text| Text { text }),
        help: page.map(|page| Help { text: page.to_string(), markdown: page.to_string() }),
        default_configuration: Configuration { level: level(it.severity) },
    }
}

/// A paragraph on one line.
fn unwrapped(paragraph: &str) -> String {
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "note",
    }
}

fn result(found: &Found<'_>, rule_index: usize, fingerprint: String) -> SarifResult {
    let it = found.diagnostic;
    let mut text = it.message.clone();
    for (title, more) in [("help", &it.help), ("note", &it.note)] {
        if let Some(more) = more {
            text.push_str(&format!("\n{title}: {more}"));
        }
    }
    let label = Some(&it.primary.text).filter(|text| !text.is_empty()).map(|text| Text { text: text.clone() });
    let related = it.secondary.iter().enumerate().map(|(at, label)| Location {
        id: Some(at + 1),
        message: Some(Text { text: label.text.clone() }),
        physical_location: physical(&found.place_of(label.span)),
    });
    SarifResult {
        rule_id: it.name,
        rule_index,
        level: level(it.severity),
        message: Text { text },
        locations: [Location { id: None, message: label, physical_location: physical(&found.place()) }],
        related_locations: related.collect(),
        partial_fingerprints: BTreeMap::from([("pipewright/v1", fingerprint)]),
        fixes: it.fixes.iter().map(|it| fix(it, found)).collect(),
    }
}

/// One change per file, the replacements of a file in it.
fn fix(it: &Fix, found: &Found<'_>) -> SarifFix {
    let mut files: BTreeMap<String, Vec<Replacement>> = BTreeMap::new();
    for (span, text) in &it.edits {
        let place = found.place_of(*span);
        let replacement = Replacement { deleted_region: region(&place), inserted_content: Text { text: text.clone() } };
        files.entry(place.file).or_default().push(replacement);
    }
    let change =
        |(file, replacements): (String, _)| ArtifactChange { artifact_location: artifact(&file), replacements };
    SarifFix { description: Text { text: it.title.clone() }, artifact_changes: files.into_iter().map(change).collect() }
}

fn physical(place: &Place) -> PhysicalLocation {
    PhysicalLocation { artifact_location: artifact(&place.file), region: region(place) }
}

fn region(place: &Place) -> Region {
    Region {
        start_line: place.line,
        start_column: place.column,
        end_line: place.end_line,
        end_column: place.end_column,
    }
}

fn artifact(file: &str) -> ArtifactLocation {
    let file = file.replace('\\', "/");
    let encoded = utf8_percent_encode(file.strip_prefix("./").unwrap_or(&file), PATH);
    if file.starts_with('/') {
        ArtifactLocation { uri: format!("file://{encoded}"), uri_base_id: None }
    } else {
        ArtifactLocation { uri: encoded.to_string(), uri_base_id: Some("%SRCROOT%") }
    }
}
