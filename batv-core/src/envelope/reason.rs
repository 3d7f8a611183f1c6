//! Why a recipient is judged as it is.

crate::names! {
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
        Exempt = "exempt",
        /// A further recipient of a null reverse-path, whose outcome may differ from that of an earlier one.
        NullMultiRcpt = "null-multi-rcpt",
        /// A bounce with a good tag.
        TagOk = "tag-ok",
        /// A bounce whose tag has expired.
        TagExpired = "tag-expired",
        /// A bounce whose tag no live key made, though one has its id.
        TagForged = "tag-forged",
        /// A bounce whose tag names a key that we do not have any more, or never had, or is of another program.
        TagUnknownKey = "tag-unknown-key",
        /// A null reverse-path to an untagged mailbox: a bounce, or a question whether the mailbox exists.
        Callout = "callout",
        /// A bounce without a tag to a mailbox that tags all that it sends.
        Untagged = "untagged",
        /// A bounce without a tag that may answer what was sent before tags were.
        SigningGrace = "signing-grace",
        /// To postmaster or abuse, which must stay reachable.
        Rfc5321Postmaster = "rfc5321-4.5.1",
        /// Mail, not a bounce, to a mailbox with a tag that we made.
        TaggedMail = "tagged-mail",
        /// Mail, not a bounce, to a mailbox with a tag that we did not make.
        TaggedBad = "tagged-bad",
        /// Mail, not a bounce.
        NotJudged = "not-judged",
        /// A bounce with a good tag that returns a message which isn't ours: the tag got around.
        TagOkOriginalForeign = "tag-ok-original-foreign",
        /// A bounce with a good tag, to which more bounces have come than one should get.
        TagReplayed = "tag-replayed",
        /// A bounce whose tag has expired, and which returns a message that is proved to be ours.
        LateBounce = "late-bounce",
        /// A bounce without a tag that returns a message which is proved to be ours.
        OriginalProved = "original-proved",
        /// A bounce without a tag that returns a message which isn't ours.
        BackscatterDisproved = "backscatter-disproved",
        /// A bounce without a tag, of which nothing tells whose message it returns.
        BackscatterUnverified = "backscatter-unverified",
        /// A disposition notification for a message that is proved to be ours.
        MdnProved = "mdn-proved",
        /// A disposition notification without a tag, as RFC 8098 §3 wants it.
        MdnUnverified = "mdn-unverified",
        /// A report on DMARC, on TLS or on abuse.
        Report = "report",
        /// An automatic reply to a message that is proved to be ours.
        AutoReplyProved = "auto-reply-proved",
        /// An automatic reply without a tag.
        AutoReplyUnverified = "auto-reply-unverified",
        /// Mail with a null reverse-path that is no bounce.
        NullNotBounce = "null-not-bounce",
        /// A bounce with a reverse-path that returns a message which is proved to be ours.
        NonnullBounceProved = "nonnull-bounce-proved",
        /// A bounce with a reverse-path that returns a message which isn't ours.
        NonnullBackscatter = "nonnull-backscatter",
        /// A challenge to mail that isn't proved to be ours.
        ChallengeForeign = "challenge-foreign",
        /// Too many bounces, or too many wrong tags, came from the client's network or to the mailbox lately: this one is
        /// looked at later.
        Throttled = "throttled",
        /// A bounce to an SRS address of ours: it answers mail that we forwarded.
        SrsOk = "srs-ok",
        /// A bounce to an SRS address of ours that is too old.
        SrsExpired = "srs-expired",
        /// An SRS address of one of our domains that none of our keys made.
        SrsForged = "srs-forged",
        /// Mail, not a bounce, to an SRS address of ours.
        SrsMail = "srs-mail",
        /// Mail, not a bounce, to an SRS address of ours that takes bounces alone.
        SrsNotBounce = "srs-not-bounce",
        /// There is no key, or the clock is wrong.
        Internal = "internal",
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
