//! `delivery-timeout-drops`: a client property that decides how long the client tries to write.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A client property that decides how long the client tries to write.
pub struct DeliveryTimeoutDrops {
    /// The property.
    pub property: String,
    /// Where.
    pub span: Span,
}

impl Finding for DeliveryTimeoutDrops {
    const NAME: &'static str = "delivery-timeout-drops";
    const EXPLAIN: &'static str = r##"The client keeps a record for `message.timeout.ms` (5 minutes, in Java 2 minutes) and then throws it away with an error that most
programs only log. A rolling restart can take longer. Pipewright waits for as long as the brokers are away, and stops reading while
it waits.

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "message.timeout.ms" = 5000 } }
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "request.timeout.ms" = 5000 } }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("`{}` would throw records away when brokers are away longer", self.property);
        Diagnostic::error(Self::NAME, self.span, message)
            .label("cannot be set")
            .help("remove it: a broker that is away is waited for, and reading stops meanwhile")
            .note("records that were read and could not be written in time would be lost")
    }
}
