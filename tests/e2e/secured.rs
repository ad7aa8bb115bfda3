//! Servers that let only some in: a wrong password, an authority nobody knows, a client without TLS. Each is told at once, in
//! the user's words; and with the right ones the main job runs.

use std::process::Output;

use crate::e2e::own_stack::{OwnStack, PASSWORD, own_stack};
use crate::e2e::project::{Project, orders_csv, sql_at, text_of};
use crate::e2e::servers::{check_at, program_on};

const SASL: &str = "sasl = { username = \"guarded\", password = env(\"PASSWORD\") }";
const PLAIN: &str = "sasl = { mechanism = \"PLAIN\", username = \"guarded\", password = env(\"PASSWORD\") }";

/// A run of the main job against these servers; the password is in the environment.
fn run(stack: &OwnStack, what: &str, kafka: &str, postgres: &str, password: &str) -> (Project, Output) {
    let project = Project::new(what, &program_on(kafka, postgres));
    sql_at(&stack.postgres_admin(), &format!("CREATE SCHEMA {}", project.name));
    project.write("orders.csv", orders_csv(1_000));
    let url = stack.postgres(&format!("guarded:{}", password.replace(' ', "%20")), "localhost");
    let mut command = project.command(&["run", "main.pipe", "--until-end"]);
    let output = command.env("PASSWORD", password).env("GUARDED_URL", url).output().unwrap();
    (project, output)
}

/// The run ends with this exit code and says all of this.
fn ends(run: (Project, Output), code: i32, words: &[&str]) {
    let text = text_of(&run.1);
    // The report is broken into lines for people.
    let plain = text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(run.1.status.code(), Some(code), "{text}");
    for word in words {
        assert!(plain.contains(word), "no `{word}` in:\n{text}");
    }
    assert!(!text.contains(PASSWORD), "a password is shown:\n{text}");
}

fn open_kafka(stack: &OwnStack) -> String {
    format!("brokers = \"{}\"", stack.kafka())
}

fn open_postgres(stack: &OwnStack) -> String {
    format!("url = \"{}\"", stack.postgres_admin())
}

#[test]
fn a_wrong_password_of_postgres_stops_at_once() {
    let stack = own_stack();
    let _up = stack.undisturbed();
    let kafka = open_kafka(stack);
    for url in ["env(\"GUARDED_URL\")".to_string(), format!("\"{}\"", stack.postgres("guarded", "127.0.0.1"))] {
        let ended = run(stack, "db_password", &kafka, &format!("url = {url}"), "wrong");
        let text = text_of(&ended.1);
        assert!(!text.contains("waiting") && !text.contains("reach"), "{text}");
        ends(ended, 1, &["error[authentication-failed]", "authentication failed", "\"guarded\"", "user and password"]);
    }
}

#[test]
fn a_postgres_that_speaks_tls_only_is_reached_with_tls_and_its_authority() {
    let stack = own_stack();
    let _up = stack.undisturbed();
    let kafka = open_kafka(stack);
    let go = |what: &str, host: &str, tls: &str| {
        run(stack, what, &kafka, &format!("url = \"{}\", {tls}", stack.postgres("encrypted", host)), "")
    };
    let (right, wrong) = (stack.certificate("ca.pem"), stack.certificate("other.pem"));
    let verified = |authority: &str| format!("tls = verify_full, root_cert = \"{authority}\"");

    ends(
        go("db_plain", "localhost", "tls = off"),
        1,
        &["authentication-failed", "no encryption", "`tls = verify_full`"],
    );
    let told = ["error[certificate-not-trusted]", "no authority that is known has signed it", "root_cert"];
    ends(go("db_unknown", "localhost", "tls = verify_full"), 1, &told);
    ends(go("db_other_ca", "localhost", &verified(&wrong)), 1, &told);
    let told = ["error[certificate-not-trusted]", "not valid for name", "host in the url"];
    ends(go("db_other_host", "127.0.0.1", &verified(&right)), 1, &told);
    ends(go("db_no_file", "localhost", &verified("nowhere.pem")), 1, &["file-not-found", "nowhere.pem"]);

    let (project, output) = go("db_tls", "localhost", &verified(&right));
    assert!(output.status.success(), "{}", text_of(&output));
    check_at(&stack.postgres_admin(), &project, 1_000);
}

