//! `file-too-large`: a file that is longer than a program can be.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A file that is longer than a program can be.
pub struct FileTooLarge {
    /// The path
    pub path: String,
    /// Its bytes
    pub bytes: usize,
    /// Where.
    pub span: Span,
}

/// The longest file that is read: an answer comes within about a second.
pub const LONGEST_FILE: usize = 2 << 20;

impl Finding for FileTooLarge {
    const NAME: &'static str = "file-too-large";
    const EXPLAIN: &'static str = r##"A file of a program may have 2 MiB, which is some 25,000 declarations. A longer one is hardly a program: most often data or a log was
given in its place, and reading it as a program would only take long and end in many messages.

```pipe
param countries: list<string> = ["AD", "AE"]
```

with a million entries belongs into a file that a `source` reads:

```pipe
source countries: Country from files { path = "countries.csv", format = csv }
```

A program that is really that long is split over several files with `import "more.pipe"`.
"##;

    fn diagnostic(self) -> Diagnostic {
        let tenths = self.bytes.saturating_mul(10) / (1 << 20);
        let size = format!("{}.{} MiB", tenths / 10, tenths % 10);
        Diagnostic::error(Self::NAME, self.span, format!("`{}` has {size}, a program's file may have 2 MiB", self.path))
            .help("split it with `import`; data belongs in files that a `source` reads")
    }
}
