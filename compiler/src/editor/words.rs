//! What the words of the language mean, in a sentence, with their shape: for hover and completion. One line a word; a test
//! holds the lists against those of the grammar and the checker.

/// A word of the language.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// The word.
    pub name: &'static str,
    /// How it is written.
    pub shape: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// What an editor inserts, with places to fill in.
    pub snippet: &'static str,
}

const fn word(name: &'static str, shape: &'static str, snippet: &'static str, doc: &'static str) -> Word {
    Word { name, shape, doc, snippet }
}

/// What begins a declaration.
pub const DECLARATIONS: &[Word] = &[
    word(
        "pipeline",
        "pipeline NAME { options }",
        "pipeline ${1:name} {\n  delivery = exactly_once\n  $0\n}",
        "The program's identity and policies. A program has exactly one.",
    ),
    word(
        "import",
        "import \"file.pipe\"",
        "import \"${1:types.pipe}\"",
        "Reads the declarations of another file; its path is relative to this one.",
    ),
    word(
        "connection",
        "connection NAME = KIND { options }",
        "connection ${1:name} = ${2:kafka} {\n  $0\n}",
        "How a cluster, a database or a folder is reached. `pipewright.yaml` may say otherwise per environment.",
    ),
    word(
        "type",
        "type NAME = TYPE",
        "type ${1:Name} = {\n  ${2:id}: ${3:int64} @key\n  $0\n}",
        "Names a type, mostly a record: its fields, what identifies a row, what is personal data.",
    ),
    word(
        "fn",
        "fn NAME(param: TYPE, …): TYPE = EXPR",
        "fn ${1:name}(${2:x}: ${3:string}): ${4:string} = $0",
        "A function of its parameters alone; it sees no fields.",
    ),
    word(
        "param",
        "param NAME: TYPE [= EXPR]",
        "param ${1:name}: ${2:int64} = $0",
        "A value that is known before any record is read, set by `--set` or an environment.",
    ),
    word(
        "source",
        "source NAME: TYPE from CONNECTION { options } | steps",
        "source ${1:name}: ${2:Type} from ${3:connection} {\n  $0\n}",
        "Records from outside, on their way into a topic.",
    ),
    word(
        "topic",
        "topic NAME[: TYPE] [on CLUSTER] [from NODE] { options }",
        "topic ${1:name} from ${2:node} {\n  partition_key = ${3:id}\n  $0\n}",
        "A Kafka topic. With `from`, this program creates it and alone writes it; without, it is verified and never altered.",
    ),
    word(
        "lookup",
        "lookup NAME: TYPE from CONNECTION { options }",
        "lookup ${1:name}: ${2:Type} from ${3:connection} {\n  key = $0\n}",
        "A table that records are enriched from. Not yet in this version.",
    ),
    word(
        "transform",
        "transform NAME[: TYPE] from NODE, … | step | step",
        "transform ${1:name} from ${2:node}\n  | $0",
        "What flows in goes through the steps, one after the other. Several inputs are a union.",
    ),
    word(
        "sink",
        "sink NAME from NODE to CONNECTION { options }",
        "sink ${1:name} from ${2:node} to ${3:connection} {\n  table = \"${4:table}\"\n  $0\n}",
        "Rows in a table, in one transaction with their positions.",
    ),
    word(
        "test",
        "test \"what it shows\" { given … expect … }",
        "test \"${1:what it shows}\" {\n  given ${2:node} [\n    { $3 }\n  ]\n  expect ${4:node} [ $0 ]\n}",
        "Given rows go through the program; what comes out is compared.",
    ),
];

