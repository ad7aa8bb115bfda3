//! One program per section of the options: it shows every option of the section that can stand beside the others. Tests hold that
//! each compiles without a finding, and that none is missing.

/// Title of the section (a block of the language, a connector, a codec) and program, sorted.
pub const EXAMPLES: &[(&str, &str)] = &[
    ("csv", include_str!("examples/csv.pipe")),
    ("files", include_str!("examples/files.pipe")),
    ("json", include_str!("examples/json.pipe")),
    ("kafka", include_str!("examples/kafka.pipe")),
    ("pipeline", include_str!("examples/pipeline.pipe")),
    ("postgres", include_str!("examples/postgres.pipe")),
    ("raw", include_str!("examples/raw.pipe")),
    ("sink", include_str!("examples/sink.pipe")),
    ("source", include_str!("examples/source.pipe")),
    ("sqlite", include_str!("examples/sqlite.pipe")),
    ("topic", include_str!("examples/topic.pipe")),
];

/// The example of a section as a block of Markdown.
pub(super) fn block(section: &str) -> String {
    let program = EXAMPLES.iter().find(|(name, _)| *name == section).map(|(_, program)| program.trim());
    program.map_or(String::new(), |program| format!("\n```pipe\n{program}\n```\n"))
}
