//! Renaming a thing everywhere, or the reason why not. What it is called outside of the program (a topic in Kafka, a field in
//! its records) keeps its name there.

use pipewright_grammar::{
    RESERVED, Span,
    ast::{DeclarationKind, Field, StepKind, TypeExpr, TypeExprKind, TypeValue},
};

use super::{
    Analysis, blocks,
    names::{Names, Occurrence, Target},
};
use crate::nodes::topic;

/// What a rename changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renaming {
    /// Replacements; they do not overlap.
    pub edits: Vec<(Span, String)>,
    /// What to know before the program runs again.
    pub warning: Option<String>,
}

/// Whether a thing can be renamed at all: its name now, or the reason why not.
pub fn renamable(at: &Occurrence, analysis: &Analysis) -> Result<String, String> {
    let written = analysis.compilation.sources.text(at.span);
    let name = written.trim_matches('`').to_string();
    match &at.target {
        Target::Node(_) | Target::Connection(_) | Target::Type(_) | Target::Function(_) | Target::Param(_) => Ok(name),
        Target::Field(_) | Target::Local(_) if analysis.has_errors() => {
            Err("fields can be renamed once the program has no errors: until then not every use of them is known"
                .into())
        }
        Target::Field(_) | Target::Local(_) => Ok(name),
        Target::Pipeline => {
            Err(format!("`{name}` is the program's identity: consumer groups and stored positions are named after it"))
        }
        Target::Bare(_) => Err(format!("`{name}` is given by the format, not declared in the program")),
        Target::Library(_)
        | Target::Connector(_)
        | Target::Codec(_)
        | Target::PlainType(_)
        | Target::Option(_)
        | Target::Choice(..)
        | Target::Keyword(_)
        | Target::Step(_)
        | Target::Annotation(_)
        | Target::Lint(_) => Err(format!("`{name}` is a word of the language")),
        Target::File(_) => Err("a file is renamed on disk".into()),
    }
}

/// Renames.
pub fn rename(at: &Occurrence, new: &str, analysis: &Analysis, names: &Names) -> Result<Renaming, String> {
    let old = renamable(at, analysis)?;
    let new = new.trim().trim_matches('`');
    let written = quoted(new)?;
    if new == old {
        return Ok(Renaming::default());
    }
    unread(&old, analysis)?;
    free(&at.target, new, analysis, names)?;
    let all = names.all(&at.target);
    let old_written = quoted(&old)?;
    let mut renaming = Renaming::default();
    for it in &all {
        let text = if it.shorthand { format!("{old_written} = {written}") } else { written.clone() };
        renaming.edits.push((it.span, text));
    }
    match &at.target {
        Target::Field(_) => field(&old, &all, analysis, names, &mut renaming)?,
        Target::Node(_) => node(&old, analysis, &mut renaming),
        Target::Connection(_) => {
            renaming.warning = Some(format!(
                "stored positions are named after the connection `{old}`, and so are its entries in `pipewright.yaml`: \
                 change those, too; a program that has run already begins anew under another name"
            ));
        }
        _ => {}
    }
    Ok(renaming)
}

/// A name as it is written: in backticks, if it must be.
fn quoted(name: &str) -> Result<String, String> {
    let plain = name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_')
        && name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_')
        && !RESERVED.contains(&name);
    if plain {
        Ok(name.to_string())
    } else if name.is_empty() || name.contains(['`', '\n', '\r']) {
        Err("a name has at least one character, and no backtick or line end".into())
    } else {
        Ok(format!("`{name}`"))
    }
}

/// A part of the program that could not be read may hold the name.
fn unread(name: &str, analysis: &Analysis) -> Result<(), String> {
    let sources = &analysis.compilation.sources;
    let holds = |span: Span| {
        let words = sources.text(span).split(|it: char| !it.is_alphanumeric() && it != '_');
        words.into_iter().any(|it| it == name)
    };
    for declaration in analysis.files.iter().flat_map(|file| &file.declarations) {
        let mut broken = vec![];
        match &declaration.kind {
            DeclarationKind::Stub { .. } => broken.push(declaration.span),
            _ => {
                let steps = blocks::node(declaration).into_iter().flat_map(|it| &it.steps);
                broken.extend(steps.filter(|it| matches!(it.kind, StepKind::Error)).map(|it| it.span));
            }
        }
        if let Some(span) = broken.into_iter().find(|span| holds(*span)) {
            let line = sources.position(span).0;
            return Err(format!("`{name}` may stand in line {line}, which cannot be read: mend that first"));
        }
    }
    Ok(())
}

/// Nothing else is called so already.
fn free(target: &Target, new: &str, analysis: &Analysis, names: &Names) -> Result<(), String> {
    let sources = &analysis.compilation.sources;
    let taken = |what: &str, it: &Occurrence| {
        Err(format!("there is {what} `{new}` already, in line {}", sources.position(it.span).0))
    };
    let declared = |is: fn(&Target) -> Option<&String>| {
        names.occurrences.iter().find(|it| it.declares && is(&it.target).is_some_and(|it| it == new))
    };
    let value = || {
        declared(|it| match it {
            Target::Function(name) | Target::Param(name) => Some(name),
            _ => None,
        })
    };
    let found = match target {
        Target::Node(_) => declared(|it| if let Target::Node(name) = it { Some(name) } else { None }),
        Target::Connection(_) => declared(|it| if let Target::Connection(name) = it { Some(name) } else { None }),
        Target::Type(_) => declared(|it| if let Target::Type(name) = it { Some(name) } else { None }),
        _ => value(),
    };
    if let Some(it) = found {
        return taken("something called", it);
    }
    // A field or a parameter of a function hides what is called like it.
    let hides = |it: &&Occurrence| {
        let field = matches!(it.target, Target::Field(_) | Target::Local(_));
        let text = sources.text(it.span).trim_matches('`');
        field && it.declares && text == new
    };
    match target {
        Target::Param(_) | Target::Function(_) | Target::Field(_) | Target::Local(_) => {
            names.occurrences.iter().find(hides).map_or(Ok(()), |it| taken("a field or parameter", it))
        }
        _ => Ok(()),
    }
}

