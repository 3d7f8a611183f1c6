//! A keyed mark in what we send, by which a bounce that returns it shows that the mail was ours.
//!
//! A tag stands in the envelope sender, where not every mail can have one, and some servers lose it. A mark stands in
//! the message, as the header field [`FIELD`], and beside it, as the envelope id (RFC 3461 §4.4). A bounce that returns
//! the header brings the first back; a DSN that returns nothing of the message still names the second
//! (RFC 3464 §2.2.1).
//!
//! ```
//! use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, TagVerdict, mark};
//!
//! let keys = [Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha256, b"a secret of 32 octets or more ...")?];
//! let alice = Mailbox::parse("alice@example.com")?;
//! let message_id = b"<20261123.1@example.com>";
//! let today = Day::new(20_780)?;
//!
//! let mark = mark::make(&keys, message_id, &alice, today).expect("a key signs for Alice");
//! assert_eq!(mark.to_string(), "1.3.20780.ys6oxha22j5qguvrho6xzsjk");
//! assert_eq!(mark.envelope_id().to_string(), "batv1.3.20780.ompfgaus4nawfngdy3dy.ys6oxha22j5qguvrho6xzsjk");
//!
//! let returned = b" 1.3.20780.\r\n\tys6oxha22j5qguvrho6xzsjk\r\n";
//! assert_eq!(mark::verify(&keys, returned, message_id, &alice, today), TagVerdict::Valid);
//! # Ok::<(), batv_core::Error>(())
//! ```
//!
//! # What it proves
//!
//! That whoever holds the key marked, on that day, a message with this Message-ID and this reverse-path. It does not
//! prove that the reporter had that message for delivery, nor that it failed: anyone who has seen a mark can return it, for
//! as long as it lives, as often as they like. And it covers neither the other fields of the header nor the body.
//!
//! # How long it proves
//!
//! For [`Lifetime::proof_days`](crate::Lifetime::proof_days) of its key after the day on which it was made, 14 days by
//! default, and the day before, for the clocks of two hosts may differ. The marks of a retired key are unknown.
//!
//! # Why 120 bits
//!
//! A tag is short because a local part is (RFC 5321 §4.5.3.1.1), and a server that counts wrong tags sees a guesser
//! coming. Here there is room, and 24 characters of base32 leave nothing to count. They also fit the field into one
//! line, and the envelope id into its 100 characters.
//!
//! # What is hashed
//!
//! HMAC-SHA256, whatever the algorithm of the key, under the HMAC-SHA256 of the label `batv mark 1` under the key: no
//! tag can stand for a mark. Its message is the version, the key id, the day, the id of the message, the domain, and the
//! local part as it stands between quotes, with a NUL between each two, and all ASCII letters in lower case. The id of
//! the message is the first 100 bits of the SHA-256 of its Message-ID without white space, control characters, and one
//! pair of angle brackets.

use core::fmt::{self, Write};
use core::iter;

use subtle::ConstantTimeEq;

use crate::address::Mailbox;
use crate::base32::Base32;
use crate::day::Day;
use crate::key::{Key, KeyId, KeyRing, KeyState, digest_sha256};
use crate::tag::{TagVerdict, live_keys, signing_key};

/// Name of the header field.
///
/// ```
/// # use batv_core::mark;
/// assert_eq!(mark::FIELD, "X-BATV-Mark");
/// ```
pub const FIELD: &str = "X-BATV-Mark";

const VERSION: &str = "1";
const ENVELOPE_ID_VERSION: &str = "batv1";
/// 120 bits.
const MAC_CHARACTERS: usize = 24;
/// 100 bits.
const MESSAGE_CHARACTERS: usize = 20;
/// Of the number of [`Day::MAX`].
const DAY_CHARACTERS: usize = 7;
/// Characters of the longest envelope id; a header value is shorter.
const LONGEST: usize = ENVELOPE_ID_VERSION.len() + 1 + DAY_CHARACTERS + MESSAGE_CHARACTERS + MAC_CHARACTERS + 4;

