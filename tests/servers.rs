//! Programs run by the real binary on real servers: end to end, and killed in the middle. A part of it alone is
//! `cargo test --test servers crash::`.
//!
//! Needs the servers of `scripts/stack up kafka postgres`; without them these tests fail.
#![cfg(feature = "run")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod crash;
mod e2e;
