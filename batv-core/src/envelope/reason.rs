//! Reasons of judgements.

crate::names! {
    /// Reason of a judgement: one code for each way to it, by the envelope or, in `batv-policy`, by the message.
    ///
    /// ```
    /// use batv_core::envelope::Reason;
    ///
    /// assert_eq!(Reason::TagForged.as_str(), "tag-forged");
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum Reason {
        /// Exempt client, recipient or domain, or a recipient that sends untagged mail.
        Exempt = "exempt",
        /// Further recipient of a null reverse-path, whose outcome may differ from that of an earlier one.
        NullMultiRcpt = "null-multi-rcpt",
        /// Bounce with a good tag.
        TagOk = "tag-ok",
        /// Bounce whose tag has expired.
        TagExpired = "tag-expired",
        /// Bounce whose tag no live key made, though one has its id.
        TagForged = "tag-forged",
        /// Bounce whose tag names a key that we don't have any more, or never had, or is of another program.
        TagUnknownKey = "tag-unknown-key",
        /// Null reverse-path to an untagged mailbox: a bounce, or a callout.
        Callout = "callout",
        /// Bounce without a tag to a mailbox that tags all that it sends.
        Untagged = "untagged",
        /// Bounce without a tag that may answer mail sent before tagging began.
        SigningGrace = "signing-grace",
        /// Mail to postmaster or abuse, which must stay reachable.
        Rfc5321Postmaster = "rfc5321-4.5.1",
        /// Mail, not a bounce, to a mailbox with a tag that we made.
        TaggedMail = "tagged-mail",
        /// Mail, not a bounce, to a mailbox with a tag that we did not make.
        TaggedBad = "tagged-bad",
        /// Mail, not a bounce.
        NotJudged = "not-judged",
        /// Bounce with a good tag that returns a message which isn't ours: the tag has leaked.
        TagOkOriginalForeign = "tag-ok-original-foreign",
        /// Bounce with a good tag that has received more bounces than expected.
        TagReplayed = "tag-replayed",
        /// Bounce whose tag has expired, and which returns a message that is proved to be ours.
        LateBounce = "late-bounce",
        /// Bounce without a tag that returns a message which is proved to be ours.
        OriginalProved = "original-proved",
        /// Bounce without a tag that returns a message which isn't ours.
        BackscatterDisproved = "backscatter-disproved",
        /// Bounce without a tag, and nothing shows whose message it returns.
        BackscatterUnverified = "backscatter-unverified",
        /// Disposition notification for a message that is proved to be ours.
        MdnProved = "mdn-proved",
        /// Disposition notification without a tag, as RFC 8098 §3 wants it.
        MdnUnverified = "mdn-unverified",
        /// Report on DMARC, on TLS or on abuse.
        Report = "report",
        /// Automatic reply to a message that is proved to be ours.
        AutoReplyProved = "auto-reply-proved",
        /// Automatic reply without a tag.
        AutoReplyUnverified = "auto-reply-unverified",
        /// Mail with a null reverse-path that is not a bounce.
        NullNotBounce = "null-not-bounce",
        /// Bounce with a reverse-path that returns a message which is proved to be ours.
        NonnullBounceProved = "nonnull-bounce-proved",
        /// Bounce with a reverse-path that returns a message which isn't ours.
        NonnullBackscatter = "nonnull-backscatter",
        /// Challenge to mail that isn't proved to be ours.
        ChallengeForeign = "challenge-foreign",
        /// Too many bounces or wrong tags came from the client's network or to the mailbox lately: this one is deferred.
        Throttled = "throttled",
        /// Bounce to an SRS address of ours: it answers mail that we forwarded.
        SrsOk = "srs-ok",
        /// Bounce to an SRS address of ours that is too old.
        SrsExpired = "srs-expired",
        /// SRS address of one of our domains that none of our keys made.
        SrsForged = "srs-forged",
        /// Mail, not a bounce, to an SRS address of ours.
        SrsMail = "srs-mail",
        /// Mail, not a bounce, to an SRS address of ours that takes bounces alone.
        SrsNotBounce = "srs-not-bounce",
        /// No live key, or a wrong clock.
        Internal = "internal",
    }
}