/// What a node is called outside.
fn node(old: &str, analysis: &Analysis, renaming: &mut Renaming) {
    let declarations = analysis.files.iter().flat_map(|file| &file.declarations);
    for declaration in declarations {
        let Some(node) = blocks::node(declaration).filter(|it| it.name.text == old) else { continue };
        let positions = match &declaration.kind {
            DeclarationKind::Source(_) => "the stored position of the source",
            DeclarationKind::Topic(_) => "the consumer group and the stored positions of what reads the topic",
            _ => continue,
        };
        renaming.warning = Some(format!(
            "{positions} `{old}` bear its name: a program that has run already begins anew under another one"
        ));
        let named = topic::OPTIONS.iter().any(|it| it.name == "name");
        if let (DeclarationKind::Topic(_), true) = (&declaration.kind, named) {
            match &node.options {
                Some(options) if options.entries.iter().any(|it| it.name.text == "name") => {}
                Some(options) => {
                    let inside = Span { start: options.span.start + 1, end: options.span.start + 1, ..options.span };
                    let text = analysis.compilation.sources.text(options.span);
                    let one_line = !text.contains('\n');
                    let comma = if options.entries.is_empty() || !one_line { "" } else { "," };
                    let before = if one_line { " " } else { "\n  " };
                    renaming.edits.push((inside, format!("{before}name = {old:?}{comma}")));
                }
                None => {
                    let end = declaration.span.after();
                    renaming.edits.push((end, format!(" {{ name = {old:?} }}")));
                }
            }
        }
    }
}

/// What a field is called outside: in the records of its type, and in tables.
fn field(
    old: &str,
    all: &[&Occurrence],
    analysis: &Analysis,
    names: &Names,
    renaming: &mut Renaming,
) -> Result<(), String> {
    let Some(first) = all.first() else { return Ok(()) };
    let Target::Field(declared) = &first.target else { return Ok(()) };
    let group = names.field(*declared);
    let in_types = fields(analysis);
    for declaration in analysis.files.iter().flat_map(|file| &file.declarations) {
        let Some(node) = blocks::node(declaration) else { continue };
        let Some(shape) = analysis.facts.node(&node.name.text).map(|it| &it.shape) else { continue };
        let Some(here) = shape.declared.get(old).filter(|it| names.field(**it) == group) else { continue };
        let name = &node.name.text;
        match &declaration.kind {
            DeclarationKind::Sink(_) => {
                return Err(format!(
                    "`{old}` is a column of the table of `{name}`, and renaming would write another one: rename it \
                     before the sink with `| rename {old} to …` instead"
                ));
            }
            DeclarationKind::Topic(_) if !in_types.iter().any(|it| it.name.span == *here) => {
                return Err(format!(
                    "`{old}` is called so in the records of the topic `{name}`: give the topic a type, whose field can \
                     say `@json(\"{old}\")`"
                ));
            }
            _ => {}
        }
    }
    for it in in_types {
        let ours = names.field(it.name.span) == group;
        if !ours {
            continue;
        }
        if !it.top {
            return Err(format!("`{old}` is a field inside a field: not every use of it is known"));
        }
        if !it.field.annotations.iter().any(|it| it.name.text == "json") {
            let end = it.field.ty.span.after();
            renaming.edits.push((end, format!(" @json({old:?})")));
        }
    }
    Ok(())
}

struct TypeField<'a> {
    field: &'a Field,
    /// It is a field of the named record itself.
    top: bool,
}

impl std::ops::Deref for TypeField<'_> {
    type Target = Field;

    fn deref(&self) -> &Field {
        self.field
    }
}

/// The fields of all written types.
fn fields(analysis: &Analysis) -> Vec<TypeField<'_>> {
    fn inside<'a>(ty: &'a TypeExpr, top: bool, found: &mut Vec<TypeField<'a>>) {
        match &ty.kind {
            TypeExprKind::Record(fields) => {
                for field in fields {
                    found.push(TypeField { field, top });
                    inside(&field.ty, false, found);
                }
            }
            TypeExprKind::List(element) => inside(element, false, found),
            TypeExprKind::Map(_, value) => inside(value, false, found),
            TypeExprKind::Name(_) | TypeExprKind::Decimal { .. } | TypeExprKind::Set(_) | TypeExprKind::Error => {}
        }
    }
    let mut found = vec![];
    for declaration in analysis.files.iter().flat_map(|file| &file.declarations) {
        if let DeclarationKind::Type(it) = &declaration.kind
            && let TypeValue::Written(ty) = &it.value
        {
            inside(ty, true, &mut found);
        }
    }
    found
}
