//! Access to the files that a configuration names.

use std::io;
use std::path::Path;

use crate::file::{Permissions, read_file, read_secret_file};
use crate::secret::Secret;

/// Octets of a list of senders at most: some hundred thousand mailboxes. A wrong path does no harm by so much.
const LIST_LIMIT: u64 = 16 << 20;

/// Contents of a file. They may be a key, so they are wiped after use.
pub type Octets = Secret;

/// Source of the files that a configuration names.
pub trait Files {
    /// Reads a file.
    ///
    /// # Errors
    /// Those of the system.
    fn read(&self, path: &Path) -> io::Result<Octets>;

    /// Reads a file that nobody else may read.
    ///
    /// # Errors
    /// Those of [`read_secret_file`].
    fn read_secret(&self, path: &Path) -> Result<Octets, crate::Error>;

    /// Reads a file of text.
    ///
    /// # Errors
    /// Those of the system, and [`io::ErrorKind::InvalidData`].
    fn text(&self, path: &Path) -> io::Result<String> {
        let octets = self.read(path)?;
        let text =
            str::from_utf8(&octets).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))?;
        Ok(text.to_owned())
    }
}

/// File system of this host. It reads regular files alone, of 16 MiB at most, and keys of 1 MiB.
///
/// ```
/// use std::path::Path;
///
/// use batv_config::site::{FileSystem, Files};
///
/// assert!(FileSystem.read(Path::new("/nonexistent")).is_err());
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it has no state")]
pub struct FileSystem;

impl Files for FileSystem {
    fn read(&self, path: &Path) -> io::Result<Octets> {
        read_file(path, LIST_LIMIT)
    }

    fn read_secret(&self, path: &Path) -> Result<Octets, crate::Error> {
        Ok(read_secret_file(path, Permissions::Private)?.0)
    }
}
