//! Tags of our own senders: the prvs form of draft-levine-smtp-batv-01 §4, its sub-address form, and a strong form.

use core::fmt::{self, Write};

use data_encoding::BASE32_NOPAD;
use subtle::ConstantTimeEq;

use crate::day::{Day, ExpiryDigits, Lifetime};
use crate::dialect::{self, Dialect};
use crate::error::Error;
use crate::key::{Algorithm, Key, KeyId, KeyRing, KeyState, KeyUse};
use crate::mac::{Hash, Message};
use crate::mailbox::{LocalPart, Mailbox, check_local_part_length};

/// Octets of the MAC in `KDDDSSSSSS`: 24 bits.
const SHORT_OCTETS: usize = 3;
/// Characters of `KDDDSSSSSS`.
const SHORT_TAG: usize = 4 + 2 * SHORT_OCTETS;
/// Characters of base32 in the strong form: 60 bits.
const STRONG_CHARACTERS: usize = 12;
/// Octets that those characters are cut from.
const STRONG_OCTETS: usize = 10;
/// Characters of `KDDD` and the base32.
const STRONG_TAG: usize = 4 + STRONG_CHARACTERS;

/// Where a tag stands in the local part, and how long its MAC is.
///
/// ```
/// use batv_core::tag::Form;
///
/// assert_eq!(Form::default(), Form::Prvs);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Form {
    /// `prvs=KDDDSSSSSS=local`, 16 octets longer, 24 bits of MAC.
    #[default]
    Prvs,
    /// `local+prvs=KDDDSSSSSS`, 16 octets longer, the same MAC: for a server that already ignores what follows its
    /// sub-address delimiter.
    SubAddress(Delimiter),
    /// `batv=KDDD…=local`, 22 octets longer, 60 bits of HMAC-SHA256 whatever the algorithm of the key.
    Strong,
}

/// The character between a local part and its sub-address, `+` unless told otherwise.
///
/// ```
/// use batv_core::tag::Delimiter;
///
/// assert_eq!(Delimiter::new('-')?.character(), '-');
/// assert!(Delimiter::new('a').is_err());
/// assert!(Delimiter::new('@').is_err());
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Delimiter(char);

impl Delimiter {
    /// A delimiter: a punctuation character that a local part may hold without quotes (RFC 5321 §4.1.2, `atext`), or a
    /// dot.
    ///
    /// # Errors
    /// [`Error::Delimiter`] for any other character.
    ///
    /// ```
    /// # use batv_core::{Error, tag::Delimiter};
    /// assert_eq!(Delimiter::new(' '), Err(Error::Delimiter(' ')));
    /// ```
    pub const fn new(character: char) -> Result<Self, Error> {
        match character {
            '!' | '#'..='\'' | '*' | '+' | '-'..='/' | '=' | '?' | '^'..='`' | '{'..='~' => Ok(Self(character)),
            _ => Err(Error::Delimiter(character)),
        }
    }

    /// The character.
    ///
    /// ```
    /// # use batv_core::tag::Delimiter;
    /// assert_eq!(Delimiter::default().character(), '+');
    /// ```
    pub const fn character(self) -> char {
        self.0
    }
}

impl Default for Delimiter {
    fn default() -> Self {
        Self('+')
    }
}

