//! The verdict on a message at the end of DATA: what the envelope says, what the message is, and whose message it returns,
//! joined in one table.

use core::fmt;

use batv_bounce::{Class, Origin};
use batv_core::Path;
use batv_core::envelope::{Disposition, Judgement, Mode, Reason, Reply, Verdict};

/// What is known of a message.
///
/// ```
/// use batv_bounce::{Class, Origin};
/// use batv_policy::rows::Facts;
///
/// let mut facts = Facts::new(Class::Dsn);
/// facts.origin = Origin::Disproved;
/// assert!(!facts.cut);
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Facts {
    /// What kind of message it is.
    pub class: Class,
    /// Whose message it returns.
    pub origin: Origin,
    /// Whether it was too long to be read to its end: then it is held at most for what it says.
    pub cut: bool,
    /// Whether our own server found its author authenticated (RFC 8601), or the recipient is there for reports.
    pub report_is_welcome: bool,
    /// Whether more bounces have come to its tag than one should get: then the tag alone proves nothing.
    pub replayed: bool,
    /// Whether a disposition notification that isn't proved is held like a bounce.
    pub hold_receipts: bool,
    /// Whether a bounce with a reverse-path may be refused.
    pub reject_daemon_senders: bool,
    /// Whether a bounce without a tag may be refused also where nothing tells whose message it returns. Bounces that lost
    /// all proof on their way are lost then.
    pub reject_unverified: bool,
}

impl Facts {
    /// Nothing but the class.
    ///
    /// ```
    /// # use batv_bounce::{Class, Origin};
    /// # use batv_policy::rows::Facts;
    /// assert_eq!(Facts::new(Class::Mdn).origin, Origin::Unknown);
    /// ```
    pub const fn new(class: Class) -> Self {
        Self {
            class,
            origin: Origin::Unknown,
            cut: false,
            report_is_welcome: false,
            replayed: false,
            hold_receipts: false,
            reject_daemon_senders: false,
            reject_unverified: false,
        }
    }
}

/// A row of the table: when it applies, and what follows.
///
/// ```
/// use batv_policy::rows::ROWS;
///
/// let row = ROWS.iter().find(|row| row.number == 9).ok_or("no row 9")?;
/// assert_eq!(row.to_string(), "9 null untagged dsn,nonstandard-dsn disproved: disproved, backscatter-disproved, at most reject");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Row {
    /// Its number, which `batv judge --explain` and the C library tell. Rows that differ little share one.
    pub number: u8,
    /// The reverse-path.
    pub reverse_path: SenderKind,
    /// What the envelope alone gave as its reason.
    pub envelope: &'static [Reason],
    /// The classes; none stands for all.
    pub classes: &'static [Class],
    /// Whose message is returned.
    pub origin: Ownership,
    /// What else must be so.
    pub condition: Condition,
    /// What follows; `None` is the judgement of the envelope.
    pub effect: Option<Effect>,
}

/// Which reverse-paths a row is about.
///
/// ```
/// use batv_policy::rows::{ROWS, SenderKind};
///
/// assert_eq!(ROWS.iter().filter(|row| row.reverse_path == SenderKind::Mailbox).count(), 6);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a reverse-path is null or not")]
pub enum SenderKind {
    /// The null reverse-path.
    Null,
    /// One that is not null.
    Mailbox,
    /// Either.
    Any,
}

/// Which origins a row is about.
///
/// ```
/// use batv_policy::rows::{ROWS, Ownership};
///
/// assert!(ROWS.iter().any(|row| row.origin == Ownership::Foreign));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Ownership {
    /// Proved to be ours.
    Ours,
    /// Proved not to be ours.
    Foreign,
    /// Neither.
    Open,
    /// Not proved to be ours.
    NotOurs,
    /// Any.
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

/// What else must be so for a row to apply.
///
/// ```
/// use batv_policy::rows::{Condition, ROWS};
///
/// let row = ROWS.iter().find(|row| row.condition == Condition::Replayed).ok_or("no such row")?;
/// assert_eq!(row.to_string(), "4 null tag-ok any not-proved replayed: unverified, tag-replayed, at most quarantine");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Condition {
    /// Nothing.
    Nothing,
    /// [`Facts::report_is_welcome`].
    Welcome,
    /// [`Facts::replayed`].
    Replayed,
}

impl Condition {
    const fn is(self, facts: &Facts) -> bool {
        match self {
            Self::Nothing => true,
            Self::Welcome => facts.report_is_welcome,
            Self::Replayed => facts.replayed,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Welcome => " welcome",
            Self::Replayed => " replayed",
        }
    }
}

/// What follows from a row.
///
/// ```
/// use batv_policy::rows::ROWS;
/// use batv_core::envelope::Mode;
///
/// // Only what is disproved is ever refused.
/// let refused: Vec<_> = ROWS.iter().filter_map(|row| row.effect).filter(|effect| effect.most == Mode::Reject).collect();
/// assert!(refused.iter().all(|effect| effect.verdict.as_str() == "disproved"));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Effect {
    /// What was found.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// How far it goes at most, whatever the mode; [`Mode::Observe`] accepts.
    pub most: Mode,
}

const fn then(verdict: Verdict, reason: Reason, most: Mode) -> Option<Effect> {
    Some(Effect { verdict, reason, most })
}

const BOUNCES: &[Class] = &[Class::Dsn, Class::NonstandardDsn, Class::VirusNotice];
/// What returns mail because it couldn't be delivered.
const FAILURES: &[Class] = &[Class::Dsn, Class::NonstandardDsn];
const REPORTS: &[Class] = &[Class::DmarcReport, Class::TlsReport, Class::FeedbackReport];
const UNTAGGED: &[Reason] = &[Reason::Untagged, Reason::SigningGrace];
const LATE: &[Reason] = &[Reason::TagExpired, Reason::TagUnknownKey];
/// A receipt, a report or an answer needs no tag: one that is too old to be believed doesn't speak against it.
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

