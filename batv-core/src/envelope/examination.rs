//! Examination of one recipient: its tag is verified once, and judged in any mode, at any stage.

use super::{
    Disposition, Earlier, Envelope, Judgement, Mode, OnError, Policy, QUEUE_DAYS, Reason, ReplyName, Stage, Verdict,
};
use crate::address::Pattern;
use crate::address::{Mailbox, Path};
use crate::day::{Day, Lifetime};
use crate::dialect::{self, Layer};
use crate::key::{Key, KeyRing, KeyState};
use crate::srs::{Reversal, SrsVerdict};
use crate::tag::{self, TagVerdict, Verification};

/// Recipient whose tag is verified, and for which keys and lists are looked up.
///
/// It holds everything that a judgement needs, in every mode and at both stages.
///
/// ```
/// use batv_core::envelope::{Envelope, Examination, Mode, Stage, Policy, Reason};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path, TagVerdict};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let bounce = Envelope::new(Path::Null, Mailbox::parse("alice@example.com")?);
/// let examination = Examination::new(&bounce, &keys, &Policy::new(Mode::Mark), Day::new(18_262)?);
/// assert_eq!(examination.tag(), TagVerdict::Untagged);
/// assert_eq!(examination.judge(Mode::Mark, Stage::RcptTo).reason, Reason::Callout);
/// assert_eq!(examination.judge(Mode::Reject, Stage::EndOfData).reason, Reason::Untagged);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Examination<'a> {
    forward_path: Mailbox<'a>,
    earlier: Earlier,
    tag: Tag<'a>,
    subject: Subject,
    reject_at: Stage,
    on_error: OnError,
    reads_message: bool,
    /// Whether the MAC of the tag is wrong, and the verdict or the reply may say so.
    is_wrong: bool,
}

/// Subject of a judgement.
#[derive(Clone, Copy, Debug)]
enum Subject {
    /// Nothing: the recipient or its client is left alone.
    Exempt,
    /// Mail, which is no bounce.
    Mail,
    /// A bounce to postmaster or abuse.
    BounceToRole,
    /// A bounce, and no key by which it could be judged.
    BounceWithoutKey,
    /// A bounce without a tag to a mailbox whose mail leaves without one: it is rewritten, or too long, or nobody signs
    /// for it.
    BounceOfUntaggable,
    /// A bounce to an SRS address of ours, or to what looks like one.
    BounceToSrs(SrsVerdict),
    /// Mail to one.
    MailToSrs {
        verdict: SrsVerdict,
        /// Whether it takes bounces alone. Whoever has seen the address could else send through us to the one inside.
        refused: bool,
    },
    /// Any other bounce.
    Bounce {
        /// Whether what has no tag may answer mail from before there were tags.
        grace: bool,
    },
}

