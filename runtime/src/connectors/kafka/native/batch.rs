//! Messages by the batch: a queue of our own that partitions are led into, and batches that own what was taken from it.
//!
//! Owns the messages until a [`Batch`] is dropped; records borrow from it. Invariants: a queue and its batches keep their
//! consumer alive; what is still in a queue when it is dropped is gone, so a queue made for an assignment of a partition
//! never gives messages of another.

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::StageRecord;
use crate::record::Original;
use parking_lot::{Condvar, Mutex};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka_sys as sys;
use sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;

/// One record, borrowed from its [`Batch`].
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// Index of the topic in its stage.
    pub topic: u16,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// The message key.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Kafka's record time, microseconds since 1970.
    pub timestamp: Option<i64>,
    message: &'a sys::rd_kafka_message_t,
}

impl<'a> Record<'a> {
    /// The last header of that name.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        let name = CString::new(name).ok()?;
        let mut headers = ptr::null_mut();
        // SAFETY: the message lives as long as `'a`; the headers stay the message's own and are not changed.
        if unsafe { sys::rd_kafka_message_headers(self.message, &mut headers) } != RD_KAFKA_RESP_ERR_NO_ERROR {
            return None;
        }
        let (mut value, mut size) = (ptr::null::<c_void>(), 0);
        // SAFETY: `headers` was just given to us; the call only fills our two variables.
        let found = unsafe { sys::rd_kafka_header_get_last(headers, name.as_ptr(), &mut value, &mut size) };
        if found != RD_KAFKA_RESP_ERR_NO_ERROR {
            return None;
        }
        // SAFETY: a header's value has `size` bytes and lives as long as its message.
        unsafe { bytes(value, size) }
    }

    /// All of it, copied.
    pub fn original(&self) -> Original {
        Original {
            key: self.key.map(<[u8]>::to_vec),
            value: self.value.map(<[u8]>::to_vec),
            headers: self.headers(),
            timestamp: self.timestamp,
        }
    }

    /// The headers, in order. Looked up only when asked for.
    pub fn headers(&self) -> Vec<(String, Option<Vec<u8>>)> {
        let mut headers = ptr::null_mut();
        // SAFETY: the message lives as long as `self`; the headers stay the message's own and are not changed.
        if unsafe { sys::rd_kafka_message_headers(self.message, &mut headers) } != RD_KAFKA_RESP_ERR_NO_ERROR {
            return Vec::new();
        }
        let mut out = Vec::new();
        loop {
            let (mut name, mut value, mut size) = (ptr::null::<c_char>(), ptr::null::<c_void>(), 0);
            // SAFETY: `headers` was just given to us and lives as long as the message; the call only fills our three variables.
            let found = unsafe { sys::rd_kafka_header_get_all(headers, out.len(), &mut name, &mut value, &mut size) };
            if found != RD_KAFKA_RESP_ERR_NO_ERROR || name.is_null() {
                return out;
            }
            // SAFETY: a header's name is a C string owned by the message; its value has `size` bytes.
            let pair = unsafe { (CStr::from_ptr(name).to_string_lossy().into_owned(), bytes(value, size)) };
            out.push((pair.0, pair.1.map(<[u8]>::to_vec)));
        }
    }
}

impl<'a> StageRecord<'a> for Record<'a> {
    fn place(&self) -> (u16, i32, i64) {
        (self.topic, self.partition, self.offset)
    }

    fn key(&self) -> Option<&'a [u8]> {
        self.key
    }

    fn value(&self) -> Option<&'a [u8]> {
        self.value
    }

    fn timestamp(&self) -> Option<i64> {
        self.timestamp
    }

    fn header(&self, name: &str) -> Option<&'a [u8]> {
        Record::header(self, name)
    }

    fn original(&self) -> Original {
        Record::original(self)
    }
}

/// # Safety
/// `start` is null or points to `length` bytes that live as long as `'a` and are not changed.
unsafe fn bytes<'a>(start: *const c_void, length: usize) -> Option<&'a [u8]> {
    // SAFETY: as the caller promises.
    (!start.is_null()).then(|| unsafe { std::slice::from_raw_parts(start.cast::<u8>(), length) })
}

/// What the client reported about a partition instead of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueError {
    /// Index of the topic in its stage.
    pub topic: u16,
    /// The partition.
    pub partition: i32,
    /// The offset it is about, or below 0.
    pub offset: i64,
    /// What kind of error.
    pub code: RDKafkaErrorCode,
    /// What the client said.
    pub text: String,
}

struct Message {
    native: NonNull<sys::rd_kafka_message_t>,
    topic: u16,
}

