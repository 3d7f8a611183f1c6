//! Many keys, found at once.

use alloc::vec::Vec;
use core::ops::Deref;

use crate::address::{Domain, Mailbox};
use crate::key::index::Index;
use crate::key::material::Key;
use crate::key::ring::{KeyRing, Keys};
use crate::key::served::Served;

/// Keys with an index of their scopes: a key is found as fast among thousands of domains as among a few.
///
/// It answers as the slice of the same keys does, and it is that slice, too, in the order in which they came.
///
/// ```
/// use batv_core::tag::{self, Form};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeySet, KeyUse, Mailbox, Pattern};
///
/// let key = |domain: &str| {
///     let key = Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha256, domain.as_bytes())?;
///     Ok::<_, batv_core::Error>(key.with_scope(vec![Pattern::parse(domain.to_owned())?]))
/// };
/// let keys: KeySet = (0..1000).map(|number| key(&format!("{number}.example"))).collect::<Result<_, _>>()?;
/// assert_eq!(keys.len(), 1000);
///
/// let alice = Mailbox::parse("alice@777.example")?;
/// let signing = tag::sign(&keys, &alice, Form::Prvs, None, Day::new(18_262)?)?;
/// assert_eq!(signing.to_string(), tag::sign(&[key("777.example")?], &alice, Form::Prvs, None, Day::new(18_262)?)?.to_string());
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<Key>,
    index: Index,
}

impl KeySet {
    /// Whether the scope of a key in any state names this domain, or one of its mailboxes.
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeySet, KeyUse, Pattern};
    ///
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?;
    /// let keys = KeySet::from(vec![key.with_scope(vec![Pattern::parse("alice@example.com".to_owned())?])]);
    /// assert!(keys.names("Example.COM") && !keys.names("example.net"));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn names(&self, domain: &str) -> bool {
        self.index.names(&self.keys, domain)
    }

    /// Keys that serve everybody: those without a scope, in any state and for either use.
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeySet, KeyUse};
    ///
    /// let keys = KeySet::from(vec![Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"secret")?]);
    /// assert_eq!(keys.for_everybody().count(), 1);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn for_everybody(&self) -> impl Iterator<Item = &Key> {
        self.index.everybody().iter().map(|entry| &self.keys[entry.key])
    }
}

impl From<Vec<Key>> for KeySet {
    fn from(keys: Vec<Key>) -> Self {
        Self { index: Index::new(&keys), keys }
    }
}

impl FromIterator<Key> for KeySet {
    fn from_iter<I: IntoIterator<Item = Key>>(keys: I) -> Self {
        Vec::from_iter(keys).into()
    }
}

impl Deref for KeySet {
    type Target = [Key];

    fn deref(&self) -> &[Key] {
        &self.keys
    }
}

impl KeyRing for KeySet {
    #[inline]
    fn batv_keys<'k, 'm>(&'k self, mailbox: &'m Mailbox<'m>) -> Keys<'k, 'm> {
        Keys::indexed(&self.keys, &self.index, Served::Mailbox(mailbox))
    }

    #[inline]
    fn srs_keys<'k, 'm>(&'k self, domain: &'m Domain<'m>) -> Keys<'k, 'm> {
        Keys::indexed(&self.keys, &self.index, Served::Domain(domain))
    }
}