#[test]
fn a_wrong_password_of_kafka_stops_at_once() {
    let stack = own_stack();
    let _up = stack.undisturbed();
    let postgres = open_postgres(stack);
    for (what, sasl) in [("scram", SASL), ("plain", PLAIN)] {
        let kafka = format!("brokers = \"{}\", {sasl}", stack.kafka_password());
        let ended = run(stack, what, &kafka, &postgres, "wrong");
        ends(ended, 1, &["error[authentication-failed]", "Authentication failed", &stack.kafka_password(), "`sasl`"]);
    }
}

#[test]
fn a_kafka_whose_certificate_is_not_trusted_stops_at_once() {
    let stack = own_stack();
    let _up = stack.undisturbed();
    let postgres = open_postgres(stack);
    let (right, wrong) = (stack.certificate("ca.pem"), stack.certificate("other.pem"));
    for (what, host, tls) in [
        ("kafka_unknown", "localhost", "tls = { }".to_string()),
        ("kafka_other_ca", "localhost", format!("tls = {{ ca = \"{wrong}\" }}")),
        ("kafka_other_host", "127.0.0.1", format!("tls = {{ ca = \"{right}\" }}")),
    ] {
        let kafka = format!("brokers = \"{}\", {tls}", stack.kafka_tls(host));
        let told = ["error[certificate-not-trusted]", "not trusted", "`tls = { ca = \"ca.pem\" }`"];
        ends(run(stack, what, &kafka, &postgres, ""), 1, &told);
    }
    let kafka = format!("brokers = \"{}\", tls = {{ ca = \"nowhere.pem\" }}", stack.kafka_tls("localhost"));
    ends(run(stack, "kafka_no_file", &kafka, &postgres, ""), 1, &["file-not-found", "nowhere.pem"]);
}

#[test]
fn a_client_that_does_not_speak_what_kafka_speaks_is_told_what_to_look_at() {
    let stack = own_stack();
    let _up = stack.undisturbed();
    let postgres = open_postgres(stack);
    let ca = stack.certificate("ca.pem");
    let cases = [
        ("plain_to_tls", stack.kafka_tls("localhost"), String::new(), "neither `tls` nor `sasl`"),
        ("tls_to_plain", stack.kafka(), format!(", tls = {{ ca = \"{ca}\" }}"), "does not speak TLS"),
        ("no_password", stack.kafka_both(), format!(", tls = {{ ca = \"{ca}\" }}"), "`tls` and no `sasl`"),
    ];
    // Each waits as long as for a cluster that is only starting: side by side.
    std::thread::scope(|scope| {
        for (what, brokers, rest, told) in &cases {
            let postgres = &postgres;
            scope.spawn(move || {
                let ended = run(stack, what, &format!("brokers = \"{brokers}\"{rest}"), postgres, "");
                ends(ended, 3, &["error[out-of-reach]", told]);
            });
        }
    });
}

#[test]
fn with_the_right_password_and_authority_the_main_job_runs() {
    let stack = own_stack();
    let _up = stack.undisturbed();
    let tls = format!("tls = {{ ca = \"{}\" }}", stack.certificate("ca.pem"));
    for (what, kafka) in [
        ("sasl", format!("brokers = \"{}\", {SASL}", stack.kafka_password())),
        ("tls", format!("brokers = \"{}\", {tls}", stack.kafka_tls("localhost"))),
        ("both", format!("brokers = \"{}\", {tls}, {PLAIN}", stack.kafka_both())),
    ] {
        let (project, output) = run(stack, what, &kafka, "url = env(\"GUARDED_URL\")", PASSWORD);
        assert!(output.status.success(), "{what}: {}", text_of(&output));
        check_at(&stack.postgres_admin(), &project, 1_000);
    }
}

#[test]
fn certificates_are_looked_for_beside_the_program() {
    let stack = own_stack();
    let _up = stack.undisturbed();
    let kafka = format!("brokers = \"{}\", tls = {{ ca = \"ca.pem\" }}", stack.kafka_tls("localhost"));
    let url = stack.postgres("encrypted", "localhost");
    let postgres = format!("url = \"{url}\", tls = verify_full, root_cert = \"ca.pem\"");
    let project = Project::new("beside", &program_on(&kafka, &postgres));
    sql_at(&stack.postgres_admin(), &format!("CREATE SCHEMA {}", project.name));
    project.write("orders.csv", orders_csv(100));
    project.write("ca.pem", std::fs::read(stack.certificate("ca.pem")).unwrap());
    let program = project.path("main.pipe").display().to_string();
    let output = project.command(&["run", &program, "--until-end"]).current_dir("/").output().unwrap();
    assert!(output.status.success(), "{}", text_of(&output));
    check_at(&stack.postgres_admin(), &project, 100);
}