/// Messages taken from a queue, destroyed with it. Keeps its consumer: whoever closes a reader drops the batches first.
pub struct Batch {
    messages: Vec<Message>,
    /// How many of them, from the first, were dropped by [`drop_below`](Self::drop_below).
    skipped: usize,
    errors: Vec<QueueError>,
    /// Messages point into the client.
    _owner: Arc<dyn Send + Sync>,
}

// SAFETY: messages belong to whoever took them; librdkafka lets any thread read and destroy them.
unsafe impl Send for Batch {}
// Not `Sync`: asking a message for its headers parses them once and keeps the result inside the message.

impl Batch {
    /// How many records.
    pub fn len(&self) -> usize {
        self.messages.len().saturating_sub(self.skipped)
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of keys and values that it keeps in memory.
    pub fn bytes(&self) -> usize {
        // SAFETY: the messages are ours until the batch is dropped, and nobody changes them.
        self.messages.iter().map(|it| unsafe { it.native.as_ref() }).map(|it| it.key_len + it.len).sum()
    }

    /// The records, per partition in the order of their offsets.
    pub fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        self.messages.iter().skip(self.skipped).map(|message| self.record(message))
    }

    /// What the client reported beside the records.
    pub fn errors(&self) -> &[QueueError] {
        &self.errors
    }

    /// Drops the leading records with an offset below this. For batches of one partition.
    pub(crate) fn drop_below(&mut self, next: i64) {
        self.skipped = self.messages.iter().take_while(|message| self.record(message).offset < next).count();
    }

    /// The offset after the last record. For batches of one partition.
    pub(crate) fn next_offset(&self) -> Option<i64> {
        self.messages.last().map(|message| self.record(message).offset + 1)
    }

    fn record(&self, message: &Message) -> Record<'_> {
        // SAFETY: the message is ours until the batch is dropped, and nobody changes it.
        let native = unsafe { message.native.as_ref() };
        let mut kind = sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: as above; the call only fills `kind`.
        let timestamp = unsafe { sys::rd_kafka_message_timestamp(native, &mut kind) };
        let known = kind != sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && timestamp >= 0;
        Record {
            topic: message.topic,
            partition: native.partition,
            offset: native.offset,
            // SAFETY: key and payload are owned by the message, which lives as long as the batch.
            key: unsafe { bytes(native.key, native.key_len) },
            // SAFETY: as above.
            value: unsafe { bytes(native.payload, native.len) },
            timestamp: known.then(|| timestamp.saturating_mul(1000)),
            message: native,
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        for message in &self.messages {
            // SAFETY: taken from a queue, never destroyed before, and no record borrows from a batch that is being dropped.
            unsafe { sys::rd_kafka_message_destroy(message.native.as_ptr()) };
        }
    }
}

/// Wakes a thread that waits for any of several queues. Set when one of them stops being empty.
#[derive(Default)]
pub struct Signal {
    set: Mutex<bool>,
    wake: Condvar,
}

impl Signal {
    /// Wakes the waiting thread, or lets its next wait return at once.
    pub fn notify(&self) {
        *self.set.lock() = true;
        self.wake.notify_all();
    }

    /// Waits until it is set or the deadline has passed; unsets it. True if it was set.
    pub fn wait(&self, deadline: Instant) -> bool {
        let mut set = self.set.lock();
        while !*set {
            if self.wake.wait_until(&mut set, deadline).timed_out() {
                break;
            }
        }
        std::mem::take(&mut *set)
    }
}

/// A queue of our own, for partitions of one consumer.
pub struct MessageQueue {
    native: NonNull<sys::rd_kafka_queue_t>,
    signal: Option<Arc<Signal>>,
    /// Topics by the client's own handle, filled as they are met.
    known: Vec<(*mut sys::rd_kafka_topic_t, u16)>,
    names: Arc<[String]>,
    taken: Vec<*mut sys::rd_kafka_message_t>,
    owner: Arc<dyn Send + Sync>,
}

// SAFETY: librdkafka's queues may be used from any thread; the raw pointers inside are only compared or handed back to it.
unsafe impl Send for MessageQueue {}

impl MessageQueue {
    /// An empty queue. `names` are the topics' names in Kafka, in the order of the stage. `signal` is notified when messages come.
    pub fn new<C>(consumer: &Arc<BaseConsumer<C>>, names: Arc<[String]>, signal: Option<Arc<Signal>>) -> Option<Self>
    where
        C: ConsumerContext + 'static,
    {
        // SAFETY: the client lives as long as `consumer`, which the queue keeps.
        let native = NonNull::new(unsafe { sys::rd_kafka_queue_new(consumer.client().native_ptr()) })?;
        if let Some(signal) = &signal {
            // SAFETY: the signal is kept by the queue, which takes the callback away before it lets go of it.
            unsafe {
                let opaque = Arc::as_ptr(signal).cast_mut().cast::<c_void>();
                sys::rd_kafka_queue_cb_event_enable(native.as_ptr(), Some(on_message), opaque);
            }
        }
        Some(Self { native, signal, known: Vec::new(), names, taken: Vec::new(), owner: consumer.clone() })
    }

