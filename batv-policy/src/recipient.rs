//! Recipient of a message: its rulings by the envelope, at RCPT TO and at the end of DATA.

use batv_core::envelope::{Disposition, Envelope, Examination, Judgement, Mode, Policy, Reason, ReplyName, Stage};
use batv_core::{Day, Mailbox, Path, tag};

use crate::answers::{Answers, HandleAnswer, Question, TagPlace};
use crate::ruling::{Ruling, needs_message};
use crate::site::View;

impl<'s> View<'s> {
    /// Verifies the tag, or the SRS address, of a recipient.
    ///
    /// ```
    /// use batv_core::envelope::{Envelope, Reason};
    /// use batv_core::{Algorithm, Day, Key, KeyUse, Mailbox, Path};
    /// use batv_policy::{Answers, Rules, Site, SrsRules};
    ///
    /// let keys = vec![Key::new(KeyUse::Srs, Algorithm::HmacSha1, b"tops3cr3t")?];
    /// let srs = SrsRules { domains: vec!["forwarder.example.net".to_owned()], ..SrsRules::default() };
    /// let site = Site::new(keys, Rules { srs, ..Rules::default() })?;
    /// let forwarded = Mailbox::parse("SRS0=Xu1M=2W=example.com=alice@forwarder.example.net")?;
    /// let bounce = Envelope::new(Path::Null, forwarded);
    /// let ruling = site.view().recipient(&bounce, Day::new(18_262)?).rcpt(&Answers::default());
    /// assert_eq!(ruling.reason, Reason::SrsOk);
    /// assert_eq!(ruling.deliver_to, Some(Mailbox::parse("alice@example.com")?));
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn recipient<'a>(self, envelope: &Envelope<'a>, today: Day) -> Recipient<'s, 'a> {
        // Only an SRS address needs the domains.
        let is_srs = envelope.forward_path.local_part().characters().take(3).map(|letter| letter.to_ascii_lowercase());
        let srs = if is_srs.eq("srs".chars()) { self.rules.srs.srs().ok() } else { None };
        let policy = self.policy(srs);
        #[cfg(feature = "messages")]
        let policy = policy.with_reads_message(self.reads(envelope.reverse_path));
        Recipient::new(self, envelope, &policy, today)
    }

    /// Ruling when the day is unknown, or something else fails: a temporary failure, or acceptance as without BATV, but
    /// never a rejection.
    ///
    /// ```
    /// use batv_core::envelope::{Disposition, Envelope, Mode};
    /// use batv_core::{KeySet, Mailbox, Path};
    /// use batv_policy::{Rules, View};
    ///
    /// let bounce = Envelope::new(Path::Null, Mailbox::parse("alice@example.com")?);
    /// let rules = Rules { mode: Mode::Mark, ..Rules::default() };
    /// assert_eq!(View::new(&KeySet::default(), &rules).undecided(&bounce).disposition, Disposition::Tempfail);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn undecided<'a>(self, envelope: &Envelope<'a>) -> Ruling<'a> {
        // The day has no part in the mailbox under a tag, whose mode counts.
        let mode = self.recipient(envelope, Day::MIN).mode;
        let judge = |mode| Judgement::undecided(envelope.forward_path, mode, self.rules.on_error);
        Ruling::new(&judge(mode), mode, judge(Mode::Reject).disposition, envelope.earlier)
    }

    /// Ruling at RCPT TO without counters and store.
    ///
    /// ```
    /// use batv_core::envelope::{Envelope, Reason};
    /// use batv_core::{Day, KeySet, Mailbox, Path};
    /// use batv_policy::{Rules, View};
    ///
    /// let bounce = Envelope::new(Path::Null, Mailbox::parse("alice@example.com")?);
    /// let rules = Rules::default();
    /// assert_eq!(View::new(&KeySet::default(), &rules).rcpt(&bounce, Day::new(18_262)?).reason, Reason::Exempt);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn rcpt<'a>(self, envelope: &Envelope<'a>, today: Day) -> Ruling<'a>
    where
        's: 'a,
    {
        self.recipient(envelope, today).rcpt(&Answers::default())
    }
}

/// Recipient of a message, with its tag or its SRS address verified.
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
    pub(crate) site: View<'s>,
    pub(crate) envelope: Envelope<'a>,
    pub(crate) examination: Examination<'a>,
    pub(crate) mode: Mode,
}

impl<'s, 'a> Recipient<'s, 'a> {
    pub(crate) fn new(site: View<'s>, envelope: &Envelope<'a>, policy: &Policy<'_, String>, today: Day) -> Self {
        let examination = Examination::new(envelope, site.keys, policy, today);
        // A tag leaves the domain as it is. An SRS address is judged by the mode of its own domain, not of the one inside.
        let own = if examination.is_srs() { envelope.forward_path } else { examination.mailbox() };
        Self { site, envelope: *envelope, examination, mode: site.rules.mode_for(&own) }
    }

