//! One message: its client, its reverse-path, its recipients one by one, its end. What every door asks.

use alloc::sync::Arc;
use core::fmt;
use core::net::IpAddr;
use core::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use batv_bounce::header::fields;
use batv_bounce::may_bounce::{May, Question, may_bounce};
use batv_bounce::{Origin, is_daemon};
use batv_core::envelope::{self, Disposition, Earlier, Envelope, Finding, Judgement, Mode, Moment, OnError, Reason};
use batv_core::prvs::{self, Signing};
use batv_core::srs::{Forwarding, SrsVerdict};
use batv_core::{Day, Error, Mailbox, Path, mark};
use batv_report::Outcome as Departed;
use batv_store::counter::Networks;
use tracing::{error, info, warn};

use crate::config::{Mixed, ReverseFor};
use crate::content::{Content, Needed};
use crate::decision::{Judged, Occasion, Ruling};
use crate::door::Protocol;
use crate::memory::alias::{self, Alias};
use crate::memory::{Wait, guesses, replay, sent};
use crate::message::Message;
use crate::settings::Settings;
use crate::signing;

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
/// The reason of what is judged by its SRS address, which the core doesn't have.
const SRS: &str = "srs";
const CLOCK_WRONG: &str = "451 4.3.0 bounce tags can't be checked just now: try again later";
const ALIAS_UNANSWERED: &str = "451 4.3.0 for whom this is can't be looked up just now: try again later";
const TOO_MANY_BOUNCES: &str = "451 4.7.1 too many bounces at a time from your network: try again later";
const TOO_MANY_RECIPIENTS: &str = "452 4.5.3 too many recipients: send the others in another message";
const TOO_MANY_WRONG_TAGS: &str = "451 4.7.1 too many wrong tags: try again later";
const SRS_NOT_A_BOUNCE: &str = "550 5.7.1 this address takes bounces to forwarded mail, and nothing else";
const ONE_AT_A_TIME: &str = "452 4.5.3 a bounce has one recipient: send the others one by one";
const SRS_WRONG: &str = "550 5.7.1 we forwarded nothing from this address";

/// Who brings a message.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Client {
    /// Its address, where there is one.
    pub address: Option<IpAddr>,
    /// Whether it is on this host for sure: it came over a Unix socket, or on the command line.
    pub local: bool,
    /// Whether it has authenticated itself.
    pub authenticated: bool,
    /// The name of the listener that it came through.
    pub daemon_name: String,
}

impl Client {
    fn is_internal(&self, settings: &Settings) -> bool {
        self.authenticated || self.local || settings.is_internal(self.address, &self.daemon_name)
    }

    /// Whose the handles are that are made for it.
    fn owner(&self) -> String {
        self.address.map_or_else(|| self.to_string(), |address| Networks::CLIENT.of(address).to_string())
    }

