//! Verdicts on the DKIM signatures of a returned header.

use core::fmt;

use batv_core::Day;
use batv_core::mark::MessageDigest;

use super::key::PublicKey;

/// Verdict on the signatures of ours on a header.
///
/// ```
/// use batv_bounce::dkim::{Body, DkimVerdict};
///
/// fn is_proved(verdict: &DkimVerdict<'_>) -> bool {
///     matches!(verdict, DkimVerdict::Valid { body: Body::Matches | Body::Absent, .. })
/// }
/// assert!(!is_proved(&DkimVerdict::Unsigned));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum DkimVerdict<'k> {
    /// No signature names our keys.
    Unsigned,
    /// Signatures name our keys, and none verifies. This is the first.
    Bad {
        /// Key that it names.
        key: &'k PublicKey,
        /// Reason of the failure.
        failure: Failure,
    },
    /// A signature verifies: the fields that it lists left us together. Others may have been added.
    Valid {
        /// Key that made it.
        key: &'k PublicKey,
        /// Whether the body left us with them.
        body: Body,
        /// First field that tells whose message it is and when it left (From, Date), and that the signature does not cover or
        /// the header has twice.
        open: Option<&'static str>,
        /// Day of the signature (`t=`), if it names one.
        day: Option<Day>,
        /// Message that was signed: its Message-ID if that is signed, else its From and Date.
        message: MessageDigest,
    },
}

/// Comparison of the body with a good signature.
///
/// ```
/// use batv_bounce::dkim::Body;
///
/// assert_ne!(Body::Absent, Body::Differs);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "it is there or not, and the same or not")]
pub enum Body {
    /// The body that was signed.
    Matches,
    /// A body that begins as the one that was signed, and is longer than what was signed (`l=`).
    Longer,
    /// Another body, or a part of it.
    Differs,
    /// No body was given.
    Absent,
}

/// Failure of a signature that names our key.
///
/// ```
/// use batv_bounce::dkim::Failure;
///
/// assert_eq!(Failure::Missing("bh").to_string(), "bh= is missing");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Failure {
    /// A tag that must be there is not (RFC 6376 §3.5).
    Missing(&'static str),
    /// The value of a tag cannot be read.
    Malformed(&'static str),
    /// The algorithm is not that of the key; `rsa-sha1` never is (RFC 8301 §3.1).
    Algorithm,
    /// `h=` does not list From (RFC 6376 §5.4).
    FromNotSigned,
    /// `h=` lists more than 1,000 names.
    TooManyNames,
    /// `i=` is not within `d=`, or a sub-domain where the key is for the domain alone (RFC 6376 §3.6.1, `t=s`).
    Identity,
    /// The signature does not verify: the header was changed or cut, or another key signed.
    Mismatch,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(tag) => write!(f, "{tag}= is missing"),
            Self::Malformed(tag) => write!(f, "{tag}= cannot be read"),
            Self::Algorithm => f.write_str("a= is not the algorithm of the key"),
            Self::FromNotSigned => f.write_str("h= does not list From"),
            Self::TooManyNames => f.write_str("h= lists too many names"),
            Self::Identity => f.write_str("i= is not within d="),
            Self::Mismatch => f.write_str("the signature does not verify"),
        }
    }
}
