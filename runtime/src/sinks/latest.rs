//! Which rows of a chunk are live: in an upsert sink only the last version of a key.
//!
//! The rule does not depend on how records are cut into epochs: what it drops, the database would have overwritten. So a
//! delete that only marks its row does not make the row before it go away, and with a version column the greatest version
//! wins, not the last one.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use pipewright_plan::{OnDelete, Sink, Write};

use crate::record::RecordId;
use crate::sinks::{ChunkRow, key};

/// What makes rows of a sink versions of one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Upsert {
    /// Where the key stands in the columns.
    pub key: Vec<usize>,
    /// Where the version stands.
    pub version: Option<usize>,
    /// Deletes mark their row.
    pub marks: bool,
    /// Deletes are left out.
    pub ignores: bool,
}

impl Upsert {
    /// None: an append sink.
    pub fn of(sink: &Sink) -> Option<Self> {
        let Write::Upsert { key, on_delete, version } = &sink.write else { return None };
        Some(Self {
            key: key.iter().filter_map(|name| sink.columns.position(name)).collect(),
            version: version.as_ref().and_then(|name| sink.columns.position(name)),
            marks: matches!(on_delete, OnDelete::Mark(_)),
            ignores: matches!(on_delete, OnDelete::Ignore),
        })
    }
}

const NONE: u32 = u32::MAX;

/// The live rows of one key.
#[derive(Clone, Copy, Debug)]
struct Versions {
    /// The row, or the delete that removes it.
    row: u32,
    /// The delete that marks it.
    mark: u32,
    /// With versions: a mark before the row. The row may prove older than the table's, then the mark holds.
    early: u32,
}

/// Finds the last versions. Its table is reused.
#[derive(Debug, Default)]
pub(crate) struct Latest {
    table: HashTable<Versions>,
    hasher: DefaultHashBuilder,
}

impl Latest {
    /// Sets `superseded` of every row.
    pub fn settle(&mut self, upsert: &Upsert, bytes: &[u8], rows: &mut [ChunkRow]) {
        let Self { table, hasher } = self;
        table.clear();
        for index in 0..rows.len() {
            let Some(row) = rows.get(index).copied() else { continue };
            let (key, version) = key::before(bytes, row.start);
            let key_at = |it: &Versions| {
                let first = if it.row == NONE { it.mark } else { it.row };
                rows.get(first as usize).map_or(&[][..], |row| key::before(bytes, row.start).0)
            };
            let hash = hasher.hash_one(key);
            let number = u32::try_from(index).unwrap_or(NONE);
            let is_mark = row.delete && upsert.marks;
            let mut dead = [NONE; 2];
            let mut early = NONE;
            match table.find_mut(hash, |it| key_at(it) == key) {
                None => {
                    let (row, mark) = if is_mark { (NONE, number) } else { (number, NONE) };
                    table.insert_unique(hash, Versions { row, mark, early }, |it| hasher.hash_one(key_at(it)));
                }
                Some(it) if is_mark => dead = [std::mem::replace(&mut it.mark, number), NONE],
                Some(it) => {
                    let older = upsert.version.is_some()
                        && !row.delete
                        && rows.get(it.row as usize).filter(|old| !old.delete).is_some_and(|old| {
                            newness(version, row.at) < newness(key::before(bytes, old.start).1, old.at)
                        });
                    if older {
                        dead = [number, NONE];
                    } else {
                        let mark = std::mem::replace(&mut it.mark, NONE);
                        dead = [std::mem::replace(&mut it.row, number), mark];
                        if upsert.version.is_some() && mark != NONE {
                            early = mark;
                            dead = [dead[0], std::mem::replace(&mut it.early, mark)];
                        }
                    }
                }
            }
            if let Some(row) = rows.get_mut(index) {
                row.superseded = false;
                row.before_row = false;
            }
            if let Some(row) = rows.get_mut(early as usize) {
                row.before_row = true;
            }
            for old in dead {
                if let Some(row) = rows.get_mut(old as usize) {
                    row.superseded = true;
                }
            }
        }
    }
}

/// Equal versions: the higher place wins, so that the result does not depend on which partition was read first.
fn newness(version: &[u8], at: RecordId) -> (&[u8], RecordId) {
    (version, at)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use pipewright_expr::Datum;

    use super::*;

    /// `k=1` a row, `k!` a delete; `k=1@7` a row of version 7. Gives what is live.
    fn live(marks: bool, text: &str) -> String {
        let upsert = Upsert { key: vec![0], version: text.contains('@').then_some(1), marks, ignores: false };
        let (mut bytes, mut rows) = (Vec::new(), Vec::new());
        for (offset, word) in text.split_whitespace().enumerate() {
            let start = bytes.len();
            key::push(&mut bytes, &Datum::Text(&word[..1]));
            let version = bytes.len();
            if let Some((_, it)) = word.split_once('@') {
                key::push(&mut bytes, &Datum::Int(it.parse().unwrap()));
            }
            key::push_lengths(&mut bytes, start, version);
            let start = bytes.len() as u32;
            bytes.extend_from_slice(word.as_bytes());
            rows.push(ChunkRow {
                start,
                end: bytes.len() as u32,
                at: RecordId { topic: 0, partition: 0, offset: offset as i64 },
                delete: word.ends_with('!'),
                superseded: true,
                before_row: false,
            });
        }
        Latest::default().settle(&upsert, &bytes, &mut rows);
        let word = |row: &ChunkRow| String::from_utf8(bytes[row.start as usize..row.end as usize].to_vec()).unwrap();
        rows.iter().filter(|row| !row.superseded).map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_last_version_of_a_key_is_live() {
        assert_eq!(live(false, "a=1 b=1 a=2 c=1 a=3"), "b=1 c=1 a=3");
        assert_eq!(live(false, "a=1 a! b! b=2"), "a! b=2");
    }

    #[test]
    fn a_mark_needs_its_row() {
        assert_eq!(live(true, "a=1 a=2 a! b! b=1 c! c!"), "a=2 a! b=1 c!");
    }

    #[test]
    fn the_greatest_version_wins() {
        assert_eq!(live(false, "a=1@5 a=2@3 b=1@1 b=2@1"), "a=1@5 b=2@1");
        // The mark stays, for the case that the table has a newer row.
        assert_eq!(live(true, "a! a! a=1@5 b=1@1 b! b=2@0"), "a! a=1@5 b=1@1 b!");
    }
}
