//! Our SRS domains, and the form in which we rewrite senders.

use crate::address::Domain;
use crate::error::Error;
use crate::srs::domains::Domains;

/// Fewest characters of a hash that any program takes.
pub const HASH_MINIMUM: u8 = 4;
/// Most characters of a hash: 160 bits in base64.
pub const HASH_MAXIMUM: u8 = 27;
/// Characters of a separated hash: over 60 bits, even with the case folded.
pub const SEPARATED_HASH_LENGTH: u8 = 12;
/// Days that an address lives, when not told otherwise.
pub const DEFAULT_MAX_AGE: u16 = 21;

/// Days by which the clock of another host of ours may be ahead.
pub(super) const SKEW: u16 = 1;
/// A day number modulo 1024 with the skew must have one meaning.
const MAX_AGE_LIMIT: u16 = 1000;

/// Character after `SRS0` and `SRS1`.
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
    /// Makes a separator of a character.
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

    /// Character itself.
    ///
    /// ```
    /// # use batv_core::srs::Separator;
    /// assert_eq!(Separator::default().character(), '=');
    /// ```
    #[must_use]
    pub const fn character(self) -> char {
        match self {
            Self::Equals => '=',
            Self::Plus => '+',
            Self::Minus => '-',
        }
    }
}

/// Sender Rewriting Scheme of a site: the form in which it rewrites senders, and its domains.
///
/// It borrows or owns the names of the domains: with a `Vec<String>` a server builds it once, and keeps it.
///
/// ```
/// use batv_core::srs::{Srs, SrsVerdict};
/// use batv_core::{Algorithm, Day, Key, KeyUse, Mailbox};
///
/// struct Server {
///     keys: Vec<Key>,
///     srs: Srs<Vec<String>>,
/// }
///
/// let keys = vec![Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"tops3cr3t")?];
/// let server = Server { keys, srs: Srs::new(vec!["forwarder.example.net".to_owned()])? };
/// let today = Day::new(18_262)?;
///
/// let alice = Mailbox::parse("alice@example.com")?;
/// let forwarded = server.srs.forward(&server.keys, &alice, today)?.to_string();
/// assert_eq!(forwarded, "SRS0=Xu1M=2W=example.com=alice@forwarder.example.net");
///
/// let bounce = Mailbox::parse(&forwarded)?;
/// let reversal = server.srs.reverse(&server.keys, &bounce, today);
/// assert_eq!(reversal.verdict, SrsVerdict::Valid);
/// assert_eq!(reversal.mailbox, Some(alice));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Srs<D> {
    domains: D,
    pub(super) separator: Separator,
    pub(super) hash_length: u8,
    pub(super) hash_minimum: u8,
    pub(super) max_age: u16,
    pub(crate) always_rewrite: bool,
}

impl<D: Domains> Srs<D> {
    /// Makes an SRS that rewrites into the first of these domains and reverses for all: separator `=`, hashes of four
    /// characters, an age of at most 21 days, and one day of skew between clocks.
    ///
    /// # Errors
    /// [`Error::NoSrsDomain`] when there is none; those of [`Domain::parse`].
    ///
    /// ```
    /// # use batv_core::{Error, srs::Srs};
    /// let none: [&str; 0] = [];
    /// assert_eq!(Srs::new(none).unwrap_err(), Error::NoSrsDomain);
    /// assert!(Srs::new(["not a domain"]).is_err());
    /// ```
    pub fn new(domains: D) -> Result<Self, Error> {
        if domains.names().is_empty() {
            return Err(Error::NoSrsDomain);
        }
        for name in domains.names() {
            Domain::parse(name.as_ref())?;
        }
        Ok(Self {
            domains,
            separator: Separator::default(),
            hash_length: HASH_MINIMUM,
            hash_minimum: HASH_MINIMUM,
            max_age: DEFAULT_MAX_AGE,
            always_rewrite: false,
        })
    }

    /// Sets the character after `SRS0` and `SRS1`.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Day, Key, KeyUse, Mailbox, srs::{Separator, Srs}};
    /// let keys = [Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"tops3cr3t")?];
    /// let srs = Srs::new(["example.net"])?.with_separator(Separator::Plus);
    /// assert!(srs.forward(&keys, &Mailbox::parse("alice@example.com")?, Day::MIN)?.to_string().starts_with("SRS0+"));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn with_separator(mut self, separator: Separator) -> Self {
        self.separator = separator;
        self
    }

    /// Sets the length of hashes in new addresses, and the shortest that is taken. A separated hash has 12 at
    /// least, whatever is asked for here.
    ///
    /// # Errors
    /// [`Error::HashLength`] unless 4 ≤ `minimum` ≤ `length` ≤ 27.
    ///
    /// ```
    /// # use batv_core::srs::Srs;
    /// assert!(Srs::new(["example.net"])?.with_hash_length(8, 4).is_ok());
    /// assert!(Srs::new(["example.net"])?.with_hash_length(8, 3).is_err());
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn with_hash_length(mut self, length: u8, minimum: u8) -> Result<Self, Error> {
        if HASH_MINIMUM <= minimum && minimum <= length && length <= HASH_MAXIMUM {
            self.hash_length = length;
            self.hash_minimum = minimum;
            Ok(self)
        } else {
            Err(Error::HashLength { length, minimum })
        }
    }

    /// Sets the days that an address lives.
    ///
    /// # Errors
    /// [`Error::MaxAge`] unless from 1 to 1000 days.
    ///
    /// ```
    /// # use batv_core::{Error, srs::Srs};
    /// assert_eq!(Srs::new(["example.net"])?.with_max_age(1001).unwrap_err(), Error::MaxAge(1001));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn with_max_age(mut self, days: u16) -> Result<Self, Error> {
        if (1..=MAX_AGE_LIMIT).contains(&days) {
            self.max_age = days;
            Ok(self)
        } else {
            Err(Error::MaxAge(days))
        }
    }

    /// Sets whether senders of our own domains are rewritten, too.
    ///
    /// ```
    /// # use batv_core::{Algorithm, Day, Key, KeyUse, Mailbox, srs::{Forwarding, Srs}};
    /// let keys = [Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"tops3cr3t")?];
    /// let srs = Srs::new(["example.net"])?.with_always_rewrite(true);
    /// let forwarding = srs.forward(&keys, &Mailbox::parse("bob@example.net")?, Day::MIN)?;
    /// assert!(matches!(forwarding, Forwarding::Rewritten(_)));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn with_always_rewrite(mut self, always: bool) -> Self {
        self.always_rewrite = always;
        self
    }

    /// Whether this domain is one of ours.
    ///
    /// ```
    /// # use batv_core::{Domain, srs::Srs};
    /// assert!(Srs::new(["example.net"])?.owns(&Domain::parse("Example.NET")?));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn owns(&self, domain: &Domain<'_>) -> bool {
        self.domains.names().iter().any(|name| name.as_ref().eq_ignore_ascii_case(domain.as_str()))
    }

    /// The domain that senders are rewritten into.
    pub(super) fn first(&self) -> Result<Domain<'_>, Error> {
        Domain::parse(self.domains.names().first().ok_or(Error::NoSrsDomain)?.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_have_bounds() {
        let srs = Srs::new(["example.net"]).unwrap();
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
}
