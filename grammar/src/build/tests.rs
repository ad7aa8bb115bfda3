//! Tests in the language: `given`, `expect`, `advance`, `restart`.

use super::{Builder, P, take};
use crate::ast::{Row, Test, TestLine, TestLineKind};
use crate::parser::Rule;

impl Builder<'_> {
    pub(super) fn test(&mut self, pair: P<'_>) -> Option<Test> {
        let mut parts = pair.into_inner();
        take(&mut parts, Rule::k_test)?;
        let title = self.text(parts.next()?);
        let mut lines = Vec::new();
        for part in parts {
            let span = self.span(&part);
            let kind = self.test_line(part)?;
            lines.push(TestLine { span, kind });
        }
        Some(Test { title, lines })
    }

    fn test_line(&mut self, pair: P<'_>) -> Option<TestLineKind> {
        let rule = pair.as_rule();
        let mut parts = pair.into_inner();
        parts.next()?;
        Some(match rule {
            Rule::given => {
                let input = self.input(parts.next()?)?;
                let partition = match take(&mut parts, Rule::k_partition) {
                    Some(_) => Some(self.integer(&parts.next()?)),
                    None => None,
                };
                TestLineKind::Given { input, partition, rows: self.rows(parts.next()?) }
            }
            Rule::expect => {
                if take(&mut parts, Rule::k_no).is_some() {
                    return Some(TestLineKind::ExpectNone(self.input(parts.next()?)?));
                }
                let input = self.input(parts.next()?)?;
                let contains = take(&mut parts, Rule::k_contains).is_some();
                TestLineKind::Expect { input, contains, rows: self.rows(parts.next()?) }
            }
            Rule::advance if take(&mut parts, Rule::k_to).is_some() => {
                TestLineKind::AdvanceTo(self.literal(parts.next()?))
            }
            Rule::advance => TestLineKind::Advance(self.literal(parts.next()?)),
            _ => TestLineKind::Restart,
        })
    }

    fn rows(&mut self, pair: P<'_>) -> Vec<Row> {
        pair.into_inner().filter_map(|row| self.row(row)).collect()
    }

    fn row(&mut self, pair: P<'_>) -> Option<Row> {
        let mut parts = pair.into_inner();
        let part = parts.next()?;
        Some(match part.as_rule() {
            Rule::record => Row::Value(self.record(part)),
            Rule::k_delete => Row::Delete(self.record(parts.next()?)),
            _ => Row::Bytes(self.text(parts.next()?)),
        })
    }
}
