//! Keys that serve a mailbox or a domain.

#[cfg(feature = "alloc")]
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::iter::FusedIterator;
use core::slice;

use crate::address::{Domain, Fit, Mailbox};
#[cfg(feature = "alloc")]
use crate::key::index::{Entry, Index};
use crate::key::material::Key;
use crate::key::served::Served;

/// Source of keys: a slice of [`Key`]s, a [`KeySet`](crate::KeySet), or what finds them in a table, a file or a directory.
///
/// It may stand behind a trait object: `&dyn KeyRing` signs and verifies, too.
///
/// ```
/// use batv_core::{Algorithm, Domain, Key, KeyId, KeyRing, Keys, KeyUse, Mailbox};
///
/// /// Keys of example.com, and those of everybody else.
/// struct Two(Vec<Key>, Vec<Key>);
///
/// impl KeyRing for Two {
///     fn batv_keys<'k, 'm>(&'k self, mailbox: &'m Mailbox<'m>) -> Keys<'k, 'm> {
///         let ours = mailbox.domain().as_str().eq_ignore_ascii_case("example.com");
///         if ours { self.0.batv_keys(mailbox) } else { self.1.batv_keys(mailbox) }
///     }
///
///     fn srs_keys<'k, 'm>(&'k self, domain: &'m Domain<'m>) -> Keys<'k, 'm> {
///         self.1.srs_keys(domain)
///     }
/// }
///
/// let key = Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha256, b"sixteen octets..")?;
/// let ring: Box<dyn KeyRing> = Box::new(Two(vec![key], Vec::new()));
/// assert_eq!(ring.batv_keys(&Mailbox::parse("alice@example.com")?).count(), 1);
/// assert_eq!(ring.batv_keys(&Mailbox::parse("bob@example.org")?).count(), 0);
/// # Ok::<(), batv_core::Error>(())
/// ```
pub trait KeyRing {
    /// BATV keys in any state that serve a mailbox: those of its own first, then those of its domain, then everybody's.
    ///
    /// ```
    /// use batv_core::{Algorithm, Key, KeyId, KeyRing, KeyUse, Mailbox};
    ///
    /// let keys = [Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"sixteen octets..")?];
    /// assert_eq!(keys.batv_keys(&Mailbox::parse("alice@example.com")?).count(), 1);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    fn batv_keys<'k, 'm>(&'k self, mailbox: &'m Mailbox<'m>) -> Keys<'k, 'm>;

    /// SRS keys in any state that serve one of our domains: its own first, then everybody's.
    ///
    /// ```
    /// use batv_core::{Algorithm, Domain, Key, KeyRing, KeyUse};
    ///
    /// let keys = [Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"sixteen octets..")?];
    /// assert_eq!(keys.srs_keys(&Domain::parse("forwarder.example.net")?).count(), 1);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    fn srs_keys<'k, 'm>(&'k self, domain: &'m Domain<'m>) -> Keys<'k, 'm>;
}

impl KeyRing for [Key] {
    #[inline]
    fn batv_keys<'k, 'm>(&'k self, mailbox: &'m Mailbox<'m>) -> Keys<'k, 'm> {
        Keys::among(self, Served::Mailbox(mailbox))
    }

    #[inline]
    fn srs_keys<'k, 'm>(&'k self, domain: &'m Domain<'m>) -> Keys<'k, 'm> {
        Keys::among(self, Served::Domain(domain))
    }
}

/// Lets what holds a ring be one.
macro_rules! delegate {
    ($([$($generics:tt)*] $holder:ty => |$self:ident| $ring:expr;)+) => {
        $(
            impl<$($generics)*> KeyRing for $holder {
                #[inline]
                fn batv_keys<'k, 'm>(&'k self, mailbox: &'m Mailbox<'m>) -> Keys<'k, 'm> {
                    let $self = self;
                    $ring.batv_keys(mailbox)
                }

                #[inline]
                fn srs_keys<'k, 'm>(&'k self, domain: &'m Domain<'m>) -> Keys<'k, 'm> {
                    let $self = self;
                    $ring.srs_keys(domain)
                }
            }
        )+
    };
}

