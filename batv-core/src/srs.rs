//! The Sender Rewriting Scheme: senders of mail that we forward, as Mail::SRS, libsrs2, pysrs and postsrsd write them.
//!
//! The published hash runs its fields together, so the boundary between domain and local part is not authenticated:
//! who has one address can move a letter from the one to the other. So reverse only for the null reverse-path, and
//! where all hosts are ours, prefer a key with `hmac-sha256`: its hash is longer, and separates the fields.

use core::fmt::{self, Write};

use data_encoding::BASE64_NOPAD;
use subtle::ConstantTimeEq;

use crate::day::{Day, SrsTimestamp};
use crate::dialect;
use crate::error::Error;
use crate::key::{Algorithm, Key, KeyRing, KeyState};
use crate::mac::{Hash, Message};
use crate::mailbox::{Domain, LocalPart, Mailbox, check_local_part_length, is_dot_string};

/// The fewest characters of a hash that any program takes.
pub const HASH_MINIMUM: u8 = 4;
/// The base64 characters of 160 bits.
pub const HASH_MAXIMUM: u8 = 27;
/// Characters of a separated hash: over 60 bits, even with the case folded.
pub const SEPARATED_HASH_LENGTH: u8 = 12;
/// Days that an address lives, when not told otherwise.
pub const DEFAULT_MAX_AGE: u16 = 21;

/// Days by which the clock of another host of ours may be ahead.
const SKEW: u16 = 1;
/// A day number modulo 1024 with the skew must have one meaning.
const MAX_AGE_LIMIT: u16 = 1000;

/// The character after `SRS0` and `SRS1`.
///
/// ```
/// use batv_core::srs::Separator;
///
/// assert_eq!(Separator::new('+')?.character(), '+');
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the published format has these three")]
pub enum Separator {
    /// `=`
    #[default]
    Equals,
    /// `+`
    Plus,
    /// `-`
    Minus,
}

impl Separator {
    /// The separator of this character.
    ///
    /// # Errors
    /// [`Error::Separator`] for any other.
    ///
    /// ```
    /// # use batv_core::srs::Separator;
    /// assert!(Separator::new('.').is_err());
    /// ```
    pub const fn new(character: char) -> Result<Self, Error> {
        match character {
            '=' => Ok(Self::Equals),
            '+' => Ok(Self::Plus),
            '-' => Ok(Self::Minus),
            _ => Err(Error::Separator(character)),
        }
    }

    /// The character.
    ///
    /// ```
    /// # use batv_core::srs::Separator;
    /// assert_eq!(Separator::default().character(), '=');
    /// ```
    pub const fn character(self) -> char {
        match self {
            Self::Equals => '=',
            Self::Plus => '+',
            Self::Minus => '-',
        }
    }
}

/// How we rewrite, and which domains are ours.
///
/// ```
/// use batv_core::srs::{Srs, SrsVerdict};
/// use batv_core::{Algorithm, Day, Domain, Key, KeyUse, Mailbox};
///
/// let keys = [Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"tops3cr3t")?];
/// let ours = [Domain::parse("forwarder.example.net")?];
/// let srs = Srs::new(&ours)?;
/// let today = Day::new(18_262)?;
///
/// let alice = Mailbox::parse("alice@example.com")?;
/// let forwarded = srs.forward(&keys, &alice, today)?.to_string();
/// assert_eq!(forwarded, "SRS0=Xu1M=2W=example.com=alice@forwarder.example.net");
///
/// let bounce = Mailbox::parse(&forwarded)?;
/// let reversal = srs.reverse(&keys, &bounce, today);
/// assert_eq!(reversal.verdict, SrsVerdict::Valid);
/// assert_eq!(reversal.mailbox, Some(alice));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Srs<'d> {
    domains: &'d [Domain<'d>],
    first: Domain<'d>,
    separator: Separator,
    hash_length: u8,
    hash_minimum: u8,
    max_age: u16,
    always_rewrite: bool,
}

