//! A password that everybody on the network reads.

use super::facts::{Facts, entry, is_local};
use crate::added;
use crate::diagnostics::{Diagnostics, SaslWithoutTls};

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    for connection in facts.context.connections.values() {
        let options = &connection.plan.options;
        if options.contains_key("sasl") && !options.contains_key("tls") && !is_local(connection) {
            let declared = facts.context.index.connections.iter().find(|it| it.part.name.text == connection.plan.name);
            let record = declared.and_then(|it| it.part.options.as_ref());
            // If the password stands in `pipewright.yaml`, so does TLS.
            let edit = record.filter(|it| entry(Some(it), "sasl").is_some());
            diagnostics.emit(SaslWithoutTls {
                connection: connection.plan.name.clone(),
                span: connection.span,
                edit: edit.map(|it| added::option(Some(it), it.span, "tls = { }", facts.context.sources)),
            });
        }
    }
}
