//! `@key @fixed @pii @json("name") @deprecated`: what they do to a field.

use pipewright_grammar::ast::{Annotation, ExprKind};
use pipewright_plan::Field;

use crate::{
    diagnostics::{Diagnostics, UnknownAnnotation},
    expressions::closest,
};

pub(crate) const KNOWN: [&str; 5] = ["key", "fixed", "pii", "json", "deprecated"];

/// Sets what the annotations say.
pub(super) fn apply(annotations: &[Annotation], field: &mut Field, diagnostics: &mut Diagnostics) {
    for annotation in annotations {
        let name = annotation.name.text.as_str();
        let mut problem = None;
        match (name, annotation.args.as_slice()) {
            ("key", []) => field.key = true,
            ("fixed", []) => field.fixed = true,
            ("pii", []) => field.pii = true,
            ("deprecated", []) => field.deprecated = true,
            ("json", [arg]) if arg.name.is_none() => match &arg.value.kind {
                ExprKind::String(text) => field.wire_name = (*text != field.name).then(|| text.clone()),
                _ => problem = Some("`@json` takes a text: `@json(\"name\")`".to_string()),
            },
            ("json", _) => problem = Some("`@json` takes one text: `@json(\"name\")`".to_string()),
            (known, _) if KNOWN.contains(&known) => problem = Some(format!("`@{known}` takes nothing in parentheses")),
            _ => problem = Some(format!("there is no annotation `@{name}`")),
        }
        if let Some(problem) = problem {
            let known = KNOWN.contains(&name);
            diagnostics.emit(UnknownAnnotation {
                problem,
                span: if known { annotation.span } else { annotation.name.span },
                closest: if known { None } else { closest(name, KNOWN) },
                known: KNOWN.map(|it| format!("`@{it}`")).join(", "),
                is_known: known,
            });
        }
    }
}
