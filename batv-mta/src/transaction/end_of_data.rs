//! The end of DATA: the ruling on each recipient, and the changes to the message.

use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::HashMap;
use std::time::SystemTime;

use batv_bounce::header::fields;
use batv_core::envelope::{Earlier, Stage};
use batv_core::{Mailbox, MailboxBuf, Path, tag};
use batv_policy::{BounceQuestion, MayBounce, Message, may_bounce};
use batv_report::Outcome;
use tracing::info;

use super::Transaction;
use super::edits::{DataReply, Edits, MESSAGE_ID_FIELD};
use super::read_message::read_message;
use super::recipient::{Finding, Recipient};
use crate::log::word;
use crate::message_buffer::MessageBuffer;
use crate::store::questions::Answered;
use crate::store::sent;

/// The most recipients whose answers are kept, so that those who are named again need no others.
const MOST_ASKED: usize = 100;

impl Transaction {
    /// Ends the message, of which `content` holds the part that is [needed](Self::needs).
    pub(crate) fn end_of_data(mut self, content: &MessageBuffer) -> DataReply {
        let sender = if self.sender_is_signed { None } else { self.sign() };
        let mut edits = Edits::new(sender);
        let recipients = core::mem::take(&mut self.recipients);
        self.earlier = Earlier::None;
        let reverse_path = self.reverse_path.path();
        if let Some(Path::Mailbox(sender)) = &reverse_path {
            let author = self.settings.site().other_author(sender, content.octets()).filter(|_| self.outgoing);
            let mailboxes = [Some(*sender), author.as_ref().map(MailboxBuf::as_mailbox)];
            for mailbox in mailboxes.into_iter().flatten() {
                self.mark(&mailbox, content, &mut edits);
                self.remember(&mailbox, &edits, &recipients, content);
            }
            edits.never_notify = self.asks_for_proof() && !self.may_bounce(sender, content);
        }
        // Nothing proves a sender that cannot be read.
        edits.never_notify |= self.asks_for_proof() && reverse_path.is_none();
        let read = reverse_path.filter(|_| content.is_message()).zip(self.today);
        let read = read.map(|(path, today)| (read_message(content, path, &self.settings), today));
        let message = read.as_ref().map(|(reading, today)| self.settings.site().message(reading, *today));
        let mut refusal = None;
        let mut refused_alone = true;
        let mut asked = HashMap::new();
        for mut recipient in recipients {
            // A bounce counts at its end, also if nothing can change its ruling.
            let is_open = content.is_message() || !recipient.settled || reverse_path == Some(Path::Null);
            let mut rule = |recipient| self.rule_at_data(recipient, message.as_ref(), &mut asked);
            let refused = if is_open { rule(&mut recipient) } else { None };
            refused_alone &= refused.is_some();
            // If the message is taken for others, a refused recipient gets it, too.
            edits.add(recipient);
            refusal = refused.or(refusal);
        }
        if message.as_ref().is_some_and(Message::is_cut) {
            self.settings.metrics().count_limit("parts");
        }
        match refusal {
            // A refusal is for the whole message: a recipient that may get one is alone (452 4.5.3 at RCPT TO).
            Some(refusal) if refused_alone => DataReply::Refuse(refusal),
            _ => DataReply::Take(edits),
        }
    }

