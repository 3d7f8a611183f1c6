//! One message: its client, its reverse-path, its recipients one by one, its end. What every listener asks.

use alloc::borrow::Cow;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use batv_bounce::header::fields;
use batv_bounce::may_bounce::{May, Question, may_bounce};
use batv_bounce::{Class, Origin};
use batv_core::envelope::{Disposition, Earlier, Envelope, Mode, Reason, Reply, Stage, Verdict};
use batv_core::{Day, Error, Mailbox, Path, mark, tag};
use batv_policy::{ExemptRecipients, Outgoing, Ruling, address};
use batv_report::Outcome as Departed;
use tracing::field::display;
use tracing::{error, info, warn};

use crate::client::Client;
use crate::content::{Content, Needed};
use crate::decision::Occasion;
use crate::memory::questions::Asking;
use crate::memory::{Wait, sent};
use crate::message::read_message;
use crate::protocol::Protocol;
use crate::settings::Settings;
use crate::signing::{self, Signed};

/// The header field that says what was found. Copies that came with the message are removed.
pub const STATUS_FIELD: &str = "X-BATV-Status";
/// The header field that says it whole: verdict, reason, class of the message, whose message it returns, and what was done.
pub const VERDICT_FIELD: &str = "X-BATV-Verdict";
/// The fields of ours by which others decide: copies of them that came with a message are removed.
pub const OUR_FIELDS: [&str; 2] = [STATUS_FIELD, VERDICT_FIELD];
/// The header field that keeps a recipient as it was before its tag was taken off.
pub const RECIPIENT_FIELD: &str = "X-BATV-Recipient";

/// The header field that a mark covers; what leaves with a mark has it.
pub const MESSAGE_ID_FIELD: &str = "Message-ID";
const VALID: &str = "valid";

/// What to say to RCPT TO.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a recipient is taken or answered")]
pub enum Answer {
    /// Nothing: the mail server goes on.
    Continue,
    /// This reply.
    Reply(String),
}

/// What to say at the end of DATA.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a message is taken or refused")]
pub enum Outcome {
    /// Take it, changed like this.
    Take(Edits),
    /// Refuse it with this reply.
    Refuse(String),
}

/// What is changed in a message that is taken.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Edits {
    /// The new reverse-path.
    pub sender: Option<String>,
    /// Recipients, exactly as they were given, and what they are now.
    pub recipients: Vec<(Vec<u8>, String)>,
    /// The envelope id that the message leaves with, where it has none (RFC 3461 §4.4).
    pub envelope_id: Option<String>,
    /// New header fields.
    pub fields: Vec<(&'static str, String)>,
    /// Hold it, and why.
    pub hold: Option<&'static str>,
    /// No bounce may go to its sender, whom nothing proves: its recipients get `NOTIFY=NEVER` (RFC 3461 §4.1).
    pub never_notify: bool,
    /// Whether the fields say of a recipient what nobody must take for a genuine bounce.
    doubtful: bool,
    /// Whether a recipient gets the message at once.
    wanted: bool,
}

