//! Dead letters in PostgreSQL that were sent through again.

use super::client::{Client, Statement};
use crate::crash_points;
use crate::sinks::StageContext;
use crate::sinks::failure::Failure;
use crate::sinks::settle::{Again, Change, Settled};

/// The letter that is meant: `$1` to `$7`.
const THIS: &str = "program = $1 AND stage = $2 AND topic = $3 AND topic_id = $4 AND partition = $5 AND \"offset\" = $6 \
                    AND ordinal = $7";

/// In the transaction of the rows. Fails as a fence does if somebody else has dealt with one of them.
pub(crate) async fn settle(client: &mut Client, context: &StageContext, all: &[Settled]) -> Result<(), Failure> {
    let Some(first) = all.first() else { return Ok(()) };
    let mut done: Vec<(&Settled, i32)> = Vec::new();
    for settled in all {
        for change in settled.changes() {
            match change {
                Change::Done(ordinal) => done.push((settled, ordinal)),
                Change::Stays(ordinal, why) => stays(client, context, settled, ordinal, why).await?,
                Change::Another(like, why) => another(client, context, settled, like, why).await?,
            }
        }
    }
    let sql = "UPDATE pipewright.dead_letters d SET replayed_at = now() \
               FROM unnest($3::text[], $4::text[], $5::int[], $6::bigint[], $7::int[], $8::text[]) \
               AS u (topic, id, part, pos, ordinal, node) \
               WHERE d.program = $1 AND d.stage = $2 AND d.topic = u.topic AND d.topic_id = u.id AND d.partition = u.part \
               AND d.\"offset\" = u.pos AND d.ordinal = u.ordinal AND d.node = u.node AND d.replayed_at IS NULL";
    fn each<T>(done: &[(&Settled, i32)], get: impl Fn(&Settled, i32) -> T) -> Vec<T> {
        done.iter().map(|(settled, ordinal)| get(settled, *ordinal)).collect()
    }
    let query = sqlx::query(sql)
        .bind(&context.program)
        .bind(&context.stage)
        .bind(each(&done, |it, _| context.letter_topic(it.at.topic).to_string()))
        .bind(each(&done, |it, _| it.topic_id.clone()))
        .bind(each(&done, |it, _| it.at.partition))
        .bind(each(&done, |it, _| it.at.offset))
        .bind(each(&done, |_, ordinal| ordinal))
        .bind(each(&done, |it, _| it.node.clone()));
    let changed = client.execute(query).await?;
    crash_points::here("replay-marked");
    if changed == done.len() as u64 { Ok(()) } else { Err(elsewhere(first)) }
}

fn elsewhere(it: &Settled) -> Failure {
    Failure::Fenced(it.at.topic, it.at.partition)
}

async fn stays(
    client: &mut Client,
    context: &StageContext,
    settled: &Settled,
    ordinal: i32,
    why: &Again,
) -> Result<(), Failure> {
    let sql = format!(
        "UPDATE pipewright.dead_letters SET node = $8, step = $9, place = $10, name = $11, reason = $12, stale_key = $13 \
         WHERE {THIS} AND node = $14 AND replayed_at IS NULL"
    );
    let query = bound(&sql, context, settled, ordinal, why).bind(&settled.node);
    if client.execute(query).await? == 1 { Ok(()) } else { Err(elsewhere(settled)) }
}

async fn another(
    client: &mut Client,
    context: &StageContext,
    settled: &Settled,
    like: i32,
    why: &Again,
) -> Result<(), Failure> {
    let columns = "program, stage, topic, topic_id, partition, \"offset\"";
    let sql = format!(
        "INSERT INTO pipewright.dead_letters ({columns}, ordinal, key, value, headers, record_time, node, step, place, name, \
         reason, stale_key) SELECT {columns}, (SELECT max(o.ordinal) + 1 FROM pipewright.dead_letters o WHERE \
         (o.program, o.stage, o.topic, o.topic_id, o.partition, o.\"offset\") = ($1, $2, $3, $4, $5, $6)), \
         key, value, headers, record_time, $8, $9, $10, $11, $12, $13 FROM pipewright.dead_letters WHERE {THIS}"
    );
    client.execute(bound(&sql, context, settled, like, why)).await.map(drop)
}

fn bound<'q>(
    sql: &'q str,
    context: &'q StageContext,
    settled: &'q Settled,
    ordinal: i32,
    why: &'q Again,
) -> Statement<'q> {
    let text = |it: &str| it.replace('\0', "\u{2400}");
    sqlx::query(sql)
        .bind(&context.program)
        .bind(&context.stage)
        .bind(context.letter_topic(settled.at.topic))
        .bind(&settled.topic_id)
        .bind(settled.at.partition)
        .bind(settled.at.offset)
        .bind(ordinal)
        .bind(text(&why.node))
        .bind(why.step.as_deref().map(text))
        .bind(text(&why.place))
        .bind(&why.name)
        .bind(text(&why.reason))
        .bind(why.stale_key)
}
