//! RCPT TO: the ruling on one recipient, from the envelope alone.

use alloc::borrow::Cow;
use batv_core::Mailbox;
use batv_core::envelope::{ReplyName, Stage};
use tracing::warn;

use super::Transaction;
use super::recipient::{Finding, RcptReply, Recipient};
use super::reverse_path::Malformed;
use crate::log::word;

/// Octets that the recipients of a message may take. 10,000 recipients of usual addresses take less.
pub(crate) const RECIPIENTS_OCTETS: usize = 5 * 1024 * 1024 / 2;
/// Octets that a recipient takes besides its address.
const RECIPIENT_OCTETS: usize = 160;

impl Transaction {
    /// Adds a recipient. `given` is the argument of RCPT TO, `address` the address that the mail server made of it, both
    /// with or without brackets; `mailer` is the mail server's name for the transport, empty if it names none.
    pub(crate) fn recipient(&mut self, given: &[u8], address: &[u8], mailer: &str) -> RcptReply {
        let settings = &*self.settings;
        if self.recipients.len() >= settings.config().limits.recipients {
            return self.no_room("recipients", ReplyName::TooManyRecipients);
        }
        let leaves = settings.config().site.srs.mailers.iter().any(|known| known == mailer);
        let address = settings.rules().forward_path(address).map(Cow::into_owned);
        // A malformed address is left for the mail server to refuse, and not kept.
        let kept = if address.is_ok() { given } else { &[] };
        let held = self.held.octets();
        if let Some(reply) = self.hold(kept.len() + address.as_ref().map_or(0, String::len)) {
            return reply;
        }
        let mut recipient =
            Recipient { given: kept.to_vec(), address: None, leaves, restored: None, finding: None, settled: true };
        if let Some(malformed) = self.reverse_path.malformed() {
            self.warn(malformed, "malformed sender address: judged as the mail of a stranger");
        }
        match address {
            Ok(address) => {
                if let Some(refused) = self.rule_at_rcpt(&address, &mut recipient) {
                    self.held.set(held);
                    return refused;
                }
                recipient.address = Some(address);
            }
            // The mail server refuses it.
            Err(error) => self.warn(&Malformed::new(given, error), "not judged: malformed recipient address"),
        }
        self.recipients.push(recipient);
        RcptReply::Continue
    }

    /// Holds the octets of one more recipient, the two or three forms of its address. Returns a reply if there is no room.
    fn hold(&mut self, text: usize) -> Option<RcptReply> {
        let octets = self.held.octets() + RECIPIENT_OCTETS + text;
        if octets > RECIPIENTS_OCTETS {
            return Some(self.no_room("recipients", ReplyName::TooManyRecipients));
        }
        (!self.held.resize(octets)).then(|| self.no_room("total_octets", ReplyName::CannotCheck))
    }

    fn no_room(&self, limit: &'static str, reply: ReplyName) -> RcptReply {
        self.settings.metrics().count_limit(limit);
        RcptReply::Reply(self.settings.rules().replies.reply(reply).to_string())
    }

    /// Holds octets that another keeps of the last recipient. The limit may be met by the next one.
    pub(crate) fn hold_more(&mut self, octets: usize) {
        self.held.set(self.held.octets() + octets);
    }

    fn warn(&self, malformed: &Malformed, what: &str) {
        let Malformed { argument, error } = malformed;
        warn!(queue_id = self.queue_id, words = %word(argument), reason = %error, "{what}");
    }

    /// Rules at RCPT TO. Returns a reply if the recipient is not taken.
    fn rule_at_rcpt(&mut self, address: &str, recipient: &mut Recipient) -> Option<RcptReply> {
        let settings = &*self.settings;
        let reverse_path = self.reverse_path.judged();
        let mailbox = Mailbox::parse(address).ok()?;
        let envelope = self.envelope(reverse_path, mailbox, Stage::RcptTo);
        let answered;
        let ruling = match self.today {
            Some(today) => {
                let recipient = settings.site().recipient(&envelope, today);
                answered = self.asking(today).ask(recipient.questions());
                self.guesses |= answered.too_many_wrong_tags;
                recipient.rcpt(&answered.answers())
            }
            None => self.no_clock(&envelope),
        };
        let to = ruling.deliver_to.unwrap_or(mailbox);
        self.log_context(Stage::RcptTo).log(&ruling, &mailbox, settings);
        if ruling.deliver_to.is_none() {
            return Some(RcptReply::Reply(ruling.reply.to_string()));
        }
        self.earlier = ruling.earlier;
        recipient.finding = Some(Finding::of(&ruling));
        recipient.settled = ruling.settled;
        recipient.restored = (to != mailbox).then(|| to.to_string());
        let restored = recipient.restored.as_ref().map_or(0, String::len);
        self.hold_more(restored);
        None
    }
}
