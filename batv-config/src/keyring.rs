//! keyring
use std::path::Path;

use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Lifetime};
use zeroize::Zeroizing;

use crate::entry::{Entry, Use};
use crate::error::Error;
use crate::file::Permissions;
use crate::scope::Scope;

/// The keys of a keyring file, ready to use, and the text that they came in.
#[derive(Debug, Default)]
pub struct Keyring {
    entries: Vec<Entry>,
    keys: Vec<Key>,
}

impl Keyring {
    /// Reads a keyring file.
    ///
    /// # Errors
    /// I/O, permissions, content
    pub fn load(path: &Path, permissions: Permissions) -> Result<Self, Error> {
        let _ = (path, permissions);
        todo!()
    }

    /// Reads the text of a keyring file.
    ///
    /// # Errors
    /// content
    pub fn parse(text: &str) -> Result<Self, Error> {
        let _ = text;
        todo!()
    }

    /// One signing key for everybody, from the octets of a raw key file.
    ///
    /// # Errors
    /// empty secret
    pub fn from_raw_key(
        secret: &[u8],
        key_use: KeyUse,
        algorithm: Algorithm,
        lifetime: Lifetime,
    ) -> Result<Self, Error> {
        let _ = (secret, key_use, algorithm, lifetime);
        todo!()
    }

    /// The keys, in the order of the file: a [`batv_core::KeyRing`].
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The same keys, to show.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The text of the file, comments and all.
    pub fn to_toml(&self) -> Zeroizing<String> {
        todo!()
    }

    /// The place in [`Keyring::entries`] of the one key that fits: of this use, of this id and of this scope where they are given.
    ///
    /// # Errors
    /// when there is none, or more than one
    pub fn find(&self, key_use: Use, id: Option<KeyId>, scope: Option<&Scope>) -> Result<usize, Error> {
        let _ = (key_use, id, scope);
        todo!()
    }

    /// The last day on which a tag made with this key can be valid: for one that signs, of a tag made today.
    /// `None` when the file does not tell (see the docs).
    pub fn last_valid_day(&self, index: usize, today: Day) -> Option<Day> {
        let _ = (index, today);
        todo!()
    }
}
