//! One message, from MAIL FROM to the end of DATA: the questions that every listener asks.

use alloc::sync::Arc;

use batv_core::envelope::{Earlier, Envelope, Stage};
use batv_core::{Day, Mailbox, Path};
use batv_policy::Ruling;
use tracing::error;

use crate::client::Client;
use crate::held::{Held, Holder};
use crate::message_buffer::{MessageBuffer, Needed};
use crate::protocol::Protocol;
use crate::settings::Settings;
use crate::store::Wait;
use crate::store::questions::Asking;
use crate::store::sent;
use log_decision::LogContext;
pub(crate) use rcpt_to::RECIPIENTS_OCTETS;
use recipient::Recipient;
use reverse_path::ReversePath;
use trust::{holder, is_internal, is_trusted};

pub(crate) mod edits;
mod end_of_data;
pub(crate) mod log_decision;
mod rcpt_to;
pub(crate) mod read_message;
pub(crate) mod recipient;
pub(crate) mod reverse_path;
mod sender;
pub(crate) mod signing;
pub(crate) mod trust;

/// One message. It keeps the settings and the day of its beginning, whatever is reloaded meanwhile.
#[derive(Debug)]
pub(crate) struct Transaction {
    listener: Protocol,
    settings: Arc<Settings>,
    /// The day on which it began, or `None` if the clock could not be read.
    today: Option<Day>,
    client: Client,
    outgoing: bool,
    trusted: bool,
    reverse_path: ReversePath,
    recipients: Vec<Recipient>,
    /// The octets that they take.
    held: Held,
    earlier: Earlier,
    /// Whether the sender was signed before the recipients were known.
    sender_is_signed: bool,
    wait: Wait,
    /// Whether the client may be guessing tags, whatever the next recipient is.
    guesses: bool,
    /// The mail server's name for the message, once there is one.
    queue_id: String,
}

/// Octets of a mail server's name for a message that are logged. Those of all mail servers are shorter.
const QUEUE_ID_OCTETS: usize = 128;

impl Transaction {
    /// Begins a message. `reverse_path` is the argument of MAIL FROM, with or without brackets, or the address that the mail
    /// server made of it.
    pub(crate) fn new(listener: Protocol, client: Client, reverse_path: &[u8], settings: &Arc<Settings>) -> Self {
        Self {
            listener,
            settings: Arc::clone(settings),
            today: settings.today().ok(),
            outgoing: is_internal(&client, settings) && !settings.is_exempt(client.address),
            trusted: is_trusted(&client, settings),
            held: settings.held(holder(&client, settings, Holder::Recipients)),
            client,
            reverse_path: ReversePath::new(reverse_path, settings),
            recipients: Vec::new(),
            earlier: Earlier::None,
            sender_is_signed: false,
            wait: Wait::new(settings.store()),
            guesses: false,
            queue_id: String::new(),
        }
    }

    /// Sets the mail server's name for the message.
    pub(crate) fn set_queue_id(&mut self, queue_id: &str) {
        self.queue_id = queue_id.chars().take(QUEUE_ID_OCTETS).collect();
    }

    /// The new address of the last recipient. `None` if it stays.
    pub(crate) fn last_restored(&self) -> Option<&str> {
        self.recipients.last()?.restored.as_deref()
    }

    /// The part of the message that the decision at its end needs. Ask after the last recipient.
    pub(crate) fn needs(&self) -> Needed {
        match self.reverse_path.path() {
            Some(reverse_path) if self.is_read(reverse_path) => Needed::All,
            Some(Path::Mailbox(sender))
                if self.marks(&sender) || self.is_remembered(&sender) || self.asks_for_proof() =>
            {
                Needed::Header
            }
            _ => Needed::Nothing,
        }
    }

    /// An empty buffer for that part.
    pub(crate) fn buffer(&self) -> MessageBuffer {
        let held = self.settings.held(holder(&self.client, &self.settings, Holder::Message));
        MessageBuffer::new(self.needs(), self.settings.config().limits.message_octets, held)
    }

    /// Whether the message is judged by its content.
    fn is_read(&self, reverse_path: Path<'_>) -> bool {
        let for_us = |recipient: &Recipient| recipient.finding.as_ref().is_some_and(|finding| finding.needs_message);
        !self.trusted && self.settings.reads(reverse_path) && self.recipients.iter().any(for_us)
    }

