//! Rows to cells of a schema: by the names of a header, or by position.

use bumpalo::Bump;
use pipewright_expr::Datum;
use pipewright_plan::{Base, Options, Schema, Type};

use super::Dialect;
use super::cells::{After, Cell, How, cell};
use crate::codecs::absent::Absent;
use crate::codecs::cell::read_text;
use crate::codecs::json::json_text;
#[cfg(any(feature = "engine", test))]
use crate::codecs::problem::shortened;
use crate::codecs::problem::{FieldName, Misfit, closest, undecodable};
use crate::codecs::{CodecError, ColumnRequest, Decoder, utf8};
use crate::record::BadRecord;

/// Reads rows of CSV.
#[derive(Debug)]
pub struct CsvDecoder {
    dialect: Dialect,
    /// How many cells a row has.
    width: usize,
    /// Who says so.
    header: bool,
    /// In the order of their cells; one cell may serve several columns.
    columns: Vec<Column>,
    /// Columns that the header has not: which cell of the output, and what it always is.
    absent: Vec<(usize, Absent, FieldName)>,
}

#[derive(Debug)]
struct Column {
    /// Which cell of the row.
    cell: usize,
    /// Which cell of the output.
    output: usize,
    ty: Type,
    field: FieldName,
    /// What stands for a cell that a ragged row has not.
    default: Option<Absent>,
}

impl CsvDecoder {
    /// A decoder of these columns. `header`: the names of the file's first row; without it cells are the fields of the
    /// schema in order.
    pub fn new(
        options: &Options,
        columns: &[ColumnRequest],
        schema: &Schema,
        header: Option<&[String]>,
    ) -> Result<Self, CodecError> {
        let dialect = Dialect::new(options)?;
        let by_order: Vec<String> = schema.fields.iter().map(|field| field.wire_name().to_string()).collect();
        let names = header.unwrap_or(&by_order);
        let mut compiled = Vec::with_capacity(columns.len());
        let mut absent = vec![];
        for (output, column) in columns.iter().enumerate() {
            let [name] = column.path.as_slice() else {
                return Err(CodecError {
                    name: "column-missing",
                    message: format!("a cell of CSV has no field `{}`", column.name),
                    help: None,
                });
            };
            let mut found = names.iter().enumerate().filter(|(_, it)| *it == name);
            let Some((cell, _)) = found.next() else {
                if let Some(default) = Absent::of(&column.path, &schema.fields) {
                    absent.push((output, default, FieldName::new(column, &schema.fields)));
                    continue;
                }
                let help = match closest(name, names.iter().map(String::as_str)) {
                    Some(close) => Some(format!("the header has `{close}`: `@json(\"{close}\")` at the field")),
                    None => {
                        Some(format!("the header has {}; `csv(skip = 1)` leaves out a line before it", some(names)))
                    }
                };
                return Err(CodecError {
                    name: "column-missing",
                    message: format!("the header has no column `{name}`"),
                    help,
                });
            };
            if found.next().is_some() {
                return Err(CodecError {
                    name: "column-ambiguous",
                    message: format!("the header has two columns `{name}`"),
                    help: Some("rename one of them".to_string()),
                });
            }
            let field = FieldName::new(column, &schema.fields);
            let default = Absent::of(&column.path, &schema.fields);
            compiled.push(Column { cell, output, ty: column.ty.clone(), field, default });
        }
        compiled.sort_by_key(|column| column.cell);
        Ok(Self { dialect, width: names.len(), header: header.is_some(), columns: compiled, absent })
    }

    fn who(&self) -> &'static str {
        if self.header { "the header" } else { "the type" }
    }

    #[cold]
    fn wrong_width(&self, found: usize, row: &[u8]) -> BadRecord {
        let (expected, who) = (self.width, self.who());
        let cells = |count: usize| format!("{count} {}", if count == 1 { "cell" } else { "cells" });
        let over = match memchr::memchr_iter(b'\n', row).count() {
            0 => String::new(),
            more => format!(" over {} lines", more + 1),
        };
        undecodable(format!("the row has {}{over}, {who} {expected}", cells(found)))
    }
}

