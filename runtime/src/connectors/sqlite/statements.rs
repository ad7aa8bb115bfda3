//! The SQL text of a sink's writes, per number of rows. The numbers are powers of two, so that few statements are ever
//! prepared.

use pipewright_plan::{OnDelete, Sink, Write};

use super::tables::{NOW, extra_mark, quoted};

/// SQLite's limit of bound values in a statement.
const MAX_VALUES: usize = 32_766;
/// More rows than this gain nothing.
const MAX_ROWS: usize = 1_024;

/// The statements of one sink.
#[derive(Debug)]
pub(crate) struct Statements {
    insert_head: String,
    insert_row: String,
    insert_tail: String,
    delete_head: String,
    delete_row: String,
    delete_tail: &'static str,
    columns: usize,
    key: usize,
    inserts: Vec<Option<String>>,
    deletes: Vec<Option<String>>,
}

impl Statements {
    /// For that sink.
    pub fn new(sink: &Sink) -> Self {
        let mut names: Vec<String> = sink.columns.fields.iter().map(|field| quoted(&field.name)).collect();
        let columns = names.len();
        let mut values = vec!["?"; columns];
        let mark = extra_mark(sink).map(quoted);
        if let Some(mark) = &mark {
            names.push(mark.clone());
            values.push("0");
        }
        if let Some(loaded_at) = &sink.loaded_at {
            names.push(quoted(loaded_at));
            values.push(NOW);
        }
        let table = quoted(&sink.table);
        let (mut insert_tail, mut delete_head, mut delete_row, mut delete_tail, mut key_len) =
            (String::new(), String::new(), String::new(), "", 0);
        if let Write::Upsert { key, on_delete, version } = &sink.write {
            insert_tail = on_conflict(sink, key, version.as_deref(), mark.as_deref());
            key_len = key.len();
            let keys: Vec<String> = key.iter().map(|name| quoted(name)).collect();
            let verb = match on_delete {
                OnDelete::Mark(column) => format!("UPDATE {table} SET {} = 1", quoted(column)),
                OnDelete::Delete | OnDelete::Ignore => format!("DELETE FROM {table}"),
            };
            if let [one] = keys.as_slice() {
                delete_head = format!("{verb} WHERE {one} IN (");
                delete_row = "?".to_string();
            } else {
                delete_head = format!("{verb} WHERE ({}) IN (VALUES ", keys.join(", "));
                delete_row = format!("({})", vec!["?"; key.len()].join(","));
            }
            delete_tail = ")";
        }
        Self {
            insert_head: format!("INSERT INTO {table} AS t ({}) VALUES ", names.join(", ")),
            insert_row: format!("({})", values.join(",")),
            insert_tail,
            delete_head,
            delete_row,
            delete_tail,
            columns,
            key: key_len,
            inserts: Vec::new(),
            deletes: Vec::new(),
        }
    }

    /// The greatest number of rows, a power of two and at most `rows`, that one statement takes; and the statement.
    pub fn next(&mut self, delete: bool, rows: usize) -> (usize, &str) {
        let (cache, head, row, tail, width) = if delete {
            (&mut self.deletes, &self.delete_head, &self.delete_row, self.delete_tail, self.key)
        } else {
            (&mut self.inserts, &self.insert_head, &self.insert_row, self.insert_tail.as_str(), self.columns)
        };
        let most = rows.min(MAX_ROWS).min(MAX_VALUES / width.max(1)).max(1);
        let exponent = most.ilog2() as usize;
        let number = 1 << exponent;
        if cache.len() <= exponent {
            cache.resize(exponent + 1, None);
        }
        let text = match cache.get_mut(exponent) {
            Some(slot) => slot.get_or_insert_with(|| {
                let mut sql = String::with_capacity(head.len() + number * (row.len() + 1) + tail.len());
                sql.push_str(head);
                for index in 0..number {
                    if index > 0 {
                        sql.push(',');
                    }
                    sql.push_str(row);
                }
                sql.push_str(tail);
                sql
            }),
            None => "",
        };
        (number, text)
    }
}

fn on_conflict(sink: &Sink, key: &[String], version: Option<&str>, mark: Option<&str>) -> String {
    let keys: Vec<String> = key.iter().map(|name| quoted(name)).collect();
    let others: Vec<String> = sink
        .columns
        .fields
        .iter()
        .filter(|field| !key.contains(&field.name))
        .map(|field| quoted(&field.name))
        .collect();
    let mut sets: Vec<String> = others.iter().map(|name| format!("{name} = excluded.{name}")).collect();
    let mut differs: Vec<String> = others.iter().map(|name| format!("t.{name} IS NOT excluded.{name}")).collect();
    if let Some(mark) = mark {
        sets.push(format!("{mark} = 0"));
        differs.push(format!("t.{mark} IS NOT 0"));
    }
    if sets.is_empty() {
        return format!(" ON CONFLICT ({}) DO NOTHING", keys.join(", "));
    }
    if let Some(loaded_at) = &sink.loaded_at {
        sets.push(format!("{0} = excluded.{0}", quoted(loaded_at)));
    }
    let guard = version.map_or(String::new(), |version| {
        let version = quoted(version);
        format!(" AND (t.{version} IS NULL OR excluded.{version} >= t.{version})")
    });
    format!(
        " ON CONFLICT ({}) DO UPDATE SET {} WHERE ({}){guard}",
        keys.join(", "),
        sets.join(", "),
        differs.join(" OR ")
    )
}
