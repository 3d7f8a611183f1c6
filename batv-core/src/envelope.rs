//! The verdict on one reverse-path and one forward-path, before any message is seen.
//!
//! A null reverse-path claims to be a bounce. A good tag on the forward-path proves that it answers mail of ours; a bad
//! one proves that it does not; without one the message has to speak, at the end of DATA. So that somebody who probes
//! whether a mailbox exists (`MAIL FROM:<>`, `RCPT TO`, `QUIT`) is not told that it doesn't, nothing untagged is refused
//! at RCPT TO unless the policy says so.

use core::fmt;
use core::str::FromStr;

use crate::day::{Day, Lifetime};
use crate::dialect::{self, Layer};
use crate::key::{Key, KeyRing, KeyState, UnknownName};
use crate::mailbox::{Mailbox, Path};
use crate::pattern::Pattern;
use crate::prvs::{self, Form, Verdict, Verification};

/// Days for which a mail server goes on trying to deliver (RFC 5321 §4.5.4.1): a bounce may be that late.
pub const QUEUE_DAYS: i32 = 5;

/// What is asked: who sends, to whom, and when.
///
/// ```
/// use batv_core::envelope::{Earlier, Envelope, Moment};
/// use batv_core::{Mailbox, Path};
///
/// let envelope = Envelope::new(Path::Null, Mailbox::parse("alice@example.com")?);
/// assert_eq!(envelope.earlier, Earlier::None);
/// assert_eq!(envelope.moment, Moment::RcptTo);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Envelope<'a> {
    /// The argument of MAIL FROM.
    pub reverse_path: Path<'a>,
    /// The argument of RCPT TO.
    pub forward_path: Mailbox<'a>,
    /// Whether the client is one of ours, or one that is never judged.
    pub trusted_client: bool,
    /// What became of the recipients of the same message that were accepted before this one.
    pub earlier: Earlier,
    /// When the question is asked.
    pub moment: Moment,
}

impl<'a> Envelope<'a> {
    /// The first recipient of a message, asked about at RCPT TO, from a client that we know nothing of.
    ///
    /// ```
    /// # use batv_core::{Mailbox, Path, envelope::Envelope};
    /// let envelope = Envelope::new(Path::Null, Mailbox::parse("alice@example.com")?);
    /// assert!(!envelope.trusted_client);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub const fn new(reverse_path: Path<'a>, forward_path: Mailbox<'a>) -> Self {
        Self { reverse_path, forward_path, trusted_client: false, earlier: Earlier::None, moment: Moment::RcptTo }
    }
}

/// The recipients of the same message that were accepted before.
///
/// ```
/// use batv_core::envelope::Earlier;
///
/// assert_eq!(Earlier::default(), Earlier::None);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Earlier {
    /// There are none.
    #[default]
    None,
    /// All are accepted, whatever the message says.
    Settled,
    /// At least one may still be refused by the message, or is held: what becomes of the message would become of all.
    Undecided,
}

impl Earlier {
    /// The same after one more recipient, judged by a policy of this mode.
    ///
    /// ```
    /// use batv_core::envelope::{self, Earlier, Envelope, Mode, Policy};
    /// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path};
    ///
    /// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
    /// let policy = Policy::new(Mode::Reject);
    /// let bounce = Envelope::new(Path::Null, Mailbox::parse("alice@example.com")?);
    /// let judgement = envelope::judge(&bounce, &keys, &policy, Day::new(18_262)?);
    /// assert_eq!(Earlier::None.and(&judgement, policy.mode), Earlier::Undecided);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    #[must_use]
    pub fn and(self, judgement: &Judgement<'_>, mode: Mode) -> Self {
        match (self, judgement.deliver_to) {
            (_, None) => self,
            (Self::Undecided, _) => Self::Undecided,
            _ if judgement.must_be_alone(mode) => Self::Undecided,
            _ => Self::Settled,
        }
    }
}

impl Earlier {
    /// The name in the protocols of the daemon.
    ///
    /// ```
    /// # use batv_core::envelope::Earlier;
    /// assert_eq!(Earlier::Undecided.as_str(), "undecided");
    /// assert_eq!("settled".parse(), Ok(Earlier::Settled));
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Settled => "settled",
            Self::Undecided => "undecided",
        }
    }
}

impl FromStr for Earlier {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        [Self::None, Self::Settled, Self::Undecided].into_iter().find(|known| known.as_str() == name).ok_or(UnknownName)
    }
}

