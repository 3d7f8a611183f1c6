//! What is decided for one recipient.

use batv_bounce::{Class, Origin};
use batv_core::Mailbox;
use batv_core::envelope::{Disposition, Earlier, Judgement, Mode, Reason, Reply, Verdict};

/// What is decided for one recipient: the verdict, why, what is done, and what is said.
///
/// ```
/// use batv_core::envelope::{Envelope, Mode};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path};
/// use batv_policy::{Answers, Rules, Site};
///
/// let keys = vec![Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let site = Site::new(keys, Rules { mode: Mode::Reject, ..Rules::default() })?;
/// let bounce = Envelope::new(Path::Null, Mailbox::parse("prvs=0269b1e711=alice@example.com")?);
/// let ruling = site.view().recipient(&bounce, Day::new(18_262)?).rcpt(&Answers::default());
/// assert_eq!((ruling.verdict.as_str(), ruling.reason.as_str()), ("genuine", "tag-ok"));
/// assert_eq!(ruling.deliver_to.map(|mailbox| mailbox.to_string()).as_deref(), Some("alice@example.com"));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
#[must_use]
pub struct Ruling<'a> {
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// What is done now.
    pub disposition: Disposition,
    /// The mode of the recipient's mailbox or domain, which did it.
    pub mode: Mode,
    /// What mode `reject` does about the same.
    pub in_reject: Disposition,
    /// What is said now.
    pub reply: Reply,
    /// The mailbox to deliver to, without a tag; `None` when the recipient is refused. After a tag that is not proved the
    /// server must see for itself that the mailbox exists.
    pub deliver_to: Option<Mailbox<'a>>,
    /// The recipient without its tag, also when it is refused.
    pub mailbox: Mailbox<'a>,
    /// Whether the message can change nothing about this any more.
    pub settled: bool,
    /// What to say of the recipients so far, when the next one of the same message is asked about.
    pub earlier: Earlier,
    /// The class of the message, where it was read.
    pub class: Option<Class>,
    /// Whose message it returns, where it was read.
    pub origin: Option<Origin>,
    /// The number of the row that decided, in [`ROWS`](crate::rows::ROWS).
    pub row: Option<u8>,
}

impl<'a> Ruling<'a> {
    pub(crate) fn new(judgement: &Judgement<'a>, mode: Mode, in_reject: Disposition, earlier: Earlier) -> Self {
        let Judgement { verdict, reason, disposition, reply, deliver_to, mailbox, settled, .. } = *judgement;
        let earlier = earlier.and(judgement, mode);
        Self {
            verdict,
            reason,
            disposition,
            mode,
            in_reject,
            reply,
            deliver_to,
            mailbox,
            settled,
            earlier,
            class: None,
            origin: None,
            row: None,
        }
    }

    /// The same recipient, deferred with this reply. It is not accepted, so `earlier` does not change.
    pub(crate) const fn put_off(self, reason: Reason, reply: Reply, earlier: Earlier) -> Self {
        Self {
            verdict: Verdict::Undecided,
            reason,
            disposition: Disposition::Tempfail,
            in_reject: Disposition::Tempfail,
            reply,
            deliver_to: None,
            settled: true,
            earlier,
            ..self
        }
    }

    /// Whether what a message says may change this ruling.
    ///
    /// ```
    /// # use batv_core::envelope::Envelope;
    /// # use batv_core::{Day, Mailbox, Path};
    /// # use batv_policy::{Answers, Rules, Site};
    /// let site = Site::new(Vec::new(), Rules::default())?;
    /// let bounce = Envelope::new(Path::Null, Mailbox::parse("alice@example.com")?);
    /// let ruling = site.view().recipient(&bounce, Day::new(18_262)?).rcpt(&Answers::default());
    /// // No key serves this mailbox, so that it sends without tags.
    /// assert!(!ruling.needs_message());
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub const fn needs_message(&self) -> bool {
        needs_message(self.reason)
    }
}

pub(crate) const fn needs_message(reason: Reason) -> bool {
    !matches!(
        reason,
        Reason::Exempt
            | Reason::Rfc5321Postmaster
            | Reason::SrsOk
            | Reason::SrsExpired
            | Reason::SrsForged
            | Reason::SrsMail
            | Reason::SrsNotBounce
    )
}
