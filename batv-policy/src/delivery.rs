//! Recipient with the message that was read: its ruling at the end of DATA.

use core::cell::OnceCell;
use core::iter;

use batv_bounce::trusted_results::TrustedResults;
use batv_bounce::{Class, Evidence, Investigation, Origin, OwnMail, Proof, Provenance, Reading, SentQuery, is_daemon};
use batv_core::envelope::{Disposition, Judgement, Mode, PROOF_GRACE_DAYS, QUEUE_DAYS, Reason, Stage};
use batv_core::{Day, KeySet, Mailbox, Path, TagVerdict, tag};

use crate::answers::{Answers, Question, Replayed, SentAnswer, TagPlace};
use crate::recipient::Recipient;
use crate::rows::{Facts, Row, join};
use crate::rules::{Rules, contain};
use crate::ruling::{Ruling, needs_message};
use crate::site::View;

impl<'s> View<'s> {
    /// Whether messages with this reverse-path are judged by their content: the null reverse-path, and where the rules say so
    /// that of a daemon. The content of others changes no ruling, so that a caller need not read it.
    ///
    /// ```
    /// use batv_core::{KeySet, Path};
    /// use batv_policy::{Rules, View};
    ///
    /// let (keys, mut rules) = (KeySet::default(), Rules::default());
    /// let daemon = Path::parse("MAILER-DAEMON@mx.example.net")?;
    /// assert!(View::new(&keys, &rules).reads(Path::Null) && !View::new(&keys, &rules).reads(daemon));
    /// rules.messages.daemon_senders = true;
    /// assert!(View::new(&keys, &rules).reads(daemon));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn reads(self, reverse_path: Path<'_>) -> bool {
        match reverse_path {
            Path::Mailbox(sender) => self.rules.messages.daemon_senders && is_daemon(&sender),
            Path::Null => true,
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
            identities: &messages.identities,
        }
    }
}

impl<'s, 'a> Recipient<'s, 'a> {
    /// Recipient with the message that was read.
    pub fn with_message<'c, 'x>(&self, message: &'c Message<'c, 'x>) -> Delivery<'c, 's, 'a, 'x> {
        let counts = self.site.reads(self.envelope.reverse_path);
        Delivery { recipient: *self, message, provenance: OnceCell::new(), counts }
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
    /// Of a message that we forwarded, which is not ours.
    forwarded: Provenance,
}

impl<'m, 'x> Message<'m, 'x> {
    pub(crate) fn new<'s: 'm>(site: View<'s>, reading: &'m Reading<'x>, today: Day) -> Self {
        let authserv_ids = &site.rules.messages.authserv_ids;
        Self {
            reading,
            investigation: Investigation::new(reading, site.keys, site.ours(), today),
            query: OnceCell::new(),
            author_is_proved: TrustedResults::of(&reading.header, authserv_ids).prove_author(&reading.header),
            forwarded: Provenance::default(),
        }
    }

    /// Whether it has too many recipients, or too much in the headers that it returns, so that for some recipients not all was looked
    /// for: they are quarantined at most.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.investigation.is_cut()
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
/// assert!(delivery.questions().any(|question| matches!(question, Question::Sent { .. })));
/// assert_eq!(delivery.data(&Answers::default()).reason, Reason::AutoReplyUnverified);
/// let ruling = delivery.data(&Answers { sent: SentAnswer::Yes, ..Answers::default() });
/// assert_eq!((ruling.reason, ruling.class), (Reason::AutoReplyProved, Some(Class::AutoReply)));
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Delivery<'c, 's, 'a, 'x> {
    recipient: Recipient<'s, 'a>,
    message: &'c Message<'c, 'x>,
    provenance: OnceCell<&'c Provenance>,
    /// Whether the content of the message may change the ruling.
    counts: bool,
}

impl<'c, 's, 'a> Delivery<'c, 's, 'a, '_> {
    /// Origin of the returned message. It is looked for when it is needed first.
    fn provenance(&self) -> &'c Provenance {
        let Message { investigation, forwarded, .. } = self.message;
        let recipient = &self.recipient;
        self.provenance.get_or_init(|| {
            if recipient.examination.is_srs() { forwarded } else { investigation.origin(&recipient.mailbox()) }
        })
    }