/// When the question is asked, and when what is undecided gets decided.
///
/// ```
/// use batv_core::envelope::Moment;
///
/// assert!(Moment::RcptTo < Moment::EndOfData);
/// assert_eq!("data".parse(), Ok(Moment::EndOfData));
/// ```
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Moment {
    /// At RCPT TO.
    RcptTo,
    /// After the last octet of the message.
    EndOfData,
}

impl Moment {
    /// The name in configurations: `rcpt` or `data`.
    ///
    /// ```
    /// # use batv_core::envelope::Moment;
    /// assert_eq!(Moment::RcptTo.as_str(), "rcpt");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RcptTo => "rcpt",
            Self::EndOfData => "data",
        }
    }
}

impl FromStr for Moment {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        [Self::RcptTo, Self::EndOfData].into_iter().find(|known| known.as_str() == name).ok_or(UnknownName)
    }
}

/// How far a domain goes with what is not proved: the ladder that it climbs.
///
/// ```
/// use batv_core::envelope::Mode;
///
/// assert!(Mode::Observe < Mode::Reject);
/// assert_eq!("mark".parse(), Ok(Mode::Mark));
/// ```
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Mode {
    /// Accept, and tell the log.
    Observe,
    /// Accept, and say so in a header.
    Mark,
    /// Hold.
    Quarantine,
    /// Refuse.
    Reject,
}

impl Mode {
    /// All of them, from the first rung to the last.
    pub const ALL: [Self; 4] = [Self::Observe, Self::Mark, Self::Quarantine, Self::Reject];

    /// The name in configurations.
    ///
    /// ```
    /// # use batv_core::envelope::Mode;
    /// assert_eq!(Mode::Quarantine.as_str(), "quarantine");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Mark => "mark",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }

    /// What this mode does about a recipient that is not to be accepted.
    ///
    /// ```
    /// # use batv_core::envelope::{Disposition, Mode};
    /// assert_eq!(Mode::Mark.disposition(), Disposition::Mark);
    /// ```
    pub const fn disposition(self) -> Disposition {
        match self {
            Self::Observe => Disposition::Accept,
            Self::Mark => Disposition::Mark,
            Self::Quarantine => Disposition::Quarantine,
            Self::Reject => Disposition::Reject,
        }
    }
}

impl FromStr for Mode {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|known| known.as_str() == name).ok_or(UnknownName)
    }
}

/// What to do when the question can't be answered. Never a rejection.
///
/// ```
/// use batv_core::envelope::OnError;
///
/// assert_eq!(OnError::default(), OnError::Tempfail);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum OnError {
    /// Answer 451, so that the client tries again.
    #[default]
    Tempfail,
    /// Accept as if there were no BATV.
    Accept,
}

/// What is ours, and how it is treated.
///
/// ```
/// use batv_core::Pattern;
/// use batv_core::envelope::{Mode, Moment, Policy};
///
/// let protected = [Pattern::parse("example.com")?];
/// let mut policy = Policy::new(Mode::Mark);
/// policy.protected = &protected;
/// assert_eq!(policy.reject_at, Moment::EndOfData);
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Policy<'p, T = &'p str> {
    /// The domains and mailboxes that tag what they send. When there are none: those that a live BATV key serves.
    pub protected: &'p [Pattern<T>],
    /// Domains and mailboxes that are not judged all the same.
    pub exempt: &'p [Pattern<T>],
    /// The day from which on all that was sent has a tag. What comes untagged within the lifetime of a tag and
    /// [`QUEUE_DAYS`] after it may still answer older mail.
    pub signing_since: Option<Day>,
    /// The form in which senders are tagged: what has no room for it is sent without.
    pub form: Form,
    /// How far to go.
    pub mode: Mode,
    /// When to refuse what only a message could still prove. `EndOfData` is safe for callouts.
    pub reject_at: Moment,
    /// What to do when the question can't be answered.
    pub on_error: OnError,
}

impl Policy<'_> {
    /// Protects whatever the keys serve, without exemption or grace, and decides at the end of DATA.
    ///
    /// ```
    /// # use batv_core::envelope::{Mode, Policy};
    /// assert!(Policy::new(Mode::Observe).protected.is_empty());
    /// ```
    pub const fn new(mode: Mode) -> Self {
        Self::of(&[], &[], mode)
    }
}

