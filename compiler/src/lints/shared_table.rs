//! Two sinks on one table, of which one overwrites rows.

use std::collections::BTreeMap;

use pipewright_plan::{Sink, Write};

use super::facts::Facts;
use crate::diagnostics::{Diagnostics, SharedTable};

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    let mut tables: BTreeMap<(&str, &str), &Sink> = BTreeMap::new();
    for sink in &facts.program.sinks {
        match tables.get(&(sink.connection.as_str(), sink.table.as_str())) {
            Some(first) if first.write != Write::Append || sink.write != Write::Append => {
                let (span, first) = (facts.node(&sink.name), facts.node(&first.name));
                diagnostics.emit(SharedTable { table: sink.table.clone(), span, first });
            }
            Some(_) => {}
            None => {
                tables.insert((&sink.connection, &sink.table), sink);
            }
        }
    }
}
