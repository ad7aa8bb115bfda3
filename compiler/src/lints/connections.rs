//! Lints of connections: who can listen in.

use pipewright_plan::OptionValue;

use crate::{
    context::Context,
    diagnostics::{Diagnostics, SaslWithoutTls, TlsUnverified},
};

pub(super) fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for connection in context.connections.values() {
        let options = &connection.plan.options;
        let local = |text: &str| text.contains("localhost") || text.contains("127.0.0.1");
        let is_local = matches!(options.get("brokers"), Some(OptionValue::String(text)) if local(text));
        let (name, span) = (connection.plan.name.clone(), connection.span);
        if options.contains_key("sasl") && !options.contains_key("tls") && !is_local {
            diagnostics.emit(SaslWithoutTls { connection: name.clone(), span });
        }
        if let Some(OptionValue::Record(tls)) = options.get("tls")
            && tls.get("verify") == Some(&OptionValue::Bool(false))
        {
            diagnostics.emit(TlsUnverified { connection: name, span });
        }
    }
}