/// What signing came to.
///
/// ```
/// use batv_core::tag::{self, Form, Signing, Unchanged};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let today = Day::new(18_262)?;
///
/// let alice = Mailbox::parse("alice@example.com")?;
/// let signing = tag::sign(&keys, &alice, Form::Prvs, None, today)?;
/// assert_eq!(signing.to_string(), "prvs=0269b1e711=alice@example.com");
///
/// let tagged = Mailbox::parse("prvs=0269b1e711=alice@example.com")?;
/// let again = tag::sign(&keys, &tagged, Form::Prvs, None, today)?;
/// assert!(matches!(again, Signing::Unchanged(_, Unchanged::AlreadyTagged(_))));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a sender is tagged or stays as it is")]
pub enum Signing<'a> {
    /// The address with a tag.
    Tagged(Tagged<'a>),
    /// The address as it was, and why.
    Unchanged(Mailbox<'a>, Unchanged),
}

impl Signing<'_> {
    /// Writes the address to send from.
    ///
    /// # Errors
    /// Those of the writer.
    ///
    /// ```
    /// # use batv_core::tag::{self, Form};
    /// # use batv_core::{Day, Key, Mailbox};
    /// let none: [Key; 0] = [];
    /// let mut text = String::new();
    /// tag::sign(&none, &Mailbox::parse("bob@example.org")?, Form::Prvs, None, Day::MIN)?.write_to(&mut text)?;
    /// assert_eq!(text, "bob@example.org");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_to<W: Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        match self {
            Self::Tagged(tagged) => tagged.write_to(out),
            Self::Unchanged(mailbox, _) => mailbox.write_to(out),
        }
    }
}

impl fmt::Display for Signing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

/// Why a sender got no tag.
///
/// ```
/// use batv_core::dialect::Dialect;
/// use batv_core::tag::Unchanged;
///
/// let reason = Unchanged::AlreadyTagged(Dialect::Btv1);
/// assert_eq!(reason.to_string(), "already tagged (btv1)");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Unchanged {
    /// It carries a tag, ours or anybody's (draft-levine-smtp-batv-01 §2.4.1).
    AlreadyTagged(Dialect),
    /// No signing key serves it: it isn't ours.
    NotOurs,
}

impl fmt::Display for Unchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyTagged(dialect) => write!(f, "already tagged ({dialect})"),
            Self::NotOurs => f.write_str("no signing key serves this mailbox"),
        }
    }
}

/// A mailbox with a tag on it.
///
/// ```
/// use batv_core::tag::{self, Form, Signing};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::new(3)?), Algorithm::HmacSha1, b"s3kr1t")?];
/// let alice = Mailbox::parse("alice@example.com")?;
/// let Signing::Tagged(tagged) = tag::sign(&keys, &alice, Form::Prvs, None, Day::new(18_262)?)? else { panic!() };
/// assert_eq!(tagged.to_string(), "prvs=3269e30f68=alice@example.com");
/// assert_eq!(tagged.key_id(), KeyId::new(3)?);
/// assert_eq!(tagged.expires(), Day::new(18_269).ok());
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Tagged<'a> {
    mailbox: Mailbox<'a>,
    form: Form,
    stamp: Stamp,
    mac: TagMac,
    expires: Option<Day>,
}

