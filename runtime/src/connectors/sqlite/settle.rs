//! Dead letters in SQLite that were sent through again.

use sqlx::SqliteConnection;

use super::client::{self, Statement};
use super::errors;
use super::tables::NOW;
use crate::crash_points;
use crate::sinks::StageContext;
use crate::sinks::failure::Failure;
use crate::sinks::settle::{Again, Change, Settled};

/// The letter that is meant: `?1` to `?7`.
const THIS: &str = "program = ?1 AND stage = ?2 AND topic = ?3 AND topic_id = ?4 AND partition = ?5 AND \"offset\" = ?6 \
                    AND ordinal = ?7";

/// In the transaction of the rows. Fails as a fence does if somebody else has dealt with one of them.
pub(crate) async fn settle(
    connection: &mut SqliteConnection,
    context: &StageContext,
    all: &[Settled],
    path: &str,
) -> Result<(), Failure> {
    if all.is_empty() {
        return Ok(());
    }
    let done = format!(
        "UPDATE pipewright_dead_letters SET replayed_at = {NOW} WHERE {THIS} AND node = ?8 AND replayed_at IS NULL"
    );
    let stays = format!(
        "UPDATE pipewright_dead_letters SET node = ?8, step = ?9, place = ?10, name = ?11, reason = ?12, stale_key = ?13 \
         WHERE {THIS} AND node = ?14 AND replayed_at IS NULL"
    );
    let columns = "program, stage, topic, topic_id, partition, \"offset\"";
    let another = format!(
        "INSERT INTO pipewright_dead_letters ({columns}, ordinal, key, value, headers, record_time, node, step, place, name, \
         reason, stale_key, created_at) SELECT {columns}, (SELECT max(o.ordinal) + 1 FROM pipewright_dead_letters o WHERE \
         (o.program, o.stage, o.topic, o.topic_id, o.partition, o.\"offset\") = (?1, ?2, ?3, ?4, ?5, ?6)), \
         key, value, headers, record_time, ?8, ?9, ?10, ?11, ?12, ?13, {NOW} FROM pipewright_dead_letters WHERE {THIS}"
    );
    for settled in all {
        for change in settled.changes() {
            let query = match change {
                Change::Done(ordinal) => this(&done, context, settled, ordinal).bind(&settled.node),
                Change::Stays(ordinal, why) => {
                    because(this(&stays, context, settled, ordinal), why).bind(&settled.node)
                }
                Change::Another(like, why) => because(this(&another, context, settled, like), why),
            };
            let changed = client::execute(connection, query).await;
            if changed.map_err(|error| errors::failure(error, path))? != 1 {
                return Err(Failure::Fenced(settled.at.topic, settled.at.partition));
            }
        }
    }
    crash_points::here("replay-marked");
    Ok(())
}

fn this<'q>(sql: &'q str, context: &'q StageContext, settled: &'q Settled, ordinal: i32) -> Statement<'q> {
    sqlx::query(sql)
        .bind(&context.program)
        .bind(&context.stage)
        .bind(context.letter_topic(settled.at.topic))
        .bind(&settled.topic_id)
        .bind(settled.at.partition)
        .bind(settled.at.offset)
        .bind(ordinal)
}

fn because<'q>(query: Statement<'q>, why: &'q Again) -> Statement<'q> {
    query.bind(&why.node).bind(&why.step).bind(&why.place).bind(&why.name).bind(&why.reason).bind(why.stale_key)
}
