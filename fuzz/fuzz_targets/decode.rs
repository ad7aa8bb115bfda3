//! libFuzzer decodes a record of any bytes; what must hold stands in `bodies.rs`.

#![no_main]

#[path = "../bodies.rs"]
#[allow(dead_code)]
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::decodes(bytes));