impl<'p, T> Policy<'p, T> {
    /// The same with lists, which may be of texts that somebody owns.
    ///
    /// ```
    /// # use batv_core::Pattern;
    /// # use batv_core::envelope::{Mode, Policy};
    /// let protected = vec![Pattern::parse(String::from("example.com"))?];
    /// assert_eq!(Policy::of(&protected, &[], Mode::Mark).protected.len(), 1);
    /// # Ok::<(), batv_core::Error>(())
    /// ```
    pub const fn of(protected: &'p [Pattern<T>], exempt: &'p [Pattern<T>], mode: Mode) -> Self {
        Self {
            protected,
            exempt,
            signing_since: None,
            form: Form::Prvs,
            mode,
            reject_at: Moment::EndOfData,
            on_error: OnError::Tempfail,
        }
    }
}

/// What was found. "Disproved" and "unverified" are never the same.
///
/// ```
/// use batv_core::envelope::Finding;
///
/// assert_ne!(Finding::Disproved.as_str(), Finding::Unverified.as_str());
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Finding {
    /// A bounce to mail that we sent.
    Genuine,
    /// It answers nothing that we sent.
    Disproved,
    /// Nothing proves or disproves it.
    Unverified,
    /// It is not for us to judge.
    NotJudged,
    /// The question is put off, or can't be answered.
    Undecided,
}

impl Finding {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Genuine, Self::Unverified, Self::Disproved, Self::NotJudged, Self::Undecided];

    /// The name in the output of `batv check`.
    ///
    /// ```
    /// # use batv_core::envelope::Finding;
    /// assert_eq!(Finding::NotJudged.as_str(), "not-judged");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Genuine => "genuine",
            Self::Disproved => "disproved",
            Self::Unverified => "unverified",
            Self::NotJudged => "not-judged",
            Self::Undecided => "undecided",
        }
    }
}

impl FromStr for Finding {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|known| known.as_str() == name).ok_or(UnknownName)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why: one code for each way to a judgement, of the envelope or, in `batv-bounce`, of the message.
///
/// ```
/// use batv_core::envelope::Reason;
///
/// assert_eq!(Reason::TagForged.as_str(), "tag-forged");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// The client, the recipient or its domain is not judged, or what the recipient sends gets no tag.
    Exempt,
    /// A further recipient of a null reverse-path, whose outcome may differ from that of an earlier one.
    NullMultiRcpt,
    /// A bounce with a good tag.
    TagOk,
    /// A bounce whose tag has expired.
    TagExpired,
    /// A bounce whose tag no live key made, though one has its id.
    TagForged,
    /// A bounce whose tag names a key that we do not have any more, or never had, or is of another program.
    TagUnknownKey,
    /// A null reverse-path to an untagged mailbox: a bounce, or a question whether the mailbox exists.
    Callout,
    /// A bounce without a tag to a mailbox that tags all that it sends.
    Untagged,
    /// A bounce without a tag that may answer what was sent before tags were.
    SigningGrace,
    /// To postmaster or abuse, which must stay reachable.
    Rfc5321Postmaster,
    /// Mail, not a bounce, to a mailbox with a tag that we made.
    TaggedMail,
    /// Mail, not a bounce, to a mailbox with a tag that we did not make.
    TaggedBad,
    /// Mail, not a bounce.
    NotJudged,
    /// A bounce with a good tag that returns a message which isn't ours: the tag got around.
    TagOkOriginalForeign,
    /// A bounce with a good tag, to which more bounces have come than one should get.
    TagReplayed,
    /// A bounce whose tag has expired, and which returns a message that is proved to be ours.
    LateBounce,
    /// A bounce without a tag that returns a message which is proved to be ours.
    OriginalProved,
    /// A bounce without a tag that returns a message which isn't ours.
    BackscatterDisproved,
    /// A bounce without a tag, of which nothing tells whose message it returns.
    BackscatterUnverified,
    /// A disposition notification for a message that is proved to be ours.
    MdnProved,
    /// A disposition notification without a tag, as RFC 8098 §3 wants it.
    MdnUnverified,
    /// A report on DMARC, on TLS or on abuse.
    Report,
    /// An automatic reply to a message that is proved to be ours.
    AutoReplyProved,
    /// An automatic reply without a tag.
    AutoReplyUnverified,
    /// Mail with a null reverse-path that is no bounce.
    NullNotBounce,
    /// A bounce with a reverse-path that returns a message which is proved to be ours.
    NonnullBounceProved,
    /// A bounce with a reverse-path that returns a message which isn't ours.
    NonnullBackscatter,
    /// A challenge to mail that isn't proved to be ours.
    ChallengeForeign,
    /// Too many wrong tags came from the client's network, or to the mailbox, lately: this one is looked at later.
    Throttled,
    /// There is no key, or the clock is wrong.
    Internal,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 30] = [
        Self::Exempt,
        Self::NullMultiRcpt,
        Self::TagOk,
        Self::TagExpired,
        Self::TagForged,
        Self::TagUnknownKey,
        Self::Callout,
        Self::Untagged,
        Self::SigningGrace,
        Self::Rfc5321Postmaster,
        Self::TaggedMail,
        Self::TaggedBad,
        Self::NotJudged,
        Self::TagOkOriginalForeign,
        Self::TagReplayed,
        Self::LateBounce,
        Self::OriginalProved,
        Self::BackscatterDisproved,
        Self::BackscatterUnverified,
        Self::MdnProved,
        Self::MdnUnverified,
        Self::Report,
        Self::AutoReplyProved,
        Self::AutoReplyUnverified,
        Self::NullNotBounce,
        Self::NonnullBounceProved,
        Self::NonnullBackscatter,
        Self::ChallengeForeign,
        Self::Throttled,
        Self::Internal,
    ];

    /// The code in the output of `batv check`, in logs and in headers.
    ///
    /// ```
    /// # use batv_core::envelope::Reason;
    /// assert_eq!(Reason::Rfc5321Postmaster.as_str(), "rfc5321-4.5.1");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exempt => "exempt",
            Self::NullMultiRcpt => "null-multi-rcpt",
            Self::TagOk => "tag-ok",
            Self::TagExpired => "tag-expired",
            Self::TagForged => "tag-forged",
            Self::TagUnknownKey => "tag-unknown-key",
            Self::Callout => "callout",
            Self::Untagged => "untagged",
            Self::SigningGrace => "signing-grace",
            Self::Rfc5321Postmaster => "rfc5321-4.5.1",
            Self::TaggedMail => "tagged-mail",
            Self::TaggedBad => "tagged-bad",
            Self::NotJudged => "not-judged",
            Self::TagOkOriginalForeign => "tag-ok-original-foreign",
            Self::TagReplayed => "tag-replayed",
            Self::LateBounce => "late-bounce",
            Self::OriginalProved => "original-proved",
            Self::BackscatterDisproved => "backscatter-disproved",
            Self::BackscatterUnverified => "backscatter-unverified",
            Self::MdnProved => "mdn-proved",
            Self::MdnUnverified => "mdn-unverified",
            Self::Report => "report",
            Self::AutoReplyProved => "auto-reply-proved",
            Self::AutoReplyUnverified => "auto-reply-unverified",
            Self::NullNotBounce => "null-not-bounce",
            Self::NonnullBounceProved => "nonnull-bounce-proved",
            Self::NonnullBackscatter => "nonnull-backscatter",
            Self::ChallengeForeign => "challenge-foreign",
            Self::Throttled => "throttled",
            Self::Internal => "internal",
        }
    }
}