impl Tagged<'_> {
    /// The key that signed.
    ///
    /// ```
    /// # use batv_core::tag::Tagged;
    /// fn number(tagged: &Tagged<'_>) -> u8 {
    ///     tagged.key_id().number()
    /// }
    /// ```
    pub const fn key_id(&self) -> KeyId {
        self.stamp.key_id
    }

    /// The last day on which it is valid; `None` after 9999-12-31.
    ///
    /// ```
    /// # use batv_core::{Day, tag::Tagged};
    /// fn days_from(today: Day, tagged: &Tagged<'_>) -> Option<i32> {
    ///     Some(tagged.expires()?.since(today))
    /// }
    /// ```
    pub const fn expires(&self) -> Option<Day> {
        self.expires
    }

    /// Writes the tagged address. A local part that needs quotes carries the tag inside of them, for outside it would
    /// be no `Local-part` (RFC 5321 §4.1.2).
    ///
    /// # Errors
    /// Those of the writer.
    ///
    /// ```
    /// # use batv_core::tag::Tagged;
    /// fn text(tagged: &Tagged<'_>) -> Result<String, std::fmt::Error> {
    ///     let mut text = String::new();
    ///     tagged.write_to(&mut text)?;
    ///     Ok(text)
    /// }
    /// ```
    pub fn write_to<W: Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        let local_part = self.mailbox.local_part();
        let quotes = if local_part.needs_quotes() { "\"" } else { "" };
        out.write_str(quotes)?;
        match self.form {
            Form::Prvs => {
                out.write_str("prvs=")?;
                self.write_tag(out)?;
                out.write_char('=')?;
                local_part.write_content(out)?;
            }
            Form::SubAddress(delimiter) => {
                local_part.write_content(out)?;
                out.write_char(delimiter.0)?;
                out.write_str("prvs=")?;
                self.write_tag(out)?;
            }
            Form::Strong => {
                out.write_str("batv=")?;
                self.write_tag(out)?;
                out.write_char('=')?;
                local_part.write_content(out)?;
            }
        }
        out.write_str(quotes)?;
        self.mailbox.domain().write_after_at(out)
    }

    /// Writes `KDDDSSSSSS`, or `KDDD` and base32.
    fn write_tag<W: Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        let mut tag = [0; STRONG_TAG];
        tag[..4].copy_from_slice(&self.stamp.to_ascii());
        let length = match self.mac {
            TagMac::Short(mac) => {
                tag[4..SHORT_TAG].copy_from_slice(&hex(mac));
                SHORT_TAG
            }
            TagMac::Strong(mac) => {
                tag[4..].copy_from_slice(&mac);
                STRONG_TAG
            }
        };
        // Digits, hex and base32 are ASCII.
        out.write_str(str::from_utf8(&tag[..length]).unwrap_or_default())
    }
}

impl fmt::Display for Tagged<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

/// Tags a mailbox with the signing key that serves it, for `lifetime` days or the lifetime of the key.
///
/// What is tagged already, in any [`Dialect`], and what no signing key serves stays as it is. The tag depends on the
/// mailbox, the key and the day alone, so that retries and all hosts of a fleet agree on it (draft §5, greylisting).
///
/// # Errors
/// [`Error::LocalPartTooLong`] when the tag would make a local part of more than 64 octets (RFC 5321 §4.5.3.1.1);
/// [`Error::LifetimeOverKey`] when `lifetime` is over the key's own.
///
/// ```
/// use batv_core::tag::{self, Delimiter, Form};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let list = Mailbox::parse("joe+list@example.com")?;
/// let form = Form::SubAddress(Delimiter::default());
/// let signing = tag::sign(&keys, &list, form, None, Day::new(18_262)?)?;
/// assert_eq!(signing.to_string(), "joe+list+prvs=026902f5e3@example.com");
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn sign<'a>(
    ring: &(impl KeyRing + ?Sized),
    mailbox: &Mailbox<'a>,
    form: Form,
    lifetime: Option<Lifetime>,
    today: Day,
) -> Result<Signing<'a>, Error> {
    let (key, key_id) = match signing_key(ring, mailbox) {
        Ok(signing) => signing,
        Err(reason) => return Ok(Signing::Unchanged(*mailbox, reason)),
    };
    check_room(mailbox, form)?;
    let lifetime = match lifetime {
        Some(wanted) if wanted > key.lifetime() => {
            return Err(Error::LifetimeOverKey { days: wanted.days(), key: key.lifetime().days() });
        }
        Some(wanted) => wanted,
        None => key.lifetime(),
    };
    let stamp = Stamp { key_id, expiry: ExpiryDigits::of(today, lifetime) };
    let mac = match form {
        Form::Prvs | Form::SubAddress(_) => TagMac::Short(short_mac(key, stamp, mailbox, Spelling::CANONICAL)),
        Form::Strong => TagMac::Strong(strong_mac(key, stamp, mailbox, Spelling::CANONICAL)),
    };
    let expires = today.plus(lifetime.days().into());
    Ok(Signing::Tagged(Tagged { mailbox: *mailbox, form, stamp, mac, expires }))
}

/// Whether [`sign`] tags a mailbox for the lifetime of its key.
pub(crate) fn is_signed(ring: &(impl KeyRing + ?Sized), mailbox: &Mailbox<'_>, form: Form) -> bool {
    signing_key(ring, mailbox).is_ok() && check_room(mailbox, form).is_ok()
}

