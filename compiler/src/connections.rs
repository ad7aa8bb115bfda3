//! Connections: which connector, with which options, after the environment had its say.

use pipewright_grammar::{Span, ast::ExprKind};
use pipewright_plan::{Connection, ConnectorSpec, OptionProblem, OptionSpec, OptionType, OptionValue, Options};

use crate::{
    client_properties,
    context::{Context, DeclaredConnection},
    diagnostics::{ConflictingOptions, Diagnostics, EnvironmentOption, UnknownConnector},
    environment::EnvironmentConnection,
    expressions::closest,
    options::{self, Checked},
};

/// Options of every connection.
pub const OPTIONS: &[OptionSpec] = &[OptionSpec {
    name: "was",
    ty: OptionType::String,
    required: false,
    default: None,
    doc: "Its old name, after it was renamed: positions of the stages of a database move to the new one when it starts.",
}];

/// Fills [`Context::connections`]. A connection of an unknown kind is left out, and known to the index as declared.
pub(crate) fn connections(context: &mut Context<'_>, diagnostics: &mut Diagnostics) {
    for declared in context.index.connections.clone() {
        let part = declared.part;
        let given = context.environment.connections.get(&part.name.text);
        let head = declared.declaration.head;
        // A connection that the environment replaces is not even looked at in the program.
        let replaced = given.and_then(|it| it.kind.as_ref());
        let kind = replaced.unwrap_or(&part.kind.text);
        let Some(spec) = context.registry.connector(kind) else {
            unknown(context, kind, part, replaced.is_some(), diagnostics);
            continue;
        };
        let overrides = match given {
            Some(given) => overrides(given, spec, part.name.text.as_str(), head, context, diagnostics),
            None => Options::new(),
        };
        let mut values = Options::new();
        let mut checked: Option<Checked<'_>> = None;
        if replaced.is_none() {
            let what = format!("a `{}` connection", spec.name);
            let specs = [spec.connection, OPTIONS];
            let found =
                options::check_beside(&overrides, part.options.as_ref(), head, &specs, &what, context, diagnostics);
            values.extend(found.values.clone());
            checked = Some(found);
        }
        values.extend(overrides.clone());
        if replaced.is_some() {
            for option in spec.connection.iter().filter(|it| it.required && !values.contains_key(it.name)) {
                diagnostics.emit(EnvironmentOption {
                    connection: part.name.text.clone(),
                    file: file(context),
                    problem: format!("option `{}` is missing", option.name),
                    span: head,
                });
            }
        }
        let was = match &checked {
            Some(checked) => checked.get("was").cloned(),
            // The environment replaces what it is, not who it is.
            None => {
                let record = part.options.as_ref();
                let mut unheard = Diagnostics::default();
                options::check(record, head, &[OPTIONS], "a connection", context, &mut unheard).values.remove("was")
            }
        };
        values.remove("was");
        // What is missing may stand in what could not be read.
        let incomplete = context.index.is_incomplete(declared.declaration.span);
        for problem in (spec.validate)(&values).into_iter().filter(|_| !incomplete) {
            report(problem, checked.as_ref(), head, context, &part.name.text, diagnostics);
        }
        let plan = Connection {
            name: part.name.text.clone(),
            kind: spec.name.to_string(),
            options: values,
            was: match was {
                Some(OptionValue::String(was)) if was != part.name.text => Some(was),
                _ => None,
            },
            doc: Context::doc(&declared.declaration.doc),
            origin: context.origin(declared.declaration.span),
        };
        let known = DeclaredConnection { plan, spec, span: part.name.span, incomplete };
        context.connections.insert(part.name.text.clone(), known);
    }
}

/// A problem of options that are each right, at the option; one of the environment names its file.
fn report(
    problem: OptionProblem,
    checked: Option<&Checked<'_>>,
    head: Span,
    context: &Context<'_>,
    connection: &str,
    diagnostics: &mut Diagnostics,
) {
    let option = problem.option.as_deref();
    let written = checked.filter(|it| option.is_none_or(|option| it.has(option)));
    let Some(checked) = written else {
        let connection = connection.to_string();
        let hint = problem.help.map(|it| format!("; {it}")).unwrap_or_default();
        let problem = format!("{}{hint}", problem.message);
        diagnostics.emit(EnvironmentOption { connection, file: file(context), problem, span: head });
        return;
    };
    if let Some(about) = &problem.entry
        && let Some(ExprKind::Record(record)) = option.and_then(|it| checked.expr(it)).map(|it| &it.kind)
        && let Some(entry) = record.entries.iter().find(|it| it.name.text == about.name)
    {
        client_properties::report(&problem, about, entry.name.span, diagnostics);
        return;
    }
    let span = option.map_or(checked.span, |option| checked.name_span(option));
    diagnostics.emit(ConflictingOptions { message: problem.message, help: problem.help, span });
}

fn unknown(
    context: &Context<'_>,
    kind: &str,
    part: &pipewright_grammar::ast::Connection,
    from_environment: bool,
    diagnostics: &mut Diagnostics,
) {
    let known: Vec<&'static str> = context.registry.connectors.iter().map(|it| it.name).collect();
    if from_environment {
        diagnostics.emit(EnvironmentOption {
            connection: part.name.text.clone(),
            file: file(context),
            problem: format!("there is no kind of connection `{kind}`; known are: {}", known.join(", ")),
            span: part.name.span,
        });
    } else {
        let closest = closest(kind, known.iter().copied());
        diagnostics.emit(UnknownConnector { kind: kind.to_string(), span: part.kind.span, closest, known });
    }
}

/// The name of the environment's file, for messages.
fn file(context: &Context<'_>) -> String {
    context.environment.file.clone().unwrap_or_else(|| "pipewright.yaml".into())
}

fn overrides(
    given: &EnvironmentConnection,
    spec: &ConnectorSpec,
    connection: &str,
    span: Span,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Options {
    let mut result = Options::new();
    let problem = |problem: String, diagnostics: &mut Diagnostics| {
        let connection = connection.to_string();
        diagnostics.emit(EnvironmentOption { connection, file: file(context), problem, span });
    };
    for (name, value) in &given.options {
        let Some(option) = spec.connection.iter().find(|it| it.name == name) else {
            let names = spec.connection.iter().map(|it| it.name);
            let hint = match closest(name, names.clone()) {
                Some(closest) => format!("did you mean `{closest}`?"),
                None => format!("known are: {}", names.collect::<Vec<_>>().join(", ")),
            };
            problem(format!("there is no option `{name}`; {hint}"), diagnostics);
            continue;
        };
        match options::fits(name, value, &option.ty) {
            Ok(value) => {
                result.insert(name.clone(), value);
            }
            Err(why) => problem(format!("option `{name}`: {why}"), diagnostics),
        }
    }
    result
}
