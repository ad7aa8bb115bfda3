//! `test` blocks: every line against the nodes it names, lowered to [`pipewright_plan::Test`]. Beside the plan: what runs in
//! production does not depend on them.
//!
//! A node that is broken has been reported, and nothing is said about the lines that name it.

mod rows;
mod values;

use std::collections::BTreeMap;

use pipewright_grammar::{Span, ast};
use pipewright_plan::{
    DEAD_LETTERS, Extent, Kind, Schema, TEST_START_US, Test, TestLine, TestLineKind, dead_letter_schema,
};

use crate::{
    context::Context,
    diagnostics::{
        Diagnostics, DuplicateTest, GivenNotInput, NotYet, NothingToExpect, PartitionOutOfRange, TestClock,
        TestExpectsNothing, UnknownNode,
    },
    expressions::{self, closest},
    index::{Declared, Namespace, NodeRole},
    nodes::Program,
};

/// Checks all tests.
pub(crate) fn check(context: &Context<'_>, program: &Program, diagnostics: &mut Diagnostics) -> Vec<Test> {
    let mut titles: BTreeMap<&str, Span> = BTreeMap::new();
    let mut tests = vec![];
    for test in &context.index.tests {
        let title = &test.part.title;
        if let Some(first) = titles.insert(&title.value, title.span) {
            diagnostics.emit(DuplicateTest { name: title.value.clone(), span: title.span, first });
        }
        tests.push(Checker { context, program, diagnostics, clock: TEST_START_US }.test(test));
    }
    tests
}

struct Checker<'c, 'd> {
    context: &'c Context<'c>,
    program: &'c Program,
    diagnostics: &'d mut Diagnostics,
    /// What the clock of the test shows, to see that it never goes back.
    clock: i64,
}

/// What is known of a node that a line names.
struct Named {
    schema: Schema,
    /// The fields of a delete; none: it has no deletes.
    delete: Option<Vec<String>>,
    /// How many partitions it says it has.
    partitions: Option<u32>,
    is_topic: bool,
    /// A record of its format is a JSON object.
    pasted: bool,
}

impl Checker<'_, '_> {
    fn test(&mut self, test: &Declared<'_, ast::Test>) -> Test {
        let mut lines = vec![];
        let mut expects = false;
        for line in &test.part.lines {
            use ast::TestLineKind as Line;
            expects |= matches!(&line.kind, Line::Expect { .. } | Line::ExpectNone(_));
            if let Some(kind) = self.line(line) {
                lines.push(TestLine { kind, origin: self.context.origin(line.span) });
            }
        }
        if !expects && !self.context.index.is_incomplete(test.declaration.span) {
            self.diagnostics.emit(TestExpectsNothing { span: test.declaration.head });
        }
        let origin = self.context.origin(test.declaration.head);
        Test { name: test.part.title.value.clone(), lines, origin }
    }

    /// `None`: broken, and reported.
    fn line(&mut self, line: &ast::TestLine) -> Option<TestLineKind> {
        use ast::TestLineKind as Line;
        Some(match &line.kind {
            Line::Given { input, partition, rows } => {
                let named = self.given(input)?;
                let partition = match partition {
                    Some(text) => Some(self.partition(text, input, &named)?),
                    None => None,
                };
                let rows = rows.iter().filter_map(|row| self.given_row(row, &input.node, &named)).collect();
                TestLineKind::Given { node: input.node.text.clone(), partition, rows }
            }
            Line::Expect { input, contains, rows } => {
                let schema = self.expected(input)?;
                let rows = rows.iter().filter_map(|row| self.expected_row(row, &input.node, &schema)).collect();
                let extent = if *contains { Extent::Contains } else { Extent::Exactly };
                TestLineKind::Expect { node: input.node.text.clone(), extent, rows }
            }
            Line::ExpectNone(input) => {
                self.expected(input)?;
                TestLineKind::Expect { node: input.node.text.clone(), extent: Extent::Nothing, rows: vec![] }
            }
            Line::Advance(by) => {
                let ast::ExprKind::Duration(micros) = by.kind else { return None };
                if micros == 0 {
                    self.diagnostics.emit(TestClock { span: by.span, message: "the clock stands still".into() });
                }
                self.clock = self.clock.saturating_add(micros);
                TestLineKind::Advance(micros)
            }
            Line::AdvanceTo(to) => {
                let expected = pipewright_plan::Base::Timestamp.required();
                let expressions = self.context.expressions();
                let (value, _) = expressions::constant(to, Some(&expected), &expressions, self.diagnostics)?;
                let pipewright_plan::Literal::Int(micros) = value else { return None };
                if micros <= self.clock {
                    let now = pipewright_expr::literal_text(&pipewright_plan::Literal::Int(self.clock), &expected);
                    let message = format!("the clock stands at {now} already");
                    self.diagnostics.emit(TestClock { span: to.span, message });
                }
                self.clock = self.clock.max(micros);
                TestLineKind::AdvanceTo(micros)
            }
            Line::Restart => TestLineKind::Restart,
        })
    }

