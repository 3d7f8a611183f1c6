//! Which mailboxes a rule or a key is for: a domain, or one mailbox.

use crate::error::Error;
use crate::mailbox::{Domain, LocalPart, Mailbox};

/// How closely a rule or a key fits a mailbox.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fit {
    Any,
    Domain,
    Mailbox,
}

/// `example.com` for all mailboxes of a domain, `alice@example.com` for one.
///
/// Both are compared without regard to ASCII case: a rule that a gateway's change of case could dodge would lose mail.
/// A domain stands for itself only, not for those below it.
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

    /// The text as it came.
    ///
    /// ```
    /// # use batv_core::Pattern;
    /// assert_eq!(Pattern::parse("example.com")?.as_str(), "example.com");
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn as_str(&self) -> &str {
        self.text.as_ref()
    }

    /// Whether it is for this mailbox.
    ///
    /// ```
    /// # use batv_core::{Mailbox, Pattern};
    /// let literal = Mailbox::parse("alice@[192.0.2.1]")?;
    /// assert!(Pattern::parse("[192.0.2.1]")?.matches(&literal));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn matches(&self, mailbox: &Mailbox<'_>) -> bool {
        self.fit(&mailbox.domain(), Some(&mailbox.local_part())).is_some()
    }

    pub(crate) fn fit(&self, domain: &Domain<'_>, local_part: Option<&LocalPart<'_>>) -> Option<Fit> {
        if !self.one_mailbox {
            return self.text.as_ref().eq_ignore_ascii_case(domain.as_str()).then_some(Fit::Domain);
        }
        let own = Mailbox::parse(self.text.as_ref()).ok()?;
        let same = own.domain() == *domain && own.local_part().eq_ignore_ascii_case(local_part?);
        same.then_some(Fit::Mailbox)
    }
}