impl<'d> Srs<'d> {
    /// Rewrites into the first of these domains, and reverses for all of them: separator `=`, hashes of four
    /// characters, an age of at most 21 days, and one day of skew between clocks.
    ///
    /// # Errors
    /// [`Error::NoSrsDomain`] when there is none.
    ///
    /// ```
    /// # use batv_core::{Error, srs::Srs};
    /// assert_eq!(Srs::new(&[]).unwrap_err(), Error::NoSrsDomain);
    /// ```
    pub fn new(domains: &'d [Domain<'d>]) -> Result<Self, Error> {
        Ok(Self {
            domains,
            first: *domains.first().ok_or(Error::NoSrsDomain)?,
            separator: Separator::default(),
            hash_length: HASH_MINIMUM,
            hash_minimum: HASH_MINIMUM,
            max_age: DEFAULT_MAX_AGE,
            always_rewrite: false,
        })
    }

    /// The same with this character after the tag.
    ///
    /// ```
    /// # use batv_core::{Domain, srs::{Separator, Srs}};
    /// let ours = [Domain::parse("example.net")?];
    /// let srs = Srs::new(&ours)?.with_separator(Separator::Plus);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub const fn with_separator(mut self, separator: Separator) -> Self {
        self.separator = separator;
        self
    }

    /// The same with hashes of `length` characters, taking hashes of at least `minimum`. A separated hash has 12 at
    /// least, whatever is asked for here.
    ///
    /// # Errors
    /// [`Error::HashLength`] unless 4 ≤ `minimum` ≤ `length` ≤ 27.
    ///
    /// ```
    /// # use batv_core::{Domain, srs::Srs};
    /// let ours = [Domain::parse("example.net")?];
    /// assert!(Srs::new(&ours)?.with_hash_length(8, 4).is_ok());
    /// assert!(Srs::new(&ours)?.with_hash_length(8, 3).is_err());
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub const fn with_hash_length(mut self, length: u8, minimum: u8) -> Result<Self, Error> {
        if HASH_MINIMUM <= minimum && minimum <= length && length <= HASH_MAXIMUM {
            self.hash_length = length;
            self.hash_minimum = minimum;
            Ok(self)
        } else {
            Err(Error::HashLength { length, minimum })
        }
    }

    /// The same with addresses that live so many days.
    ///
    /// # Errors
    /// [`Error::MaxAge`] unless from 1 to 1000 days.
    ///
    /// ```
    /// # use batv_core::{Domain, Error, srs::Srs};
    /// let ours = [Domain::parse("example.net")?];
    /// assert_eq!(Srs::new(&ours)?.with_max_age(1001).unwrap_err(), Error::MaxAge(1001));
    /// # Ok::<(), Error>(())
    /// ```
    pub const fn with_max_age(mut self, days: u16) -> Result<Self, Error> {
        if 1 <= days && days <= MAX_AGE_LIMIT {
            self.max_age = days;
            Ok(self)
        } else {
            Err(Error::MaxAge(days))
        }
    }

    /// The same, rewriting senders of our own domains too.
    ///
    /// ```
    /// # use batv_core::{Domain, srs::Srs};
    /// let ours = [Domain::parse("example.net")?];
    /// let srs = Srs::new(&ours)?.always_rewriting();
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub const fn always_rewriting(mut self) -> Self {
        self.always_rewrite = true;
        self
    }

    /// Whether this domain is one of ours.
    ///
    /// ```
    /// # use batv_core::{Domain, srs::Srs};
    /// let ours = [Domain::parse("example.net")?];
    /// assert!(Srs::new(&ours)?.owns(&Domain::parse("Example.NET")?));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn owns(&self, domain: &Domain<'_>) -> bool {
        self.domains.contains(domain)
    }

    /// Rewrites the sender of a message that we forward, with the first signing key that serves our first domain.
    ///
    /// A sender of a domain of ours stays as it is. One that somebody else rewrote becomes an SRS1, which keeps the
    /// host that rewrote it first and drops the one in between.
    ///
    /// # Errors
    /// [`Error::NoSigningKey`]; [`Error::UnwritableDomain`]; [`Error::LocalPartTooLong`] when the local part would be over 64 octets
    /// (RFC 5321 §4.5.3.1.1).
    ///
    /// ```
    /// use batv_core::srs::Srs;
    /// use batv_core::{Algorithm, Day, Domain, Key, KeyUse, Mailbox};
    ///
    /// let keys = [Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"second")?];
    /// let ours = [Domain::parse("second.example.org")?];
    /// let first = Mailbox::parse("SRS0=Xu1M=2W=example.com=alice@forwarder.example.net")?;
    /// let forwarded = Srs::new(&ours)?.forward(&keys, &first, Day::new(18_262)?)?;
    /// assert_eq!(
    ///     forwarded.to_string(),
    ///     "SRS1=Dz2w=forwarder.example.net==Xu1M=2W=example.com=alice@second.example.org"
    /// );
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn forward<'a>(
        &self,
        ring: &(impl KeyRing + ?Sized),
        mailbox: &Mailbox<'a>,
        today: Day,
    ) -> Result<Forwarding<'a>, Error>
    where
        'd: 'a,
    {
        let domain = mailbox.domain();
        if domain.as_str().is_empty() || self.owns(&domain) && !self.always_rewrite {
            return Ok(Forwarding::Unchanged(*mailbox));
        }
        let key = ring.srs_keys(&self.first).find(|key| key.state() == KeyState::Signing).ok_or(Error::NoSigningKey)?;
        let fields = match Srs1Fields::of_rewritten(mailbox) {
            Some(fields) => Fields::Srs1(fields),
            None => Fields::Srs0(Srs0Fields {
                timestamp: SrsTimestamp::of(today),
                domain: domain.as_str(),
                local_part: mailbox.local_part(),
            }),
        };
        let (Fields::Srs0(Srs0Fields { domain: field, .. }) | Fields::Srs1(Srs1Fields { host: field, .. })) = fields;
        // Of all domains only a literal can hold them.
        if field.starts_with('[') && field.contains(['=', '"']) {
            return Err(Error::UnwritableDomain);
        }
        let length = usize::from(hash_bounds(key, self.hash_length));
        let hash = fields.hash(key, Quotes::Without, length);
        let rewritten = Rewritten { fields, hash, hash_length: length, separator: self.separator, domain: self.first };
        check_local_part_length(rewritten.local_part_length())?;
        Ok(Forwarding::Rewritten(rewritten))
    }

    /// Restores the sender inside of an address that we rewrote.
    ///
    /// Only addresses of our own domains are looked into. Every live key of the domain is tried. A hash may have any
    /// length from the minimum to 27, either base64 alphabet, and any case.
    ///
    /// ```
    /// use batv_core::srs::{Srs, SrsVerdict};
    /// use batv_core::{Algorithm, Day, Domain, Key, KeyUse, Mailbox};
    ///
    /// let keys = [Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"tops3cr3t")?];
    /// let ours = [Domain::parse("forwarder.example.net")?];
    /// let srs = Srs::new(&ours)?;
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