/// One message. It keeps the settings and the day that it begins with, whatever is reloaded meanwhile.
///
/// ```
/// use std::sync::Arc;
///
/// use batv_config::Keyring;
/// use batv_mta::client::Client;
/// use batv_mta::config::Config;
/// use batv_mta::content::{Content, Needed};
/// use batv_mta::protocol::Protocol;
/// use batv_mta::settings::Settings;
/// use batv_mta::transaction::{Answer, Outcome, Transaction};
///
/// let keyring = Keyring::parse("[[key]]\nuse = 'batv'\nid = 4\nsecret = 'text:s3kr1t'\nstate = 'signing'\n")?;
/// let config = "verify.mode = 'reject'\nmessages.marked_since = 2026-01-01";
/// let settings = Arc::new(Settings::new(Config::parse(config)?, keyring)?);
///
/// // Mail of a user of ours leaves with a tag.
/// let mut client = Client::default();
/// client.authenticated = true;
/// let mut message = Transaction::new(Protocol::Milter, client, b"<alice@example.com>", &settings);
/// assert_eq!(message.recipient(b"<dave@example.net>", b"dave@example.net", "smtp"), Answer::Continue);
/// let mut content = Content::new(message.needs(), 1024);
/// content.field(b"Message-ID", b"<1@example.com>");
/// let Outcome::Take(edits) = message.end_of_data(&content) else { panic!() };
/// assert_eq!(edits.fields[0].0, "X-BATV-Mark");
/// let tagged = edits.sender.ok_or("no tag")?;
///
/// // Its bounce gets its recipient back; one without a tag that returns a stranger's message is refused at the end.
/// let mut bounce = Transaction::new(Protocol::Milter, Client::default(), b"<>", &settings);
/// assert_eq!(bounce.recipient(tagged.as_bytes(), tagged.as_bytes(), ""), Answer::Continue);
/// let Outcome::Take(edits) = bounce.end_of_data(&Content::default()) else { panic!() };
/// assert_eq!(edits.recipients, [(tagged.into_bytes(), "alice@example.com".to_owned())]);
///
/// let mut forged = Transaction::new(Protocol::Milter, Client::default(), b"<>", &settings);
/// assert_eq!(forged.recipient(b"<alice@example.com>", b"alice@example.com", ""), Answer::Continue);
/// let mut content = Content::new(forged.needs(), 1024);
/// content.field(b"Content-Type", b"multipart/report; report-type=delivery-status; boundary=b");
/// content.body(b"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nReceived: from mx.example.net\r\n\
///     From: alice@example.com\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n--b--\r\n");
/// assert!(matches!(forged.end_of_data(&content), Outcome::Refuse(reply) if reply.starts_with("550 5.7.1 ")));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Transaction {
    listener: Protocol,
    settings: Arc<Settings>,
    /// The day on which it began, by which all of it is decided; `None` when the clock could not be read.
    today: Option<Day>,
    client: Client,
    outgoing: bool,
    trusted: bool,
    /// As it counts, for [`Path::parse`]; the words that came, where they are no address.
    reverse_path: Result<String, Unreadable>,
    recipients: Vec<Recipient>,
    earlier: Earlier,
    sender_is_told: bool,
    wait: Wait,
    /// Whether its client may be guessing, whatever the next recipient is.
    guesses: bool,
    /// The mail server's name for the message, as soon as it has one.
    pub queue_id: String,
}

/// The words of a client that are no address, and why they aren't.
#[derive(Clone, Debug)]
struct Unreadable {
    words: String,
    error: Error,
}

impl Unreadable {
    fn new(words: &[u8], error: Error) -> Self {
        Self { words: words.escape_ascii().to_string(), error }
    }
}

#[derive(Debug)]
struct Recipient {
    /// As the client said it, by which the mail server knows it.
    given: Vec<u8>,
    /// As it counts, for [`Mailbox::parse`]; `None` when it is no address.
    address: Option<String>,
    /// Whether it is delivered elsewhere.
    leaves: bool,
    restored: Option<String>,
    found: Option<Found>,
    settled: bool,
}

impl Recipient {
    fn mailbox(&self) -> Option<Mailbox<'_>> {
        Mailbox::parse(self.address.as_ref()?).ok()
    }
}

/// What was found for one recipient, as header fields tell it.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    verdict: Verdict,
    reason: Reason,
    disposition: Disposition,
    mode: Mode,
    /// Whether what the message says may change this.
    needs_message: bool,
    /// Class and origin of the message, where it was read.
    pub(crate) message: Option<(Class, Origin)>,
}

impl Transaction {
    /// A message begins: the argument of MAIL FROM, with or without brackets, or what the mail server made of it.
    pub fn new(listener: Protocol, client: Client, reverse_path: &[u8], settings: &Arc<Settings>) -> Self {
        let read = address::reverse_path(reverse_path).map(Cow::into_owned);
        Self {
            listener,
            settings: Arc::clone(settings),
            today: settings.today().ok(),
            outgoing: client.is_internal(settings) && !settings.is_exempt(client.address),
            trusted: client.is_trusted(settings),
            client,
            reverse_path: read.map_err(|error| Unreadable::new(reverse_path, error)),
            recipients: Vec::new(),
            earlier: Earlier::None,
            sender_is_told: false,
            wait: Wait::new(settings),
            guesses: false,
            queue_id: String::new(),
        }
    }