impl Reason {
    /// Why, in words.
    ///
    /// ```
    /// # use batv_core::envelope::Reason;
    /// assert_eq!(Reason::NotJudged.words(), "mail that is no bounce");
    /// ```
    pub const fn words(self) -> &'static str {
        match self {
            Self::Exempt => "the recipient is exempt or not protected, or sends without a tag",
            Self::NullMultiRcpt => "a bounce has one recipient",
            Self::TagOk => "a null sender, and a good tag: this answers mail that we sent",
            Self::TagExpired => "a null sender, and a tag of ours that has expired",
            Self::TagForged => "a null sender, and a tag that none of our keys made",
            Self::TagUnknownKey => "a tag that names no live key of ours",
            Self::Callout => "a null sender and no tag: the message will tell whether it is a bounce",
            Self::Untagged => "a null sender and no tag, to a mailbox that tags all it sends",
            Self::SigningGrace => "a null sender and no tag, but mail from before there were tags may still bounce",
            Self::Rfc5321Postmaster => "postmaster and abuse take everything",
            Self::TaggedMail => "mail that is no bounce, to a tag of ours, which comes off",
            Self::TaggedBad => "mail that is no bounce, to a tag that none of our keys made",
            Self::NotJudged => "mail that is no bounce",
            Self::TagOkOriginalForeign => "a good tag, but the message that it returns is not ours: the tag got around",
            Self::TagReplayed => "a good tag, to which more bounces have come than one should get",
            Self::LateBounce => "a tag of ours that has expired, and the message that it returns is ours",
            Self::OriginalProved => "no tag, but the message that it returns is ours",
            Self::BackscatterDisproved => "no tag, and the message that it returns is not ours",
            Self::BackscatterUnverified => "no tag, and nothing tells whose message it returns",
            Self::MdnProved => "a disposition notification for a message of ours",
            Self::MdnUnverified => "a disposition notification, which needs no tag",
            Self::Report => "a report on DMARC, TLS or abuse",
            Self::AutoReplyProved => "an automatic reply to a message of ours",
            Self::AutoReplyUnverified => "an automatic reply without a tag",
            Self::NullNotBounce => "a null sender, but no bounce",
            Self::NonnullBounceProved => "a bounce with a sender, and the message that it returns is ours",
            Self::NonnullBackscatter => "a bounce with a sender, and the message that it returns is not ours",
            Self::ChallengeForeign => "a challenge to mail that is not proved to be ours",
            Self::Throttled => "too many wrong tags came lately: this one is looked at later",
            Self::Internal => "there is no live key to judge by, or the clock is wrong",
        }
    }

    /// Whether mode `reject` refuses for this reason what it judges by the envelope alone: a tag that has expired once it
    /// is [`QUEUE_DAYS`] late, an untagged bounce where no message is read. What a message says is judged by `batv-bounce`.
    ///
    /// ```
    /// # use batv_core::envelope::Reason;
    /// assert!(Reason::TagForged.is_refused());
    /// assert!(!Reason::TagUnknownKey.is_refused());
    /// ```
    pub const fn is_refused(self) -> bool {
        matches!(self, Self::TagExpired | Self::TagForged | Self::Untagged | Self::TaggedBad)
    }
}

