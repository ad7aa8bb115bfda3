//! A lock on a file that the system takes back when the process ends, however it ends.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// Locks an open file for as long as it stays open. `false`: another process (or another open file here) holds it.
pub fn try_lock(file: &File) -> io::Result<bool> {
    // SAFETY: the descriptor is open for as long as `file` is borrowed; the call touches no memory of ours.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
        return Ok(true);
    }
    match io::Error::last_os_error() {
        error if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        error => Err(error),
    }
}
