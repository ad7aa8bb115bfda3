//! `pipewright-hot-path decode|steps|encode N`: takes N orders through the hot path. `scripts/instructions` counts what it costs.

use anyhow::Context;
use pipewright_hot_path::{Depth, HotPath, payloads};

fn main() -> anyhow::Result<()> {
    let usage = "usage: pipewright-hot-path decode|steps|encode RECORDS";
    let mut arguments = std::env::args().skip(1);
    let depth = match arguments.next().as_deref() {
        Some("decode") => Depth::Decode,
        Some("steps") => Depth::Steps,
        Some("encode") => Depth::Encode,
        _ => anyhow::bail!(usage),
    };
    let records: u64 = arguments.next().context(usage)?.parse().context(usage)?;
    // The same thousand again and again: making them must not be counted with each.
    let payloads = payloads(1_000);
    let mut path = HotPath::new(depth)?;
    let mut rows = 0;
    for _ in 0..records.div_ceil(1_000) {
        rows = path.take(&payloads)?;
    }
    println!("{rows} rows");
    Ok(())
}