    /// Whether it is one of ours, or one that is left alone.
    pub(crate) fn is_trusted(&self, settings: &Settings) -> bool {
        self.is_internal(settings) || settings.is_exempt(self.address)
    }
}

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
/// use batv_mta::config::Config;
/// use batv_mta::content::{Content, Needed};
/// use batv_mta::door::Protocol;
/// use batv_mta::settings::Settings;
/// use batv_mta::transaction::{Answer, Client, Outcome, Transaction};
///
/// let keyring = Keyring::parse("[[key]]\nuse = 'batv'\nid = 4\nsecret = 'text:s3kr1t'\nstate = 'signing'\n")?;
/// let config = "verify.mode = 'reject'\nmessages.marked_since = 2026-01-01";
/// let settings = Arc::new(Settings::new(Config::parse(config)?, keyring)?);
///
/// // Mail of a user of ours leaves with a tag.
/// let mut client = Client::default();
/// client.authenticated = true;
/// let mut message = Transaction::new(Protocol::Milter, client, b"<alice@example.com>", &settings);
/// assert_eq!(message.recipient(b"<dave@example.net>", "smtp"), Answer::Continue);
/// let mut content = Content::new(message.needs(), 1024);
/// content.field(b"Message-ID", b"<1@example.com>");
/// let Outcome::Take(edits) = message.end_of_data(&content) else { panic!() };
/// assert_eq!(edits.fields[0].0, "X-BATV-Mark");
/// let tagged = edits.sender.ok_or("no tag")?;
///
/// // Its bounce gets its recipient back; one without a tag that returns a stranger's message is refused at the end.
/// let mut bounce = Transaction::new(Protocol::Milter, Client::default(), b"<>", &settings);
/// assert_eq!(bounce.recipient(tagged.as_bytes(), ""), Answer::Continue);
/// let Outcome::Take(edits) = bounce.end_of_data(&Content::default()) else { panic!() };
/// assert_eq!(edits.recipients, [(tagged.into_bytes(), "alice@example.com".to_owned())]);
///
/// let mut forged = Transaction::new(Protocol::Milter, Client::default(), b"<>", &settings);
/// assert_eq!(forged.recipient(b"<alice@example.com>", ""), Answer::Continue);
/// let mut content = Content::new(forged.needs(), 1024);
/// content.field(b"Content-Type", b"multipart/report; report-type=delivery-status; boundary=b");
/// content.body(b"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nReceived: from mx.example.net\r\n\
///     From: alice@example.com\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n--b--\r\n");
/// assert!(matches!(forged.end_of_data(&content), Outcome::Refuse(reply) if reply.starts_with("550 5.7.1 ")));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Transaction {
    door: Protocol,
    settings: Arc<Settings>,
    /// The day on which it began, by which all of it is decided; `None` when the clock could not be read.
    today: Option<Day>,
    client: Client,
    outgoing: bool,
    trusted: bool,
    reverse_path: Vec<u8>,
    recipients: Vec<Recipient>,
    earlier: Earlier,
    sender_is_told: bool,
    wait: Wait,
    /// Whether its client may be guessing, whatever the next recipient is.
    guesses: bool,
    /// The mail server's name for the message, as soon as it has one.
    pub queue_id: String,
}

#[derive(Debug)]
struct Recipient {
    given: Vec<u8>,
    /// Whether it is delivered elsewhere.
    leaves: bool,
    restored: Option<String>,
    found: Option<Found>,
    settled: bool,
    /// Whether it takes bounces to mail that we forwarded.
    forwarded: bool,
}

/// What was found for one recipient, as header fields tell it.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    finding: Finding,
    reason: Reason,
    disposition: Disposition,
    mode: Mode,
    /// Class and origin of the message, where it was read.
    pub(crate) message: Option<(&'static str, Origin)>,
}

impl Transaction {
    /// A message begins: the argument of MAIL FROM, with or without brackets.
    pub fn new(door: Protocol, client: Client, reverse_path: &[u8], settings: &Arc<Settings>) -> Self {
        Self {
            door,
            settings: Arc::clone(settings),
            today: settings.today().ok(),
            outgoing: client.is_internal(settings) && !settings.is_exempt(client.address),
            trusted: client.is_trusted(settings),
            client,
            reverse_path: reverse_path.to_vec(),
            recipients: Vec::new(),
            earlier: Earlier::None,
            sender_is_told: false,
            wait: Wait::new(settings),
            guesses: false,
            queue_id: String::new(),
        }
    }