    /// A recipient: the argument of RCPT TO, by which the mail server knows it, and the address that the mail server made
    /// of it, both with or without brackets; and the mail server's name for the way in which it delivers there, empty when
    /// it doesn't say.
    pub fn recipient(&mut self, given: &[u8], address: &[u8], mailer: &str) -> Answer {
        let settings = &*self.settings;
        if self.recipients.len() >= settings.config().limits.recipients {
            settings.metrics().count_limit("recipients");
            return Answer::Reply(Reply::TOO_MANY_RECIPIENTS.to_string());
        }
        let leaves = settings.config().srs.mailers.iter().any(|known| known == mailer);
        let address = address::forward_path(address).map(Cow::into_owned);
        let mut recipient =
            Recipient { given: given.to_vec(), address: None, leaves, restored: None, found: None, settled: true };
        // What is no address is the mail server's to refuse.
        match (&self.reverse_path, address) {
            (Ok(_), Ok(address)) => {
                if let Some(refused) = self.rule_at_rcpt(&address, &mut recipient) {
                    return refused;
                }
                recipient.address = Some(address);
            }
            (Err(Unreadable { words, error }), _) => self.tell_unreadable(words, "its sender", error),
            (_, Err(error)) => self.tell_unreadable(&given.escape_ascii().to_string(), "its recipient", &error),
        }
        self.recipients.push(recipient);
        Answer::Continue
    }

    fn tell_unreadable(&self, words: &str, what: &str, error: &Error) {
        warn!(queue_id = self.queue_id, words, reason = %error, "not judged: {what} is no address");
    }

    /// The ruling at RCPT TO; an answer when the recipient isn't taken.
    fn rule_at_rcpt(&mut self, address: &str, recipient: &mut Recipient) -> Option<Answer> {
        let settings = &*self.settings;
        let reverse_path = Path::parse(self.reverse_path.as_ref().ok()?).ok()?;
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
        self.occasion(reverse_path, "rcpt").tell(&ruling, &mailbox, settings);
        if ruling.deliver_to.is_none() {
            return Some(Answer::Reply(ruling.reply.to_string()));
        }
        if reverse_path == Path::Null {
            self.earlier = ruling.earlier;
        }
        recipient.found = Some(Found::of(&ruling));
        recipient.settled = ruling.settled;
        recipient.restored = (to != mailbox).then(|| to.to_string());
        None
    }

