//! `sasl-without-tls`: a password that is sent in the clear.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// A password that is sent in the clear.
pub struct SaslWithoutTls {
    /// The connection
    pub connection: String,
    /// Where.
    pub span: Span,
    /// Where TLS would be asked for, if that is in the program.
    pub edit: Option<(Span, String)>,
}

impl Finding for SaslWithoutTls {
    const NAME: &'static str = "sasl-without-tls";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"SASL says who you are, TLS encrypts. Without TLS the password (PLAIN) or what it is checked with, and all records, are readable on the
network.

```pipe
connection bus = kafka {
  brokers = env("BROKERS")
  sasl    = { username = "shop", password = env("PASSWORD") }
}
topic orders: Order from orders_csv { partitions = 6 }
```

Mended:

```pipe
connection bus = kafka {
  brokers = env("BROKERS")
  sasl    = { username = "shop", password = env("PASSWORD") }
  tls     = { }
}
topic orders: Order from orders_csv { partitions = 6 }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::warning(Self::NAME, self.span, format!("`{}` sends its password without encryption", self.connection))
            .label("`sasl`, and no `tls`")
            .help("add `tls = { }`")
            .note("everybody on the network reads the password, and all records");
        match self.edit {
            Some((span, text)) => diagnostic.choice("add `tls = { }`", span, text),
            None => diagnostic,
        }
    }
}