/// Mark of a message. Prints as the value of the header field: one word of at most 36 characters, which no line needs to fold.
///
/// ```
/// use batv_core::mark::{self, Mark};
///
/// fn field(mark: &Mark) -> String {
///     format!("{}: {mark}\r\n", mark::FIELD)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    key_id: KeyId,
    day: Day,
    message: Base32<MESSAGE_CHARACTERS>,
    mac: Base32<MAC_CHARACTERS>,
}

impl Mark {
    /// Id of the key that made the mark.
    ///
    /// ```
    /// # use batv_core::mark::Mark;
    /// fn number(mark: &Mark) -> u8 {
    ///     mark.key_id().number()
    /// }
    /// ```
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// Day on which the mark was made.
    ///
    /// ```
    /// # use batv_core::{Day, mark::Mark};
    /// fn age(mark: &Mark, today: Day) -> i32 {
    ///     today.since(mark.day())
    /// }
    /// ```
    #[must_use]
    pub const fn day(&self) -> Day {
        self.day
    }

    /// Envelope id: the same mark for the ENVID parameter of MAIL.
    ///
    /// ```
    /// # use batv_core::mark::Mark;
    /// fn parameter(mark: &Mark) -> String {
    ///     format!("ENVID={}", mark.envelope_id())
    /// }
    /// ```
    #[must_use]
    pub const fn envelope_id(&self) -> EnvelopeId {
        EnvelopeId(*self)
    }

    /// Digest of the Message-ID that the mark covers.
    ///
    /// ```
    /// use batv_core::mark::{Mark, MessageDigest};
    ///
    /// fn is_of(mark: &Mark, message_id: &[u8]) -> bool {
    ///     mark.message() == MessageDigest::of(message_id)
    /// }
    /// ```
    #[must_use]
    pub const fn message(&self) -> MessageDigest {
        MessageDigest(self.message.0)
    }

    /// Reads the value of a header field, for the Message-ID of this digest, as [`verify`] does; `None` when it is no mark. It is
    /// not verified yet, so that a mark which is tried for many senders is read once.
    ///
    /// ```
    /// use batv_core::mark::{Mark, MessageDigest};
    ///
    /// let message = MessageDigest::of(b"<20261123.1@example.com>");
    /// let mark = Mark::of_field(b" 1.3.20780.ys6oxha22j5qguvrho6xzsjk", message).expect("a mark");
    /// assert_eq!(mark.to_string(), "1.3.20780.ys6oxha22j5qguvrho6xzsjk");
    /// assert!(Mark::of_field(b"yes", message).is_none());
    /// ```
    #[must_use]
    pub fn of_field(text: &[u8], message: MessageDigest) -> Option<Self> {
        let text = Compact::of(text.iter().copied())?;
        let [version, key_id, day, mac] = text.fields()?;
        (version == VERSION.as_bytes()).then_some(())?;
        let message = Base32(message.0);
        Some(Self { key_id: read_key_id(key_id)?, day: read_day(day)?, message, mac: Base32::read(mac)? })
    }

    /// Reads an envelope id, as [`verify_envelope_id`] does; `None` when it is no mark. It is not verified yet.
    ///
    /// ```
    /// # use batv_core::mark::Mark;
    /// assert!(Mark::of_envelope_id(b"batv1.3.20780.ompfgaus4nawfngdy3dy.ys6oxha22j5qguvrho6xzsjk").is_some());
    /// assert!(Mark::of_envelope_id(b"QQ314159").is_none());
    /// ```
    #[must_use]
    pub fn of_envelope_id(text: &[u8]) -> Option<Self> {
        let text = Compact::of(decode_xtext(text))?;
        let [version, key_id, day, message, mac] = text.fields()?;
        (version == ENVELOPE_ID_VERSION.as_bytes()).then_some(())?;
        let message = Base32::read(message)?;
        Some(Self { key_id: read_key_id(key_id)?, day: read_day(day)?, message, mac: Base32::read(mac)? })
    }

