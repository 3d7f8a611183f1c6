//! Whether the files of the database are still those that are open.
//!
//! A file that is removed while it is open goes on to be written, and is lost with the process. One that is cut off is
//! damaged; and of `…-shm`, which is mapped into memory, the process dies (SIGBUS) when it uses a part that has gone. SQLite
//! notices neither.

use core::fmt;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Endings of the files, and whether one never gets smaller by itself.
const FILES: [(&str, bool); 3] = [("", true), ("-wal", false), ("-shm", true)];

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
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    /// Device and inode.
    identity: (u64, u64),
    length: u64,
}

impl Watch {
    /// Watch of a database that isn't open.
    pub(super) fn new(path: &Path) -> Self {
        let named = |end| {
            let mut name = path.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        Self { paths: FILES.map(|(end, _)| named(end)), seen: Mutex::default() }
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
        for ((path, (_, only_grows)), seen) in files {
            let now = fs::metadata(path).ok().map(|file| Seen::of(&file));
            match (*seen, now) {
                (Some(before), Some(now)) if before.identity == now.identity => {
                    if only_grows && now.length < before.length {
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

impl Seen {
    fn of(file: &Metadata) -> Self {
        Self { identity: identity(file), length: file.len() }
    }
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
