//! Errors of addresses, keys and tags. A verdict is never an error.

use core::fmt;

/// Reason why an address can't be read, or a key or a tag can't be made.
///
/// Offsets count octets from 0. No message contains key material or a MAC.
///
/// ```
/// use batv_core::{Error, Mailbox};
///
/// let error = Mailbox::parse("al ice@example.com").unwrap_err();
/// assert_eq!(error.offset(), Some(2));
/// assert_eq!(
///     error.to_string(),
///     "space at offset 2: a local part with spaces must be quoted"
/// );
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// Text that is not an address of RFC 5321 §4.1.2 or RFC 6531 §3.3.
    Syntax {
        /// Fault in the text.
        what: Syntax,
        /// Octets from the start of the text to the fault.
        offset: usize,
    },
    /// Local part longer than RFC 5321 §4.5.3.1.1 lets us send.
    LocalPartTooLong {
        /// Length in octets.
        length: usize,
        /// Limit in octets.
        limit: usize,
    },
    /// Domain longer than RFC 5321 §4.5.3.1.2 allows.
    DomainTooLong {
        /// Length in octets.
        length: usize,
        /// Limit in octets.
        limit: usize,
    },
    /// Path longer than a text line (RFC 5321 §4.5.3.1.6).
    PathTooLong {
        /// Length in octets.
        length: usize,
        /// Limit in octets.
        limit: usize,
    },
    /// Null path where a mailbox is needed.
    NullPath,
    /// Key id that is not one digit (draft-levine-smtp-batv-01 §4.1).
    KeyId(u8),
    /// Lifetime too long for the three-digit day of a tag, or zero.
    Lifetime {
        /// Requested lifetime in days.
        days: u32,
        /// Longest lifetime in days.
        max: u16,
    },
    /// Lifetime longer than the key's own: the tag would stop verifying before its end.
    LifetimeOverKey {
        /// Requested lifetime in days.
        days: u16,
        /// Lifetime of the key in days.
        key: u16,
    },
    /// Empty secret.
    EmptySecret,
    /// No signing key: there is none for this use, or all are verifying or retired.
    NoSigningKey,
    /// Day outside 1970-01-01 to 9999-12-31.
    Day,
    /// Text that is not a date of RFC 3339 §5.6, or a date that is not in the calendar.
    Date,
    /// Delimiter that an unquoted local part can't contain, or that looks like part of a tag.
    Delimiter(char),
    /// Character that can't follow `SRS0`.
    Separator(char),
    /// SRS hash length outside 4 to 27 characters, or a minimum over the length.
    HashLength {
        /// Requested length in base64 characters.
        length: u8,
        /// Requested minimum in base64 characters.
        minimum: u8,
    },
    /// SRS age outside 1 to 1000 days, for which a day number modulo 1024 is unambiguous.
    MaxAge(u16),
    /// Address literal with `=` or `"`, which the fields of an SRS address can't contain.
    UnwritableDomain,
    /// No SRS domain to rewrite into.
    NoSrsDomain,
}

impl Error {
    /// Octets from the start of the text to the fault, for errors that have a place.
    ///
    /// ```
    /// # use batv_core::Mailbox;
    /// assert_eq!(Mailbox::parse("alice").unwrap_err().offset(), Some(5));
    /// ```
    #[must_use]
    pub const fn offset(&self) -> Option<usize> {
        match self {
            Self::Syntax { offset, .. } => Some(*offset),
            _ => None,
        }
    }

