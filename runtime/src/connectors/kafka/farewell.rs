//! Closing clients without waiting for nothing. Knows no reader and no group.
//!
//! Dropping a consumer that has a group asks every 100 ms whether it is closed, and the client tells nobody when it is. A run
//! with nothing to do has two of them.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, ConsumerContext};

/// Drops a client on a thread of its own: one that polls for itself is waited for as long as its last poll takes, 100 ms.
pub(super) fn later<T: Send + 'static>(client: T) {
    // Where no thread can be had, it is dropped here.
    let _ = std::thread::Builder::new().name("kafka-farewell".to_string()).spawn(move || drop(client));
}

/// How often a consumer that closes is asked whether it has.
const ASK: Duration = Duration::from_millis(2);

/// Closes a consumer: what its group says meanwhile reaches its context as ever.
pub(super) fn close<C: ConsumerContext>(consumer: &BaseConsumer<C>) {
    // The closing itself can only be refused to one that has no group or is closed already.
    if consumer.close_queue().is_ok() {
        while !consumer.closed() {
            drop(consumer.poll(ASK));
        }
    }
}
