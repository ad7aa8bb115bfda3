//! `unknown-column`: a name that stands for nothing here.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A name that stands for nothing here.
pub struct UnknownColumn {
    /// The name.
    pub name: String,
    /// Where.
    pub span: Span,
    /// Why no field can be named here; empty where fields can be.
    pub place: &'static str,
    /// It is a member of the closed set that it is compared with: quotes are missing.
    pub quoted: bool,
    /// An earlier step took it away: where, and its new name if it was renamed.
    pub gone: Option<(Span, Option<String>)>,
    /// The closest known name, and where it was declared.
    pub closest: Option<(String, Option<Span>)>,
    /// All fields.
    pub known: Vec<String>,
}

impl Finding for UnknownColumn {
    const NAME: &'static str = "unknown-column";
    const EXPLAIN: &'static str = "\
A bare word is a field of the record at this step, a parameter of the function, or a `param` of the program. Steps run from \
top to bottom: a field exists from the step that derives it to the step that drops it.

```pipe
transform t from orders
  | select order_id, status
  | where amount > 10
```

`select` kept two fields, and `amount` is none of them. Filter first:

```pipe
transform t from orders
  | where amount > 10
  | select order_id, status
```

Text stands in quotes: `status == \"paid\"`. The fields of a lookup or a join stand behind its name: `customers.country`.
";

    fn diagnostic(self) -> Diagnostic {
        let name = &self.name;
        let diagnostic =
            Diagnostic::error(Self::NAME, self.span, format!("there is no field `{name}` here")).label("unknown name");
        if self.quoted {
            let text = format!("{name:?}");
            return diagnostic.help(format!("text stands in quotes: `{text}`")).fix("put it in quotes", self.span, text);
        }
        match self.gone {
            Some((step, Some(new))) => {
                return diagnostic
                    .label(format!("now called `{new}`"))
                    .also(step, format!("`{name}` was renamed to `{new}` here"))
                    .help(format!("write `{new}`"))
                    .fix(format!("write `{new}`"), self.span, new);
            }
            Some((step, None)) => {
                return diagnostic
                    .label("not there any more")
                    .also(step, format!("`{name}` ends at this step"))
                    .help(format!("use `{name}` before that step, or keep it there"));
            }
            None => {}
        }
        if let Some((closest, declared)) = self.closest {
            let diagnostic = diagnostic
                .did_you_mean(name, self.span, &closest);
            return match declared {
                Some(declared) => diagnostic.also(declared, format!("`{closest}` is declared here")),
                None => diagnostic,
            };
        }
        if !self.place.is_empty() {
            return diagnostic.help(self.place);
        }
        match self.known.len() {
            0 => diagnostic,
            1..=12 => diagnostic.help(format!("the fields here are: {}", self.known.join(", "))),
            _ => diagnostic.help(format!("the fields here are: {}, …", self.known.get(..12).unwrap_or_default().join(", "))),
        }
    }
}
