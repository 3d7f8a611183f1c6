//! Addresses whose tag is checked.

use subtle::ConstantTimeEq;

use crate::address::{LocalPart, Mailbox};
use crate::day::{Day, Lifetime, PROOF_GRACE_DAYS, QUEUE_DAYS};
use crate::key::{Algorithm, Key, KeyId, KeyRing, KeyState, KeyUse};
use crate::tag::form::{Form, split_sub_address};
use crate::tag::mac::{DomainCase, Quotes, Spelling, short_mac, strong_mac};
use crate::tag::value::{SHORT_TAG, Stamp, TagMac, read_short, read_strong};

crate::names! {
    /// Verdict on a tag.
    ///
    /// ```
    /// use batv_core::TagVerdict;
    ///
    /// assert_eq!(TagVerdict::BadMac.as_str(), "bad-mac");
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum TagVerdict {
        /// The MAC is right, and the tag has not expired.
        Valid = "valid",
        /// The MAC is right, but the tag has expired.
        Expired = "expired",
        /// The MAC is wrong under each live key of that id.
        BadMac = "bad-mac",
        /// No live key of that id serves the mailbox: it is retired, or somebody else's.
        UnknownKey = "unknown-key",
        /// There is no tag that we could have made.
        Untagged = "untagged",
    }
}

/// Verdict on an address, with what its tag says.
///
/// ```
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, TagVerdict, tag};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let tagged = Mailbox::parse("prvs=0269b1e711=alice@example.com")?;
/// let verification = tag::verify(&keys, &tagged, Day::new(18_270)?);
/// assert_eq!(verification.verdict, TagVerdict::Expired);
/// assert_eq!(verification.days_left, Some(-1));
/// assert_eq!(verification.mailbox.to_string(), "alice@example.com");
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Verification<'a> {
    /// Verdict.
    pub verdict: TagVerdict,
    /// Mailbox without the tag; the mailbox as it came when there is none.
    pub mailbox: Mailbox<'a>,
    /// Form of the tag.
    pub form: Option<Form>,
    /// Key id that the tag names.
    pub key_id: Option<KeyId>,
    /// Days until the tag expires, negative when it has; only for a MAC that is right.
    pub days_left: Option<i32>,
    /// Last day on which the tag is valid, where [`Day`] can tell it; only for a MAC that is right.
    pub expires: Option<Day>,
    /// Lifetime of the key that made the tag.
    pub(crate) lifetime: Option<Lifetime>,
}

/// Verifies the tag of an address.
///
/// The tag-type and the MAC are read in any case, a tag inside or outside of quotes, a sub-address with any delimiter.
/// A change of case in the address is no matter to an `hmac-sha256` key; to an `hmac-sha1` key only the domain may have
/// changed, from lower case, for that is how it left us.
///
/// A tag is valid when `d = (DDD − today) mod 1000` is at most the lifetime of its key (draft §4.2.2).
///
/// ```
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, TagVerdict, tag};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let tagged = Mailbox::parse("PRVS=0269B1E711=alice@example.com")?;
/// let verification = tag::verify(&keys, &tagged, Day::new(18_262)?);
/// assert_eq!(verification.verdict, TagVerdict::Valid);
/// assert_eq!(verification.days_left, Some(7));
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn verify<'a>(ring: &(impl KeyRing + ?Sized), mailbox: &Mailbox<'a>, today: Day) -> Verification<'a> {
    let before = Found::before(mailbox).map(|found| found.verify(ring, today));
    if let Some(verification) = before
        && verification.days_left.is_some()
    {
        return verification;
    }
    // A sub-address may have completed what looks like a tag before the local part: then only the MAC can tell.
    let behind = Found::behind(mailbox).map(|found| found.verify(ring, today));
    behind.filter(|behind| before.is_none() || behind.days_left.is_some()).or(before).unwrap_or(Verification {
        verdict: TagVerdict::Untagged,
        mailbox: *mailbox,
        form: None,
        key_id: None,
        days_left: None,
        expires: None,
        lifetime: None,
    })
}

/// Number of spellings of an address, 1 to 4, in which a tag is compared under the live keys of its mailbox: its domain as it
/// came and in lower case, under an `hmac-sha1` key; its local part with quotes and without. A guess is as many guesses.
///
/// ```
/// use batv_core::{Algorithm, Key, KeyId, KeyUse, Mailbox, tag};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let spellings = |address| Mailbox::parse(address).map(|mailbox| tag::spellings(&keys, &mailbox));
/// assert_eq!(spellings("prvs=0269b1e711=alice@example.com"), Ok(1));
/// assert_eq!(spellings("\"prvs=0269b1e711=ali\\ce\"@EXAMPLE.COM"), Ok(4));
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn spellings(ring: &(impl KeyRing + ?Sized), mailbox: &Mailbox<'_>) -> u32 {
    let bare = Found::before(mailbox).or_else(|| Found::behind(mailbox)).map_or(*mailbox, |found| found.mailbox);
    let folds_no_case = |key: &Key| key.algorithm() == Algorithm::HmacSha1 && key.state() != KeyState::Retired;
    let of_case = bare.domain().has_upper_case() && ring.batv_keys(&bare).any(folds_no_case);
    let of_quotes = bare.local_part().has_other_spelling();
    (1 + u32::from(of_case)) * (1 + u32::from(of_quotes))
}

