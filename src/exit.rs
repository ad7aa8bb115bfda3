//! Exit codes: the contract with scripts. One list; every command ends with one of these.

/// How a command ends; what is worse comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Nothing to say.
    Fine,
    /// Findings: errors in a program, a file that is not formatted, a failed run that the user must mend.
    Findings,
    /// The command line itself is wrong.
    Usage,
    /// A server is out of reach.
    OutOfReach,
    /// Refused because something would be lost.
    WouldLose,
    /// Stopped by a policy of the program (`on_bad_record = stop`, `max_bad`).
    Policy,
    /// Our own bug.
    Bug,
    /// Stopped by Ctrl-C.
    Interrupted,
    /// Stopped by SIGTERM.
    Terminated,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Fine => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            Exit::OutOfReach => 3,
            Exit::WouldLose => 4,
            Exit::Policy => 5,
            Exit::Bug => 70,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }
}
