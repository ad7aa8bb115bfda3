//! The SQL text of a sink's writes, per number of rows. The numbers are powers of two, so that few statements are ever
//! prepared.

use pipewright_plan::{OnDelete, Sink, Write};

use super::tables::{NOW, extra_mark, quoted};

/// SQLite's limit of bound values in a statement.
const MAX_VALUES: usize = 32_766;
/// More rows than this gain nothing.
const MAX_ROWS: usize = 1_024;

/// What may become of rows without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drops {
    /// A row is written or equal.
    Never,
    /// A trigger or a constraint of the table may ignore it.
    May,
    /// Nobody counts what the triggers of a view do.
    Unknown,
}

/// The statements of one sink.
#[derive(Debug)]
pub(crate) struct Statements {
    insert_head: String,
    insert_row: String,
    insert_tail: String,
    delete_head: String,
    delete_row: String,
    delete_tail: &'static str,
    /// Finds the row as it was sent, or with a version that wins over it.
    find_row: String,
    /// Finds the row of a key.
    find_key: String,
    /// What a statement may do to rows that it takes.
    pub drops: Drops,
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
        let (mut find_row, mut find_key) = (String::new(), String::new());
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
            let found = |names: &[&String]| {
                let same = |(index, name): (usize, &&String)| format!("{} IS ?{}", quoted(name), index + 1);
                names.iter().enumerate().map(same).collect::<Vec<_>>().join(" AND ")
            };
            find_key = format!("SELECT 1 FROM {table} WHERE {}", found(&key.iter().collect::<Vec<_>>()));
            find_row = found_row(sink, key, version.as_deref());
        }
        Self {
            insert_head: format!("INSERT INTO {table} AS t ({}) VALUES ", names.join(", ")),
            insert_row: format!("({})", values.join(",")),
            insert_tail,
            delete_head,
            delete_row,
            delete_tail,
            find_row,
            find_key,
            drops: Drops::Never,
            columns,
            key: key_len,
            inserts: Vec::new(),
            deletes: Vec::new(),
        }
    }

    /// Finds what was sent: a row, or the row of a key. Empty in a sink that appends.
    pub fn find(&self, delete: bool) -> &str {
        if delete { &self.find_key } else { &self.find_row }
    }

    /// The greatest number of rows, a power of two and at most `rows`, that one statement takes; and the statement.
    pub fn next(&mut self, delete: bool, rows: usize) -> (usize, &str) {
        let (cache, head, row, tail, width) = if delete {
            (&mut self.deletes, &self.delete_head, &self.delete_row, self.delete_tail, self.key)
        } else {
            (&mut self.inserts, &self.insert_head, &self.insert_row, self.insert_tail.as_str(), self.columns)
        };
        // One by one, the count of changes tells of each row whether it was written.
        let alone = self.drops == Drops::May && self.key > 0;
        let most = if alone { 1 } else { rows }.min(MAX_ROWS).min(MAX_VALUES / width.max(1)).max(1);
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

fn found_row(sink: &Sink, key: &[String], version: Option<&str>) -> String {
    let (mut keys, mut others, mut newer) = (Vec::new(), Vec::new(), String::new());
    for (index, field) in sink.columns.fields.iter().enumerate() {
        let (name, value) = (quoted(&field.name), index + 1);
        let place = if key.contains(&field.name) { &mut keys } else { &mut others };
        place.push(format!("{name} IS ?{value}"));
        if version == Some(field.name.as_str()) {
            newer = format!(" OR {name} > ?{value}");
        }
    }
    let same = if others.is_empty() { "1".to_string() } else { others.join(" AND ") };
    format!("SELECT 1 FROM {} WHERE {} AND ({same}{newer})", quoted(&sink.table), keys.join(" AND "))
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