impl Decoder for CsvDecoder {
    fn decode<'b>(&mut self, payload: &'b [u8], arena: &'b Bump, cells: &mut [Datum<'b>]) -> Result<(), BadRecord> {
        let text = utf8(payload)?;
        let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
        let bytes = text.as_bytes();
        let (mut at, mut count) = (0, 0);
        let mut columns = self.columns.iter().peekable();
        // A value that does not fit waits until the row is known to be one: a wrong width explains more.
        let mut misfit = None;
        loop {
            let found = cell(bytes, at, &self.dialect);
            match found.how {
                How::Unclosed => return Err(undecodable(format!("the quote of cell {} is not closed", count + 1))),
                How::Stray => {
                    return Err(undecodable(format!("text behind the closing quote of cell {}", count + 1)));
                }
                How::Plain | How::Quoted | How::Doubled => {}
            }
            if count >= self.width && self.dialect.ragged && !is_empty(found, text, &self.dialect) {
                return Err(undecodable(format!(
                    "the row has text in cell {}, {} {} cells",
                    count + 1,
                    self.who(),
                    self.width
                )));
            }
            while let Some(column) = columns.next_if(|column| column.cell == count) {
                match value(found, text, column, &self.dialect, arena) {
                    Ok(value) => {
                        if let Some(place) = cells.get_mut(column.output) {
                            *place = value;
                        }
                    }
                    Err(bad) => misfit = misfit.or(Some(bad)),
                }
            }
            count += 1;
            at = found.next;
            match found.after {
                After::Cell => {}
                After::End => break,
                After::Row => return Err(undecodable("the value holds more than one row".to_string())),
            }
        }
        if self.dialect.ragged {
            for column in columns {
                let value = column.absent(arena)?;
                if let Some(place) = cells.get_mut(column.output) {
                    *place = value;
                }
            }
        } else if count != self.width {
            return Err(self.wrong_width(count, bytes));
        }
        for (output, default, field) in &self.absent {
            if let Some(place) = cells.get_mut(*output) {
                *place = default.cell(arena).ok_or_else(|| field.missing(""))?;
            }
        }
        misfit.map_or(Ok(()), Err)
    }
}

impl Column {
    /// The value of a cell that the row has not.
    #[cold]
    fn absent<'b>(&self, arena: &'b Bump) -> Result<Datum<'b>, BadRecord> {
        match &self.default {
            Some(default) => default.cell(arena).ok_or_else(|| self.field.missing("")),
            None if self.ty.nullable => Ok(Datum::Null),
            None => Err(self.field.missing("")),
        }
    }
}

fn is_empty(cell: Cell, row: &str, dialect: &Dialect) -> bool {
    let text = row.get(cell.start..cell.end).unwrap_or_default();
    text.is_empty() || cell.how == How::Plain && dialect.trim && text.trim().is_empty()
}

/// The text of a cell that is in order.
fn text_of<'b>(cell: Cell, row: &'b str, dialect: &Dialect, arena: &'b Bump) -> &'b str {
    let text = row.get(cell.start..cell.end).unwrap_or_default();
    match (cell.how, dialect.quote) {
        (How::Plain, _) if dialect.trim => text.trim(),
        (How::Doubled, Some(quote)) => {
            let mut out = bumpalo::collections::String::with_capacity_in(text.len(), arena);
            let mut from = 0;
            while let Some(at) = text.as_bytes().get(from..).and_then(|rest| memchr::memchr(quote, rest)) {
                out.push_str(text.get(from..=from + at).unwrap_or_default());
                from += at + 2;
            }
            out.push_str(text.get(from..).unwrap_or_default());
            out.into_bump_str()
        }
        _ => text,
    }
}

/// The texts of a row's cells; for headers.
#[cfg(any(feature = "engine", test))]
pub(crate) fn cell_text(row: &str, dialect: &Dialect) -> Vec<String> {
    let arena = Bump::new();
    let (mut at, mut texts) = (0, Vec::new());
    loop {
        let found = cell(row.as_bytes(), at, dialect);
        texts.push(text_of(found, row, dialect, &arena).to_string());
        at = found.next;
        if found.after != After::Cell {
            return texts;
        }
    }
}