    /// Whether only a proved sender may get a bounce of the message. Other protocols can't prevent one.
    fn asks_for_proof(&self) -> bool {
        self.listener == Protocol::Milter && !self.trusted && self.settings.config().site.bounces.never_to_unproved
    }

    /// Whether the message is added to the sent log.
    fn is_remembered(&self, sender: &Mailbox<'_>) -> bool {
        self.outgoing && sent::is_kept(&self.settings) && self.settings.site().protects(sender)
    }

    /// Whether the message leaves with a mark.
    fn marks(&self, sender: &Mailbox<'_>) -> bool {
        self.outgoing && self.settings.site().marks(sender)
    }

    fn envelope<'a>(&self, reverse_path: Path<'a>, mailbox: Mailbox<'a>, stage: Stage) -> Envelope<'a> {
        let envelope = Envelope::new(reverse_path, mailbox).with_trusted_client(self.trusted);
        envelope.with_earlier(self.earlier).with_stage(stage)
    }

    fn no_clock<'a>(&self, envelope: &Envelope<'a>) -> Ruling<'a> {
        error!("the clock can't be read");
        self.settings.site().undecided(envelope)
    }

    fn asking(&self, today: Day) -> Asking<'_> {
        let Self { listener, client, settings, wait, guesses, .. } = self;
        Asking { listener: *listener, client, settings, today, wait, guesses: *guesses }
    }

    fn log_context(&self, stage: Stage) -> LogContext<'_> {
        let Self { listener, queue_id, client, reverse_path, .. } = self;
        LogContext { listener: *listener, queue_id, client, reverse_path, stage }
    }
}

#[cfg(test)]
mod tests {
    use batv_config::Keyring;

    use super::edits::DataReply;
    use super::recipient::RcptReply;
    use super::*;
    use crate::config::Config;

    const KEY: &str = "[[key]]\nuse = 'batv'\nid = 4\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";

    #[test]
    fn mail_is_tagged_its_bounce_restored_and_a_forged_one_refused() {
        let config = Config::parse("verify.mode = 'reject'\nmessages.marked_since = 2026-01-01");
        let keyring = Keyring::parse(KEY).expect("a keyring");
        let settings = Arc::new(Settings::new(config.expect("a configuration"), keyring).expect("settings"));

        let client = Client { authenticated: true, ..Client::default() };
        let mut message = Transaction::new(Protocol::Milter, client, b"<alice@example.com>", &settings);
        let reply = message.recipient(b"<dave@example.net>", b"dave@example.net", "smtp");
        assert_eq!(reply, RcptReply::Continue);
        let mut content = MessageBuffer::new(message.needs(), 1024, Held::default());
        content.field(b"Message-ID", b"<1@example.com>");
        let DataReply::Take(edits) = message.end_of_data(&content) else { panic!("refused") };
        assert_eq!(edits.fields[0].0, "X-BATV-Mark");
        let tagged = edits.sender.expect("a tag");

        let mut bounce = Transaction::new(Protocol::Milter, Client::default(), b"<>", &settings);
        assert_eq!(bounce.recipient(tagged.as_bytes(), tagged.as_bytes(), ""), RcptReply::Continue);
        let DataReply::Take(edits) = bounce.end_of_data(&MessageBuffer::default()) else { panic!("refused") };
        assert_eq!(edits.recipients, [(tagged.into_bytes(), "alice@example.com".to_owned())]);

        let mut forged = Transaction::new(Protocol::Milter, Client::default(), b"<>", &settings);
        assert_eq!(forged.recipient(b"<alice@example.com>", b"alice@example.com", ""), RcptReply::Continue);
        let mut content = MessageBuffer::new(forged.needs(), 1024, Held::default());
        content.field(b"Content-Type", b"multipart/report; report-type=delivery-status; boundary=b");
        content.body(
            b"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nReceived: from mx.example.net\r\nFrom: alice@example.com\r\n\
            Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n--b--\r\n",
        );
        assert!(matches!(forged.end_of_data(&content), DataReply::Refuse(reply) if reply.starts_with("550 5.7.1 ")));
    }
}