    /// The declared node of that name; says it if there is none.
    fn node(&mut self, input: &ast::Input, wanted: impl Fn(NodeRole) -> bool) -> Option<NodeRole> {
        let name = &input.node;
        let index = &self.context.index;
        let Some(node) = index.node(&name.text) else {
            if !index.is_broken(Namespace::Nodes, &name.text) {
                let names = index.nodes.iter().filter(|it| wanted(it.role)).map(|it| it.node.name.text.as_str());
                let closest = closest(&name.text, names);
                self.diagnostics.emit(UnknownNode { name: name.text.clone(), span: name.span, closest });
            }
            return None;
        };
        if let Some(branch) = &input.branch {
            self.diagnostics.emit(NotYet { what: "a branch of a `route`".into(), span: branch.span });
            return None;
        }
        Some(node.role)
    }

    fn given(&mut self, input: &ast::Input) -> Option<Named> {
        let name = &input.node.text;
        match self.node(input, |role| matches!(role, NodeRole::Source | NodeRole::Topic))? {
            NodeRole::Source => {
                let source = self.program.source(name)?;
                let pasted = self.pasted(&source.format);
                Some(Named { schema: source.schema.clone(), delete: None, partitions: None, is_topic: false, pasted })
            }
            NodeRole::Topic => {
                let topic = self.program.topic(name)?;
                let delete = match &topic.kind {
                    Kind::Changelog { deletes: true, .. } => Some(key_fields(topic)),
                    Kind::Changelog { .. } | Kind::Append { .. } => None,
                };
                let partitions = topic.partitioning.count;
                let pasted = self.pasted(&topic.format);
                Some(Named { schema: topic.schema.clone(), delete, partitions, is_topic: true, pasted })
            }
            role @ (NodeRole::Transform | NodeRole::Sink) => {
                let roots = self.program.flows.get(name).map(|it| &it.roots);
                let input_name = roots.and_then(|it| it.first()).map(|it| it.name.clone());
                let (name, what) = (name.clone(), role.words());
                self.diagnostics.emit(GivenNotInput { name, what, span: input.node.span, closest: input_name });
                None
            }
            // It has been refused as a whole.
            NodeRole::Lookup => None,
        }
    }

    fn pasted(&self, format: &pipewright_plan::Format) -> bool {
        self.context.registry.codec(&format.codec).is_some_and(|it| it.pasted)
    }

    fn expected(&mut self, input: &ast::Input) -> Option<Schema> {
        let name = &input.node.text;
        if name == DEAD_LETTERS && input.branch.is_none() {
            return Some(dead_letter_schema().clone());
        }
        match self.node(input, |role| !matches!(role, NodeRole::Source | NodeRole::Lookup))? {
            NodeRole::Sink => self.program.sink(name).map(pipewright_plan::Sink::stored_columns),
            NodeRole::Topic => self.program.topic(name).map(|it| it.schema.clone()),
            NodeRole::Transform => self.program.transform(name).map(|it| it.schema.clone()),
            NodeRole::Source => {
                let fed = self.program.topics.iter().find(|it| it.from.contains(name)).map(|it| it.name.clone());
                self.diagnostics.emit(NothingToExpect { name: name.clone(), span: input.node.span, topic: fed });
                None
            }
            NodeRole::Lookup => None,
        }
    }

    fn partition(&mut self, text: &ast::Text, input: &ast::Input, named: &Named) -> Option<u32> {
        let number = text.value.replace('_', "").parse::<u32>().ok();
        let most = named.partitions.unwrap_or(1_000);
        let name = &input.node.text;
        if !named.is_topic {
            let message = format!("the source `{name}` has no partitions");
            let help = "leave `partition` out: the topic it feeds places the records".to_string();
            self.diagnostics.emit(PartitionOutOfRange { span: text.span, message, help });
            return None;
        }
        if let Some(number) = number.filter(|it| *it < most) {
            return Some(number);
        }
        let message = format!("`{name}` has no partition {}", text.value);
        let help = match named.partitions {
            Some(1) => format!("`{name}` has one partition, number 0"),
            _ => format!("its partitions are numbered from 0 to {}", most.saturating_sub(1)),
        };
        self.diagnostics.emit(PartitionOutOfRange { span: text.span, message, help });
        None
    }
}

/// What a tombstone must tell: the fields that its key and its place are made of.
fn key_fields(topic: &pipewright_plan::Topic) -> Vec<String> {
    let mut names = vec![];
    let mut queue: Vec<_> = topic.key.iter().chain(&topic.partitioning.key).rev().collect();
    while let Some(part) = queue.pop() {
        if let pipewright_plan::ExprKind::Column(name) = &part.kind
            && !names.contains(name)
        {
            names.push(name.clone());
        }
        queue.extend(part.children());
    }
    names
}
