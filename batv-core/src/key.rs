//! Keys, the rings that hold them, and how they are looked up.

#[cfg(feature = "alloc")]
use alloc::{boxed::Box, string::String, vec::Vec};
use core::{fmt, slice};

use crate::day::{Day, Lifetime};
use crate::error::Error;
use crate::mac::MacKey;
use crate::mailbox::{Domain, LocalPart, Mailbox};
use crate::pattern::Fit;
use crate::pattern::Pattern;

/// The number of a key in a tag, 0 to 9: `K` in `KDDDSSSSSS` (draft-levine-smtp-batv-01 §4.1).
///
/// ```
/// use batv_core::{Error, KeyId};
///
/// assert_eq!(KeyId::new(3)?.to_string(), "3");
/// assert_eq!(KeyId::new(10), Err(Error::KeyId(10)));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeyId(u8);

impl KeyId {
    /// The key id of this number.
    ///
    /// # Errors
    /// [`Error::KeyId`] over 9.
    ///
    /// ```
    /// # use batv_core::KeyId;
    /// assert_eq!(KeyId::new(0)?, KeyId::default());
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub const fn new(number: u8) -> Result<Self, Error> {
        if number <= 9 { Ok(Self(number)) } else { Err(Error::KeyId(number)) }
    }

    /// All ten, from 0.
    ///
    /// ```
    /// # use batv_core::KeyId;
    /// assert_eq!(KeyId::all().count(), 10);
    /// ```
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=9).map(Self)
    }

    /// The number, 0 to 9.
    ///
    /// ```
    /// # use batv_core::KeyId;
    /// assert_eq!(KeyId::default().number(), 0);
    /// ```
    pub const fn number(self) -> u8 {
        self.0
    }

    pub(crate) const fn to_ascii(self) -> u8 {
        b'0' + self.0
    }

    pub(crate) const fn parse(digit: u8) -> Option<Self> {
        if digit.is_ascii_digit() { Some(Self(digit - b'0')) } else { None }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

crate::names! {
    /// How a key makes its MACs.
    ///
    /// ```
    /// use batv_core::Algorithm;
    ///
    /// assert_eq!("hmac-sha256".parse(), Ok(Algorithm::HmacSha256));
    /// assert_eq!(Algorithm::HmacSha1.to_string(), "hmac-sha1");
    /// ```
    #[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum Algorithm {
        /// HMAC-SHA1 over the exact address, as the draft, Exim and batv-tools have it; for SRS the published hash.
        HmacSha1 = "hmac-sha1",
        /// HMAC-SHA256 over the address with its ASCII letters in lower case; for SRS the separated hash.
        #[default]
        HmacSha256 = "hmac-sha256",
    }
}

crate::names! {
    /// What a key may do.
    ///
    /// ```
    /// use batv_core::KeyState;
    ///
    /// assert_eq!("verifying".parse(), Ok(KeyState::Verifying));
    /// ```
    #[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum KeyState {
        /// Signs and verifies.
        #[default]
        Signing = "signing",
        /// Verifies only: a new key that not every host has yet, or an old one whose tags still live.
        Verifying = "verifying",
        /// Does nothing, but keeps its id from being given out again.
        Retired = "retired",
    }
}

/// What a key is for. A key serves one use: under HMAC-SHA1 a crafted SRS field could stand for a prvs message.
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
    /// The key id, which only BATV has.
    ///
    /// ```
    /// # use batv_core::KeyUse;
    /// assert!(KeyUse::Srs.id().is_none());
    /// ```
    pub const fn id(self) -> Option<KeyId> {
        match self {
            Self::Batv(id) => Some(id),
            Self::Srs => None,
        }
    }

    /// The name in keyring files: `batv` or `srs`.
    ///
    /// ```
    /// # use batv_core::KeyUse;
    /// assert_eq!(KeyUse::Srs.as_str(), "srs");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Batv(_) => "batv",
            Self::Srs => "srs",
        }
    }
}

/// A key: its use, algorithm, state and lifetime, and the HMAC states that its secret leads to.
///
/// The secret is not kept; what is kept is wiped on drop, and never shown.
///
/// ```
/// use batv_core::{Algorithm, Key, KeyId, KeyUse};
///
/// let key = Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha256, b"sixteen octets..")?;
/// assert_eq!(format!("{key:?}"), "Key(..)");
/// # Ok::<(), batv_core::Error>(())
/// ```
pub struct Key {
    key_use: KeyUse,
    algorithm: Algorithm,
    state: KeyState,
    lifetime: Lifetime,
    created: Option<Day>,
    mac: MacBox,
    scope: Scope,
}