    /// Verifies the mark, for the reverse-path without tag. Any verdict but [`TagVerdict::Untagged`] is possible.
    ///
    /// ```
    /// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, TagVerdict, mark};
    ///
    /// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
    /// let [alice, bob] = ["alice@example.com", "bob@example.com"].map(Mailbox::parse);
    /// let (alice, bob, today) = (alice?, bob?, Day::new(18_262)?);
    /// let mark = mark::make(&keys, b"<1@example.com>", &alice, today).expect("a key signs for Alice");
    /// assert_eq!(mark.verify(&keys, &alice, today), TagVerdict::Valid);
    /// assert_eq!(mark.verify(&keys, &bob, today), TagVerdict::BadMac);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn verify(&self, ring: &(impl KeyRing + ?Sized), reverse_path: &Mailbox<'_>, today: Day) -> TagVerdict {
        let mut verdict = TagVerdict::UnknownKey;
        for key in live_keys(ring, self.key_id, reverse_path) {
            let right = mac(key, self.key_id, self.day, &self.message, reverse_path);
            if bool::from(right.0.ct_eq(&self.mac.0)) {
                let alive = (-1..=key.lifetime().proof_days()).contains(&today.since(self.day));
                return if alive { TagVerdict::Valid } else { TagVerdict::Expired };
            }
            verdict = TagVerdict::BadMac;
        }
        verdict
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{VERSION}.{}.{}.{}", self.key_id, self.day.number(), self.mac)
    }
}

/// Digest of a Message-ID, by which marks tell messages apart: 100 bits of SHA-256, printed as 20 characters of base32.
///
/// ```
/// use batv_core::mark::MessageDigest;
///
/// let digest = MessageDigest::of(b"<20261123.1@example.com>");
/// assert_eq!(digest.to_string(), "ompfgaus4nawfngdy3dy");
/// assert_eq!(digest, MessageDigest::of(b" 20261123.1@example.com"));
/// let envelope_id = b"batv1.3.20780.ompfgaus4nawfngdy3dy.ys6oxha22j5qguvrho6xzsjk";
/// assert_eq!(MessageDigest::of_envelope_id(envelope_id), Some(digest));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MessageDigest([u8; MESSAGE_CHARACTERS]);

impl MessageDigest {
    /// Digest of the value of a Message-ID field, of which white space and one pair of angle brackets do not count.
    ///
    /// ```
    /// # use batv_core::mark::MessageDigest;
    /// assert_ne!(MessageDigest::of(b"<1@example.com>"), MessageDigest::of(b"<2@example.com>"));
    /// ```
    #[must_use]
    pub fn of(message_id: &[u8]) -> Self {
        Self(message_digest(message_id).0)
    }

    /// Digest in an envelope id that looks like one of ours. The envelope id is not verified.
    ///
    /// ```
    /// # use batv_core::mark::MessageDigest;
    /// assert_eq!(MessageDigest::of_envelope_id(b"QQ314159"), None);
    /// ```
    #[must_use]
    pub fn of_envelope_id(envelope_id: &[u8]) -> Option<Self> {
        Some(Self(Mark::of_envelope_id(envelope_id)?.message.0))
    }
}

impl fmt::Display for MessageDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Base32(self.0).fmt(f)
    }
}

/// Mark as an envelope id, with the id of its message in it. Prints as `xtext` that needs no escapes (RFC 3461 §4), at
/// most 61 characters of the 100 that there may be.
///
/// ```
/// use batv_core::mark::EnvelopeId;
///
/// fn mail_from(reverse_path: &str, envelope_id: &EnvelopeId) -> String {
///     format!("MAIL FROM:<{reverse_path}> ENVID={envelope_id}\r\n")
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct EnvelopeId(Mark);

impl fmt::Display for EnvelopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mark { key_id, day, message, mac } = self.0;
        write!(f, "{ENVELOPE_ID_VERSION}.{key_id}.{}.{message}.{mac}", day.number())
    }
}

