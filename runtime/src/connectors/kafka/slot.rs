//! Which member of its group an instance is, over restarts: a slot in a state directory that one process holds at a time.
//!
//! Static membership lets a restarted instance take its partitions back at once instead of after the session timeout.
//! Invariant: two processes with the same state directory never get the same slot.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use super::native::file_lock::try_lock;

/// Slots per state directory and stage.
const SLOTS: u32 = 1024;

/// A slot, held until it is dropped or the process ends.
#[derive(Debug)]
pub struct Slot {
    /// `group.instance.id`
    pub instance_id: String,
    _lock: File,
}

impl Slot {
    /// The first free slot of this group in the directory, which is created if it is missing.
    pub fn take(directory: &Path, group: &str) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let home = directory_id(directory)?;
        for slot in 0..SLOTS {
            let path = directory.join(format!("{}.{slot}.lock", file_name(group)));
            let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
            if try_lock(&lock)? {
                return Ok(Self { instance_id: format!("{group}.{home}.{slot}"), _lock: lock });
            }
        }
        Err(io::Error::other(format!("all {SLOTS} slots are taken")))
    }
}

/// A random name for the directory, so that two machines never count the same slots.
fn directory_id(directory: &Path) -> io::Result<String> {
    let path = directory.join("instance");
    let fresh = uuid::Uuid::new_v4().simple().to_string().chars().take(12).collect::<String>();
    // Written aside and linked: a reader never sees half of it, and the first of several writers wins.
    let aside = directory.join(format!("instance.{fresh}"));
    if !path.exists() {
        let mut file = File::create(&aside)?;
        file.write_all(fresh.as_bytes())?;
        file.sync_all()?;
        let linked = fs::hard_link(&aside, &path);
        fs::remove_file(&aside)?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    let mut id = String::new();
    File::open(&path)?.take(64).read_to_string(&mut id)?;
    let id = id.trim();
    if id.is_empty() || !id.chars().all(|it| it.is_ascii_alphanumeric()) {
        return Err(io::Error::other(format!("{} does not hold an instance's name", path.display())));
    }
    Ok(id.to_string())
}

fn file_name(group: &str) -> String {
    group.chars().map(|it| if it.is_ascii_alphanumeric() || "._-".contains(it) { it } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;

    #[test]
    fn a_slot_is_held_by_one_and_free_again_afterwards() {
        let directory = tempfile::tempdir().unwrap();
        let first = Slot::take(directory.path(), "shop.orders-to-db").unwrap();
        let second = Slot::take(directory.path(), "shop.orders-to-db").unwrap();
        assert!(first.instance_id.ends_with(".0") && second.instance_id.ends_with(".1"));
        let other = Slot::take(directory.path(), "shop.other").unwrap();
        assert!(other.instance_id.ends_with(".0"));
        let name = first.instance_id.clone();
        drop(first);
        assert_eq!(Slot::take(directory.path(), "shop.orders-to-db").unwrap().instance_id, name);
    }

    #[test]
    fn two_directories_never_share_a_name() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (one, other) = (Slot::take(one.path(), "g").unwrap(), Slot::take(other.path(), "g").unwrap());
        assert_ne!(one.instance_id, other.instance_id);
    }
}
