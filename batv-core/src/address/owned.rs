//! Mailboxes that own their text.

use alloc::string::String;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

use super::domain::Domain;
use super::local_part::LocalPart;
use super::mailbox::Mailbox;
use crate::error::Error;

/// Mailbox that owns its text, in canonical form: for queues, maps and configurations.
///
/// Equality, order and hash are those of [`Mailbox`].
///
/// ```
/// use std::collections::HashMap;
///
/// use batv_core::{Mailbox, MailboxBuf};
///
/// let alice: MailboxBuf = r#""al\ice"@Example.COM"#.parse()?;
/// assert_eq!(alice.as_str(), "alice@example.com");
/// assert_eq!(alice, Mailbox::parse("alice@example.com")?);
///
/// let bounces = HashMap::from([(alice, 3)]);
/// assert_eq!(bounces.get(&MailboxBuf::try_from("alice@EXAMPLE.com")?), Some(&3));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone)]
pub struct MailboxBuf {
    text: String,
    /// Octets of the local part with its quotes.
    local_part_length: usize,
    may_be_tagged: bool,
}

impl MailboxBuf {
    /// Reads a mailbox.
    ///
    /// # Errors
    /// Those of [`Mailbox::parse`].
    ///
    /// ```
    /// # use batv_core::MailboxBuf;
    /// assert_eq!(MailboxBuf::parse(b"<Alice@Example.COM>")?.as_str(), "Alice@example.com");
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, Error> {
        Mailbox::parse(text.as_ref()).map(Self::from)
    }

    /// Borrowed form, without reading the text again.
    ///
    /// ```
    /// # use batv_core::MailboxBuf;
    /// let mailbox = MailboxBuf::try_from("alice@Example.COM")?;
    /// assert_eq!(mailbox.as_mailbox().domain().as_str(), "example.com");
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn as_mailbox(&self) -> Mailbox<'_> {
        let (local_part, domain) = self.text.split_at(self.local_part_length);
        let local_part = match local_part.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            Some(content) => LocalPart::new("", content, true),
            None => LocalPart::unquoted(local_part, self.may_be_tagged),
        };
        let domain = domain.strip_prefix('@').map_or(Domain::NONE, |name| Domain::new(name, false));
        Mailbox::new(local_part, domain)
    }

    /// Canonical text: domain in lower case, quotes and escapes only where they are needed.
    ///
    /// ```
    /// # use batv_core::MailboxBuf;
    /// assert_eq!(MailboxBuf::try_from(r#""alice"@Example.COM"#)?.as_str(), "alice@example.com");
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl From<Mailbox<'_>> for MailboxBuf {
    fn from(mailbox: Mailbox<'_>) -> Self {
        let local_part = mailbox.local_part();
        Self {
            text: mailbox.into(),
            local_part_length: local_part.printed_length(),
            may_be_tagged: local_part.may_be_tagged(),
        }
    }
}

impl From<MailboxBuf> for String {
    fn from(mailbox: MailboxBuf) -> Self {
        mailbox.text
    }
}

impl FromStr for MailboxBuf {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for MailboxBuf {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl AsRef<str> for MailboxBuf {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for MailboxBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for MailboxBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MailboxBuf").field(&self.text).finish()
    }
}

impl PartialEq for MailboxBuf {
    fn eq(&self, other: &Self) -> bool {
        self.as_mailbox() == other.as_mailbox()
    }
}

impl Eq for MailboxBuf {}

impl PartialEq<Mailbox<'_>> for MailboxBuf {
    fn eq(&self, other: &Mailbox<'_>) -> bool {
        self.as_mailbox() == *other
    }
}

impl PartialEq<MailboxBuf> for Mailbox<'_> {
    fn eq(&self, other: &MailboxBuf) -> bool {
        *self == other.as_mailbox()
    }
}

impl PartialOrd for MailboxBuf {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for MailboxBuf {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_mailbox().cmp(&other.as_mailbox())
    }
}

impl Hash for MailboxBuf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_mailbox().hash(state);
    }
}
