//! A partition key with fewer values than partitions.

use pipewright_plan::{Base, Type};

use super::facts::Facts;
use crate::diagnostics::{Diagnostics, LowCardinalityKey};

/// How many values a type has, if they can be counted.
fn cardinality(ty: &Type) -> Option<usize> {
    match &ty.base {
        Base::Bool => Some(2),
        Base::Set(members) => Some(members.len()),
        _ => None,
    }
}

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    for (topic, _) in facts.broker_topics().filter(|(it, _)| it.owned()) {
        if let ([part], Some(partitions)) = (topic.partitioning.key.as_slice(), topic.partitioning.count)
            && let Some(values) = cardinality(&part.ty)
            && values < partitions as usize
        {
            let span = facts.option(&topic.name, "partition_key");
            diagnostics.emit(LowCardinalityKey { topic: topic.name.clone(), values, partitions, span });
        }
    }
}
