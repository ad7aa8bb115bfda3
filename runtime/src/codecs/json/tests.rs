//! Decoder and encoder together: every type, every reason, and what is written is read back.

use bumpalo::Bump;
use pipewright_expr::Datum;
use pipewright_plan::{Base, Field, Format, Schema, Type};
use proptest::prelude::*;

use crate::codecs::json::samples;
use crate::codecs::{ColumnRequest, decoder, encoder};
use crate::record::BadRecord;

fn json() -> Format {
    Format { codec: "json".to_string(), options: Default::default() }
}

fn request(name: &str, ty: Type) -> ColumnRequest {
    ColumnRequest { path: name.split('.').map(str::to_string).collect(), ty, name: name.to_string(), origin: None }
}

/// Decodes one column `x` of that type; text for comparing.
fn read(ty: &Type, value: &str) -> String {
    let schema = Schema::new(vec![Field::new("x", ty.clone())]);
    let arena = Bump::new();
    let payload = format!("{{\"x\":{value}}}");
    let mut cells = [Datum::Null];
    let mut decoder = decoder(&json(), &[request("x", ty.clone())], &schema).unwrap();
    match decoder.decode(payload.as_bytes(), &arena, &mut cells) {
        Ok(()) => format!("{:?}", cells[0]),
        Err(bad) => format!("{}: {}", bad.name, bad.reason),
    }
}

fn set() -> Base {
    Base::Set(vec!["new".to_string(), "paid".to_string()])
}

fn line() -> Type {
    let mut sku = Field::new("sku", Base::String.required());
    sku.wire_name = Some("SKU".to_string());
    let price = Field::new("price", Base::Decimal { precision: 8, scale: 2 }.required());
    Base::Record(vec![sku, price, Field::new("note", Base::String.optional())]).required()
}

