//! The files of the settings: on disk, or as the supervisor read them.

use alloc::collections::{BTreeMap, BTreeSet};
use core::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};

use batv_config::{Permissions, read_secret_file};

pub use batv_config::site::{FileSystem, Files, Octets};

/// Reader that keeps what it read, for the worker, and whose it was. What is in a file may be a key, so it is wiped after use.
///
/// ```
/// use std::path::Path;
///
/// use batv_mta::files::{Files, Recorder};
///
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("lists");
/// std::fs::write(&path, "list@example.net")?;
/// let recorder = Recorder::default();
/// recorder.read(&path)?;
/// std::fs::remove_file(&path)?;
/// assert_eq!(recorder.kept().text(&path)?, "list@example.net");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Default)]
pub struct Recorder {
    kept: RefCell<Kept>,
    /// The secret files, and the user IDs of their owners.
    owners: RefCell<BTreeSet<(PathBuf, u32)>>,
}

impl Recorder {
    /// The files that were read.
    pub fn kept(self) -> Kept {
        self.kept.into_inner()
    }

    /// The paths of the files that were read.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.kept.borrow().0.keys().cloned().collect()
    }

    /// The first secret file that belongs to none of these users, and its owner.
    pub fn stranger(&self, users: &[u32]) -> Option<(PathBuf, u32)> {
        self.owners.borrow().iter().find(|(_, owner)| !users.contains(owner)).cloned()
    }

    fn keep(&self, path: &Path, octets: Octets) -> Octets {
        self.kept.borrow_mut().insert(path.to_owned(), octets.clone());
        octets
    }
}

impl Files for Recorder {
    fn read(&self, path: &Path) -> io::Result<Octets> {
        FileSystem.read(path).map(|octets| self.keep(path, octets))
    }

    fn read_secret(&self, path: &Path) -> Result<Octets, batv_config::Error> {
        let (octets, owner) = read_secret_file(path, Permissions::Private)?;
        self.owners.borrow_mut().extend(owner.map(|owner| (path.to_owned(), owner)));
        Ok(self.keep(path, octets))
    }
}

impl core::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.kept.borrow().fmt(f)
    }
}

/// Files that were read before, when the permissions of secret ones were checked.
#[derive(Clone, Default)]
pub struct Kept(BTreeMap<PathBuf, Octets>);

impl Kept {
    /// Adds a file.
    ///
    /// ```
    /// use batv_mta::files::{Files, Kept};
    ///
    /// let mut kept = Kept::default();
    /// kept.insert("/etc/batv/lists".into(), b"list@example.net".to_vec().into());
    /// assert_eq!(kept.text("/etc/batv/lists".as_ref())?, "list@example.net");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn insert(&mut self, path: PathBuf, octets: Octets) {
        self.0.insert(path, octets);
    }
}

impl IntoIterator for Kept {
    type Item = (PathBuf, Octets);
    type IntoIter = alloc::collections::btree_map::IntoIter<PathBuf, Octets>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Files for Kept {
    fn read(&self, path: &Path) -> io::Result<Octets> {
        self.0.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn read_secret(&self, path: &Path) -> Result<Octets, batv_config::Error> {
        self.read(path).map_err(|error| batv_config::Error::Io {
            action: "read",
            path: path.to_owned(),
            kind: error.kind(),
            reason: error.to_string(),
        })
    }
}

impl core::fmt::Debug for Kept {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
