//! Calls of the library.
