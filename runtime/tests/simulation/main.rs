//! Simulation of delivery: the decisions of `epoch` as `run` drives them, against a model of Kafka and of a database, in an order
//! and with faults that a seed deals. Any epochs, lanes, instances and crashes give the result of one epoch in one lane.
//!
//! `SIMULATION_SEEDS=N` runs so many seeds, `SIMULATION_SEED=N` runs one and prints what happened in it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod broken;
mod committer;
mod database;
mod kafka;
mod lane;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use broken::Broken;
use world::Happened;

/// As many as take a minute.
const SEEDS: u64 = 100_000;

fn from_environment(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is a number, not `{value}`")))
}

/// Runs seeds on every core; the smallest one that fails, with the reason.
fn seeds(count: u64, broken: Broken) -> Result<Happened, (u64, String)> {
    let (next, failed) = (AtomicU64::new(0), AtomicU64::new(u64::MAX));
    let work = || {
        let mut happened = Happened::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= count.min(failed.load(Ordering::Relaxed)) {
                return happened;
            }
            match world::run(seed, broken, None) {
                Ok(it) => happened.add(&it),
                Err(_) => {
                    failed.fetch_min(seed, Ordering::Relaxed);
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, |it| it.get());
    let happened = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut sum = Happened::default();
        workers.into_iter().for_each(|it| sum.add(&it.join().unwrap()));
        sum
    });
    match failed.into_inner() {
        u64::MAX => Ok(happened),
        seed => Err((seed, world::run(seed, broken, None).unwrap_err())),
    }
}

#[test]
fn any_epochs_lanes_instances_and_crashes_give_the_result_of_one_epoch_in_one_lane() {
    if let Some(seed) = from_environment("SIMULATION_SEED") {
        let mut trace = vec![];
        let result = world::run(seed, Broken::Nothing, Some(&mut trace));
        println!("{}", trace.join("\n"));
        result.unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        return;
    }
    let count = from_environment("SIMULATION_SEEDS").unwrap_or(SEEDS);
    match seeds(count, Broken::Nothing) {
        Ok(happened) => println!("{count} seeds: {happened:?}"),
        Err((seed, why)) => panic!(
            "seed {seed}: {why}\nto see what happened: SIMULATION_SEED={seed} cargo test -p pipewright-runtime --test simulation any_epochs"
        ),
    }
}

/// The judge is judged.
#[test]
fn a_broken_protocol_is_noticed() {
    for broken in broken::ALL {
        match seeds(2_000, broken) {
            Ok(_) => panic!("{broken:?} is not noticed"),
            Err((seed, why)) => println!("{broken:?}: seed {seed}: {why}"),
        }
    }
}

/// A simulation in which nothing happens proves nothing.
#[test]
fn what_is_to_be_survived_happens() {
    let it = seeds(3_000, Broken::Nothing).unwrap();
    let counts = [
        it.epochs,
        it.refused,
        it.crashes,
        it.evictions,
        it.rebalances,
        it.lost_answers,
        it.was_stored,
        it.late,
        it.not_resumed,
        it.impatient,
    ];
    assert!(counts.iter().all(|count| *count > 30), "{it:?}");
}

#[test]
fn a_seed_gives_the_same_run_every_time() {
    for seed in 0..50 {
        let run = || {
            let mut trace = vec![];
            let result = world::run(seed, Broken::Nothing, Some(&mut trace));
            (format!("{result:?}"), trace)
        };
        assert_eq!(run(), run());
    }
}
