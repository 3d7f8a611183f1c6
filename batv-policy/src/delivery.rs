//! Recipient with the message that was read: its ruling at the end of DATA.

use core::cell::OnceCell;

use batv_bounce::trusted_results::TrustedResults;
use batv_bounce::{Class, Evidence, Investigation, Origin, OwnMail, Proof, Provenance, Reading, SentQuery, is_daemon};
use batv_core::envelope::{Disposition, Judgement, Mode, Reason, Stage};
use batv_core::{Day, KeySet, Path};

use crate::answers::{Answers, Question, SentAnswer};
use crate::recipient::Recipient;
use crate::rows::{Facts, Row, join};
use crate::rules::{Rules, contain};
use crate::ruling::Ruling;
use crate::site::View;

impl<'s> View<'s> {
    /// Whether messages with this reverse-path are judged by their content.
    #[must_use]
    pub fn reads(self, reverse_path: Path<'_>) -> bool {
        match reverse_path {
            Path::Mailbox(sender) => self.rules.messages.daemon_senders && is_daemon(&sender),
            _ => true,
        }
    }

    /// Message that was read, for all its recipients.
    ///
    /// ```
    /// use batv_bounce::{Limits, read};
    /// use batv_core::{Day, KeySet};
    /// use batv_policy::{Rules, View};
    ///
    /// let reading = read(b"Subject: hello\n\n", None, &Limits::default());
    /// let rules = Rules::default();
    /// let keys = KeySet::default();
    /// let message = View::new(&keys, &rules).message(&reading, Day::new(20_782)?);
    /// # let _ = message;
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn message<'m, 'x>(self, reading: &'m Reading<'x>, today: Day) -> Message<'m, 'x>
    where
        's: 'm,
    {
        Message::new(self, reading, today)
    }

    fn ours(self) -> OwnMail<'s, String> {
        let Rules { protected, messages, .. } = self.rules;
        OwnMail {
            protected,
            dkim_keys: &messages.dkim_keys,
            marked_since: messages.marked_since,
            hosts: &messages.hosts,
        }
    }
}

impl<'s, 'a> Recipient<'s, 'a> {
    /// Recipient with the message that was read.
    pub fn with_message<'c, 'x>(&self, message: &'c Message<'c, 'x>) -> Delivery<'c, 's, 'a, 'x> {
        let provenance = message.investigation.origin(&self.mailbox());
        Delivery { recipient: *self, message, provenance }
    }

    fn replay(&self, judgement: &Judgement<'a>) -> Option<Question<'static, 'a>> {
        let days_left = self.examination.days_left().and_then(|days| u32::try_from(days).ok()).unwrap_or(0);
        let (tagged, mailbox) = (self.envelope.forward_path, self.mailbox());
        (judgement.reason == Reason::TagOk).then_some(Question::Replay { tagged, mailbox, days_left })
    }
}

/// Message that was read, for all its recipients.
///
/// ```
/// use batv_bounce::{Class, Limits, read};
/// use batv_core::envelope::Envelope;
/// use batv_core::{Day, KeySet, Mailbox, Path};
/// use batv_policy::{Answers, Rules, View};
///
/// let reading = read(b"Subject: hello\n\n", Some(Path::Null), &Limits::default());
/// let (rules, today) = (Rules::default(), Day::new(20_782)?);
/// let keys = KeySet::default();
/// let site = View::new(&keys, &rules);
/// let message = site.message(&reading, today);
/// for recipient in ["alice@example.com", "bob@example.com"] {
///     let envelope = Envelope::new(Path::Null, Mailbox::parse(recipient)?);
///     let ruling = site.recipient(&envelope, today).with_message(&message).data(&Answers::default());
///     assert_eq!(ruling.class, Some(Class::NullOther));
/// }
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Message<'m, 'x> {
    reading: &'m Reading<'x>,
    investigation: Investigation<'m, 'x, KeySet, String>,
    query: OnceCell<SentQuery>,
    author_is_proved: bool,
}

impl<'m, 'x> Message<'m, 'x> {
    pub(crate) fn new<'s: 'm>(site: View<'s>, reading: &'m Reading<'x>, today: Day) -> Self {
        let authserv_ids = &site.rules.messages.authserv_ids;
        Self {
            reading,
            investigation: Investigation::new(reading, site.keys, site.ours(), today),
            query: OnceCell::new(),
            author_is_proved: TrustedResults::of(&reading.header, authserv_ids).prove_author(&reading.header),
        }
    }
}