impl<'a> Examination<'a> {
    /// Verifies the tag of the recipient.
    ///
    /// ```
    /// # use batv_core::envelope::{Envelope, Examination, Mode, Policy};
    /// # use batv_core::{Day, Key, Mailbox, Path, TagVerdict};
    /// let keys: [Key; 0] = [];
    /// let bounce = Envelope::new(Path::Null, Mailbox::parse("prvs=0269b1e711=alice@example.com")?);
    /// let examination = Examination::new(&bounce, &keys, &Policy::new(Mode::Reject), Day::new(18_262)?);
    /// assert_eq!(examination.tag(), TagVerdict::UnknownKey);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn new(
        envelope: &Envelope<'a>,
        ring: &(impl KeyRing + ?Sized),
        policy: &Policy<'_, impl AsRef<str>>,
        today: Day,
    ) -> Self {
        let bounce = envelope.reverse_path == Path::Null;
        let Envelope { forward_path, trusted_client, earlier, .. } = *envelope;
        // Only a message that is judged shares its recipients' outcome with others.
        let earlier = if bounce || policy.reads_message { earlier } else { Earlier::None };
        let examined = |tag, subject, is_wrong| Self {
            forward_path,
            earlier,
            tag,
            subject,
            is_wrong,
            reject_at: policy.reject_at,
            on_error: policy.on_error,
            reads_message: policy.reads_message && !trusted_client,
        };
        let reversal = policy.srs.map(|srs| srs.reverse(ring, &forward_path, today));
        // Mail of ours is forwarded under its own sender: such an address was rewritten before the mailbox was ours, or made of
        // another one, as the published hash leaves open where the domain ends. It proves nothing.
        let own = reversal.filter(|found| bounce && !trusted_client && found.verdict == SrsVerdict::Valid);
        let own = own.and_then(|found| found.mailbox).filter(|inner| !policy.rewrites(ring, inner));
        if own.is_none()
            && let Some(Reversal { verdict, mailbox, .. }) = reversal
            && !matches!(verdict, SrsVerdict::Foreign | SrsVerdict::Untagged)
            && (!trusted_client || verdict == SrsVerdict::Valid)
        {
            let refused = !trusted_client && !policy.srs_takes_mail;
            let is_live = |key: &Key| key.state() != KeyState::Retired;
            let subject = match bounce {
                true if !ring.srs_keys(&forward_path.domain()).any(is_live) => Subject::BounceWithoutKey,
                true => Subject::BounceToSrs(verdict),
                false => Subject::MailToSrs { verdict, refused },
            };
            let is_wrong = matches!(verdict, SrsVerdict::BadMac | SrsVerdict::Malformed) && (bounce || !refused);
            return examined(Tag::none(mailbox.unwrap_or(forward_path)), subject, is_wrong);
        }
        let mut tag = own.map_or_else(|| Tag::read(envelope, ring, today), Tag::none);
        let keys = LiveKeys::of(ring, &tag.mailbox, today);
        let days_of_grace = i32::from(keys.lifetime.days()) + QUEUE_DAYS;
        let grace = policy.signing_since.is_some_and(|since| today.since(since) <= days_of_grace);
        // A server that returns mail has one recipient; to a second one the reply tells a wrong tag from a right one.
        let is_wrong = tag.verdict == TagVerdict::BadMac && (!grace || earlier != Earlier::None);
        if grace && tag.verdict == TagVerdict::BadMac {
            // What tagged here before us may have had a key of the same id.
            tag.verdict = TagVerdict::UnknownKey;
        }
        let listed = |pattern: &Pattern<_>| pattern.matches(&tag.mailbox);
        let protected = if policy.protected.is_empty() { keys.any } else { policy.protected.iter().any(listed) };
        let signing = policy.signing_since.is_none_or(|since| since <= today);
        let subject = if trusted_client || policy.exempt.iter().any(listed) || !protected || !signing {
            Subject::Exempt
        } else if !bounce {
            Subject::Mail
        } else if tag.is_to_role() {
            Subject::BounceToRole
        } else if !keys.any || keys.from_the_future && tag.days_left.is_none() {
            Subject::BounceWithoutKey
        } else if tag.verdict == TagVerdict::Untagged && !tag::is_signed(ring, &tag.mailbox, policy.form, today) {
            Subject::BounceOfUntaggable
        } else {
            Subject::Bounce { grace }
        };
        examined(tag, subject, is_wrong && !matches!(subject, Subject::Exempt))
    }

    /// Verdict on the tag.
    #[must_use]
    pub const fn tag(&self) -> TagVerdict {
        self.tag.verdict
    }

    /// Whether none of our keys made the tag or the SRS address: it counts as a guess, whatever the judgement says of it.
    #[must_use]
    pub const fn is_wrong(&self) -> bool {
        self.is_wrong
    }

    /// Whether the recipient has a tag, of ours or of another program, or is an SRS address of ours.
    #[must_use]
    pub fn is_tagged(&self) -> bool {
        self.is_srs() || self.tag.mailbox != self.forward_path
    }

    /// Whether the recipient is an SRS address of a domain of ours, good or not.
    #[must_use]
    pub const fn is_srs(&self) -> bool {
        matches!(self.subject, Subject::BounceToSrs(_) | Subject::MailToSrs { .. })
    }

    /// Recipient without its tag, or the sender inside an SRS address; unchanged when there is neither.
    #[must_use]
    pub const fn mailbox(&self) -> Mailbox<'a> {
        self.tag.mailbox
    }

    /// Days until the tag expires, negative when it has; only for a tag that one of our keys made.
    #[must_use]
    pub const fn days_left(&self) -> Option<i32> {
        self.tag.days_left
    }

    /// Last day of the tag; only for a tag that one of our keys made.
    #[must_use]
    pub const fn expires(&self) -> Option<Day> {
        self.tag.expires
    }

    /// Whether the tag expired longer ago than a bounce may have been in a queue.
    #[must_use]
    pub fn is_late(&self) -> bool {
        let Tag { days_left, lifetime, .. } = self.tag;
        // It is tomorrow already where it was signed: one day more than the lifetime is left, modulo 1000.
        let ahead =
            |days_left: i32| lifetime.is_some_and(|lifetime| days_left + 1000 <= i32::from(lifetime.days()) + 1);
        days_left.is_some_and(|days_left| days_left < -QUEUE_DAYS && !ahead(days_left))
    }

    /// Judgement in this mode, at this stage.
    ///
    /// ```
    /// # use batv_core::envelope::{Disposition, Envelope, Examination, Mode, Stage, Policy};
    /// # use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path};
    /// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
    /// let forged = Envelope::new(Path::Null, Mailbox::parse("prvs=0269000000=alice@example.com")?);
    /// let examination = Examination::new(&forged, &keys, &Policy::new(Mode::Mark), Day::new(18_262)?);
    /// assert_eq!(examination.judge(Mode::Mark, Stage::RcptTo).disposition, Disposition::Mark);
    /// assert_eq!(examination.judge(Mode::Reject, Stage::RcptTo).disposition, Disposition::Reject);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn judge(&self, mode: Mode, stage: Stage) -> Judgement<'a> {
        let Tag { verdict, mailbox, .. } = self.tag;
        let mut judgement = match self.subject {
            Subject::Exempt => {
                let proved = matches!(verdict, TagVerdict::Valid | TagVerdict::Expired);
                exempt(if proved { mailbox } else { self.forward_path })
            }
            Subject::Mail => self.judge_mail(mode),
            Subject::BounceToRole => accept(Verdict::NotJudged, Reason::Rfc5321Postmaster, mailbox),
            Subject::BounceWithoutKey => Judgement::undecided(mailbox, mode, self.on_error),
            Subject::BounceOfUntaggable => exempt(mailbox),
            Subject::BounceToSrs(SrsVerdict::Valid) => accept(Verdict::Genuine, Reason::SrsOk, mailbox),
            Subject::BounceToSrs(verdict) => self.judge_wrong_srs(verdict, mode.disposition()),
            Subject::MailToSrs { refused: true, .. } => refuse(
                Verdict::NotJudged,
                Reason::SrsNotBounce,
                Disposition::Reject,
                ReplyName::SrsNotBounce,
                self.forward_path,
            ),
            Subject::MailToSrs { verdict: SrsVerdict::Valid, .. } => {
                accept(Verdict::NotJudged, Reason::SrsMail, mailbox)
            }
            Subject::MailToSrs { verdict, .. } => self.judge_wrong_srs(verdict, of_mail(mode)),
            Subject::Bounce { grace } => self.judge_bounce(grace, mode, stage),
        };
        if self.reads_message && stage == Stage::RcptTo && judgement.deliver_to.is_some() {
            judgement.settled &= judgement.reason.by_message().is_empty();
        }
        let may_differ = self.earlier == Earlier::Undecided || judgement.must_be_alone(mode);
        let crowded = self.earlier != Earlier::None && stage == Stage::RcptTo;
        if crowded && may_differ && judgement.disposition != Disposition::Reject {
            return one_recipient(judgement.mailbox);
        }
        judgement
    }

    /// Judges mail that is no bounce: a good tag is taken off, even an old one, since it was used as an address.
    fn judge_mail(&self, mode: Mode) -> Judgement<'a> {
        let mailbox = self.tag.mailbox;
        match self.tag.verdict {
            TagVerdict::Valid | TagVerdict::Expired => accept(Verdict::NotJudged, Reason::TaggedMail, mailbox),
            TagVerdict::Untagged => accept(Verdict::NotJudged, Reason::NotJudged, mailbox),
            TagVerdict::BadMac => {
                settle(of_mail(mode), Verdict::Disproved, Reason::TaggedBad, ReplyName::NoMailbox, mailbox)
            }
            TagVerdict::UnknownKey => {
                let disposition = mode.min(Mode::Mark).disposition();
                take(Verdict::Unverified, Reason::TagUnknownKey, disposition, mailbox)
            }
        }
    }

    /// Judges an SRS address that we didn't make, or made too long ago.
    fn judge_wrong_srs(&self, verdict: SrsVerdict, disposition: Disposition) -> Judgement<'a> {
        let (verdict, reason, reply) = match verdict {
            SrsVerdict::Expired => (Verdict::Unverified, Reason::SrsExpired, ReplyName::SrsExpired),
            _ => (Verdict::Disproved, Reason::SrsForged, ReplyName::SrsWrong),
        };
        settle(disposition, verdict, reason, reply, self.forward_path)
    }

    fn judge_bounce(&self, grace: bool, mode: Mode, stage: Stage) -> Judgement<'a> {
        let Tag { verdict, mailbox, .. } = self.tag;
        let late = self.is_late();
        let undecided = stage < self.reject_at;
        let (verdict, reason, reply) = match verdict {
            TagVerdict::Valid => return accept(Verdict::Genuine, Reason::TagOk, mailbox),
            TagVerdict::BadMac => (Verdict::Disproved, Reason::TagForged, ReplyName::TagForged),
            TagVerdict::Expired if !late => return accept(Verdict::Unverified, Reason::TagExpired, mailbox),
            TagVerdict::Expired if undecided => return open(Reason::TagExpired, mailbox),
            TagVerdict::Expired => (Verdict::Unverified, Reason::TagExpired, ReplyName::TagExpired),
            TagVerdict::UnknownKey if undecided => return open(Reason::TagUnknownKey, mailbox),
            TagVerdict::UnknownKey => {
                // It may be another host's, or of what tagged here before: never grounds to refuse.
                let disposition = mode.min(Mode::Quarantine).disposition();
                return take(Verdict::Unverified, Reason::TagUnknownKey, disposition, mailbox);
            }
            TagVerdict::Untagged if undecided => return open(Reason::Callout, mailbox),
            TagVerdict::Untagged if grace => return accept(Verdict::Unverified, Reason::SigningGrace, mailbox),
            TagVerdict::Untagged => (Verdict::Unverified, Reason::Untagged, ReplyName::NotOurBounce),
        };
        settle(mode.disposition(), verdict, reason, reply, mailbox)
    }
}

