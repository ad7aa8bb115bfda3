//! `cargo run --release -p pipewright-bench -- reference`: the reference job beside its two limits, measured in one run.
//!
//! Needs the servers of `scripts/stack up kafka postgres`, `psql`, and a release build of `pipewright`. Figures are CPU
//! seconds per million input records and peak memory; the ratios are what counts, since machines differ.

mod consume;
mod generate;
mod measure;
mod postgres;
mod reference;

use clap::{Parser, Subcommand};

/// Pipewright measured beside what it is compared with.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    job: Job,
}

#[derive(Subcommand)]
enum Job {
    /// Kafka to PostgreSQL: filter, three derives, eight columns, exactly once; beside `psql \copy` and a bare consumer.
    Reference {
        /// Input records.
        #[arg(long, default_value_t = 1_000_000)]
        records: u64,
        /// Partitions of the topic.
        #[arg(long, default_value_t = 12)]
        partitions: i32,
        /// Runs of each; the median counts.
        #[arg(long, default_value_t = 3)]
        runs: usize,
    },
    /// Only reads a topic to its end (the limit that `reference` compares with; run by it as a process of its own).
    ConsumeOnly {
        /// The topic.
        topic: String,
        /// Its partitions.
        partitions: i32,
        /// Its records.
        records: u64,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().job {
        Job::Reference { records, partitions, runs } => reference::run(records, partitions, runs),
        Job::ConsumeOnly { topic, partitions, records } => consume::run(&topic, partitions, records),
    }
}

/// Where Kafka is.
fn brokers() -> String {
    std::env::var("KAFKA_BROKERS").unwrap_or_else(|_| "127.0.0.1:19092".into())
}

/// Where PostgreSQL is.
fn postgres_url() -> String {
    std::env::var("POSTGRES_URL").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:15432/postgres".into())
}
