//! What keeps a question from being asked. A verdict is never an error.

use thiserror::Error;

/// Why an address could not be read, or a key or a tag not be made.
///
/// Offsets count octets from 0. No message ever holds key material or a MAC.
///
/// ```
/// use batv_core::{Error, Mailbox};
///
/// let error = Mailbox::parse("al ice@example.com").unwrap_err();
/// assert_eq!(error.offset(), Some(2));
/// assert_eq!(
///     error.to_string(),
///     "space at offset 2: a local part that holds one must be quoted"
/// );
/// ```
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The text is not an address of RFC 5321 §4.1.2 or RFC 6531 §3.3.
    #[error("{what} at offset {offset}{}", what.advice())]
    Syntax {
        /// What was found.
        what: Syntax,
        /// Where: octets from the start of the text, from 0.
        offset: usize,
    },
    /// A local part longer than RFC 5321 §4.5.3.1.1 lets us emit.
    #[error("local part of {length} octets is over the limit of {limit} (RFC 5321 §4.5.3.1.1)")]
    LocalPartTooLong {
        /// Its length in octets.
        length: usize,
        /// The limit in octets.
        limit: usize,
    },
    /// A domain longer than RFC 5321 §4.5.3.1.2 allows.
    #[error("domain of {length} octets is over the limit of {limit} (RFC 5321 §4.5.3.1.2)")]
    DomainTooLong {
        /// Its length in octets.
        length: usize,
        /// The limit in octets.
        limit: usize,
    },
    /// A path longer than a text line.
    #[error("path of {length} octets is over the limit of {limit} (RFC 5321 §4.5.3.1.6)")]
    PathTooLong {
        /// Its length in octets.
        length: usize,
        /// The limit in octets.
        limit: usize,
    },
    /// The null reverse-path where a mailbox is needed.
    #[error("null path `<>` where a mailbox is needed")]
    NullPath,
    /// A key id that is not one digit (draft-levine-smtp-batv-01 §4.1).
    #[error("key id {0} is not one of 0 to 9")]
    KeyId(u8),
    /// A lifetime that the three-digit day of a tag cannot carry safely.
    #[error("lifetime of {days} days is not from 1 to {max} days")]
    Lifetime {
        /// The lifetime asked for, in days.
        days: u32,
        /// The longest that is allowed, in days.
        max: u16,
    },
    /// A lifetime longer than the key's own: the tag would not verify to its end.
    #[error("lifetime of {days} days is over the key's own of {key} days: its tags would not verify")]
    LifetimeOverKey {
        /// The lifetime asked for, in days.
        days: u16,
        /// The key's lifetime, in days.
        key: u16,
    },
    /// A secret of no octets.
    #[error("secret is empty")]
    EmptySecret,
    /// No key may sign: there is none for this use, or all are verifying or retired.
    #[error("no signing key for this use: make one, or promote one that verifies")]
    NoSigningKey,
    /// A day outside 1970-01-01 to 9999-12-31.
    #[error("day is outside 1970-01-01 to 9999-12-31")]
    Day,
    /// A delimiter that a local part cannot hold unquoted, or that a tag could be mistaken for.
    #[error("{0:?} is no delimiter: one of the characters !#$%&'*+-/=?^_`{{|}}~. is")]
    Delimiter(char),
    /// A character that cannot follow `SRS0`.
    #[error("{0:?} is no SRS separator: `=`, `+` and `-` are")]
    Separator(char),
    /// An SRS hash length outside 4 to 27 characters, or a minimum over the length.
    #[error("SRS hash of {length} characters, at least {minimum}, is outside 4 to 27")]
    HashLength {
        /// The length asked for, in base64 characters.
        length: u8,
        /// The minimum asked for, in base64 characters.
        minimum: u8,
    },
    /// An SRS age outside the range in which a day number modulo 1024 has one meaning.
    #[error("SRS age of {0} days is not from 1 to 1000 days")]
    MaxAge(u16),
    /// An address literal with `=` or `"` in it, which the fields of an SRS address can't hold.
    #[error("an address literal that holds `=` or `\"` can't be written into an SRS address")]
    UnwritableDomain,
    /// No domain of ours to rewrite into.
    #[error("no SRS domain of ours is given")]
    NoSrsDomain,
}

