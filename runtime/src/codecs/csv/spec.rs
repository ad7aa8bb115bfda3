//! What the language may say of CSV.

use pipewright_plan::{Base, CodecSpec, OptionProblem, OptionType, OptionValue, Options, Type, TypedOptions, options};

options! {
    /// How rows are written.
    pub struct CsvOptions {
        /// The character between two cells.
        delimiter: String, OptionType::String, default "\",\"" = ",".to_string();
        /// The first row of a file names the columns. Without it columns are the fields of the type, in order. A Kafka
        /// record holds one row and never a header.
        header: bool, OptionType::Bool, default "true" = true;
        /// The character around cells that hold a delimiter or a line end; written twice inside them. `""`: there is none.
        quote: String, OptionType::String, default "\"\\\"\"" = "\"".to_string();
        /// What stands for null, written as `` `null` = "NULL" ``. A quoted cell of a string field is never null.
        null: String, OptionType::String, default "\"\"" = String::new();
        /// Spaces around cells that are not quoted are dropped.
        trim: bool, OptionType::Bool, default "false" = false;
        /// How many lines of a file stand before the header, or before the first row: titles that a spreadsheet writes.
        skip: u32, OptionType::Int { min: 0, max: 1_000 }, default "0" = 0;
        /// Rows may have empty cells too many at their end, and cells too few: what is not there is null, or the default of
        /// its field.
        ragged: bool, OptionType::Bool, default "false" = false;
    }
}

/// CSV.
pub const SPEC: CodecSpec = CodecSpec {
    name: "csv",
    doc: "One row of CSV per record, in UTF-8. Line ends are LF or CRLF; quoted cells may hold line ends. A quote that runs over line ends and is not closed as it should be costs the line on which it opens, not those behind it.",
    options: CsvOptions::SPEC,
    reads: one_cell,
    writes: one_cell,
    pasted: false,
    fixed_schema: None,
    validate,
};

/// A cell holds one value.
fn one_cell(ty: &Type) -> Result<(), String> {
    match &ty.base {
        Base::Bool
        | Base::Int32
        | Base::Int64
        | Base::Float64
        | Base::Decimal { .. }
        | Base::String
        | Base::Bytes
        | Base::Uuid
        | Base::Date
        | Base::Time
        | Base::Timestamp
        | Base::LocalTimestamp
        | Base::Duration
        | Base::Json
        | Base::Set(_)
        | Base::Null
        | Base::Unknown => Ok(()),
        Base::List(_) | Base::Map(_) | Base::Record(_) => {
            Err(format!("a cell of CSV holds one value, not a `{ty}`; declare the field as `json`"))
        }
    }
}

impl CsvOptions {
    /// The delimiter, if it is what a delimiter may be.
    pub fn delimiter_byte(&self) -> Option<u8> {
        one_ascii(&self.delimiter)
    }

    /// The quote, if there is one.
    pub fn quote_byte(&self) -> Option<u8> {
        one_ascii(&self.quote)
    }
}

fn one_ascii(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | 0) => Some(*byte),
        _ => None,
    }
}

fn validate(options: &Options) -> Vec<OptionProblem> {
    let mut problems = Vec::new();
    let text = |name: &str, default: &str| match options.get(name) {
        Some(OptionValue::String(text) | OptionValue::Word(text)) => text.clone(),
        _ => default.to_string(),
    };
    let (delimiter, quote) = (text("delimiter", ","), text("quote", "\""));
    let mut complain = |option: &str, message: String, help: &str| {
        problems.push(OptionProblem {
            option: Some(option.to_string()),
            message,
            help: Some(help.to_string()),
            entry: None,
        });
    };
    if one_ascii(&delimiter).is_none() {
        complain(
            "delimiter",
            format!("`{}` cannot be a delimiter", delimiter.escape_default()),
            "one ASCII character, such as `delimiter = \";\"` or `delimiter = \"\\t\"`",
        );
    }
    if !quote.is_empty() && one_ascii(&quote).is_none() {
        complain(
            "quote",
            format!("`{}` cannot be a quote", quote.escape_default()),
            "one ASCII character, or `quote = \"\"` for none",
        );
    }
    if !quote.is_empty() && quote == delimiter {
        complain("quote", "quote and delimiter are the same character".to_string(), "choose another `quote`");
    }
    problems
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    fn problems(options: &[(&str, &str)]) -> Vec<String> {
        let options = options.iter().map(|(k, v)| (k.to_string(), OptionValue::String(v.to_string()))).collect();
        validate(&options).into_iter().map(|it| it.message).collect()
    }

    #[test]
    fn says_what_cannot_be_a_delimiter() {
        assert_eq!(problems(&[]), Vec::<String>::new());
        assert_eq!(problems(&[("delimiter", "\t"), ("quote", "")]), Vec::<String>::new());
        assert_eq!(problems(&[("delimiter", ";;")]), ["`;;` cannot be a delimiter"]);
        assert_eq!(problems(&[("delimiter", "\n")]), ["`\\n` cannot be a delimiter"]);
        assert_eq!(problems(&[("quote", ",")]), ["quote and delimiter are the same character"]);
        assert_eq!(problems(&[("quote", "é")]), ["`\\u{e9}` cannot be a quote"]);
    }

    #[test]
    fn nested_types_are_refused() {
        assert!(one_cell(&Base::Json.optional()).is_ok());
        let why = one_cell(&Base::List(Box::new(Base::Int64.required())).required()).unwrap_err();
        assert_eq!(why, "a cell of CSV holds one value, not a `list<int64>`; declare the field as `json`");
    }
}
