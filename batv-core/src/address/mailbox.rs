//! Mailboxes: a local part and a domain.

#[cfg(feature = "alloc")]
use alloc::string::String;
use core::cmp::Ordering;
use core::fmt::{self, Write};
use core::hash::{Hash, Hasher};

use super::domain::Domain;
use super::local_part::{LocalPart, check_local_part_length};
use crate::error::Error;

/// Local part and domain, borrowed from the text of an address.
///
/// Quoting and the case of the domain don't matter to equality, order and hash. The case of the local part does
/// (RFC 5321 §2.4), except for `postmaster` (§4.5.1). Mailboxes are ordered by domain, then by local part.
///
/// The printed form is canonical: the domain in lower case, quotes and escapes only where they are needed.
///
/// ```
/// use batv_core::Mailbox;
///
/// let mailbox = Mailbox::parse(r#""al\ice"@Example.COM"#)?;
/// assert_eq!(mailbox, Mailbox::parse("alice@example.com")?);
/// assert_eq!(mailbox.to_string(), "alice@example.com");
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Mailbox<'a> {
    local_part: LocalPart<'a>,
    domain: Domain<'a>,
}

impl<'a> Mailbox<'a> {
    pub(crate) const fn new(local_part: LocalPart<'a>, domain: Domain<'a>) -> Self {
        Self { local_part, domain }
    }

    /// Part before the `@`.
    ///
    /// ```
    /// # use batv_core::Mailbox;
    /// assert_eq!(Mailbox::parse("alice@example.com")?.local_part().to_string(), "alice");
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub const fn local_part(&self) -> LocalPart<'a> {
        self.local_part
    }

    /// Part after the `@`; empty for a bare `postmaster` (RFC 5321 §4.1.1.3).
    ///
    /// ```
    /// # use batv_core::Mailbox;
    /// assert_eq!(Mailbox::parse("alice@Example.COM")?.domain().as_str(), "Example.COM");
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub const fn domain(&self) -> Domain<'a> {
        self.domain
    }

    /// Checks that the printed local part is short enough to be sent: at most 64 octets (RFC 5321 §4.5.3.1.1).
    ///
    /// # Errors
    /// [`Error::LocalPartTooLong`].
    ///
    /// ```
    /// # use batv_core::{Error, Mailbox};
    /// let long = format!("{}@example.com", "a".repeat(65));
    /// let mailbox = Mailbox::parse(&long)?;
    /// assert_eq!(mailbox.check_length(), Err(Error::LocalPartTooLong { length: 65, limit: 64 }));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn check_length(&self) -> Result<(), Error> {
        check_local_part_length(self.local_part.printed_length())
    }

    /// Writes the canonical form.
    ///
    /// # Errors
    /// Those of the writer.
    ///
    /// ```
    /// # use batv_core::Mailbox;
    /// let mut text = String::new();
    /// Mailbox::parse("Alice@Example.COM")?.write_to(&mut text)?;
    /// assert_eq!(text, "Alice@example.com");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_to<W: Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        self.local_part.write_to(out)?;
        self.domain.write_after_at(out)
    }
}

impl fmt::Display for Mailbox<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

impl PartialEq for Mailbox<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.domain == other.domain && self.local_part == other.local_part
    }
}

impl Eq for Mailbox<'_> {}

impl PartialOrd for Mailbox<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Mailbox<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.domain.cmp(&other.domain).then_with(|| self.local_part.cmp(&other.local_part))
    }
}

impl Hash for Mailbox<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.domain.hash(state);
        self.local_part.hash(state);
    }
}

/// Canonical form, in one allocation.
///
/// ```
/// # use batv_core::Mailbox;
/// assert_eq!(String::from(Mailbox::parse("Alice@Example.COM")?), "Alice@example.com");
/// # Ok::<(), batv_core::Error>(())
/// ```
#[cfg(feature = "alloc")]
impl From<Mailbox<'_>> for String {
    fn from(mailbox: Mailbox<'_>) -> Self {
        let domain = mailbox.domain.as_str();
        let length = mailbox.local_part.printed_length() + usize::from(!domain.is_empty()) + domain.len();
        let mut text = Self::with_capacity(length);
        // A `String` takes all that is written into it.
        let _ = mailbox.write_to(&mut text);
        text
    }
}
