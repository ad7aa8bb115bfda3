//! The examples of every function: each call goes through the compiler and the one evaluator, and gives what its page says.

use std::collections::BTreeMap;

use bumpalo::Bump;
use pipewright_compiler::environment::Environment;
use pipewright_compiler::source::Loader;
use pipewright_expr::{Datum, NoColumns, Row};
use pipewright_plan::{Base, Expr, StepKind, Type};

struct Text(String);

impl Loader for Text {
    fn load(&self, _: &str) -> Result<Vec<u8>, String> {
        Ok(self.0.clone().into_bytes())
    }
}

/// The typed expressions of a transform that derives these, or the names of what is wrong.
fn typed(expressions: &[&str]) -> Result<Vec<Expr>, Vec<String>> {
    let derived: Vec<String> =
        expressions.iter().enumerate().map(|(number, text)| format!("  | derive value{number} = {text}\n")).collect();
    let program = format!(
        "pipeline example {{ delivery = exactly_once }}\n\
         connection files = files {{ root = \"data\" }}\n\
         connection bus = kafka {{ embedded = true }}\n\
         connection db = sqlite {{ path = \"x.db\" }}\n\
         type Row = {{ id: int64 }}\n\
         source rows: Row from files {{ path = \"rows.csv\", format = csv }}\n\
         topic lines: Row on bus from rows {{ partition_key = id, partitions = 2 }}\n\
         transform done from lines\n{}  | select id\n\
         sink stored from done to db {{ table = \"stored\", write = append }}\n",
        derived.concat()
    );
    let compilation = pipewright_compiler::compile(
        "x.pipe",
        &Environment::default(),
        &Text(program),
        &pipewright::program::registry(),
    );
    let Some(plan) = compilation.plan else {
        return Err(compilation.diagnostics.iter().map(|it| format!("{}: {}", it.name, it.message)).collect());
    };
    let steps = &plan.transform("done").unwrap().steps;
    Ok(steps
        .iter()
        .filter_map(|step| match &step.kind {
            StepKind::Derive(assignments) => Some(assignments.iter().map(|it| it.value.clone())),
            _ => None,
        })
        .flatten()
        .collect())
}

/// The value as text in which equal values are equal: decimals without the zeros that only their type asks for.
fn evaluate(expr: &Expr) -> Result<String, String> {
    let arena = Bump::new();
    let row = Row::new(0, &arena);
    let compiled = pipewright_expr::compile::compile(expr, &NoColumns).map_err(|error| format!("{error:?}"))?;
    compiled.eval(&row).map(|value| shown(value, &expr.ty)).map_err(|error| error.reason)
}

fn shown(value: Datum<'_>, ty: &Type) -> String {
    match (value, &ty.base) {
        (Datum::Decimal(mut unscaled), Base::Decimal { scale, .. }) => {
            let mut scale = *scale;
            while scale > 0 && unscaled % 10 == 0 {
                unscaled /= 10;
                scale -= 1;
            }
            format!("number {unscaled}e-{scale}")
        }
        (Datum::Int(number), base) if base.is_integer() => {
            // An integer and a decimal without a fraction are the same number in a page.
            format!("number {number}e-0")
        }
        (value, _) => format!("{value:?}"),
    }
}

#[test]
fn every_example_gives_what_its_page_says() {
    let mut wrong = vec![];
    let mut count = 0;
    for function in pipewright_expr::functions::ALL {
        for example in function.examples {
            count += 1;
            let place = format!("{}: {} = {}", function.name, example.call, example.result);
            // A call that is nothing but null needs somebody to say what it would be if it were something.
            let typed_null = format!("if true then {} else 1", example.call);
            let call = typed(&[example.call]).or_else(|findings| {
                let untyped = findings.iter().any(|it| it.starts_with("untyped-null"));
                if untyped { typed(&[&typed_null]) } else { Err(findings) }
            });
            let call = match call {
                Ok(list) => evaluate(&list[0]),
                // A constant that fails is found by the compiler already.
                Err(findings) if findings.iter().any(|it| it.starts_with("constant-error")) => Err(findings.join(", ")),
                Err(findings) => {
                    wrong.push(format!("{place}: does not compile: {findings:?}"));
                    continue;
                }
            };
            let expected = match example.result {
                "error" => Err(()),
                "null" => Ok("Null".to_string()),
                text => match typed(&[text]) {
                    Ok(list) => evaluate(&list[0]).map_err(drop),
                    Err(findings) => {
                        wrong.push(format!("{place}: the result does not compile: {findings:?}"));
                        continue;
                    }
                },
            };
            if call.clone().map_err(drop) != expected {
                wrong.push(format!("{place}: gave {call:?}, expected {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 50, "{count}");
}

#[test]
fn an_example_that_lies_would_be_found() {
    let value = |text: &str| typed(&[text]).map(|list| evaluate(&list[0]));
    assert_eq!(value("1 + 1"), Ok(Ok("number 2e-0".into())));
    assert_eq!(value("1.50 + 0.5"), Ok(Ok("number 2e-0".into())));
    assert_ne!(value("1 + 1"), value("3"));
    assert_eq!(value("\"a\""), Ok(Ok("Text(\"a\")".into())));
}

#[test]
fn names_in_the_registry_are_unique() {
    let mut seen = BTreeMap::<&str, usize>::new();
    for name in pipewright::reference::names() {
        *seen.entry(name).or_default() += 1;
    }
    let twice: Vec<_> = seen.into_iter().filter(|(_, count)| *count > 1).collect();
    // A codec and a cast may share a name (`json`); `explain` then shows the function.
    assert!(twice.iter().all(|(name, _)| pipewright::program::registry().codec(name).is_some()), "{twice:?}");
}
