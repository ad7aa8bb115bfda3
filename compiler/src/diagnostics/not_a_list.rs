//! `not-a-list`: `[…]` behind something that has no members.

use pipewright_grammar::Span;
use pipewright_plan::{Base, Type};

use super::{Diagnostic, Finding};

/// `[…]` behind something that has no members.
pub struct NotAList {
    /// As written.
    pub base: String,
    /// Where.
    pub span: Span,
    /// Its type; unknown for `meta.headers`.
    pub ty: Type,
    /// Where the field was declared.
    pub declared: Option<(Span, String)>,
}

impl Finding for NotAList {
    const NAME: &'static str = "not-a-list";
    const EXPLAIN: &'static str = "\
`items[0]` takes a member of a list (counted from 0), `labels[\"x\"]` the value of a map. Both give null where there is none. \
Nothing else has members: a field of a record is written `customer.name`, a piece of text `substring(text, 1, 1)`.

```pipe
transform t from orders | derive first = note[0]
```

```pipe
transform t from orders | derive first = substring(note, 1, 1)
```

`meta.headers` is read one header at a time: `meta.headers[\"trace-id\"]`.
";

    fn diagnostic(self) -> Diagnostic {
        if self.ty.is_unknown() {
            return Diagnostic::error(Self::NAME, self.span, format!("`{}` is read one by one", self.base))
                .label("which one?")
                .help(format!("write `{}[\"name\"]`", self.base));
        }
        let base = &self.base;
        let diagnostic = Diagnostic::error(Self::NAME, self.span, "only a list or a map has members")
            .label(format!("this is `{}`", self.ty));
        let diagnostic = match self.ty.base {
            Base::String | Base::Set(_) => diagnostic.help(format!("write `substring({base}, 1, 1)`")),
            Base::Record(_) => diagnostic.help(format!("a field of a record is written `{base}.name`")),
            Base::Json => diagnostic.help(format!("write `json_get({base}, \"…\")`")),
            _ => diagnostic,
        };
        match self.declared {
            Some((span, text)) => diagnostic.also(span, text),
            None => diagnostic,
        }
    }
}
