//! The texts of programs while they are fixed: read from files, changed in memory, written back at the end.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;
use std::path::Path;

use pipewright_compiler::source::Loader;
use similar::TextDiff;

use crate::program::{Files, reason};

const BOM: &str = "\u{feff}";

/// Texts by path; what has not been read yet comes from the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    read: RefCell<BTreeMap<String, Text>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Text {
    /// As it is in the file, without a byte order mark.
    before: String,
    now: String,
    bom: bool,
}

impl Loader for Texts {
    fn load(&self, path: &str) -> Result<Vec<u8>, String> {
        if let Some(text) = self.read.borrow().get(path) {
            return Ok(text.now.clone().into_bytes());
        }
        let bytes = Files.load(path)?;
        if let Ok(text) = std::str::from_utf8(&bytes) {
            let bare = text.strip_prefix(BOM).unwrap_or(text).to_string();
            let text = Text { before: bare.clone(), now: bare, bom: text.starts_with(BOM) };
            self.read.borrow_mut().insert(path.to_string(), text);
        }
        Ok(bytes)
    }
}

impl Texts {
    /// The text of a file that has been read.
    pub(super) fn get(&self, path: &str) -> Option<String> {
        self.read.borrow().get(path).map(|it| it.now.clone())
    }

    pub(super) fn replace(&mut self, path: &str, range: Range<usize>, text: &str) {
        if let Some(file) = self.read.get_mut().get_mut(path).filter(|it| it.now.get(range.clone()).is_some()) {
            file.now.replace_range(range, text);
        }
    }

    /// The paths of the files that would change.
    pub fn changed(&self) -> Vec<String> {
        let read = self.read.borrow();
        read.iter().filter(|(_, text)| text.before != text.now).map(|(path, _)| path.clone()).collect()
    }

    /// What would change, as a unified diff that `git apply` and `patch -p1` understand.
    pub fn diff(&self) -> String {
        let mut out = String::new();
        for (path, text) in self.read.borrow().iter().filter(|(_, text)| text.before != text.now) {
            let name = path.trim_start_matches('/');
            let whole = |text: &Text, it: &str| if text.bom { format!("{BOM}{it}") } else { it.to_string() };
            let (before, now) = (whole(text, &text.before), whole(text, &text.now));
            let diff = TextDiff::from_lines(&before, &now);
            let (a, b) = (format!("a/{name}"), format!("b/{name}"));
            out.push_str(&diff.unified_diff().context_radius(3).header(&a, &b).to_string());
        }
        out
    }

    /// Writes what has changed, each file as a whole or not at all.
    pub fn write(&self) -> Result<(), String> {
        for (path, text) in self.read.borrow().iter().filter(|(_, text)| text.before != text.now) {
            write(Path::new(path), text).map_err(|error| format!("cannot write `{path}`: {}", reason(&error)))?;
        }
        Ok(())
    }
}

/// A new file beside the old one takes its place, so that nobody ever sees half of it. A link keeps pointing at its file.
fn write(path: &Path, text: &Text) -> std::io::Result<()> {
    let path = path.canonicalize()?;
    let permissions = std::fs::metadata(&path)?.permissions();
    if permissions.readonly() {
        return Err(std::io::ErrorKind::PermissionDenied.into());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".pipewright-").tempfile_in(folder)?;
    if text.bom {
        file.write_all(BOM.as_bytes())?;
    }
    file.write_all(text.now.as_bytes())?;
    file.as_file().sync_all()?;
    file.as_file().set_permissions(permissions)?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn bytes_outside_of_the_edits_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pipe");
        std::fs::write(&path, "\u{feff}a\r\n\tü && b\nlast").unwrap();
        let name = path.to_str().unwrap();
        let mut texts = Texts::default();
        texts.load(name).unwrap();
        let at = texts.get(name).unwrap().find("&&").unwrap();
        texts.replace(name, at..at + 2, "and");
        assert!(texts.diff().contains("-\tü && b\n+\tü and b\n"), "{}", texts.diff());
        texts.write().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "\u{feff}a\r\n\tü and b\nlast");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_keeps_pointing_and_rights_stay() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a.pipe"), folder.path().join("b.pipe"));
        std::fs::write(&file, "x").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let mut texts = Texts::default();
        texts.load(link.to_str().unwrap()).unwrap();
        texts.replace(link.to_str().unwrap(), 0..1, "y");
        texts.write().unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "y");
        assert!(link.is_symlink());
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