/// What forwarding came to.
///
/// ```
/// use batv_core::srs::{Forwarding, Srs};
/// use batv_core::{Algorithm, Day, Domain, Key, KeyUse, Mailbox};
///
/// let keys = [Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"tops3cr3t")?];
/// let ours = [Domain::parse("example.net")?];
/// let local = Mailbox::parse("bob@example.net")?;
/// let forwarding = Srs::new(&ours)?.forward(&keys, &local, Day::MIN)?;
/// assert!(matches!(forwarding, Forwarding::Unchanged(_)));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a sender is rewritten or stays as it is")]
pub enum Forwarding<'a> {
    /// The address to send from.
    Rewritten(Rewritten<'a>),
    /// The address as it was: it is ours.
    Unchanged(Mailbox<'a>),
}

impl Forwarding<'_> {
    /// Writes the address to send from.
    ///
    /// # Errors
    /// Those of the writer.
    ///
    /// ```
    /// # use batv_core::{Mailbox, srs::Forwarding};
    /// let mut text = String::new();
    /// Forwarding::Unchanged(Mailbox::parse("bob@example.net")?).write_to(&mut text)?;
    /// assert_eq!(text, "bob@example.net");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_to<W: Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        match self {
            Self::Rewritten(rewritten) => rewritten.write_to(out),
            Self::Unchanged(mailbox) => mailbox.write_to(out),
        }
    }
}

impl fmt::Display for Forwarding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

/// A sender rewritten into a domain of ours.
///
/// ```
/// use batv_core::srs::Rewritten;
///
/// fn text(rewritten: &Rewritten<'_>) -> String {
///     rewritten.to_string()
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rewritten<'a> {
    fields: Fields<'a>,
    hash: [u8; HASH_MAXIMUM as usize],
    hash_length: usize,
    separator: Separator,
    domain: Domain<'a>,
}

