//! A certificate that nobody looks at.

use pipewright_plan::OptionValue;

use super::facts::Facts;
use crate::diagnostics::{Diagnostics, TlsUnverified};

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    for connection in facts.context.connections.values() {
        if let Some(OptionValue::Record(tls)) = connection.plan.options.get("tls")
            && tls.get("verify") == Some(&OptionValue::Bool(false))
        {
            diagnostics.emit(TlsUnverified { connection: connection.plan.name.clone(), span: connection.span });
        }
    }
}