impl FromStr for Reason {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|known| known.as_str() == name).ok_or(UnknownName)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is done about it.
///
/// ```
/// use batv_core::envelope::Disposition;
///
/// assert_eq!(Disposition::Tempfail.as_str(), "tempfail");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Disposition {
    /// Take it.
    Accept,
    /// Take it, and say in a header what was found.
    Mark,
    /// Take it, and hold it.
    Quarantine,
    /// Refuse it for good, with a 5yz reply.
    Reject,
    /// Refuse it for now, with a 4yz reply.
    Tempfail,
    /// Take it, and throw it away. Nothing in this crate does so.
    Drop,
}

impl Disposition {
    /// The name in the output of `batv check`.
    ///
    /// ```
    /// # use batv_core::envelope::Disposition;
    /// assert_eq!(Disposition::Accept.as_str(), "accept");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Mark => "mark",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
            Self::Tempfail => "tempfail",
            Self::Drop => "drop",
        }
    }
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the server says: a reply code (RFC 5321 §4.2), an enhanced one (RFC 3463), and a text of ASCII on one line.
///
/// ```
/// use batv_core::envelope::Reply;
///
/// assert_eq!(Reply::OK.to_string(), "250 2.1.5 recipient ok");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Reply {
    /// Three digits, the first of them 2, 4 or 5.
    pub code: u16,
    /// Class, subject and detail.
    pub enhanced: (u8, u8, u8),
    /// The words.
    pub text: &'static str,
}

impl Reply {
    /// The recipient is taken.
    pub const OK: Self = Self::new(250, (2, 1, 5), "recipient ok");
    const TOO_MANY: Self = Self::new(452, (4, 5, 3), "a bounce has one recipient: send the others one by one");
    /// It can't be judged now.
    pub const INTERNAL: Self = Self::new(451, (4, 3, 0), "bounce tags can't be checked just now: try again later");
    const FORGED: Self = Self::new(550, (5, 7, 1), "the tag of this address is forged: we sent nothing from it");
    const EXPIRED: Self = Self::new(550, (5, 7, 1), "the tag of this address has expired: too late for a bounce");
    const UNTAGGED: Self = Self::new(550, (5, 7, 1), "we send nothing from this address without a tag: not our bounce");
    const NO_MAILBOX: Self = Self::new(550, (5, 1, 1), "no such mailbox: the tag of this address is forged");

    /// A reply of one's own.
    ///
    /// ```
    /// # use batv_core::envelope::Reply;
    /// let reply = Reply::new(550, (5, 7, 1), "we sent nothing that this returns");
    /// assert_eq!(reply.to_string(), "550 5.7.1 we sent nothing that this returns");
    /// ```
    pub const fn new(code: u16, enhanced: (u8, u8, u8), text: &'static str) -> Self {
        Self { code, enhanced, text }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, subject, detail) = self.enhanced;
        write!(f, "{} {class}.{subject}.{detail} {}", self.code, self.text)
    }
}

