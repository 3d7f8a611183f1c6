//! Question whether a bounce may be sent, and the policy of the site.

use batv_core::{Path, Pattern, TagVerdict};

use super::notify::Notify;

/// Message that may be answered, and the answer that would be sent.
///
/// ```
/// use batv_core::Path;
/// use batv_policy::{BounceQuestion, NoticeKind};
///
/// let sender = Path::parse("alice@example.org")?;
/// let question = BounceQuestion { kind: NoticeKind::AutomaticReply, ..BounceQuestion::new(sender) };
/// assert!(!question.hostile);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "callers write it with `..BounceQuestion::new(path)`")]
pub struct BounceQuestion<'x> {
    /// Argument of MAIL FROM: the answer would go there.
    pub reverse_path: Path<'x>,
    /// Kind of the answer.
    pub kind: NoticeKind,
    /// Header of the message, or the whole message. Its Authentication-Results count only under a name of
    /// [`BouncePolicy::authserv_ids`].
    pub header: &'x [u8],
    /// NOTIFY parameter of the recipient (RFC 3461 §4.1), if it has one.
    pub notify: Option<Notify>,
    /// Whether the client still waits for a reply, so that the message can be rejected instead.
    pub answerable_in_smtp: bool,
    /// Whether the client is an authenticated user or a host of ours.
    pub own_client: bool,
    /// Verdict on our tag, or on our SRS address, in the reverse-path; `None` if it was not verified.
    pub tag: Option<TagVerdict>,
    /// Whether a filter of ours considers the message spam or malware.
    pub hostile: bool,
    /// Whether the domain of the reverse-path accepts no mail: a null MX (RFC 7505), or neither MX nor address.
    pub unroutable: bool,
}

impl<'x> BounceQuestion<'x> {
    /// Non-delivery report about a message of which nothing else is known.
    ///
    /// ```
    /// # use batv_policy::BounceQuestion;
    /// assert!(BounceQuestion::new(batv_core::Path::Null).header.is_empty());
    /// ```
    #[must_use]
    pub const fn new(reverse_path: Path<'x>) -> Self {
        Self {
            reverse_path,
            kind: NoticeKind::NonDelivery,
            header: &[],
            notify: None,
            answerable_in_smtp: false,
            own_client: false,
            tag: None,
            hostile: false,
            unroutable: false,
        }
    }
}

batv_core::names! {
    /// Kind of the answer to a message.
    ///
    /// ```
    /// use batv_policy::NoticeKind;
    ///
    /// assert_eq!(NoticeKind::default(), NoticeKind::NonDelivery);
    /// assert_eq!("reply".parse(), Ok(NoticeKind::AutomaticReply));
    /// ```
    #[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum NoticeKind {
        /// Report that the message was not delivered (RFC 3464).
        #[default]
        NonDelivery = "report",
        /// Vacation notice, receipt or other automatic reply (RFC 3834).
        AutomaticReply = "reply",
    }
}

/// Domains that are ours, and servers that we trust.
///
/// ```
/// use batv_core::Pattern;
/// use batv_policy::BouncePolicy;
///
/// let ours = [Pattern::parse("example.net")?];
/// let policy = BouncePolicy { ours: &ours, authserv_ids: &["mx.example.net"], ..BouncePolicy::default() };
/// assert!(!policy.hold_unproved);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "callers write it with `..BouncePolicy::default()`")]
pub struct BouncePolicy<'p, T = &'p str> {
    /// Our domains and mailboxes.
    pub ours: &'p [Pattern<T>],
    /// Names under which our border servers write Authentication-Results:
    /// [`TrustedResults`](batv_bounce::trusted_results::TrustedResults).
    pub authserv_ids: &'p [T],
    /// Domains (`d=`) of the ARC sealers that we trust, our own included if we seal incoming mail.
    pub trusted_sealers: &'p [T],
    /// Domains and mailboxes that get their bounces without a proof.
    pub allowed: &'p [Pattern<T>],
    /// Senders that stand for the null reverse-path on servers that can't send it: an answer to them loops.
    pub double_bounce: &'p [Pattern<T>],
    /// Whether a bounce whose sender is neither proved nor disproved is held, and not dropped.
    pub hold_unproved: bool,
}

impl<T> Default for BouncePolicy<'_, T> {
    fn default() -> Self {
        Self {
            ours: &[],
            authserv_ids: &[],
            trusted_sealers: &[],
            allowed: &[],
            double_bounce: &[],
            hold_unproved: false,
        }
    }
}
