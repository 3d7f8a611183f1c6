//! Properties of our own mail.

use batv_core::{Day, Pattern};

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
        Self { protected, dkim_keys: &[], marked_since: None, hosts: &[] }
    }
}
