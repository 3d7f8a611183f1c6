//! Paths of RFC 5321 §4.1.2: a mailbox, or the null path.

use core::fmt;

use super::domain::Domain;
use super::local_part::LocalPart;
use super::mailbox::Mailbox;

/// Longest path that is read, in octets: the length of a text line (RFC 5321 §4.5.3.1.6).
pub const PATH_LIMIT: usize = 1000;

/// Argument of MAIL FROM or RCPT TO: a mailbox, or the null path.
///
/// The null path comes before all mailboxes in order.
///
/// ```
/// use batv_core::Path;
///
/// assert_eq!(Path::parse("<>")?, Path::Null);
/// let Path::Mailbox(mailbox) = Path::parse("<@relay.example:Alice@Example.COM>")? else { panic!() };
/// assert_eq!(mailbox.to_string(), "Alice@example.com");
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "RFC 5321 §4.1.2 knows no third kind of reverse-path")]
pub enum Path<'a> {
    /// Null reverse-path `<>`, or the empty text: mail that must not be answered (RFC 5321 §4.5.5).
    Null,
    /// Mailbox.
    Mailbox(Mailbox<'a>),
}

impl<'a> Path<'a> {
    /// Reverse-path in whose place one that cannot be read is judged: it is not null, and belongs to a stranger. No mail
    /// comes from its domain (RFC 6761 §6.4).
    ///
    /// ```
    /// # use batv_core::Path;
    /// let reverse_path = Path::parse("<x@a..test>").unwrap_or(Path::UNREADABLE);
    /// assert_eq!(reverse_path.to_string(), "unreadable@sender.invalid");
    /// ```
    pub const UNREADABLE: Path<'static> =
        Path::Mailbox(Mailbox::new(LocalPart::unquoted("unreadable", false), Domain::new("sender.invalid", false)));

    /// Mailbox; `None` for the null path.
    ///
    /// ```
    /// # use batv_core::Path;
    /// assert!(Path::Null.mailbox().is_none());
    /// ```
    #[must_use]
    pub const fn mailbox(&self) -> Option<&Mailbox<'a>> {
        match self {
            Self::Null => None,
            Self::Mailbox(mailbox) => Some(mailbox),
        }
    }
}

impl fmt::Display for Path<'_> {
    /// `<>`, or the mailbox without brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("<>"),
            Self::Mailbox(mailbox) => mailbox.fmt(f),
        }
    }
}
