//! The answer for one recipient, without anything borrowed.

use core::fmt;

use batv_bounce::{Class, Origin};
use batv_core::envelope::{Disposition, Reason, Verdict};

/// Decision on one recipient. Prints as the SMTP reply.
///
/// ```
/// # use batv_server::{Mode, Server, Site, config::Keyring, policy::Rules};
/// # let site = Site::with_rules(Keyring::default(), Rules { mode: Mode::Reject, ..Rules::default() })?;
/// # let server = Server::new(site);
/// let ruling = server.rcpt("<bob@example.net>", "<alice@example.com>")?;
/// assert_eq!(ruling.to_string(), "250 2.1.5 Recipient ok");
/// assert_eq!(ruling.deliver_to.as_deref(), Some("alice@example.com"));
/// # Ok::<(), batv_server::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use]
pub struct Ruling {
    /// Verdict on the bounce or message.
    pub verdict: Verdict,
    /// Reason for the verdict.
    pub reason: Reason,
    /// Disposition in the mode of the recipient's domain.
    pub disposition: Disposition,
    /// Code of the reply to the client: 250, 451, 452 or 550.
    pub code: u16,
    /// Reply to the client: code, enhanced code and text.
    pub reply: String,
    /// Mailbox to deliver to, without a tag; `None` when the recipient is refused or deferred. The server must check that the
    /// mailbox exists: a tag proves it only with [`Verdict::Genuine`].
    pub deliver_to: Option<String>,
    /// Recipient without its tag, also when it is refused.
    pub mailbox: String,
    /// Whether the ruling is final. Otherwise the message may change it: call [`Mail::data`](crate::Mail::data).
    pub settled: bool,
    /// Class of the message, once it was read.
    pub class: Option<Class>,
    /// Origin of the message that a bounce returns, once it was read.
    pub origin: Option<Origin>,
    /// Value of the header field [`STATUS_FIELD`](crate::STATUS_FIELD); `None` for no such field.
    pub status_field: Option<String>,
    /// Value of the header field [`VERDICT_FIELD`](crate::VERDICT_FIELD); `None` for no such field.
    pub verdict_field: Option<String>,
}

impl Ruling {
    /// Whether the recipient is accepted, perhaps to be marked or quarantined ([`Ruling::disposition`]).
    pub const fn accepts(&self) -> bool {
        self.deliver_to.is_some()
    }
}

impl From<batv_policy::Ruling<'_>> for Ruling {
    fn from(ruling: batv_policy::Ruling<'_>) -> Self {
        Self {
            verdict: ruling.verdict,
            reason: ruling.reason,
            disposition: ruling.disposition,
            code: ruling.reply.code,
            reply: ruling.reply.to_string(),
            deliver_to: ruling.deliver_to.map(|mailbox| mailbox.to_string()),
            mailbox: ruling.mailbox.to_string(),
            settled: ruling.settled,
            class: ruling.class,
            origin: ruling.origin,
            status_field: ruling.findings().status(),
            verdict_field: ruling.findings().verdict(),
        }
    }
}

impl fmt::Display for Ruling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.reply)
    }
}
