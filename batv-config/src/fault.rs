//! Faults in the text of a keyring file.

use batv_core::{KeyId, UnknownName};
use thiserror::Error;

/// Fields of `[[key]]`, in the order in which they are written.
pub(crate) const FIELDS: [&str; 9] =
    ["use", "id", "algorithm", "secret", "state", "lifetime", "created", "strong_since", "domains"];

/// Fault in the text of a keyring file.
///
/// ```
/// use batv_config::{Error, Fault, Keyring};
///
/// let error = Keyring::parse("[[key]]\nuse = \"srs\"\nsekret = \"text:...\"\n").unwrap_err();
/// let Error::Content { line: 3, column: 1, fault, .. } = error else { panic!() };
/// assert_eq!(fault, Fault::UnknownKey { nearest: Some("secret") });
/// assert_eq!(fault.to_string(), "unknown key: did you mean `secret`?");
/// ```
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// Text that is not TOML.
    #[error("{0}")]
    Syntax(String),
    /// Octet that is not UTF-8.
    #[error("octet that is not UTF-8")]
    NotUtf8,
    /// Key of the file that no keyring has.
    #[error("unknown key: {}", advice(*.nearest))]
    UnknownKey {
        /// Known key that looks like it.
        nearest: Option<&'static str>,
    },
    /// Required key of the file that is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// Value of the wrong type or out of range.
    #[error("`{key}` must be {what}")]
    Must {
        /// Key of the file.
        key: &'static str,
        /// Description of the values that it takes.
        what: &'static str,
    },
    /// Value that is none of a few names.
    #[error("`{key}`: {choices}")]
    Name {
        /// Key of the file.
        key: &'static str,
        /// Names that it takes.
        choices: UnknownName,
    },
    /// Id for an SRS key.
    #[error("an SRS key has no `id`: remove it")]
    IdForSrs,
    /// Day of the strong form, which tags alone have.
    #[error("an SRS key has no `strong_since`: SRS addresses have one form, and an hmac-sha256 key makes long hashes")]
    StrongForSrs,
    /// Secret in a wrong encoding.
    #[error("the secret is not valid {encoding}: {reason}")]
    Encoding {
        /// `base32 of RFC 4648` or `hex`.
        encoding: &'static str,
        /// What is wrong with it, and at which character, from 0.
        reason: String,
    },
    /// Secret of no octets.
    #[error("the secret is empty")]
    EmptySecret,
    /// Text in `domains` that is neither a domain nor a mailbox.
    #[error("not a domain or mailbox: {0}")]
    Domain(batv_core::Error),
    /// Empty `domains`.
    #[error("`domains` is empty: list some, or remove it for a key for everybody")]
    NoDomains,
    /// Mailbox in `domains` of an SRS key.
    #[error("an SRS key is for whole domains, not for mailboxes")]
    MailboxForSrs,
    /// Second signing key.
    #[error("a second key signs for {scope}: the first is on line {other}")]
    TwoSign {
        /// Domain, mailbox, or `everybody`.
        scope: String,
        /// Line of the other key.
        other: usize,
    },
    /// Second key of one id.
    #[error("a second key has id {id} for {scope}: the first is on line {other}")]
    TwoHaveId {
        /// Id.
        id: KeyId,
        /// Domain, mailbox, or `everybody`.
        scope: String,
        /// Line of the other key.
        other: usize,
    },
    /// One secret for both uses, which lets the tags of one stand for those of the other.
    #[error("the key for the other use on line {other} has the same secret: BATV and SRS need different secrets")]
    SharedSecret {
        /// Line of the other key.
        other: usize,
    },
}

fn advice(nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("a keyring has `[[key]]` with `{}`", FIELDS.join("`, `")),
    }
}
