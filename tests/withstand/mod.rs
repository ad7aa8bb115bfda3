//! What no text may do to the compiler: every program of the repository with tokens, lines and bytes taken away, doubled and
//! swapped, and the bodies of the fuzz targets over the corpus. Deterministic and bounded; `WITHSTAND=all` leaves nothing out.

#[path = "../../fuzz/bodies.rs"]
mod bodies;
mod corpus;
mod mutations;
mod targets;
