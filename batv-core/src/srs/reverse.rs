//! Bounces to rewritten senders.

use core::fmt::{self, Write};

use crate::address::Mailbox;
use crate::day::Day;
use crate::key::{Key, KeyRing, KeyState};
use crate::srs::domains::Domains;
use crate::srs::fields::{Fields, Shape, Srs0Fields, Srs1Fields};
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

    /// Number of hashes, at least 1, with which the hash of an SRS address is compared: those of each live key of its domain, in two
    /// ways for a quoted local part. A guess is as many guesses.
    ///
    /// ```
    /// use batv_core::srs::Srs;
    /// use batv_core::{Algorithm, Key, KeyUse, Mailbox};
    ///
    /// let keys = [Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"tops3cr3t")?];
    /// let srs = Srs::new(["example.net"])?;
    /// let spellings = |address| Mailbox::parse(address).map(|mailbox| srs.spellings(&keys, &mailbox));
    /// assert_eq!(spellings("SRS0=Xu1M=2W=example.com=alice@example.net"), Ok(1));
    /// assert_eq!(spellings("\"SRS0=Xu1M=2W=example.com=alice\"@example.net"), Ok(2));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn spellings(&self, ring: &(impl KeyRing + ?Sized), mailbox: &Mailbox<'_>) -> u32 {
        let domain = mailbox.domain();
        let live = ring.srs_keys(&domain).filter(|key| key.state() != KeyState::Retired).count();
        u32::try_from(live).unwrap_or(u32::MAX).max(1).saturating_mul(1 + u32::from(mailbox.local_part().is_quoted()))
    }

    /// What the hash of an SRS address covers, in lower case: the same text for all spellings that the hash allows, such as other
    /// separators, a moved boundary between domain and local part, or another domain of ours. `None` if it is no such address.
    ///
    /// ```
    /// use batv_core::Mailbox;
    /// use batv_core::srs::Srs;
    ///
    /// let srs = Srs::new(["example.net", "example.org"])?;
    /// let covered = |address| srs.covered(&Mailbox::parse(address).ok()?).map(|covered| covered.to_string());
    /// let one = covered("SRS0=Xu1M=2W=example.com=alice@example.net");
    /// assert_eq!(one.as_deref(), Some("0 2w example.comalice"));
    /// assert_eq!(one, covered("srs0+xu1m=2W=EXAMPLE.co=malice@example.org"));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn covered<'a>(&self, mailbox: &Mailbox<'a>) -> Option<Covered<'a>> {
        let Shape::Srs { fields, .. } = Shape::of(mailbox) else { return None };
        self.owns(&mailbox.domain()).then_some(Covered(fields))
    }
}

/// What the hash of an SRS address covers. Prints in lower case.
///
/// ```
/// use batv_core::srs::Covered;
///
/// fn text(covered: Covered<'_>) -> String {
///     covered.to_string()
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Covered<'a>(Fields<'a>);

impl fmt::Display for Covered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut folded = Folded(f);
        match &self.0 {
            Fields::Srs0(Srs0Fields { timestamp, domain, local_part }) => {
                folded.write_str("0 ")?;
                folded.write_str(str::from_utf8(&timestamp.to_ascii()).unwrap_or_default())?;
                folded.write_char(' ')?;
                folded.write_str(domain)?;
                local_part.write_content(&mut folded)
            }
            Fields::Srs1(Srs1Fields { host, rest }) => {
                folded.write_str("1 ")?;
                folded.write_str(host)?;
                rest.write_content(&mut folded)
            }
        }
    }
}

/// Writes ASCII letters in lower case, as hashes have them.
struct Folded<'f, 'o>(&'f mut fmt::Formatter<'o>);

impl Write for Folded<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|character| self.0.write_char(character.to_ascii_lowercase()))
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
