//! CPU, wall time and peak memory of a process and of PostgreSQL, read from `/proc`.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;

/// What a run cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Seconds on the clock.
    pub wall: f64,
    /// CPU seconds of the process.
    pub client: f64,
    /// CPU seconds of PostgreSQL.
    pub database: f64,
    /// Peak memory of the process, in MB.
    pub peak_mb: f64,
}

/// Clock ticks per second in `/proc` (fixed by Linux for user space).
const TICKS: f64 = 100.0;

fn stat(pid: u32) -> Option<(char, u32, f64, f64)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    let times: Vec<f64> = fields.skip(9).take(4).filter_map(|it| it.parse().ok()).collect();
    match times.as_slice() {
        [user, system, children_user, children_system] => {
            Some((state, parent, (user + system) / TICKS, (children_user + children_system) / TICKS))
        }
        _ => None,
    }
}

fn peak_mb(pid: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kb| kb / 1024.0)
}

/// CPU seconds of PostgreSQL so far: the postmaster, its children, and those that have ended.
pub fn postgres_cpu(postmaster: u32) -> anyhow::Result<f64> {
    let (_, _, own, ended) = stat(postmaster).context("PostgreSQL is gone")?;
    let mut sum = own + ended;
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let pid = entry.file_name().to_string_lossy().parse::<u32>();
        if let Some((_, parent, cpu, _)) = pid.ok().and_then(stat)
            && parent == postmaster
        {
            sum += cpu;
        }
    }
    Ok(sum)
}

/// Runs a command to its end. A process that has ended keeps its times in `/proc` until it is waited for.
pub fn run(command: &mut Command, postmaster: Option<u32>) -> anyhow::Result<Cost> {
    std::thread::sleep(Duration::from_millis(500));
    let before = postmaster.map(postgres_cpu).transpose()?.unwrap_or_default();
    let started = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let pid = child.id();
    let mut peak = 0.0;
    let client = loop {
        let (state, _, cpu, _) = stat(pid).context("the process is gone")?;
        peak = peak_mb(pid).unwrap_or(peak);
        if state == 'Z' {
            break cpu;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let wall = started.elapsed().as_secs_f64();
    let status = child.wait()?;
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        std::io::Read::read_to_string(&mut stderr, &mut said)?;
    }
    anyhow::ensure!(status.success(), "{command:?} ended with {status}:\n{said}");
    // A backend ends a little after its client; until the postmaster has waited for it, its times are in neither place.
    std::thread::sleep(Duration::from_millis(500));
    let after = postmaster.map(postgres_cpu).transpose()?.unwrap_or_default();
    Ok(Cost { wall, client, database: after - before, peak_mb: peak })
}

/// The run with the median wall time.
pub fn median(mut costs: Vec<Cost>) -> Cost {
    costs.sort_by(|a, b| a.wall.total_cmp(&b.wall));
    costs.get(costs.len() / 2).copied().unwrap_or_default()
}
