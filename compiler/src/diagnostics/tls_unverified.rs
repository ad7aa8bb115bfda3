//! `tls-unverified`: a broker whose certificate is not looked at.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// A broker whose certificate is not looked at.
pub struct TlsUnverified {
    /// The connection
    pub connection: String,
    /// Where.
    pub span: Span,
}

impl Finding for TlsUnverified {
    const NAME: &'static str = "tls-unverified";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"With `verify = false` the connection is encrypted, to whoever answers. A certificate of one's own authority is checked with `ca`.

```pipe
connection bus = kafka { brokers = env("BROKERS"), tls = { verify = false } }
topic orders: Order from orders_csv { partitions = 6 }
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS"), tls = { ca = "ca.pem" } }
topic orders: Order from orders_csv { partitions = 6 }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::warning(Self::NAME, self.span, format!("`{}` talks to anybody who claims to be the broker", self.connection))
            .label("the certificate is not looked at")
            .help("leave `verify` out, and name the signer: `ca = \"ca.pem\"`")
            .note("whoever answers in the broker's place reads the password and all records, and can change them")
    }
}
