//! The reference job: Kafka to PostgreSQL through a filter, three derives and eight columns, exactly once.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use comfy_table::{Table, presets};

use crate::measure::{Cost, median, run as measure};
use crate::{generate, postgres};

const PROGRAM: &str = include_str!("../reference.pipe");
const TABLE: &str = "order_id text NOT NULL, customer_id int8 NOT NULL, customer_name text NOT NULL, amount float8 NOT NULL, \
     status text NOT NULL, label text NOT NULL, gross float8 NOT NULL, order_day timestamptz NOT NULL";

/// Measures the job, `psql \copy` of the same rows, and a bare consumer; prints a table.
pub fn run(records: u64, partitions: i32, runs: usize) -> anyhow::Result<()> {
    let here = std::env::current_exe()?;
    let pipewright = here.with_file_name("pipewright");
    anyhow::ensure!(pipewright.exists(), "build it first: cargo build --release");
    let postmaster = postgres::postmaster()?;
    let stamp = std::process::id();
    let topic = format!("bench.orders.{stamp}");
    eprintln!("filling `{topic}` with {records} orders in {partitions} partitions");
    generate::fill(&topic, partitions, records)?;

    let dir = std::env::temp_dir().join(format!("pipewright-bench-{stamp}"));
    std::fs::create_dir_all(&dir)?;
    let program = dir.join("reference.pipe");
    let (mut ours, mut copies, mut reads) = (vec![], vec![], vec![]);
    let mut rows = 0;
    for n in 0..runs {
        let schema = format!("bench_{stamp}_{n}");
        let text = PROGRAM
            .replace("PROGRAM_NAME", &schema)
            .replace("TOPIC_NAME", &topic)
            .replace("PARTITIONS", &partitions.to_string());
        std::fs::write(&program, text)?;
        postgres::execute(&format!("CREATE SCHEMA {schema}; CREATE TABLE {schema}.orders ({TABLE}); CHECKPOINT"))?;
        let mut command = Command::new(&pipewright);
        command.args(["run", "--until-end"]).arg(&program).env("BENCH_SCHEMA", &schema);
        command.env("KAFKA_BROKERS", crate::brokers()).env("POSTGRES_URL", crate::postgres_url());
        ours.push(measure(&mut command, Some(postmaster))?);
        rows = postgres::ask(&format!("SELECT count(*)::text FROM {schema}.orders"))?.parse::<u64>()?;
        copies.push(copy(&dir, &schema, postmaster)?);
        let mut command = Command::new(&here);
        command.args(["consume-only", &topic, &partitions.to_string(), &records.to_string()]);
        reads.push(measure(&mut command, None)?);
        postgres::execute(&format!("DROP SCHEMA {schema} CASCADE"))?;
    }
    std::fs::remove_dir_all(&dir)?;
    print(records, rows, median(ours), median(copies), median(reads));
    Ok(())
}

/// `psql \copy` of the rows that the job stored, into a table like theirs.
fn copy(dir: &Path, schema: &str, postmaster: u32) -> anyhow::Result<Cost> {
    let file: PathBuf = dir.join("rows.bin");
    let psql = |command: &str| {
        let mut psql = Command::new("psql");
        psql.args(["-q", "-v", "ON_ERROR_STOP=1", "-d", &crate::postgres_url(), "-c", command]);
        psql
    };
    let out = format!("\\copy {schema}.orders to '{}' with (format binary)", file.display());
    let status = psql(&out).status().context("psql is not installed")?;
    anyhow::ensure!(status.success(), "psql failed");
    postgres::execute(&format!("CREATE TABLE {schema}.copied ({TABLE}); CHECKPOINT"))?;
    let back = format!("\\copy {schema}.copied from '{}' with (format binary)", file.display());
    let cost = measure(&mut psql(&back), Some(postmaster))?;
    std::fs::remove_file(file)?;
    Ok(cost)
}

fn print(records: u64, rows: u64, ours: Cost, copy: Cost, read: Cost) {
    let million = records as f64 / 1e6;
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["per million input records", "wall s", "client CPU s", "PostgreSQL CPU s", "peak MB"]);
    for (name, cost) in [("pipewright", ours), ("psql \\copy (format binary)", copy), ("consume only", read)] {
        table.add_row([
            name.to_string(),
            format!("{:.2}", cost.wall / million),
            format!("{:.2}", cost.client / million),
            format!("{:.2}", cost.database / million),
            format!("{:.0}", cost.peak_mb),
        ]);
    }
    println!("{table}");
    println!("{rows} rows of {records} records stored");
    println!(
        "client: {:.2} x consume-only; PostgreSQL: {:.2} x \\copy",
        ours.client / read.client,
        ours.database / copy.database
    );
}
