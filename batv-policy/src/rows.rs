//! The table of verdicts at the end of DATA: by the envelope, the class of the message and the origin of the one that it
//! returns.

use core::fmt;

use batv_bounce::{Class, Origin};
use batv_core::Path;
use batv_core::envelope::{Disposition, Judgement, Mode, Reason, ReplyName, Verdict};

/// Facts about a message, and the options of the site that matter to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// Class of the message.
    pub(crate) class: Class,
    /// Origin of the message that it returns.
    pub(crate) origin: Origin,
    /// Whether it was too long to be read to its end: then it is quarantined at most.
    pub(crate) cut: bool,
    /// Whether our own server authenticated its author (RFC 8601), or its recipient is there for reports.
    pub(crate) report_is_welcome: bool,
    /// Whether its tag got more bounces than one message should: then the tag alone proves nothing.
    pub(crate) replayed: bool,
    /// Whether its tag expired longer ago than a bounce may have been in a queue.
    pub(crate) is_late: bool,
    /// Whether a disposition notification without a proof is quarantined like a bounce.
    pub(crate) hold_receipts: bool,
    /// Whether a bounce with a reverse-path may be rejected.
    pub(crate) reject_daemon_senders: bool,
    /// Whether a bounce without a tag may be rejected also if the origin of its message is unknown. Genuine bounces that
    /// lost all proof on their way are then lost.
    pub(crate) reject_unverified: bool,
}

/// Row of the table that decides on a message: its conditions and its effect. It prints on one line, its number first.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Number of the row. Rows that differ little share one.
    pub(crate) number: u8,
    /// Kind of the reverse-path.
    pub(crate) reverse_path: SenderKind,
    /// Reasons that the envelope alone gives.
    pub(crate) envelope: &'static [Reason],
    /// Classes of the message; none stands for all.
    pub(crate) classes: &'static [Class],
    /// Ownership of the returned message.
    pub(crate) origin: Ownership,
    /// Further condition.
    pub(crate) condition: Condition,
    /// Effect; `None` leaves the judgement of the envelope.
    pub(crate) effect: Option<Effect>,
}

/// Kind of the reverse-path in a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SenderKind {
    /// The null reverse-path.
    Null,
    /// Reverse-path other than null.
    Mailbox,
    /// Any reverse-path.
    Any,
}

/// Ownership of the returned message in a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ownership {
    /// Proved to be ours.
    Ours,
    /// Proved not to be ours.
    Foreign,
    /// Neither proved nor disproved.
    Open,
    /// Not proved to be ours.
    NotOurs,
    /// Any origin.
    Any,
}

impl Ownership {
    const fn is(self, origin: Origin) -> bool {
        match self {
            Self::Ours => matches!(origin, Origin::Proved(_)),
            Self::Foreign => matches!(origin, Origin::Disproved),
            Self::Open => matches!(origin, Origin::Hinted | Origin::Unknown),
            Self::NotOurs => !matches!(origin, Origin::Proved(_)),
            Self::Any => true,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Ours => "proved",
            Self::Foreign => "disproved",
            Self::Open => "open",
            Self::NotOurs => "not-proved",
            Self::Any => "any",
        }
    }
}

/// Further condition of a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Condition {
    /// No condition.
    Nothing,
    /// The report is welcome: [`Facts::report_is_welcome`].
    Welcome,
    /// The tag is replayed: [`Facts::replayed`].
    Replayed,
    /// The tag is not late: [`Facts::is_late`].
    InTime,
}

impl Condition {
    const fn is(self, facts: &Facts) -> bool {
        match self {
            Self::Nothing => true,
            Self::Welcome => facts.report_is_welcome,
            Self::Replayed => facts.replayed,
            Self::InTime => !facts.is_late,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Welcome => " welcome",
            Self::Replayed => " replayed",
            Self::InTime => " in-time",
        }
    }
}

/// Effect of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effect {
    /// Verdict.
    pub(crate) verdict: Verdict,
    /// Reason.
    pub(crate) reason: Reason,
    /// Strictest mode that counts: a stricter one of the site does no more. [`Mode::Observe`] accepts.
    pub(crate) most: Mode,
}