/// A tag of one of our forms, taken apart.
struct Found<'a> {
    form: Form,
    stamp: Stamp,
    mac: TagMac,
    mailbox: Mailbox<'a>,
}

impl<'a> Found<'a> {
    /// A tag before the local part.
    #[inline]
    fn before(mailbox: &Mailbox<'a>) -> Option<Self> {
        let local_part = mailbox.local_part();
        let with = |core| Mailbox::new(core, mailbox.domain());
        if let Some((stamp, mac, core)) = split_prefixed(&local_part, *b"prvs=", read_short) {
            return Some(Self { form: Form::Prvs, stamp, mac, mailbox: with(core) });
        }
        if let Some((stamp, mac, core)) = split_prefixed(&local_part, *b"batv=", read_strong) {
            return Some(Self { form: Form::Strong, stamp, mac, mailbox: with(core) });
        }
        None
    }

    /// A tag behind the local part.
    #[inline]
    fn behind(mailbox: &Mailbox<'a>) -> Option<Self> {
        let (core, delimiter, tag) = split_sub_address(&mailbox.local_part(), SHORT_TAG)?;
        let (stamp, mac) = read_short(tag.as_bytes().try_into().ok()?)?;
        Some(Self { form: Form::SubAddress(delimiter), stamp, mac, mailbox: Mailbox::new(core, mailbox.domain()) })
    }

    fn verify(self, ring: &(impl KeyRing + ?Sized), today: Day) -> Verification<'a> {
        let (mut verdict, mut days_left, mut lifetime) = (TagVerdict::UnknownKey, None, None);
        for key in live_keys(ring, self.stamp.key_id, &self.mailbox) {
            let days = self.stamp.expiry.days_left(today, key.lifetime());
            if self.may_be_of(key, today, days) && self.has_mac_of(key) {
                (days_left, lifetime) = (Some(days), Some(key.lifetime()));
                if days >= 0 {
                    verdict = TagVerdict::Valid;
                    break;
                }
                verdict = TagVerdict::Expired;
            } else if verdict == TagVerdict::UnknownKey {
                verdict = TagVerdict::BadMac;
            }
        }
        Verification {
            verdict,
            mailbox: self.mailbox,
            form: Some(self.form),
            key_id: Some(self.stamp.key_id),
            days_left,
            expires: days_left.and_then(|days| today.plus(days)),
            lifetime,
        }
    }

    /// Whether the key made tags of this form on the day on which this one would have been made, and not too long ago for a
    /// bounce.
    fn may_be_of(&self, key: &Key, today: Day, days_left: i32) -> bool {
        let may_be_short = |since: Day| {
            let was_made_before = today.since(since) + days_left < i32::from(key.lifetime().days());
            // Days are told modulo 1000: one that is to come looks like one of years ago.
            let is_recent = days_left >= -(QUEUE_DAYS + PROOF_GRACE_DAYS) || today.since(since) < -1;
            was_made_before && is_recent
        };
        self.form == Form::Strong || key.strong_since().is_none_or(may_be_short)
    }

    fn has_mac_of(&self, key: &Key) -> bool {
        let matches = |domain, quotes| {
            let spelling = Spelling { domain, quotes };
            bool::from(match &self.mac {
                TagMac::Strong(shown) => strong_mac(key, self.stamp, &self.mailbox, spelling).0.ct_eq(&shown.0),
                TagMac::Short(shown) => short_mac(key, self.stamp, &self.mailbox, spelling).ct_eq(shown),
            })
        };
        if matches(DomainCase::AsItCame, Quotes::Canonical) {
            return true;
        }
        let other_case = match (key.algorithm(), &self.mac) {
            (Algorithm::HmacSha1, TagMac::Short(_)) => self.mailbox.domain().has_upper_case(),
            // They fold it.
            _ => false,
        };
        let other_quotes = self.mailbox.local_part().has_other_spelling();
        other_case && matches(DomainCase::Lower, Quotes::Canonical)
            || other_quotes && matches(DomainCase::AsItCame, Quotes::Other)
            || other_case && other_quotes && matches(DomainCase::Lower, Quotes::Other)
    }
}

