//! Patterns of rules and keys: a domain, or one mailbox.

#[cfg(feature = "alloc")]
use alloc::string::String;
use core::fmt;
#[cfg(feature = "alloc")]
use core::str::FromStr;

use super::domain::Domain;
use super::local_part::LocalPart;
use super::mailbox::Mailbox;
use crate::error::Error;

/// Closeness of a pattern to a mailbox.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fit {
    Any,
    Domain,
    Mailbox,
}

/// Domain or mailbox that a rule or a key applies to: `example.com` for all its mailboxes, `alice@example.com` for one.
///
/// The case of ASCII letters doesn't matter, in the local part either: gateways change it, and a rule that misses would
/// lose mail. A domain doesn't stand for its subdomains.
///
/// ```
/// use batv_core::{Mailbox, Pattern};
///
/// let alice = Mailbox::parse("Alice@Example.COM")?;
/// assert!(Pattern::parse("example.com")?.matches(&alice));
/// assert!(Pattern::parse("alice@example.com")?.matches(&alice));
/// assert!(!Pattern::parse("mail.example.com")?.matches(&alice));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Pattern<T> {
    text: T,
    one_mailbox: bool,
}

impl<T: AsRef<str>> Pattern<T> {
    /// Reads a domain or a mailbox.
    ///
    /// # Errors
    /// Those of [`Mailbox::parse`].
    ///
    /// ```
    /// # use batv_core::Pattern;
    /// assert!(Pattern::parse("alice@").is_err());
    /// ```
    pub fn parse(text: T) -> Result<Self, Error> {
        let one_mailbox = text.as_ref().contains('@');
        if one_mailbox {
            Mailbox::parse(text.as_ref())?;
        } else {
            Domain::parse(text.as_ref())?;
        }
        Ok(Self { text, one_mailbox })
    }

    /// Text as it was read.
    ///
    /// ```
    /// # use batv_core::Pattern;
    /// assert_eq!(Pattern::parse("example.com")?.as_str(), "example.com");
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_ref()
    }

    /// Domain that the pattern names, also for one mailbox of it.
    ///
    /// ```
    /// # use batv_core::Pattern;
    /// assert_eq!(Pattern::parse("alice@example.com")?.domain(), "example.com");
    /// assert_eq!(Pattern::parse("<alice@example.com>")?.domain(), "example.com");
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn domain(&self) -> &str {
        self.mailbox().map_or(self.as_str(), |mailbox| mailbox.domain().as_str())
    }

    pub(crate) fn mailbox(&self) -> Option<Mailbox<'_>> {
        if self.one_mailbox { Mailbox::parse(self.as_str()).ok() } else { None }
    }

    /// Whether the pattern applies to this mailbox.
    ///
    /// ```
    /// # use batv_core::{Mailbox, Pattern};
    /// let literal = Mailbox::parse("alice@[192.0.2.1]")?;
    /// assert!(Pattern::parse("[192.0.2.1]")?.matches(&literal));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn matches(&self, mailbox: &Mailbox<'_>) -> bool {
        self.fit(&mailbox.domain(), Some(&mailbox.local_part())).is_some()
    }

    pub(crate) fn fit(&self, domain: &Domain<'_>, local_part: Option<&LocalPart<'_>>) -> Option<Fit> {
        if !self.one_mailbox {
            return self.text.as_ref().eq_ignore_ascii_case(domain.as_str()).then_some(Fit::Domain);
        }
        let own = self.mailbox()?;
        let same = own.domain() == *domain && own.local_part().eq_ignore_ascii_case(local_part?);
        same.then_some(Fit::Mailbox)
    }
}

impl<T: AsRef<str>> fmt::Display for Pattern<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(feature = "alloc")]
impl FromStr for Pattern<String> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text.into())
    }
}