    /// The reverse-path, where it is an address or null.
    fn path(&self) -> Option<Path<'_>> {
        Path::parse(self.reverse_path.as_ref().ok()?).ok()
    }

    /// Remembers that the message leaves.
    fn remember(&self, sender: &Mailbox<'_>, edits: &Edits, recipients: &[Recipient], content: &Content) {
        let (Some(today), settings) = (self.today, &*self.settings) else { return };
        if !self.is_remembered(sender) {
            return;
        }
        let added = edits.fields.iter().find(|(name, _)| *name == MESSAGE_ID_FIELD).map(|(_, id)| id.clone());
        let message_id = added.or_else(|| {
            let field = fields(content.octets()).find(|field| field.is(MESSAGE_ID_FIELD));
            field.map(|field| field.text())
        });
        let mailboxes: Vec<Mailbox<'_>> = recipients.iter().filter_map(|recipient| recipient.mailbox()).collect();
        sent::remember(message_id.unwrap_or_default().as_bytes(), sender, &mailboxes, settings, today, &self.wait);
    }

    /// The reverse-path that the message leaves with, when it is another, for who must know before the recipients.
    pub fn sender(&mut self) -> Option<String> {
        self.sender_is_told = true;
        self.sign()
    }

    /// What the last recipient is now, when he is another.
    pub fn last_restored(&self) -> Option<&str> {
        self.recipients.last()?.restored.as_deref()
    }

    /// What of the message must be read before its end can be decided; to be asked when all recipients are there.
    pub fn needs(&self) -> Needed {
        match self.path() {
            Some(reverse_path) if self.is_read(reverse_path) => Needed::All,
            Some(Path::Mailbox(sender))
                if self.marks(&sender) || self.is_remembered(&sender) || self.asks_for_proof() =>
            {
                Needed::Header
            }
            _ => Needed::Nothing,
        }
    }

    /// Whether the message is judged by what it says.
    fn is_read(&self, reverse_path: Path<'_>) -> bool {
        let for_us = |recipient: &Recipient| recipient.found.as_ref().is_some_and(|found| found.needs_message);
        !self.trusted && reads(reverse_path, &self.settings) && self.recipients.iter().any(for_us)
    }

    /// Whether a bounce of the message may leave only for a sender who is proved. Other listeners can't keep it back.
    fn asks_for_proof(&self) -> bool {
        self.listener == Protocol::Milter && !self.trusted && self.settings.config().bounces.never_to_unproved
    }

    /// Whether it is remembered that the message leaves.
    fn is_remembered(&self, sender: &Mailbox<'_>) -> bool {
        self.outgoing && sent::is_kept(&self.settings) && self.settings.site().protects(sender)
    }

    /// Whether the message leaves with a mark.
    fn marks(&self, sender: &Mailbox<'_>) -> bool {
        self.outgoing && self.settings.site().marks(sender)
    }

    /// The end of DATA, with what was [needed](Self::needs) of the message. Nothing of it is judged by its envelope alone.
    pub fn end_of_data(mut self, content: &Content) -> Outcome {
        let sender = if self.sender_is_told { None } else { self.sign() };
        let mut edits = Edits { sender, ..Edits::default() };
        let mut refusal = None;
        let mut taken = 0_usize;
        let recipients = core::mem::take(&mut self.recipients);
        self.earlier = Earlier::None;
        let (settings, reverse_path) = (&*self.settings, self.path());
        if let Some(Path::Mailbox(sender)) = &reverse_path {
            if let Some((mark, new_id)) = self.mark(sender, content) {
                edits.mark(mark, new_id);
            }
            self.remember(sender, &edits, &recipients, content);
            edits.never_notify = self.asks_for_proof() && !self.may_bounce(sender, content);
        }
        let read = reverse_path.filter(|_| content.is_message()).zip(self.today);
        let read = read.map(|(path, today)| (read_message(content, path, settings), today));
        let site = settings.site();
        let message = read.as_ref().map(|(reading, today)| site.message(reading, *today));
        for mut recipient in recipients {
            if (content.is_message() || !recipient.settled)
                && let Some((reverse_path, address)) = reverse_path.zip(recipient.address.as_ref())
                && let Ok(mailbox) = Mailbox::parse(address)
            {
                let envelope = self.envelope(reverse_path, mailbox, Stage::EndOfData);
                let (case, answered);
                let ruling = match (self.today, &message) {
                    (Some(today), Some(message)) => {
                        case = site.recipient(&envelope, today).with_message(message);
                        answered = self.asking(today).ask(case.questions());
                        case.data(&answered.answers())
                    }
                    (Some(today), None) => {
                        let recipient = site.recipient(&envelope, today);
                        answered = self.asking(today).ask(recipient.data_questions());
                        recipient.data(&answered.answers())
                    }
                    (None, _) => self.no_clock(&envelope),
                };
                // What the message didn't change has been told.
                let told =
                    recipient.settled && recipient.found.as_ref().is_some_and(|found| found.reason == ruling.reason);
                if !told {
                    self.occasion(reverse_path, "data").tell(&ruling, &mailbox, settings);
                }
                let found = Found::of(&ruling);
                // When others take the message, it gets it with them.
                edits.say(&found);
                recipient.found = Some(found);
                if ruling.deliver_to.is_none() {
                    refusal = Some(ruling.reply.to_string());
                    continue;
                }
            }
            taken += 1;
            edits.add(recipient);
        }
        match refusal {
            // A refusal is of the whole message: those that may end in one stand alone (452 4.5.3 at RCPT TO).
            Some(refusal) if taken == 0 => Outcome::Refuse(refusal),
            _ => Outcome::Take(edits),
        }
    }

    /// The mark that it leaves with, and the Message-ID that it is made for where the message has none.
    fn mark(&self, sender: &Mailbox<'_>, content: &Content) -> Option<(mark::Mark, Option<String>)> {
        if !self.marks(sender) {
            return None;
        }
        let message_id = fields(content.octets()).find(|field| field.is(MESSAGE_ID_FIELD)).map(|field| field.text());
        // Sendmail and OpenSMTPD add what is missing after they have asked us (RFC 6409 §8.3).
        let new_id = (message_id.is_none() && !content.is_cut()).then(|| new_message_id(sender));
        let message_id = message_id.as_ref().or(new_id.as_ref()).map_or("", String::as_str);
        Some((self.settings.site().mark(sender, message_id.as_bytes(), self.today?)?, new_id))
    }

    /// Whether the sender is proved, so that he may be told what becomes of the message.
    fn may_bounce(&self, sender: &Mailbox<'_>, content: &Content) -> bool {
        let settings = &*self.settings;
        let mut question = Question::new(Path::Mailbox(*sender));
        question.header = content.octets();
        question.tag = self.today.map(|today| tag::verify(settings.keys(), sender, today).verdict);
        let answer = may_bounce(&question, &settings.bounces());
        if answer.may == May::Yes {
            return true;
        }
        settings.metrics().count_sender(self.listener, Departed::NotNotified, None);
        info!(queue_id = self.queue_id, from = %sender, reason = %answer.reason, "never notified");
        false
    }

    fn envelope<'a>(&self, reverse_path: Path<'a>, mailbox: Mailbox<'a>, stage: Stage) -> Envelope<'a> {
        let mut envelope = Envelope::new(reverse_path, mailbox);
        envelope.trusted_client = self.trusted;
        envelope.earlier = self.earlier;
        envelope.stage = stage;
        envelope
    }

    fn no_clock<'a>(&self, envelope: &Envelope<'a>) -> Ruling<'a> {
        error!("the clock can't be read");
        self.settings.site().undecided(envelope)
    }

    fn asking(&self, today: Day) -> Asking<'_> {
        let Self { listener, client, settings, wait, guesses, .. } = self;
        Asking { listener: *listener, client, settings, today, wait, guesses: *guesses }
    }

    /// The reverse-path that the message leaves with, when it is another.
    fn sign(&self) -> Option<String> {
        let settings = &*self.settings;
        if let Err(Unreadable { words, error }) = &self.reverse_path
            && self.outgoing
        {
            warn!(queue_id = self.queue_id, from = words, reason = %error, "left untagged");
        }
        let from @ Path::Mailbox(_) = self.path()? else { return None };
        let exempt = |recipient: &&Recipient| {
            recipient.mailbox().is_some_and(|mailbox| settings.rules().is_exempt_recipient(&mailbox))
        };
        let exempt = self.recipients.iter().filter(exempt).count();
        let leaving = Outgoing {
            originates: self.outgoing,
            is_forwarded: self.recipients.iter().any(|recipient| recipient.leaves),
            exempt_recipients: ExemptRecipients::of(exempt, self.recipients.len()),
            ..Outgoing::new(from)
        };
        let Some(today) = self.today else {
            error!(queue_id = self.queue_id, from = %from, "left as it is: the clock can't be read");
            return None;
        };
        let Signed { address, outcome, key, why } =
            signing::sign(&leaving, &self.client.owner(), settings, today, &self.wait)?;
        settings.metrics().count_sender(self.listener, outcome, key);
        let (queue_id, reason) = (&self.queue_id, why.map(display));
        match outcome {
            Departed::Tagged => info!(queue_id, from = %from, key = key.map(display), "tagged"),
            Departed::Forwarded => info!(queue_id, from = %from, "forwarded"),
            Departed::Aliased => info!(queue_id, from = %from, reason, "tagged by a handle"),
            Departed::Exempt => info!(queue_id, from = %from, reason, "left untagged"),
            Departed::NotForwarded => warn!(queue_id, from = %from, reason, "left as it is"),
            _ => warn!(queue_id, from = %from, reason, "left untagged"),
        }
        address
    }

    fn occasion<'o>(&'o self, reverse_path: Path<'o>, at: &'static str) -> Occasion<'o> {
        Occasion { listener: self.listener, queue_id: &self.queue_id, client: &self.client, reverse_path, at }
    }
}