/// Tag of the forward-path: ours by [`tag::verify`], or one of another program on a mailbox of ours.
#[derive(Clone, Copy, Debug)]
struct Tag<'a> {
    verdict: TagVerdict,
    mailbox: Mailbox<'a>,
    days_left: Option<i32>,
    expires: Option<Day>,
    /// Lifetime of the key that made it.
    lifetime: Option<Lifetime>,
}

impl<'a> Tag<'a> {
    /// A mailbox without a tag.
    const fn none(mailbox: Mailbox<'a>) -> Self {
        Self { verdict: TagVerdict::Untagged, mailbox, days_left: None, expires: None, lifetime: None }
    }

    fn read(envelope: &Envelope<'a>, ring: &(impl KeyRing + ?Sized), today: Day) -> Self {
        let Verification { verdict, mailbox, days_left, expires, lifetime, .. } =
            tag::verify(ring, &envelope.forward_path, today);
        if verdict == TagVerdict::Untagged
            && let Some(Layer { dialect, mailbox: Some(mailbox) }) =
                dialect::outermost(&mailbox, dialect::Strictness::Strict)
            && dialect.is_bounce_tag()
        {
            // The tag of what stood here before, or stands beside: of a key that we don't know.
            return Self { verdict: TagVerdict::UnknownKey, ..Self::none(mailbox) };
        }
        Self { verdict, mailbox, days_left, expires, lifetime }
    }