/// The names in a header; the reason if its quotes are not in order: names out of them would be wrong.
#[cfg(any(feature = "engine", test))]
pub(crate) fn header_text(row: &str, dialect: &Dialect) -> Result<Vec<String>, String> {
    let (mut at, mut count) = (0, 1);
    loop {
        let found = cell(row.as_bytes(), at, dialect);
        let text = row.get(found.start..found.end).unwrap_or_default();
        match (found.how, dialect.quote) {
            (How::Unclosed, _) => return Err(format!("the quote of cell {count} is not closed: {}", shortened(text))),
            (How::Stray, Some(quote)) => {
                let (name, stray) = text.rsplit_once(char::from(quote)).unwrap_or((text, ""));
                let what = if stray.trim().is_empty() {
                    "a blank".to_string()
                } else {
                    format!("`{}`", shortened(stray.trim()))
                };
                let quote = char::from(quote);
                return Err(format!(
                    "{what} stands behind the closing quote of cell {count}: `{}`",
                    shortened(&format!("{quote}{name}{quote}{stray}"))
                ));
            }
            (How::Stray | How::Plain | How::Quoted | How::Doubled, _) => {}
        }
        if found.after != After::Cell {
            return Ok(cell_text(row, dialect));
        }
        at = found.next;
        count += 1;
    }
}

fn value<'b>(
    cell: Cell,
    row: &'b str,
    column: &Column,
    dialect: &Dialect,
    arena: &'b Bump,
) -> Result<Datum<'b>, BadRecord> {
    let Column { ty, field, .. } = column;
    let text = text_of(cell, row, dialect, arena);
    // Quotes make a text of what would be null; for other types they mean nothing, because some writers quote all cells.
    if text == dialect.null && (cell.how == How::Plain || !ty.base.is_text()) {
        return match (&ty.base, ty.nullable) {
            (_, true) => Ok(Datum::Null),
            // What can be no null is the text that it is.
            (Base::String, false) if text.is_empty() => Ok(Datum::Text("")),
            _ => Err(field.stands_for_null(text)),
        };
    }
    if ty.base == Base::Json {
        let not_json = || field.misfit("", text, ty, &Misfit::Because("it is not JSON".to_string()));
        return match json_text(text, arena).ok_or_else(not_json)? {
            "null" if ty.nullable => Ok(Datum::Null),
            "null" => Err(field.null("")),
            json => Ok(Datum::Text(json)),
        };
    }
    read_text(text, &ty.base, arena).map_err(|why| field.misfit("", &format!("`{text}`"), ty, &why))
}