    /// A recipient: the argument of RCPT TO, with or without brackets, and the mail server's name for the way in which
    /// it delivers there, empty when it doesn't say.
    pub fn recipient(&mut self, given: &[u8], mailer: &str) -> Answer {
        let settings = &Arc::clone(&self.settings);
        if self.recipients.len() >= settings.config().limits.recipients {
            settings.metrics().count_limit("recipients");
            return Answer::Reply(TOO_MANY_RECIPIENTS.to_owned());
        }
        let leaves = settings.config().srs.mailers.iter().any(|known| known == mailer);
        let mut recipient =
            Recipient { given: given.to_vec(), leaves, restored: None, found: None, settled: true, forwarded: false };
        // What is no address is the mail server's to refuse.
        if let (Ok(reverse_path), Ok(Path::Mailbox(mailbox))) = (Path::parse(&self.reverse_path), Path::parse(given)) {
            let Some(today) = self.today else { return self.no_clock(recipient, &mailbox) };
            let occasion = self.occasion(reverse_path, "rcpt");
            match reverse_srs(&occasion, &mailbox, self.earlier, self.trusted, settings, today) {
                Reversal::Other | Reversal::Wrong => {}
                Reversal::Restored(restored) => {
                    if reverse_path == Path::Null {
                        self.earlier = after_srs(self.earlier);
                        recipient.found = Some(Found::genuine(settings.policy(&mailbox).mode));
                    }
                    recipient.restored = Some(restored);
                    recipient.forwarded = true;
                }
                Reversal::Refused { reply, .. } => return Answer::Reply(reply.to_owned()),
            }
            if recipient.restored.is_none() {
                let envelope = self.envelope(reverse_path, mailbox, Moment::RcptTo);
                let judged = judge(&envelope, settings, today);
                let Judged { judgement, mode, .. } = judged;
                let asking = Asking { door: self.door, client: &self.client, settings, wait: &self.wait };
                let too_much = if self.guesses && judgement.mailbox != mailbox {
                    Some(TooMuch::Guesses)
                } else {
                    too_much(&envelope, &judgement, &asking)
                };
                self.guesses |= too_much == Some(TooMuch::Guesses);
                if let Some(reply) = too_much.and_then(|too_much| too_much.reply(mode, settings)) {
                    self.occasion(reverse_path, "rcpt").tell_ruling(
                        &Ruling::throttled(mode),
                        &judgement.mailbox,
                        None,
                        settings,
                    );
                    return Answer::Reply(reply.to_owned());
                }
                if !matches!(judgement.reason, Reason::NotJudged | Reason::Exempt) {
                    let to = judgement.deliver_to.unwrap_or(mailbox);
                    self.occasion(reverse_path, "rcpt").tell(&judged, &to, settings);
                }
                let Some(deliver_to) = judgement.deliver_to else { return Answer::Reply(judgement.reply.to_string()) };
                if reverse_path == Path::Null {
                    self.earlier = self.earlier.and(&judgement, mode);
                }
                recipient.found = Some(Found::of(&judged));
                recipient.settled = judgement.settled;
                recipient.restored = (deliver_to != mailbox).then(|| deliver_to.to_string());
            }
            let bare = recipient.restored.as_deref().and_then(|restored| Mailbox::parse(restored).ok());
            match bare.map_or(Alias::No, |bare| alias::resolve(&bare, settings, &self.wait)) {
                Alias::Of(sender) => recipient.restored = Some(sender),
                Alias::Unanswered => {
                    let mode = settings.policy(&mailbox).mode;
                    // Only the store knows him.
                    let ruling = Ruling::new("undecided", Reason::Internal.as_str(), "tempfail", mode);
                    self.occasion(reverse_path, "rcpt").tell_ruling(&ruling, &mailbox, None, settings);
                    return Answer::Reply(ALIAS_UNANSWERED.to_owned());
                }
                // Nobody has this name, as the mail server will find.
                Alias::No | Alias::Forgotten => {}
            }
        }
        self.recipients.push(recipient);
        Answer::Continue
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
        let mailboxes: Vec<Mailbox<'_>> = recipients
            .iter()
            .filter_map(|recipient| match Path::parse(&recipient.given) {
                Ok(Path::Mailbox(mailbox)) => Some(mailbox),
                _ => None,
            })
            .collect();
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
        match Path::parse(&self.reverse_path) {
            Ok(reverse_path) if self.is_read(reverse_path) => Needed::All,
            Ok(Path::Mailbox(sender))
                if self.marks(&sender) || self.is_remembered(&sender) || self.asks_for_proof() =>
            {
                Needed::Header
            }
            _ => Needed::Nothing,
        }
    }

    /// Whether the message is judged by what it says.
    fn is_read(&self, reverse_path: Path<'_>) -> bool {
        let for_us = |recipient: &Recipient| {
            !recipient.forwarded && recipient.found.as_ref().is_some_and(|found| needs_message(found.reason))
        };
        !self.trusted && reads_from(reverse_path, &self.settings) && self.recipients.iter().any(for_us)
    }

    /// Whether a bounce of the message may leave only for a sender who is proved. Other doors can't keep it back.
    fn asks_for_proof(&self) -> bool {
        self.door == Protocol::Milter && !self.trusted && self.settings.config().bounces.never_to_unproved
    }

    /// Whether it is remembered that the message leaves.
    fn is_remembered(&self, sender: &Mailbox<'_>) -> bool {
        let settings = &*self.settings;
        self.outgoing && sent::is_kept(settings) && settings.is_ours(sender) && settings.is_signed(sender)
    }

