//! MAIL FROM: the reverse-path with which a message leaves.

use batv_core::Path;
use batv_policy::{ExemptRecipients, Outgoing};
use batv_report::Outcome;
use tracing::field::display;
use tracing::{error, info, warn};

use super::recipient::Recipient;
use super::signing::{self, Signed};
use super::{Malformed, Transaction};
use crate::log::word;

impl Transaction {
    /// Signs the reverse-path before the recipients are known. `None` if it stays.
    pub(crate) fn sender(&mut self) -> Option<String> {
        self.sender_is_signed = true;
        self.sign()
    }

    /// The reverse-path with which the message leaves. `None` if it stays.
    pub(super) fn sign(&self) -> Option<String> {
        let settings = &*self.settings;
        if let Err(Malformed { argument, error }) = &self.reverse_path
            && self.outgoing
        {
            warn!(queue_id = self.queue_id, from = %word(argument), reason = %error, "left untagged");
        }
        let from @ Path::Mailbox(_) = self.path()? else { return None };
        let exempt = |recipient: &&Recipient| {
            recipient.mailbox().is_some_and(|mailbox| settings.rules().is_exempt_recipient(&mailbox))
        };
        let exempt = self.recipients.iter().filter(exempt).count();
        let outgoing = Outgoing {
            originates: self.outgoing,
            is_forwarded: self.recipients.iter().any(|recipient| recipient.leaves),
            exempt_recipients: ExemptRecipients::of(exempt, self.recipients.len()),
            ..Outgoing::new(from)
        };
        let Some(today) = self.today else {
            error!(queue_id = self.queue_id, from = %word(from), "left as it is: the clock can't be read");
            return None;
        };
        let Signed { address, outcome, key, why } =
            signing::sign(&outgoing, &self.client.owner(), settings, today, &self.wait)?;
        settings.metrics().count_sender(self.listener, outcome, key);
        let (queue_id, from, reason) = (&self.queue_id, word(from), why.map(display));
        match outcome {
            Outcome::Tagged => info!(queue_id, from = %from, key = key.map(display), "tagged"),
            Outcome::Forwarded => info!(queue_id, from = %from, "forwarded"),
            Outcome::Aliased => info!(queue_id, from = %from, reason, "tagged by a handle"),
            Outcome::Exempt => info!(queue_id, from = %from, reason, "left untagged"),
            Outcome::NotForwarded => warn!(queue_id, from = %from, reason, "left as it is"),
            _ => warn!(queue_id, from = %from, reason, "left untagged"),
        }
        address
    }
}