    /// Leads what the client fetches of this partition into this queue, from now on, also what it holds already.
    pub fn attach<C: ConsumerContext>(&self, consumer: &BaseConsumer<C>, topic: &str, partition: i32) -> bool {
        with_partition_queue(consumer, topic, partition, |queue| {
            // SAFETY: both queues are alive; the client keeps the destination alive for as long as it leads there.
            unsafe { sys::rd_kafka_queue_forward(queue, self.native.as_ptr()) };
        })
    }

    /// Takes up to `max` messages; waits for the first up to `timeout` if there is none.
    pub fn take(&mut self, max: usize, timeout: Duration) -> Batch {
        self.taken.clear();
        self.taken.resize(max.max(1), ptr::null_mut());
        let wait = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the queue is alive, and the buffer has room for as many pointers as we say.
        let count = unsafe {
            sys::rd_kafka_consume_batch_queue(self.native.as_ptr(), wait, self.taken.as_mut_ptr(), self.taken.len())
        };
        let count = usize::try_from(count).unwrap_or(0);
        let mut batch =
            Batch { messages: Vec::with_capacity(count), skipped: 0, errors: Vec::new(), _owner: self.owner.clone() };
        for index in 0..count {
            let Some(native) = self.taken.get(index).and_then(|it| NonNull::new(*it)) else { continue };
            // SAFETY: the client has just given us this message; it is ours until we destroy it.
            let message = unsafe { native.as_ref() };
            let topic = self.topic(message.rkt);
            if message.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                batch.messages.push(Message { native, topic });
                continue;
            }
            if message.err != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR__PARTITION_EOF {
                // SAFETY: the text belongs to the message or is static; it is copied before the message is destroyed.
                let text = unsafe { text(sys::rd_kafka_message_errstr(message)) };
                let (partition, offset, code) = (message.partition, message.offset, message.err.into());
                batch.errors.push(QueueError { topic, partition, offset, code, text });
            }
            // SAFETY: ours, and not used again.
            unsafe { sys::rd_kafka_message_destroy(native.as_ptr()) };
        }
        batch
    }

    fn topic(&mut self, handle: *mut sys::rd_kafka_topic_t) -> u16 {
        if let Some((_, index)) = self.known.iter().find(|(known, _)| *known == handle) {
            return *index;
        }
        if handle.is_null() {
            return u16::MAX;
        }
        // SAFETY: the handle belongs to a message that we hold; the name is copied.
        let name = unsafe { text(sys::rd_kafka_topic_name(handle)) };
        let index = self.names.iter().position(|it| *it == name).and_then(|it| u16::try_from(it).ok());
        let index = index.unwrap_or(u16::MAX);
        self.known.push((handle, index));
        index
    }
}

impl Drop for MessageQueue {
    fn drop(&mut self) {
        // SAFETY: the callback goes first, under the queue's lock, so nothing calls a signal that is gone. The client may
        // still hold the queue for a moment (a partition that leads into it); it lets go when that partition stops.
        unsafe {
            if self.signal.is_some() {
                sys::rd_kafka_queue_cb_event_enable(self.native.as_ptr(), None, ptr::null_mut());
            }
            sys::rd_kafka_queue_destroy(self.native.as_ptr());
        }
    }
}

unsafe extern "C" fn on_message(_: *mut sys::rd_kafka_t, opaque: *mut c_void) {
    // SAFETY: `opaque` is the signal of a queue that takes the callback away before it drops the signal.
    if let Some(signal) = unsafe { opaque.cast::<Signal>().as_ref() } {
        signal.notify();
    }
}

/// Makes sure that the client knows a partition, so that it can be paused before it is assigned.
pub(crate) fn know_partition<C: ConsumerContext>(consumer: &BaseConsumer<C>, topic: &str, partition: i32) -> bool {
    with_partition_queue(consumer, topic, partition, |_| ())
}

fn with_partition_queue<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partition: i32,
    action: impl FnOnce(*mut sys::rd_kafka_queue_t),
) -> bool {
    let Ok(topic) = CString::new(topic) else { return false };
    // SAFETY: the client lives as long as `consumer`, the name as long as the call.
    let queue = unsafe { sys::rd_kafka_queue_get_partition(consumer.client().native_ptr(), topic.as_ptr(), partition) };
    if queue.is_null() {
        return false;
    }
    action(queue);
    // SAFETY: this is our reference to the partition's queue; the partition keeps its own.
    unsafe { sys::rd_kafka_queue_destroy(queue) };
    true
}

/// # Safety
/// `text` is null or a C string.
pub(super) unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}
