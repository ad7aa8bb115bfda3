//! Writes a file that exists already, whole or not at all: a reader, a crash or a full disk never sees half of it. Links are
//! followed, permissions kept. Knows nothing of what is written.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

/// Gives the file at `path` a new content.
pub fn rewrite(path: &Path, text: &str) -> io::Result<()> {
    let path = path.canonicalize()?;
    // What may not be written is not replaced either.
    let permissions = OpenOptions::new().write(true).open(&path)?.metadata()?.permissions();
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut beside = match tempfile::Builder::new().prefix(".pipewright-").tempfile_in(folder) {
        Ok(beside) => beside,
        // The file may be written although its folder may not: then this is all that can be done.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return std::fs::write(&path, text),
        Err(error) => return Err(error),
    };
    beside.write_all(text.as_bytes())?;
    beside.as_file().set_permissions(permissions)?;
    beside.as_file().sync_all()?;
    beside.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::rewrite;

    #[test]
    fn permissions_and_links_stay() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a.pipe"), folder.path().join("b.pipe"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("a.pipe", &link).unwrap();
        rewrite(&link, "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left behind");
    }

    #[test]
    fn what_is_not_there_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        assert!(rewrite(&folder.path().join("gone.pipe"), "new").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