    /// Whether the message leaves with a mark.
    fn marks(&self, sender: &Mailbox<'_>) -> bool {
        self.outgoing && is_marked(sender, &self.settings)
    }

    /// The end of DATA, with what was [needed](Self::needs) of the message. Nothing of it is judged by its envelope alone.
    pub fn end_of_data(mut self, content: &Content) -> Outcome {
        let settings = &Arc::clone(&self.settings);
        let sender = if self.sender_is_told { None } else { self.sign() };
        let mut edits = Edits { sender, ..Edits::default() };
        let mut refusal = None;
        let mut taken = 0_usize;
        let recipients = core::mem::take(&mut self.recipients);
        let reverse_path = self.reverse_path.clone();
        let reverse_path = Path::parse(&reverse_path).ok();
        if let Some(Path::Mailbox(sender)) = &reverse_path {
            if let Some((mark, new_id)) = self.mark(sender, content) {
                edits.mark(mark, new_id);
            }
            self.remember(sender, &edits, &recipients, content);
            edits.never_notify = self.asks_for_proof() && !self.may_bounce(sender, content);
        }
        let message = reverse_path.filter(|_| content.is_message()).map(|path| Message::read(content, path, settings));
        let ours = settings.ours();
        let read = message.as_ref().zip(self.today);
        let read = read.map(|(message, today)| (message, message.investigation(&ours, settings, today)));
        self.earlier = Earlier::None;
        for mut recipient in recipients {
            if (message.is_some() || !recipient.settled)
                && !recipient.forwarded
                && let (Some(reverse_path), Ok(Path::Mailbox(mailbox))) = (reverse_path, Path::parse(&recipient.given))
            {
                let Some(today) = self.today else {
                    if waits_for_clock(&mailbox, settings) {
                        return Outcome::Refuse(CLOCK_WRONG.to_owned());
                    }
                    taken += 1;
                    edits.add(recipient);
                    continue;
                };
                let mut envelope = self.envelope(reverse_path, mailbox, Moment::EndOfData);
                let is_replayed =
                    recipient.is_to_good_tag() && replay::is_replayed(&mailbox, settings, today, &self.wait);
                if is_replayed {
                    settings.metrics().count_limit("bounces_per_tag");
                }
                let judged = read.as_ref().map(|(message, investigation)| {
                    message.judge(&envelope, investigation, is_replayed, settings, today, &self.wait)
                });
                let judged = judged.unwrap_or_else(|| judge(&envelope, settings, today));
                let judgement = judged.judgement;
                envelope.forward_path = judgement.deliver_to.unwrap_or(mailbox);
                let occasion = self.occasion(reverse_path, "data");
                // What the message didn't change has been told.
                let told =
                    recipient.settled && recipient.found.as_ref().is_some_and(|found| found.reason == judgement.reason);
                if !told && !matches!(judgement.reason, Reason::NotJudged | Reason::Exempt) {
                    occasion.tell(&judged, &envelope.forward_path, settings);
                }
                let found = Found::of(&judged);
                // When others take the message, he gets it with them.
                edits.say(&found);
                recipient.found = Some(found);
                if judgement.deliver_to.is_none() {
                    refusal = Some(judgement.reply.to_string());
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
        Some((mark::make(self.settings.keys(), message_id.as_bytes(), sender, self.today?)?, new_id))
    }

    /// Whether the sender is proved, so that he may be told what becomes of the message.
    fn may_bounce(&self, sender: &Mailbox<'_>, content: &Content) -> bool {
        let settings = &*self.settings;
        let mut question = Question::new(Path::Mailbox(*sender));
        question.header = content.octets();
        question.tag = self.today.map(|today| prvs::verify(settings.keys(), sender, today).verdict);
        let answer = may_bounce(&question, &settings.bounces());
        if answer.may == May::Yes {
            return true;
        }
        settings.metrics().count_sender(self.door, Departed::NotNotified, None);
        info!(queue_id = self.queue_id, from = %sender, reason = %answer.reason, "never notified");
        false
    }

    fn envelope<'a>(&self, reverse_path: Path<'a>, mailbox: Mailbox<'a>, moment: Moment) -> Envelope<'a> {
        let mut envelope = Envelope::new(reverse_path, mailbox);
        envelope.trusted_client = self.trusted;
        envelope.earlier = self.earlier;
        envelope.moment = moment;
        envelope
    }

    fn no_clock(&mut self, recipient: Recipient, mailbox: &Mailbox<'_>) -> Answer {
        error!("the clock can't be read");
        if waits_for_clock(mailbox, &self.settings) {
            return Answer::Reply(CLOCK_WRONG.to_owned());
        }
        self.recipients.push(recipient);
        Answer::Continue
    }

    /// The reverse-path that the message leaves with, when it is another.
    fn sign(&self) -> Option<String> {
        let Ok(Path::Mailbox(sender)) = Path::parse(&self.reverse_path) else { return None };
        let (settings, today) = (&*self.settings, self.today?);
        if settings.is_ours(&sender) {
            // What is ours is not forwarded, also where it goes without a tag.
            if !self.outgoing || !settings.is_signed(&sender) {
                return None;
            }
            let letters = signing::letters(&sender, settings);
            return self.tag(&sender, signing::sign(&sender, letters.as_deref(), settings, today));
        }
        if !self.recipients.iter().any(|recipient| recipient.leaves) {
            return None;
        }
        let forwarding = settings.with_srs(|srs| match srs.forward(settings.keys(), &sender, today) {
            Ok(Forwarding::Rewritten(rewritten)) => Ok(Some(rewritten.to_string())),
            Ok(Forwarding::Unchanged(_)) => Ok(None),
            Err(error) => {
                match signing::forward_alias(&sender, &self.client.owner(), &srs, settings, today, &self.wait) {
                    Some(rewritten) => Ok(Some(rewritten)),
                    None => Err(error),
                }
            }
        });
        match forwarding? {
            Ok(rewritten) => {
                if rewritten.is_some() {
                    settings.metrics().count_sender(self.door, Departed::Forwarded, None);
                    info!(queue_id = self.queue_id, from = %sender, "forwarded");
                }
                rewritten
            }
            Err(error) => {
                settings.metrics().count_sender(self.door, Departed::NotForwarded, None);
                warn!(queue_id = self.queue_id, from = %sender, reason = %error, "left as it is");
                None
            }
        }
    }

    fn tag(&self, sender: &Mailbox<'_>, signing: Result<Signing<'_>, Error>) -> Option<String> {
        let settings = &*self.settings;
        if self.is_exempt_from_tags() {
            settings.metrics().count_sender(self.door, Departed::Exempt, None);
            info!(queue_id = self.queue_id, from = %sender, reason = "exempt-recipient", "left untagged");
            return None;
        }
        match signing {
            Ok(Signing::Tagged(tagged)) => {
                settings.metrics().count_sender(self.door, Departed::Tagged, Some(tagged.key_id()));
                info!(queue_id = self.queue_id, from = %sender, key = %tagged.key_id(), "tagged");
                Some(tagged.to_string())
            }
            Ok(_) => None,
            Err(error) => {
                let owner = self.client.owner();
                let alias =
                    self.today.and_then(|today| signing::sign_alias(sender, &owner, settings, today, &self.wait));
                if let Some(tagged) = alias {
                    settings.metrics().count_sender(self.door, Departed::Aliased, None);
                    info!(queue_id = self.queue_id, from = %sender, reason = %error, "tagged by a handle");
                    return Some(tagged);
                }
                settings.metrics().count_sender(self.door, Departed::Untagged, None);
                warn!(queue_id = self.queue_id, from = %sender, reason = %error, "left untagged");
                None
            }
        }
    }

    fn is_exempt_from_tags(&self) -> bool {
        let settings = &*self.settings;
        let exempt = |recipient: &&Recipient| match Path::parse(&recipient.given) {
            Ok(Path::Mailbox(mailbox)) => settings.is_exempt_recipient(&mailbox),
            _ => false,
        };
        let exempt = self.recipients.iter().filter(exempt).count();
        match settings.config().sign.mixed_recipients {
            Mixed::Unsigned => exempt > 0,
            Mixed::Signed => exempt > 0 && exempt == self.recipients.len(),
        }
    }

    fn occasion<'o>(&'o self, reverse_path: Path<'o>, at: &'static str) -> Occasion<'o> {
        Occasion { door: self.door, queue_id: &self.queue_id, client: &self.client, reverse_path, at }
    }
}

/// Whether mail to this recipient is put off while the clock can't be read.
fn waits_for_clock(mailbox: &Mailbox<'_>, settings: &Settings) -> bool {
    settings.config().on_error == OnError::Tempfail && settings.policy(mailbox).mode > Mode::Observe
}

/// Who asks whether a client brings too much.
pub(crate) struct Asking<'s> {
    pub(crate) door: Protocol,
    pub(crate) client: &'s Client,
    pub(crate) settings: &'s Settings,
    pub(crate) wait: &'s Wait,
}

