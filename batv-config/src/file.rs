//! files
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::keyring::Keyring;

/// Who may read a keyring file.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "private or not")]
pub enum Permissions {
    /// Nobody but its owner: mode 0600 or less.
    #[default]
    Private,
    /// Others may read it, but not change it.
    AllowReadable,
}

/// The octets of a raw key file.
///
/// # Errors
/// I/O and permissions
pub fn read_secret(path: &Path, permissions: Permissions) -> Result<Zeroizing<Vec<u8>>, Error> {
    let _ = (path, permissions);
    todo!()
}

/// A keyring file that is open for a change: nobody else changes it until this is dropped.
#[derive(Debug)]
pub struct KeyringFile {
    keyring: Keyring,
}

impl KeyringFile {
    /// Opens and locks a keyring file that exists; waits for whoever holds the lock.
    ///
    /// # Errors
    /// those of [`Keyring::load`], and of the lock
    pub fn open(path: &Path, permissions: Permissions) -> Result<Self, Error> {
        let _ = (path, permissions);
        todo!()
    }

    /// The same, but a file that does not exist is an empty keyring, and its directories are made (mode 0700).
    ///
    /// # Errors
    /// the same
    pub fn open_or_create(path: &Path, permissions: Permissions) -> Result<Self, Error> {
        let _ = (path, permissions);
        todo!()
    }

    /// Where the file really is: the target of a symbolic link.
    pub fn path(&self) -> &Path {
        todo!()
    }

    /// Whether there was no file yet.
    pub fn is_new(&self) -> bool {
        todo!()
    }

    /// The keyring as it is in memory.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The keyring, to change.
    pub fn keyring_mut(&mut self) -> &mut Keyring {
        &mut self.keyring
    }

    /// Writes it: all or nothing.
    ///
    /// # Errors
    /// I/O
    pub fn save(&mut self) -> Result<(), Error> {
        todo!()
    }
}
