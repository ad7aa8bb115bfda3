//! What a person calls the parts of the grammar.
//!
//! The match over the rules is exhaustive, so that a new rule has to be given a name (or to be named by its tokens). The
//! names of rules never reach a user.

use std::collections::BTreeSet;

use pest::error::{Error, InputLocation};

use crate::explain::Site;
use crate::parser::Rule;

/// What could stand at a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    /// A new declaration.
    pub declaration: bool,
    /// A step.
    pub step: bool,
    /// A type.
    pub ty: bool,
    /// An expression.
    pub expression: bool,
    /// A name.
    pub name: bool,
    /// A comma.
    pub comma: bool,
    operator: bool,
    pattern: bool,
    string: bool,
    end: bool,
    /// A bracket is open at the place.
    open: bool,
    literals: Vec<&'static str>,
    brackets: Vec<String>,
    keywords: Vec<String>,
}

/// Turns what pest tried at the furthest place into that place and what a person could write there.
pub(crate) fn expected_at(error: &Error<Rule>) -> (usize, Expected) {
    let Some(attempts) = error.parse_attempts() else {
        let at = match error.location {
            InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
        };
        return (at, Expected::default());
    };
    let tokens: BTreeSet<String> = attempts.expected_tokens().iter().map(ToString::to_string).collect();
    let has = |token: &str| tokens.contains(token);
    let rules: BTreeSet<Rule> =
        attempts.call_stacks().iter().filter_map(|stack| stack.deepest.get_rule().copied()).collect();
    let mut expected = Expected {
        declaration: has("pipeline") && has("sink"),
        step: has("repartition") && has("route"),
        ty: has("decimal") && has("list"),
        expression: has("match") && has("true"),
        comma: has(","),
        operator: has("??"),
        end: rules.contains(&Rule::EOI),
        ..Expected::default()
    };
    expected.pattern = has("_") && has("null") && !expected.expression;
    expected.name = has("`") && !expected.expression && !expected.ty;
    let quiet = expected.expression || expected.operator;
    expected.string = has("\"") && !quiet && !expected.ty && !expected.pattern;
    if !(quiet || expected.pattern || expected.step || expected.declaration) {
        expected.literals =
            rules.iter().filter_map(|rule| spoken(*rule)).filter(|word| !word.starts_with('`')).collect();
    }
    let starts_value = expected.expression || expected.ty;
    for token in &tokens {
        let bracket = match token.as_str() {
            "(" | "[" => !starts_value && !expected.operator,
            "{" => !starts_value,
            "=" | "<" | ">" => !expected.operator,
            ")" | "]" | "}" | ":" | "=>" => true,
            "|" => !expected.pattern,
            _ => false,
        };
        if bracket {
            expected.brackets.push(format!("`{token}`"));
        }
    }
    if !(expected.expression || expected.ty || expected.step || expected.declaration || expected.pattern) {
        let keywords = rules.iter().filter_map(|rule| spoken(*rule)).filter(|word| word.starts_with('`'));
        let logic = ["`and`", "`or`", "`not`", "`is`", "`in`", "`like`", "`between`"];
        let of_operator = |word: &str| logic.contains(&word);
        let from_tokens =
            tokens.iter().filter(|token| KEYWORD_TOKENS.contains(&token.as_str())).map(|token| format!("`{token}`"));
        let all: BTreeSet<String> =
            keywords.map(str::to_owned).chain(from_tokens).filter(|word| !of_operator(word)).collect();
        expected.keywords = all.into_iter().collect();
    }
    // What is only read to be explained is not advised: `in (a, b)`, and a colon between a name and its value.
    if expected.brackets.iter().any(|word| word == "`[`") {
        expected.brackets.retain(|word| word != "`(`");
    }
    if expected.brackets.iter().any(|word| word == "`=`") {
        expected.brackets.retain(|word| word != "`:`");
    }
    (attempts.max_position, expected)
}

impl Expected {
    /// True if pest tried nothing that has a name.
    pub(crate) fn is_empty(&self) -> bool {
        self.words(Site::Unit).is_empty() && !self.end
    }

    /// Forgets what the grammar reads in every node, and the builder then calls misplaced.
    pub(crate) fn forget_misplaced(&mut self, keyword: &str) {
        let misplaced: &[&str] = match keyword {
            "source" => &["`on`", "`to`"],
            "topic" => &["`to`", "`|`"],
            "lookup" => &["`on`", "`to`", "`|`"],
            "transform" => &["`on`", "`to`", "`{`"],
            "sink" => &["`on`", "`|`", "`:`"],
            _ => return,
        };
        self.keywords.retain(|word| !misplaced.contains(&word.as_str()));
        self.brackets.retain(|word| !misplaced.contains(&word.as_str()));
    }

