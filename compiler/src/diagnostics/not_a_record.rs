//! `not-a-record`: `.name` behind something that has no fields.

use pipewright_grammar::Span;
use pipewright_plan::{Base, Type};

use super::{Diagnostic, Finding};

/// `.name` behind something that has no fields.
pub struct NotARecord {
    /// As written.
    pub base: String,
    /// Where.
    pub span: Span,
    /// The field that was asked for.
    pub field: String,
    /// Its type.
    pub ty: Type,
    /// Where it was declared.
    pub declared: Option<(Span, String)>,
}

impl Finding for NotARecord {
    const NAME: &'static str = "not-a-record";
    const EXPLAIN: &'static str = "\
`a.b` takes the field `b` of a record. Other values have no fields: a member of a list is `items[0]`, a value of a map \
`labels[\"x\"]`, and `json` is untyped, so what you take from it needs a type.

```pipe
type Event = { id: int64, payload: json }
transform t from events | where payload.country == \"NL\"
```

Best declare what is inside, then it is checked and decoded once:

```pipe
type Event = { id: int64, payload: { country: string } }
transform t from events | where payload.country == \"NL\"
```
";

    fn diagnostic(self) -> Diagnostic {
        let (base, field) = (&self.base, &self.field);
        let diagnostic = Diagnostic::error(Self::NAME, self.span, format!("`{base}` has no fields"))
            .label(format!("this is `{}`", self.ty));
        let diagnostic = match self.ty.base {
            Base::Map(_) => diagnostic.help(format!("write `{base}[\"{field}\"]`")),
            Base::List(_) => diagnostic.help(format!("take a member first: `{base}[0].{field}`")),
            Base::Json => diagnostic
                .help(format!("write `json_text({base}, \"{field}\")`, or declare `{base}: {{ {field}: … }}`")),
            _ => diagnostic,
        };
        match self.declared {
            Some((span, text)) => diagnostic.also(span, text),
            None => diagnostic,
        }
    }
}
