//! Results of authentication (RFC 8601 §2.7).

batv_core::names! {
    /// Result of an authentication method, from the best to the worst for a sender who may get a bounce.
    ///
    /// ```
    /// use batv_bounce::trusted_results::Outcome;
    ///
    /// assert!(Outcome::Pass < Outcome::Neutral && Outcome::SoftFail < Outcome::Fail);
    /// assert_eq!(Outcome::SoftFail.as_str(), "softfail");
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[non_exhaustive]
    pub enum Outcome {
        /// The identity is authentic.
        Pass = "pass",
        /// There was nothing to check.
        None = "none",
        /// The check says neither yes nor no.
        Neutral = "neutral",
        /// Result that is not known here. It never proves anything.
        Other = "other",
        /// The check passed, but not in a way that the server accepts.
        Policy = "policy",
        /// The check was not possible at that time.
        TempError = "temperror",
        /// The check is not possible.
        PermError = "permerror",
        /// The identity is probably forged.
        SoftFail = "softfail",
        /// The identity is forged.
        Fail = "fail",
    }
}

impl Outcome {
    /// Result of a field, in any case. RFC 5451 called a failure of SPF `hardfail`.
    pub(super) fn of_keyword(keyword: &str) -> Self {
        match keyword.to_ascii_lowercase().as_str() {
            "hardfail" => Self::Fail,
            known => known.parse().unwrap_or(Self::Other),
        }
    }
}