/// Marks a message that leaves, with the key that [signs](crate::tag::sign) for its reverse-path; `None` when none does,
/// and when the reverse-path is tagged already.
///
/// `reverse_path` is the one before it is tagged, `message_id` the value of the field, in brackets or not, and empty when
/// there is none.
///
/// ```
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, mark};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let today = Day::new(18_262)?;
///
/// let alice = Mailbox::parse("alice@example.com")?;
/// let mark = mark::make(&keys, b"<1@example.com>", &alice, today).expect("a key signs for Alice");
/// assert_eq!(mark.to_string(), "1.0.18262.bdqdi4mqqmyk7shbhkxtf2jr");
/// assert_eq!((mark.key_id(), mark.day()), (KeyId::default(), today));
///
/// let tagged = Mailbox::parse("prvs=0269b1e711=alice@example.com")?;
/// assert!(mark::make(&keys, b"<1@example.com>", &tagged, today).is_none());
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn make(ring: &(impl KeyRing + ?Sized), message_id: &[u8], reverse_path: &Mailbox<'_>, today: Day) -> Option<Mark> {
    let (key, key_id) = signing_key(ring, reverse_path).ok()?;
    let message = message_digest(message_id);
    Some(Mark { key_id, day: today, message, mac: mac(key, key_id, today, &message, reverse_path) })
}

/// Verifies the value of a header field, for the Message-ID that was returned with it and the reverse-path without tag.
///
/// White space is ignored wherever it stands, for a header may have been folded or wrapped on its way, and so is the
/// case of letters. What is anything but a mark then is [`TagVerdict::Untagged`].
///
/// ```
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, TagVerdict, mark};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let alice = Mailbox::parse("Alice@Example.COM")?;
/// let verify = |text, day| Ok(mark::verify(&keys, text, b"1@example.com", &alice, Day::new(day)?));
///
/// assert_eq!(verify(b"1.0.18262.bdqdi4mqqmyk7shbhkxtf2jr", 18_276)?, TagVerdict::Valid);
/// assert_eq!(verify(b"1.0.18262.bdqdi4mqqmyk7shbhkxtf2jr", 18_277)?, TagVerdict::Expired);
/// assert_eq!(verify(b"1.0.18262.aaaaaaaaaaaaaaaaaaaaaaaa", 18_262)?, TagVerdict::BadMac);
/// assert_eq!(verify(b"1.1.18262.bdqdi4mqqmyk7shbhkxtf2jr", 18_262)?, TagVerdict::UnknownKey);
/// assert_eq!(verify(b"yes", 18_262)?, TagVerdict::Untagged);
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn verify(
    ring: &(impl KeyRing + ?Sized),
    mark: &[u8],
    message_id: &[u8],
    reverse_path: &Mailbox<'_>,
    today: Day,
) -> TagVerdict {
    Mark::of_field(mark, MessageDigest::of(message_id))
        .map_or(TagVerdict::Untagged, |mark| mark.verify(ring, reverse_path, today))
}

/// Verifies an envelope id, for the reverse-path without tag. It is read as the header field is, with the escapes of
/// `xtext` or without (RFC 3464 §2.2.1).
///
/// ```
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, TagVerdict, mark};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let alice = Mailbox::parse("alice@example.com")?;
/// let envelope_id = b"batv1.0.18262.jiyco6t4uqrjr4hbiz6b.bdqdi4mqqmyk7shbhkxtf2jr";
/// assert_eq!(mark::verify_envelope_id(&keys, envelope_id, &alice, Day::new(18_262)?), TagVerdict::Valid);
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn verify_envelope_id(
    ring: &(impl KeyRing + ?Sized),
    envelope_id: &[u8],
    reverse_path: &Mailbox<'_>,
    today: Day,
) -> TagVerdict {
    Mark::of_envelope_id(envelope_id).map_or(TagVerdict::Untagged, |mark| mark.verify(ring, reverse_path, today))
}