impl Rewritten<'_> {
    /// Writes the address. What needs quotes has them around the whole of the local part.
    ///
    /// # Errors
    /// Those of the writer.
    ///
    /// ```
    /// # use batv_core::srs::Rewritten;
    /// fn append(rewritten: &Rewritten<'_>, text: &mut String) -> std::fmt::Result {
    ///     rewritten.write_to(text)
    /// }
    /// ```
    pub fn write_to<W: Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        let quotes = if self.fields.need_quotes() { "\"" } else { "" };
        out.write_str(quotes)?;
        out.write_str(match self.fields {
            Fields::Srs0(_) => "SRS0",
            Fields::Srs1(_) => "SRS1",
        })?;
        out.write_char(self.separator.character())?;
        // Base64 and base32 are ASCII.
        out.write_str(str::from_utf8(&self.hash[..self.hash_length]).unwrap_or_default())?;
        out.write_char('=')?;
        match self.fields {
            Fields::Srs0(Srs0Fields { timestamp, domain, local_part }) => {
                out.write_str(str::from_utf8(&timestamp.to_ascii()).unwrap_or_default())?;
                out.write_char('=')?;
                out.write_str(domain)?;
                out.write_char('=')?;
                local_part.write_content(out)?;
            }
            Fields::Srs1(Srs1Fields { host, rest }) => {
                out.write_str(host)?;
                out.write_char('=')?;
                rest.write_content(out)?;
            }
        }
        out.write_str(quotes)?;
        self.domain.write_after_at(out)
    }

    /// Octets of the rewritten local part.
    fn local_part_length(&self) -> usize {
        let fields = match self.fields {
            Fields::Srs0(Srs0Fields { domain, local_part, .. }) => 4 + domain.len() + local_part.content_length(),
            Fields::Srs1(Srs1Fields { host, rest }) => 1 + host.len() + rest.content_length(),
        };
        6 + self.hash_length + fields + 2 * usize::from(self.fields.need_quotes())
    }
}

impl fmt::Display for Rewritten<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

/// What a look at an SRS address comes to.
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
    Valid,
    /// The hash is right, but the address is too old.
    Expired,
    /// The hash is wrong under each live key, or too short.
    BadMac,
    /// It is rewritten, but not by us: leave it alone.
    Foreign,
    /// It is not rewritten.
    Untagged,
    /// It is of ours, and begins as we begin, but its fields are none that we write.
    Malformed,
}

impl SrsVerdict {
    /// The name in the output of `batv srs reverse`.
    ///
    /// ```
    /// # use batv_core::srs::SrsVerdict;
    /// assert_eq!(SrsVerdict::Foreign.as_str(), "foreign");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::BadMac => "bad-mac",
            Self::Foreign => "foreign",
            Self::Untagged => "untagged",
            Self::Malformed => "malformed",
        }
    }
}

impl fmt::Display for SrsVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The verdict on an address, and the address to go on with.
///
/// ```
/// use batv_core::srs::{Srs, SrsVerdict};
/// use batv_core::{Day, Domain, Key, Mailbox};
///
/// let none: [Key; 0] = [];
/// let ours = [Domain::parse("example.net")?];
/// let foreign = Mailbox::parse("SRS0=Xu1M=2W=example.com=alice@forwarder.example.org")?;
/// let reversal = Srs::new(&ours)?.reverse(&none, &foreign, Day::MIN);
/// assert_eq!(reversal.verdict, SrsVerdict::Foreign);
/// assert_eq!(reversal.mailbox, Some(foreign));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Reversal<'a> {
    /// What was found.
    pub verdict: SrsVerdict,
    /// The restored sender when valid, the address as it came when it is none of ours, and nothing otherwise.
    pub mailbox: Option<Mailbox<'a>>,
}

#[derive(Clone, Copy, Debug)]
enum Fields<'a> {
    Srs0(Srs0Fields<'a>),
    Srs1(Srs1Fields<'a>),
}

#[derive(Clone, Copy, Debug)]
struct Srs0Fields<'a> {
    timestamp: SrsTimestamp,
    domain: &'a str,
    local_part: LocalPart<'a>,
}

#[derive(Clone, Copy, Debug)]
struct Srs1Fields<'a> {
    host: &'a str,
    /// What followed the `SRS0` of the first forwarder, its separator included.
    rest: LocalPart<'a>,
}

impl<'a> Srs1Fields<'a> {
    /// The fields for an address that somebody else rewrote. Its hash, and the fields of an SRS0, are their affair.
    fn of_rewritten(mailbox: &Mailbox<'a>) -> Option<Self> {
        let local_part = mailbox.local_part();
        if let Some(rest) = dialect::strip_prefix(&local_part, "SRS0").filter(is_rewritten) {
            return read_srs1(mailbox.domain().as_str(), rest);
        }
        let rest = dialect::strip_prefix(&local_part, "SRS1").filter(is_rewritten)?;
        let (_, after_hash) = rest.skip(1)?.split_once(b'=')?;
        let (host, rest) = after_hash.split_once(b'=')?;
        // What could not be restored is an ordinary address to us.
        Domain::parse(host).ok()?;
        read_srs1(host, rest)
    }
}

