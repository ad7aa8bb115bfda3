//! The ids of topics (KIP-516): a topic that was deleted and created again has another one.

use std::ffi::CString;
use std::ptr;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::client::Client;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka_sys as sys;
use sys::rd_kafka_resp_err_t::{RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR_NO_ERROR};

use super::batch::text;

/// The id of the null topic, which brokers before 2.8 give to all.
const NONE: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// The ids of these topics, in their order. `None`: there is no such topic, or the brokers give no ids.
pub fn topic_ids<C: ClientContext>(
    client: &Client<C>,
    topics: &[String],
    timeout: Duration,
) -> Result<Vec<Option<String>>, RDKafkaErrorCode> {
    let names: Vec<CString> = topics.iter().filter_map(|it| CString::new(it.as_str()).ok()).collect();
    let mut found = vec![None; topics.len()];
    if names.is_empty() {
        return Ok(found);
    }
    let mut pointers: Vec<_> = names.iter().map(|it| it.as_ptr()).collect();
    let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    let client = client.native_ptr();
    // SAFETY: the client outlives the call. Collection, options and queue are made here and destroyed here, after the
    // answer (or its absence) was read; the request keeps copies of what it needs.
    let event = unsafe {
        let queue = sys::rd_kafka_queue_new(client);
        let options =
            sys::rd_kafka_AdminOptions_new(client, sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
        let collection = sys::rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len());
        sys::rd_kafka_AdminOptions_set_request_timeout(options, millis, ptr::null_mut(), 0);
        sys::rd_kafka_DescribeTopics(client, collection, options, queue);
        sys::rd_kafka_TopicCollection_destroy(collection);
        sys::rd_kafka_AdminOptions_destroy(options);
        let event = sys::rd_kafka_queue_poll(queue, millis.saturating_add(1000));
        sys::rd_kafka_queue_destroy(queue);
        event
    };
    if event.is_null() {
        return Err(RD_KAFKA_RESP_ERR__TIMED_OUT.into());
    }
    // SAFETY: the event is ours until it is destroyed below; descriptions, ids and texts belong to it and are copied.
    let answer = unsafe {
        let error = sys::rd_kafka_event_error(event);
        let result = sys::rd_kafka_event_DescribeTopics_result(event);
        if error != RD_KAFKA_RESP_ERR_NO_ERROR {
            Err(error.into())
        } else if result.is_null() {
            Err(RDKafkaErrorCode::Fail)
        } else {
            let mut count = 0;
            let descriptions = sys::rd_kafka_DescribeTopics_result_topics(result, &mut count);
            for index in 0..count {
                let description = *descriptions.add(index);
                let name = text(sys::rd_kafka_TopicDescription_name(description));
                let error = sys::rd_kafka_TopicDescription_error(description);
                let sound = error.is_null() || sys::rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_NO_ERROR;
                let id = sys::rd_kafka_TopicDescription_topic_id(description);
                if sound && !id.is_null() {
                    let id = text(sys::rd_kafka_Uuid_base64str(id));
                    for (slot, _) in found.iter_mut().zip(topics).filter(|(_, topic)| **topic == name) {
                        *slot = Some(id.clone()).filter(|it| it != NONE);
                    }
                }
            }
            Ok(found)
        }
    };
    // SAFETY: ours, and not used again.
    unsafe { sys::rd_kafka_event_destroy(event) };
    answer
}
