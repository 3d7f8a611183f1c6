//! changes
use batv_core::{Algorithm, Day, KeyId, Lifetime};

use crate::entry::Use;
use crate::error::Error;
use crate::keyring::Keyring;
use crate::scope::Scope;

/// What a new key is to be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewKey {
    /// What it is for.
    pub key_use: Use,
    /// Its id; the lowest free one when none is given.
    pub id: Option<KeyId>,
    /// How it makes its MACs. When none is given: that of the key that it takes over from, or `hmac-sha256`.
    pub algorithm: Option<Algorithm>,
    /// How long its tags live. When none is given: that of the key that it takes over from, or 7 days (21 for SRS).
    pub lifetime: Option<Lifetime>,
    /// The domains and mailboxes that it is for.
    pub scope: Scope,
}

impl NewKey {
    /// A key of this use for everybody, of the next id, and all else as usual.
    pub fn new(key_use: Use) -> Self {
        Self { key_use, id: None, algorithm: None, lifetime: None, scope: Scope::default() }
    }
}

/// What a rotation came to.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Rotation {
    /// The place of the key that signs now.
    pub signing: usize,
    /// The places of the keys that signed until now, and verify from now on.
    pub verifying: Vec<usize>,
}

/// Whether a change is made although live tags may be lost.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "yes or no")]
pub enum Force {
    /// It is refused.
    #[default]
    No,
    /// It is made.
    Yes,
}

impl Keyring {
    /// Adds a key: signing when no other signs for its use and scope, verifying otherwise. Returns its place.
    ///
    /// # Errors
    /// id live, no id free, empty secret, same secret as a key of other use
    pub fn add(&mut self, key: &NewKey, secret: &[u8], today: Day) -> Result<usize, Error> {
        let _ = (key, secret, today);
        todo!()
    }

    /// Adds a key that signs from today on; the one that signed until now verifies from now on.
    ///
    /// # Errors
    /// those of add; no signing key of that scope
    pub fn rotate(&mut self, key: &NewKey, secret: &[u8], today: Day) -> Result<Rotation, Error> {
        let _ = (key, secret, today);
        todo!()
    }

    /// Lets a verifying key sign from today on; the one that signed until now verifies from now on.
    ///
    /// # Errors
    /// not verifying; partial overlap
    pub fn promote(&mut self, index: usize, today: Day) -> Result<Rotation, Error> {
        let _ = (index, today);
        todo!()
    }

    /// Retires a key.
    ///
    /// # Errors
    /// live tags, only signing key, unless forced
    pub fn retire(&mut self, index: usize, force: Force, today: Day) -> Result<(), Error> {
        let _ = (index, force, today);
        todo!()
    }
}
