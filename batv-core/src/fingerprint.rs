//! Keyed fingerprints: what a store remembers instead of addresses and Message-IDs.
//!
//! A bare hash of an address is no secret: whoever finds it tries addresses until one fits. Under a key that isn't kept
//! in the same place it tells nothing, and all hosts that share a keyring make the same one.
//!
//! ```
//! use batv_core::fingerprint::{Fingerprint, live_keys, signing_key};
//! use batv_core::{Algorithm, Key, KeyId, KeyState, KeyUse, Mailbox};
//!
//! let key = |id| Ok::<_, batv_core::Error>(Key::new(KeyUse::Batv(KeyId::new(id)?), Algorithm::HmacSha256, &[id; 32])?);
//! let alice = Mailbox::parse("alice@example.com")?;
//!
//! let ring = [key(3)?];
//! let written = Fingerprint::of(signing_key(&ring, &alice).expect("a key signs for Alice"), "seen", &[b"1"]);
//!
//! // Another key signs since, and the old one verifies: what it wrote is still found.
//! let ring = [key(4)?, key(3)?.with_state(KeyState::Verifying)];
//! let mut read = live_keys(&ring, &alice).map(|key| Fingerprint::of(key, "seen", &[b"1"]));
//! assert!(read.any(|fingerprint| fingerprint == written));
//! # Ok::<(), batv_core::Error>(())
//! ```
//!
//! # What is hashed
//!
//! HMAC-SHA256, whatever the algorithm of the key, under the HMAC-SHA256 of `batv fingerprint 1` under the key: no
//! fingerprint can stand for a tag or a mark. Its message is the label and then each part, each behind its length as
//! eight octets, the most significant first. The first 128 bits are kept.

use core::fmt;

use crate::address::Mailbox;
use crate::key::{Key, KeyRing, KeyState};
use crate::tag;

const LENGTH: usize = 16;

/// Fingerprint of 128 bits. Prints as 32 hexadecimal digits in lower case.
///
/// ```
/// use batv_core::fingerprint::Fingerprint;
/// use batv_core::{Algorithm, Key, KeyUse};
///
/// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"s3kr1t")?;
/// let fingerprint = Fingerprint::of(&key, "client", &[b"192.0.2.0/24"]);
/// assert_eq!(fingerprint.to_string(), "4cee13a3ae121387cfcd1f326dca7bed");
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Fingerprint([u8; LENGTH]);

