//! `meta-not-here`: Kafka's data of a record where there is no one Kafka record any more.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// Kafka's data of a record where there is no one Kafka record any more.
pub struct MetaNotHere {
    /// Where.
    pub span: Span,
    /// The step after which `meta` is gone.
    pub ended: Option<Span>,
    /// It stands in the body of a function.
    pub in_function: bool,
}

impl Finding for MetaNotHere {
    const NAME: &'static str = "meta-not-here";
    const EXPLAIN: &'static str = "\
`meta.key`, `meta.partition`, `meta.offset`, `meta.timestamp` and `meta.headers` belong to one record of one topic. After a \
window, `group by`, `join` or `repartition` a row comes from several records or from another topic, and reading them there \
would give something else than you mean.

```pipe
transform t from orders
  | window tumbling 1m
  | group by country { n = count() }
  | derive p = meta.partition
```

Keep what you need in a field first:

```pipe
transform t from orders
  | derive p = meta.partition
  | window tumbling 1m
  | group by country, p { n = count() }
```

A function sees only its parameters: pass `meta.offset` as an argument.
";

    fn diagnostic(self) -> Diagnostic {
        if self.in_function {
            return Diagnostic::error(Self::NAME, self.span, "a function cannot read `meta`")
                .label("only known where a record is read")
                .help("pass it as an argument");
        }
        let diagnostic = Diagnostic::error(Self::NAME, self.span, "`meta` is not known here");
        match self.ended {
            Some(step) => diagnostic
                .label("not one Kafka record any more")
                .also(step, "from this step on, a row is not one record of a topic")
                .help("put `derive` with the value before that step"),
            None => diagnostic
                .label("there is no Kafka record to ask")
                .help("`meta` can be read in the steps of a transform that reads a topic"),
        }
    }
}