/// Whether messages with this reverse-path are judged by what they say.
pub(crate) fn reads(reverse_path: Path<'_>, settings: &Settings) -> bool {
    settings.config().messages.judge && settings.site().reads(reverse_path)
}

/// One that nothing else has: of this moment, this process, and how many came before.
fn new_message_id(sender: &Mailbox<'_>) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("<{now:x}.{:x}.{count:x}@{}>", std::process::id(), sender.domain())
}

impl Found {
    pub(crate) fn of(ruling: &Ruling<'_>) -> Self {
        let Ruling { verdict, reason, disposition, mode, class, origin, .. } = *ruling;
        let needs_message = ruling.needs_message();
        Self { verdict, reason, disposition, mode, needs_message, message: class.zip(origin) }
    }

    const fn is_doubtful(&self) -> bool {
        let is_accepted = matches!(self.disposition, Disposition::Accept);
        matches!(self.verdict, Verdict::Disproved | Verdict::Unverified)
            || !matches!(self.verdict, Verdict::Genuine) && !is_accepted
    }

    /// What batv-tools wrote, with our reason after it.
    pub(crate) fn status(&self) -> Option<String> {
        match self.verdict {
            _ if self.mode == Mode::Observe => None,
            Verdict::Genuine => Some(VALID.to_owned()),
            Verdict::Disproved | Verdict::Unverified => Some(format!("invalid, {}", self.reason)),
            _ => None,
        }
    }

