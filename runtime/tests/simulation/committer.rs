//! Drives [`Storing`] as the committing thread does: one request after the other, one call to the database at a time.

use std::collections::VecDeque;

use pipewright_runtime::epoch::{Answer, Next, Partition, Storing, Verdict};
use pipewright_runtime::sinks::{Acquired, Move};

use crate::broken::Broken;
use crate::database::{Request, Response};

/// An epoch as the model knows it.
pub struct Epoch {
    pub moves: Vec<Move>,
    pub rows: Vec<(Partition, i64)>,
}

/// What the lane asks.
pub enum Asked {
    Acquire(Vec<Partition>),
    Start(Vec<Acquired>),
    Release(Vec<Partition>),
    Store(Epoch),
}

/// What it is at.
enum Job {
    Acquire(Vec<Partition>),
    /// The positions that are wanted, those still to be set, and whether an answer was lost.
    Start(Vec<Acquired>, Vec<Acquired>, bool),
    Store(Epoch, Next),
}

/// A call to the database.
pub struct Call {
    pub request: Request,
    /// What the database said; it may not be heard.
    pub done: Option<Response>,
}

/// The committing half of an instance.
#[derive(Default)]
pub struct Committer {
    storing: Storing,
    pub inbox: VecDeque<Asked>,
    job: Option<Job>,
    pub call: Option<Call>,
    pub acquired: Option<Vec<Acquired>>,
    pub started: Option<Option<Vec<Acquired>>>,
    pub verdicts: VecDeque<Verdict>,
    /// Epochs of which the database said that they were stored after all.
    pub was_stored: u64,
}

impl Committer {
    /// One may wait behind the one that is at work.
    pub fn has_room(&self) -> bool {
        self.inbox.is_empty()
    }

    /// Goes on, unless it waits for the database.
    pub fn step(&mut self) {
        if self.call.is_some() {
            return;
        }
        let Some(job) = &mut self.job else { return self.begin() };
        let request = match job {
            Job::Acquire(partitions) => Request::Acquire(partitions.clone()),
            Job::Start(wanted, _, true) => Request::Acquire(wanted.iter().map(|it| (it.topic, it.partition)).collect()),
            Job::Start(_, unset, false) => Request::Start(unset.clone()),
            Job::Store(epoch, next) => match next {
                Next::Store => Request::Store(epoch.moves.clone(), epoch.rows.clone()),
                Next::Acquire => Request::Acquire(epoch.moves.iter().map(|it| (it.topic, it.partition)).collect()),
                Next::Stored => return self.decided(Verdict::Stored),
                Next::WasStored => {
                    self.was_stored += 1;
                    return self.decided(Verdict::Stored);
                }
                Next::Refused(_) => return self.decided(Verdict::Refused),
            },
        };
        self.call = Some(Call { request, done: None });
    }

    fn begin(&mut self) {
        self.job = match self.inbox.pop_front() {
            None => None,
            Some(Asked::Acquire(partitions)) => Some(Job::Acquire(partitions)),
            Some(Asked::Start(starts)) => Some(Job::Start(starts.clone(), starts, false)),
            Some(Asked::Release(partitions)) => {
                self.storing.release(&partitions);
                None
            }
            Some(Asked::Store(mut epoch)) => {
                let next = self.storing.begin(&mut epoch.moves);
                Some(Job::Store(epoch, next))
            }
        };
    }

    fn decided(&mut self, verdict: Verdict) {
        self.verdicts.push_back(verdict);
        self.job = None;
    }

    /// The database answers; `None`: the answer is lost.
    pub fn hear(&mut self, response: Option<Response>, broken: Broken) {
        self.call = None;
        let Some(job) = self.job.take() else { return };
        self.job = match (job, response) {
            (Job::Acquire(_), Some(Response::Acquired(acquired))) => {
                self.storing.acquired(&acquired);
                self.acquired = Some(acquired);
                None
            }
            (Job::Start(mut wanted, _, true), Some(Response::Acquired(acquired))) => {
                let unset = self.storing.unset(&mut wanted, &acquired);
                if unset.is_empty() {
                    self.started = Some(Some(wanted));
                    None
                } else {
                    Some(Job::Start(wanted, unset, false))
                }
            }
            (Job::Start(wanted, _, false), Some(Response::Done(done))) => {
                self.started = Some(done.then_some(wanted));
                None
            }
            (Job::Start(wanted, unset, _), None) => Some(Job::Start(wanted, unset, true)),
            (Job::Store(mut epoch, Next::Acquire), Some(Response::Acquired(acquired))) => {
                let next = self.storing.stands(&mut epoch.moves, &acquired);
                Some(Job::Store(epoch, next))
            }
            (Job::Store(epoch, Next::Store), response) => {
                let answer = match response {
                    Some(Response::Done(true)) => Answer::Stored,
                    Some(_) => Answer::Fenced,
                    None if broken == Broken::LostMeansStored => Answer::Stored,
                    None => Answer::Lost,
                };
                let next = self.storing.answered(answer);
                Some(Job::Store(epoch, next))
            }
            // The same once more.
            (job, _) => Some(job),
        };
    }
}
