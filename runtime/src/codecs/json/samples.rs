//! Random JSON for the tests: valid, in odd spellings, with repeated keys.

use proptest::prelude::*;

fn space() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => Just(""), 1 => Just(" "), 1 => Just("\n\t"), 1 => Just("\r\n  ")]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-h]".prop_map(|it| format!("\"{it}\"")),
        1 => Just(r#""\u0061""#.to_string()),
        1 => Just(r#""d\n\"""#.to_string()),
        1 => Just(r#""\u00e9""#.to_string()),
        1 => Just("\"é\"".to_string()),
        1 => string(),
    ]
}

fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => any::<String>().prop_map(|it| serde_json::to_string(&it).unwrap_or_default()),
        2 => "[a-z 0-9]{0,40}".prop_map(|it| format!("\"{it}\"")),
        1 => proptest::collection::vec(prop_oneof![
            Just(r"\ud83d\ude00"), Just(r"\/"), Just(r"\u0000"), Just("ü"), Just(r"\\"), Just(r"\uD834\udd1E"), Just("plain text")
        ], 0..6).prop_map(|it| format!("\"{}\"", it.concat())),
    ]
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|it| it.to_string()),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,10})?([eE][+-]?[0-9]{1,3})?",
    ]
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        3 => number(),
        3 => string(),
        1 => Just("null".to_string()),
        1 => Just("true".to_string()),
        1 => Just("false".to_string()),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            (proptest::collection::vec(inner.clone(), 0..5), space())
                .prop_map(|(items, space)| format!("[{space}{}{space}]", items.join(&format!("{space},{space}")))),
            members(inner),
        ]
    })
}

fn members(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (proptest::collection::vec((key(), value), 0..6), space()).prop_map(|(members, space)| {
        let members: Vec<_> = members.into_iter().map(|(key, value)| format!("{key}{space}:{space}{value}")).collect();
        format!("{{{space}{}{space}}}", members.join(&format!("{space},{space}")))
    })
}

/// An object.
pub(super) fn object() -> impl Strategy<Value = String> {
    members(value())
}

/// An object, and what to do to it: where, with which byte, and how.
pub(super) fn damage() -> impl Strategy<Value = (String, usize, u8, u8)> {
    let byte = prop_oneof![
        3 => proptest::sample::select(b"{}[]\",:\\ 0123456789.eE+-tfnu/\n\x00\x1f".to_vec()),
        1 => any::<u8>(),
    ];
    (object(), any::<usize>(), byte, 0u8..4)
}