impl Fingerprint {
    /// Computes the fingerprint of these parts under a key, for the use that `label` names.
    ///
    /// Other parts give another one, also where they are the same octets when written one behind the other.
    ///
    /// ```
    /// # use batv_core::fingerprint::Fingerprint;
    /// # use batv_core::{Algorithm, Key, KeyUse};
    /// let key = Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"s3kr1t")?;
    /// let of = |label, parts: &[&[u8]]| Fingerprint::of(&key, label, parts);
    /// assert_ne!(of("seen", &[b"ab", b"c"]), of("seen", &[b"a", b"bc"]));
    /// assert_ne!(of("seen", &[b"ab"]), of("known", &[b"ab"]));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn of(key: &Key, label: &str, parts: &[&[u8]]) -> Self {
        let mac = key.mac().fingerprint(|message| {
            for part in [label.as_bytes()].iter().chain(parts) {
                message.push(&(part.len() as u64).to_be_bytes());
                message.push(part);
            }
        });
        let mut first = [0; LENGTH];
        first.copy_from_slice(&mac[..LENGTH]);
        Self(first)
    }

    /// Makes a fingerprint of its octets.
    ///
    /// ```
    /// # use batv_core::fingerprint::Fingerprint;
    /// assert_eq!(Fingerprint::new([10; 16]).to_string(), "0a".repeat(16));
    /// ```
    #[must_use]
    pub const fn new(octets: [u8; LENGTH]) -> Self {
        Self(octets)
    }

    /// Octets of the fingerprint.
    ///
    /// ```
    /// # use batv_core::fingerprint::Fingerprint;
    /// assert_eq!(Fingerprint::new([1; 16]).octets(), [1; 16]);
    /// ```
    #[must_use]
    pub const fn octets(self) -> [u8; LENGTH] {
        self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// Key to write under for a mailbox: the one that [signs](crate::tag::sign) for it; `None` when none does, and when
/// the mailbox is tagged already.
///
/// ```
/// # use batv_core::fingerprint::signing_key;
/// # use batv_core::{Algorithm, Key, KeyUse, Mailbox};
/// let keys = [Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"s3kr1t")?];
/// assert!(signing_key(&keys, &Mailbox::parse("alice@example.com")?).is_none());
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn signing_key<'s>(ring: &'s (impl KeyRing + ?Sized), mailbox: &Mailbox<'_>) -> Option<&'s Key> {
    tag::signing_key(ring, mailbox).ok().map(|(key, _)| key)
}

/// Keys to read under for a mailbox without tag: all that serve it and are not retired, so that a new key loses
/// nothing. What is read for so many days should have its key verify for as long after it last signed.
///
/// ```
/// # use batv_core::fingerprint::live_keys;
/// # use batv_core::{Algorithm, Key, KeyId, KeyState, KeyUse, Mailbox};
/// let key = Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?;
/// let keys = [key.with_state(KeyState::Retired)];
/// assert_eq!(live_keys(&keys, &Mailbox::parse("alice@example.com")?).count(), 0);
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn live_keys<'s>(ring: &'s (impl KeyRing + ?Sized), mailbox: &Mailbox<'_>) -> impl Iterator<Item = &'s Key> {
    ring.batv_keys(mailbox).filter(|key| key.state() != KeyState::Retired)
}

#[cfg(test)]
mod tests {
    extern crate alloc;

    use alloc::vec::Vec;

    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;

    use super::*;
    use crate::key::{Algorithm, KeyId, KeyUse};

    fn hmac(secret: &[u8], message: &[u8]) -> [u8; 32] {
        Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(message).finalize().into_bytes().into()
    }

    #[test]
    fn is_what_its_description_says_at_every_length() {
        let octets: Vec<u8> = (0..=255).collect();
        for algorithm in [Algorithm::HmacSha1, Algorithm::HmacSha256] {
            let key = Key::new(KeyUse::Batv(KeyId::default()), algorithm, b"s3kr1t").unwrap();
            for length in 0..150_u8 {
                let part = &octets[..length.into()];
                let message = [&[0, 0, 0, 0, 0, 0, 0, 4], &b"seen"[..], &[0, 0, 0, 0, 0, 0, 0, length], part].concat();
                let expected = hmac(&hmac(b"s3kr1t", b"batv fingerprint 1"), &message);
                assert_eq!(Fingerprint::of(&key, "seen", &[part]).octets(), expected[..16]);
            }
        }
    }

    #[test]
    fn the_signing_key_writes_and_each_live_one_reads() {
        let alice = Mailbox::parse("alice@example.com").unwrap();
        let key = |id, state| {
            Key::new(KeyUse::Batv(KeyId::new(id).unwrap()), Algorithm::HmacSha256, &[id + 1]).unwrap().with_state(state)
        };
        let srs = Key::new(KeyUse::Srs, Algorithm::HmacSha256, b"s3kr1t").unwrap();
        let ring = [key(0, KeyState::Retired), srs, key(1, KeyState::Verifying), key(2, KeyState::Signing)];
        assert_eq!(signing_key(&ring, &alice).map(Key::key_use), Some(ring[3].key_use()));
        let read: Vec<_> = live_keys(&ring, &alice).map(Key::key_use).collect();
        assert_eq!(read, [ring[2].key_use(), ring[3].key_use()]);
        let tagged = Mailbox::parse("prvs=0269b1e711=alice@example.com").unwrap();
        assert!(signing_key(&ring, &tagged).is_none());
    }
}
