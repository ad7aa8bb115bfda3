//! One run of the compiler: load, index, check, lower; in this order, and always to the end, so that every finding is told.

use pipewright_plan::{PLAN_VERSION, Plan};

use crate::{
    allows,
    connections::connections,
    context::Context,
    diagnostics::{Diagnostic, Diagnostics, Severity},
    environment::Environment,
    functions,
    index::Index,
    lints, loading, nodes, params,
    registry::Registry,
    source::{Loader, Sources},
    stages, types,
};

/// What a run of the compiler gives.
#[derive(Debug)]
pub struct Compilation {
    /// The texts that the findings point into.
    pub sources: Sources,
    /// Every finding, by position.
    pub diagnostics: Vec<Diagnostic>,
    /// The program, if nothing is wrong with it.
    pub plan: Option<Plan>,
}

/// Compiles the program that begins in the file `root`.
pub fn compile(root: &str, environment: &Environment, loader: &dyn Loader, registry: &Registry) -> Compilation {
    let mut sources = Sources::default();
    let mut diagnostics = Diagnostics::default();
    let loading::Loaded { files, unread } = loading::load(root, loader, &mut sources, &mut diagnostics);
    let overrides = params::read_overrides(&files, environment, &mut sources, &mut diagnostics);
    let mut plan = None;
    if !files.is_empty() {
        let index = Index::build(&files, unread, &sources, &mut diagnostics);
        let mut context = Context::new(&sources, registry, environment, index);
        types::declare(&mut context, &mut diagnostics);
        functions::declare(&mut context, &mut diagnostics);
        params::declare(&mut context, &overrides, &mut diagnostics);
        functions::check(&context, &mut diagnostics);
        connections(&mut context, &mut diagnostics);
        plan = check(&context, &mut diagnostics);
    }
    let mut diagnostics = allows::apply(&files, &sources, diagnostics);
    environment.lints.apply(&mut diagnostics);
    let has_errors = diagnostics.iter().any(|it| it.severity == Severity::Error);
    Compilation { sources, diagnostics, plan: if has_errors { None } else { plan } }
}

/// Reads the one file `root` and says what cannot be read in it: no import, no name, no type is looked at.
pub fn read(root: &str, loader: &dyn Loader) -> Compilation {
    let mut sources = Sources::default();
    let mut diagnostics = Diagnostics::default();
    let files: Vec<_> = loading::load_one(root, loader, &mut sources, &mut diagnostics).into_iter().collect();
    let diagnostics = allows::apply(&files, &sources, diagnostics);
    Compilation { sources, diagnostics, plan: None }
}

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) -> Option<Plan> {
    let pipeline = nodes::pipeline::check(context, diagnostics);
    let program = nodes::check(context, &pipeline, diagnostics);
    let stages = stages::derive(context, &pipeline, &program, diagnostics);
    lints::check(context, &pipeline, &program, diagnostics);
    let pipeline = pipeline.plan?;
    if diagnostics.has_errors() {
        return None;
    }
    let connections = context.connections.values().filter(|it| program.uses_connection(&it.plan.name));
    Some(Plan {
        version: PLAN_VERSION,
        pipeline,
        files: context.sources.files().iter().map(|file| file.path.clone()).collect(),
        connections: connections.map(|it| it.plan.clone()).collect(),
        sources: program.sources,
        topics: program.topics,
        transforms: program.transforms,
        sinks: program.sinks,
        ingest: stages.ingest,
        stages: stages.stages,
    })
}
