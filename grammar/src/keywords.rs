//! The words of the language, for "did you mean": what begins a declaration, what begins a step, what cannot be a name.
//!
//! Also knows which words of other languages mean which of ours. Knows nothing of the text they stand in.

/// The keywords that begin a declaration.
pub const KEYWORDS: &[&str] = &[
    "pipeline",
    "import",
    "connection",
    "type",
    "fn",
    "param",
    "source",
    "topic",
    "lookup",
    "transform",
    "sink",
    "test",
];

/// The keywords that begin a step.
pub const STEP_KEYWORDS: &[&str] = &[
    "where",
    "check",
    "derive",
    "select",
    "drop",
    "rename",
    "optional",
    "lookup",
    "left",
    "right",
    "full",
    "join",
    "flatten",
    "dedupe",
    "window",
    "group",
    "route",
    "repartition",
    "as",
];

/// The words that cannot be a name without backticks.
pub const RESERVED: &[&str] = &[
    "and",
    "or",
    "not",
    "in",
    "is",
    "like",
    "between",
    "if",
    "then",
    "else",
    "match",
    "true",
    "false",
    "null",
    "when",
    "otherwise",
];

/// Words of other languages with the declaration keyword they mean.
const FOREIGN_DECLARATIONS: &[(&str, &str)] = &[
    ("schema", "type"),
    ("struct", "type"),
    ("record", "type"),
    ("enum", "type"),
    ("func", "fn"),
    ("function", "fn"),
    ("def", "fn"),
    ("let", "fn"),
    ("stream", "transform"),
    ("view", "transform"),
    ("flow", "transform"),
    ("pipe", "pipeline"),
    ("include", "import"),
    ("use", "import"),
    ("input", "source"),
    ("output", "sink"),
    ("target", "sink"),
    ("var", "param"),
    ("variable", "param"),
    ("const", "param"),
    ("conn", "connection"),
    ("table", "lookup"),
];

/// Words of other languages with the step they mean.
const FOREIGN_STEPS: &[(&str, &str)] = &[
    ("filter", "where"),
    ("having", "where"),
    ("when", "where"),
    ("map", "derive"),
    ("mapvalues", "derive"),
    ("with", "derive"),
    ("withcolumn", "derive"),
    ("let", "derive"),
    ("set", "derive"),
    ("add", "derive"),
    ("extend", "derive"),
    ("mutate", "derive"),
    ("project", "select"),
    ("keep", "select"),
    ("pick", "select"),
    ("remove", "drop"),
    ("exclude", "drop"),
    ("omit", "drop"),
    ("assert", "check"),
    ("validate", "check"),
    ("require", "check"),
    ("ensure", "check"),
    ("distinct", "dedupe"),
    ("unique", "dedupe"),
    ("deduplicate", "dedupe"),
    ("explode", "flatten"),
    ("unnest", "flatten"),
    ("flatmap", "flatten"),
    ("aggregate", "group"),
    ("summarize", "group"),
    ("groupby", "group"),
    ("reduce", "group"),
    ("count", "group"),
    ("branch", "route"),
    ("split", "route"),
    ("switch", "route"),
    ("case", "route"),
    ("rekey", "repartition"),
    ("keyby", "repartition"),
    ("partition", "repartition"),
    ("shuffle", "repartition"),
    ("enrich", "lookup"),
    ("inner", "join"),
    ("outer", "full"),
    ("merge", "join"),
];

/// The declaration keyword a word stands for, if one is near enough.
pub(crate) fn closest_declaration(word: &str) -> Option<&'static str> {
    closest(word, KEYWORDS, FOREIGN_DECLARATIONS)
}

/// The step keyword a word stands for, if one is near enough.
pub(crate) fn closest_step(word: &str) -> Option<&'static str> {
    closest(word, STEP_KEYWORDS, FOREIGN_STEPS)
}

/// A slip of the finger costs one edit, in a long word two; a word of another language is looked up.
fn closest(word: &str, ours: &[&'static str], foreign: &[(&str, &'static str)]) -> Option<&'static str> {
    if word.len() > 24 {
        return None;
    }
    let word = word.to_ascii_lowercase().replace('_', "");
    if let Some((_, meant)) = foreign.iter().find(|(theirs, _)| *theirs == word) {
        return Some(meant);
    }
    let allowed = if word.len() >= 5 { 2 } else { 1 };
    ours.iter()
        .map(|keyword| (strsim::damerau_levenshtein(&word, keyword), *keyword))
        .filter(|(distance, keyword)| *distance <= allowed && *distance < keyword.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, keyword)| keyword)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_and_foreign_words_are_understood() {
        assert_eq!(closest_declaration("transfrom"), Some("transform"));
        assert_eq!(closest_declaration("Topic"), Some("topic"));
        assert_eq!(closest_declaration("struct"), Some("type"));
        assert_eq!(closest_declaration("banana"), None);
        assert_eq!(closest_step("filter"), Some("where"));
        assert_eq!(closest_step("flat_map"), Some("flatten"));
        assert_eq!(closest_step("slect"), Some("select"));
        assert_eq!(closest_step("banana"), None);
    }
}
