//! One recipient of a message, and the ruling on it.

use batv_bounce::{Class, Origin};
use batv_core::Mailbox;
use batv_core::envelope::{Disposition, Mode, Reason, Verdict};
use batv_policy::Ruling;

/// The answer to RCPT TO.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum RcptReply {
    /// The mail server goes on.
    Continue,
    /// An SMTP reply that refuses or defers the recipient.
    Reply(String),
}

/// One recipient of a message.
#[derive(Debug)]
pub(crate) struct Recipient {
    /// The argument of RCPT TO as the client sent it: the mail server knows the recipient by it.
    pub(super) given: Vec<u8>,
    /// The address that counts, for [`Mailbox::parse`]; `None` when it is malformed.
    pub(super) address: Option<String>,
    /// Whether the message leaves this host for it.
    pub(super) leaves: bool,
    /// The address without its tag.
    pub(super) restored: Option<String>,
    pub(super) finding: Option<Finding>,
    /// Whether the message can't change the ruling.
    pub(super) settled: bool,
}

impl Recipient {
    pub(super) fn mailbox(&self) -> Option<Mailbox<'_>> {
        Mailbox::parse(self.address.as_ref()?).ok()
    }
}

/// The part of a ruling that header fields report.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(super) verdict: Verdict,
    pub(super) reason: Reason,
    pub(super) disposition: Disposition,
    mode: Mode,
    /// Whether the content of the message can change the ruling.
    pub(super) needs_message: bool,
    /// Class and origin of the message, if it was read.
    pub(crate) message: Option<(Class, Origin)>,
}

impl Finding {
    pub(crate) fn of(ruling: &Ruling<'_>) -> Self {
        let Ruling { verdict, reason, disposition, mode, class, origin, .. } = *ruling;
        let needs_message = ruling.needs_message();
        Self { verdict, reason, disposition, mode, needs_message, message: class.zip(origin) }
    }

    pub(super) const fn is_doubtful(&self) -> bool {
        let is_accepted = matches!(self.disposition, Disposition::Accept);
        matches!(self.verdict, Verdict::Disproved | Verdict::Unverified)
            || !matches!(self.verdict, Verdict::Genuine) && !is_accepted
    }

    /// Value of `X-BATV-Status`: the words of batv-tools, with our reason after them.
    pub(crate) fn status(&self) -> Option<String> {
        match self.verdict {
            _ if self.mode == Mode::Observe => None,
            Verdict::Genuine => Some("valid".to_owned()),
            Verdict::Disproved | Verdict::Unverified => Some(format!("invalid, {}", self.reason)),
            _ => None,
        }
    }

    /// Value of `X-BATV-Verdict`, for programs.
    pub(crate) fn verdict(&self) -> Option<String> {
        let (class, origin) = self.message.filter(|_| self.mode > Mode::Observe && self.reason != Reason::Exempt)?;
        let Self { verdict, reason, disposition, .. } = self;
        Some(format!("{verdict}; reason={reason}; class={class}; origin={origin}; disposition={disposition}"))
    }
}
