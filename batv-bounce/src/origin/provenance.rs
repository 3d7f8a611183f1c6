//! Origin of a returned message: ours, not ours or unknown, with the evidence.

use core::fmt;

use batv_core::mark::MessageDigest;

use super::returned_tag::ReturnedTag;
use crate::evidence::Evidence;

batv_core::names! {
    /// Proof that a message was ours.
    ///
    /// ```
    /// use batv_bounce::Proof;
    ///
    /// assert_eq!(Proof::EnvelopeId.as_str(), "envelope-id");
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum Proof {
        /// Our mark in the returned header.
        Mark = "mark",
        /// Our mark as the envelope id that the report names.
        EnvelopeId = "envelope-id",
        /// Our tag in the returned header.
        Tag = "tag",
        /// Our DKIM signature on the returned header.
        Dkim = "dkim",
        /// Entry in the log of sent mail, which the caller looks up: [`SentQuery`](crate::SentQuery).
        SentLog = "sent-log",
    }
}

/// Origin of a returned message.
///
/// ```
/// use batv_bounce::{Origin, Proof};
///
/// assert_eq!(Origin::Proved(Proof::Mark).as_str(), "mark");
/// assert_ne!(Origin::Disproved.as_str(), Origin::Unknown.as_str());
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Origin {
    /// Proved to be ours.
    Proved(Proof),
    /// Similar to ours, which anyone can forge: not enough to accept the bounce, enough not to reject it.
    Hinted,
    /// Unknown.
    #[default]
    Unknown,
    /// Not ours: its header is complete, and has no mark, though all our mail has one.
    Disproved,
}

impl Origin {
    /// Name in logs and JSON: that of the proof, or `hint`, `unknown`, `disproved`.
    ///
    /// ```
    /// # use batv_bounce::Origin;
    /// assert_eq!(Origin::default().as_str(), "unknown");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proved(proof) => proof.as_str(),
            Self::Hinted => "hint",
            Self::Unknown => "unknown",
            Self::Disproved => "disproved",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Origin of a returned message, with the evidence.
///
/// ```
/// use batv_bounce::{Limits, Origin, OwnMail, origin, read};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, mark};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha256, b"0123456789abcdef")?];
/// let alice = Mailbox::parse("alice@example.com")?;
/// let today = Day::new(20_782)?;
/// let mark = mark::make(&keys, b"<1@example.com>", &alice, today).expect("a key signs for Alice");
///
/// let bounce = format!(
///     "From: MAILER-DAEMON@example.net\nSubject: failure notice\n\nYour message:\n\n\
///      Message-ID: <1@example.com>\n{}: {mark}\nFrom: alice@example.com\nTo: bob@example.net\n",
///     mark::FIELD
/// );
/// let reading = read(bounce.as_bytes(), None, &Limits::default());
/// let found = origin(&reading, &alice, &keys, &OwnMail::<&str>::new(&[]), today);
/// assert_eq!(found.origin.as_str(), "mark");
/// assert_eq!(found.evidence[0].to_string(), "text: a mark of ours");
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Provenance {
    /// Origin of the message.
    pub origin: Origin,
    /// Message that the proof is of, by which its bounces are counted; `None` if a tag is the proof.
    pub message: Option<MessageDigest>,
    /// Tag in its envelope sender.
    pub tag: Option<ReturnedTag>,
    /// Evidence, in the order in which it was found.
    pub evidence: Vec<Evidence>,
    /// Whether something was not looked for: the bounce has too many recipients
    /// ([`Investigation::origin`](crate::Investigation::origin)), or too much in the headers that it returns.
    pub cut: bool,
}
