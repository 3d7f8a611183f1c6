//! Key as a keyring file has it.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};

use batv_core::{Algorithm, Day, Key, KeyId, KeyState, KeyUse, Lifetime};

use crate::scope::Scope;
use crate::secret::Secret;

batv_core::names! {
    /// Use of a key: `use` in keyring files.
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
        /// Rewritten senders of forwarded mail.
        Srs = "srs",
    }
}

impl Use {
    /// Algorithm of a key whose entry in a keyring file names none: HMAC-SHA256 for tags, and for SRS the HMAC-SHA1 of the
    /// published format.
    ///
    /// ```
    /// # use batv_config::Use;
    /// # use batv_core::Algorithm;
    /// assert_eq!(Use::Batv.default_algorithm(), Algorithm::HmacSha256);
    /// assert_eq!(Use::Srs.default_algorithm(), Algorithm::HmacSha1);
    /// ```
    #[must_use]
    pub const fn default_algorithm(self) -> Algorithm {
        match self {
            Self::Batv => Algorithm::HmacSha256,
            Self::Srs => Algorithm::HmacSha1,
        }
    }

    /// Lifetime of a key that names none: 7 days for tags (draft-levine-smtp-batv-01 §4), and for SRS the 21 days
    /// that every implementation gives a rewritten sender.
    ///
    /// ```
    /// # use batv_config::Use;
    /// assert_eq!(Use::Batv.default_lifetime().days(), 7);
    /// assert_eq!(Use::Srs.default_lifetime().days(), 21);
    /// ```
    #[must_use]
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

/// Handle of a key, by which [`Keyring`](crate::Keyring) finds it again whatever else has changed.
///
/// It is good for the keyring that it comes from, in this process.
///
/// ```
/// use batv_config::Keyring;
///
/// let keyring = Keyring::parse("[[key]]\nuse = \"srs\"\nsecret = \"text:hunter2\"\n")?;
/// let handle = keyring.entries()[0].handle();
/// assert_eq!(keyring.entry(handle).map(|entry| entry.expose_secret()), Some(&b"hunter2"[..]));
/// # Ok::<(), batv_config::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Handle(u64);

impl Handle {
    /// Handle that no other key has.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Key as a keyring file has it. The secret is wiped on drop, and shown by [`Entry::expose_secret`] alone.
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
    pub(crate) handle: Handle,
    pub(crate) key_use: KeyUse,
    pub(crate) algorithm: Algorithm,
    pub(crate) secret: Secret,
    pub(crate) state: KeyState,
    pub(crate) lifetime: Lifetime,
    pub(crate) created: Option<Day>,
    pub(crate) strong_since: Option<Day>,
    pub(crate) scope: Scope,
}

macro_rules! getters {
    ($($(#[$meta:meta])* $name:ident -> $type:ty, $expected:literal);+ $(;)?) => {
        $(
            $(#[$meta])*
            ///
            /// ```
            /// # use batv_config::Keyring;
            /// # use batv_core::{Algorithm, Day, KeyState, KeyUse, Lifetime};
            /// let keyring = Keyring::parse("[[key]]\nuse = \"srs\"\nsecret = \"text:hunter2\"\n")?;
            #[doc = concat!("assert_eq!(keyring.entries()[0].", stringify!($name), "(), ", $expected, ");")]
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            #[must_use]
            pub const fn $name(&self) -> $type {
                self.$name
            }
        )+
    };
}

impl Entry {
    /// Handle for [`Keyring::promote`](crate::Keyring::promote) and others.
    ///
    /// ```
    /// # use batv_config::Keyring;
    /// let text = "[[key]]\nuse = \"srs\"\nsecret = \"text:hunter2\"\n";
    /// let (one, other) = (Keyring::parse(text)?, Keyring::parse(text)?);
    /// assert_ne!(one.entries()[0].handle(), other.entries()[0].handle());
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    #[must_use]
    pub const fn handle(&self) -> Handle {
        self.handle
    }

    getters! {
        /// Use and, for BATV, the id.
        key_use -> KeyUse, "KeyUse::Srs";
        /// Algorithm of its MACs.
        algorithm -> Algorithm, "Algorithm::HmacSha1";
        /// State: whether it signs, verifies, or is retired.
        state -> KeyState, "KeyState::Verifying";
        /// Days for which its tags are valid.
        lifetime -> Lifetime, "Lifetime::new(21)?";
        /// Day since which it signs; `None` for a key that has not signed yet.
        created -> Option<Day>, "None";
        /// First day on which it signs in the strong form alone; shorter tags verify that it made before.
        strong_since -> Option<Day>, "None";
    }

    /// Id, which only BATV keys have.
    ///
    /// ```
    /// # use batv_config::Keyring;
    /// let keyring = Keyring::parse("[[key]]\nuse = \"srs\"\nsecret = \"text:hunter2\"\n")?;
    /// assert_eq!(keyring.entries()[0].id(), None);
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    #[must_use]
    pub const fn id(&self) -> Option<KeyId> {
        self.key_use.id()
    }

    /// Domains and mailboxes that it is for.
    ///
    /// ```
    /// # use batv_config::Keyring;
    /// let keyring = Keyring::parse("[[key]]\nuse = \"srs\"\nsecret = \"text:hunter2\"\n")?;
    /// assert!(keyring.entries()[0].scope().is_everybody());
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Octets of the secret, to pass to another program: never for a log.
    ///
    /// ```
    /// # use batv_config::Keyring;
    /// let keyring = Keyring::parse("[[key]]\nuse = \"srs\"\nsecret = \"hex:00ff\"\n")?;
    /// assert_eq!(keyring.entries()[0].expose_secret(), [0x00, 0xff]);
    /// # Ok::<(), batv_config::Error>(())
    /// ```
    #[must_use]
    pub fn expose_secret(&self) -> &[u8] {
        &self.secret
    }

    /// The same entry with an empty secret, for its dates and its scope.
    #[cfg(feature = "site")]
    pub(crate) fn without_secret(self) -> Self {
        Self { secret: Secret::default(), ..self }
    }

    /// Whether it is for this use, and for some domain or mailbox of this scope.
    pub(crate) fn meets(&self, key_use: Use, scope: &Scope) -> bool {
        Use::from(self.key_use) == key_use && self.scope.overlaps(scope)
    }

    pub(crate) fn to_key(&self) -> Result<Key, batv_core::Error> {
        let key = Key::new(self.key_use, self.algorithm, &self.secret)?
            .with_state(self.state)
            .with_lifetime(self.lifetime)
            .with_scope(self.scope.patterns()?);
        let key = self.created.into_iter().fold(key, Key::with_created);
        Ok(self.strong_since.into_iter().fold(key, Key::with_strong_since))
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
            .field("strong_since", &self.strong_since)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
