//! Options that a connector declares for its sinks: each one that a program gives arrives where the sink is run, and `explain`
//! says what holds. A connector that declares one more needs no line here.

use pipewright::explain::program::effective;
use pipewright_compiler::environment::Environment;
use pipewright_compiler::source::Loader;
use pipewright_plan::{CallSpec, ConnectorSpec, OptionSpec, OptionType, OptionValue, Options, Plan, SinkSpec};
use pipewright_runtime::connectors::{SPECS, postgres};
use pipewright_runtime::run::resolve_plan;
use pipewright_runtime::sinks::StageContext;

const fn option(name: &'static str, ty: OptionType, default: Option<&'static str>) -> OptionSpec {
    OptionSpec { name, ty, required: false, default, doc: "A test's own." }
}

const CALLS: &[CallSpec] = &[CallSpec { name: "fast", options: &[], doc: "A test's own." }];

/// One option of each type that a sink may have.
const DECLARED: &[OptionSpec] = &[
    option("own_bool", OptionType::Bool, Some("false")),
    option("own_int", OptionType::Int { min: 3, max: 9 }, None),
    option("own_text", OptionType::String, Some("\"x\"")),
    option("own_time", OptionType::Duration, Some("30s")),
    option("own_size", OptionType::Size, None),
    option("own_share", OptionType::Percent, None),
    option("own_word", OptionType::Choice(&["first", "second"]), Some("second")),
    option("own_call", OptionType::Call(CALLS), None),
    option("own_texts", OptionType::Strings, None),
];

const OWN: ConnectorSpec =
    ConnectorSpec { sink: Some(SinkSpec { options: DECLARED, longest_name: None }), ..postgres::SPEC };

/// The connectors, with those options at one of them.
fn own() -> &'static [&'static ConnectorSpec] {
    let specs = SPECS.iter().map(|it| if it.name == OWN.name { &OWN } else { *it });
    Box::leak(specs.collect())
}

struct Text(String);

impl Loader for Text {
    fn load(&self, _: &str) -> Result<Vec<u8>, String> {
        Ok(self.0.clone().into_bytes())
    }
}

fn sample(ty: OptionType) -> String {
    match ty {
        OptionType::Bool => "true".to_string(),
        OptionType::Int { min, .. } => min.to_string(),
        OptionType::String | OptionType::Secret => "env(\"SINK_OPTIONS_UNSET\", \"given\")".to_string(),
        OptionType::Duration => "7s".to_string(),
        OptionType::Size => "7MiB".to_string(),
        OptionType::Percent => "7%".to_string(),
        OptionType::Choice(words) => words[0].to_string(),
        OptionType::Fields | OptionType::Exprs => "id".to_string(),
        OptionType::Format => "json".to_string(),
        OptionType::Record(_) => "{ }".to_string(),
        OptionType::Call(calls) => calls[0].name.to_string(),
        OptionType::Strings | OptionType::Properties => "[\"a\"]".to_string(),
    }
}

fn plan(connectors: &'static [&'static ConnectorSpec], connection: &str, options: &str) -> Plan {
    let text = format!(
        "pipeline p {{}}\nconnection bus = kafka {{ brokers = \"localhost:9092\" }}\nconnection db = {connection}\n\
         type T = {{ id: int64 }}\ntopic t: T on bus {{ key = id }}\nsink s from t to db {{ table = \"t\"\n{options} }}\n"
    );
    let registry = pipewright_compiler::registry::Registry { connectors, ..pipewright::program::registry() };
    let compilation = pipewright_compiler::compile("p.pipe", &Environment::default(), &Text(text), &registry);
    let told: Vec<String> = compilation.diagnostics.iter().map(|it| it.message.clone()).collect();
    compilation.plan.unwrap_or_else(|| panic!("{told:?}"))
}

/// What the database of the stage gets.
fn arrived(plan: Plan) -> Options {
    let plan = resolve_plan(plan, std::path::Path::new("/")).unwrap();
    StageContext::new(&plan, &plan.stages[0], "me").unwrap().sinks[0].options.clone()
}

#[test]
fn each_option_that_a_connector_declares_arrives() {
    const POSTGRES: &str = "postgres { url = \"postgres://localhost/p\" }";
    let sinks = SPECS.iter().filter_map(|spec| Some((*spec, SPECS, spec.sink?.options)));
    for (spec, connectors, declared) in sinks.chain([(&OWN, own(), DECLARED)]) {
        let connection = if spec.name == "sqlite" { "sqlite { path = \"p.db\" }" } else { POSTGRES };
        for it in declared {
            let plan = plan(connectors, connection, &format!("{} = {}", it.name, sample(it.ty)));
            let shown = effective(&[*it], &plan.sinks[0].options);
            assert_eq!(shown.len(), 1, "explain does not show `{}` of {}", it.name, spec.name);
            let arrived = arrived(plan);
            assert_eq!(arrived.keys().collect::<Vec<_>>(), [it.name], "of {}", spec.name);
        }
    }
}

#[test]
fn what_is_not_said_is_shown_with_what_holds() {
    let plan = plan(own(), "postgres { url = \"postgres://localhost/p\" }", "own_time = 7s\nown_int = 4");
    let shown: Vec<String> = effective(DECLARED, &plan.sinks[0].options)
        .into_iter()
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    assert_eq!(shown, ["own_bool = false", "own_int = 4", "own_text = \"x\"", "own_time = 7s", "own_word = second"]);
    assert_eq!(arrived(plan).get("own_int"), Some(&OptionValue::Int(4)));
}
