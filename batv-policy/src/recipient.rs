//! One recipient of one message: the ruling at RCPT TO, and that at the end of DATA.

use core::cell::OnceCell;

use batv_bounce::trusted_results::TrustedResults;
use batv_bounce::{Class, Evidence, Investigation, Origin, Proof, Provenance, Reading, SentQuery};
use batv_core::envelope::{Disposition, Envelope, Examination, Judgement, Mode, Policy, Reason, Reply, Stage};
use batv_core::{Day, Key, Mailbox, Path};

use crate::answers::{Answers, HandleAnswer, Question, SentAnswer};
use crate::rows::{Facts, Row, join};
use crate::rules::contain;
use crate::ruling::{Ruling, needs_message};
use crate::site::View;

/// One recipient of one message, with its tag or its SRS address verified.
///
/// ```
/// use batv_core::envelope::{Envelope, Mode, Reason};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path};
/// use batv_policy::{Answers, Rules, Site};
///
/// let keys = vec![Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let site = Site::new(keys, Rules { mode: Mode::Reject, ..Rules::default() })?;
/// let bounce = Envelope::new(Path::Null, Mailbox::parse("alice@example.com")?);
/// let recipient = site.view().recipient(&bounce, Day::new(18_262)?);
/// assert_eq!(recipient.rcpt(&Answers::default()).reason, Reason::Callout);
/// assert_eq!(recipient.data(&Answers::default()).reason, Reason::Untagged);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'s, 'a> {
    site: View<'s>,
    envelope: Envelope<'a>,
    examination: Examination<'a>,
    mode: Mode,
}

impl<'s, 'a> Recipient<'s, 'a> {
    pub(crate) fn new(site: View<'s>, envelope: &Envelope<'a>, policy: &Policy<'_, String>, today: Day) -> Self {
        let examination = Examination::new(envelope, site.keys, policy, today);
        // A tag leaves the domain as it is. An SRS address is judged by the mode of its own domain, not of the one inside.
        let own = if examination.is_srs() { envelope.forward_path } else { examination.mailbox() };
        Self { site, envelope: *envelope, examination, mode: site.rules.mode_for(&own) }
    }

    /// The recipient without its tag, or the sender inside of an SRS address; as it came when it has neither.
    pub const fn mailbox(&self) -> Mailbox<'a> {
        self.examination.mailbox()
    }

    /// Whether what a message says may change the ruling at the end of DATA.
    pub fn needs_message(&self) -> bool {
        needs_message(self.examination.judge(self.mode, Stage::EndOfData).reason)
    }

    /// What is to be asked before the ruling at RCPT TO, in this order. Where an answer says that the client brings too
    /// much, the questions after it need no answer.
    pub fn questions(&self) -> impl Iterator<Item = Question<'static, 'a>> + use<'a> {
        let judgement = self.examination.judge(self.mode, Stage::RcptTo);
        let is_counted = !self.envelope.trusted_client;
        let is_tagged = self.examination.is_tagged();
        let mailbox = self.examination.mailbox();
        let is_wrong = matches!(judgement.reason, Reason::TagForged | Reason::TaggedBad | Reason::SrsForged);
        let bounces = (is_counted && self.envelope.reverse_path == Path::Null).then_some(Question::Bounces);
        let guesses = (is_counted && is_tagged).then_some(Question::WrongTags { mailbox, is_wrong });
        bounces.into_iter().chain(guesses).chain(self.handle(&judgement))
    }

    /// A handle stands under a tag or an SRS address.
    fn handle(&self, judgement: &Judgement<'a>) -> Option<Question<'static, 'a>> {
        judgement.deliver_to.filter(|to| *to != self.envelope.forward_path).map(Question::Handle)
    }

    /// The ruling at RCPT TO.
    pub fn rcpt(&self, answers: &Answers<'a>) -> Ruling<'a> {
        let by_envelope = |mode| (self.examination.judge(mode, self.envelope.stage), None);
        let (ruling, _) = self.rule(by_envelope, answers);
        let reply = match answers {
            _ if self.envelope.trusted_client => return ruling,
            Answers { too_many_bounces: true, .. } => Reply::TOO_MANY_BOUNCES,
            Answers { too_many_wrong_tags: true, .. } => Reply::TOO_MANY_WRONG_TAGS,
            _ => return ruling,
        };
        if self.mode == Mode::Observe {
            return Ruling { in_reject: Disposition::Tempfail, ..ruling };
        }
        ruling.put_off(Reason::Throttled, reply, self.envelope.earlier)
    }

    /// What is to be asked before the ruling at the end of DATA without a message. A tag that is replayed must prove itself
    /// by its message, so that nobody asks for it here.
    pub fn data_questions(&self) -> impl Iterator<Item = Question<'static, 'a>> + use<'a> {
        self.handle(&self.examination.judge(self.mode, Stage::EndOfData)).into_iter()
    }

    fn replay(&self, judgement: &Judgement<'a>) -> Option<Question<'static, 'a>> {
        let days_left = self.examination.days_left().and_then(|days| u32::try_from(days).ok()).unwrap_or(0);
        let (tagged, mailbox) = (self.envelope.forward_path, self.mailbox());
        (judgement.reason == Reason::TagOk).then_some(Question::Replay { tagged, mailbox, days_left })
    }

    /// The ruling at the end of DATA, when the message is not read.
    pub fn data(&self, answers: &Answers<'a>) -> Ruling<'a> {
        self.rule(|mode| (self.examination.judge(mode, Stage::EndOfData), None), answers).0
    }

    /// The recipient with the message that was read.
    pub fn with_message<'c, 'x>(&self, message: &'c Message<'c, 'x>) -> Delivery<'c, 's, 'a, 'x> {
        let provenance = message.investigation.origin(&self.mailbox());
        Delivery { recipient: *self, message, provenance }
    }

    fn rule(
        &self,
        judge: impl Fn(Mode) -> (Judgement<'a>, Option<&'static Row>),
        answers: &Answers<'a>,
    ) -> (Ruling<'a>, Option<&'static Row>) {
        let (judgement, row) = judge(self.mode);
        let in_reject = if self.mode == Mode::Reject { judgement } else { judge(Mode::Reject).0 };
        let Envelope { earlier, .. } = self.envelope;
        let mut ruling = Ruling::new(&judgement, self.mode, in_reject.disposition, earlier);
        if ruling.deliver_to.is_some() {
            match answers.handle {
                HandleAnswer::None => {}
                HandleAnswer::Of(sender) => ruling.deliver_to = Some(sender),
                HandleAnswer::Unanswered => {
                    ruling = ruling.put_off(Reason::Internal, Reply::HANDLE_UNANSWERED, earlier);
                    // Whom mode `reject` refuses, it needs to know nothing more of.
                    if in_reject.deliver_to.is_none() {
                        ruling.in_reject = in_reject.disposition;
                    }
                }
            }
        }
        (ruling, row)
    }
}

