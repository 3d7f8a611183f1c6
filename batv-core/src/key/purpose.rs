//! Uses of a key.

use crate::key::id::KeyId;

/// Use of a key. A key serves one use: under HMAC-SHA1 a crafted SRS field could stand for a prvs message.
///
/// ```
/// use batv_core::{KeyId, KeyUse};
///
/// assert_eq!(KeyUse::Batv(KeyId::new(3)?).id(), KeyId::new(3).ok());
/// assert_eq!(KeyUse::Srs.id(), None);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum KeyUse {
    /// Tags of our own senders, under this id.
    Batv(KeyId),
    /// Rewritten senders of mail that we forward.
    Srs,
}

impl KeyUse {
    /// Key id, which only BATV keys have.
    ///
    /// ```
    /// # use batv_core::KeyUse;
    /// assert!(KeyUse::Srs.id().is_none());
    /// ```
    #[must_use]
    pub const fn id(self) -> Option<KeyId> {
        match self {
            Self::Batv(id) => Some(id),
            Self::Srs => None,
        }
    }

    /// Name in keyring files: `batv` or `srs`.
    ///
    /// ```
    /// # use batv_core::KeyUse;
    /// assert_eq!(KeyUse::Srs.as_str(), "srs");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Batv(_) => "batv",
            Self::Srs => "srs",
        }
    }
}
