//! Ruling on one recipient.

#[cfg(feature = "messages")]
use batv_bounce::{Class, Origin};
use batv_core::Mailbox;
use batv_core::envelope::{Disposition, Earlier, Judgement, Mode, Reason, Reply, ReplyName, Verdict};

use crate::header_fields::Findings;

/// Ruling on one recipient: verdict, reason, disposition and reply.
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
    /// Verdict.
    pub verdict: Verdict,
    /// Reason of the verdict.
    pub reason: Reason,
    /// Disposition.
    pub disposition: Disposition,
    /// Mode of the recipient's mailbox or domain.
    pub mode: Mode,
    /// Disposition of the same case in mode `reject`.
    pub in_reject: Disposition,
    /// SMTP reply at this stage, in the words of the site.
    pub reply: Reply<'a>,
    /// Mailbox to deliver to, without a tag; `None` if the recipient is not accepted. The server must still check that the
    /// mailbox exists: a wrong tag proves nothing.
    pub deliver_to: Option<Mailbox<'a>>,
    /// Recipient without its tag, also if it is not accepted.
    pub mailbox: Mailbox<'a>,
    /// Whether the message can no longer change this ruling.
    pub settled: bool,
    /// State of the recipients so far, for the envelope of the next one of the same message.
    pub earlier: Earlier,
    /// Class of the message, if it was read.
    #[cfg(feature = "messages")]
    pub class: Option<Class>,
    /// Origin of the message that it returns, if it was read.
    #[cfg(feature = "messages")]
    pub origin: Option<Origin>,
    /// Number of the [`Row`](crate::Row) that decided.
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
            #[cfg(feature = "messages")]
            class: None,
            #[cfg(feature = "messages")]
            origin: None,
            row: None,
        }
    }

    /// The same recipient, deferred with this reply. It is not accepted, so `earlier` does not change.
    pub(crate) const fn deferred(self, reason: Reason, reply: ReplyName, earlier: Earlier) -> Self {
        Self {
            verdict: Verdict::Undecided,
            reason,
            disposition: Disposition::Tempfail,
            in_reject: Disposition::Tempfail,
            reply: reply.reply(),
            deliver_to: None,
            settled: true,
            earlier,
            ..self
        }
    }

    /// Part of the ruling that header fields report.
    #[must_use]
    pub fn findings(&self) -> Findings {
        Findings {
            verdict: self.verdict,
            reason: self.reason,
            disposition: self.disposition,
            mode: self.mode,
            #[cfg(feature = "messages")]
            message: self.class.zip(self.origin),
        }
    }

    /// Whether the message may change this ruling.
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
    #[must_use]
    pub const fn needs_message(&self) -> bool {
        needs_message(self.reason)
    }
}

pub(crate) const fn needs_message(reason: Reason) -> bool {
    !matches!(
        reason,
        Reason::Exempt
            | Reason::Rfc5321Postmaster
            | Reason::SrsExpired
            | Reason::SrsForged
            | Reason::SrsMail
            | Reason::SrsNotBounce
    )
}