/// What begins a step.
pub const STEPS: &[Word] = &[
    word(
        "where",
        "where EXPR",
        "where $0",
        "Keeps the records for which the condition is true. On a changelog, a row that does not pass any more is deleted.",
    ),
    word(
        "check",
        "check EXPR else \"why\"",
        "check $1 else \"$0\"",
        "Only true passes; anything else is a bad record with the reason.",
    ),
    word(
        "derive",
        "derive a = EXPR, b = EXPR",
        "derive ${1:name} = $0",
        "Adds or replaces fields, one after the other.",
    ),
    word("select", "select a, b = EXPR, …", "select $0", "The record is these fields from here on."),
    word("drop", "drop a, b", "drop $0", "Takes fields away."),
    word("rename", "rename a to b, …", "rename ${1:old} to ${0:new}", "Gives fields other names."),
    word(
        "optional",
        "optional lookup NAME on EXPR",
        "optional lookup ${1:name} on $0",
        "A lookup that may find nothing: its fields are null then. Not yet in this version.",
    ),
    word(
        "lookup",
        "lookup NAME on EXPR { options }",
        "lookup ${1:name} on $0",
        "Enriches records from a lookup. Not yet in this version.",
    ),
    word(
        "left",
        "left join NODE on EXPR within DURATION",
        "left join ${1:node} on $2 within ${0:10m}",
        "A join that keeps records without a partner. Not yet in this version.",
    ),
    word(
        "right",
        "right join NODE on EXPR within DURATION",
        "right join ${1:node} on $2 within ${0:10m}",
        "A join that keeps the other side's records without a partner. Not yet in this version.",
    ),
    word(
        "full",
        "full join NODE on EXPR within DURATION",
        "full join ${1:node} on $2 within ${0:10m}",
        "A join that keeps records of both sides without a partner. Not yet in this version.",
    ),
    word(
        "join",
        "join NODE on EXPR within DURATION",
        "join ${1:node} on $2 within ${0:10m}",
        "Joins two streams, bounded in event time. Not yet in this version.",
    ),
    word(
        "flatten",
        "flatten LIST as NAME",
        "flatten ${1:items} as ${0:item}",
        "One record per element of a list. Not yet in this version.",
    ),
    word(
        "dedupe",
        "dedupe by KEY within DURATION",
        "dedupe by ${1:id} within ${0:1h}",
        "The first record of a key wins, by event time. Not yet in this version.",
    ),
    word(
        "window",
        "window tumbling D | hopping D every D | session gap D",
        "window tumbling ${0:1m}",
        "Cuts time into windows, for a `group by`. Not yet in this version.",
    ),
    word(
        "group",
        "group by KEYS { n = count() }",
        "group by ${1:key} { ${2:n} = count() }$0",
        "Aggregates per key. Not yet in this version.",
    ),
    word(
        "route",
        "route { a when EXPR, b otherwise }",
        "route {\n    ${1:a} when $2\n    ${3:b} otherwise\n  }$0",
        "Named branches, read as `from NAME.branch`. Not yet in this version.",
    ),
    word(
        "repartition",
        "repartition by KEYS { partitions = N }",
        "repartition by ${1:key} { partitions = ${0:6} }",
        "Through an internal topic, placed by another key. Not yet in this version.",
    ),
    word(
        "as",
        "as events · as table by KEY",
        "as table by $0",
        "`as table by K`: the last record per key is the row. `as events`: versions of rows become facts.",
    ),
];

/// The types that need no declaration.
pub const TYPES: &[Word] = &[
    word("bool", "bool", "bool", "True or false."),
    word("int32", "int32", "int32", "A whole number of 32 bits."),
    word("int64", "int64", "int64", "A whole number of 64 bits; it never passes through a float."),
    word("float64", "float64", "float64", "An IEEE 754 double: fast, not exact."),
    word("string", "string", "string", "Text, UTF-8."),
    word("bytes", "bytes", "bytes", "Any bytes."),
    word("uuid", "uuid", "uuid", "128 bits, written `xxxxxxxx-xxxx-…`."),
    word("date", "date", "date", "A day of the calendar."),
    word("time", "time", "time", "A time of day, in microseconds."),
    word(
        "timestamp",
        "timestamp",
        "timestamp",
        "An instant, in microseconds, UTC. Never mixed silently with `local_timestamp`.",
    ),
    word("local_timestamp", "local_timestamp", "local_timestamp", "Civil time without a zone."),
    word("duration", "duration", "duration", "A length of time: `250ms`, `1h30m`, `7d`."),
    word("json", "json", "json", "Untyped JSON; cast before arithmetic."),
];

/// The types with parts.
pub const TYPES_OF: &[Word] = &[
    word(
        "decimal",
        "decimal(precision, scale)",
        "decimal(${1:12}, ${2:2})",
        "Exact, up to 38 digits, `scale` of them after the point.",
    ),
    word("list", "list<T>", "list<${1:string}>", "A list of values of one type."),
    word("map", "map<string, T>", "map<string, ${1:string}>", "Values of one type by text."),
];

/// The annotations of fields.
pub const ANNOTATIONS: &[Word] = &[
    word("key", "@key", "key", "Identifies the row."),
    word("fixed", "@fixed", "fixed", "Never changes for a key."),
    word("pii", "@pii", "pii", "Personal data: it is not copied into dead letters without a word."),
    word("json", "@json(\"name\")", "json(\"${1:name}\")", "Its name on the wire, if it differs."),
    word("deprecated", "@deprecated", "deprecated", "Should not be used any more."),
];

/// The word of a list.
pub fn find(list: &'static [Word], name: &str) -> Option<&'static Word> {
    list.iter().find(|it| it.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_language_is_told() {
        let names = |list: &[Word]| list.iter().map(|it| it.name).collect::<Vec<_>>();
        assert_eq!(names(DECLARATIONS), pipewright_grammar::KEYWORDS);
        assert_eq!(names(STEPS), pipewright_grammar::STEP_KEYWORDS);
        assert_eq!(names(TYPES), crate::types::PLAIN.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        assert_eq!(names(ANNOTATIONS), crate::types::ANNOTATIONS);
    }
}