impl Reason {
    /// Reason in words.
    ///
    /// ```
    /// # use batv_core::envelope::Reason;
    /// assert_eq!(Reason::NotJudged.words(), "ordinary mail, not a bounce");
    /// ```
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Exempt => "recipient or client is exempt, or the recipient sends untagged mail",
            Self::NullMultiRcpt => "a bounce may have only one recipient",
            Self::TagOk => "bounce to a valid tag: it answers mail that we sent",
            Self::TagExpired => "bounce to a tag of ours that has expired",
            Self::TagForged => "bounce to a tag that none of our keys made",
            Self::TagUnknownKey => "tag names a key that we do not have",
            Self::Callout => "null sender without a tag: the message will show whether it is a bounce",
            Self::Untagged => "bounce without a tag to a mailbox that tags everything it sends",
            Self::SigningGrace => "bounce without a tag, but mail sent before tagging began may still bounce",
            Self::Rfc5321Postmaster => "mail to postmaster and abuse is always accepted",
            Self::TaggedMail => "ordinary mail to a valid tag, which is removed",
            Self::TaggedBad => "ordinary mail to a tag that none of our keys made",
            Self::NotJudged => "ordinary mail, not a bounce",
            Self::TagOkOriginalForeign => "valid tag, but the returned message is not ours: the tag has leaked",
            Self::TagReplayed => "valid tag, but it has received more bounces than expected",
            Self::LateBounce => "expired tag of ours, but the returned message is ours",
            Self::OriginalProved => "no tag, but the returned message is ours",
            Self::BackscatterDisproved => "no tag, and the returned message is not ours",
            Self::BackscatterUnverified => "no tag, and nothing shows whose message is returned",
            Self::MdnProved => "disposition notification for a message of ours",
            Self::MdnUnverified => "disposition notification, which needs no tag",
            Self::Report => "DMARC, TLS or abuse report",
            Self::AutoReplyProved => "automatic reply to a message of ours",
            Self::AutoReplyUnverified => "automatic reply without a tag",
            Self::NullNotBounce => "null sender, but the message is not a bounce",
            Self::NonnullBounceProved => "bounce with a sender address, and the returned message is ours",
            Self::NonnullBackscatter => "bounce with a sender address, and the returned message is not ours",
            Self::ChallengeForeign => "challenge to mail that is not proved to be ours",
            Self::Throttled => "too many bounces or wrong tags lately: deferred",
            Self::SrsOk => "bounce to a valid SRS address: it answers mail that we forwarded",
            Self::SrsExpired => "SRS address of ours that has expired",
            Self::SrsForged => "SRS address that none of our keys made",
            Self::SrsMail => "ordinary mail to a valid SRS address, which is reversed",
            Self::SrsNotBounce => "ordinary mail to an SRS address that accepts only bounces",
            Self::Internal => "no live key, or the clock is wrong",
        }
    }

    /// Whether mode `reject` rejects for this reason, unless an option asks for more. The other modes accept and log the
    /// same reason, so that a log tells what `reject` would have rejected.
    ///
    /// A tag that has expired counts once it is [`QUEUE_DAYS`](crate::envelope::QUEUE_DAYS) late, an untagged bounce where
    /// no message is read.
    ///
    /// ```
    /// # use batv_core::envelope::Reason;
    /// assert!(Reason::TagForged.is_refused() && Reason::BackscatterDisproved.is_refused());
    /// assert!(!Reason::TagUnknownKey.is_refused() && !Reason::BackscatterUnverified.is_refused());
    /// ```
    #[must_use]
    pub const fn is_refused(self) -> bool {
        matches!(
            self,
            Self::TagExpired
                | Self::TagForged
                | Self::Untagged
                | Self::TaggedBad
                | Self::BackscatterDisproved
                | Self::SrsExpired
                | Self::SrsForged
                | Self::SrsNotBounce
        )
    }

    /// Whether a message can turn this reason, given at RCPT TO, into another at the end of DATA; `batv-policy` has the
    /// table that does so.
    ///
    /// ```
    /// # use batv_core::envelope::Reason;
    /// assert!(Reason::Callout.may_become(Reason::BackscatterDisproved));
    /// assert!(Reason::TagForged.may_become(Reason::TagForged));
    /// assert!(!Reason::TagForged.may_become(Reason::OriginalProved));
    /// ```
    #[must_use]
    pub fn may_become(self, later: Self) -> bool {
        match self {
            // What is open at RCPT TO is one of these at the end of DATA.
            Self::Callout => Self::Untagged.may_become(later) || Self::SigningGrace.may_become(later),
            _ => self == later || self.by_message().contains(&later),
        }
    }

    /// Other reasons that the message can bring.
    pub(super) const fn by_message(self) -> &'static [Self] {
        match self {
            Self::TagOk => &[Self::TagReplayed, Self::TagOkOriginalForeign],
            Self::SrsOk => &[Self::TagReplayed, Self::SrsNotBounce],
            Self::TagExpired => &[
                Self::TagReplayed,
                Self::LateBounce,
                Self::OriginalProved,
                Self::MdnProved,
                Self::MdnUnverified,
                Self::Report,
                Self::AutoReplyProved,
                Self::AutoReplyUnverified,
                Self::ChallengeForeign,
            ],
            Self::TagUnknownKey => &[
                Self::LateBounce,
                Self::OriginalProved,
                Self::MdnProved,
                Self::MdnUnverified,
                Self::Report,
                Self::AutoReplyProved,
                Self::AutoReplyUnverified,
                Self::ChallengeForeign,
            ],
            Self::Untagged => &[
                Self::OriginalProved,
                Self::BackscatterDisproved,
                Self::BackscatterUnverified,
                Self::MdnProved,
                Self::MdnUnverified,
                Self::Report,
                Self::AutoReplyProved,
                Self::AutoReplyUnverified,
                Self::ChallengeForeign,
                Self::NullNotBounce,
            ],
            Self::SigningGrace => &[
                Self::OriginalProved,
                Self::MdnProved,
                Self::MdnUnverified,
                Self::Report,
                Self::AutoReplyProved,
                Self::AutoReplyUnverified,
                Self::ChallengeForeign,
                Self::NullNotBounce,
            ],
            Self::NotJudged => &[Self::NonnullBounceProved, Self::NonnullBackscatter, Self::ChallengeForeign],
            _ => &[],
        }
    }
}