fn some(names: &[String]) -> String {
    let mut shown: Vec<_> = names.iter().take(6).map(|name| format!("`{name}`")).collect();
    if names.len() > shown.len() {
        shown.push("…".to_string());
    }
    shown.join(", ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use pipewright_plan::{Field, OptionValue};
    use proptest::prelude::*;

    use super::super::cells::row;
    use super::*;

    fn options(text: &[(&str, &str)]) -> Options {
        text.iter()
            .map(|(name, value)| {
                let value = match *value {
                    "true" => OptionValue::Bool(true),
                    text => OptionValue::String(text.to_string()),
                };
                (name.to_string(), value)
            })
            .collect()
    }

    fn schema() -> Schema {
        let mut name = Field::new("name", Base::String.required());
        name.wire_name = Some("Full Name".to_string());
        Schema::new(vec![
            Field::new("id", Base::Int64.required()),
            name,
            Field::new("note", Base::String.optional()),
            Field::new("price", Base::Decimal { precision: 8, scale: 2 }.optional()),
        ])
    }

    fn requests(schema: &Schema) -> Vec<ColumnRequest> {
        let request = |field: &Field| ColumnRequest {
            path: vec![field.wire_name().to_string()],
            ty: field.ty.clone(),
            name: field.name.clone(),
            origin: None,
        };
        schema.fields.iter().map(request).collect()
    }

    fn read(options: &Options, header: Option<&str>, row: &str) -> String {
        let schema = schema();
        let header = header.map(|it| cell_text(it, &Dialect::new(options).unwrap()));
        let mut decoder = match CsvDecoder::new(options, &requests(&schema), &schema, header.as_deref()) {
            Ok(decoder) => decoder,
            Err(error) => return format!("{}: {error}; {}", error.name, error.help.clone().unwrap_or_default()),
        };
        let arena = Bump::new();
        let mut cells = [Datum::Bool(true); 4];
        match decoder.decode(row.as_bytes(), &arena, &mut cells) {
            Ok(()) => format!("{cells:?}"),
            Err(bad) => format!("{}: {}", bad.name, bad.reason),
        }
    }

    #[test]
    fn rows_by_order() {
        let plain = options(&[]);
        for (row, expected) in [
            ("1,Ada,x,2.5", r#"[Int(1), Text("Ada"), Text("x"), Decimal(250)]"#),
            ("1,\"A, \"\"B\"\"\nC\",\"\",\r\n", r#"[Int(1), Text("A, \"B\"\nC"), Text(""), Null]"#),
            ("\"1\",,,\"\"", r#"[Int(1), Text(""), Null, Null]"#),
            ("1, Ada ,5\" pipe,1", r#"[Int(1), Text(" Ada "), Text("5\" pipe"), Decimal(100)]"#),
            (",Ada,,", "null-value: `id` is empty, which stands for null"),
            ("x,Ada,,", "wrong-type: `id` is `x`, not an `int64`"),
            ("1,Ada,", "undecodable: the row has 3 cells, the type 4"),
            ("x,Ada,,,", "undecodable: the row has 5 cells, the type 4"),
            ("", "undecodable: the row has 1 cell, the type 4"),
            ("1,\"Ada\n2,\",Bob,,,", "undecodable: the row has 6 cells over 2 lines, the type 4"),
            ("1,\"Ada,,", "undecodable: the quote of cell 2 is not closed"),
            ("1,\"Ada\"x,,", "undecodable: text behind the closing quote of cell 2"),
            ("1,Ada,,\n2,Bob,,", "undecodable: the value holds more than one row"),
        ] {
            assert_eq!(read(&plain, None, row), expected, "{row}");
        }
        let other = options(&[("delimiter", ";"), ("null", "NULL"), ("trim", "true"), ("quote", "'")]);
        for (row, expected) in [
            (" 1 ; Ada ;NULL; NULL", r#"[Int(1), Text("Ada"), Null, Null]"#),
            ("1;'NULL ''';'NULL';'NULL'", r#"[Int(1), Text("NULL '"), Text("NULL"), Null]"#),
            ("1;NULL;;", "null-value: `name` is `NULL`, which stands for null"),
            ("1;;;", "wrong-type: `price` is ``, not a `decimal(8, 2)`"),
        ] {
            assert_eq!(read(&other, None, row), expected, "{row}");
        }
        let unquoted = options(&[("quote", "")]);
        assert_eq!(read(&unquoted, None, "1,\"a\",\",3"), r#"[Int(1), Text("\"a\""), Text("\""), Decimal(300)]"#);
    }

    /// A header that does not name a field says that no row has it; an empty cell is null as ever.
    #[test]
    fn columns_that_the_header_has_not_have_their_default() {
        let mut schema = schema();
        for (field, json) in schema.fields.iter_mut().zip(["7", "\"Ada\"", "null", "2.50"]) {
            field.default = Some(json.to_string());
        }
        let header = ["note".to_string()];
        let mut decoder = CsvDecoder::new(&options(&[]), &requests(&schema), &schema, Some(&header)).unwrap();
        let arena = Bump::new();
        let mut cells = [Datum::Bool(true); 4];
        decoder.decode(b"x", &arena, &mut cells).unwrap();
        assert_eq!(format!("{cells:?}"), r#"[Int(7), Text("Ada"), Text("x"), Decimal(250)]"#);
        let header = ["id".to_string()];
        let mut decoder = CsvDecoder::new(&options(&[]), &requests(&schema), &schema, Some(&header)).unwrap();
        assert_eq!(decoder.decode(b"", &arena, &mut cells).unwrap_err().name, "null-value");
    }

    #[test]
    fn rows_by_header() {
        let plain = options(&[]);
        let header = Some("price,extra,\"Full Name\",id,note\r");
        assert_eq!(read(&plain, header, "1,?,Ada,7,n"), r#"[Int(7), Text("Ada"), Text("n"), Decimal(100)]"#);
        assert_eq!(read(&plain, header, "1,?,Ada,7"), "undecodable: the row has 4 cells, the header 5");
        assert_eq!(
            read(&plain, Some("id,full name,note,price"), ""),
            "column-missing: the header has no column `Full Name`; \
             the header has `full name`: `@json(\"full name\")` at the field"
        );
        assert_eq!(
            read(&plain, Some("id,Full Name,zzz,price"), ""),
            "column-missing: the header has no column `note`; the header has `id`, `Full Name`, `zzz`, `price`; `csv(skip = 1)` leaves out a line before it"
        );
        assert!(read(&plain, Some("id,id,Full Name,note,price"), "").starts_with("column-ambiguous: "));
    }

    #[test]
    fn a_header_with_quotes_that_are_not_in_order_names_nothing() {
        let names = |row: &str| header_text(row, &Dialect::new(&options(&[])).unwrap());
        assert_eq!(names("\"a\"\"b\", c ,\"d\"").unwrap(), ["a\"b", " c ", "d"]);
        assert_eq!(
            names("x,\"Order ID\" ,y").unwrap_err(),
            "a blank stands behind the closing quote of cell 2: `\"Order ID\" `"
        );
        assert_eq!(names("\"a\"b,c").unwrap_err(), "`b` stands behind the closing quote of cell 1: `\"a\"b`");
        assert_eq!(names("a,\"b").unwrap_err(), "the quote of cell 2 is not closed: b");
    }

    /// Rows of a text as we cut them.
    fn rows(text: &str, dialect: &Dialect) -> Vec<Vec<String>> {
        let bytes = text.as_bytes();
        let (mut at, mut rows) = (0, Vec::new());
        while at < bytes.len() {
            let found = row(bytes, at, dialect, true).unwrap();
            if found.end > at {
                rows.push(cell_text(&text[at..found.end], dialect));
            }
            at = found.next;
        }
        rows
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        /// What a CSV writer writes, we read.
        #[test]
        fn agrees_with_the_csv_crate(
            table in (1usize..5).prop_flat_map(|width| proptest::collection::vec(
                proptest::collection::vec("[a ,\"\n;é]{0,6}", width), 0..5)),
            crlf: bool,
            delimiter in proptest::sample::select(vec![",", ";"]),
        ) {
            let dialect = Dialect::new(&options(&[("delimiter", delimiter)])).unwrap();
            let terminator = if crlf { ::csv::Terminator::CRLF } else { ::csv::Terminator::Any(b'\n') };
            let mut writer = ::csv::WriterBuilder::new().delimiter(dialect.delimiter).terminator(terminator).from_writer(Vec::new());
            for row in &table {
                writer.write_record(row).unwrap();
            }
            let written = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            prop_assert_eq!(rows(&written, &dialect), table);
        }

        /// Any text without stray quotes is cut as the csv crate cuts it.
        #[test]
        fn cuts_like_the_csv_crate(cells in proptest::collection::vec(
            proptest::sample::select(vec!["a", "b\"c", "\"x\"", "\"y\"\"\"", "\"\n,\"", "", ",", ",", "\n", "\r\n"]), 0..20)) {
            // A separator between any two pieces that are both cells.
            let mut text = String::new();
            for piece in cells {
                let separator = |piece: &str| matches!(piece, "," | "\n" | "\r\n");
                if !text.is_empty() && !separator(piece) && !text.ends_with([',', '\n']) {
                    text.push(',');
                }
                if piece == "\"\n,\"" && !(text.is_empty() || text.ends_with([',', '\n'])) {
                    text.push(',');
                }
                text.push_str(piece);
            }
            let dialect = Dialect::new(&Options::new()).unwrap();
            let mut reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let expected: Vec<Vec<String>> =
                reader.records().map(|row| row.unwrap().iter().map(str::to_string).collect()).collect();
            prop_assert_eq!(rows(&text, &dialect), expected, "{:?}", text);
        }
    }
}