/// The answer for one recipient.
///
/// ```
/// use batv_core::envelope::{self, Disposition, Envelope, Finding, Mode, Policy, Reason};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let bounce = Envelope::new(Path::Null, Mailbox::parse("prvs=0269b1e711=alice@example.com")?);
/// let judgement = envelope::judge(&bounce, &keys, &Policy::new(Mode::Reject), Day::new(18_262)?);
/// assert_eq!(judgement.finding, Finding::Genuine);
/// assert_eq!(judgement.reason, Reason::TagOk);
/// assert_eq!(judgement.disposition, Disposition::Accept);
/// assert_eq!(judgement.deliver_to, Mailbox::parse("alice@example.com").ok());
/// # Ok::<(), batv_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Judgement<'a> {
    /// What was found.
    pub finding: Finding,
    /// Why.
    pub reason: Reason,
    /// What is done now.
    pub disposition: Disposition,
    /// What is said now.
    pub reply: Reply,
    /// The mailbox to deliver to, without the tag; `None` when the recipient is refused. After a tag that is not
    /// proved ([`Finding::Disproved`], [`Finding::Unverified`]) the server must see for itself that the mailbox exists.
    pub deliver_to: Option<Mailbox<'a>>,
    /// The same also where the recipient is refused.
    pub mailbox: Mailbox<'a>,
    /// Whether the message can change nothing about this any more.
    pub settled: bool,
}

impl Judgement<'_> {
    /// Whether other recipients must not share what becomes of the message.
    fn must_be_alone(&self, mode: Mode) -> bool {
        self.disposition == Disposition::Quarantine || !self.settled && mode >= Mode::Quarantine
    }
}

/// Judges one recipient of one message. Pure: the same question has the same answer.
///
/// ```
/// use batv_core::envelope::{self, Envelope, Mode, Policy, Reason};
/// use batv_core::{Algorithm, Day, Key, KeyId, KeyUse, Mailbox, Path};
///
/// let keys = [Key::new(KeyUse::Batv(KeyId::default()), Algorithm::HmacSha1, b"s3kr1t")?];
/// let probe = Envelope::new(Path::Null, Mailbox::parse("alice@example.com")?);
/// let judgement = envelope::judge(&probe, &keys, &Policy::new(Mode::Reject), Day::new(18_262)?);
/// assert_eq!(judgement.reason, Reason::Callout);
/// assert_eq!(judgement.reply.code, 250);
/// # Ok::<(), batv_core::Error>(())
/// ```
pub fn judge<'a>(
    envelope: &Envelope<'a>,
    ring: &(impl KeyRing + ?Sized),
    policy: &Policy<'_, impl AsRef<str>>,
    today: Day,
) -> Judgement<'a> {
    let mut tag = Tag::read(envelope, ring, today);
    let keys = LiveKeys::of(ring, &tag.mailbox, today);
    let days_of_grace = i32::from(keys.lifetime.days()) + QUEUE_DAYS;
    let grace = policy.signing_since.is_some_and(|since| today.since(since) <= days_of_grace);
    if grace && tag.verdict == Verdict::BadMac {
        // What tagged here before us may have had a key of the same id.
        tag.verdict = Verdict::UnknownKey;
    }
    let bounce = envelope.reverse_path == Path::Null;

    let listed = |pattern: &Pattern<_>| pattern.matches(&tag.mailbox);
    let protected = if policy.protected.is_empty() { keys.any } else { policy.protected.iter().any(listed) };
    let signing = policy.signing_since.is_none_or(|since| since <= today);
    let judgement = if envelope.trusted_client || policy.exempt.iter().any(listed) || !protected || !signing {
        let proved = matches!(tag.verdict, Verdict::Valid | Verdict::Expired);
        exempt(if proved { tag.mailbox } else { envelope.forward_path })
    } else if !bounce {
        judge_mail(&tag, policy)
    } else if tag.is_to_role() {
        accept(Finding::NotJudged, Reason::Rfc5321Postmaster, tag.mailbox)
    } else if !keys.any || keys.from_the_future && tag.days_left.is_none() {
        cannot_judge(policy, tag.mailbox)
    } else if tag.verdict == Verdict::Untagged && !prvs::is_signed(ring, &tag.mailbox, policy.form) {
        // It is rewritten, or too long, or nobody signs for it: its bounces come without a tag.
        exempt(tag.mailbox)
    } else {
        judge_bounce(&tag, keys.lifetime, grace, policy, envelope.moment)
    };
    let may_differ = envelope.earlier == Earlier::Undecided || judgement.must_be_alone(policy.mode);
    let crowded = bounce && envelope.earlier != Earlier::None && envelope.moment == Moment::RcptTo;
    if crowded && may_differ && judgement.disposition != Disposition::Reject {
        let reason = Reason::NullMultiRcpt;
        return refuse(Finding::Undecided, reason, Disposition::Tempfail, Reply::TOO_MANY, judgement.mailbox);
    }
    judgement
}