    /// Whether it is for postmaster (RFC 5321 §4.5.1) or abuse (RFC 2142 §4). A tag that is forged or good speaks for
    /// itself.
    fn is_to_role(&self) -> bool {
        let local_part = self.mailbox.local_part();
        let tag_speaks = matches!(self.verdict, TagVerdict::Valid | TagVerdict::BadMac);
        !tag_speaks && (local_part.is_postmaster() || local_part.is("abuse"))
    }
}

/// Live keys of a mailbox.
struct LiveKeys {
    any: bool,
    /// The longest lifetime of a tag.
    lifetime: Lifetime,
    /// Whether one was made later than today, by more than clocks differ: then ours is wrong.
    from_the_future: bool,
}

impl LiveKeys {
    fn of(ring: &(impl KeyRing + ?Sized), mailbox: &Mailbox<'_>, today: Day) -> Self {
        let mut keys = Self { any: false, lifetime: Lifetime::default(), from_the_future: false };
        for key in ring.batv_keys(mailbox).filter(|key| key.state() != KeyState::Retired) {
            keys.lifetime = if keys.any { keys.lifetime.max(key.lifetime()) } else { key.lifetime() };
            keys.any = true;
            keys.from_the_future |= Self::is_from_the_future(key, today);
        }
        keys
    }

    fn is_from_the_future(key: &Key, today: Day) -> bool {
        key.created().is_some_and(|created| created.since(today) > 1)
    }
}

