//! One recipient of a message, and the ruling on it.

use batv_core::Mailbox;
use batv_core::envelope::{Disposition, Reason};
use batv_policy::{Findings, Ruling};

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

/// The part of a ruling that is kept until the message ends.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(super) reason: Reason,
    pub(super) disposition: Disposition,
    in_reject: Disposition,
    /// Whether the content of the message can change the ruling.
    pub(super) needs_message: bool,
    pub(super) fields: Findings,
}

impl Finding {
    /// Whether it says the same as this ruling.
    pub(super) fn is_of(&self, ruling: &Ruling<'_>) -> bool {
        let Ruling { reason, disposition, in_reject, .. } = *ruling;
        (self.reason, self.disposition, self.in_reject) == (reason, disposition, in_reject)
    }

    pub(crate) fn of(ruling: &Ruling<'_>) -> Self {
        let Ruling { reason, disposition, in_reject, .. } = *ruling;
        Self { reason, disposition, in_reject, needs_message: ruling.needs_message(), fields: ruling.findings() }
    }
}