fn check_room(mailbox: &Mailbox<'_>, form: Form) -> Result<(), Error> {
    let around = match form {
        Form::Prvs | Form::SubAddress(_) => SHORT_TAG + "prvs==".len(),
        Form::Strong => STRONG_TAG + "batv==".len(),
    };
    check_local_part_length(mailbox.local_part().printed_length() + around)
}

/// The key that signs for a mailbox, and its id, or why none does.
#[inline]
pub(crate) fn signing_key<'s>(
    ring: &'s (impl KeyRing + ?Sized),
    mailbox: &Mailbox<'_>,
) -> Result<(&'s Key, KeyId), Unchanged> {
    if let Some(layer) = dialect::outermost(mailbox, dialect::Strictness::Strict) {
        return Err(Unchanged::AlreadyTagged(layer.dialect));
    }
    if mailbox.domain().as_str().is_empty() {
        return Err(Unchanged::NotOurs);
    }
    let signing = ring.batv_keys(mailbox).find_map(|key| match (key.state(), key.key_use()) {
        (KeyState::Signing, KeyUse::Batv(id)) => Some((key, id)),
        _ => None,
    });
    signing.ok_or(Unchanged::NotOurs)
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

/// What a look at a tag comes to.
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
    Valid,
    /// The MAC is right, but the tag has expired.
    Expired,
    /// The MAC is wrong under each live key of that id.
    BadMac,
    /// No live key of that id serves the mailbox: it is retired, or somebody else's.
    UnknownKey,
    /// There is no tag that we could have made.
    Untagged,
}

impl TagVerdict {
    /// The name in the output of `batv verify`.
    ///
    /// ```
    /// # use batv_core::TagVerdict;
    /// assert_eq!(TagVerdict::UnknownKey.as_str(), "unknown-key");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::BadMac => "bad-mac",
            Self::UnknownKey => "unknown-key",
            Self::Untagged => "untagged",
        }
    }
}

impl fmt::Display for TagVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The verdict on an address, and what was found on the way to it.
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
    /// What was found.
    pub verdict: TagVerdict,
    /// The mailbox without the tag; the mailbox as it came when there is none.
    pub mailbox: Mailbox<'a>,
    /// The form of the tag.
    pub form: Option<Form>,
    /// The key id that the tag names.
    pub key_id: Option<KeyId>,
    /// Days until the tag expires, negative when it has; only for a MAC that is right.
    pub days_left: Option<i32>,
    /// The last day on which the tag is valid, where [`Day`] can tell it; only for a MAC that is right.
    pub expires: Option<Day>,
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
    })
}

/// `K` and `DDD`.
#[derive(Clone, Copy, Debug)]
struct Stamp {
    key_id: KeyId,
    expiry: ExpiryDigits,
}

impl Stamp {
    fn parse(text: [u8; 4]) -> Option<Self> {
        let [key_id, digits @ ..] = text;
        Some(Self { key_id: KeyId::parse(key_id)?, expiry: ExpiryDigits::parse(digits)? })
    }

    fn to_ascii(self) -> [u8; 4] {
        let [first, second, third] = self.expiry.to_ascii();
        [self.key_id.to_ascii(), first, second, third]
    }
}

