//! What a person calls the parts of the grammar.
//!
//! The match is exhaustive, so that a new rule has to be given a name; the names of rules never reach a user.
