//! From the plan to a [`Segment`]: which transforms lie between an input and its targets, which cells they need, and
//! their expressions compiled.

use pipewright_expr::{Compiled, compile};
use pipewright_plan::{
    BadRecordPolicy, Expr, ExprKind, Kind, Origin, Plan, Schema, Sink, Source, Step as PlanStep,
    StepKind as PlanStepKind, Topic, Transform, Type, Write,
};

use super::columns::{Columns, Fields, Place, StepLayout};
use super::coverage::Coverage;
use super::segment::{Branch, KeyCells, Segment, Step, StepKind, Tap};
use crate::codecs::{CodecError, ColumnRequest, Decoder};

/// What a segment reads.
#[derive(Clone, Copy)]
pub enum Input<'a> {
    /// A topic, in a stage that writes to a database.
    Topic(&'a Topic),
    /// A source, on its way to topics.
    Source(&'a Source),
}

/// What a segment writes.
#[derive(Clone, Copy)]
pub enum Target<'a> {
    /// A table.
    Sink(&'a Sink),
    /// A topic.
    Topic(&'a Topic),
}

/// The steps and taps of a stage, numbered for its counters.
#[derive(Clone, Debug, Default)]
pub struct Numbering {
    /// Id of each step.
    pub steps: Vec<String>,
    /// Target and path (step numbers) of each tap.
    pub taps: Vec<(usize, Vec<usize>)>,
    /// The taps of each input, in the order in which they were built.
    pub inputs: Vec<std::ops::Range<usize>>,
}

/// Why a segment cannot be built.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BuildError {
    /// The plan contradicts itself: it was edited by hand, or it is our bug.
    #[error("{0}")]
    Plan(String),
    /// The format does not fit: a file's header lacks a column.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

/// Makes a decoder of the columns that are used.
pub type MakeDecoder<'a> = &'a dyn Fn(&[ColumnRequest]) -> Result<Box<dyn Decoder>, CodecError>;

/// Compiles what lies between an input and these targets. `decoder` is asked for the columns that are used.
pub fn build(
    plan: &Plan,
    input: Input<'_>,
    targets: &[Target<'_>],
    numbering: &mut Numbering,
    decoder: MakeDecoder<'_>,
) -> Result<Segment, BuildError> {
    build_covered(plan, input, targets, numbering, decoder, None)
}

/// The same, noting what records reach.
pub fn build_covered(
    plan: &Plan,
    input: Input<'_>,
    targets: &[Target<'_>],
    numbering: &mut Numbering,
    decoder: MakeDecoder<'_>,
    coverage: Option<&Coverage>,
) -> Result<Segment, BuildError> {
    let (schema, origin) = match input {
        Input::Topic(topic) => (&topic.schema, topic.origin),
        Input::Source(source) => (&source.schema, source.origin),
    };
    // The first pass finds the cells, the second numbers them.
    let first = Columns::new(schema, origin);
    Builder { plan, targets, columns: &first, numbering: &mut Numbering::default(), coverage: None }.root(input)?;
    let columns = first.settle();
    let first_tap = numbering.taps.len();
    let mut builder = Builder { plan, targets, columns: &columns, numbering, coverage };
    let (root, deletes) = builder.root(input)?;
    let taps = first_tap..builder.numbering.taps.len();
    builder.numbering.inputs.push(taps);
    let (requests, metas, cells) = columns.finish();
    let (name, place, policy, kind) = match input {
        Input::Topic(it) => (&it.name, plan.place(it.origin), &it.on_bad_record, &it.kind),
        Input::Source(it) => (&it.name, plan.place(it.origin), &it.on_bad_record, &it.kind),
    };
    Ok(Segment {
        name: name.clone(),
        origin,
        place,
        policy: policy.clone(),
        can_stop: *policy == BadRecordPolicy::Stop || stops(&root),
        decoder: decoder(&requests)?,
        requested: requests.len(),
        metas,
        cells,
        deletes,
        changelog: matches!(kind, Kind::Changelog { .. }),
        root,
    })
}

fn stops(branch: &Branch) -> bool {
    branch.policy == BadRecordPolicy::Stop || branch.children.iter().any(stops)
}

struct Builder<'a, 'c> {
    plan: &'a Plan,
    targets: &'a [Target<'a>],
    columns: &'c Columns<'a>,
    numbering: &'c mut Numbering,
    coverage: Option<&'c Coverage>,
}

/// Everything a branch inherits from the one above it.
struct Above<'f> {
    fields: &'f Fields,
    kind: &'f Kind,
    path: &'f [usize],
}

impl Builder<'_, '_> {
    fn root(&mut self, input: Input<'_>) -> Result<(Branch, Option<KeyCells>), BuildError> {
        let (name, schema, kind, steps, policy) = match input {
            Input::Topic(it) => (&it.name, &it.schema, &it.kind, &[][..], &self.plan.pipeline.on_bad_record),
            Input::Source(it) => (&it.name, &it.schema, &it.kind, it.steps.as_slice(), &it.on_bad_record),
        };
        let fields = Fields::of_payload(schema);
        let deletes = match (input, kind) {
            (Input::Topic(topic), Kind::Changelog { deletes: true, .. }) => Some(self.key_cells(topic, &fields)?),
            _ => None,
        };
        let above = Above { fields: &fields, kind, path: &[] };
        Ok((self.branch(name, steps, policy, above)?, deletes))
    }

    /// The cells that a tombstone's key fills: each part of the message key is a field.
    fn key_cells(&self, topic: &Topic, fields: &Fields) -> Result<KeyCells, BuildError> {
        let part = |expr: &Expr| -> Result<(usize, Type), BuildError> {
            let ExprKind::Column(name) = &expr.kind else {
                return Err(BuildError::Plan(format!(
                    "the key of the changelog `{}` is not made of fields",
                    topic.name
                )));
            };
            Ok((self.field(fields, name)?, expr.ty.clone()))
        };
        let parts: Vec<_> = topic.key.iter().map(part).collect::<Result<_, _>>()?;
        let (cells, types) = parts.into_iter().unzip();
        Ok(KeyCells { cells, types })
    }

    fn branch(
        &mut self,
        node: &str,
        steps: &[PlanStep],
        policy: &BadRecordPolicy,
        above: Above<'_>,
    ) -> Result<Branch, BuildError> {
        let mut fields = above.fields.clone();
        let mut kind = above.kind.clone();
        let mut path = above.path.to_vec();
        let changelog = matches!(kind, Kind::Changelog { .. });
        let mut compiled = Vec::new();
        for step in steps {
            self.step(step, &mut fields, &kind, &mut compiled, &mut path)?;
            kind = step.after.clone();
        }
        let mut taps = Vec::new();
        for (index, target) in self.targets.iter().enumerate() {
            let from = match target {
                Target::Sink(sink) => &sink.from,
                Target::Topic(topic) => &topic.from,
            };
            if from.iter().any(|it| it == node) {
                taps.push(self.tap(index, *target, &fields, &mut compiled, &mut path)?);
            }
        }
        let plan = self.plan;
        let mut children = Vec::new();
        for transform in plan.transforms.iter().filter(|it| it.from.iter().any(|from| from == node)) {
            if self.leads_to_target(transform) {
                let above = Above { fields: &fields, kind: &kind, path: &path };
                children.push(self.branch(&transform.name, &transform.steps, &plan.pipeline.on_bad_record, above)?);
            }
        }
        Ok(Branch { node: node.to_string(), policy: policy.clone(), changelog, steps: compiled, taps, children })
    }

    fn leads_to_target(&self, transform: &Transform) -> bool {
        let reads = |from: &[String]| from.contains(&transform.name);
        let target = self.targets.iter().any(|target| match target {
            Target::Sink(sink) => reads(&sink.from),
            Target::Topic(topic) => reads(&topic.from),
        });
        target || self.plan.transforms.iter().any(|next| reads(&next.from) && self.leads_to_target(next))
    }

    fn compile(&self, expr: &Expr, fields: &Fields) -> Result<Compiled, BuildError> {
        let layout = StepLayout { columns: self.columns, fields, coverage: self.coverage };
        compile(expr, &layout).map_err(|error| BuildError::Plan(error.reason))
    }

    /// The condition of a `where` or `check`.
    fn condition(&self, expr: &Expr, step: &PlanStep, fields: &Fields) -> Result<Compiled, BuildError> {
        let compiled = self.compile(expr, fields)?;
        Ok(match self.coverage {
            Some(coverage) => compiled.watched(coverage.condition(step.origin, &step.keyword)),
            None => compiled,
        })
    }

    fn field(&self, fields: &Fields, name: &str) -> Result<usize, BuildError> {
        fields
            .get(name)
            .and_then(|place| self.columns.cell(place))
            .ok_or_else(|| BuildError::Plan(format!("the plan names a field `{name}` that is not there")))
    }

    fn number(&mut self, id: &str, path: &mut Vec<usize>) -> usize {
        let number = self.numbering.steps.len();
        self.numbering.steps.push(id.to_string());
        path.push(number);
        number
    }

    fn step(
        &mut self,
        step: &PlanStep,
        fields: &mut Fields,
        before: &Kind,
        compiled: &mut Vec<Step>,
        path: &mut Vec<usize>,
    ) -> Result<(), BuildError> {
        let number = self.number(&step.id, path);
        let place = self.plan.place(step.origin);
        let mut add = |kind: StepKind| compiled.push(Step { number, id: step.id.clone(), place: place.clone(), kind });
        match &step.kind {
            PlanStepKind::Where { condition, deletes } => {
                add(StepKind::Where { condition: self.condition(condition, step, fields)?, deletes: *deletes });
            }
            PlanStepKind::Check { condition, reason } => add(StepKind::Check {
                condition: self.condition(condition, step, fields)?,
                reason: self.compile(reason, fields)?,
            }),
            PlanStepKind::Derive(assignments) => {
                for assignment in assignments {
                    let place = match self.columns.place_of(&assignment.value, fields) {
                        Some(place) => place,
                        None => {
                            let value = self.compile(&assignment.value, fields)?;
                            let cell = self.columns.computed();
                            add(StepKind::Set { cell, value });
                            Place::Cell(cell)
                        }
                    };
                    fields.set(&assignment.name, place);
                }
            }
            PlanStepKind::Select(assignments) => {
                let mut after = Fields { list: Vec::with_capacity(assignments.len()) };
                for assignment in assignments {
                    let place = match self.columns.place_of(&assignment.value, fields) {
                        Some(place) => place,
                        None => {
                            let value = self.compile(&assignment.value, fields)?;
                            let cell = self.columns.computed();
                            add(StepKind::Set { cell, value });
                            Place::Cell(cell)
                        }
                    };
                    after.list.push((assignment.name.clone(), place));
                }
                *fields = after;
            }
            PlanStepKind::AsEvents { only_puts } => {
                let op = (!only_puts).then(|| self.columns.computed());
                if let Some(cell) = op {
                    fields.set("op", Place::Cell(cell));
                }
                // Only a changelog has deletes to turn into events.
                if matches!(before, Kind::Changelog { .. }) {
                    add(StepKind::AsEvents { op });
                }
            }
            PlanStepKind::AsTable { .. } => {}
        }
        Ok(())
    }

    fn tap(
        &mut self,
        target: usize,
        to: Target<'_>,
        fields: &Fields,
        compiled: &mut Vec<Step>,
        path: &mut Vec<usize>,
    ) -> Result<Tap, BuildError> {
        let names = |schema: &Schema| schema.fields.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
        let tap = match to {
            Target::Sink(sink) => {
                let key = match &sink.write {
                    Write::Append => &[][..],
                    Write::Upsert { key, .. } => key.as_slice(),
                };
                Tap {
                    target,
                    columns: self.cells(fields, &names(&sink.columns))?,
                    key: self.cells(fields, key)?,
                    partition_key: vec![],
                    path: path.clone(),
                    number: self.numbering.taps.len(),
                    node: sink.name.clone(),
                    place: self.plan.place(sink.origin),
                    policy: sink.on_bad_record.clone(),
                }
            }
            Target::Topic(topic) => {
                // Its keys are expressions over its own fields; computing them may fail, so they are steps.
                let fields = &self.brought_to_type(topic, fields, compiled, path)?;
                let key = self.key(topic, &topic.key, fields, compiled, path)?;
                let partition_key = self.key(topic, &topic.partitioning.key, fields, compiled, path)?;
                Tap {
                    target,
                    columns: self.cells(fields, &names(&topic.schema))?,
                    key,
                    partition_key,
                    path: path.clone(),
                    number: self.numbering.taps.len(),
                    node: topic.name.clone(),
                    place: self.plan.place(topic.origin),
                    policy: topic.on_bad_record.clone(),
                }
            }
        };
        self.numbering.taps.push((target, tap.path.clone()));
        Ok(tap)
    }

    fn cells(&self, fields: &Fields, names: &[String]) -> Result<Vec<usize>, BuildError> {
        names.iter().map(|name| self.field(fields, name)).collect()
    }

    /// A topic may declare wider types than its input has (a decimal with more digits after the point).
    fn brought_to_type(
        &mut self,
        topic: &Topic,
        fields: &Fields,
        compiled: &mut Vec<Step>,
        path: &mut Vec<usize>,
    ) -> Result<Fields, BuildError> {
        let mut out = fields.clone();
        for (name, widened) in self.plan.widened(topic) {
            let number = self.number(&format!("{}.type", topic.name), path);
            let value = self.compile(&widened, fields)?;
            let cell = self.columns.computed();
            let place = self.plan.place(topic.origin);
            compiled.push(Step { number, id: topic.name.clone(), place, kind: StepKind::Set { cell, value } });
            out.set(&name, Place::Cell(cell));
        }
        Ok(out)
    }

    fn key(
        &mut self,
        topic: &Topic,
        parts: &[Expr],
        fields: &Fields,
        compiled: &mut Vec<Step>,
        path: &mut Vec<usize>,
    ) -> Result<Vec<usize>, BuildError> {
        let mut cells = Vec::with_capacity(parts.len());
        for part in parts {
            if let Some(cell) = self.columns.place_of(part, fields).and_then(|place| self.columns.cell(&place)) {
                cells.push(cell);
                continue;
            }
            let number = self.number(&format!("{}.key", topic.name), path);
            let value = self.compile(part, fields)?;
            let cell = self.columns.computed();
            let place = self.plan.place(Origin::default());
            compiled.push(Step { number, id: topic.name.clone(), place, kind: StepKind::Set { cell, value } });
            cells.push(cell);
        }
        Ok(cells)
    }
}
