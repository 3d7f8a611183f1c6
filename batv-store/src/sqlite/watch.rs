//! Whether the files of the database are still those that are open.
//!
//! A file that is removed while it is open goes on to be written, and is lost with the process. One that is cut off is
//! damaged, also when a later write has made it long again; and of `…-shm`, which is mapped into memory, the process dies
//! (SIGBUS) when it uses a part that has gone. SQLite notices neither.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use std::fs::{self, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Endings of the files. None gets smaller while it is in use: the log begins anew in its old room.
const FILES: [&str; 3] = ["", LOG, "-shm"];
const LOG: &str = "-wal";
/// Octets before the frames of the log, and of a frame before its page (<https://sqlite.org/walformat.html>).
const LOG_HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;

/// What has become of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Loss {
    /// It is no longer there, or another one is.
    Removed,
    /// It has become smaller.
    CutOff,
}

/// Files of a database, as they were seen last.
#[derive(Debug)]
pub(super) struct Watch {
    paths: [PathBuf; FILES.len()],
    seen: Mutex<[Option<Seen>; FILES.len()]>,
    is_suspect: AtomicBool,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    /// Device and inode.
    identity: (u64, u64),
    length: u64,
    /// Whether its last frame, if it is the log, has a page.
    has_end: bool,
}

impl Watch {
    /// Watch of a database that isn't open.
    pub(super) fn new(path: &Path) -> Self {
        let named = |end| with_ending(path, end);
        Self { paths: FILES.map(named), seen: Mutex::default(), is_suspect: AtomicBool::default() }
    }

    /// Whether the files may be damaged.
    pub(super) fn is_suspect(&self) -> bool {
        self.is_suspect.load(Ordering::Relaxed)
    }

    /// Notes whether the files may be damaged.
    pub(super) fn suspect(&self, is_suspect: bool) {
        self.is_suspect.store(is_suspect, Ordering::Relaxed);
    }

    /// Forgets the files, as the database has been closed.
    pub(super) fn forget(&self) {
        *self.locked() = Default::default();
    }

    /// Looks at the files, and says what has become of the first that is lost.
    pub(super) fn look(&self) -> Option<(&Path, Loss)> {
        let mut seen = self.locked();
        let files = self.paths.iter().zip(FILES).zip(seen.iter_mut());
        let mut lost = None;
        for ((path, end), seen) in files {
            let mut log = if end == LOG { fs::File::open(path).ok() } else { None };
            let mut has_end = |length| log.as_mut().is_some_and(|log| has_last_frame(log, length).unwrap_or(false));
            let now = fs::metadata(path).ok().map(|file| Seen {
                identity: identity(&file),
                length: file.len(),
                has_end: has_end(file.len()),
            });
            match (*seen, now) {
                (Some(before), Some(now)) if before.identity == now.identity => {
                    if now.length < before.length || before.has_end && !has_end(before.length) {
                        // The worst that can be: it is told before all else.
                        return Some((path, Loss::CutOff));
                    }
                }
                (Some(_), _) => lost = lost.or(Some((path.as_path(), Loss::Removed))),
                (None, _) => {}
            }
            if lost.is_none() {
                *seen = now;
            }
        }
        lost
    }

    fn locked(&self) -> MutexGuard<'_, [Option<Seen>; FILES.len()]> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The path with more at its end.
pub(super) fn with_ending(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Whether the last whole frame of so many octets of the log has the number of a page: where the log was cut off and is written
/// behind that, there are zeros.
fn has_last_frame(log: &mut fs::File, length: u64) -> io::Result<bool> {
    let mut number = [0; 4];
    // The size of a page stands behind the magic number and the version.
    log.seek(SeekFrom::Start(8))?;
    log.read_exact(&mut number)?;
    let frame = FRAME_HEADER + u64::from(u32::from_be_bytes(number));
    let Some(last) = (length.saturating_sub(LOG_HEADER) / frame).checked_sub(1) else { return Ok(false) };
    log.seek(SeekFrom::Start(LOG_HEADER + last * frame))?;
    log.read_exact(&mut number)?;
    Ok(number != [0; 4])
}

#[cfg(unix)]
fn identity(file: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;

    (file.dev(), file.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Removed => "removed",
            Self::CutOff => "cut off",
        })
    }
}
