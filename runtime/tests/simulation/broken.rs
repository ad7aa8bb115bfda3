//! Ways to break the protocol on purpose: the judge must notice each.
//!
//! Two that no judge could notice are not here. A fence that looks at positions and not at generations: where rows depend on
//! nothing but records, the position alone keeps a second copy out; generations are for state, and for positions that an operator
//! sets back. And an epoch with a lost answer that is simply sent again: the fence refuses it where it was stored, and reading begins
//! anew; that costs time, and the tests of `Storing` hold it.

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Nothing.
    Nothing,
    /// The database stores epochs whoever sends them and wherever the positions are.
    NoFence,
    /// Rows and positions are two transactions.
    PositionsApart,
    /// The fence looks at generations but not where the positions are.
    PositionUnchecked,
    /// An epoch whose answer was lost counts as stored.
    LostMeansStored,
    /// After a refused epoch reading goes on from where it was, not from what the database says.
    PositionFromMemory,
    /// What is open when an epoch is refused, or a partition lost, is stored with the next one.
    OpenEpochKept,
    /// A revoke is answered before the epoch is settled.
    AnsweredTooEarly,
    /// Messages fetched under an earlier assignment are handed out under the next.
    OldMessages,
    /// A partition that the client could not begin to read is not tried again.
    NotTriedAgain,
    /// A run that ends with its inputs ends even where its last epoch was refused.
    EndsUnstored,
}

/// Every way.
pub const ALL: [Broken; 10] = [
    Broken::NoFence,
    Broken::PositionsApart,
    Broken::PositionUnchecked,
    Broken::LostMeansStored,
    Broken::PositionFromMemory,
    Broken::OpenEpochKept,
    Broken::AnsweredTooEarly,
    Broken::OldMessages,
    Broken::NotTriedAgain,
    Broken::EndsUnstored,
];