/// Days for which a proof beside a tag counts for a mailbox: [`proof_days`](crate::Lifetime::proof_days) of its key that lives longest, of the
/// default lifetime where it has none.
///
/// ```
/// use batv_core::{Algorithm, Key, KeyId, KeyUse, Lifetime, Mailbox, mark};
///
/// let alice = Mailbox::parse("alice@example.com")?;
/// let key = Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?;
/// assert_eq!(mark::proof_days(&[key.with_lifetime(Lifetime::new(10)?)], &alice), 17);
/// assert_eq!(mark::proof_days(&[], &alice), 14);
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn proof_days(ring: &(impl KeyRing + ?Sized), mailbox: &Mailbox<'_>) -> i32 {
    let live = ring.batv_keys(mailbox).filter(|key| key.state() != KeyState::Retired);
    live.map(Key::lifetime).max().unwrap_or_default().proof_days()
}

/// What counts of the value of a Message-ID field, in pieces: all but white space, control characters, and one pair of
/// angle brackets around it.
///
/// ```
/// use batv_core::mark;
///
/// let compared = mark::message_id_pieces(b" <20261123\r\n .1@example.com> ").collect::<Vec<_>>().concat();
/// assert_eq!(compared, b"20261123.1@example.com");
/// ```
pub fn message_id_pieces(message_id: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_ignored = |octet: &u8| octet.is_ascii_control() || *octet == b' ';
    let from = message_id.iter().position(|octet| !is_ignored(octet)).unwrap_or(message_id.len());
    let to = message_id.iter().rposition(|octet| !is_ignored(octet)).map_or(from, |last| last + 1);
    let value = &message_id[from..to];
    let value = value.strip_prefix(b"<").and_then(|inside| inside.strip_suffix(b">")).unwrap_or(value);
    value.split(is_ignored)
}

/// Text without its white space, in lower case.
struct Compact {
    octets: [u8; LONGEST],
    length: usize,
}

impl Compact {
    /// `None` when it is longer than any mark.
    fn of(text: impl Iterator<Item = u8>) -> Option<Self> {
        let mut compact = Self { octets: [0; LONGEST], length: 0 };
        for octet in text.filter(|octet| !is_space(*octet)) {
            *compact.octets.get_mut(compact.length)? = octet.to_ascii_lowercase();
            compact.length += 1;
        }
        Some(compact)
    }

    /// What stands between the dots, when there are so many fields.
    fn fields<const COUNT: usize>(&self) -> Option<[&[u8]; COUNT]> {
        let mut rest = self.octets[..self.length].split(|&octet| octet == b'.');
        let mut fields: [&[u8]; COUNT] = [&[]; COUNT];
        for field in &mut fields {
            *field = rest.next()?;
        }
        rest.next().is_none().then_some(fields)
    }
}

fn is_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t'..=b'\r')
}

/// The octets that `xtext` stands for, less white space (RFC 3461 §4). A wrong escape gives a `+`, which no mark has.
fn decode_xtext(text: &[u8]) -> impl Iterator<Item = u8> {
    let mut octets = text.iter().copied().filter(|octet| !is_space(*octet));
    let value = |digit| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    iter::from_fn(move || match octets.next()? {
        b'+' => {
            let mut digit = || octets.next().and_then(value);
            let decoded = digit().and_then(|high| Some(high * 16 + digit()?));
            Some(decoded.unwrap_or(b'+'))
        }
        plain => Some(plain),
    })
}

fn read_key_id(text: &[u8]) -> Option<KeyId> {
    match text {
        [digit] => KeyId::parse(*digit),
        _ => None,
    }
}

/// A day in the one way that we write it: no sign, no zero in front.
fn read_day(text: &[u8]) -> Option<Day> {
    let as_written = text.iter().all(u8::is_ascii_digit) && (text == b"0" || !text.starts_with(b"0"));
    let number = as_written.then(|| str::from_utf8(text).ok()?.parse().ok()).flatten()?;
    Day::new(number).ok()
}

fn message_digest(message_id: &[u8]) -> Base32<MESSAGE_CHARACTERS> {
    Base32::of(&digest_sha256(|message| message_id_pieces(message_id).for_each(|piece| message.push(piece))))
}