/// The MAC that a tag shows.
#[derive(Clone, Copy, Debug)]
enum TagMac {
    Short([u8; SHORT_OCTETS]),
    /// In lower case.
    Strong([u8; STRONG_CHARACTERS]),
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
        let (core, delimiter, tag) = dialect::split_sub_address(&mailbox.local_part(), SHORT_TAG)?;
        let (stamp, mac) = read_short(tag.as_bytes().try_into().ok()?)?;
        Some(Self { form: Form::SubAddress(delimiter), stamp, mac, mailbox: Mailbox::new(core, mailbox.domain()) })
    }

    fn verify(self, ring: &(impl KeyRing + ?Sized), today: Day) -> Verification<'a> {
        let (mut verdict, mut days_left) = (TagVerdict::UnknownKey, None);
        for key in live_keys(ring, self.stamp.key_id, &self.mailbox) {
            if self.has_mac_of(key) {
                let days = self.stamp.expiry.days_left(today, key.lifetime());
                days_left = Some(days);
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
        }
    }

    fn has_mac_of(&self, key: &Key) -> bool {
        let matches = |domain, quotes| {
            let spelling = Spelling { domain, quotes };
            bool::from(match &self.mac {
                TagMac::Strong(shown) => strong_mac(key, self.stamp, &self.mailbox, spelling).ct_eq(shown),
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

/// `KDDDSSSSSS`, in any case.
fn read_short(tag: &[u8; SHORT_TAG]) -> Option<(Stamp, TagMac)> {
    let [key_id, first, second, third, hex @ ..] = tag;
    // A table, for no branch can foresee which digits are letters.
    let [a, b, c, d, e, f] = hex.map(|digit| HEX_VALUE[usize::from(digit)]);
    if (a | b | c | d | e | f) > 15 {
        return None;
    }
    let stamp = Stamp::parse([*key_id, *first, *second, *third])?;
    Some((stamp, TagMac::Short([a * 16 + b, c * 16 + d, e * 16 + f])))
}

/// The value of each hexadecimal digit, and 255 for what is none.
const HEX_VALUE: [u8; 256] = {
    let mut values = [255; 256];
    let mut value = 0;
    while value < 16 {
        let digit = b"0123456789abcdef"[value as usize];
        values[digit as usize] = value;
        values[digit.to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    values
};

/// `KDDD` and base32, in any case.
fn read_strong(tag: &[u8; STRONG_TAG]) -> Option<(Stamp, TagMac)> {
    let [key_id, first, second, third, base32 @ ..] = tag;
    let stamp = Stamp::parse([*key_id, *first, *second, *third])?;
    let good = base32.iter().all(|&character| dialect::is_base32(character));
    good.then(|| (stamp, TagMac::Strong(base32.map(|character| character.to_ascii_lowercase()))))
}

fn hex(mac: [u8; SHORT_OCTETS]) -> [u8; 2 * SHORT_OCTETS] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let [first, second, third] = mac;
    [first >> 4, first & 15, second >> 4, second & 15, third >> 4, third & 15].map(|digit| DIGITS[usize::from(digit)])
}

/// How the address is written that is hashed. We write it in canonical form; others hash what they are given, and
/// what comes back may have gone through a server that writes it otherwise.
#[derive(Clone, Copy)]
struct Spelling {
    /// For an `hmac-sha1` key: an `hmac-sha256` key ignores case.
    domain: DomainCase,
    quotes: Quotes,
}

impl Spelling {
    const CANONICAL: Self = Self { domain: DomainCase::Lower, quotes: Quotes::Canonical };
}

#[derive(Clone, Copy)]
enum DomainCase {
    AsItCame,
    Lower,
}

#[derive(Clone, Copy)]
enum Quotes {
    /// As the local part prints.
    Canonical,
    /// Without quotes where it prints with them, and the reverse: Exim hashes needless quotes, and a server may take
    /// them off the tagged address, which no longer needs them for `.a` inside of it.
    Other,
}

/// The first 24 bits of the HMAC over K, DDD and the address, with nothing between (draft §4).
fn short_mac(key: &Key, stamp: Stamp, mailbox: &Mailbox<'_>, spelling: Spelling) -> [u8; SHORT_OCTETS] {
    let first = |mac: &[u8]| [mac[0], mac[1], mac[2]];
    match key.algorithm() {
        Algorithm::HmacSha1 => first(&key.mac().sha1(|message| {
            message.push(&stamp.to_ascii());
            write_address(message, mailbox, spelling);
        })),
        Algorithm::HmacSha256 => first(&key.mac().sha256(|message| {
            message.fold();
            message.push(&stamp.to_ascii());
            write_address(message, mailbox, spelling);
        })),
    }
}

/// 60 bits of HMAC-SHA256 as lower-case base32. Its message starts with a letter and that of a prvs tag with a digit,
/// so neither can stand for the other.
fn strong_mac(key: &Key, stamp: Stamp, mailbox: &Mailbox<'_>, spelling: Spelling) -> [u8; STRONG_CHARACTERS] {
    let mac = key.mac().sha256(|message| {
        message.fold();
        message.push(b"batv=");
        message.push(&stamp.to_ascii());
        write_address(message, mailbox, spelling);
    });
    let mut text = [0; STRONG_OCTETS * 8 / 5];
    BASE32_NOPAD.encode_mut(&mac[..STRONG_OCTETS], &mut text);
    let mut first = [0; STRONG_CHARACTERS];
    first.copy_from_slice(&text[..STRONG_CHARACTERS]);
    first.make_ascii_lowercase();
    first
}

/// The local part, `@` and the domain.
fn write_address<H: Hash>(message: &mut Message<H>, mailbox: &Mailbox<'_>, spelling: Spelling) {
    let local_part = mailbox.local_part();
    match spelling.quotes {
        Quotes::Canonical => message.push_local_part(&local_part),
        Quotes::Other if local_part.needs_quotes() => message.push_content(&local_part),
        Quotes::Other => {
            message.push(b"\"");
            message.push_content(&local_part);
            message.push(b"\"");
        }
    }
    message.push(b"@");
    match spelling.domain {
        DomainCase::AsItCame => message.push(mailbox.domain().as_str().as_bytes()),
        DomainCase::Lower => message.push_domain(&mailbox.domain()),
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;

    use alloc::format;
    use alloc::string::{String, ToString};

    use super::*;

    fn day(number: u32) -> Day {
        Day::new(number).unwrap()
    }

    fn keys() -> [Key; 1] {
        let lifetime = Lifetime::new(7).unwrap();
        let key_use = KeyUse::Batv(KeyId::new(3).unwrap());
        [Key::new(key_use, Algorithm::HmacSha1, b"s3kr1t").unwrap().with_lifetime(lifetime)]
    }

    #[test]
    fn a_tag_lives_no_longer_than_its_key_lets_it() {
        let alice = Mailbox::parse("alice@example.com").unwrap();
        let expires = |lifetime: Option<u32>| {
            let lifetime = lifetime.map(|days| Lifetime::new(days).unwrap());
            match sign(&keys(), &alice, Form::Prvs, lifetime, day(18_262))? {
                Signing::Tagged(tagged) => Ok((tagged.key_id().number(), tagged.expires())),
                other @ Signing::Unchanged(..) => panic!("{other:?}"),
            }
        };
        assert_eq!(expires(None), Ok((3, Some(day(18_269)))));
        assert_eq!(expires(Some(3)), Ok((3, Some(day(18_265)))));
        assert_eq!(expires(Some(7)), Ok((3, Some(day(18_269)))));
        assert_eq!(expires(Some(8)), Err(Error::LifetimeOverKey { days: 8, key: 7 }));
    }

    #[test]
    fn what_is_written_is_the_address_to_send_from() {
        for (address, written) in [
            ("alice@example.com", "alice-prvs=3269e30f68@example.com"),
            ("prvs=0269b1e711=alice@example.com", "prvs=0269b1e711=alice@example.com"),
        ] {
            let form = Form::SubAddress(Delimiter::new('-').unwrap());
            let signing = sign(&keys(), &Mailbox::parse(address).unwrap(), form, None, day(18_262)).unwrap();
            let mut text = String::new();
            signing.write_to(&mut text).unwrap();
            assert_eq!((text.as_str(), signing.to_string().as_str()), (written, written));
        }
        assert_eq!(Delimiter::new('-').map(Delimiter::character), Ok('-'));
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
}
