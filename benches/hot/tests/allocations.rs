//! In steady state, decode, steps and encode ask the allocator less than once in a hundred records.
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use pipewright_hot_path::{Depth, HotPath, payloads};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counting per thread. What grows in place or moves counts as well: `realloc` comes here.
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