    /// All that was found, for who reads it by program.
    pub(crate) fn verdict(&self) -> Option<String> {
        let (class, origin) = self.message.filter(|_| self.mode > Mode::Observe && self.reason != Reason::Exempt)?;
        let Self { verdict, reason, disposition, .. } = self;
        Some(format!("{verdict}; reason={reason}; class={class}; origin={origin}; disposition={disposition}"))
    }
}

impl Edits {
    fn mark(&mut self, mark: mark::Mark, new_id: Option<String>) {
        self.fields.extend(new_id.map(|id| (MESSAGE_ID_FIELD, id)));
        self.fields.push((mark::FIELD, mark.to_string()));
        self.envelope_id = Some(mark.envelope_id().to_string());
    }

    /// One field for all recipients says the worst of them: a good tag speaks for its own alone.
    fn say(&mut self, found: &Found) {
        if self.doubtful {
            return;
        }
        self.doubtful = found.is_doubtful();
        for (field, text) in [(STATUS_FIELD, found.status()), (VERDICT_FIELD, found.verdict())] {
            let said = self.fields.iter().position(|(name, _)| *name == field);
            match (said, text) {
                (None, Some(text)) => self.fields.push((field, text)),
                (Some(said), Some(text)) if self.doubtful => self.fields[said].1 = text,
                (Some(said), None) if self.doubtful => {
                    self.fields.remove(said);
                }
                _ => {}
            }
        }
    }

    fn add(&mut self, recipient: Recipient) {
        if let Some(found) = &recipient.found {
            self.say(found);
        }
        // To hold a message is to hold it for all.
        let held = recipient.found.filter(|found| found.disposition == Disposition::Quarantine);
        self.wanted |= held.is_none();
        self.hold = held.filter(|_| !self.wanted).map(|found| found.reason.as_str());
        if let Some(restored) = recipient.restored {
            let original = String::from_utf8_lossy(&recipient.given).into_owned();
            self.fields.push((RECIPIENT_FIELD, original));
            self.recipients.push((recipient.given, restored));
        }
    }
}