/// The table. The first row that applies decides; a message to which none does is judged by its envelope.
///
/// ```
/// use batv_policy::rows::ROWS;
///
/// for row in ROWS {
///     println!("{row}");
/// }
/// # for number in 1..=24 { assert!(ROWS.iter().any(|row| row.number == number), "{number}"); }
/// ```
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    row(1, SenderKind::Any, &[Reason::Exempt], &[], Ownership::Any, None),
    row(2, SenderKind::Null, &[Reason::NullMultiRcpt], &[], Ownership::Any, None),
    row(24, SenderKind::Any, &[Reason::Internal], &[], Ownership::Any, None),
    row(16, SenderKind::Null, &[Reason::Callout], &[], Ownership::Any, None),
    row(17, SenderKind::Null, &[Reason::Rfc5321Postmaster], &[], Ownership::Any, None),
    // Nobody sends so much that fails: what comes with it must prove itself.
    row(4, SenderKind::Null, &[Reason::TagOk], &[], Ownership::NotOurs, then(Verdict::Unverified, Reason::TagReplayed, Mode::Quarantine)).only(Condition::Replayed),
    // A good tag has got around when it comes with somebody else's message.
    row(4, SenderKind::Null, &[Reason::TagOk], BOUNCES, Ownership::Foreign, then(Verdict::Unverified, Reason::TagOkOriginalForeign, Mode::Mark)),
    row(3, SenderKind::Null, &[Reason::TagOk], &[], Ownership::Any, None),
    // What is proved isn't refused for its age, whatever it is.
    row(5, SenderKind::Null, LATE, &[], Ownership::Ours, then(Verdict::Genuine, Reason::LateBounce, Mode::Observe)),
    row(7, SenderKind::Null, &[Reason::TagForged], &[], Ownership::Any, None),
    // From here on there is no good tag.
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
    // What a late tag makes worse than none: a bounce, and what is like nothing else.
    row(6, SenderKind::Null, LATE, &[], Ownership::Any, None),
    row(15, SenderKind::Null, UNTAGGED, &[], Ownership::Any, then(Verdict::NotJudged, Reason::NullNotBounce, Mode::Mark)),
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

    /// The row that decides, which is the first that applies. `envelope` is the reason that the envelope alone gives at
    /// the end of DATA.
    ///
    /// ```
    /// use batv_bounce::Class;
    /// use batv_core::Path;
    /// use batv_core::envelope::Reason;
    /// use batv_policy::rows::{Facts, Row};
    ///
    /// let row = Row::find(Path::Null, Reason::Untagged, &Facts::new(Class::Mdn));
    /// assert_eq!(row.map(|row| row.number), Some(12));
    /// ```
    pub fn find(reverse_path: Path<'_>, envelope: Reason, facts: &Facts) -> Option<&'static Self> {
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

/// Whether mode `reject` refuses for this reason, of an envelope or of a message, where no option of [`Facts`] wants more.
/// The other modes take the same, and tell the same reason: so a log tells what `reject` would have refused.
///
/// ```
/// use batv_policy::is_refused;
/// use batv_core::envelope::Reason;
///
/// assert!(is_refused(Reason::BackscatterDisproved) && is_refused(Reason::TagForged));
/// assert!(!is_refused(Reason::BackscatterUnverified));
/// ```
pub fn is_refused(reason: Reason) -> bool {
    let by_row = |effect: Effect| effect.reason == reason && effect.most == Mode::Reject;
    reason.is_refused() || ROWS.iter().filter_map(|row| row.effect).any(by_row)
}

/// Joins the judgement of the envelope, at the end of DATA, with what is known of the message; and the row that did it.
///
/// What is not proved never comes to worse than quarantine, and what is disproved is refused at the end of DATA where
/// the mode is `reject`. A message that was cut is held at most: what was not read might prove it.
///
/// ```
/// use batv_bounce::{Class, Origin};
/// use batv_core::envelope::{Disposition, Envelope, Examination, Mode, Stage, Policy, Reason};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path};
/// use batv_policy::rows::{Facts, join};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha256, b"0123456789abcdef")?];
/// let envelope = Envelope::new(Path::Null, Mailbox::parse("alice@example.com")?);
/// let examination = Examination::new(&envelope, &keys, &Policy::new(Mode::Reject), Day::new(20_782)?);
/// let by_envelope = examination.judge(Mode::Reject, Stage::EndOfData);
///
/// let mut facts = Facts::new(Class::Dsn);
/// let (judgement, _) = join(by_envelope, Path::Null, &facts, Mode::Reject);
/// assert_eq!(judgement.disposition, Disposition::Quarantine);
/// facts.origin = Origin::Disproved;
/// let (judgement, row) = join(by_envelope, Path::Null, &facts, Mode::Reject);
/// assert_eq!(judgement.reason, Reason::BackscatterDisproved);
/// assert_eq!(judgement.reply.to_string(), "550 5.7.1 this returns a message that we did not send");
/// assert_eq!(row.map(|row| row.number), Some(9));
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn join<'a>(
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
    (judgement.reply, judgement.deliver_to) = match disposition {
        Disposition::Reject if verdict == Verdict::Disproved => (Reply::FOREIGN, None),
        Disposition::Reject => (Reply::UNPROVED, None),
        _ => (Reply::OK, Some(by_envelope.mailbox)),
    };
    (judgement, row)
}