#[cfg(feature = "alloc")]
type Scope = Vec<Pattern<String>>;
#[cfg(not(feature = "alloc"))]
type Scope = [Pattern<&'static str>; 0];

/// On the heap, where there is one: a key may then be moved without leaving copies behind.
#[cfg(feature = "alloc")]
type MacBox = Box<MacKey>;
#[cfg(not(feature = "alloc"))]
type MacBox = MacKey;

impl Key {
    /// A signing key with the default lifetime of 7 days, for every mailbox.
    ///
    /// # Errors
    /// [`Error::EmptySecret`].
    ///
    /// ```
    /// # use batv_core::{Algorithm, Error, Key, KeyUse};
    /// assert_eq!(Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"").unwrap_err(), Error::EmptySecret);
    /// ```
    pub fn new(key_use: KeyUse, algorithm: Algorithm, secret: &[u8]) -> Result<Self, Error> {
        if secret.is_empty() {
            return Err(Error::EmptySecret);
        }
        let mut key = Self {
            key_use,
            algorithm,
            state: KeyState::default(),
            lifetime: Lifetime::default(),
            created: None,
            #[cfg(feature = "alloc")]
            mac: Box::new(MacKey::UNSET),
            #[cfg(not(feature = "alloc"))]
            mac: MacKey::UNSET,
            scope: Scope::default(),
        };
        key.mac.set(secret);
        Ok(key)
    }

    /// The same key in this state.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyState, KeyUse};
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?.with_state(KeyState::Verifying);
    /// assert_eq!(key.state(), KeyState::Verifying);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn with_state(mut self, state: KeyState) -> Self {
        self.state = state;
        self
    }

    /// The same key with this lifetime: how long its tags live, and the window in which they verify.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse, Lifetime};
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?.with_lifetime(Lifetime::new(14)?);
    /// assert_eq!(key.lifetime().days(), 14);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Lifetime) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// The same key, made on this day.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Day, Key, KeyUse};
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?.with_created(Day::new(20_780)?);
    /// assert_eq!(key.created(), Day::new(20_780).ok());
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn with_created(mut self, created: Day) -> Self {
        self.created = Some(created);
        self
    }

    /// The same key for these domains and mailboxes only, or for all when there are none.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse, Pattern};
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?
    ///     .with_scope(vec![Pattern::parse("example.com".to_owned())?]);
    /// assert_eq!(key.scope()[0].as_str(), "example.com");
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn with_scope(mut self, scope: Vec<Pattern<String>>) -> Self {
        self.scope = scope;
        self
    }

    /// What it is for, and under which id.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse};
    /// assert_eq!(Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?.key_use(), KeyUse::Srs);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub const fn key_use(&self) -> KeyUse {
        self.key_use
    }

    /// How it makes its MACs.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse};
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?;
    /// assert_eq!(key.algorithm(), Algorithm::HmacSha1);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What it may do.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyState, KeyUse};
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?;
    /// assert_eq!(key.state(), KeyState::Signing);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub const fn state(&self) -> KeyState {
        self.state
    }

    /// How long its tags live.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse};
    /// assert_eq!(Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?.lifetime().days(), 7);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub const fn lifetime(&self) -> Lifetime {
        self.lifetime
    }

    /// When it was made, if that is known.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse};
    /// assert_eq!(Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?.created(), None);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub const fn created(&self) -> Option<Day> {
        self.created
    }

    /// The domains and mailboxes that it is for; all when there are none.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse};
    /// assert!(Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?.scope().is_empty());
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[cfg(feature = "alloc")]
    pub fn scope(&self) -> &[Pattern<String>] {
        &self.scope
    }

    pub(crate) fn mac(&self) -> &MacKey {
        &self.mac
    }

    fn is_scoped(&self) -> bool {
        !self.scope.is_empty()
    }

    fn fit(&self, domain: &Domain<'_>, local_part: Option<&LocalPart<'_>>) -> Option<Fit> {
        if !self.is_scoped() {
            return Some(Fit::Any);
        }
        let fits = || self.scope.iter().filter_map(|pattern| pattern.fit(domain, local_part));
        if fits().any(|fit| fit == Fit::Mailbox) { Some(Fit::Mailbox) } else { fits().next() }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Where keys come from: a slice of [`Key`]s, or a table, a file, a database that finds them by domain or mailbox.
///
/// ```
/// use batv_core::{Domain, Key, KeyRing, Mailbox};
///
/// /// One ring for example.com, another for everybody else.
/// struct Two(Vec<Key>, Vec<Key>);
///
/// impl KeyRing for Two {
///     fn batv_keys<'s>(&'s self, mailbox: &Mailbox<'_>) -> impl Iterator<Item = &'s Key> {
///         let ours = mailbox.domain().as_str().eq_ignore_ascii_case("example.com");
///         if ours { self.0.batv_keys(mailbox) } else { self.1.batv_keys(mailbox) }
///     }
///
///     fn srs_keys<'s>(&'s self, domain: &Domain<'_>) -> impl Iterator<Item = &'s Key> {
///         self.1.srs_keys(domain)
///     }
/// }
/// ```
pub trait KeyRing {
    /// The BATV keys in any state that serve a mailbox: those of its own first, then its domain's, then everybody's.
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyId, KeyRing, KeyUse, Mailbox};
    ///
    /// let keys = [Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"sixteen octets..")?];
    /// assert_eq!(keys.batv_keys(&Mailbox::parse("alice@example.com")?).count(), 1);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    fn batv_keys<'s>(&'s self, mailbox: &Mailbox<'_>) -> impl Iterator<Item = &'s Key>;

    /// The SRS keys in any state that serve a domain of ours: its own first, then everybody's.
    ///
    /// ```
    /// use batv_core::{Algorithm, Domain, Key, KeyRing, KeyUse};
    ///
    /// let keys = [Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"sixteen octets..")?];
    /// assert_eq!(keys.srs_keys(&Domain::parse("forwarder.example.net")?).count(), 1);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    fn srs_keys<'s>(&'s self, domain: &Domain<'_>) -> impl Iterator<Item = &'s Key>;
}