/// Takes off a tag-type, a tag of so many octets, and a `=`.
#[inline]
fn split_prefixed<'a, const LENGTH: usize>(
    local_part: &LocalPart<'a>,
    tag_type: [u8; 5],
    read: fn(&[u8; LENGTH]) -> Option<(Stamp, TagMac)>,
) -> Option<(Stamp, TagMac, LocalPart<'a>)> {
    let (shown_type, rest) = local_part.front().as_bytes().split_first_chunk()?;
    let (tag, rest) = rest.split_first_chunk()?;
    if shown_type.map(|octet: u8| octet.to_ascii_lowercase()) != tag_type || rest.first() != Some(&b'=') {
        return None;
    }
    let (stamp, mac) = read(tag)?;
    let core = local_part.skip(tag_type.len() + LENGTH + 1)?;
    (!core.is_empty()).then_some((stamp, mac, core))
}

/// The keys of this id that verify for a mailbox.
#[inline]
pub(crate) fn live_keys<'s>(
    ring: &'s (impl KeyRing + ?Sized),
    key_id: KeyId,
    mailbox: &Mailbox<'_>,
) -> impl Iterator<Item = &'s Key> {
    let live = move |key: &&Key| key.key_use() == KeyUse::Batv(key_id) && key.state() != KeyState::Retired;
    ring.batv_keys(mailbox).filter(live)
}

#[cfg(test)]
mod tests {
    extern crate alloc;

    use alloc::format;
    use alloc::string::{String, ToString};

    use super::*;
    use crate::tag::form::Delimiter;
    use crate::tag::sign::sign;

    fn day(number: u32) -> Day {
        Day::new(number).unwrap()
    }

    fn keys() -> [Key; 1] {
        let key_use = KeyUse::Batv(KeyId::new(3).unwrap());
        [Key::new(key_use, Algorithm::HmacSha1, b"s3kr1t").unwrap()]
    }

    #[test]
    fn a_mac_has_hexadecimal_digits_alone() {
        let verdict = |mac: &str| {
            let tagged = format!("prvs=3269{mac}=alice@example.com");
            verify(&keys(), &Mailbox::parse(&tagged).unwrap(), day(18_262)).verdict
        };
        assert_eq!(verdict("00000f"), TagVerdict::BadMac);
        assert_eq!(verdict("F00000"), TagVerdict::BadMac);
        for at in 0..6 {
            for others in ["z", "g", "gz", "zz", "zzz"] {
                let mut mac = String::from("000000");
                mac.replace_range(at..(at + others.len()).min(6), &others[..others.len().min(6 - at)]);
                assert_eq!(verdict(&mac), TagVerdict::Untagged, "{mac}");
            }
        }
    }

    /// From its day on a key makes strong tags. Short ones verify until the last that it made before has expired.
    #[test]
    fn short_tags_of_a_strong_key_verify_if_they_were_made_before() {
        let alice = Mailbox::parse("alice@example.com").unwrap();
        let strong = keys().map(|key| key.with_strong_since(day(18_262)));
        let (valid, expired, forged) = (TagVerdict::Valid, TagVerdict::Expired, TagVerdict::BadMac);
        for (form, made, today, verdict) in [
            (Form::Prvs, 18_261, 18_262, valid),
            (Form::Prvs, 18_261, 18_268, valid),
            (Form::Prvs, 18_261, 18_269, expired),
            (Form::Prvs, 18_262, 18_262, forged),
            (Form::Prvs, 18_262, 18_269, forged),
            (Form::Prvs, 18_275, 18_275, forged),
            (Form::SubAddress(Delimiter::default()), 18_262, 18_262, forged),
            (Form::Prvs, 18_261, 18_275, expired),
            (Form::Prvs, 18_261, 18_276, forged),
            (Form::Prvs, 18_281, 18_280, forged),
            (Form::Prvs, 18_200, 18_262, forged),
            (Form::Prvs, 18_260, 18_259, expired),
            (Form::Strong, 18_262, 18_269, valid),
            (Form::Strong, 18_000, 18_003, valid),
        ] {
            let tagged = sign(&keys(), &alice, form, None, day(made)).unwrap().to_string();
            let found = verify(&strong, &Mailbox::parse(&tagged).unwrap(), day(today));
            assert_eq!(found.verdict, verdict, "{form:?} of {made} on {today}");
        }
        for (today, prefix) in [(18_261, "prvs="), (18_262, "batv="), (20_000, "batv=")] {
            let signed = sign(&strong, &alice, Form::Prvs, None, day(today)).unwrap().to_string();
            assert!(signed.starts_with(prefix), "{signed}");
        }
    }
}
