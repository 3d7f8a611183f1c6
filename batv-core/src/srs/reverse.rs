//! Bounces to rewritten senders.

use crate::address::Mailbox;
use crate::day::Day;
use crate::key::{Key, KeyRing, KeyState};
use crate::srs::domains::Domains;
use crate::srs::fields::{Fields, Shape, Srs0Fields};
use crate::srs::hash::hash_bounds;
use crate::srs::scheme::{SKEW, Srs};

impl<D: Domains> Srs<D> {
    /// Restores the sender inside an address that we rewrote.
    ///
    /// Only addresses of our own domains are looked into. Every live key of the domain is tried. A hash may have any
    /// length from the minimum to 27, either base64 alphabet, and any case.
    ///
    /// ```
    /// use batv_core::srs::{Srs, SrsVerdict};
    /// use batv_core::{Algorithm, Day, Key, KeyUse, Mailbox};
    ///
    /// let keys = [Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"tops3cr3t")?];
    /// let srs = Srs::new(["forwarder.example.net"])?;
    /// let lower = Mailbox::parse("srs0=xu1m=2w=example.com=alice@forwarder.example.net")?;
    /// assert_eq!(srs.reverse(&keys, &lower, Day::new(18_262)?).verdict, SrsVerdict::Valid);
    /// assert_eq!(srs.reverse(&keys, &lower, Day::new(18_284)?).verdict, SrsVerdict::Expired);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn reverse<'a>(&self, ring: &(impl KeyRing + ?Sized), mailbox: &Mailbox<'a>, today: Day) -> Reversal<'a> {
        let outcome = |verdict, mailbox| Reversal { verdict, mailbox };
        let shape = Shape::of(mailbox);
        if matches!(shape, Shape::Plain) {
            return outcome(SrsVerdict::Untagged, Some(*mailbox));
        }
        if !self.owns(&mailbox.domain()) {
            return outcome(SrsVerdict::Foreign, Some(*mailbox));
        }
        let Shape::Srs { hash, fields } = shape else {
            return outcome(SrsVerdict::Malformed, None);
        };
        let Some(inner) = fields.inner() else {
            return outcome(SrsVerdict::Malformed, None);
        };
        let long_enough = |key: &Key| hash.len() >= usize::from(hash_bounds(key, self.hash_minimum));
        let domain = mailbox.domain();
        let mut live = ring.srs_keys(&domain).filter(|key| key.state() != KeyState::Retired);
        if !live.any(|key| long_enough(key) && fields.has_hash(hash, key)) {
            return outcome(SrsVerdict::BadMac, None);
        }
        match fields {
            Fields::Srs0(Srs0Fields { timestamp, .. })
                if (self.max_age + 1..1024 - SKEW).contains(&timestamp.age(today)) =>
            {
                outcome(SrsVerdict::Expired, None)
            }
            _ => outcome(SrsVerdict::Valid, Some(inner)),
        }
    }
}

crate::names! {
    /// Verdict on an SRS address.
    ///
    /// ```
    /// use batv_core::srs::SrsVerdict;
    ///
    /// assert_eq!(SrsVerdict::BadMac.as_str(), "bad-mac");
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum SrsVerdict {
        /// The hash is right, and the address has not expired.
        Valid = "valid",
        /// The hash is right, but the address is too old.
        Expired = "expired",
        /// The hash is wrong under each live key, or too short.
        BadMac = "bad-mac",
        /// It is rewritten, but not by us: leave it alone.
        Foreign = "foreign",
        /// It is not rewritten.
        Untagged = "untagged",
        /// It is of ours, and begins as we begin, but its fields are none that we write.
        Malformed = "malformed",
    }
}

/// Verdict on an SRS address, with the address to deliver to.
///
/// ```
/// use batv_core::srs::{Srs, SrsVerdict};
/// use batv_core::{Day, Key, Mailbox};
///
/// let none: [Key; 0] = [];
/// let foreign = Mailbox::parse("SRS0=Xu1M=2W=example.com=alice@forwarder.example.org")?;
/// let reversal = Srs::new(["example.net"])?.reverse(&none, &foreign, Day::MIN);
/// assert_eq!(reversal.verdict, SrsVerdict::Foreign);
/// assert_eq!(reversal.mailbox, Some(foreign));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Reversal<'a> {
    /// Verdict.
    pub verdict: SrsVerdict,
    /// Restored sender when valid, the address as it came when it is none of ours, and nothing otherwise.
    pub mailbox: Option<Mailbox<'a>>,
}
