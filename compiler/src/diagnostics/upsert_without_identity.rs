//! `upsert-without-identity`: an upsert of facts that nothing identifies.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// An upsert of facts that nothing identifies.
pub struct UpsertWithoutIdentity {
    /// The key that is probably meant
    pub suggestion: String,
    /// Where.
    pub span: Span,
    /// What is read
    pub input: Span,
}

impl Finding for UpsertWithoutIdentity {
    const NAME: &'static str = "upsert-without-identity";
    const EXPLAIN: &'static str = r##"What flows in are facts: several records may share the key, and each counts. An upsert would keep one of them and lose the others. If the
last one per key is the row, that is said with `as table by`, or with `kind = changelog` at the topic.

```pipe
sink big_orders from big to warehouse { table = "big_orders", write = upsert, key = order_id }
```

Mended:

```pipe
transform big from orders
  | as table by order_id
  | where amount > 100.00
sink big_orders from big to warehouse { table = "big_orders", write = upsert, key = order_id }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, "an upsert of facts would overwrite some of them")
            .label("which record of a key is the row?")
            .also(self.input, "these are facts; several may share the key")
            .help(format!("if the last one per key is the row, say so: `| as table by {}`", self.suggestion))
            .note("rows would be overwritten by others that only happen to share the key")
    }
}
