//! A key as the file has it.
use core::fmt;

use batv_core::{Algorithm, Day, KeyId, KeyState, KeyUse, Lifetime};
use zeroize::Zeroizing;

use crate::scope::Scope;

/// What keys are for, without the id.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the fixed values of `use`")]
pub enum Use {
    /// Tags of our own senders.
    Batv,
    /// Rewritten senders of mail that we forward.
    Srs,
}

/// A key as the file has it: what may be shown of it, and the secret only on demand.
pub struct Entry {
    pub(crate) key_use: KeyUse,
    pub(crate) algorithm: Algorithm,
    pub(crate) secret: Zeroizing<Vec<u8>>,
    pub(crate) state: KeyState,
    pub(crate) lifetime: Lifetime,
    pub(crate) created: Option<Day>,
    pub(crate) scope: Scope,
}

impl Entry {
    /// What it is for, and under which id.
    pub fn key_use(&self) -> KeyUse {
        self.key_use
    }
    /// Its id; only BATV has one.
    pub fn id(&self) -> Option<KeyId> {
        self.key_use.id()
    }
    /// How it makes its MACs.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
    /// What it may do.
    pub fn state(&self) -> KeyState {
        self.state
    }
    /// How long its tags live.
    pub fn lifetime(&self) -> Lifetime {
        self.lifetime
    }
    /// Since when it signs; a key that has not begun to has no date.
    pub fn created(&self) -> Option<Day> {
        self.created
    }
    /// The domains and mailboxes that it is for.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }
    /// The secret, for export: never for a log.
    pub fn expose_secret(&self) -> &[u8] {
        &self.secret
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").finish_non_exhaustive()
    }
}