    pub(crate) const fn syntax(what: Syntax, offset: usize) -> Self {
        Self::Syntax { what, offset }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let too_long = |f: &mut fmt::Formatter<'_>, part, length, limit, section| {
            write!(f, "{part} of {length} octets is over the limit of {limit} (RFC 5321 §{section})")
        };
        match *self {
            Self::Syntax { what, offset } => {
                let (name, remedy) = what.texts();
                write!(f, "{name} at offset {offset}: {remedy}")
            }
            Self::LocalPartTooLong { length, limit } => too_long(f, "local part", length, limit, "4.5.3.1.1"),
            Self::DomainTooLong { length, limit } => too_long(f, "domain", length, limit, "4.5.3.1.2"),
            Self::PathTooLong { length, limit } => too_long(f, "path", length, limit, "4.5.3.1.6"),
            Self::NullPath => f.write_str("null path `<>` where a mailbox is needed"),
            Self::KeyId(id) => write!(f, "key id {id} is not a digit from 0 to 9"),
            Self::Lifetime { days, max } => write!(f, "lifetime of {days} days is outside 1 to {max} days"),
            Self::LifetimeOverKey { days, key } => {
                write!(f, "lifetime of {days} days is longer than that of the key, {key} days")
            }
            Self::EmptySecret => f.write_str("secret is empty"),
            Self::NoSigningKey => {
                f.write_str("no signing key for this use: create one, or promote one that is verifying")
            }
            Self::Day => f.write_str("day is outside 1970-01-01 to 9999-12-31"),
            Self::Date => f.write_str("invalid date: write it as `2026-11-23`"),
            Self::Delimiter(character) => {
                write!(f, "invalid delimiter {character:?}: use one of !#$%&'*+-/=?^_`{{|}}~.")
            }
            Self::Separator(character) => write!(f, "invalid SRS separator {character:?}: use `=`, `+` or `-`"),
            Self::HashLength { length, minimum } => {
                write!(f, "SRS hash of {length} characters, at least {minimum}, is outside 4 to 27")
            }
            Self::MaxAge(days) => write!(f, "SRS age of {days} days is outside 1 to 1000 days"),
            Self::UnwritableDomain => {
                f.write_str("an address literal with `=` or `\"` can't be part of an SRS address")
            }
            Self::NoSrsDomain => f.write_str("no SRS domain is given"),
        }
    }
}

impl core::error::Error for Error {}

/// Fault in the text of an address.
///
/// ```
/// use batv_core::{Error, Mailbox, Syntax};
///
/// assert_eq!(
///     Mailbox::parse("\"alice@example.com"),
///     Err(Error::Syntax { what: Syntax::UnbalancedQuote, offset: 18 })
/// );
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Syntax {
    /// Octet that is not part of a UTF-8 sequence (RFC 6531 §3.3).
    NotUtf8,
    /// Control character of ASCII or Unicode.
    ControlCharacter,
    /// Space outside quotes.
    Space,
    /// Quoted string that does not end, or a quote in the middle of a local part.
    UnbalancedQuote,
    /// `<` without `>`, or the reverse.
    UnbalancedBracket,
    /// Nothing before the `@`.
    EmptyLocalPart,
    /// No `@` and domain, and not the mailbox `postmaster`.
    MissingDomain,
    /// Empty domain, two dots in a row, or a dot at an end of the domain.
    EmptyLabel,
    /// Label of more than 63 octets (RFC 1035 §2.3.4).
    LabelTooLong,
    /// Label that begins or ends with a hyphen.
    HyphenAtEdge,
    /// Domain in U-labels (RFC 5890 §2.3.2.1) instead of A-labels.
    ULabel,
    /// Brackets without an address of RFC 5321 §4.1.3.
    AddressLiteral,
    /// Source route that is not `@domain,@domain:`.
    SourceRoute,
    /// Any other character that is not allowed in its place.
    Character,
}

impl fmt::Display for Syntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.texts().0)
    }
}

impl core::error::Error for Syntax {}

impl Syntax {
    /// Name of the fault, and the remedy.
    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::NotUtf8 => ("invalid UTF-8", "an address is ASCII or UTF-8"),
            Self::ControlCharacter => ("control character", "not allowed in an address"),
            Self::Space => ("space", "a local part with spaces must be quoted"),
            Self::UnbalancedQuote => ("unbalanced quote", "a quoted local part ends with `\"` before the `@`"),
            Self::UnbalancedBracket => ("unbalanced bracket", "write `<local@domain>`, or no brackets"),
            Self::EmptyLocalPart => ("empty local part", "write `local@domain`"),
            Self::MissingDomain => ("missing domain", "write `local@domain`"),
            Self::EmptyLabel => ("empty label in the domain", "labels are separated by one dot"),
            Self::LabelTooLong => ("domain label too long", "at most 63 octets are allowed (RFC 1035 §2.3.4)"),
            Self::HyphenAtEdge => ("hyphen at the edge of a label", "labels begin and end with a letter or digit"),
            Self::ULabel => ("non-ASCII domain", "write it in A-labels, as `xn--bcher-kva.example` (RFC 5890)"),
            Self::AddressLiteral => ("invalid address literal", "write `[192.0.2.1]` or `[IPv6:2001:db8::1]`"),
            Self::SourceRoute => ("invalid source route", "write `@relay.example,@other.example:`"),
            Self::Character => ("unexpected character", "remove it, or quote the local part"),
        }
    }
}