fn mac(
    key: &Key,
    key_id: KeyId,
    day: Day,
    message: &Base32<MESSAGE_CHARACTERS>,
    reverse_path: &Mailbox<'_>,
) -> Base32<MAC_CHARACTERS> {
    Base32::of(&key.mac().mark(|hashed| {
        hashed.fold();
        let written = write!(hashed, "{VERSION}\0{key_id}\0{}\0{message}\0", day.number());
        debug_assert!(written.is_ok(), "a message takes all that is written");
        hashed.push_domain(&reverse_path.domain());
        // Neither a domain nor a local part has control characters.
        hashed.push(b"\0");
        hashed.push_content(&reverse_path.local_part());
    }))
}

#[cfg(test)]
mod tests {
    extern crate alloc;

    use alloc::string::ToString;

    use super::*;
    use crate::key::{Algorithm, KeyState, KeyUse};

    const SECRET: &[u8] = b"s3kr1t";

    fn key(key_use: KeyUse) -> Key {
        Key::new(key_use, Algorithm::HmacSha256, SECRET).unwrap()
    }

    fn batv_key(id: u8) -> Key {
        key(KeyUse::Batv(KeyId::new(id).unwrap()))
    }

    #[test]
    fn only_a_live_key_of_the_same_id_and_use_verifies() {
        let alice = Mailbox::parse("alice@example.com").unwrap();
        let mark = make(&[batv_key(3)], b"1@example.com", &alice, Day::MIN).unwrap().to_string();
        for (key, verdict) in [
            (batv_key(3), TagVerdict::Valid),
            (batv_key(3).with_state(KeyState::Verifying), TagVerdict::Valid),
            (batv_key(3).with_state(KeyState::Retired), TagVerdict::UnknownKey),
            (batv_key(4), TagVerdict::UnknownKey),
            (key(KeyUse::Srs), TagVerdict::UnknownKey),
        ] {
            assert_eq!(verify(&[key], mark.as_bytes(), b"1@example.com", &alice, Day::MIN), verdict);
        }
        for key in [batv_key(3).with_state(KeyState::Verifying), key(KeyUse::Srs)] {
            assert!(make(&[key], b"1@example.com", &alice, Day::MIN).is_none());
        }
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn each_key_of_an_id_that_serves_the_mailbox_is_tried() {
        use alloc::{borrow::ToOwned, vec};

        use crate::address::Pattern;

        let for_example_org = |key: Key| key.with_scope(vec![Pattern::parse("example.org".to_owned()).unwrap()]);
        let [alice, bob] = ["alice@example.com", "bob@example.org"].map(|text| Mailbox::parse(text).unwrap());
        let other = Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"another").unwrap();
        let keys = [batv_key(0), for_example_org(other)];
        let mark = |mailbox| make(&keys[..1], b"", mailbox, Day::MIN).unwrap().to_string();
        // The key of everybody made it; since then his domain has one of its own, which comes first.
        assert_eq!(verify(&keys, mark(&bob).as_bytes(), b"", &bob, Day::MIN), TagVerdict::Valid);
        assert_ne!(make(&keys, b"", &bob, Day::MIN).unwrap().to_string(), mark(&bob));
        let theirs = [for_example_org(batv_key(0))];
        assert_eq!(verify(&theirs, mark(&alice).as_bytes(), b"", &alice, Day::MIN), TagVerdict::UnknownKey);
        assert!(make(&theirs, b"", &alice, Day::MIN).is_none());
    }

    #[test]
    fn the_longest_of_each_fits() {
        let alice = Mailbox::parse("alice@example.com").unwrap();
        let mark = make(&[batv_key(9)], b"", &alice, Day::MAX).unwrap();
        assert_eq!((mark.key_id().number(), mark.day()), (9, Day::MAX));
        assert_eq!(mark.to_string().len(), 36);
        assert_eq!(mark.envelope_id().to_string().len(), LONGEST);
    }
}
