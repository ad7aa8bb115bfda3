//! `transform NAME[: Type] from INPUT, … | step | step`.

use pipewright_plan::{Partitioning, Transform};

use super::{Program, Site, inputs, schemas, source};
use crate::{context::Context, diagnostics::Diagnostics, flow::Flow, index::NodeRole, steps};

/// Checks a transform.
pub(super) fn check(
    site: &Site<'_>,
    context: &Context<'_>,
    program: &mut Program,
    diagnostics: &mut Diagnostics,
) -> Option<Flow> {
    let node = site.node;
    let ty = source::record_type(site, context, diagnostics);
    let input = inputs::read(site, NodeRole::Transform, context, program, diagnostics);
    let placed = |name: &str| -> Option<&Partitioning> { program.topic(name).map(|it| &it.partitioning) };
    let (steps, mut flow) = steps::run(&node.steps, &node.name.text, input, context, &placed, diagnostics);
    if let (true, Ok(Some(declared))) = (flow.known, ty) {
        let span = node.ty.as_ref().map_or(node.name.span, |it| it.span);
        context.note_joined(&flow.declared, &declared.fields);
        schemas::match_schema(&declared, &mut flow, span, &node.name.text, diagnostics);
    }
    if flow.known {
        program.transforms.push(Transform {
            name: node.name.text.clone(),
            from: node.from.iter().map(|it| it.node.text.clone()).collect(),
            steps,
            schema: flow.schema.clone(),
            kind: flow.kind.clone(),
            doc: Context::doc(&site.declaration.doc),
            origin: context.origin(site.declaration.span),
        });
    }
    Some(flow)
}
