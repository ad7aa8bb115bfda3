//! Decoding and encoding in steady state touch no allocator: everything lives in the payload, the arena or buffers that are
//! used again.
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use bumpalo::Bump;
use pipewright_expr::Datum;
use pipewright_plan::{Base, Field, Format, Options, Schema};
use pipewright_runtime::codecs::{ColumnRequest, decoder, encoder};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counting per thread.
struct Counting;

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const JSON: &str = r#"{"order_id":1234567,"created_at":"2026-01-01T10:00:00.123456Z","customer":{"id":991,"name":"Ada \"the\" L\u00f6velace","country":"NL","tier":"gold"},"currency":"EUR","amount":1234.50,"rate":0.25,"lines":[ {"sku":"A-1","n":2}, {"n":1,"sku":"B-7"} ],"tags":{"b":"2","a":"1"},"status":"paid","receipt":"AAECAwQ=","unused":{"deep":[1,2,{"x":null}]},"token":"00000000-0000-0000-0000-0000000000ff"}"#;
const CSV: &str = "1234567,2026-01-01T10:00:00Z,\"Ada \"\"the\"\" L.\",NL,1234.50,paid,AAEC,";

fn field(name: &str, base: Base) -> Field {
    Field::new(name, base.required())
}

fn request(path: &str, base: Base) -> ColumnRequest {
    ColumnRequest {
        path: path.split('.').map(str::to_string).collect(),
        ty: base.required(),
        name: path.to_string(),
        origin: None,
    }
}

fn format(codec: &str) -> Format {
    Format { codec: codec.to_string(), options: Options::new() }
}

fn status() -> Base {
    Base::Set(vec!["new".to_string(), "paid".to_string()])
}

/// How often a thousand records ask the allocator, after a warm-up of as many.
fn allocations(format: &Format, schema: &Schema, requests: &[ColumnRequest], payload: &str) -> u64 {
    let mut decoder = decoder(format, requests, schema).unwrap();
    let mut arena = Bump::new();
    let mut counts = [0; 2];
    let mut cells = vec![Datum::Null; requests.len()];
    for count in &mut counts {
        let before = ALLOCATIONS.get();
        for _ in 0..1000 {
            decoder.decode(payload.as_bytes(), &arena, &mut cells).unwrap();
        }
        *count = ALLOCATIONS.get() - before;
        cells = vec![Datum::Null; requests.len()];
        arena.reset();
    }
    // The arena keeps its largest chunk at a reset; the second round may need one more.
    counts[1]
}

#[test]
fn json_records_are_decoded_without_allocating() {
    let line = Base::Record(vec![field("sku", Base::String), field("n", Base::Int32)]);
    let customer =
        Base::Record(vec![field("id", Base::Int64), field("name", Base::String), field("country", Base::String)]);
    let fields = [
        ("order_id", Base::Int64),
        ("created_at", Base::Timestamp),
        ("amount", Base::Decimal { precision: 12, scale: 2 }),
        ("rate", Base::Float64),
        ("lines", Base::List(Box::new(line.required()))),
        ("tags", Base::Map(Box::new(Base::String.required()))),
        ("status", status()),
        ("receipt", Base::Bytes),
        ("token", Base::Uuid),
        ("unused", Base::Json),
    ];
    let mut schema = Schema::new(fields.iter().map(|(name, base)| field(name, base.clone())).collect());
    schema.fields.push(field("customer", customer));
    let mut requests: Vec<_> = fields.iter().map(|(name, base)| request(name, base.clone())).collect();
    requests.push(request("customer.name", Base::String));
    requests.push(request("customer.country", Base::String));
    let count = allocations(&format("json"), &schema, &requests, JSON);
    assert!(count < 10, "{count} allocations in 1000 records");
}

#[test]
fn csv_rows_are_decoded_without_allocating() {
    let schema = Schema::new(vec![
        field("order_id", Base::Int64),
        field("created_at", Base::Timestamp),
        field("name", Base::String),
        field("country", Base::String),
        field("amount", Base::Decimal { precision: 12, scale: 2 }),
        field("status", status()),
        field("receipt", Base::Bytes),
        field("note", Base::String),
    ]);
    let requests: Vec<_> = schema.fields.iter().map(|field| request(&field.name, field.ty.base.clone())).collect();
    let count = allocations(&format("csv"), &schema, &requests, CSV);
    assert!(count < 10, "{count} allocations in 1000 records");
}

#[test]
fn records_are_encoded_without_allocating() {
    let schema = Schema::new(vec![
        field("id", Base::Int64),
        field("at", Base::Timestamp),
        field("name", Base::String),
        field("amount", Base::Decimal { precision: 12, scale: 2 }),
        field("data", Base::Bytes),
        field("rate", Base::Float64),
    ]);
    let cells = [
        Datum::Int(1),
        Datum::Int(1_767_261_600_123_456),
        Datum::Text("Ada \"the\" L"),
        Datum::Decimal(123_450),
        Datum::Bytes(&[1; 100]),
        Datum::Float(0.25),
    ];
    for codec in ["json", "csv"] {
        let mut encoder = encoder(&format(codec), &schema).unwrap();
        let mut out = Vec::with_capacity(1 << 20);
        let mut count = 0;
        for _ in 0..2 {
            let before = ALLOCATIONS.get();
            out.clear();
            for _ in 0..1000 {
                encoder.encode(&cells, &mut out).unwrap();
            }
            count = ALLOCATIONS.get() - before;
        }
        assert_eq!(count, 0, "{codec}");
    }
}