/// Of what a client brings too much.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TooMuch {
    /// Bounces in a minute.
    Bounces,
    /// Wrong tags.
    Guesses,
}

/// Whether the client brings too much, whatever this is. It is counted.
pub(crate) fn too_much(envelope: &Envelope<'_>, judgement: &Judgement<'_>, asking: &Asking<'_>) -> Option<TooMuch> {
    if envelope.trusted_client {
        return None;
    }
    let Asking { door, client, settings, wait } = *asking;
    let bounces = &settings.memory().bounces;
    if envelope.reverse_path == Path::Null
        && client.address.is_some_and(|client| bounces.are_too_many(door, client, settings))
    {
        return Some(TooMuch::Bounces);
    }
    let is_tagged = judgement.mailbox != envelope.forward_path;
    let is_wrong = matches!(judgement.reason, Reason::TagForged | Reason::TaggedBad);
    let guesses = is_tagged && guesses::are_too_many(client.address, &judgement.mailbox, is_wrong, settings, wait);
    guesses.then_some(TooMuch::Guesses)
}

impl TooMuch {
    /// Why the client is to come again later. Mode observe only counts.
    pub(crate) fn reply(self, mode: Mode, settings: &Settings) -> Option<&'static str> {
        let (limit, reply) = match self {
            Self::Bounces => ("bounces_per_minute", TOO_MANY_BOUNCES),
            Self::Guesses => ("wrong_tags", TOO_MANY_WRONG_TAGS),
        };
        settings.metrics().count_limit(limit);
        (mode > Mode::Observe).then_some(reply)
    }
}

