//! Properties of a client that cannot be set: which diagnostic tells it. Which properties those are, the connector knows.

use pipewright_grammar::Span;
use pipewright_plan::{EntryProblem, OptionProblem};

use crate::diagnostics::{
    AcksTooWeak, AutoCommitBeforeSink, AutoCreateTopics, ClientProperty, DeliveryTimeoutDrops, Diagnostics, Finding,
    IdempotenceIncompatible, IsolationMismatch, RetriesCanReorder, SharedGroupId, UnknownClientProperty,
};

/// Tells it at the name of the property.
pub(crate) fn report(problem: &OptionProblem, about: &EntryProblem, span: Span, diagnostics: &mut Diagnostics) {
    let property = about.name.clone();
    match about.rule {
        Some(AcksTooWeak::NAME) => diagnostics.emit(AcksTooWeak { property, span }),
        Some(AutoCommitBeforeSink::NAME) => diagnostics.emit(AutoCommitBeforeSink { property, span }),
        Some(AutoCreateTopics::NAME) => diagnostics.emit(AutoCreateTopics { property, span }),
        Some(DeliveryTimeoutDrops::NAME) => diagnostics.emit(DeliveryTimeoutDrops { property, span }),
        Some(IdempotenceIncompatible::NAME) => diagnostics.emit(IdempotenceIncompatible { property, span }),
        Some(IsolationMismatch::NAME) => diagnostics.emit(IsolationMismatch { property, span }),
        Some(RetriesCanReorder::NAME) => diagnostics.emit(RetriesCanReorder { property, span }),
        Some(SharedGroupId::NAME) => diagnostics.emit(SharedGroupId { property, span }),
        Some(UnknownClientProperty::NAME) => {
            diagnostics.emit(UnknownClientProperty { property, span, closest: about.closest.clone() });
        }
        _ => {
            let (message, help) = (problem.message.clone(), problem.help.clone());
            diagnostics.emit(ClientProperty { message, help, span });
        }
    }
}