    /// Keeps only the closing bracket that closes what is open.
    pub(crate) fn close(&mut self, open: Option<u8>) {
        self.open = open.is_some();
        let closing = match open {
            Some(b'(') => "`)`",
            Some(b'[') => "`]`",
            Some(_) => "`}`",
            None => "",
        };
        self.brackets.retain(|word| word == closing || !matches!(word.as_str(), "`)`" | "`]`" | "`}`"));
    }

    /// In words, the most telling first.
    pub(crate) fn words(&self, site: Site) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        let mut say = |is: bool, word: &str| {
            if is {
                words.push(word.to_owned());
            }
        };
        say(self.declaration, "a declaration");
        say(self.step, "a step");
        say(self.ty, "a type");
        say(self.expression, "an expression");
        say(self.name, "a name");
        say(self.pattern, "a pattern");
        say(self.string && !self.step, "a string");
        for literal in &self.literals {
            say(true, literal);
        }
        for keyword in &self.keywords {
            say(true, keyword);
        }
        for bracket in &self.brackets {
            say(true, bracket);
        }
        let complete = self.end || self.operator && !self.open;
        let ends_entry = complete && matches!(site, Site::Entry | Site::Field);
        say(self.comma || ends_entry, "`,`");
        say(ends_entry, "a new line");
        say(self.end && site == Site::Step && !self.brackets.iter().any(|word| word == "`|`"), "`|`");
        say(self.operator, "an operator");
        words.truncate(8);
        words
    }
}

/// Keywords that can be collapsed into a larger rule: these are named by their token.
const KEYWORD_TOKENS: &[&str] = &[
    "from",
    "to",
    "on",
    "as",
    "by",
    "within",
    "every",
    "gap",
    "emit",
    "else",
    "then",
    "when",
    "otherwise",
    "contains",
    "no",
    "partition",
    "tumbling",
    "hopping",
    "session",
    "events",
    "table",
    "final",
    "changes",
    "given",
    "expect",
    "advance",
    "restart",
    "delete",
    "bytes",
];

