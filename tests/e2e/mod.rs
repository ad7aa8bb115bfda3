//! Programs run end to end by the real binary on real Kafka and PostgreSQL: what a user sees, and what lies in the tables
//! after kills, restarts, lost servers and changed tables. Judged from the input alone.
//!
//! Needs the servers of `scripts/stack up kafka postgres`; without them these tests fail.

mod beginning;
mod changelogs;
mod compressed;
mod crash;
mod disagreements;
mod embedded;
mod full_and_changed;
mod killed_servers;
mod large_records;
mod own_stack;
mod partitioners;
mod positions;
mod project;
mod renamed;
mod replay;
mod reports;
mod secured;
mod servers;
mod sources;
mod two_programs;
mod weather;
