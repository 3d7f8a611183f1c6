//! The verdict on a recipient, and what is done about it.

crate::names! {
    /// What was found. "Disproved" and "unverified" are never the same.
    ///
    /// ```
    /// use batv_core::envelope::Verdict;
    ///
    /// assert_ne!(Verdict::Disproved.as_str(), Verdict::Unverified.as_str());
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum Verdict {
        /// A bounce to mail that we sent.
        Genuine = "genuine",
        /// Nothing proves or disproves it.
        Unverified = "unverified",
        /// It answers nothing that we sent.
        Disproved = "disproved",
        /// It is not for us to judge.
        NotJudged = "not-judged",
        /// The recipient is deferred, or cannot be judged.
        Undecided = "undecided",
    }
}

crate::names! {
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
        Accept = "accept",
        /// Take it, and say in a header what was found.
        Mark = "mark",
        /// Take it, and hold it.
        Quarantine = "quarantine",
        /// Refuse it for good, with a 5yz reply.
        Reject = "reject",
        /// Refuse it for now, with a 4yz reply.
        Tempfail = "tempfail",
        /// Take it, and throw it away. Nothing in this crate does so.
        Drop = "drop",
    }
}
