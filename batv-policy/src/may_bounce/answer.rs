//! Answer to the question whether a bounce may be sent.

use core::fmt;

batv_core::names! {
    /// Whether a bounce may be sent.
    ///
    /// ```
    /// use batv_policy::MayBounce;
    ///
    /// assert_eq!(MayBounce::RejectFirst.as_str(), "reject-first");
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum MayBounce {
        /// Send it to the reverse-path.
        Yes = "yes",
        /// Don't send it; tell the log, or postmaster.
        No = "no",
        /// Reject the message with a 5yz reply: the client then tells the sender.
        RejectFirst = "reject-first",
        /// Hold it for a person, or defer the message with a 4yz reply while the client waits.
        Hold = "hold",
    }
}

batv_core::names! {
    /// Reason why a bounce may be sent, or not.
    ///
    /// ```
    /// use batv_policy::BounceReason;
    ///
    /// assert_eq!(BounceReason::OwnForged.as_str(), "own-forged");
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum BounceReason {
        /// The message can still be rejected.
        RejectFirst = "reject-first",
        /// The reverse-path is null.
        Null = "null",
        /// The sender asked for no report.
        DsnNever = "dsn-never",
        /// An automatic reply would answer a list or a program.
        Rfc3834 = "rfc3834",
        /// The sender is a list or a program, is proved and needs its bounces.
        ListNdr = "list-ndr",
        /// The sender is ours and proved.
        OwnVerified = "own-verified",
        /// The sender claims to be ours and is not proved.
        OwnForged = "own-forged",
        /// The message is spam or malware.
        Hostile = "hostile",
        /// SPF passes.
        Spf = "spf",
        /// DKIM passes.
        Dkim = "dkim",
        /// DMARC passes.
        Dmarc = "dmarc",
        /// SPF passes for the forwarder that rewrote the sender.
        Rewritten = "rewritten",
        /// A trusted sealer saw a proof.
        Arc = "arc",
        /// SPF or DMARC fails.
        Forged = "forged",
        /// Nothing proves the sender.
        Unproved = "unproved",
        /// The domain of the sender accepts no mail.
        Unroutable = "unroutable",
    }
}

/// Answer, with the reason and the row that decided.
///
/// ```
/// use batv_core::Path;
/// use batv_policy::{BouncePolicy, BounceQuestion, may_bounce};
///
/// let answer = may_bounce(&BounceQuestion::new(Path::Null), &BouncePolicy::<&str>::default());
/// assert_eq!(answer.row, 2);
/// assert_eq!(answer.to_string(), "no (null): there is no sender to answer; tell the log or postmaster");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
#[must_use]
pub struct BounceAnswer {
    /// Whether the bounce may be sent.
    pub may: MayBounce,
    /// Reason as a code.
    pub reason: BounceReason,
    /// Number of the row that decided, from 1 to 15.
    pub row: u8,
    /// Reason in words.
    pub words: &'static str,
}

impl fmt::Display for BounceAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { may, reason, words, .. } = self;
        write!(f, "{may} ({reason}): {words}")
    }
}