/// How a quoted local part is hashed: by its content as pysrs and we do, or with its quotes as libsrs2 and postsrsd do.
#[derive(Clone, Copy)]
enum Quotes {
    Without,
    With,
}

impl<'a> Fields<'a> {
    fn need_quotes(&self) -> bool {
        let (field, local_part) = match self {
            Self::Srs0(fields) => (fields.domain, fields.local_part),
            Self::Srs1(fields) => (fields.host, fields.rest),
        };
        local_part.needs_quotes() || !is_dot_string(field.chars())
    }

    /// What stands inside, where it is an address.
    fn inner(&self) -> Option<Mailbox<'a>> {
        match self {
            Self::Srs0(fields) => Some(Mailbox::new(fields.local_part, Domain::parse(fields.domain).ok()?)),
            Self::Srs1(fields) => {
                let rest = LocalPart::new("SRS0", fields.rest.whole()?, fields.rest.is_quoted());
                Some(Mailbox::new(rest, Domain::parse(fields.host).ok()?))
            }
        }
    }

    fn has_hash(&self, shown: &str, key: &Key) -> bool {
        let local_part = match self {
            Self::Srs0(fields) => fields.local_part,
            Self::Srs1(fields) => fields.rest,
        };
        let matches = |quotes| {
            let (mut left, mut right) = ([0; HASH_MAXIMUM as usize], self.hash(key, quotes, shown.len()));
            let (left, right) = (&mut left[..shown.len()], &mut right[..shown.len()]);
            left.copy_from_slice(shown.as_bytes());
            left.iter_mut().chain(right.iter_mut()).for_each(|octet| *octet = fold_base64(*octet));
            bool::from(left.ct_eq(right))
        };
        matches(Quotes::Without) || local_part.is_quoted() && matches(Quotes::With)
    }

    /// At least the first `length` characters of the hash, which are at most 27.
    fn hash(&self, key: &Key, quotes: Quotes, length: usize) -> [u8; HASH_MAXIMUM as usize] {
        let mut text = [0; HASH_MAXIMUM as usize];
        let octets = (length * 6).div_ceil(8).min(20);
        let mut encode =
            |mac: &[u8]| BASE64_NOPAD.encode_mut(&mac[..octets], &mut text[..BASE64_NOPAD.encode_len(octets)]);
        match key.algorithm() {
            Algorithm::HmacSha1 => encode(&key.mac().sha1(|message| {
                message.fold();
                self.write_to(message, b"", quotes);
            })),
            Algorithm::HmacSha256 => encode(&key.mac().sha256(|message| {
                message.fold();
                message.push(match self {
                    Self::Srs0(_) => b"srs0\0",
                    Self::Srs1(_) => b"srs1\0",
                });
                self.write_to(message, b"\0", quotes);
            })),
        }
        text
    }

    fn write_to<H: Hash>(&self, message: &mut Message<H>, between: &[u8], quotes: Quotes) {
        let local_part = match self {
            Self::Srs0(fields) => {
                message.push(&fields.timestamp.to_ascii());
                message.push(between);
                message.push(fields.domain.as_bytes());
                fields.local_part
            }
            Self::Srs1(fields) => {
                message.push(fields.host.as_bytes());
                fields.rest
            }
        };
        message.push(between);
        match quotes {
            Quotes::Without => message.push_content(&local_part),
            Quotes::With => {
                message.push(b"\"");
                message.push_content(&local_part);
                message.push(b"\"");
            }
        }
    }
}

/// What the local part looks like.
enum Shape<'a> {
    /// Nothing of SRS.
    Plain,
    /// It begins as SRS does, and goes on otherwise.
    Wrong,
    Srs {
        hash: &'a str,
        fields: Fields<'a>,
    },
}