const fn then(verdict: Verdict, reason: Reason, most: Mode) -> Option<Effect> {
    Some(Effect { verdict, reason, most })
}

const BOUNCES: &[Class] = &[Class::Dsn, Class::NonstandardDsn, Class::VirusNotice];
/// Reports of mail that was not delivered.
const FAILURES: &[Class] = &[Class::Dsn, Class::NonstandardDsn];
const REPORTS: &[Class] = &[Class::DmarcReport, Class::TlsReport, Class::FeedbackReport];
/// Classes of messages that answer no other message.
const NO_RESPONSES: &[Class] = &[
    Class::DmarcReport,
    Class::TlsReport,
    Class::FeedbackReport,
    Class::ListAutomaton,
    Class::NullOther,
    Class::Ordinary,
];
const UNTAGGED: &[Reason] = &[Reason::Untagged, Reason::SigningGrace];
const TAGGED: &[Reason] = &[Reason::TagOk, Reason::TagExpired];
const LATE: &[Reason] = &[Reason::TagExpired, Reason::TagUnknownKey];
/// A receipt, a report or a reply needs no tag, so an expired one says nothing against it.
const UNTAGGED_OR_LATE: &[Reason] =
    &[Reason::Untagged, Reason::SigningGrace, Reason::TagExpired, Reason::TagUnknownKey];
const MAIL: &[Reason] = &[Reason::NotJudged];

const fn row(
    number: u8,
    reverse_path: SenderKind,
    envelope: &'static [Reason],
    classes: &'static [Class],
    origin: Ownership,
    effect: Option<Effect>,
) -> Row {
    Row { number, reverse_path, envelope, classes, origin, condition: Condition::Nothing, effect }
}

