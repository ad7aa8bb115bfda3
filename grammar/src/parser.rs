//! The generated parser, and its two modes: fast, and with the detail that explains a failure.
//!
//! Knows the text of one unit, no file and no places in it. pest keeps detail behind a process-wide switch; the lock
//! here makes sure that a parse that asked for detail gets it, whatever other threads do.

use std::sync::{Mutex, PoisonError};

use pest::Parser;
use pest::error::Error;
use pest::iterators::{Pair, Pairs};

/// The generated parser.
#[derive(pest_derive::Parser)]
#[grammar = "pipe.pest"]
struct PipeParser;

static DETAIL: Mutex<()> = Mutex::new(());

/// Parses `text` as `rule`.
pub(crate) fn parse_rule(rule: Rule, text: &str) -> Option<Pair<'_, Rule>> {
    PipeParser::parse(rule, text).ok().and_then(|mut pairs| pairs.next())
}

/// Parses `text` as `rule` once more and says why it fails; `None` if it does not.
pub(crate) fn failure(rule: Rule, text: &str) -> Option<Box<Error<Rule>>> {
    let _guard = DETAIL.lock().unwrap_or_else(PoisonError::into_inner);
    pest::set_error_detail(true);
    let result: Result<Pairs<'_, Rule>, Error<Rule>> = PipeParser::parse(rule, text);
    pest::set_error_detail(false);
    result.err().map(Box::new)
}