#[test]
fn values_by_type() {
    for (base, value, expected) in [
        (Base::Bool, "true", "Bool(true)"),
        (Base::Int32, "-2147483648", "Int(-2147483648)"),
        (Base::Int64, "9223372036854775807", "Int(9223372036854775807)"),
        (Base::Int64, "5.0", "Int(5)"),
        (Base::Int64, "5e0", "Int(5)"),
        (Base::Float64, "0.1", "Float(0.1)"),
        (Base::Float64, "-0", "Float(-0.0)"),
        (Base::Decimal { precision: 12, scale: 2 }, "10.5", "Decimal(1050)"),
        (
            Base::Decimal { precision: 38, scale: 0 },
            "99999999999999999999999999999999999999",
            "Decimal(99999999999999999999999999999999999999)",
        ),
        (Base::String, r#""a\u00e9\n""#, r#"Text("aé\n")"#),
        (set(), r#""p\u0061id""#, r#"Text("paid")"#),
        (Base::Bytes, r#""AAEC""#, "Bytes([0, 1, 2])"),
        (
            Base::Uuid,
            r#""00000000-0000-0000-0000-0000000000ff""#,
            "Bytes([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255])",
        ),
        (Base::Date, r#""1970-01-02""#, "Int(1)"),
        (Base::Time, r#""00:00:01.5""#, "Int(1500000)"),
        (Base::Timestamp, r#""1970-01-01T01:00:00+01:00""#, "Int(0)"),
        (Base::LocalTimestamp, r#""1970-01-01 00:00:01""#, "Int(1000000)"),
        (Base::Duration, r#""1m30s""#, "Int(90000000)"),
        (Base::Json, r#"{ "a" : [ 1.50 , null ] }"#, r#"Text("{\"a\":[1.50,null]}")"#),
        (Base::List(Box::new(Base::Int64.optional())), "[ 1, 2.0, null ]", r#"Text("[1,2,null]")"#),
        (Base::List(Box::new(Base::Int64.required())), "[ ]", r#"Text("[]")"#),
        (
            Base::Map(Box::new(Base::Bool.required())),
            r#"{"b":true,"a":false,"\u0062":false}"#,
            r#"Text("{\"a\":false,\"b\":false}")"#,
        ),
        (
            Base::List(Box::new(line())),
            r#"[{"price":1.5,"x":[{}],"SKU":"A\u0042"}]"#,
            r#"Text("[{\"sku\":\"AB\",\"price\":1.50,\"note\":null}]")"#,
        ),
    ] {
        assert_eq!(read(&base.clone().required(), value), expected, "{base} {value}");
        assert_eq!(read(&base.clone().optional(), value), expected, "{base}? {value}");
        assert_eq!(read(&base.clone().optional(), "null"), "Null", "{base}?");
        assert_eq!(read(&base.required(), "null"), "null-value: `x` is null");
    }
}

#[test]
fn reasons() {
    let list = |base: Base| Base::List(Box::new(base.required()));
    for (base, value, expected) in [
        (Base::Bool, "1", "`x` is 1, not a `bool`"),
        (Base::Int64, "\"1x\"", "`x` is \"1x\", not an `int64`"),
        (Base::Int64, "5.5", "`x` is 5.5, not a whole number"),
        (Base::Int32, "3000000000", "`x` is 3000000000, out of the range of an `int32`"),
        (Base::Int64, "1e400", "`x` is 1e400, out of the range of an `int64`"),
        (Base::Float64, "1e400", "`x` is 1e400, out of the range of a `float64`"),
        (
            Base::Decimal { precision: 12, scale: 2 },
            "\"10.50\"",
            "`x` is \"10.50\", text and not a number; `format = json(numbers = text)` reads numbers in quotes",
        ),
        (Base::Decimal { precision: 12, scale: 2 }, "1.234", "`x` is 1.234, with more than 2 decimal places"),
        (Base::Decimal { precision: 3, scale: 2 }, "10", "`x` is 10, out of the range of a `decimal(3, 2)`"),
        (Base::String, "12", "`x` is 12, not a `string`"),
        (set(), "\"payed\"", "`x` is \"payed\", not one of \"new\", \"paid\""),
        (set(), "7", "`x` is 7, not one of \"new\", \"paid\""),
        (Base::Bytes, "\"*\"", "`x` is \"*\": it is not base64"),
        (Base::Uuid, "\"7\"", "`x` is \"7\", not a `uuid`"),
        (Base::Date, "\"2026-02-30\"", "`x` is \"2026-02-30\", out of the range of a `date`"),
        (
            Base::Timestamp,
            "\"2026-01-01T10:00:00\"",
            "`x` is \"2026-01-01T10:00:00\", without the time zone a timestamp needs",
        ),
        (Base::Timestamp, "1767261600", "`x` is 1767261600, not a `timestamp`"),
        (
            Base::Timestamp,
            "\"2026-01-01T10:00:00.1234567Z\"",
            "`x` is \"2026-01-01T10:00:00.1234567Z\", finer than a `timestamp`",
        ),
        (
            Base::LocalTimestamp,
            "\"2026-01-01T10:00:00Z\"",
            "`x` is \"2026-01-01T10:00:00Z\", with a time zone that civil time has not",
        ),
        (list(Base::Int64), "{}", "`x` is {}, not a `list<int64>`"),
        (
            list(Base::Int64),
            "[1,\"2\"]",
            "`x[1]` is \"2\", text and not a number; `format = json(numbers = text)` reads numbers in quotes",
        ),
        (Base::Map(Box::new(list(Base::Bool).required())), "{\"k\":[true,7]}", "`x[\"k\"][1]` is 7, not a `bool`"),
        (list(line().base), "[{\"SKU\":\"a\",\"price\":1,\"note\":2}]", "`x[0].note` is 2, not a `string`"),
    ] {
        assert_eq!(read(&base.clone().required(), value), format!("wrong-type: {expected}"), "{base} {value}");
    }
    assert_eq!(read(&list(Base::Int64).required(), "[1,null]"), "null-value: `x[1]` is null");
    assert_eq!(read(&list(line().base).required(), "[{\"SKU\":\"a\"}]"), "missing-field: `x[0].price` is missing");
    assert_eq!(
        read(&Base::Int64.required(), &format!("\"{}\"", "é".repeat(100))),
        format!("wrong-type: `x` is \"{}…, not an `int64`", "é".repeat(39))
    );
}

/// Decodes these columns of a payload.
fn columns(schema: &Schema, requests: &[ColumnRequest], payload: &[u8]) -> Result<String, BadRecord> {
    let arena = Bump::new();
    let mut cells = vec![Datum::Bool(true); requests.len()];
    decoder(&json(), requests, schema).unwrap().decode(payload, &arena, &mut cells)?;
    Ok(format!("{cells:?}"))
}

#[test]
fn nested_fields_and_their_parents() {
    let customer = |ty: fn(Base) -> Type| {
        let name = Field::new("name", Base::String.required());
        let city = Field::new("city", Base::Record(vec![name.clone()]).optional());
        Schema::new(vec![Field::new("customer", ty(Base::Record(vec![name, city])))])
    };
    let requests =
        [request("customer.name", Base::String.required()), request("customer.city.name", Base::String.optional())];
    let (required, optional) = (customer(Base::required), customer(Base::optional));
    let read = |schema: &Schema, payload: &str| match columns(schema, &requests, payload.as_bytes()) {
        Ok(cells) => cells,
        Err(bad) => format!("{}: {}", bad.name, bad.reason),
    };
    let whole = r#"{"customer":{"city":{"name":"Delft"},"name":"Ada"}}"#;
    assert_eq!(read(&required, whole), r#"[Text("Ada"), Text("Delft")]"#);
    assert_eq!(read(&required, r#"{"customer":{"name":"Ada","city":null}}"#), r#"[Text("Ada"), Null]"#);
    assert_eq!(read(&optional, "{}"), "[Null, Null]");
    assert_eq!(read(&optional, r#"{"customer":null}"#), "[Null, Null]");
    assert_eq!(read(&required, "{}"), "missing-field: `customer` is missing");
    assert_eq!(read(&required, r#"{"customer":null}"#), "null-value: `customer` is null");
    assert_eq!(read(&optional, r#"{"customer":{}}"#), "missing-field: `customer.name` is missing");
    assert_eq!(
        read(&optional, r#"{"customer":"Ada"}"#),
        "wrong-type: `customer` is \"Ada\", not a `{ name: string, city: { name: string }? }`"
    );
}

#[test]
fn a_record_and_its_fields_may_both_be_asked_for() {
    let inner = Base::Record(vec![Field::new("a", Base::Int64.required()), Field::new("b", Base::Bool.optional())]);
    let schema = Schema::new(vec![Field::new("x", inner.clone().required())]);
    let requests = [
        request("x.b", Base::Bool.optional()),
        request("x", inner.required()),
        request("x.a", Base::Int64.required()),
        request("x.a", Base::Int64.required()),
    ];
    let read = |payload: &str| columns(&schema, &requests, payload.as_bytes()).unwrap();
    assert_eq!(read(r#"{"x":{"a":1}}"#), r#"[Null, Text("{\"a\":1,\"b\":null}"), Int(1), Int(1)]"#);
    // Of two equal keys the last one wins as a whole.
    assert_eq!(
        read(r#"{"x":{"a":1,"b":true},"x":{"a":2}}"#),
        r#"[Null, Text("{\"a\":2,\"b\":null}"), Int(2), Int(2)]"#
    );
}

#[test]
fn many_keys_in_any_order() {
    let schema = Schema::new((0..40).map(|at| Field::new(format!("f{at}"), Base::Int64.required())).collect());
    let requests: Vec<_> = (0..40).map(|at| request(&format!("f{at}"), Base::Int64.required())).collect();
    let payload: Vec<_> = (0..40).rev().map(|at| format!("\"f{at}\":{at},\"g{at}\":0")).collect();
    let expected: Vec<_> = (0..40).map(Datum::Int).collect();
    let read = columns(&schema, &requests, format!("{{{}}}", payload.join(",")).as_bytes()).unwrap();
    assert_eq!(read, format!("{expected:?}"));
}

/// Absent is not null: only what is not there at all has its default.
#[test]
fn absent_fields_have_their_default() {
    let with = |mut field: Field, json: &str| {
        field.default = Some(json.to_string());
        field
    };
    let money = Base::Decimal { precision: 12, scale: 2 };
    let country = with(Field::new("country", Base::String.required()), "\"NL\"");
    let customer = Base::Record(vec![country.clone()]);
    let line = Base::Record(vec![with(Field::new("quantity", Base::Int32.required()), "1")]).required();
    let schema = Schema::new(vec![
        with(Field::new("amount", money.clone().required()), "12.50"),
        with(Field::new("note", Base::String.optional()), "\"none\""),
        with(Field::new("tags", Base::List(Box::new(Base::String.required())).required()), "[\"a\"]"),
        Field::new("customer", customer.optional()),
        Field::new("lines", Base::List(Box::new(line)).required()),
    ]);
    let mut requests: Vec<_> = schema.fields.iter().map(|it| request(&it.name, it.ty.clone())).collect();
    requests.insert(3, request("customer.country", Base::String.required()));
    requests.remove(4);
    for (payload, expected) in [
        (
            r#"{"customer":{},"lines":[{},{"quantity":2}]}"#,
            r#"[Decimal(1250), Text("none"), Text("[\"a\"]"), Text("NL"), Text("[{\"quantity\":1},{\"quantity\":2}]")]"#,
        ),
        (
            r#"{"amount":1,"note":null,"tags":[],"customer":{"country":"DE"},"lines":[]}"#,
            r#"[Decimal(100), Null, Text("[]"), Text("DE"), Text("[]")]"#,
        ),
        (r#"{"lines":[]}"#, r#"[Decimal(1250), Text("none"), Text("[\"a\"]"), Null, Text("[]")]"#),
    ] {
        assert_eq!(columns(&schema, &requests, payload.as_bytes()).unwrap(), expected, "{payload}");
    }
    let bad = columns(&schema, &requests, br#"{"amount":null,"lines":[]}"#).unwrap_err();
    assert_eq!(bad.reason, "`amount` is null");
}

#[test]
fn what_is_no_json_object() {
    let schema = Schema::new(vec![Field::new("x", Base::Int64.optional())]);
    let requests = [request("x", Base::Int64.optional())];
    for (payload, reason) in [
        (&b""[..], "the value is empty, not a JSON object"),
        (b"[1]", "the value is [1], not a JSON object"),
        (b"{\"x\":1", "the value is not JSON: expected `,` or `}` at its end (byte 6)"),
        (b"{\"y\":[1,2 3]}", "the value is not JSON: expected `,` or `]` at `3]}` (byte 10)"),
        (b"{\"y\":01}", "the value is not JSON: a number goes wrong at `1}` (byte 6)"),
        (b"{x:1}", "the value is not JSON: expected a key in quotes at `x:1}` (byte 1)"),
        (b"{\"x\":\"\xff\"}", "the value is not UTF-8: 0xff at byte 6"),
    ] {
        let bad = columns(&schema, &requests, payload).unwrap_err();
        assert_eq!((bad.name, bad.reason.as_str()), ("undecodable", reason));
    }
}

#[test]
fn personal_data_is_not_shown() {
    let mut email = Field::new("email", Base::Date.required());
    email.pii = true;
    let schema = Schema::new(vec![email]);
    let bad = columns(&schema, &[request("email", Base::Date.required())], br#"{"email":"ada@x.org"}"#).unwrap_err();
    assert_eq!(bad.reason, "`email` is …, not a `date`");
}

#[test]
fn the_encoder_writes_wire_names_and_exact_values() {
    let mut amount = Field::new("amount", Base::Decimal { precision: 12, scale: 2 }.required());
    amount.wire_name = Some("Amount \"EUR\"".to_string());
    let schema = Schema::new(vec![
        Field::new("id", Base::Int64.required()),
        amount,
        Field::new("items", Base::List(Box::new(line())).optional()),
        Field::new("at", Base::Timestamp.optional()),
        Field::new("rate", Base::Float64.required()),
        Field::new("data", Base::Bytes.required()),
        Field::new("any", Base::Json.required()),
    ]);
    let items = r#"[{"sku":"a","price":1.00,"note":null}]"#;
    let cells = [
        Datum::Int(i64::MIN),
        Datum::Decimal(-5),
        Datum::Text(items),
        Datum::Null,
        Datum::Float(0.1),
        Datum::Bytes(&[0, 1]),
        Datum::Text("{\"b\":[]}"),
    ];
    let mut out = b"before".to_vec();
    let mut encoder = encoder(&json(), &schema).unwrap();
    encoder.encode(&cells, &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out.clone()).unwrap(),
        "before{\"id\":-9223372036854775808,\"Amount \\\"EUR\\\"\":-0.05,\
         \"items\":[{\"SKU\":\"a\",\"price\":1.00,\"note\":null}],\"at\":null,\"rate\":0.1,\"data\":\"AAE=\",\"any\":{\"b\":[]}}"
    );
    let mut wrong = cells;
    wrong[4] = Datum::Float(f64::NAN);
    let bad = encoder.encode(&wrong, &mut out).unwrap_err();
    assert_eq!((bad.name, bad.reason.as_str()), ("unencodable", "`rate` is NaN, which JSON cannot hold"));
    assert!(out.ends_with(b"}"));
    let none = super::super::encoder(&json(), &Schema::default()).unwrap().encode(&[], &mut out);
    assert!(none.is_ok() && out.ends_with(b"{}"));
}

/// A value for proptest that owns its text.
#[derive(Clone, Debug)]
enum Value {
    Null,
    Int(i64),
    Decimal(i128),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    Bool(bool),
}

impl Value {
    fn datum(&self) -> Datum<'_> {
        match self {
            Value::Null => Datum::Null,
            Value::Int(it) => Datum::Int(*it),
            Value::Decimal(it) => Datum::Decimal(*it),
            Value::Float(it) => Datum::Float(*it),
            Value::Text(it) => Datum::Text(it),
            Value::Bytes(it) => Datum::Bytes(it),
            Value::Bool(it) => Datum::Bool(*it),
        }
    }
}

fn cell() -> impl Strategy<Value = (Type, Value)> {
    use pipewright_expr::convert::{MAX_INSTANT, MIN_INSTANT};
    let day = 86_400_000_000i64;
    let value = prop_oneof![
        any::<bool>().prop_map(|it| (Base::Bool, Value::Bool(it))),
        any::<i64>().prop_map(|it| (Base::Int64, Value::Int(it))),
        any::<i32>().prop_map(|it| (Base::Int32, Value::Int(it.into()))),
        proptest::num::f64::NORMAL.prop_map(|it| (Base::Float64, Value::Float(it))),
        ((1 - 10i128.pow(38))..10i128.pow(38), 0u8..=38)
            .prop_map(|(it, scale)| (Base::Decimal { precision: 38, scale }, Value::Decimal(it))),
        any::<String>().prop_map(|it| (Base::String, Value::Text(it))),
        Just((set(), Value::Text("paid".to_string()))),
        proptest::collection::vec(any::<u8>(), 0..100).prop_map(|it| (Base::Bytes, Value::Bytes(it))),
        any::<[u8; 16]>().prop_map(|it| (Base::Uuid, Value::Bytes(it.to_vec()))),
        (MIN_INSTANT / day..MAX_INSTANT / day).prop_map(|it| (Base::Date, Value::Int(it))),
        (0..day).prop_map(|it| (Base::Time, Value::Int(it))),
        (MIN_INSTANT..=MAX_INSTANT).prop_map(|it| (Base::Timestamp, Value::Int(it))),
        (MIN_INSTANT..=MAX_INSTANT).prop_map(|it| (Base::LocalTimestamp, Value::Int(it))),
        (-day * 1000..day * 1000).prop_map(|it| (Base::Duration, Value::Int(it))),
        proptest::collection::btree_map(any::<String>(), any::<i64>(), 0..4).prop_map(|it| {
            (Base::Map(Box::new(Base::Int64.required())), Value::Text(serde_json::to_string(&it).unwrap()))
        }),
    ];
    (value, any::<bool>(), 0u8..5).prop_map(|((base, value), nullable, null)| match (nullable, null) {
        (true, 0) => (base.optional(), Value::Null),
        (true, _) => (base.optional(), value),
        _ => (base.required(), value),
    })
}

proptest! {
    /// As a map of untyped values, any object is what serde_json makes of it.
    #[test]
    fn maps_hold_what_serde_json_finds(json in samples::object()) {
        let ty = Base::Map(Box::new(Base::Json.optional())).required();
        let schema = Schema::new(vec![Field::new("x", ty.clone())]);
        let arena = Bump::new();
        let mut cells = [Datum::Null];
        let payload = format!("{{\"x\":{json}}}");
        decoder(&self::json(), &[request("x", ty)], &schema).unwrap().decode(payload.as_bytes(), &arena, &mut cells).unwrap();
        let Datum::Text(text) = cells[0] else { panic!("{cells:?}") };
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        prop_assert_eq!(read(text), read(&json));
    }

    #[test]
    fn what_is_written_is_read_back(row in proptest::collection::vec(cell(), 0..12)) {
        let fields = row.iter().enumerate().map(|(at, (ty, _))| Field::new(format!("f\u{e9}{at}"), ty.clone()));
        let schema = Schema::new(fields.collect());
        let cells: Vec<_> = row.iter().map(|(_, value)| value.datum()).collect();
        let mut out = Vec::new();
        encoder(&json(), &schema).unwrap().encode(&cells, &mut out).unwrap();
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&out).is_ok());
        let requests: Vec<_> = schema.fields.iter().map(|field| request(&field.name, field.ty.clone())).collect();
        let arena = Bump::new();
        let mut read = vec![Datum::Bool(false); cells.len()];
        decoder(&json(), &requests, &schema).unwrap().decode(&out, &arena, &mut read).unwrap();
        prop_assert_eq!(read, cells);
    }
}

#[test]
fn numbers_in_quotes_are_read_where_the_producer_writes_them_so() {
    let decimal = Base::Decimal { precision: 12, scale: 2 };
    let quoted = Format {
        codec: "json".to_string(),
        options: [("numbers".to_string(), pipewright_plan::OptionValue::Word("text".to_string()))].into(),
    };
    let mut total = Field::new("total", Base::Int64.required());
    total.pii = true;
    let fields = vec![
        Field::new("price", decimal.clone().required()),
        Field::new("lines", Base::List(Box::new(line())).required()),
        Field::new("counts", Base::Map(Box::new(Base::Int64.optional())).required()),
        Field::new("ratio", Base::Float64.optional()),
        total,
    ];
    let schema = Schema::new(fields);
    let columns: Vec<_> = schema.fields.iter().map(|it| request(&it.name, it.ty.clone())).collect();
    let text =
        r#"{"price":"12.50","lines":[{"SKU":"a","price":"1.5"}],"counts":{"a":"1","b":2},"ratio":"0.25","total":"7"}"#;
    let arena = Bump::new();
    let mut cells = vec![Datum::Null; 5];
    decoder(&quoted, &columns, &schema).unwrap().decode(text.as_bytes(), &arena, &mut cells).unwrap();
    let lines = r#"[{"sku":"a","price":1.50,"note":null}]"#;
    let expected =
        [Datum::Decimal(1250), Datum::Text(lines), Datum::Text(r#"{"a":1,"b":2}"#), Datum::Float(0.25), Datum::Int(7)];
    assert_eq!(cells, expected);
    let mut out = Vec::new();
    encoder(&quoted, &schema).unwrap().encode(&cells, &mut out).unwrap();
    let written = r#"{"price":"12.50","lines":[{"SKU":"a","price":"1.50","note":null}],"counts":{"a":"1","b":"2"},"ratio":"0.25","total":"7"}"#;
    assert_eq!(String::from_utf8(out).unwrap(), written);
    let reason = |column: usize, format: &Format, text: &str| {
        let columns = &columns[column..=column];
        decoder(format, columns, &schema)
            .unwrap()
            .decode(text.as_bytes(), &arena, &mut [Datum::Null])
            .unwrap_err()
            .reason
    };
    let says = "text and not a number; `format = json(numbers = text)` reads numbers in quotes";
    assert_eq!(reason(0, &json(), text), format!("`price` is \"12.50\", {says}"));
    assert_eq!(reason(1, &json(), text), format!("`lines[0].price` is \"1.5\", {says}"));
    assert_eq!(reason(4, &json(), text), format!("`total` is …, {says}"));
    for (value, why) in
        [("12,50", ", not a `decimal(12, 2)`"), (" 1", ", not a `decimal(12, 2)`"), ("", ", not a `decimal(12, 2)`")]
    {
        for format in [json(), quoted.clone()] {
            assert_eq!(
                reason(0, &format, &format!(r#"{{"price":"{value}"}}"#)),
                format!("`price` is \"{value}\"{why}")
            );
        }
    }
    assert_eq!(reason(0, &quoted, r#"{"price":"1.505"}"#), "`price` is \"1.505\", with more than 2 decimal places");
    assert_eq!(reason(3, &quoted, r#"{"ratio":"NaN"}"#), "`ratio` is \"NaN\", not a `float64`");
}
