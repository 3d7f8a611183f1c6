//! Why a recipient is judged as it is.

use core::fmt;
use core::str::FromStr;

use crate::key::UnknownName;

/// Why: one code for each way to a judgement, of the envelope or, in `batv-policy`, of the message.
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
    /// Too many bounces, or too many wrong tags, came from the client's network or to the mailbox lately: this one is
    /// looked at later.
    Throttled,
    /// A bounce to an SRS address of ours: it answers mail that we forwarded.
    SrsOk,
    /// A bounce to an SRS address of ours that is too old.
    SrsExpired,
    /// An SRS address of one of our domains that none of our keys made.
    SrsForged,
    /// Mail, not a bounce, to an SRS address of ours.
    SrsMail,
    /// Mail, not a bounce, to an SRS address of ours that takes bounces alone.
    SrsNotBounce,
    /// There is no key, or the clock is wrong.
    Internal,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 35] = [
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
        Self::SrsOk,
        Self::SrsExpired,
        Self::SrsForged,
        Self::SrsMail,
        Self::SrsNotBounce,
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
            Self::SrsOk => "srs-ok",
            Self::SrsExpired => "srs-expired",
            Self::SrsForged => "srs-forged",
            Self::SrsMail => "srs-mail",
            Self::SrsNotBounce => "srs-not-bounce",
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
            Self::Throttled => "too many bounces or wrong tags came lately: this one is looked at later",
            Self::SrsOk => "a null sender, and an SRS address of ours: this answers mail that we forwarded",
            Self::SrsExpired => "an SRS address of ours that is too old",
            Self::SrsForged => "an SRS address that none of our keys made",
            Self::SrsMail => "mail that is no bounce, to an SRS address of ours, which is undone",
            Self::SrsNotBounce => "mail that is no bounce, to an SRS address that takes bounces alone",
            Self::Internal => "there is no live key to judge by, or the clock is wrong",
        }
    }

    /// Whether mode `reject` refuses for this reason what it judges by the envelope alone: a tag that has expired once it
    /// is [`QUEUE_DAYS`] late, an untagged bounce where no message is read. What a message says is judged by `batv-policy`.
    ///
    /// ```
    /// # use batv_core::envelope::Reason;
    /// assert!(Reason::TagForged.is_refused());
    /// assert!(!Reason::TagUnknownKey.is_refused());
    /// ```
    pub const fn is_refused(self) -> bool {
        matches!(
            self,
            Self::TagExpired
                | Self::TagForged
                | Self::Untagged
                | Self::TaggedBad
                | Self::SrsExpired
                | Self::SrsForged
                | Self::SrsNotBounce
        )
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
