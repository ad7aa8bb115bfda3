//! A password that everybody on the network reads.

use super::facts::{Facts, is_local};
use crate::diagnostics::{Diagnostics, SaslWithoutTls};

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    for connection in facts.context.connections.values() {
        let options = &connection.plan.options;
        if options.contains_key("sasl") && !options.contains_key("tls") && !is_local(connection) {
            diagnostics.emit(SaslWithoutTls { connection: connection.plan.name.clone(), span: connection.span });
        }
    }
}
