//! What the compiler says. A finding is a struct of facts, made where the fact is found and emitted into [`Diagnostics`];
//! its wording and its `explain` page stand in one file of this folder, with one line in [`diagnostics!`].
//! Layout (colours, columns, JSON) is not here: the command line turns a [`Diagnostic`] into text.

use pipewright_grammar::Span;

pub use crate::fix::{Applicability, Fix};

use crate::levels::Level;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Information,
    /// Works, but will hurt.
    Warning,
    /// Does not run.
    Error,
}

/// A place with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// A few words; the primary label may have none.
    pub text: String,
}

/// A finding in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its stable name: what is printed, the folder in `tests/ui`, the argument of `explain`.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in the user's words: lower case, no full stop, under 80 columns, names in backticks.
    pub message: String,
    /// The smallest span to change.
    pub primary: Label,
    /// The reasons, each with text, also in other files.
    pub secondary: Vec<Label>,
    /// One thing to type.
    pub help: Option<String>,
    /// What happens at run time, where the reader may not know.
    pub note: Option<String>,
    /// Mechanical answers.
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(name: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            name,
            severity: Severity::Error,
            message: message.into(),
            primary: Label { span, text: String::new() },
            secondary: vec![],
            help: None,
            note: None,
            fixes: vec![],
        }
    }

    /// The same as a warning.
    pub fn warning(name: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(name, span, message) }
    }

    /// Text at the primary place.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// One more place.
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    /// One thing to type.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// The consequence at run time.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.note = Some(text.into());
        self
    }

    /// The only mechanical answer: replace `span` by `text`.
    pub fn fix(mut self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        self.fixes.push(Fix::safe(title, vec![(span, text.into())]));
        self
    }

    /// One answer of several, which a human has to choose: replace `span` by `text`.
    pub fn choice(mut self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        self.fixes.push(Fix::choice(title, vec![(span, text.into())]));
        self
    }

    /// "Did you mean": safe to apply if what was written is a slip of the finger, else one answer of several.
    pub fn did_you_mean(mut self, written: &str, span: Span, meant: &str) -> Self {
        self.help = Some(format!("did you mean `{meant}`?"));
        self.fixes.push(Fix::did_you_mean(written, span, meant));
        self
    }
}

/// A fact that was found. Each kind is one file of this folder.
pub trait Finding {
    /// Its stable name, in kebab case.
    const NAME: &'static str;
    /// The page of `pipewright explain NAME`, in Markdown: what is wrong, why it matters at run time, a failing program
    /// and the mended one.
    const EXPLAIN: &'static str;
    /// Its level if nothing else is said. `None`: no lint but an error, which nobody can turn off.
    const LINT: Option<Level> = None;

    /// Its wording.
    fn diagnostic(self) -> Diagnostic;
}

/// All findings of a run.
#[derive(Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds one.
    pub fn emit(&mut self, finding: impl Finding) {
        self.list.push(finding.diagnostic());
    }

    /// Adds one that has its words already.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// All of them, by position; equal ones once.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.list.sort_by(|a, b| (a.primary.span, a.name, &a.message).cmp(&(b.primary.span, b.name, &b.message)));
        self.list.dedup();
        self.list
    }

    /// True if one is an error and no lint: a lint may yet be silenced, and never keeps a plan from being right.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|it| it.severity == Severity::Error && default_level(it.name).is_none())
    }
}

/// Declares the modules of this folder and the list of their pages: `file_name::FindingName`, sorted by name.
macro_rules! diagnostics {
    ($($module:ident :: $finding:ident),* $(,)?) => {
        $( mod $module; pub use $module::$finding; )*

        /// Name and `explain` page of every diagnostic, sorted by name.
        pub const PAGES: &[(&str, &str)] = &[ $( ($finding::NAME, $finding::EXPLAIN) ),* ];

        /// Name and default level of every diagnostic; without a level it is no lint. Sorted by name.
        const LEVELS: &[(&str, Option<Level>)] = &[ $( ($finding::NAME, $finding::LINT) ),* ];
    };
}

/// The level of a lint if nothing else is said; `None`: no lint has that name.
pub fn default_level(name: &str) -> Option<Level> {
    let at = LEVELS.binary_search_by_key(&name, |(known, _)| known).ok()?;
    LEVELS.get(at).and_then(|(_, level)| *level)
}

pub use file_too_large::LONGEST_FILE;