/// Whether messages with this reverse-path are judged by what they say.
pub(crate) fn reads_from(reverse_path: Path<'_>, settings: &Settings) -> bool {
    let messages = &settings.config().messages;
    messages.judge
        && match reverse_path {
            Path::Mailbox(sender) => messages.daemon_senders && is_daemon(&sender),
            _ => true,
        }
}

/// Whether what the message says could change this judgement of its envelope.
pub(crate) const fn needs_message(reason: Reason) -> bool {
    !matches!(reason, Reason::Exempt | Reason::Rfc5321Postmaster)
}

/// One that nothing else has: of this moment, this process, and how many came before.
fn new_message_id(sender: &Mailbox<'_>) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("<{now:x}.{:x}.{count:x}@{}>", std::process::id(), sender.domain())
}

fn is_marked(sender: &Mailbox<'_>, settings: &Settings) -> bool {
    settings.config().messages.mark && settings.is_ours(sender) && settings.is_signed(sender)
}

/// The mark of a message that leaves with this reverse-path, for who adds it himself.
pub(crate) fn mark(sender: &Mailbox<'_>, message_id: &[u8], settings: &Settings) -> Option<mark::Mark> {
    if !is_marked(sender, settings) {
        return None;
    }
    mark::make(settings.keys(), message_id, sender, settings.today().ok()?)
}

/// Judges by the envelope alone.
pub(crate) fn judge<'a>(envelope: &Envelope<'a>, settings: &Settings, today: Day) -> Judged<'a> {
    Judged::by(envelope, None, settings, |policy| envelope::judge(envelope, settings.keys(), policy, today))
}

/// What to say of the next recipient after one that takes a bounce of forwarded mail.
pub(crate) fn after_srs(earlier: Earlier) -> Earlier {
    if earlier == Earlier::None { Earlier::Settled } else { earlier }
}