impl KeyRing for [Key] {
    fn batv_keys<'s>(&'s self, mailbox: &Mailbox<'_>) -> impl Iterator<Item = &'s Key> {
        most_fitting_first(self, |key| match key.key_use {
            KeyUse::Batv(_) => key.fit(&mailbox.domain(), Some(&mailbox.local_part())),
            KeyUse::Srs => None,
        })
    }

    fn srs_keys<'s>(&'s self, domain: &Domain<'_>) -> impl Iterator<Item = &'s Key> {
        most_fitting_first(self, |key| match key.key_use {
            KeyUse::Srs => key.fit(domain, None),
            KeyUse::Batv(_) => None,
        })
    }
}

impl<const N: usize> KeyRing for [Key; N] {
    fn batv_keys<'s>(&'s self, mailbox: &Mailbox<'_>) -> impl Iterator<Item = &'s Key> {
        self.as_slice().batv_keys(mailbox)
    }

    fn srs_keys<'s>(&'s self, domain: &Domain<'_>) -> impl Iterator<Item = &'s Key> {
        self.as_slice().srs_keys(domain)
    }
}

fn most_fitting_first<'s, F: Fn(&Key) -> Option<Fit>>(keys: &'s [Key], fit: F) -> MostFittingFirst<'s, F> {
    let wanted = if keys.iter().any(Key::is_scoped) { Fit::Mailbox } else { Fit::Any };
    MostFittingFirst { keys, fit, wanted, rest: keys.iter() }
}

/// Goes over the keys once for each fit, the closest first.
struct MostFittingFirst<'s, F> {
    keys: &'s [Key],
    fit: F,
    wanted: Fit,
    rest: slice::Iter<'s, Key>,
}

impl<'s, F: Fn(&Key) -> Option<Fit>> Iterator for MostFittingFirst<'s, F> {
    type Item = &'s Key;

    #[inline]
    fn next(&mut self) -> Option<&'s Key> {
        loop {
            if let Some(key) = self.rest.find(|key| (self.fit)(key) == Some(self.wanted)) {
                return Some(key);
            }
            self.wanted = match self.wanted {
                Fit::Mailbox => Fit::Domain,
                Fit::Domain => Fit::Any,
                Fit::Any => return None,
            };
            self.rest = self.keys.iter();
        }
    }
}