/// The table. The first row that applies decides; without one the envelope decides alone.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(1, SenderKind::Any, &[Reason::Exempt], &[], Ownership::Any, None),
    row(2, SenderKind::Null, &[Reason::NullMultiRcpt], &[], Ownership::Any, None),
    row(24, SenderKind::Any, &[Reason::Internal], &[], Ownership::Any, None),
    row(16, SenderKind::Null, &[Reason::Callout], &[], Ownership::Any, None),
    row(17, SenderKind::Null, &[Reason::Rfc5321Postmaster], &[], Ownership::Any, None),
    // Nobody sends that much mail that fails: a bounce to such a tag must prove itself. Vacation notices may come from all
    // readers of a message, and return nothing.
    row(4, SenderKind::Null, TAGGED, &[Class::AutoReply], Ownership::NotOurs, then(Verdict::Unverified, Reason::TagReplayed, Mode::Mark)).only(Condition::Replayed),
    row(4, SenderKind::Null, TAGGED, &[], Ownership::NotOurs, then(Verdict::Unverified, Reason::TagReplayed, Mode::Quarantine)).only(Condition::Replayed),
    // A good tag has leaked if it comes with a foreign message.
    row(4, SenderKind::Null, &[Reason::TagOk], BOUNCES, Ownership::Foreign, then(Verdict::Unverified, Reason::TagOkOriginalForeign, Mode::Mark)),
    row(4, SenderKind::Null, &[Reason::TagExpired], BOUNCES, Ownership::Foreign, then(Verdict::Unverified, Reason::TagExpired, Mode::Mark)).only(Condition::InTime),
    row(3, SenderKind::Null, &[Reason::TagOk], &[], Ownership::Any, None),
    // A proved bounce is not rejected for its age.
    row(5, SenderKind::Null, LATE, &[], Ownership::Ours, then(Verdict::Genuine, Reason::LateBounce, Mode::Observe)),
    row(7, SenderKind::Null, &[Reason::TagForged], &[], Ownership::Any, None),
    // The rows below are for bounces without a good tag.
    row(8, SenderKind::Null, UNTAGGED, BOUNCES, Ownership::Ours, then(Verdict::Genuine, Reason::OriginalProved, Mode::Observe)),
    row(10, SenderKind::Null, &[Reason::SigningGrace], BOUNCES, Ownership::NotOurs, then(Verdict::Unverified, Reason::SigningGrace, Mode::Mark)),
    row(9, SenderKind::Null, &[Reason::Untagged], FAILURES, Ownership::Foreign, then(Verdict::Disproved, Reason::BackscatterDisproved, Mode::Reject)),
    row(9, SenderKind::Null, &[Reason::Untagged], &[Class::VirusNotice], Ownership::Foreign, then(Verdict::Disproved, Reason::BackscatterDisproved, Mode::Quarantine)),
    row(10, SenderKind::Null, &[Reason::Untagged], BOUNCES, Ownership::Open, then(Verdict::Unverified, Reason::BackscatterUnverified, Mode::Quarantine)),
    row(11, SenderKind::Null, UNTAGGED_OR_LATE, &[Class::Mdn], Ownership::Ours, then(Verdict::Genuine, Reason::MdnProved, Mode::Observe)),
    row(12, SenderKind::Null, UNTAGGED_OR_LATE, &[Class::Mdn], Ownership::NotOurs, then(Verdict::Unverified, Reason::MdnUnverified, Mode::Mark)),
    row(13, SenderKind::Null, UNTAGGED_OR_LATE, REPORTS, Ownership::Any, then(Verdict::NotJudged, Reason::Report, Mode::Observe)).only(Condition::Welcome),
    row(14, SenderKind::Null, UNTAGGED_OR_LATE, &[Class::AutoReply], Ownership::Ours, then(Verdict::Genuine, Reason::AutoReplyProved, Mode::Observe)),
    row(14, SenderKind::Null, UNTAGGED_OR_LATE, &[Class::AutoReply], Ownership::NotOurs, then(Verdict::Unverified, Reason::AutoReplyUnverified, Mode::Mark)),
    row(22, SenderKind::Null, UNTAGGED_OR_LATE, &[Class::Challenge], Ownership::NotOurs, then(Verdict::Unverified, Reason::ChallengeForeign, Mode::Quarantine)),
    row(8, SenderKind::Null, UNTAGGED_OR_LATE, &[Class::Challenge], Ownership::Ours, then(Verdict::Genuine, Reason::OriginalProved, Mode::Observe)),
    // A late tag is worse than none for a bounce, and for mail of no known class.
    row(6, SenderKind::Null, LATE, &[], Ownership::Any, None),
    row(15, SenderKind::Null, UNTAGGED, &[], Ownership::Any, then(Verdict::NotJudged, Reason::NullNotBounce, Mode::Mark)),
    // Bounces of mail that we forwarded. A bounce that isn't recognised is lost if it is refused.
    row(25, SenderKind::Null, &[Reason::SrsOk], &[], Ownership::Any, then(Verdict::Unverified, Reason::TagReplayed, Mode::Quarantine)).only(Condition::Replayed),
    row(26, SenderKind::Null, &[Reason::SrsOk], NO_RESPONSES, Ownership::Any, then(Verdict::NotJudged, Reason::SrsNotBounce, Mode::Quarantine)),
    row(27, SenderKind::Null, &[Reason::SrsOk], &[], Ownership::Any, None),
    // Mail with a reverse-path.
    row(18, SenderKind::Mailbox, &[Reason::TaggedMail], &[], Ownership::Any, None),
    row(19, SenderKind::Mailbox, &[Reason::TaggedBad, Reason::TagUnknownKey], &[], Ownership::Any, None),
    row(20, SenderKind::Mailbox, MAIL, &[Class::Challenge, Class::VirusNotice, Class::Dsn, Class::NonstandardDsn], Ownership::Ours, then(Verdict::Genuine, Reason::NonnullBounceProved, Mode::Mark)),
    row(21, SenderKind::Mailbox, MAIL, BOUNCES, Ownership::Foreign, then(Verdict::Disproved, Reason::NonnullBackscatter, Mode::Quarantine)),
    row(22, SenderKind::Mailbox, MAIL, &[Class::Challenge], Ownership::NotOurs, then(Verdict::Unverified, Reason::ChallengeForeign, Mode::Quarantine)),
    row(23, SenderKind::Mailbox, MAIL, &[], Ownership::Any, None),
];

