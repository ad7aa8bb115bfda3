//! `unknown-client-property`: a property that the Kafka client does not have.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A property that the Kafka client does not have.
pub struct UnknownClientProperty {
    /// As written.
    pub property: String,
    /// Where.
    pub span: Span,
    /// The closest known one, if something is close.
    pub closest: Option<String>,
}

impl Finding for UnknownClientProperty {
    const NAME: &'static str = "unknown-client-property";
    const EXPLAIN: &'static str = r##"`client = { … }` passes properties to the Kafka client (librdkafka) by their own names. Tools that pass on a misspelt one, or one of
the Java client, run with the default instead, and nobody notices. The names are those of librdkafka 2.12.

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "linger.mss" = 20 } }
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "linger.ms" = 20 } }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("the Kafka client has no property `{}`", self.property);
        let diagnostic = Diagnostic::error(Self::NAME, self.span, message).label("unknown property");
        match self.closest {
            Some(closest) => {
                let mut diagnostic = diagnostic.did_you_mean(&self.property, self.span, &closest);
                // The name stands in quotes, because it has points in it.
                for (_, text) in diagnostic.fixes.iter_mut().flat_map(|it| &mut it.edits) {
                    *text = format!("{text:?}");
                }
                diagnostic
            }
            None => diagnostic.help("the names are those of librdkafka, not of the Java client"),
        }
    }
}