impl Error {
    /// Octets from the start of the text to the first wrong one, where one can be named.
    ///
    /// ```
    /// # use batv_core::Mailbox;
    /// assert_eq!(Mailbox::parse("alice").unwrap_err().offset(), Some(5));
    /// ```
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

/// What was wrong with the text of an address.
///
/// ```
/// use batv_core::{Error, Mailbox, Syntax};
///
/// assert_eq!(
///     Mailbox::parse("\"alice@example.com"),
///     Err(Error::Syntax { what: Syntax::UnbalancedQuote, offset: 18 })
/// );
/// ```
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum Syntax {
    /// An octet that is not part of a UTF-8 sequence (RFC 6531 §3.3).
    #[error("octet that is not UTF-8")]
    NotUtf8,
    /// A control character, of ASCII or of Unicode.
    #[error("control character")]
    ControlCharacter,
    /// A space outside quotes.
    #[error("space")]
    Space,
    /// A quoted string that does not end, or a quote in the middle of a local part.
    #[error("unbalanced quote")]
    UnbalancedQuote,
    /// `<` without `>`, or the reverse.
    #[error("unbalanced bracket")]
    UnbalancedBracket,
    /// Nothing before the `@`.
    #[error("empty local part")]
    EmptyLocalPart,
    /// No `@` and domain, and not the mailbox `postmaster`.
    #[error("missing domain")]
    MissingDomain,
    /// A domain that is empty, or two dots in a row, or a dot at an end of it.
    #[error("empty label in the domain")]
    EmptyLabel,
    /// A label of more than 63 octets (RFC 1035 §2.3.4).
    #[error("label of more than 63 octets in the domain")]
    LabelTooLong,
    /// A label that begins or ends with a hyphen.
    #[error("hyphen at the edge of a label")]
    HyphenAtEdge,
    /// A domain in U-labels (RFC 5890 §2.3.2.1), which has another spelling.
    #[error("domain in U-labels")]
    ULabel,
    /// Brackets that hold no address of RFC 5321 §4.1.3.
    #[error("wrong address literal")]
    AddressLiteral,
    /// A source route that is not `@domain,@domain:`.
    #[error("wrong source route")]
    SourceRoute,
    /// Any other character that has no place where it stands.
    #[error("unexpected character")]
    Character,
}

impl Syntax {
    const fn advice(self) -> &'static str {
        match self {
            Self::NotUtf8 => ": addresses are ASCII or UTF-8",
            Self::ControlCharacter => ": addresses hold none",
            Self::Space => ": a local part that holds one must be quoted",
            Self::UnbalancedQuote => ": a quoted local part ends with `\"` before the `@`",
            Self::UnbalancedBracket => ": a path is `<local@domain>` or has no brackets",
            Self::EmptyLocalPart => ": a mailbox is `local@domain`",
            Self::MissingDomain => ": a mailbox is `local@domain`",
            Self::EmptyLabel => ": a domain is labels with one dot between",
            Self::LabelTooLong => " (RFC 1035 §2.3.4)",
            Self::HyphenAtEdge => ": a label begins and ends with a letter or digit",
            Self::ULabel => ": write it in A-labels, as `xn--bcher-kva.example` (RFC 5890)",
            Self::AddressLiteral => ": one is `[192.0.2.1]` or `[IPv6:2001:db8::1]`",
            Self::SourceRoute => ": one is `@relay.example,@other.example:`",
            Self::Character => ": quote the local part, or leave it out",
        }
    }
}
