//! `merge-conflict`: a line of an unresolved merge.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A line of an unresolved merge.
pub struct MergeConflict {
    /// Where.
    pub span: Span,
}

impl Finding for MergeConflict {
    const NAME: &'static str = "merge-conflict";
    const EXPLAIN: &'static str = r##"`<<<<<<<`, `=======` and `>>>>>>>` are left in a file by a merge that found two versions of the same lines. Until one is chosen, the
program is two programs.

```pipe
<<<<<<< ours
topic orders: Order from orders_csv { retention = 7d }
=======
topic orders: Order from orders_csv { retention = 30d }
>>>>>>> theirs
```

Mended:

```pipe
topic orders: Order from orders_csv { retention = 30d }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, "this is a line of an unresolved merge")
            .label("left by the merge")
            .help("choose one side, and remove the marks")
    }
}
