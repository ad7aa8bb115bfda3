//! What a person sees while a program runs: a bar on a terminal, a line every few seconds elsewhere. Hears events from several
//! threads and never blocks them on anything but a short lock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pipewright_runtime::report::{Event, Observer};

use crate::output;
use crate::report::grouped;
use crate::style::Style;

/// Between two lines in a log.
const EVERY: Duration = Duration::from_secs(5);

/// Between two pictures of the bar.
const FRAME: Duration = Duration::from_millis(100);

/// The observer of a run.
pub struct Progress {
    bar: Option<ProgressBar>,
    state: Mutex<State>,
}

struct State {
    began: Instant,
    shown: Instant,
    read: BTreeMap<String, (u64, u64)>,
    settled: BTreeMap<String, (u64, u64, Option<u64>)>,
    /// Servers that are away.
    waiting: BTreeSet<String>,
}

impl Progress {
    /// Quiet until the first event.
    pub fn new(style: Style) -> Self {
        let bar = style.live.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(look(style, false));
            bar
        });
        let now = Instant::now();
        let state =
            State { began: now, shown: now, read: BTreeMap::new(), settled: BTreeMap::new(), waiting: BTreeSet::new() };
        Self { bar, state: Mutex::new(state) }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::talk(&format!("{line}\n"))),
            None => output::talk(&format!("{line}\n")),
        }
    }

    fn show(&self, state: &mut State) {
        let due = if self.bar.is_some() { FRAME } else { EVERY };
        if state.shown.elapsed() < due {
            return;
        }
        state.shown = Instant::now();
        let line = state.line();
        match &self.bar {
            Some(bar) => {
                bar.set_position(state.read.values().map(|(_, bytes)| *bytes).sum());
                bar.set_message(line);
            }
            None => output::talk(&format!("{line}\n")),
        }
    }
}

impl State {
    fn line(&self) -> String {
        let read: u64 = self.read.values().map(|(records, _)| *records).sum();
        let settled: u64 = self.settled.values().map(|(records, _, _)| *records).sum();
        let letters: u64 = self.settled.values().map(|(_, letters, _)| *letters).sum();
        let behind: Option<u64> = self.settled.values().map(|(_, _, behind)| *behind).sum();
        let rate = settled as f64 / self.began.elapsed().as_secs_f64().max(0.001);
        let mut parts = vec![];
        if !self.read.is_empty() {
            parts.push(format!("{} read", grouped(read)));
        }
        // Stored, deleted, filtered or a dead letter: nothing of it is read again.
        parts.push(format!("{} done, {} of them dead letters", grouped(settled), grouped(letters)));
        if let Some(behind) = behind.filter(|it| *it > 0) {
            parts.push(format!("{} behind", grouped(behind)));
        }
        parts.push(format!("{} records/s", grouped(rate as u64)));
        parts.extend(self.waiting.iter().map(|it| format!("waiting for {it}")));
        parts.join(", ")
    }
}

impl Observer for Progress {
    fn event(&self, event: Event) {
        let mut state = self.state();
        match event {
            Event::Started { stages, bytes_to_read } => {
                state.began = Instant::now();
                if let (Some(bar), Some(bytes)) = (&self.bar, bytes_to_read) {
                    bar.set_length(bytes);
                    bar.set_style(look(Style::stderr(), true));
                }
                self.say(&format!("running {}", stages.join(", ")));
            }
            Event::Source { source, records, bytes } => {
                state.read.insert(source, (records, bytes));
                self.show(&mut state);
            }
            Event::Committed { stage, records, dead_letters, behind, .. } => {
                state.settled.insert(stage, (records, dead_letters, behind));
                self.show(&mut state);
            }
            Event::Waiting { what, why } => {
                // Several clients of one server find out by themselves; a person is told once.
                if !state.waiting.contains(&what) {
                    self.say(&format!("waiting for {what}: {why}"));
                    state.waiting.insert(what);
                }
            }
            Event::Resumed { what } => {
                if state.waiting.remove(&what) {
                    self.say(&format!("{what} is back"));
                }
            }
            Event::Assigned { stage, partitions } => {
                let list = if partitions.is_empty() { "no partitions".into() } else { partitions.join(" ") };
                self.say(&format!("{stage}: {list}"));
            }
            Event::Note { text } => self.say(&text),
        }
    }
}

fn look(style: Style, bounded: bool) -> ProgressStyle {
    let template = if bounded { "{bar:24} {percent:>3} %  {msg}" } else { "{spinner} {msg}" };
    let look = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    if style.unicode { look.progress_chars("━━╌") } else { look.progress_chars("=>-").tick_chars("|/-\\ ") }
}