diagnostics! {
    acks_too_weak::AcksTooWeak,
    append_sink_not_idempotent::AppendSinkNotIdempotent,
    auto_commit_before_sink::AutoCommitBeforeSink,
    auto_create_topics::AutoCreateTopics,
    bad_argument::BadArgument,
    bad_decimal::BadDecimal,
    bad_escape::BadEscape,
    bad_literal::BadLiteral,
    bad_regex::BadRegex,
    chained_comparison::ChainedComparison,
    changelog_key_assigned::ChangelogKeyAssigned,
    changelog_key_dropped::ChangelogKeyDropped,
    client_property::ClientProperty,
    column_type::ColumnType,
    compacted_topic_misuse::CompactedTopicMisuse,
    comparison_with_null::ComparisonWithNull,
    conflicting_options::ConflictingOptions,
    confusable_character::ConfusableCharacter,
    constant_error::ConstantError,
    copartition_count_mismatch::CopartitionCountMismatch,
    decimal_too_wide::DecimalTooWide,
    declaration_cycle::DeclarationCycle,
    delete_unhandled::DeleteUnhandled,
    delivery_timeout_drops::DeliveryTimeoutDrops,
    dlq_unbounded::DlqUnbounded,
    duplicate_field::DuplicateField,
    duplicate_name::DuplicateName,
    duplicate_option::DuplicateOption,
    duplicate_test::DuplicateTest,
    empty_file::EmptyFile,
    empty_key::EmptyKey,
    environment_option::EnvironmentOption,
    exactly_once_not_derivable::ExactlyOnceNotDerivable,
    expression_too_large::ExpressionTooLarge,
    file_too_large::FileTooLarge,
    first_run_skips_history::FirstRunSkipsHistory,
    foreign_spelling::ForeignSpelling,
    format_type::FormatType,
    given_not_input::GivenNotInput,
    idempotence_incompatible::IdempotenceIncompatible,
    instant_civil_confusion::InstantCivilConfusion,
    integer_division::IntegerDivision,
    isolation_mismatch::IsolationMismatch,
    key_not_identity::KeyNotIdentity,
    key_type::KeyType,
    lossy_number::LossyNumber,
    low_cardinality_key::LowCardinalityKey,
    map_key_type::MapKeyType,
    match_not_exhaustive::MatchNotExhaustive,
    merge_conflict::MergeConflict,
    message_size_mismatch::MessageSizeMismatch,
    meta_not_here::MetaNotHere,
    misplaced_part::MisplacedPart,
    misplaced_test_row::MisplacedTestRow,
    missing_file::MissingFile,
    missing_name::MissingName,
    missing_option::MissingOption,
    missing_parentheses::MissingParentheses,
    missing_part::MissingPart,
    missing_pipeline::MissingPipeline,
    missing_test_field::MissingTestField,
    missing_type::MissingType,
    mixed_number_types::MixedNumberTypes,
    name_too_long::NameTooLong,
    narrowing::Narrowing,
    needs_topic::NeedsTopic,
    nested_too_deeply::NestedTooDeeply,
    never_null::NeverNull,
    nondeterministic_in_replay::NondeterministicInReplay,
    not_a_function::NotAFunction,
    not_a_list::NotAList,
    not_a_member::NotAMember,
    not_a_record::NotARecord,
    not_comparable::NotComparable,
    not_constant::NotConstant,
    not_utf8::NotUtf8,
    not_yet::NotYet,
    nothing_to_document::NothingToDocument,
    nothing_to_expect::NothingToExpect,
    null_not_allowed::NullNotAllowed,
    nullable_condition::NullableCondition,
    nullable_key::NullableKey,
    number_too_large::NumberTooLarge,
    over_partitioned_topic::OverPartitionedTopic,
    param_not_set::ParamNotSet,
    partition_out_of_range::PartitionOutOfRange,
    partitioner_implicit::PartitionerImplicit,
    partitioner_mismatch::PartitionerMismatch,
    partitions_inherited::PartitionsInherited,
    pii_dead_letter::PiiDeadLetter,
    pointless_step::PointlessStep,
    record_expected::RecordExpected,
    replication_factor_one::ReplicationFactorOne,
    reserved_name::ReservedName,
    retention_below_recovery_window::RetentionBelowRecoveryWindow,
    retries_can_reorder::RetriesCanReorder,
    row_at_a_time_sink::RowAtATimeSink,
    sasl_without_tls::SaslWithoutTls,
    second_pipeline::SecondPipeline,
    secret_in_file::SecretInFile,
    shadowed_name::ShadowedName,
    shared_group_id::SharedGroupId,
    shared_table::SharedTable,
    single_partition_topic::SinglePartitionTopic,
    syntax_error::SyntaxError,
    table_order::TableOrder,
    test_clock::TestClock,
    test_expects_nothing::TestExpectsNothing,
    tls_unverified::TlsUnverified,
    topic_name_collision::TopicNameCollision,
    topic_type_mismatch::TopicTypeMismatch,
    type_mismatch::TypeMismatch,
    type_too_large::TypeTooLarge,
    unclosed_bracket::UnclosedBracket,
    unfed::Unfed,
    union_mismatch::UnionMismatch,
    union_of_changelog::UnionOfChangelog,
    unknown_allow::UnknownAllow,
    unknown_annotation::UnknownAnnotation,
    unknown_argument::UnknownArgument,
    unknown_client_property::UnknownClientProperty,
    unknown_column::UnknownColumn,
    unknown_connection::UnknownConnection,
    unknown_connector::UnknownConnector,
    unknown_declaration::UnknownDeclaration,
    unknown_field::UnknownField,
    unknown_format::UnknownFormat,
    unknown_function::UnknownFunction,
    unknown_key_field::UnknownKeyField,
    unknown_node::UnknownNode,
    unknown_option::UnknownOption,
    unknown_param::UnknownParam,
    unknown_step::UnknownStep,
    unknown_type::UnknownType,
    unreachable_arm::UnreachableArm,
    untyped_null::UntypedNull,
    unused_declaration::UnusedDeclaration,
    upsert_key_mismatch::UpsertKeyMismatch,
    upsert_order::UpsertOrder,
    upsert_without_identity::UpsertWithoutIdentity,
    which_cluster::WhichCluster,
    wrong_connection::WrongConnection,
    wrong_input::WrongInput,
    wrong_number_of_arguments::WrongNumberOfArguments,
    wrong_option_value::WrongOptionValue,
}
