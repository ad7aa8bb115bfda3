//! In steady state, decode, steps and encode ask the allocator less than once in a hundred records; a program of twice the size
//! takes twice the memory to check, all in all, so that no step of the compiler is quadratic.
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use pipewright_compiler::diagnostics::Severity;
use pipewright_compiler::{environment::Environment, registry::Registry, source::Loader};
use pipewright_hot_path::{Depth, HotPath, payloads};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, counting per thread. What grows in place or moves counts as well: `realloc` comes here.
struct Counting;

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        BYTES.with(|bytes| bytes.set(bytes.get() + layout.size()));
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

#[test]
fn the_hot_path_allocates_less_than_once_in_a_hundred_records() {
    let payloads = payloads(20_000);
    for depth in [Depth::Decode, Depth::Steps, Depth::Encode] {
        let mut path = HotPath::new(depth).unwrap();
        // Buffers grow to their size: two epochs fill both chunks.
        path.take(&payloads).unwrap();
        path.take(&payloads).unwrap();
        let before = ALLOCATIONS.get();
        path.take(&payloads).unwrap();
        let count = ALLOCATIONS.get() - before;
        assert!(count < 200, "{depth:?}: {count} allocations in 20000 records");
        eprintln!("{depth:?}: {count} allocations in 20000 records");
    }
}

#[test]
fn rows_come_out() {
    let payloads = payloads(10_000);
    let rows = HotPath::new(Depth::Encode).unwrap().take(&payloads).unwrap();
    assert!((6_000..7_500).contains(&rows), "{rows}");
}

struct Text(String);

impl Loader for Text {
    fn load(&self, _: &str) -> Result<Vec<u8>, String> {
        Ok(self.0.clone().into_bytes())
    }
}

/// What a program of this size allocates until it is checked.
fn checked(program: &dyn Fn(usize) -> String, size: usize) -> usize {
    let registry = Registry {
        connectors: pipewright_runtime::connectors::SPECS,
        codecs: pipewright_runtime::codecs::SPECS,
        functions: pipewright_expr::functions::ALL,
    };
    let head = "pipeline p { }\nconnection k = kafka { brokers = \"localhost:9092\" }\n\
        type Row = { id: int64 @key, a: int64, b: int64?, s: string }\ntopic rows: Row on k { partitions = 3, key = id }\n";
    let text = Text(format!("{head}{}\n", program(size)));
    let before = BYTES.get();
    let compilation = pipewright_compiler::compile("p.pipe", &Environment::default(), &text, &registry);
    let taken = BYTES.get() - before;
    let error = compilation.diagnostics.iter().find(|it| it.severity == Severity::Error);
    assert!(error.is_none(), "{error:?} in {:.300}", text.0);
    taken
}

/// Writes a program of that size.
type OfSize = Box<dyn Fn(usize) -> String>;

#[test]
fn checking_is_linear() {
    let join = |n: usize, between: &str, part: &dyn Fn(usize) -> String| -> String {
        (0..n).map(part).collect::<Vec<_>>().join(between)
    };
    let programs: [(&str, OfSize); 13] = [
        (
            "declarations",
            Box::new(move |n| {
                join(n, "\n", &|i| format!("type T{i} = {{ a: int64 }}\ntransform t{i} from rows | where a > {i}"))
            }),
        ),
        (
            "a list",
            Box::new(move |n| format!("transform t from rows | where a in [{}]", join(n, ", ", &|i| i.to_string()))),
        ),
        ("a sum", Box::new(move |n| format!("transform t from rows | derive c = {}", join(n, " + ", &|_| "a".into())))),
        (
            "and",
            Box::new(move |n| format!("transform t from rows | where {}", join(n, " and ", &|i| format!("a != {i}")))),
        ),
        (
            "if",
            Box::new(move |n| {
                format!(
                    "transform t from rows | derive c = {} else 0",
                    join(n, " else ", &|i| format!("if a == {i} then {i}"))
                )
            }),
        ),
        (
            "match",
            Box::new(move |n| {
                format!(
                    "transform t from rows | derive c = match a {{ {}, _ => 0 }}",
                    join(n, ", ", &|i| format!("{i} => {i}"))
                )
            }),
        ),
        (
            "derive",
            Box::new(move |n| {
                format!("transform t from rows | derive {}", join(n, ", ", &|i| format!("c{i} = a + {i}")))
            }),
        ),
        (
            "derive, each from the one before",
            Box::new(move |n| {
                format!(
                    "transform t from rows | derive c0 = a, {}",
                    join(n, ", ", &|i| format!("c{} = c{i} + 1", i + 1))
                )
            }),
        ),
        (
            "select",
            Box::new(move |n| {
                format!("transform t from rows | select id, {}", join(n, ", ", &|i| format!("c{i} = a + {i}")))
            }),
        ),
        (
            "drop",
            Box::new(move |n| {
                format!(
                    "transform t from rows | derive {} | drop {}",
                    join(n, ", ", &|i| format!("c{i} = a")),
                    join(n, ", ", &|i| format!("c{i}"))
                )
            }),
        ),
        ("fields", Box::new(move |n| format!("type Wide = {{ {} }}", join(n, ", ", &|i| format!("f{i}: int64"))))),
        (
            "a chain of nodes",
            Box::new(move |n| {
                format!(
                    "transform t0 from rows\n{}",
                    join(n, "\n", &|i| format!("transform t{} from t{i} | where a > {i}", i + 1))
                )
            }),
        ),
        (
            "a chain of types",
            Box::new(move |n| format!("type T0 = int64\n{}", join(n, "\n", &|i| format!("type T{} = T{i}", i + 1)))),
        ),
    ];
    for (what, program) in programs {
        let (small, large) = (checked(&program, 400), checked(&program, 800));
        eprintln!("{what}: {small} bytes, twice as long {large}");
        // Twice as much and what the growing of buffers rounds up; a square would be four times as much.
        assert!(large * 10 < small * 26, "{what}: {small} bytes, and {large} for twice as long a program");
    }
}