/// What a recipient is to SRS.
pub(crate) enum Reversal {
    /// None of our SRS addresses.
    Other,
    /// One that we didn't make: it is told, and mode `reject` would refuse it. It is as any other address.
    Wrong,
    /// The sender of mail that we forwarded.
    Restored(String),
    /// Not taken, with this reply.
    Refused { told: Ruling, reply: &'static str },
}

/// Reverses an SRS address of ours, or says why it isn't taken.
pub(crate) fn reverse_srs(
    occasion: &Occasion<'_>,
    mailbox: &Mailbox<'_>,
    earlier: Earlier,
    trusted: bool,
    settings: &Settings,
    today: Day,
) -> Reversal {
    let reversal = settings.with_srs(|srs| {
        let reversal = srs.reverse(settings.keys(), mailbox, today);
        (reversal.verdict, reversal.mailbox.map(|mailbox| mailbox.to_string()))
    });
    let for_bounces = settings.config().srs.reverse_for == ReverseFor::Bounces;
    let mode = settings.policy(mailbox).mode;
    let refused = |verdict, reason, disposition, reply| {
        let told = Ruling::new(verdict, reason, disposition, mode);
        (told, Reversal::Refused { told, reply })
    };
    let (told, reversal) = match reversal {
        None | Some((SrsVerdict::Foreign | SrsVerdict::Untagged, _)) => return Reversal::Other,
        // Whoever has seen an SRS address could else send through us to the address inside it.
        Some(_) if occasion.reverse_path != Path::Null && !trusted && for_bounces => {
            refused("not-judged", SRS, "reject", SRS_NOT_A_BOUNCE)
        }
        // The message decides about the earlier one, and this one would have it taken for both.
        Some(_) if earlier == Earlier::Undecided && occasion.reverse_path == Path::Null => {
            refused("undecided", Reason::NullMultiRcpt.as_str(), "tempfail", ONE_AT_A_TIME)
        }
        Some((SrsVerdict::Valid, Some(restored))) => (srs_restored(mode), Reversal::Restored(restored)),
        Some(_) if !trusted && mode == Mode::Reject => refused("disproved", SRS, "reject", SRS_WRONG),
        Some(_) if trusted => return Reversal::Other,
        Some(_) => {
            let told = Ruling { in_reject: "reject", ..Ruling::new("disproved", SRS, "accept", mode) };
            (told, Reversal::Wrong)
        }
    };
    occasion.tell_ruling(&told, mailbox, None, settings);
    reversal
}

/// What is told of a bounce to mail that we forwarded.
pub(crate) const fn srs_restored(mode: Mode) -> Ruling {
    Ruling::new("genuine", SRS, "accept", mode)
}

impl Recipient {
    /// Whether it is a bounce, and the tag alone has it taken.
    fn is_to_good_tag(&self) -> bool {
        self.found.as_ref().is_some_and(|found| matches!(found.reason, Reason::TagOk) && !self.forwarded)
    }
}

impl Found {
    pub(crate) const fn of(judged: &Judged<'_>) -> Self {
        let Judged { judgement: Judgement { finding, reason, disposition, .. }, mode, message, .. } = *judged;
        Self { finding, reason, disposition, mode, message }
    }

    pub(crate) const fn genuine(mode: Mode) -> Self {
        Self { finding: Finding::Genuine, reason: Reason::TagOk, disposition: Disposition::Accept, mode, message: None }
    }

    const fn is_doubtful(&self) -> bool {
        let is_accepted = matches!(self.disposition, Disposition::Accept);
        matches!(self.finding, Finding::Disproved | Finding::Unverified)
            || !matches!(self.finding, Finding::Genuine) && !is_accepted
    }

    /// What batv-tools wrote, with our reason after it.
    pub(crate) fn status(&self) -> Option<String> {
        match self.finding {
            _ if self.mode == Mode::Observe => None,
            Finding::Genuine => Some(VALID.to_owned()),
            Finding::Disproved | Finding::Unverified => Some(format!("invalid, {}", self.reason)),
            _ => None,
        }
    }

    /// All that was found, for who reads it by program.
    pub(crate) fn verdict(&self) -> Option<String> {
        let (class, origin) = self.message.filter(|_| self.mode > Mode::Observe && self.reason != Reason::Exempt)?;
        let Self { finding, reason, disposition, .. } = self;
        Some(format!("{finding}; reason={reason}; class={class}; origin={origin}; disposition={disposition}"))
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

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(address) => address.fmt(f),
            None => f.write_str("local"),
        }
    }
}
