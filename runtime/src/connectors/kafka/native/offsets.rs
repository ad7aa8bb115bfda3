//! The ends of partitions, all of them in one request for each broker that leads some (`ListOffsets`).

use std::ptr;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::client::Client;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka_sys as sys;
use sys::rd_kafka_resp_err_t::{RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR_NO_ERROR};

use super::batch::text;

/// Where the records of a transaction that is still open lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// Behind the end: it is the first offset that is not decided (the last stable offset).
    Behind,
    /// Before the end: it is the offset of the next record (the high watermark).
    Before,
}

/// The ends of these partitions. A partition whose leader does not answer as asked makes all of it an error.
pub fn ends<C: ClientContext>(
    client: &Client<C>,
    partitions: &[(&str, i32)],
    open: Open,
    timeout: Duration,
) -> Result<Vec<i64>, RDKafkaErrorCode> {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for (topic, partition) in partitions {
        list.add_partition(topic, *partition);
    }
    if partitions.is_empty() {
        return Ok(vec![]);
    }
    let isolation = match open {
        Open::Behind => sys::rd_kafka_IsolationLevel_t::RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED,
        Open::Before => sys::rd_kafka_IsolationLevel_t::RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED,
    };
    let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    let client = client.native_ptr();
    // SAFETY: the client outlives the call. The list is read and copied by the request; `elems` holds `cnt` entries. Options and
    // queue are made here and destroyed here, after the answer (or its absence) was read. A setting that the client refuses
    // gives an error that is destroyed; what it is about keeps its default.
    let event = unsafe {
        let list = list.ptr();
        for index in 0..usize::try_from((*list).cnt).unwrap_or(0) {
            (*(*list).elems.add(index)).offset = sys::rd_kafka_OffsetSpec_t::RD_KAFKA_OFFSET_SPEC_LATEST as i64;
        }
        let queue = sys::rd_kafka_queue_new(client);
        let options = sys::rd_kafka_AdminOptions_new(client, sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTOFFSETS);
        sys::rd_kafka_AdminOptions_set_request_timeout(options, millis, ptr::null_mut(), 0);
        let refused = sys::rd_kafka_AdminOptions_set_isolation_level(options, isolation);
        if !refused.is_null() {
            sys::rd_kafka_error_destroy(refused);
        }
        sys::rd_kafka_ListOffsets(client, list, options, queue);
        sys::rd_kafka_AdminOptions_destroy(options);
        let event = sys::rd_kafka_queue_poll(queue, millis.saturating_add(1000));
        sys::rd_kafka_queue_destroy(queue);
        event
    };
    if event.is_null() {
        return Err(RD_KAFKA_RESP_ERR__TIMED_OUT.into());
    }
    let mut found = vec![None; partitions.len()];
    // SAFETY: the event is ours until it is destroyed below; what is read belongs to it and is copied.
    let failed = unsafe {
        let mut failed = sys::rd_kafka_event_error(event);
        let result = sys::rd_kafka_event_ListOffsets_result(event);
        let mut count = 0;
        let infos = match result.is_null() {
            true => ptr::null_mut(),
            false => sys::rd_kafka_ListOffsets_result_infos(result, &mut count),
        };
        for index in 0..count {
            let one = sys::rd_kafka_ListOffsetsResultInfo_topic_partition(*infos.add(index));
            let at = (text((*one).topic), (*one).partition);
            if (*one).err != RD_KAFKA_RESP_ERR_NO_ERROR {
                failed = (*one).err;
            }
            for (end, (topic, partition)) in found.iter_mut().zip(partitions) {
                if (*topic, *partition) == (at.0.as_str(), at.1) {
                    *end = Some((*one).offset);
                }
            }
        }
        failed
    };
    // SAFETY: ours, and not used again.
    unsafe { sys::rd_kafka_event_destroy(event) };
    if failed != RD_KAFKA_RESP_ERR_NO_ERROR {
        return Err(failed.into());
    }
    found.into_iter().collect::<Option<Vec<i64>>>().ok_or(RDKafkaErrorCode::Fail)
}
