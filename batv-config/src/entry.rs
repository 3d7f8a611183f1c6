//! A key as a keyring file has it.

use core::fmt;

use batv_core::{Algorithm, Day, Key, KeyId, KeyState, KeyUse, Lifetime};
use zeroize::Zeroizing;

use crate::scope::Scope;

batv_core::names! {
    /// What a key is for, whatever its id: `use` in keyring files.
    ///
    /// ```
    /// use batv_config::Use;
    ///
    /// assert_eq!("srs".parse(), Ok(Use::Srs));
    /// assert_eq!(Use::Batv.to_string(), "batv");
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    #[expect(clippy::exhaustive_enums, reason = "the keyring format fixes them")]
    pub enum Use {
        /// Tags of our own senders.
        Batv = "batv",
        /// Rewritten senders of mail that we forward.
        Srs = "srs",
    }
}

impl Use {
    /// The algorithm of a key that names none: HMAC-SHA256 for tags, and for SRS the HMAC-SHA1 of the published format,
    /// which every implementation reads.
    ///
    /// ```
    /// # use batv_config::Use;
    /// # use batv_core::Algorithm;
    /// assert_eq!(Use::Batv.default_algorithm(), Algorithm::HmacSha256);
    /// assert_eq!(Use::Srs.default_algorithm(), Algorithm::HmacSha1);
    /// ```
    pub const fn default_algorithm(self) -> Algorithm {
        match self {
            Self::Batv => Algorithm::HmacSha256,
            Self::Srs => Algorithm::HmacSha1,
        }
    }

    /// The lifetime of a key that names none: 7 days for tags (draft-levine-smtp-batv-01 §4), and for SRS the 21 days
    /// that every implementation gives a rewritten sender.
    ///
    /// ```
    /// # use batv_config::Use;
    /// assert_eq!(Use::Batv.default_lifetime().days(), 7);
    /// assert_eq!(Use::Srs.default_lifetime().days(), 21);
    /// ```
    pub fn default_lifetime(self) -> Lifetime {
        match self {
            Self::Batv => Lifetime::default(),
            // 21 is within the range of `Lifetime`.
            Self::Srs => Lifetime::new(21).unwrap_or_default(),
        }
    }
}

impl From<KeyUse> for Use {
    fn from(key_use: KeyUse) -> Self {
        if key_use == KeyUse::Srs { Self::Srs } else { Self::Batv }
    }
}

/// A key as a keyring file has it. The secret is wiped on drop, and shown by [`Entry::expose_secret`] alone.
///
/// ```
/// use batv_config::Keyring;
///
/// let keyring = Keyring::parse("[[key]]\nuse = \"batv\"\nid = 3\nsecret = \"text:hunter2\"\n")?;
/// let entry = &keyring.entries()[0];
/// assert_eq!(entry.id().map(|id| id.number()), Some(3));
/// assert_eq!(entry.expose_secret(), b"hunter2");
/// assert!(!format!("{entry:?}").contains("hunter2"));
/// # Ok::<(), batv_config::Error>(())
/// ```
#[derive(Clone)]
pub struct Entry {
    pub(crate) key_use: KeyUse,
    pub(crate) algorithm: Algorithm,
    pub(crate) secret: Zeroizing<Vec<u8>>,
    pub(crate) state: KeyState,
    pub(crate) lifetime: Lifetime,
    pub(crate) created: Option<Day>,
    pub(crate) scope: Scope,
}

macro_rules! getters {
    ($($(#[$meta:meta])* $name:ident -> $type:ty),+ $(,)?) => {
        $(
            $(#[$meta])*
            ///
            /// ```
            /// # use batv_config::Keyring;
            /// # let keyring = Keyring::parse("[[key]]\nuse = \"srs\"\nsecret = \"text:hunter2\"\n")?;
            #[doc = concat!("let shown = keyring.entries()[0].", stringify!($name), "();")]
            /// # Ok::<(), batv_config::Error>(())
            /// ```
            pub const fn $name(&self) -> $type {
                self.$name
            }
        )+
    };
}

impl Entry {
    getters! {
        /// What it is for, and under which id.
        key_use -> KeyUse,
        /// How it makes its MACs.
        algorithm -> Algorithm,
        /// What it may do.
        state -> KeyState,
        /// For how many days its tags live.
        lifetime -> Lifetime,
        /// The day since which it signs. A key that has not yet signed has none.
        created -> Option<Day>,
    }

    /// Its id, which only BATV has.
    ///
    /// ```
    /// # use batv_config::Keyring;
    /// let keyring = Keyring::parse("[[key]]\nuse = \"srs\"\nsecret = \"text:hunter2\"\n")?;
    /// assert_eq!(keyring.entries()[0].id(), None);
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    pub const fn id(&self) -> Option<KeyId> {
        self.key_use.id()
    }

    /// The domains and mailboxes that it is for.
    ///
    /// ```
    /// # use batv_config::Keyring;
    /// let keyring = Keyring::parse("[[key]]\nuse = \"srs\"\nsecret = \"text:hunter2\"\n")?;
    /// assert!(keyring.entries()[0].scope().is_everybody());
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The octets of the secret, to hand it to another program: never for a log.
    ///
    /// ```
    /// # use batv_config::Keyring;
    /// let keyring = Keyring::parse("[[key]]\nuse = \"srs\"\nsecret = \"hex:00ff\"\n")?;
    /// assert_eq!(keyring.entries()[0].expose_secret(), [0x00, 0xff]);
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    pub fn expose_secret(&self) -> &[u8] {
        &self.secret
    }

    /// Whether a key of this use for these mailboxes shares one with it.
    pub(crate) fn meets(&self, key_use: Use, scope: &Scope) -> bool {
        Use::from(self.key_use) == key_use && self.scope.overlaps(scope)
    }

    pub(crate) fn to_key(&self) -> Result<Key, batv_core::Error> {
        let key = Key::new(self.key_use, self.algorithm, &self.secret)?
            .with_state(self.state)
            .with_lifetime(self.lifetime)
            .with_scope(self.scope.patterns()?);
        Ok(match self.created {
            Some(created) => key.with_created(created),
            None => key,
        })
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("key_use", &self.key_use)
            .field("algorithm", &self.algorithm)
            .field("state", &self.state)
            .field("lifetime", &self.lifetime)
            .field("created", &self.created)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
