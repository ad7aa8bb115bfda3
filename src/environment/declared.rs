//! What the programs below a `pipewright.yaml` declare, as far as the file speaks of it: the names of their connections.
//!
//! Read from the text, not compiled: a program that is broken still says what it declares. A name too many (in a comment)
//! hides a slip at worst. Invariant: a folder that is too large to be looked through gives no names, and nothing is refused.

use std::collections::BTreeSet;
use std::path::Path;

/// Folders and files that are looked at, at most.
const MOST: usize = 5_000;

/// The connections of all programs below the folder; none if there is no program, or too much to look through.
pub(super) fn connections(folder: &Path) -> Option<BTreeSet<String>> {
    let (mut folders, mut names, mut seen, mut programs) = (vec![folder.to_path_buf()], BTreeSet::new(), 0, 0);
    while let Some(folder) = folders.pop() {
        // What cannot be read may declare anything.
        for entry in std::fs::read_dir(folder).ok()? {
            let (path, kind) = entry.and_then(|it| it.file_type().map(|kind| (it.path(), kind))).ok()?;
            seen += 1;
            if seen > MOST {
                return None;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if kind.is_dir() {
                if !name.starts_with('.') && name != "target" && name != "node_modules" {
                    folders.push(path);
                }
            } else if name.ends_with(".pipe") {
                programs += 1;
                of_text(&std::fs::read_to_string(&path).ok()?, &mut names);
            }
        }
    }
    (programs > 0).then_some(names)
}

fn of_text(text: &str, names: &mut BTreeSet<String>) {
    let mut words = text.split(|it: char| !(it.is_alphanumeric() || it == '_')).filter(|it| !it.is_empty());
    while let Some(word) = words.next() {
        if word == "connection" {
            names.extend(words.next().map(str::to_string));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn connections_of_all_programs_below_are_found_whatever_else_is_wrong_with_them() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(connections(folder.path()), None);
        std::fs::create_dir_all(folder.path().join("more/deep")).unwrap();
        std::fs::create_dir_all(folder.path().join("target")).unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("shop.pipe", "connection bus = kafka { embedded = true }\nconnection\n  warehouse=postgres {");
        write("more/deep/else.pipe", "oops connection lake = files {}");
        write("target/old.pipe", "connection gone = files {}");
        write("notes.txt", "connection no = program");
        let names: Vec<String> = connections(folder.path()).unwrap().into_iter().collect();
        assert_eq!(names, ["bus", "lake", "warehouse"]);
    }
}
