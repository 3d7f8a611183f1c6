//! Properties of our own mail.

use batv_core::{Day, Mailbox, Pattern};

use super::dkim::PublicKey;

/// Properties of our own mail, by which it is told from others'.
///
/// ```
/// use batv_bounce::OwnMail;
/// use batv_core::Pattern;
///
/// let protected = [Pattern::parse("example.com")?];
/// let ours = OwnMail::new(&protected);
/// assert!(ours.marked_since.is_none());
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "callers write it with `..OwnMail::new(protected)`")]
pub struct OwnMail<'o, T = &'o str> {
    /// Our domains and mailboxes. The domain of the recipient is one of them in any case.
    pub protected: &'o [Pattern<T>],
    /// Public keys of our DKIM signatures.
    pub dkim_keys: &'o [PublicKey],
    /// First day on which all mail got marks: only then a missing mark disproves a message.
    pub marked_since: Option<Day>,
    /// Additional domains of our outbound mail hosts.
    pub hosts: &'o [T],
    /// Authors in whose names others of our mailboxes send, and get the bounces.
    pub identities: &'o [Identity<T>],
}

/// Authors (From) in whose names some mailboxes send, and get the bounces: `bounces@example.com` for `news@example.com`. A
/// DKIM signature proves a bounce to its author alone, and to those that send for the author.
///
/// ```
/// use batv_bounce::Identity;
/// use batv_core::{Mailbox, Pattern};
///
/// let identity = Identity {
///     mailbox: Pattern::parse("bounces@example.com")?,
///     authors: vec![Pattern::parse("news@example.com")?],
/// };
/// let [bounces, news] = ["bounces@example.com", "news@example.com"].map(Mailbox::parse);
/// assert!(identity.sends_for(&bounces?, &news?));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a mailbox and the authors it sends for")]
pub struct Identity<T> {
    /// Mailbox or domain that gets the bounces: the envelope sender.
    pub mailbox: Pattern<T>,
    /// Mailboxes or domains in whose names it sends.
    pub authors: Vec<Pattern<T>>,
}

impl<T: AsRef<str>> Identity<T> {
    /// Whether `mailbox` sends in the name of `author`.
    ///
    /// ```
    /// # use batv_bounce::Identity;
    /// # use batv_core::{Mailbox, Pattern};
    /// let nobody = Identity { mailbox: Pattern::parse("example.com")?, authors: Vec::new() };
    /// let alice = Mailbox::parse("alice@example.com")?;
    /// assert!(!nobody.sends_for(&alice, &alice));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn sends_for(&self, mailbox: &Mailbox<'_>, author: &Mailbox<'_>) -> bool {
        self.mailbox.matches(mailbox) && self.authors.iter().any(|pattern| pattern.matches(author))
    }
}

/// One mailbox or domain, and one author in whose name it sends.
impl<T> From<(Pattern<T>, Pattern<T>)> for Identity<T> {
    fn from((mailbox, author): (Pattern<T>, Pattern<T>)) -> Self {
        Self { mailbox, authors: vec![author] }
    }
}

impl<T> Clone for OwnMail<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

// Derived, it would need `T: Copy`.
impl<T> Copy for OwnMail<'_, T> {}

impl<'o, T> OwnMail<'o, T> {
    /// Own mail of these domains and mailboxes, without DKIM keys and marks.
    ///
    /// ```
    /// # use batv_bounce::OwnMail;
    /// assert!(OwnMail::<&str>::new(&[]).dkim_keys.is_empty());
    /// ```
    pub const fn new(protected: &'o [Pattern<T>]) -> Self {
        Self { protected, dkim_keys: &[], marked_since: None, hosts: &[], identities: &[] }
    }
}