impl Row {
    const fn only(self, condition: Condition) -> Self {
        Self { condition, ..self }
    }

    /// Finds the row that decides: the first that applies. `envelope` is the reason that the envelope alone gives at the
    /// end of DATA.
    #[must_use]
    pub(crate) fn find(reverse_path: Path<'_>, envelope: Reason, facts: &Facts) -> Option<&'static Self> {
        ROWS.iter().find(|row| row.applies(reverse_path, envelope, facts))
    }

    fn applies(&self, reverse_path: Path<'_>, envelope: Reason, facts: &Facts) -> bool {
        let sender = match self.reverse_path {
            SenderKind::Null => reverse_path == Path::Null,
            SenderKind::Mailbox => reverse_path != Path::Null,
            SenderKind::Any => true,
        };
        sender
            && self.condition.is(facts)
            && self.envelope.contains(&envelope)
            && (self.classes.is_empty() || self.classes.contains(&facts.class))
            && self.origin.is(facts.origin)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sender = match self.reverse_path {
            SenderKind::Null => "null",
            SenderKind::Mailbox => "mailbox",
            SenderKind::Any => "any",
        };
        write!(f, "{} {sender} ", self.number)?;
        list(f, self.envelope.iter().map(|reason| reason.as_str()))?;
        f.write_str(" ")?;
        list(f, self.classes.iter().map(|class| class.as_str()))?;
        write!(f, " {}{}: ", self.origin.as_str(), self.condition.as_str())?;
        match self.effect {
            Some(Effect { verdict, reason, most: Mode::Observe }) => write!(f, "{verdict}, {reason}, accept"),
            Some(Effect { verdict, reason, most }) => write!(f, "{verdict}, {reason}, at most {}", most.as_str()),
            None => f.write_str("as the envelope says"),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, mut names: impl Iterator<Item = &'static str>) -> fmt::Result {
    f.write_str(names.next().unwrap_or("any"))?;
    names.try_for_each(|name| write!(f, ",{name}"))
}

/// Joins the judgement of the envelope at the end of DATA with the facts about the message, and tells the row that decided.
///
/// A message without a proof is quarantined at most, unless an option asks for more; a disproved one is rejected in mode
/// `reject`. A message that was cut is quarantined at most: the rest might prove it.
pub(crate) fn join<'a>(
    by_envelope: Judgement<'a>,
    reverse_path: Path<'_>,
    facts: &Facts,
    mode: Mode,
) -> (Judgement<'a>, Option<&'static Row>) {
    let row = Row::find(reverse_path, by_envelope.reason, facts);
    let Some(Effect { verdict, reason, most }) = row.and_then(|row| row.effect) else { return (by_envelope, row) };
    let most = match reason {
        Reason::MdnUnverified if facts.hold_receipts => Mode::Quarantine,
        Reason::NonnullBackscatter if facts.reject_daemon_senders => Mode::Reject,
        Reason::BackscatterUnverified if facts.reject_unverified => Mode::Reject,
        _ => most,
    };
    let most = if facts.cut { most.min(Mode::Quarantine) } else { most };
    let disposition = mode.min(most).disposition();
    let mut judgement = by_envelope;
    (judgement.verdict, judgement.reason, judgement.disposition) = (verdict, reason, disposition);
    let (reply, deliver_to) = match disposition {
        Disposition::Reject if verdict == Verdict::Disproved => (ReplyName::ForeignOriginal, None),
        Disposition::Reject => (ReplyName::UnprovedOriginal, None),
        _ => (ReplyName::RecipientOk, Some(by_envelope.mailbox)),
    };
    (judgement.reply, judgement.deliver_to) = (reply.reply(), deliver_to);
    (judgement, row)
}

#[cfg(test)]
mod tests;
