//! `not-a-member`: a string that a closed set does not hold.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding, Fix};
use crate::{expressions::Refusal, slip::is_slip};

/// A string that a closed set does not hold.
pub struct NotAMember {
    refusal: Refusal,
    members: Vec<String>,
}

impl NotAMember {
    /// A literal beside a closed set. `declared` is the place of the set, with words.
    pub fn new(text: &str, span: Span, members: &[String], declared: Option<(Span, String)>) -> Self {
        let shown = if text.chars().count() > 30 {
            format!("{:?}…", text.chars().take(29).collect::<String>())
        } else {
            format!("{text:?}")
        };
        let mut refusal = Refusal::new(span, format!("`{shown}` is not one of the possible values"));
        refusal.reasons.extend(declared);
        if let Some(closest) = crate::expressions::closest(text, members.iter().map(String::as_str)) {
            let written = format!("{closest:?}");
            refusal.help = Some(format!("did you mean `{written}`?"));
            let (title, edits) = (format!("write `{written}`"), vec![(span, written)]);
            refusal.fixes.push(if is_slip(text, &closest) { Fix::safe(title, edits) } else { Fix::choice(title, edits) });
        }
        Self { refusal, members: members.to_vec() }
    }

    /// What a typing rule refused.
    pub fn refused(refusal: Refusal, members: &[String]) -> Self {
        Self { refusal, members: members.to_vec() }
    }
}

impl Finding for NotAMember {
    const NAME: &'static str = "not-a-member";
    const EXPLAIN: &'static str = "\
A closed set such as `\"new\" | \"paid\"` lists every value that the field can have; a record with another one is a bad record. \
A comparison with a string outside of the set is therefore never true: a typing error that would silently drop all records.

```pipe
type Order = { id: int64, status: \"new\" | \"paid\" }
transform t from orders | where status == \"payed\"
```

```pipe
transform t from orders | where status == \"paid\"
```
";

    fn diagnostic(self) -> Diagnostic {
        let mut diagnostic = self.refusal.diagnostic(Self::NAME);
        if !self.members.is_empty() {
            let mut shown: Vec<String> = self.members.iter().take(8).map(|it| format!("`{it:?}`")).collect();
            if self.members.len() > shown.len() {
                shown.push("…".to_owned());
            }
            let shown = shown.join(", ");
            if diagnostic.help.is_none() {
                diagnostic.help = Some(format!("write one of {shown}"));
            } else if diagnostic.primary.text.is_empty() {
                diagnostic.primary.text = format!("possible are {shown}");
            }
        }
        diagnostic
    }
}
