//! Records: options, nested options, aggregates, record values, test rows.

use super::{Builder, P, take};
use crate::ast::{Entry, Expr, ExprKind, Record};
use crate::explain::Site;
use crate::parser::Rule;

impl Builder<'_> {
    pub(super) fn record(&mut self, pair: P<'_>) -> Record {
        let span = self.span(&pair);
        let mut record = Record { entries: Vec::new(), incomplete: false, span };
        for child in pair.into_inner() {
            match child.as_rule() {
                Rule::entry => match self.entry(child) {
                    Some(entry) => record.entries.push(entry),
                    None => record.incomplete = true,
                },
                Rule::bad_entry => {
                    if !record.incomplete {
                        self.explain(Rule::entry_only, &child, Site::Entry, None);
                    }
                    record.incomplete = true;
                }
                Rule::doc => self.nothing_to_document(&child),
                _ => {}
            }
        }
        record
    }

    fn entry(&mut self, pair: P<'_>) -> Option<Entry> {
        let end = self.span(&pair);
        let mut children = pair.into_inner();
        let doc = take(&mut children, Rule::doc).map(|doc| self.doc(doc));
        let name = children.next()?;
        let name = match name.as_rule() {
            Rule::string => {
                let text = self.text(name);
                crate::ast::Name { text: text.value, span: text.span }
            }
            _ => self.name(name),
        };
        let span = name.span.to(end.after());
        take(&mut children, Rule::bind);
        if let Some(colon) = take(&mut children, Rule::colon) {
            self.colon(&colon);
        }
        match children.next() {
            Some(value) => {
                let value = self.expr(value);
                Some(Entry { doc, name, value, shorthand: false, span })
            }
            None => {
                let value = Expr { kind: ExprKind::Name(name.clone()), span: name.span };
                Some(Entry { doc, name, value, shorthand: true, span })
            }
        }
    }

    /// `name: value`, where a value is bound with `=`.
    pub(super) fn colon(&mut self, colon: &P<'_>) {
        let span = self.exact(colon);
        let before = colon.as_span().get_input().get(..colon.as_span().start());
        let here = if before.is_some_and(|text| text.ends_with([' ', '\t'])) { "=" } else { " =" };
        self.problem_with_fix(
            span,
            crate::ProblemKind::Foreign { written: ":".to_owned(), here: "=".to_owned() },
            vec![(span, here.to_owned())],
        );
    }
}