/// Recipient with the message that was read.
///
/// ```
/// use batv_bounce::{Class, Limits, read};
/// use batv_core::envelope::{Envelope, Mode, Reason};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path};
/// use batv_policy::{Answers, Question, Rules, SentAnswer, Site};
///
/// let keys = vec![Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha256, b"0123456789abcdef")?];
/// let site = Site::new(keys, Rules { mode: Mode::Reject, ..Rules::default() })?;
/// let today = Day::new(20_782)?;
///
/// let text = b"From: Bob <bob@example.net>\nAuto-Submitted: auto-replied\nIn-Reply-To: <1@example.com>\n\nI am away.\n";
/// let reading = read(text, Some(Path::Null), &Limits::default());
/// let message = site.view().message(&reading, today);
/// let reply = Envelope::new(Path::Null, Mailbox::parse("alice@example.com")?);
/// let recipient = site.view().recipient(&reply, today);
/// let delivery = recipient.with_message(&message);
///
/// // A caller with a log of sent mail asks it.
/// assert!(matches!(delivery.questions().next(), Some(Question::Sent { .. })));
/// assert_eq!(delivery.data(&Answers::default()).reason, Reason::AutoReplyUnverified);
/// let ruling = delivery.data(&Answers { sent: SentAnswer::Yes, ..Answers::default() });
/// assert_eq!((ruling.reason, ruling.class), (Reason::AutoReplyProved, Some(Class::AutoReply)));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Delivery<'c, 's, 'a, 'x> {
    recipient: Recipient<'s, 'a>,
    message: &'c Message<'c, 'x>,
    provenance: Provenance,
}

impl<'s, 'a> Delivery<'_, 's, 'a, '_> {
    /// Questions before the ruling at the end of DATA.
    pub fn questions(&self) -> impl Iterator<Item = Question<'_, 'a>> {
        let judgement = self.recipient.examination.judge(self.recipient.mode, Stage::EndOfData);
        let replay = self.recipient.replay(&judgement);
        replay.into_iter().chain(self.sent()).chain(self.recipient.handle(&judgement))
    }

    fn sent(&self) -> Option<Question<'_, 'a>> {
        let Message { reading, query, .. } = self.message;
        let is_about_sent_mail = reading.class.is_bounce()
            || matches!(reading.class, Class::Mdn | Class::AutoReply | Class::Challenge | Class::VirusNotice);
        if !is_about_sent_mail || matches!(self.provenance.origin, Origin::Proved(_)) {
            return None;
        }
        let query = query.get_or_init(|| SentQuery::of(reading));
        let sender = self.recipient.mailbox();
        (!query.is_empty()).then_some(Question::Sent { query, sender })
    }

    /// Ruling at the end of DATA.
    pub fn data(&self, answers: &Answers<'a>) -> Ruling<'a>
    where
        's: 'a,
    {
        let Recipient { examination, envelope, .. } = self.recipient;
        let facts = self.facts(answers);
        let judge = |mode| join(examination.judge(mode, Stage::EndOfData), envelope.reverse_path, &facts, mode);
        let (ruling, row) = self.recipient.rule(judge, answers);
        let row = row.map(|row| row.number);
        self.recipient.worded(Ruling { class: Some(facts.class), origin: Some(facts.origin), row, ..ruling })
    }

    /// Disposition in another mode, after these answers.
    #[must_use]
    pub fn disposition_in(&self, mode: Mode, answers: &Answers<'a>) -> Disposition {
        let Recipient { examination, envelope, .. } = self.recipient;
        join(examination.judge(mode, Stage::EndOfData), envelope.reverse_path, &self.facts(answers), mode).0.disposition
    }

    /// Row that decides; `None` if the envelope decides alone.
    #[must_use]
    pub fn row(&self, answers: &Answers<'_>) -> Option<&'static Row> {
        let Recipient { examination, envelope, mode, .. } = self.recipient;
        let by_envelope = examination.judge(mode, Stage::EndOfData);
        Row::find(envelope.reverse_path, by_envelope.reason, &self.facts(answers))
    }

    /// Origin of the returned message, without the log of sent mail.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.provenance.origin
    }

    /// Evidence of the origin, without the log of sent mail.
    #[must_use]
    pub fn evidence(&self) -> &[Evidence] {
        &self.provenance.evidence
    }

    fn facts(&self, answers: &Answers<'_>) -> Facts {
        let Message { reading, author_is_proved, .. } = self.message;
        let rules = &self.recipient.site.rules.messages;
        Facts {
            class: reading.class,
            origin: with_sent_log(self.provenance.origin, answers.sent),
            cut: reading.cut,
            report_is_welcome: answers.report_is_welcome
                || *author_is_proved
                || contain(&rules.report_recipients, &self.recipient.mailbox()),
            replayed: answers.replayed,
            hold_receipts: rules.hold_receipts,
            reject_daemon_senders: rules.reject_daemon_senders,
            reject_unverified: rules.reject_unverified,
        }
    }
}

/// Origin after the answer of the log of sent mail.
const fn with_sent_log(origin: Origin, sent: SentAnswer) -> Origin {
    match (origin, sent) {
        (Origin::Proved(_), _) | (_, SentAnswer::NotAsked | SentAnswer::No) => origin,
        (_, SentAnswer::Yes) => Origin::Proved(Proof::SentLog),
        (_, SentAnswer::ToOthers) => Origin::Hinted,
        // A log that is down might have had a proof.
        (Origin::Disproved, SentAnswer::Unanswered) => Origin::Unknown,
        (_, SentAnswer::Unanswered) => origin,
    }
}