/// What the forward-path says: [`prvs::verify`], and the tags of other programs on mailboxes of ours.
struct Tag<'a> {
    verdict: Verdict,
    mailbox: Mailbox<'a>,
    days_left: Option<i32>,
}

impl<'a> Tag<'a> {
    fn read(envelope: &Envelope<'a>, ring: &(impl KeyRing + ?Sized), today: Day) -> Self {
        let Verification { verdict, mailbox, days_left, .. } = prvs::verify(ring, &envelope.forward_path, today);
        if verdict == Verdict::Untagged
            && let Some(Layer { dialect, mailbox: Some(mailbox) }) = dialect::outermost(&mailbox, dialect::Mode::Strict)
            && dialect.is_bounce_tag()
        {
            // The tag of what stood here before, or stands beside: of a key that we don't know.
            return Self { verdict: Verdict::UnknownKey, mailbox, days_left };
        }
        Self { verdict, mailbox, days_left }
    }

    /// Whether it is for postmaster (RFC 5321 §4.5.1) or abuse (RFC 2142 §4). A tag that is forged or good speaks for
    /// itself.
    fn is_to_role(&self) -> bool {
        let local_part = self.mailbox.local_part();
        let tag_speaks = matches!(self.verdict, Verdict::Valid | Verdict::BadMac);
        !tag_speaks && (local_part.is_postmaster() || local_part.is("abuse"))
    }
}

/// Mail that is no bounce: a good tag comes off, even an old one, for somebody has used it as an address.
fn judge_mail<'a, T>(tag: &Tag<'a>, policy: &Policy<'_, T>) -> Judgement<'a> {
    match tag.verdict {
        Verdict::Valid | Verdict::Expired => accept(Finding::NotJudged, Reason::TaggedMail, tag.mailbox),
        Verdict::Untagged => accept(Finding::NotJudged, Reason::NotJudged, tag.mailbox),
        Verdict::BadMac if policy.mode == Mode::Reject => {
            refuse(Finding::Disproved, Reason::TaggedBad, Disposition::Reject, Reply::NO_MAILBOX, tag.mailbox)
        }
        Verdict::BadMac => take(Finding::Disproved, Reason::TaggedBad, mark(policy), tag.mailbox),
        Verdict::UnknownKey => take(Finding::Unverified, Reason::TagUnknownKey, mark(policy), tag.mailbox),
    }
}

fn judge_bounce<'a, T>(
    tag: &Tag<'a>,
    lifetime: Lifetime,
    grace: bool,
    policy: &Policy<'_, T>,
    moment: Moment,
) -> Judgement<'a> {
    // It is tomorrow already where it was signed: one day more than the lifetime is left, modulo 1000.
    let ahead = |days_left: i32| days_left + 1000 <= i32::from(lifetime.days()) + 1;
    let late = tag.days_left.is_some_and(|days_left| days_left < -QUEUE_DAYS && !ahead(days_left));
    let undecided = moment < policy.reject_at;
    let (finding, reason, reply) = match tag.verdict {
        Verdict::Valid => return accept(Finding::Genuine, Reason::TagOk, tag.mailbox),
        Verdict::BadMac => (Finding::Disproved, Reason::TagForged, Reply::FORGED),
        Verdict::Expired if !late => return accept(Finding::Unverified, Reason::TagExpired, tag.mailbox),
        Verdict::Expired if undecided => return open(Reason::TagExpired, tag.mailbox),
        Verdict::Expired => (Finding::Unverified, Reason::TagExpired, Reply::EXPIRED),
        Verdict::UnknownKey if undecided => return open(Reason::TagUnknownKey, tag.mailbox),
        Verdict::UnknownKey => {
            // It may be another host's, or of what tagged here before: never grounds to refuse.
            let disposition = policy.mode.min(Mode::Quarantine).disposition();
            return take(Finding::Unverified, Reason::TagUnknownKey, disposition, tag.mailbox);
        }
        Verdict::Untagged if undecided => return open(Reason::Callout, tag.mailbox),
        Verdict::Untagged if grace => return accept(Finding::Unverified, Reason::SigningGrace, tag.mailbox),
        Verdict::Untagged => (Finding::Unverified, Reason::Untagged, Reply::UNTAGGED),
    };
    match policy.mode.disposition() {
        Disposition::Reject => refuse(finding, reason, Disposition::Reject, reply, tag.mailbox),
        disposition => take(finding, reason, disposition, tag.mailbox),
    }
}

