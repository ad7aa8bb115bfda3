//! Which files a source means: names below the root, sorted. Nothing outside the root, also not through links.
//!
//! Invariant: what is opened is the file that was found. A log may be put away between the two looks, and another file may
//! have its name by then.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use glob::{MatchOptions, Pattern};

use super::problem;
use super::spec::check_path;
use crate::codecs::closest;
use crate::report::RunError;

/// A file to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Below the root, with `/`.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its length.
    pub size: u64,
    /// When it was last written to, if that is known.
    pub modified: Option<SystemTime>,
    /// What stays the same under any name, where the system has such a thing.
    identity: Option<(u64, u64)>,
}

#[cfg(unix)]
fn identity(about: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((about.dev(), about.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<(u64, u64)> {
    None
}

impl Found {
    /// Opens it. An error of the kind `NotFound`: it is not under this name any more.
    pub fn open(&self) -> io::Result<File> {
        let opened = File::open(&self.path)?;
        if identity(&opened.metadata()?) != self.identity {
            return Err(io::Error::new(io::ErrorKind::NotFound, "another file has its name now"));
        }
        Ok(opened)
    }

    /// Whether nobody has written to it for so long.
    pub fn unchanged_for(&self, time: Duration) -> bool {
        // A clock that went back, or none: as if it rested.
        self.modified.and_then(|it| it.elapsed().ok()).is_none_or(|it| it >= time)
    }

    /// Whether it must be unpacked.
    pub fn is_packed(&self) -> bool {
        let ending = self.name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        matches!(ending.as_deref(), Some("gz" | "zst"))
    }

    /// Whether its first so many lines have an end by now.
    pub fn begins_with_lines(&self, count: usize) -> bool {
        let mut first = Vec::new();
        let read = self.open().and_then(|file| file.take(64 << 10).read_to_end(&mut first));
        read.is_ok() && memchr::memchr_iter(b'\n', &first).count() >= count
    }
}

/// The folder of a connection.
pub(super) struct Root {
    /// As written, for messages.
    shown: String,
    /// Links resolved.
    path: PathBuf,
}

impl Root {
    /// Opens the folder.
    pub fn open(root: &str) -> Result<Self, RunError> {
        let folder = if root.is_empty() { "." } else { root };
        match Path::new(folder).canonicalize() {
            Ok(path) if path.is_dir() => Ok(Self { shown: folder.to_string(), path }),
            Ok(_) => Err(problem::not_found(
                format!("`root` is a file, not a folder: `{folder}`"),
                Some("name the folder that holds it".to_string()),
            )),
            Err(why) => Err(problem::not_found(format!("the folder `{folder}` cannot be opened: {why}"), None)),
        }
    }

    /// The files of a pattern, sorted by name. None is not an error here.
    pub fn find(&self, pattern: &str) -> Result<Vec<Found>, RunError> {
        check_path(pattern).map_err(|wrong| problem::bad_option(wrong.message, wrong.help))?;
        let literal = !pattern.contains(['*', '?', '[']);
        let root = self.path.to_string_lossy();
        let full = if literal {
            format!("{}/{}", Pattern::escape(&root), Pattern::escape(pattern))
        } else {
            format!("{}/{pattern}", Pattern::escape(&root))
        };
        let options = MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: !literal,
        };
        let paths = glob::glob_with(&full, options)
            .map_err(|error| problem::bad_option(format!("`{pattern}` is no pattern: {}", error.msg), None))?;
        let mut found = Vec::new();
        for path in paths {
            let path = path.map_err(|error| problem::unreadable(pattern, error.error()))?;
            let name = self.name(&path);
            let real = match path.canonicalize() {
                Ok(real) => real,
                // It was moved away while we looked.
                Err(_) if path.symlink_metadata().is_err() => continue,
                Err(error) => return Err(problem::unreadable(&name, &error)),
            };
            if !real.starts_with(&self.path) {
                return Err(problem::outside(Path::new(&name)));
            }
            let about = match real.metadata() {
                Ok(about) => about,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(problem::unreadable(&name, &error)),
            };
            if about.is_dir() {
                if literal {
                    let help = format!("for the files in it: `path = \"{name}/*\"`");
                    return Err(problem::not_found(format!("`{name}` is a folder"), Some(help)));
                }
                continue;
            }
            let (size, modified, identity) = (about.len(), about.modified().ok(), identity(&about));
            found.push(Found { name, path: real, size, modified, identity });
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found.dedup_by(|a, b| a.name == b.name);
        Ok(found)
    }

    fn name(&self, path: &Path) -> String {
        path.strip_prefix(&self.path).unwrap_or(path).to_string_lossy().replace('\\', "/")
    }

    /// The error for a pattern without files, with what is there instead.
    pub fn nothing(&self, pattern: &str) -> RunError {
        let literal = !pattern.contains(['*', '?', '[']);
        let folder = pattern.rsplit_once('/').map_or("", |(folder, _)| folder);
        let fixed: String = folder
            .split('/')
            .take_while(|part| !part.contains(['*', '?', '[']))
            .filter(|part| !part.is_empty())
            .map(|part| format!("{part}/"))
            .collect();
        let place = if fixed.is_empty() { self.shown.clone() } else { format!("{}/{fixed}", self.shown) };
        let message = if literal {
            format!("there is no file `{pattern}` in `{}`", self.shown)
        } else {
            format!("no file in `{}` matches `{pattern}`", self.shown)
        };
        let Ok(entries) = std::fs::read_dir(self.path.join(&fixed)) else {
            return problem::not_found(message, Some(format!("there is no folder `{place}` either")));
        };
        let mut names: Vec<String> = entries
            .flatten()
            .filter(|entry| entry.path().is_file())
            .map(|entry| format!("{fixed}{}", entry.file_name().to_string_lossy()))
            .filter(|name| !name.rsplit('/').next().unwrap_or_default().starts_with('.'))
            .collect();
        names.sort();
        let help = match closest(pattern, names.iter().map(String::as_str)) {
            Some(close) => format!("did you mean `{close}`?"),
            None if names.is_empty() => format!("there are no files in `{place}`"),
            None => {
                let more = if names.len() > 3 { ", …" } else { "" };
                let shown: Vec<_> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
                format!("there are {}{more}", shown.join(", "))
            }
        };
        problem::not_found(message, Some(help))
    }
}