    /// Questions before the ruling at the end of DATA, in their order. After an answer that the client exceeds a limit, the
    /// others need no answer, and nothing is looked for in the message.
    pub fn questions(&self) -> impl Iterator<Item = Question<'_>> {
        let recipient = &self.recipient;
        let judgement = recipient.examination.judge(recipient.mode, Stage::EndOfData);
        let wrong_tags = iter::once_with(move || if self.counts { self.wrong_tags(&judgement) } else { None });
        let proofs = iter::once_with(move || {
            if self.counts { [self.replay(&judgement), self.proof_replay(), self.sent()] } else { [None; 3] }
        });
        let limits = recipient.bounces(Stage::EndOfData).into_iter().chain(wrong_tags.flatten());
        limits.chain(recipient.handle(&judgement)).chain(proofs.flatten().flatten())
    }

    /// The tag of the returned message is a guess as the one of the recipient is.
    fn wrong_tags(&self, judgement: &Judgement<'_>) -> Option<Question<'_>> {
        // Beside a good tag of the recipient another one adds nothing.
        let proves = needs_message(judgement.reason) && judgement.reason != Reason::TagOk;
        if self.recipient.envelope.trusted_client || !proves {
            return None;
        }
        let found = self.provenance().tag.as_ref().filter(|tag| self.is_ours(&tag.mailbox.as_mailbox()))?;
        let spellings = tag::spellings(self.recipient.site.keys, &found.tagged.as_mailbox());
        let (mailbox, is_wrong) = (found.mailbox.as_mailbox(), found.is_wrong());
        Some(Question::WrongTags { mailbox, place: TagPlace::Returned, is_wrong, spellings })
    }

    /// Whether a mailbox that a returned message names is one of ours. Where a key signs for everybody, only those of the
    /// recipient's domain are known to be.
    fn is_ours(&self, mailbox: &Mailbox<'_>) -> bool {
        let own = self.recipient.mailbox();
        self.recipient.site.names(mailbox.domain().as_str()) || mailbox.domain() == own.domain()
    }

    fn replay(&self, judgement: &Judgement<'_>) -> Option<Question<'_>> {
        let days = |days: i32| u32::try_from(days).unwrap_or(0);
        let Recipient { site, envelope, examination, .. } = &self.recipient;
        match (judgement.reason, &self.provenance().tag) {
            // A tag is accepted for as long after its last day as mail may be in a queue.
            (Reason::TagOk | Reason::TagExpired, _) if !examination.is_late() => {
                let days_left = examination.days_left().map_or(0, |left| days(left + QUEUE_DAYS));
                let address = Replayed::Tag { mailbox: self.recipient.mailbox(), expires: examination.expires() };
                Some(Question::Replay { address, days_left })
            }
            (Reason::SrsOk, _) => {
                let address = Replayed::Srs(site.rules.srs.srs().ok()?.covered(&envelope.forward_path)?);
                Some(Question::Replay { address, days_left: u32::from(site.rules.srs.max_age) })
            }
            (_, Some(tag)) if tag.vouches_for(&self.recipient.mailbox()) => {
                let days_left = days(tag.days_left.unwrap_or(0) + QUEUE_DAYS + PROOF_GRACE_DAYS);
                let address = Replayed::Tag { mailbox: tag.mailbox.as_mailbox(), expires: tag.expires };
                Some(Question::Replay { address, days_left })
            }
            _ => None,
        }
    }

    fn proof_replay(&self) -> Option<Question<'_>> {
        let message = self.provenance().message?;
        Some(Question::ProofReplay { message, mailbox: self.recipient.mailbox() })
    }

    fn sent(&self) -> Option<Question<'_>> {
        let Message { reading, query, .. } = self.message;
        if self.recipient.examination.is_srs() {
            return None;
        }
        let is_about_sent_mail = reading.class.is_bounce()
            || matches!(reading.class, Class::Mdn | Class::AutoReply | Class::Challenge | Class::VirusNotice);
        // A tag may have got too many bounces to prove anything.
        let is_proved = || matches!(self.provenance().origin, Origin::Proved(proof) if proof != Proof::Tag);
        if !is_about_sent_mail || is_proved() {
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
        let facts = self.facts(answers);
        let (ruling, row) = self.recipient.rule(|mode| self.judge(mode, &facts), answers);
        let row = row.map(|row| row.number);
        let ruling = Ruling { class: Some(facts.class), origin: Some(facts.origin), row, ..ruling };
        self.recipient.worded(self.recipient.throttled(ruling, answers))
    }

    /// Disposition in another mode, after these answers.
    #[must_use]
    pub fn disposition_in(&self, mode: Mode, answers: &Answers<'a>) -> Disposition {
        self.judge(mode, &self.facts(answers)).0.disposition
    }

    fn judge(&self, mode: Mode, facts: &Facts) -> (Judgement<'a>, Option<&'static Row>) {
        let Recipient { examination, envelope, .. } = self.recipient;
        let by_envelope = examination.judge(mode, Stage::EndOfData);
        if self.counts { join(by_envelope, envelope.reverse_path, facts, mode) } else { (by_envelope, None) }
    }

    /// Row that decides; `None` if the envelope decides alone.
    #[must_use]
    pub fn row(&self, answers: &Answers<'_>) -> Option<&'static Row> {
        let Recipient { examination, envelope, mode, .. } = self.recipient;
        if !self.counts {
            return None;
        }
        let by_envelope = examination.judge(mode, Stage::EndOfData);
        Row::find(envelope.reverse_path, by_envelope.reason, &self.facts(answers))
    }

    /// Origin of the returned message, without the log of sent mail.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.provenance().origin
    }

    /// Evidence of the origin, without the log of sent mail.
    #[must_use]
    pub fn evidence(&self) -> &[Evidence] {
        &self.provenance().evidence
    }

    /// Origin after the answers of the counters and of the log of sent mail.
    fn origin_after(&self, answers: &Answers<'_>) -> Origin {
        let Recipient { examination, .. } = self.recipient;
        let is_tagged = || self.provenance().tag.as_ref().is_some_and(|tag| tag.vouches_for(&self.recipient.mailbox()));
        let origin = match (self.provenance().origin, answers.sent) {
            (Origin::Proved(Proof::Tag), SentAnswer::Yes) if !answers.proof_replayed => Origin::Proved(Proof::SentLog),
            (origin @ Origin::Proved(_), _) | (origin, SentAnswer::NotAsked | SentAnswer::No) => origin,
            (_, SentAnswer::Yes) => Origin::Proved(Proof::SentLog),
            // Nobody guesses a Message-ID of this sender and the tag as well.
            (_, SentAnswer::ToOthers) if is_tagged() => Origin::Proved(Proof::Tag),
            (_, SentAnswer::ToOthers) => Origin::Hinted,
            // A log that is down might have had a proof.
            (Origin::Disproved, SentAnswer::Unanswered) => Origin::Unknown,
            (origin, SentAnswer::Unanswered) => origin,
        };
        match origin {
            // A tag is no second proof beside the tag of the recipient, nor beyond its number of bounces.
            Origin::Proved(Proof::Tag) if answers.replayed || examination.tag() == TagVerdict::Valid => Origin::Hinted,
            Origin::Proved(Proof::Mark | Proof::EnvelopeId | Proof::Dkim | Proof::SentLog)
                if answers.proof_replayed =>
            {
                Origin::Hinted
            }
            origin => origin,
        }
    }

    fn facts(&self, answers: &Answers<'_>) -> Facts {
        let Message { reading, author_is_proved, .. } = self.message;
        let rules = &self.recipient.site.rules.messages;
        let is_late = self.recipient.examination.is_late();
        // It comes again: its origin is no matter until then.
        let (origin, is_cut) = if answers.too_many_bounces && self.recipient.is_deferred(answers) {
            (Origin::Unknown, false)
        } else {
            (self.origin_after(answers), self.provenance().cut)
        };
        Facts {
            class: reading.class,
            origin,
            cut: reading.cut || is_cut,
            report_is_welcome: answers.report_is_welcome
                || *author_is_proved
                || contain(&rules.report_recipients, &self.recipient.mailbox()),
            // A late tag is refused for its age.
            replayed: answers.replayed && !is_late,
            is_late,
            hold_receipts: rules.hold_receipts,
            reject_daemon_senders: rules.reject_daemon_senders,
            reject_unverified: rules.reject_unverified,
        }
    }
}
