//! Reads what a table is like.

use sqlx::Row;

use super::client::Client;
use super::types::ActualType;
use crate::sinks::failure::Failure;

/// A column as it is.
pub(crate) struct ActualColumn {
    pub name: String,
    pub ty: ActualType,
    pub not_null: bool,
    pub has_default: bool,
    /// The database computes it.
    pub generated: bool,
    /// The database numbers it, and takes another number only where that is asked for: never in an UPDATE.
    pub always_identity: bool,
}

/// A table as it is.
pub(crate) struct ActualTable {
    /// `r` table, `p` partitioned table, `v` view, ….
    pub kind: String,
    pub columns: Vec<ActualColumn>,
    /// The columns of each unique index that can serve an upsert.
    pub unique: Vec<Vec<String>>,
    /// Rights on it that this user has not, of SELECT, INSERT, UPDATE, DELETE.
    pub denied: Vec<String>,
    /// This user, quoted.
    pub user: String,
    /// It, or a partition of it, has triggers that may drop rows.
    pub drops: bool,
    /// Row-level security holds for this user.
    pub row_security: bool,
}

impl ActualTable {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&ActualColumn> {
        self.columns.iter().find(|it| it.name == name)
    }

    /// Whether a unique index has exactly these columns.
    pub fn has_unique(&self, key: &[String]) -> bool {
        let sorted = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort_unstable();
            names
        };
        self.unique.iter().any(|index| sorted(index) == sorted(key))
    }
}

/// Whether a schema is there.
pub(crate) async fn schema_exists(client: &mut Client, schema: &str) -> Result<bool, Failure> {
    let query = sqlx::query("SELECT 1 FROM pg_namespace WHERE nspname = $1").bind(schema);
    Ok(!client.rows(query).await?.is_empty())
}

/// Reads a table; `name` is quoted. None: there is none.
pub(crate) async fn read(client: &mut Client, name: &str) -> Result<Option<ActualTable>, Failure> {
    let sql = "SELECT relkind::text, array(SELECT p FROM unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p \
               WHERE NOT has_table_privilege(oid, p)), quote_ident(current_user), row_security_active(oid) FROM pg_class WHERE oid = to_regclass($1)";
    let rows = client.rows(sqlx::query(sql).bind(name)).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let head = row.try_get(0).and_then(|kind: String| Ok((kind, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?)));
    let (kind, denied, user, row_security) = head.map_err(|error| client.failure(error))?;
    let columns = columns(client, name).await?;
    let unique = unique(client, name).await?;
    let drops = drops(client, name).await?;
    Ok(Some(ActualTable { kind, columns, unique, denied, user, drops, row_security }))
}

/// Triggers that run before a row is written, and may return nothing instead of it.
async fn drops(client: &mut Client, name: &str) -> Result<bool, Failure> {
    const BEFORE_ROW: i32 = 1 | 2;
    let sql = "SELECT 1 FROM pg_trigger WHERE (tgrelid = to_regclass($1) \
               OR tgrelid IN (SELECT relid FROM pg_partition_tree(to_regclass($1)))) \
               AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype::int & $2 = $2 LIMIT 1";
    Ok(!client.rows(sqlx::query(sql).bind(name).bind(BEFORE_ROW)).await?.is_empty())
}

async fn columns(client: &mut Client, name: &str) -> Result<Vec<ActualColumn>, Failure> {
    let sql = "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), b.typname::text, \
               CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END, b.typtype = 'e', \
               a.attnotnull OR t.typnotnull, a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL, \
               a.attgenerated <> '', a.attidentity = 'a' \
               FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid \
               JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END \
               WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
    let rows = client.rows(sqlx::query(sql).bind(name)).await?;
    let read = rows.iter().map(|row| {
        Ok(ActualColumn {
            name: row.try_get(0)?,
            ty: ActualType {
                shown: row.try_get(1)?,
                name: row.try_get(2)?,
                modifier: row.try_get(3)?,
                is_enum: row.try_get(4)?,
            },
            not_null: row.try_get(5)?,
            has_default: row.try_get(6)?,
            generated: row.try_get(7)?,
            always_identity: row.try_get(8)?,
        })
    });
    read.collect::<Result<_, sqlx::Error>>().map_err(|error| client.failure(error))
}

async fn unique(client: &mut Client, name: &str) -> Result<Vec<Vec<String>>, Failure> {
    let sql = "SELECT array_agg(coalesce(a.attname::text, '')) FROM pg_index i \
               CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, n) \
               LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0 \
               WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indisvalid AND i.indimmediate \
               AND i.indpred IS NULL AND k.n <= i.indnkeyatts GROUP BY i.indexrelid";
    let rows = client.rows(sqlx::query(sql).bind(name)).await?;
    let read = rows.iter().map(|row| row.try_get(0));
    read.collect::<Result<_, sqlx::Error>>().map_err(|error| client.failure(error))
}
