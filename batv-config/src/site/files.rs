//! Access to the files that a configuration names.

use std::fs;
use std::io;
use std::path::Path;

use crate::file::{Permissions, read_secret};
use crate::secret::Secret;

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
    /// Those of [`read_secret`].
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

/// File system of this host.
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
        fs::read(path).map(Secret::from)
    }

    fn read_secret(&self, path: &Path) -> Result<Octets, crate::Error> {
        read_secret(path, Permissions::Private)
    }
}