impl<'a> Shape<'a> {
    fn of(mailbox: &Mailbox<'a>) -> Self {
        let local_part = mailbox.local_part();
        let (rest, first_forwarder) = match dialect::strip_prefix(&local_part, "SRS0") {
            Some(rest) => (rest, true),
            None => match dialect::strip_prefix(&local_part, "SRS1") {
                Some(rest) => (rest, false),
                None => return Self::Plain,
            },
        };
        if !is_rewritten(&rest) {
            return Self::Plain;
        }
        let fields = rest.skip(1).and_then(|fields| fields.split_once(b'=')).and_then(|(hash, after)| {
            let (first, after) = after.split_once(b'=')?;
            let fields = if first_forwarder {
                Fields::Srs0(read_srs0(first, after)?)
            } else {
                Fields::Srs1(read_srs1(first, after)?)
            };
            (HASH_MINIMUM.into()..=HASH_MAXIMUM.into()).contains(&hash.len()).then_some((hash, fields))
        });
        fields.map_or(Self::Wrong, |(hash, fields)| Self::Srs { hash, fields })
    }
}

fn read_srs0<'a>(timestamp: &str, after: LocalPart<'a>) -> Option<Srs0Fields<'a>> {
    let timestamp = SrsTimestamp::parse(timestamp)?;
    let (domain, local_part) = after.split_once(b'=')?;
    (!local_part.is_empty()).then_some(Srs0Fields { timestamp, domain, local_part })
}

/// A separator, as after `SRS0`, must lead the rest: else its boundary to the host could be moved. Nor may a dot follow
/// a `-` before the next `=`, for then that hyphen may be one of the host.
fn read_srs1<'a>(host: &'a str, rest: LocalPart<'a>) -> Option<Srs1Fields<'a>> {
    let separated = match rest.front().as_bytes() {
        [b'=' | b'+', _, ..] => true,
        [b'-', fields @ ..] if !fields.is_empty() => {
            !fields.iter().take_while(|&&octet| octet != b'=').any(|&octet| octet == b'.')
        }
        _ => false,
    };
    (separated && Domain::parse(host).is_ok()).then_some(Srs1Fields { host, rest })
}

/// Whether what follows `SRS0` or `SRS1` can come of rewriting: `srs0-news` is somebody's mailbox.
fn is_rewritten(rest: &LocalPart<'_>) -> bool {
    match rest.front().as_bytes() {
        [b'=', ..] => true,
        [b'+' | b'-', fields @ ..] => fields.contains(&b'='),
        _ => false,
    }
}

/// Characters of hash for a key: as many as asked for, and enough for a separated one.
fn hash_bounds(key: &Key, wanted: u8) -> u8 {
    match key.algorithm() {
        Algorithm::HmacSha1 => wanted,
        Algorithm::HmacSha256 => wanted.max(SEPARATED_HASH_LENGTH),
    }
}

/// The two alphabets of RFC 4648 as one, and both cases as one: gateways change case, and postsrsd the alphabet.
const fn fold_base64(octet: u8) -> u8 {
    match octet {
        b'-' => b'+',
        b'_' => b'/',
        _ => octet.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;

    use alloc::string::String;

    use super::*;
    use crate::key::KeyUse;

    #[test]
    fn options_have_bounds() {
        let ours = [Domain::parse("example.net").unwrap()];
        let srs = Srs::new(&ours).unwrap();
        for (length, minimum, is_good) in [
            (4, 4, true),
            (27, 27, true),
            (27, 4, true),
            (8, 8, true),
            (8, 3, false),
            (3, 3, false),
            (8, 9, false),
            (28, 4, false),
            (28, 28, false),
        ] {
            assert_eq!(srs.with_hash_length(length, minimum).is_ok(), is_good, "{length} {minimum}");
        }
        for (days, is_good) in [(0, false), (1, true), (1000, true), (1001, false)] {
            assert_eq!(srs.with_max_age(days).is_ok(), is_good, "{days}");
        }
        for character in ['=', '+', '-'] {
            assert_eq!(Separator::new(character).map(Separator::character), Ok(character));
        }
    }

    #[test]
    fn what_is_written_is_the_address_to_send_from() {
        let keys = [Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"tops3cr3t").unwrap()];
        let ours = [Domain::parse("forwarder.example.net").unwrap()];
        let srs = Srs::new(&ours).unwrap();
        for (address, written) in [
            ("alice@example.com", "SRS0=Xu1M=2W=example.com=alice@forwarder.example.net"),
            ("bob@forwarder.example.net", "bob@forwarder.example.net"),
        ] {
            let mut text = String::new();
            let forwarding = srs.forward(&keys, &Mailbox::parse(address).unwrap(), Day::new(18_262).unwrap()).unwrap();
            forwarding.write_to(&mut text).unwrap();
            assert_eq!(text, written);
        }
    }
}