/// What the keys that serve a mailbox say about it.
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
    accept(Finding::NotJudged, Reason::Exempt, mailbox)
}

fn accept(finding: Finding, reason: Reason, mailbox: Mailbox<'_>) -> Judgement<'_> {
    take(finding, reason, Disposition::Accept, mailbox)
}

fn take(finding: Finding, reason: Reason, disposition: Disposition, mailbox: Mailbox<'_>) -> Judgement<'_> {
    Judgement { finding, reason, disposition, reply: Reply::OK, deliver_to: Some(mailbox), mailbox, settled: true }
}

/// Accepted until the message has spoken.
fn open(reason: Reason, mailbox: Mailbox<'_>) -> Judgement<'_> {
    Judgement { settled: false, ..accept(Finding::Unverified, reason, mailbox) }
}

const fn refuse(
    finding: Finding,
    reason: Reason,
    disposition: Disposition,
    reply: Reply,
    mailbox: Mailbox<'_>,
) -> Judgement<'_> {
    Judgement { finding, reason, disposition, reply, deliver_to: None, mailbox, settled: true }
}

/// The judgement when the question can't be answered: a temporary failure, or as if there were no BATV. Never a rejection.
fn cannot_judge<'a, T>(policy: &Policy<'_, T>, mailbox: Mailbox<'a>) -> Judgement<'a> {
    match policy.on_error {
        OnError::Tempfail if policy.mode > Mode::Observe => {
            refuse(Finding::Undecided, Reason::Internal, Disposition::Tempfail, Reply::INTERNAL, mailbox)
        }
        _ => accept(Finding::Undecided, Reason::Internal, mailbox),
    }
}

/// A header is the most that mail gets which is no bounce.
fn mark<T>(policy: &Policy<'_, T>) -> Disposition {
    policy.mode.min(Mode::Mark).disposition()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_are_there_and_read_back() {
        assert_eq!(Reason::ALL.len(), Reason::Internal as usize + 1);
        assert_eq!(Finding::ALL.len(), Finding::Undecided as usize + 1);
        assert_eq!(Mode::ALL.len(), Mode::Reject as usize + 1);
        assert!(Reason::ALL.iter().all(|reason| reason.as_str().parse() == Ok(*reason)));
        assert!(Finding::ALL.iter().all(|finding| finding.as_str().parse() == Ok(*finding)));
        assert!(Mode::ALL.iter().all(|mode| mode.as_str().parse() == Ok(*mode)));
        assert_eq!("callouts".parse::<Reason>(), Err(UnknownName));
        for (earlier, name) in
            [(Earlier::None, "none"), (Earlier::Settled, "settled"), (Earlier::Undecided, "undecided")]
        {
            assert_eq!((earlier.as_str(), name.parse()), (name, Ok(earlier)));
        }
        for (moment, name) in [(Moment::RcptTo, "rcpt"), (Moment::EndOfData, "data")] {
            assert_eq!((moment.as_str(), name.parse()), (name, Ok(moment)));
        }
        assert_eq!("".parse::<Earlier>(), Err(UnknownName));
        assert_eq!("rcpts".parse::<Moment>(), Err(UnknownName));
    }

    #[test]
    fn each_reason_has_words_of_its_own() {
        for (at, reason) in Reason::ALL.iter().enumerate() {
            assert!(!reason.words().is_empty(), "{reason}");
            assert!(Reason::ALL[..at].iter().all(|other| other.words() != reason.words()), "{reason}");
        }
    }

    #[test]
    fn envelopes_are_refused_for_four_reasons() {
        let refused = [Reason::TagExpired, Reason::TagForged, Reason::Untagged, Reason::TaggedBad];
        for reason in Reason::ALL {
            assert_eq!(reason.is_refused(), refused.contains(&reason), "{reason}");
        }
    }

    #[test]
    fn recipients_add_up() {
        use Earlier::{None, Settled, Undecided};

        let mailbox = Mailbox::parse("alice@example.com").unwrap();
        let settled = accept(Finding::Genuine, Reason::TagOk, mailbox);
        let open = open(Reason::Callout, mailbox);
        let held = take(Finding::Unverified, Reason::TagUnknownKey, Disposition::Quarantine, mailbox);
        let refused = refuse(Finding::Disproved, Reason::TagForged, Disposition::Reject, Reply::FORGED, mailbox);
        for mode in Mode::ALL {
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