fn exempt(mailbox: Mailbox<'_>) -> Judgement<'_> {
    accept(Verdict::NotJudged, Reason::Exempt, mailbox)
}

fn accept(verdict: Verdict, reason: Reason, mailbox: Mailbox<'_>) -> Judgement<'_> {
    take(verdict, reason, Disposition::Accept, mailbox)
}

fn take(verdict: Verdict, reason: Reason, disposition: Disposition, mailbox: Mailbox<'_>) -> Judgement<'_> {
    Judgement {
        verdict,
        reason,
        disposition,
        reply: ReplyName::RecipientOk.reply(),
        deliver_to: Some(mailbox),
        mailbox,
        settled: true,
    }
}

/// Accepts until the message is read.
fn open(reason: Reason, mailbox: Mailbox<'_>) -> Judgement<'_> {
    Judgement { settled: false, ..accept(Verdict::Unverified, reason, mailbox) }
}

const fn refuse(
    verdict: Verdict,
    reason: Reason,
    disposition: Disposition,
    reply: ReplyName,
    mailbox: Mailbox<'_>,
) -> Judgement<'_> {
    Judgement { verdict, reason, disposition, reply: reply.reply(), deliver_to: None, mailbox, settled: true }
}

/// Refuses with this reply, or accepts.
fn settle(
    disposition: Disposition,
    verdict: Verdict,
    reason: Reason,
    reply: ReplyName,
    mailbox: Mailbox<'_>,
) -> Judgement<'_> {
    match disposition {
        Disposition::Reject => refuse(verdict, reason, disposition, reply, mailbox),
        _ => take(verdict, reason, disposition, mailbox),
    }
}

/// Disposition of mail that is no bounce: refused or marked, but never held.
fn of_mail(mode: Mode) -> Disposition {
    if mode == Mode::Reject { Disposition::Reject } else { mode.min(Mode::Mark).disposition() }
}

/// Defers a recipient: the message decides about another one, and would decide about this one as well.
const fn one_recipient(mailbox: Mailbox<'_>) -> Judgement<'_> {
    refuse(Verdict::Undecided, Reason::NullMultiRcpt, Disposition::Tempfail, ReplyName::OneRecipient, mailbox)
}

impl<'a> Judgement<'a> {
    /// Judgement without anything to judge by: a temporary failure, or acceptance. Never a rejection.
    ///
    /// ```
    /// use batv_core::Mailbox;
    /// use batv_core::envelope::{Disposition, Judgement, Mode, OnError};
    ///
    /// let alice = Mailbox::parse("alice@example.com")?;
    /// assert_eq!(Judgement::undecided(alice, Mode::Mark, OnError::Tempfail).disposition, Disposition::Tempfail);
    /// assert_eq!(Judgement::undecided(alice, Mode::Observe, OnError::Tempfail).disposition, Disposition::Accept);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub fn undecided(mailbox: Mailbox<'a>, mode: Mode, on_error: OnError) -> Self {
        match on_error {
            OnError::Tempfail if mode > Mode::Observe => {
                refuse(Verdict::Undecided, Reason::Internal, Disposition::Tempfail, ReplyName::CannotCheck, mailbox)
            }
            _ => accept(Verdict::Undecided, Reason::Internal, mailbox),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_add_up() {
        use Earlier::{None, Settled, Undecided};

        let mailbox = Mailbox::parse("alice@example.com").unwrap();
        let settled = accept(Verdict::Genuine, Reason::TagOk, mailbox);
        let open = open(Reason::Callout, mailbox);
        let held = take(Verdict::Unverified, Reason::TagUnknownKey, Disposition::Quarantine, mailbox);
        let refused = refuse(Verdict::Disproved, Reason::TagForged, Disposition::Reject, ReplyName::TagForged, mailbox);
        for &mode in Mode::ALL {
            // Only from here on does the message decide more than what its header says.
            let by_message = if mode < Mode::Quarantine { Settled } else { Undecided };
            for (earlier, judgement, later) in [
                (None, &settled, Settled),
                (None, &open, by_message),
                (None, &held, Undecided),
                (None, &refused, None),
                (Settled, &settled, Settled),
                (Settled, &open, by_message),
                (Settled, &held, Undecided),
                (Settled, &refused, Settled),
                (Undecided, &settled, Undecided),
                (Undecided, &open, Undecided),
                (Undecided, &held, Undecided),
                (Undecided, &refused, Undecided),
            ] {
                assert_eq!(earlier.and(judgement, mode), later, "{earlier:?} {judgement:?} {mode:?}");
            }
        }
    }
}
