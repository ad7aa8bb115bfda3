//! Pipewright's own tables in PostgreSQL: created where they are missing, and brought to today's form where an older version
//! created them.
//!
//! Invariant: in one transaction. Where nothing is to be done, no right to create or alter anything is needed.

use sqlx::Row;

use super::changed::OWN;
use super::client::Client;
use super::prepare::{LOCK, end};
use crate::sinks::failure::Failure;

/// As they are today. A column that came later has a default: an older version that still runs does not know it.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS pipewright.positions (
  program text NOT NULL, stage text NOT NULL, topic text NOT NULL, partition integer NOT NULL, next_offset bigint,
  epoch bigint NOT NULL DEFAULT 0, generation bigint NOT NULL, owner text NOT NULL, topic_id text,
  updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (program, stage, topic, partition)) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS pipewright.cursors (
  program text NOT NULL, source text NOT NULL, cursor text NOT NULL, PRIMARY KEY (program, source));
CREATE TABLE IF NOT EXISTS pipewright.dead_letters (
  program text NOT NULL, stage text NOT NULL, topic text NOT NULL, partition integer NOT NULL, \"offset\" bigint NOT NULL,
  ordinal integer NOT NULL, key bytea, value bytea, headers json, record_time timestamptz, node text NOT NULL, step text,
  place text NOT NULL, name text NOT NULL, reason text NOT NULL, stale_key boolean NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(), replayed_at timestamptz, topic_id text NOT NULL DEFAULT '',
  PRIMARY KEY (program, stage, topic, topic_id, partition, \"offset\", ordinal));
CREATE TABLE IF NOT EXISTS pipewright.tables (
  program text NOT NULL, stage text NOT NULL, \"table\" text NOT NULL, identity text NOT NULL, rows bigint,
  deletes boolean NOT NULL DEFAULT false, may_be_empty boolean NOT NULL DEFAULT false, PRIMARY KEY (program, stage, \"table\"));
";

/// Letters of an older version: the id of their topic was not kept, and theirs is the empty one.
const LETTERS_WITH_IDS: &str = "
DO $$
DECLARE former text;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'pipewright.dead_letters'::regclass AND attname = 'topic_id'
                 AND NOT attisdropped) THEN
    ALTER TABLE pipewright.dead_letters ADD COLUMN topic_id text NOT NULL DEFAULT '';
    SELECT conname INTO former FROM pg_constraint WHERE conrelid = 'pipewright.dead_letters'::regclass AND contype = 'p';
    IF former IS NOT NULL THEN
      EXECUTE format('ALTER TABLE pipewright.dead_letters DROP CONSTRAINT %I', former);
    END IF;
    ALTER TABLE pipewright.dead_letters
      ADD PRIMARY KEY (program, stage, topic, topic_id, partition, \"offset\", ordinal);
  END IF;
END $$;
";

/// What is there of them.
struct There {
    schema: bool,
    tables: bool,
    today: bool,
}

async fn there(client: &mut Client) -> Result<There, Failure> {
    let sql = "SELECT to_regnamespace('pipewright') IS NOT NULL, to_regclass('pipewright.positions') IS NOT NULL \
               AND to_regclass('pipewright.cursors') IS NOT NULL AND to_regclass('pipewright.dead_letters') IS NOT NULL \
               AND to_regclass('pipewright.tables') IS NOT NULL, \
               EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('pipewright.dead_letters') \
               AND attname = 'topic_id' AND NOT attisdropped)";
    let rows = client.rows(sqlx::query(sql)).await?;
    let row = rows.first().ok_or_else(|| client.failure(sqlx::Error::RowNotFound))?;
    let read = || Ok(There { schema: row.try_get(0)?, tables: row.try_get(1)?, today: row.try_get(2)? });
    read().map_err(|error: sqlx::Error| client.failure(error))
}

/// Creates them, or brings them to today's form.
pub(crate) async fn create(client: &mut Client) -> Result<(), Failure> {
    let looked = there(client).await;
    let there = match looked {
        // Nobody hears of a second failure: the first one is what counts.
        Err(Failure::Configuration { name: "permission-denied", message, sink, .. }) => {
            let user = client.text("SELECT quote_ident(current_user)").await.unwrap_or_default();
            let help = format!("GRANT USAGE ON SCHEMA pipewright TO {user}; {OWN} {user}");
            return Err(Failure::Configuration { name: "permission-denied", message, help: Some(help), sink });
        }
        looked => looked?,
    };
    if there.tables && there.today {
        return Ok(());
    }
    // Where the schema is there, no right to create one is needed.
    let schema = if there.schema { "" } else { "CREATE SCHEMA IF NOT EXISTS pipewright;" };
    let created = client.script(&format!("BEGIN; {LOCK}; {schema} {TABLES} {LETTERS_WITH_IDS} COMMIT")).await;
    end(client, created).await.map_err(|failure| match failure {
        Failure::Configuration { name: "permission-denied", message, sink, .. } => {
            let help = if there.schema {
                "an older version made the tables of schema `pipewright`: run this one once as their owner, or let this user own \
                 them: ALTER TABLE pipewright.dead_letters OWNER TO …; GRANT CREATE ON SCHEMA pipewright TO …"
            } else {
                "let this user create the schema `pipewright`: GRANT CREATE ON DATABASE … TO …"
            };
            Failure::Configuration { name: "permission-denied", message, help: Some(help.to_string()), sink }
        }
        other => other,
    })
}
