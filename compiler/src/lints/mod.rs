//! Lints: what a program can have wrong although it is well typed. Each is a file of its own with one line in [`lints!`]:
//! a rule over the finished nodes. Types, keys and order are checked before and are no lints.
//!
//! Invariant: a lint says nothing of a program that does what its writer meant; who has looked at a place writes
//! `# pipewright: allow(name)`.

mod facts;

use crate::{context::Context, diagnostics::Diagnostics, nodes::Program, nodes::pipeline};

use facts::Facts;

/// Declares the lints: a module each, with a function `check`.
macro_rules! lints {
    ($($module:ident),* $(,)?) => {
        $( mod $module; )*

        const ALL: &[fn(&Facts<'_>, &mut Diagnostics)] = &[ $( $module::check ),* ];
    };
}

lints! {
    append_sink_not_idempotent,
    copartition_count_mismatch,
    dlq_unbounded,
    empty_key,
    first_run_skips_history,
    low_cardinality_key,
    message_size_mismatch,
    over_partitioned_topic,
    partitioner_implicit,
    partitioner_mismatch,
    replication_factor_one,
    retention_below_recovery_window,
    row_at_a_time_sink,
    sasl_without_tls,
    shared_table,
    single_partition_topic,
    test_not_run,
    tls_unverified,
    topic_name_collision,
    unused_declaration,
}

/// Runs them all.
pub(crate) fn check(
    context: &Context<'_>,
    pipeline: &pipeline::Checked,
    program: &Program,
    diagnostics: &mut Diagnostics,
) {
    let facts = Facts { context, pipeline, program };
    for lint in ALL {
        lint(&facts, diagnostics);
    }
}