delegate! {
    [const N: usize] [Key; N] => |ring| ring.as_slice();
    [R: KeyRing + ?Sized] &R => |ring| (**ring);
}

#[cfg(feature = "alloc")]
delegate! {
    [] Vec<Key> => |ring| ring.as_slice();
    [R: KeyRing + ?Sized] Box<R> => |ring| (**ring);
    [R: KeyRing + ?Sized] Arc<R> => |ring| (**ring);
}

/// Keys of a ring that serve one mailbox or one domain, those with the closest scope first.
///
/// ```
/// use batv_core::{Algorithm, Key, KeyId, KeyRing, KeyUse, Mailbox, Pattern};
///
/// let key = |id| Key::new(KeyUse::Batv(KeyId::new(id)?), Algorithm::HmacSha256, b"sixteen octets..");
/// let keys = [key(0)?, key(1)?.with_scope(vec![Pattern::parse("example.com".to_owned())?])];
/// let alice = Mailbox::parse("alice@example.com")?;
/// let ids = keys.batv_keys(&alice).filter_map(|key| key.key_use().id());
/// assert_eq!(ids.collect::<Vec<_>>(), [KeyId::new(1)?, KeyId::new(0)?]);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Keys<'k, 'm> {
    keys: &'k [Key],
    served: Served<'m>,
    wanted: Fit,
    rest: Rest<'k>,
}

#[derive(Clone, Debug)]
enum Rest<'k> {
    /// All keys are looked at, once for each fit.
    All(slice::Iter<'k, Key>),
    #[cfg(feature = "alloc")]
    Indexed { index: &'k Index, entries: slice::Iter<'k, Entry>, last: Option<usize> },
}

impl<'k, 'm> Keys<'k, 'm> {
    #[inline]
    fn among(keys: &'k [Key], served: Served<'m>) -> Self {
        let wanted = if keys.iter().any(Key::is_scoped) { Fit::Mailbox } else { Fit::Any };
        Self { keys, served, wanted, rest: Rest::All(keys.iter()) }
    }

    #[cfg(feature = "alloc")]
    #[inline]
    pub(super) fn indexed(keys: &'k [Key], index: &'k Index, served: Served<'m>) -> Self {
        let entries = index.entries(Fit::Mailbox, served).iter();
        Self { keys, served, wanted: Fit::Mailbox, rest: Rest::Indexed { index, entries, last: None } }
    }
}

impl<'k> Iterator for Keys<'k, '_> {
    type Item = &'k Key;

    #[inline]
    fn next(&mut self) -> Option<&'k Key> {
        let (served, keys) = (self.served, self.keys);
        loop {
            let found = match &mut self.rest {
                Rest::All(rest) => rest.find(|key| served.fit(key) == Some(self.wanted)),
                #[cfg(feature = "alloc")]
                Rest::Indexed { index, entries, last } => entries
                    .find(|entry| *last != Some(entry.key) && index.serves(keys, entry, served, self.wanted))
                    .map(|entry| {
                        *last = Some(entry.key);
                        &keys[entry.key]
                    }),
            };
            if found.is_some() {
                return found;
            }
            self.wanted = match self.wanted {
                Fit::Mailbox => Fit::Domain,
                Fit::Domain => Fit::Any,
                Fit::Any => return None,
            };
            match &mut self.rest {
                Rest::All(rest) => *rest = keys.iter(),
                #[cfg(feature = "alloc")]
                Rest::Indexed { index, entries, last } => {
                    (*entries, *last) = (index.entries(self.wanted, served).iter(), None);
                }
            }
        }
    }
}

impl FusedIterator for Keys<'_, '_> {}
