//! Steps of a transform.

use pest::iterators::Pairs;

use super::{Builder, P, first, take};
use crate::ast::{Binding, Branch, Entry, Expr, ExprKind, Item, Name, Path, Record, Step, StepKind, Window};
use crate::explain::Site;
use crate::keywords::closest_step;
use crate::parser::Rule;
use crate::{ProblemKind, Span};

impl Builder<'_> {
    pub(super) fn steps(&mut self, pair: P<'_>) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut broken = false;
        for child in pair.into_inner() {
            let span = self.span(&child);
            match child.as_rule() {
                Rule::step => {
                    let Some(body) = first(child) else { continue };
                    let keyword = first(body.clone()).map_or(span, |keyword| self.exact(&keyword));
                    let kind = self.step(body).unwrap_or(StepKind::Error);
                    steps.push(Step { span, keyword, kind });
                }
                Rule::unknown_step => {
                    let keyword = first(child).map_or(span, |word| self.unknown_step(&word));
                    steps.push(Step { span, keyword, kind: StepKind::Error });
                }
                _ => {
                    // A broken step may hold a `|` of its own: what follows that is no news.
                    let begins = child.as_str().trim_start().starts_with(|c: char| c.is_ascii_alphabetic());
                    if begins || !broken {
                        self.explain(Rule::step_only, &child, Site::Step, None);
                    }
                    broken = true;
                    steps.push(Step { span, keyword: span, kind: StepKind::Error });
                }
            }
        }
        steps
    }

    fn unknown_step(&mut self, word: &P<'_>) -> Span {
        let span = self.exact(word);
        let closest = closest_step(word.as_str());
        let fix = closest.map(|keyword| (span, keyword.to_owned())).into_iter().collect();
        let word = word.as_str().to_owned();
        self.problem_with_fix(span, ProblemKind::UnknownStep { word, closest: closest.map(str::to_owned) }, fix);
        span
    }

    fn step(&mut self, body: P<'_>) -> Option<StepKind> {
        let rule = body.as_rule();
        let mut parts = body.into_inner();
        Some(match rule {
            Rule::where_ => {
                parts.next()?;
                StepKind::Where(self.expr(parts.next()?))
            }
            Rule::check => {
                parts.next()?;
                let condition = self.expr(parts.next()?);
                take(&mut parts, Rule::k_else)?;
                StepKind::Check { condition, reason: self.literal(parts.next()?) }
            }
            Rule::derive => {
                parts.next()?;
                StepKind::Derive(self.bindings(parts))
            }
            Rule::select => {
                parts.next()?;
                StepKind::Select(self.items(parts))
            }
            Rule::drop_ => {
                parts.next()?;
                StepKind::Drop(parts.map(|path| self.path(path)).collect())
            }
            Rule::rename => {
                parts.next()?;
                let mut renames = Vec::new();
                while let Some(path) = parts.next() {
                    let path = self.path(path);
                    take(&mut parts, Rule::k_to)?;
                    renames.push((path, self.name(parts.next()?)));
                }
                StepKind::Rename(renames)
            }
            Rule::lookup_step => {
                let optional = take(&mut parts, Rule::k_optional).is_some();
                take(&mut parts, Rule::k_lookup)?;
                let lookup = self.name(parts.next()?);
                let alias = self.alias(&mut parts);
                take(&mut parts, Rule::k_on)?;
                let on = self.expr(parts.next()?);
                StepKind::Lookup { optional, lookup, alias, on, options: self.options(&mut parts) }
            }
            Rule::join => {
                let mut side = None;
                let mut keyword = parts.next()?;
                if keyword.as_rule() != Rule::k_join {
                    side = Some(self.name(keyword));
                    keyword = parts.next()?;
                }
                debug_assert_eq!(keyword.as_rule(), Rule::k_join);
                let input = self.input(parts.next()?)?;
                let alias = self.alias(&mut parts);
                take(&mut parts, Rule::k_on)?;
                let on = self.expr(parts.next()?);
                take(&mut parts, Rule::k_within)?;
                StepKind::Join { side, input, alias, on, within: self.literal(parts.next()?) }
            }
            Rule::flatten => {
                parts.next()?;
                let path = self.path(parts.next()?);
                StepKind::Flatten { path, alias: self.alias(&mut parts)? }
            }
            Rule::dedupe => {
                parts.next()?;
                let keys = self.keys(parts.next()?);
                take(&mut parts, Rule::k_within)?;
                StepKind::Dedupe { keys, within: self.literal(parts.next()?) }
            }
            Rule::window => StepKind::Window(self.window(parts)?),
            Rule::group => {
                parts.next()?;
                let keys = self.keys(parts.next()?);
                let alias = self.alias(&mut parts);
                let aggregates = self.options(&mut parts)?;
                take(&mut parts, Rule::k_emit);
                StepKind::Group { keys, alias, aggregates, emit: parts.next().map(|emit| self.name(emit)) }
            }
            Rule::route => {
                parts.next()?;
                StepKind::Route(parts.filter_map(|branch| self.branch(branch)).collect())
            }
            Rule::repartition => {
                parts.next()?;
                let keys = self.keys(parts.next()?);
                StepKind::Repartition { keys, options: self.options(&mut parts) }
            }
            Rule::as_step => {
                parts.next()?;
                if take(&mut parts, Rule::k_events).is_some() {
                    return Some(StepKind::AsEvents { options: self.options(&mut parts) });
                }
                take(&mut parts, Rule::k_table)?;
                take(&mut parts, Rule::k_by)?;
                let mut keys = Vec::new();
                while let Some(path) = take(&mut parts, Rule::path) {
                    keys.push(self.path(path));
                }
                StepKind::AsTable { keys, options: self.options(&mut parts) }
            }
            _ => return None,
        })
    }

    fn options(&mut self, parts: &mut Pairs<'_, Rule>) -> Option<Record> {
        take(parts, Rule::record).map(|record| self.record(record))
    }

    fn alias(&mut self, parts: &mut Pairs<'_, Rule>) -> Option<Name> {
        take(parts, Rule::alias).and_then(|alias| alias.into_inner().nth(1)).map(|name| self.name(name))
    }

    fn window(&mut self, mut parts: Pairs<'_, Rule>) -> Option<Window> {
        parts.next()?;
        let kind = parts.next()?.as_rule();
        Some(match kind {
            Rule::k_tumbling => Window::Tumbling(self.literal(parts.next()?)),
            Rule::k_hopping => {
                let size = self.literal(parts.next()?);
                take(&mut parts, Rule::k_every)?;
                Window::Hopping(size, self.literal(parts.next()?))
            }
            _ => {
                take(&mut parts, Rule::k_gap)?;
                Window::Session(self.literal(parts.next()?))
            }
        })
    }

    fn branch(&mut self, pair: P<'_>) -> Option<Branch> {
        let mut parts = pair.into_inner();
        let name = self.name(parts.next()?);
        let condition = match parts.next()?.as_rule() {
            Rule::k_when => Some(self.expr(parts.next()?)),
            _ => None,
        };
        Some(Branch { name, condition })
    }

    fn keys(&mut self, pair: P<'_>) -> Vec<Item> {
        let items = pair.into_inner().filter(|part| part.as_rule() == Rule::key_item);
        items.filter_map(|item| self.item(item)).collect()
    }

    fn items(&mut self, parts: Pairs<'_, Rule>) -> Vec<Item> {
        let mut items = Vec::new();
        for part in parts {
            match part.as_rule() {
                Rule::braced_items => items.extend(part.into_inner().filter_map(|item| self.item(item))),
                _ => items.extend(self.item(part)),
            }
        }
        items
    }

    fn item(&mut self, pair: P<'_>) -> Option<Item> {
        let mut parts = pair.into_inner();
        let mut name = take(&mut parts, Rule::label).and_then(|label| self.label(label));
        let value = self.placed_expr(parts.next()?);
        if let Some(alias) = parts.next() {
            name = self.foreign_alias(alias, name, value.outer);
        }
        Some(Item { name, value: value.value })
    }

    /// `expr as name`: read as `name = expr`.
    fn foreign_alias(&mut self, pair: P<'_>, name: Option<Name>, value: Span) -> Option<Name> {
        let span = self.span(&pair);
        let start = value.end as usize - self.base;
        let end = span.end as usize - self.base;
        let gap = pair.as_span().get_input().get(start..end).unwrap_or_default().to_owned();
        let alias = self.name(pair.into_inner().nth(1)?);
        let gone = Span { start: value.end, ..span };
        let before = Span { end: value.start, ..value };
        let fix = match (&name, gap.contains('\n')) {
            (None, false) => vec![(before, format!("{} = ", shown(&alias))), (gone, String::new())],
            _ => Vec::new(),
        };
        let kind = ProblemKind::Foreign {
            written: format!("… as {}", shown(&alias)),
            here: format!("{} = …", shown(&alias)),
        };
        self.problem_with_fix(span, kind, fix);
        Some(alias)
    }

    fn bindings(&mut self, parts: Pairs<'_, Rule>) -> Vec<Binding> {
        let mut bindings = Vec::new();
        for part in parts {
            if part.as_rule() == Rule::record {
                let entries = self.record(part).entries;
                bindings.extend(entries.into_iter().map(|Entry { doc, name, value, .. }| Binding { doc, name, value }));
                continue;
            }
            let mut children = part.into_inner();
            let label = children.next().and_then(|label| self.label(label));
            if let (Some(name), Some(value)) = (label, children.next()) {
                bindings.push(Binding { doc: None, name, value: self.expr(value) });
            }
        }
        bindings
    }

    /// `name =`
    pub(super) fn label(&mut self, pair: P<'_>) -> Option<Name> {
        let mut parts = pair.into_inner();
        let name = self.name(parts.next()?);
        if let Some(colon) = take(&mut parts, Rule::colon) {
            self.colon(&colon);
        }
        Some(name)
    }

    pub(super) fn path(&self, pair: P<'_>) -> Path {
        Path { parts: pair.into_inner().map(|name| self.name(name)).collect() }
    }

    /// A token that stands alone where only such a token may: a duration, an instant, a string.
    pub(super) fn literal(&mut self, pair: P<'_>) -> Expr {
        let span = self.exact(&pair);
        self.primary(pair).map_or(Expr { kind: ExprKind::Error, span }, |primary| primary.value)
    }
}

/// A name as it must be written.
fn shown(name: &Name) -> String {
    let plain = name.text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.text.starts_with(|c: char| c.is_ascii_digit())
        && !crate::keywords::RESERVED.contains(&name.text.as_str());
    if plain { name.text.clone() } else { format!("`{}`", name.text) }
}
