//! A key: its secret made into the states of HMAC, and what it may be used for.

#[cfg(feature = "alloc")]
use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

use crate::address::{Domain, Fit, LocalPart, Pattern};
use crate::day::{Day, Lifetime};
use crate::error::Error;
use crate::key::algorithm::Algorithm;
use crate::key::mac::MacKey;
use crate::key::purpose::KeyUse;
use crate::key::state::KeyState;

/// Key: its use, algorithm, state, lifetime and scope, and the HMAC states of its secret.
///
/// The secret is not kept; what is kept is wiped on drop, and never shown. A clone is a key of its own, wiped like the
/// first.
///
/// ```
/// use batv_core::{Algorithm, Key, KeyId, KeyUse};
///
/// let key = Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha256, b"sixteen octets..")?;
/// assert_eq!(format!("{key:?}"), "Key(..)");
/// assert_eq!(key.clone().key_use(), key.key_use());
/// # Ok::<(), batv_core::Error>(())
/// ```
pub struct Key {
    key_use: KeyUse,
    algorithm: Algorithm,
    state: KeyState,
    lifetime: Lifetime,
    created: Option<Day>,
    strong_since: Option<Day>,
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

fn unset() -> MacBox {
    #[cfg(feature = "alloc")]
    return Box::new(MacKey::UNSET);
    #[cfg(not(feature = "alloc"))]
    MacKey::UNSET
}

impl Key {
    /// Makes a signing key with the default lifetime of 7 days, for every mailbox.
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
            strong_since: None,
            mac: unset(),
            scope: Scope::default(),
        };
        key.mac.set(secret);
        Ok(key)
    }

    /// Sets the state.
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

    /// Sets the lifetime: the days that its tags live, and the window in which they verify.
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

    /// Sets the day on which it was made.
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

    /// Sets the day since which the key signs in the [strong form](crate::tag::Form::Strong) alone, whatever form is asked for. Of
    /// its shorter tags, which have 24 bits and can be guessed, those verify that were made before.
    ///
    /// ```
    /// use batv_core::tag::{self, Form};
    /// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, TagVerdict};
    ///
    /// let key = Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?;
    /// let alice = Mailbox::parse("alice@example.com")?;
    /// let (today, tomorrow) = (Day::new(18_262)?, Day::new(18_263)?);
    /// let of = |day| tag::sign(&[key.clone()], &alice, Form::Prvs, None, day).map(|signing| signing.to_string());
    /// let (before, since) = (of(today)?, of(tomorrow)?);
    ///
    /// let keys = [key.clone().with_strong_since(tomorrow)];
    /// let verify = |tag: &str| Ok(tag::verify(&keys, &Mailbox::parse(tag)?, tomorrow).verdict);
    /// assert_eq!(verify(&before)?, TagVerdict::Valid);
    /// assert_eq!(verify(&since)?, TagVerdict::BadMac);
    /// assert!(tag::sign(&keys, &alice, Form::Prvs, None, tomorrow)?.to_string().starts_with("batv="));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn with_strong_since(mut self, day: Day) -> Self {
        self.strong_since = Some(day);
        self
    }

    /// Limits it to these domains and mailboxes; none of them means everybody.
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

    /// Use of the key, with its id.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse};
    /// assert_eq!(Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?.key_use(), KeyUse::Srs);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub const fn key_use(&self) -> KeyUse {
        self.key_use
    }

    /// Algorithm of its MACs.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse};
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?;
    /// assert_eq!(key.algorithm(), Algorithm::HmacSha1);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// State of the key.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyState, KeyUse};
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?;
    /// assert_eq!(key.state(), KeyState::Signing);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub const fn state(&self) -> KeyState {
        self.state
    }

    /// Days that its tags live.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse};
    /// assert_eq!(Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?.lifetime().days(), 7);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub const fn lifetime(&self) -> Lifetime {
        self.lifetime
    }

    /// Day on which it was made, if that is known.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse};
    /// assert_eq!(Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?.created(), None);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub const fn created(&self) -> Option<Day> {
        self.created
    }

    /// First day on which the key signs in the strong form alone.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse};
    /// assert_eq!(Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?.strong_since(), None);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub const fn strong_since(&self) -> Option<Day> {
        self.strong_since
    }

    /// Domains and mailboxes that it serves; empty when it serves everybody.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Key, KeyUse};
    /// assert!(Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?.scope().is_empty());
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn scope(&self) -> &[Pattern<String>] {
        &self.scope
    }

    pub(crate) fn mac(&self) -> &MacKey {
        &self.mac
    }

    pub(super) fn is_scoped(&self) -> bool {
        !self.scope.is_empty()
    }

    pub(super) fn fit(&self, domain: &Domain<'_>, local_part: Option<&LocalPart<'_>>) -> Option<Fit> {
        if !self.is_scoped() {
            return Some(Fit::Any);
        }
        let fits = || self.scope.iter().filter_map(|pattern| pattern.fit(domain, local_part));
        if fits().any(|fit| fit == Fit::Mailbox) { Some(Fit::Mailbox) } else { fits().next() }
    }
}

impl Clone for Key {
    fn clone(&self) -> Self {
        let mut key = Self { mac: unset(), scope: self.scope.clone(), ..*self };
        key.mac.copy(&self.mac);
        key
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}
