//! Verdicts and dispositions.

crate::names! {
    /// Verdict on a recipient. "Disproved" and "unverified" are never the same.
    ///
    /// ```
    /// use batv_core::envelope::Verdict;
    ///
    /// assert_ne!(Verdict::Disproved.as_str(), Verdict::Unverified.as_str());
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum Verdict {
        /// Bounce of mail that we sent.
        Genuine = "genuine",
        /// Neither proved nor disproved.
        Unverified = "unverified",
        /// Bounce of mail that we did not send.
        Disproved = "disproved",
        /// Not judged: ordinary mail, or an exempt recipient or client.
        NotJudged = "not-judged",
        /// Deferred, or impossible to judge.
        Undecided = "undecided",
    }
}

crate::names! {
    /// Disposition of a recipient.
    ///
    /// ```
    /// use batv_core::envelope::Disposition;
    ///
    /// assert_eq!(Disposition::Tempfail.as_str(), "tempfail");
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum Disposition {
        /// Accept it.
        Accept = "accept",
        /// Accept it, with the verdict in a header.
        Mark = "mark",
        /// Accept it, and hold it.
        Quarantine = "quarantine",
        /// Refuse it for good, with a 5yz reply.
        Reject = "reject",
        /// Refuse it for now, with a 4yz reply.
        Tempfail = "tempfail",
        /// Accept it, and discard it. No judgement has this disposition.
        Drop = "drop",
    }
}