    /// Rules at the end of DATA. Returns an SMTP reply if the recipient is refused. `asked` has the answers for recipients
    /// before: a recipient that is named again gets no second bounce, and none is counted.
    fn rule_at_data<'m>(
        &self,
        recipient: &mut Recipient,
        message: Option<&'m Message<'m, '_>>,
        asked: &mut HashMap<String, Answered>,
    ) -> Option<String> {
        let (settings, site) = (&*self.settings, self.settings.site());
        let address = recipient.address.clone()?;
        let mailbox = Mailbox::parse(&address).ok()?;
        let envelope = self.envelope(self.reverse_path.judged(), mailbox, Stage::EndOfData);
        if asked.len() >= MOST_ASKED && !asked.contains_key(&address) {
            asked.clear();
        }
        let (found, case);
        let ruling = match self.today {
            Some(today) => {
                found = site.recipient(&envelope, today);
                if let Some(message) = message.filter(|_| found.needs_message()) {
                    case = found.with_message(message);
                    let asking = self.asking(today);
                    let answered = asked.entry(address.clone()).or_insert_with(|| asking.ask(case.questions()));
                    let ruling = case.data(&answered.answers());
                    asking.earn_record(answered, &ruling);
                    ruling
                } else {
                    let ask = || self.asking(today).ask(found.data_questions());
                    let answered = asked.entry(address.clone()).or_insert_with(ask);
                    found.data(&answered.answers())
                }
            }
            None => self.no_clock(&envelope),
        };
        // A ruling that the message did not change is in the log already.
        let is_logged = recipient.finding.as_ref().is_some_and(|finding| finding.is_of(&ruling));
        if !is_logged {
            self.log_context(Stage::EndOfData).log(&ruling, &mailbox, settings);
        }
        recipient.finding = Some(Finding::of(&ruling));
        ruling.deliver_to.is_none().then(|| ruling.reply.to_string())
    }

    /// Marks a message for its sender or its author, and gives it a Message-ID if it has none.
    fn mark(&self, mailbox: &Mailbox<'_>, content: &MessageBuffer, edits: &mut Edits) {
        let Some(today) = self.today.filter(|_| self.marks(mailbox)) else { return };
        let known = message_id(content).or_else(|| edits.message_id());
        // Sendmail and OpenSMTPD add a missing one after they have asked us (RFC 6409 §8.3).
        let new_id = (known.is_none() && !content.is_cut()).then(|| new_message_id(mailbox));
        let message_id = known.as_ref().or(new_id.as_ref()).map_or("", String::as_str);
        if let Some(mark) = self.settings.site().mark(mailbox, message_id.as_bytes(), today) {
            edits.mark(mark, new_id);
        }
    }

    /// Whether something proves the sender, so that it may get a bounce of the message.
    fn may_bounce(&self, sender: &Mailbox<'_>, content: &MessageBuffer) -> bool {
        let settings = &*self.settings;
        let mut question = BounceQuestion::new(Path::Mailbox(*sender));
        question.header = content.octets();
        question.tag = self.today.map(|today| tag::verify(settings.keys(), sender, today).verdict);
        let answer = may_bounce(&question, &settings.bounces());
        if answer.may == MayBounce::Yes {
            return true;
        }
        settings.metrics().count_sender(self.listener, Outcome::NotNotified, None);
        info!(queue_id = self.queue_id, from = %word(sender), reason = %answer.reason, "never notified");
        false
    }

    /// Adds a message that leaves to the sent log.
    fn remember(&self, sender: &Mailbox<'_>, edits: &Edits, recipients: &[Recipient], content: &MessageBuffer) {
        let (Some(today), settings) = (self.today, &*self.settings) else { return };
        if !self.is_remembered(sender) {
            return;
        }
        let message_id = edits.message_id().or_else(|| message_id(content)).unwrap_or_default();
        let mailboxes: Vec<Mailbox<'_>> = recipients.iter().filter_map(|recipient| recipient.mailbox()).collect();
        sent::remember(message_id.as_bytes(), sender, &mailboxes, settings, today, &self.wait);
    }
}

fn message_id(content: &MessageBuffer) -> Option<String> {
    fields(content.octets()).find(|field| field.is(MESSAGE_ID_FIELD)).map(|field| field.text())
}

/// Makes a unique Message-ID of the time, the process and a counter.
fn new_message_id(sender: &Mailbox<'_>) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("<{now:x}.{:x}.{count:x}@{}>", std::process::id(), sender.domain())
}