    /// Recipient without its tag, or the sender inside its SRS address; unchanged if it has neither.
    #[must_use]
    pub const fn mailbox(&self) -> Mailbox<'a> {
        self.examination.mailbox()
    }

    /// Whether the message may change the ruling at the end of DATA.
    #[must_use]
    pub fn needs_message(&self) -> bool {
        needs_message(self.examination.judge(self.mode, Stage::EndOfData).reason)
    }

    /// Questions before the ruling at RCPT TO, in their order. After an answer that the client exceeds a limit, the others
    /// need no answer.
    pub fn questions(&self) -> impl Iterator<Item = Question<'a>> + use<'a> {
        let judgement = self.examination.judge(self.mode, Stage::RcptTo);
        let is_counted = !self.envelope.trusted_client;
        let is_tagged = self.examination.is_tagged();
        let guesses = (is_counted && is_tagged).then(|| self.wrong_tags());
        self.bounces(Stage::RcptTo).into_iter().chain(guesses).chain(self.handle(&judgement))
    }

    fn wrong_tags(&self) -> Question<'a> {
        let Self { envelope: Envelope { forward_path, .. }, examination, .. } = self;
        let is_wrong = examination.is_wrong();
        if examination.is_srs() {
            let srs = self.site.rules.srs.srs();
            let spellings = srs.map_or(1, |srs| srs.spellings(self.site.keys, forward_path));
            return Question::WrongTags { mailbox: *forward_path, place: TagPlace::Srs, is_wrong, spellings };
        }
        let spellings = tag::spellings(self.site.keys, forward_path);
        Question::WrongTags { mailbox: examination.mailbox(), place: TagPlace::Recipient, is_wrong, spellings }
    }

    /// Question whether the client brings too many bounces.
    pub(crate) fn bounces(&self, stage: Stage) -> Option<Question<'a>> {
        let is_counted = !self.envelope.trusted_client && self.envelope.reverse_path == Path::Null;
        is_counted.then_some(Question::Bounces(stage))
    }

    /// Question for the sender behind a handle, which stands under a tag or in an SRS address.
    pub(crate) fn handle(&self, judgement: &Judgement<'a>) -> Option<Question<'a>> {
        judgement.deliver_to.filter(|to| *to != self.envelope.forward_path).map(Question::Handle)
    }

    /// Ruling at RCPT TO.
    pub fn rcpt(&self, answers: &Answers<'a>) -> Ruling<'a>
    where
        's: 'a,
    {
        self.worded(self.rcpt_in_standard_words(answers))
    }

    fn rcpt_in_standard_words(&self, answers: &Answers<'a>) -> Ruling<'a> {
        let by_envelope = |mode| (self.examination.judge(mode, self.envelope.stage), ());
        let (ruling, ()) = self.rule(by_envelope, answers);
        self.throttled(ruling, answers)
    }

    /// The ruling, unless the client exceeds a limit.
    pub(crate) fn throttled(&self, ruling: Ruling<'a>, answers: &Answers<'_>) -> Ruling<'a> {
        let Some(reply) = self.limit(ruling.reason, answers) else { return ruling };
        if self.mode == Mode::Observe {
            return Ruling { in_reject: Disposition::Tempfail, ..ruling };
        }
        ruling.deferred(Reason::Throttled, reply, self.envelope.earlier)
    }

    /// Whether the ruling at the end of DATA is deferred, as the client exceeds a limit.
    #[cfg(feature = "messages")]
    pub(crate) fn is_deferred(&self, answers: &Answers<'_>) -> bool {
        let reason = self.examination.judge(self.mode, Stage::EndOfData).reason;
        self.mode != Mode::Observe && self.limit(reason, answers).is_some()
    }

    /// Reply to a client that exceeds a limit.
    fn limit(&self, reason: Reason, answers: &Answers<'_>) -> Option<ReplyName> {
        match answers {
            _ if self.envelope.trusted_client => None,
            // RFC 5321 §4.5.1: postmaster stays reachable for the client that has a problem with us.
            _ if reason == Reason::Rfc5321Postmaster => None,
            Answers { too_many_bounces: true, .. } => Some(ReplyName::TooManyBounces),
            Answers { too_many_wrong_tags: true, .. } => Some(ReplyName::TooManyWrongTags),
            _ => None,
        }
    }

    /// Questions before the ruling at the end of DATA if the message is not read. None is about replayed tags: such a bounce
    /// needs a proof in its message.
    pub fn data_questions(&self) -> impl Iterator<Item = Question<'a>> + use<'a> {
        let judgement = self.examination.judge(self.mode, Stage::EndOfData);
        self.bounces(Stage::EndOfData).into_iter().chain(self.handle(&judgement))
    }

    /// Ruling at the end of DATA if the message is not read.
    pub fn data(&self, answers: &Answers<'a>) -> Ruling<'a>
    where
        's: 'a,
    {
        let (ruling, ()) = self.rule(|mode| (self.examination.judge(mode, Stage::EndOfData), ()), answers);
        self.worded(self.throttled(ruling, answers))
    }

    /// Gives the reply the text of the site.
    pub(crate) fn worded(&self, ruling: Ruling<'a>) -> Ruling<'a>
    where
        's: 'a,
    {
        Ruling { reply: self.site.rules.replies.worded(ruling.reply), ..ruling }
    }

    /// Ruling by a judgement, and the value that comes with the judgement.
    pub(crate) fn rule<T>(&self, judge: impl Fn(Mode) -> (Judgement<'a>, T), answers: &Answers<'a>) -> (Ruling<'a>, T) {
        let (judgement, basis) = judge(self.mode);
        let in_reject = if self.mode == Mode::Reject { judgement } else { judge(Mode::Reject).0 };
        let Envelope { earlier, .. } = self.envelope;
        let mut ruling = Ruling::new(&judgement, self.mode, in_reject.disposition, earlier);
        if ruling.deliver_to.is_some() {
            match answers.handle {
                HandleAnswer::None => {}
                HandleAnswer::Of(sender) => ruling.deliver_to = Some(sender),
                // Also in mode `observe`: the handle is no mailbox, and a bounce that it gets is lost.
                HandleAnswer::Unanswered => {
                    ruling = ruling.deferred(Reason::Internal, ReplyName::LookupFailed, earlier);
                    // Mode `reject` needs no sender for a recipient that it rejects.
                    if in_reject.deliver_to.is_none() {
                        ruling.in_reject = in_reject.disposition;
                    }
                }
            }
        }
        (ruling, basis)
    }
}