/// A message that was read, and what it says to all its recipients.
///
/// ```
/// use batv_bounce::{Limits, read};
/// use batv_core::Day;
/// use batv_policy::{Rules, View};
///
/// let mut reading = read(b"Subject: hello\n\n", None, &Limits::default());
/// reading.cut = true;
/// let rules = Rules::default();
/// assert!(View::new(&[], &rules).message(&reading, Day::new(20_782)?).is_cut());
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Message<'m, 'x> {
    reading: &'m Reading<'x>,
    investigation: Investigation<'m, 'x, [Key], String>,
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

    /// Whether it was too long to be read to its end.
    pub const fn is_cut(&self) -> bool {
        self.reading.cut
    }
}

/// One recipient, and the message that was read.
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
/// // Who keeps a log of what was sent asks it.
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

impl<'a> Delivery<'_, '_, 'a, '_> {
    /// What is to be asked before the ruling at the end of DATA.
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

    /// The ruling at the end of DATA.
    pub fn data(&self, answers: &Answers<'a>) -> Ruling<'a> {
        let Recipient { examination, envelope, .. } = self.recipient;
        let facts = self.facts(answers);
        let judge = |mode| join(examination.judge(mode, Stage::EndOfData), envelope.reverse_path, &facts, mode);
        let (ruling, row) = self.recipient.rule(judge, answers);
        Ruling { class: Some(facts.class), origin: Some(facts.origin), row: row.map(|row| row.number), ..ruling }
    }

    /// Disposition in another mode, after these answers.
    pub fn disposition_in(&self, mode: Mode, answers: &Answers<'a>) -> Disposition {
        let Recipient { examination, envelope, .. } = self.recipient;
        join(examination.judge(mode, Stage::EndOfData), envelope.reverse_path, &self.facts(answers), mode).0.disposition
    }

    /// The row that decides; `None` when none is about it, and the envelope decides alone.
    pub fn row(&self, answers: &Answers<'_>) -> Option<&'static Row> {
        let Recipient { examination, envelope, mode, .. } = self.recipient;
        let by_envelope = examination.judge(mode, Stage::EndOfData);
        Row::find(envelope.reverse_path, by_envelope.reason, &self.facts(answers))
    }

    /// Whose message it returns, by what tells it besides the log of what was sent.
    pub const fn origin(&self) -> Origin {
        self.provenance.origin
    }

    /// What tells whose message it returns, besides the log of what was sent.
    pub fn evidence(&self) -> &[Evidence] {
        &self.provenance.evidence
    }

    fn facts(&self, answers: &Answers<'_>) -> Facts {
        let Message { reading, author_is_proved, .. } = self.message;
        let rules = &self.recipient.site.rules.messages;
        let mut facts = Facts::new(reading.class);
        facts.origin = with_sent_log(self.provenance.origin, answers.sent);
        facts.cut = reading.cut;
        facts.report_is_welcome = answers.report_is_welcome
            || *author_is_proved
            || contain(&rules.report_recipients, &self.recipient.mailbox());
        facts.replayed = answers.replayed;
        facts.hold_receipts = rules.hold_receipts;
        facts.reject_daemon_senders = rules.reject_daemon_senders;
        facts.reject_unverified = rules.reject_unverified;
        facts
    }
}

/// The origin, once the log of what was sent has answered.
const fn with_sent_log(origin: Origin, sent: SentAnswer) -> Origin {
    match (origin, sent) {
        (Origin::Proved(_), _) | (_, SentAnswer::NotAsked | SentAnswer::No) => origin,
        (_, SentAnswer::Yes) => Origin::Proved(Proof::SentLog),
        (_, SentAnswer::ToOthers) => Origin::Hinted,
        // What the log might have proved is not disproved for want of an answer.
        (Origin::Disproved, SentAnswer::Unanswered) => Origin::Unknown,
        (_, SentAnswer::Unanswered) => origin,
    }
}