/// What a rule is called: a keyword in backticks, a kind of literal; `None` for what is named by its tokens.
fn spoken(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::integer => "a whole number",
        Rule::duration => "a duration such as `5m`",
        Rule::engine => "a kind such as `kafka`",
        Rule::word => "a word",
        Rule::instant => "a point in time such as `@2026-01-01T10:00:00Z`",
        Rule::k_advance => "`advance`",
        Rule::k_and => "`and`",
        Rule::k_as => "`as`",
        Rule::k_avro => "`avro`",
        Rule::k_between => "`between`",
        Rule::k_by => "`by`",
        Rule::k_bytes => "`bytes`",
        Rule::k_changes => "`changes`",
        Rule::k_check => "`check`",
        Rule::k_connection => "`connection`",
        Rule::k_contains => "`contains`",
        Rule::k_decimal => "`decimal`",
        Rule::k_dedupe => "`dedupe`",
        Rule::k_delete => "`delete`",
        Rule::k_derive => "`derive`",
        Rule::k_drop => "`drop`",
        Rule::k_else => "`else`",
        Rule::k_emit => "`emit`",
        Rule::k_events => "`events`",
        Rule::k_every => "`every`",
        Rule::k_expect => "`expect`",
        Rule::k_false => "`false`",
        Rule::k_final => "`final`",
        Rule::k_flatten => "`flatten`",
        Rule::k_fn => "`fn`",
        Rule::k_from => "`from`",
        Rule::k_full => "`full`",
        Rule::k_gap => "`gap`",
        Rule::k_given => "`given`",
        Rule::k_group => "`group`",
        Rule::k_hopping => "`hopping`",
        Rule::k_if => "`if`",
        Rule::k_import => "`import`",
        Rule::k_in => "`in`",
        Rule::k_is => "`is`",
        Rule::k_join => "`join`",
        Rule::k_json_schema => "`json_schema`",
        Rule::k_left => "`left`",
        Rule::k_like => "`like`",
        Rule::k_list => "`list`",
        Rule::k_lookup => "`lookup`",
        Rule::k_map => "`map`",
        Rule::k_match => "`match`",
        Rule::k_no => "`no`",
        Rule::k_not => "`not`",
        Rule::k_null => "`null`",
        Rule::k_on => "`on`",
        Rule::k_optional => "`optional`",
        Rule::k_or => "`or`",
        Rule::k_otherwise => "`otherwise`",
        Rule::k_param => "`param`",
        Rule::k_partition => "`partition`",
        Rule::k_pipeline => "`pipeline`",
        Rule::k_protobuf => "`protobuf`",
        Rule::k_registry => "`registry`",
        Rule::k_rename => "`rename`",
        Rule::k_repartition => "`repartition`",
        Rule::k_restart => "`restart`",
        Rule::k_right => "`right`",
        Rule::k_route => "`route`",
        Rule::k_select => "`select`",
        Rule::k_session => "`session`",
        Rule::k_sink => "`sink`",
        Rule::k_source => "`source`",
        Rule::k_table => "`table`",
        Rule::k_test => "`test`",
        Rule::k_then => "`then`",
        Rule::k_to => "`to`",
        Rule::k_topic => "`topic`",
        Rule::k_transform => "`transform`",
        Rule::k_true => "`true`",
        Rule::k_tumbling => "`tumbling`",
        Rule::k_type => "`type`",
        Rule::k_when => "`when`",
        Rule::k_where => "`where`",
        Rule::k_window => "`window`",
        Rule::k_within => "`within`",
        Rule::nl
        | Rule::nl1
        | Rule::sep
        | Rule::comma
        | Rule::wb
        | Rule::semicolon
        | Rule::unit
        | Rule::declaration
        | Rule::unknown_decl
        | Rule::rest_of_unit
        | Rule::stray_close
        | Rule::stub
        | Rule::doc
        | Rule::doc_line
        | Rule::pipeline
        | Rule::import
        | Rule::connection
        | Rule::type_decl
        | Rule::type_import
        | Rule::fn_decl
        | Rule::fn_param
        | Rule::param
        | Rule::source
        | Rule::topic
        | Rule::lookup
        | Rule::transform
        | Rule::sink
        | Rule::typed
        | Rule::from
        | Rule::input
        | Rule::to
        | Rule::to_conn
        | Rule::on_conn
        | Rule::on_cluster
        | Rule::block_opt
        | Rule::type_expr
        | Rule::optional
        | Rule::type_atom
        | Rule::literal_set
        | Rule::list_type
        | Rule::map_type
        | Rule::decimal_type
        | Rule::record_type
        | Rule::field
        | Rule::field_decl
        | Rule::annotation
        | Rule::steps
        | Rule::pipe
        | Rule::step_end
        | Rule::step
        | Rule::where_
        | Rule::check
        | Rule::derive
        | Rule::select
        | Rule::drop_
        | Rule::rename
        | Rule::lookup_step
        | Rule::join
        | Rule::flatten
        | Rule::dedupe
        | Rule::window
        | Rule::group
        | Rule::route
        | Rule::branch
        | Rule::repartition
        | Rule::as_step
        | Rule::keys
        | Rule::key_item
        | Rule::unknown_step
        | Rule::bad_step
        | Rule::rest_of_step
        | Rule::binding
        | Rule::item
        | Rule::label
        | Rule::null_label
        | Rule::bind
        | Rule::colon
        | Rule::foreign_alias
        | Rule::braced_items
        | Rule::alias
        | Rule::path
        | Rule::record
        | Rule::entry_or_bad
        | Rule::entry
        | Rule::bad_entry
        | Rule::entry_end
        | Rule::list
        | Rule::entry_only
        | Rule::field_only
        | Rule::step_only
        | Rule::test
        | Rule::test_line
        | Rule::given
        | Rule::expect
        | Rule::advance
        | Rule::restart
        | Rule::rows
        | Rule::row
        | Rule::expr
        | Rule::cond
        | Rule::cmp_tail
        | Rule::foreign_list
        | Rule::cmp_op
        | Rule::match_op
        | Rule::foreign_cmp
        | Rule::foreign_logic
        | Rule::foreign_not
        | Rule::arith
        | Rule::operand
        | Rule::neg
        | Rule::plus
        | Rule::minus
        | Rule::mul_op
        | Rule::coalesce
        | Rule::args
        | Rule::arg
        | Rule::index
        | Rule::member
        | Rule::primary
        | Rule::paren
        | Rule::if_
        | Rule::match_
        | Rule::arm
        | Rule::pattern
        | Rule::any_other
        | Rule::name
        | Rule::ident
        | Rule::ident_start
        | Rule::quoted
        | Rule::reserved
        | Rule::number
        | Rule::size
        | Rule::date
        | Rule::time
        | Rule::zone
        | Rule::percent
        | Rule::blank
        | Rule::string
        | Rule::plain
        | Rule::string_flat
        | Rule::raw_flat
        | Rule::foreign_string
        | Rule::raw_string
        | Rule::text_block
        | Rule::fstring
        | Rule::f_brace
        | Rule::f_text
        | Rule::hole
        | Rule::decl_kw
        | Rule::step_kw
        | Rule::WHITESPACE
        | Rule::COMMENT
        | Rule::EOI => return None,
    })
}
