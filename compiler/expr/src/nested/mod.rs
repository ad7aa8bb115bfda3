//! Lists, maps, records and `json`: JSON text, read where it is needed.
//!
//! `scan` finds the parts of a text without understanding them, `value` turns a part into a typed value and back, `equal`
//! compares by structure. A codec checks the text once, when the record comes in.
//!
//! The keys of records are the names that programs use; codecs translate from and to the names on the wire.

mod equal;
mod scan;
mod value;

pub use equal::equal_json;
pub use scan::{Elements, Members, element, is_null, member, unquote};
pub(crate) use value::write_base64;
pub use value::{read_json, write_json};
