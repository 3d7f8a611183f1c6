//! The verdict on a recipient, and what is done about it.

use core::fmt;
use core::str::FromStr;

use crate::key::UnknownName;

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
    Genuine,
    /// It answers nothing that we sent.
    Disproved,
    /// Nothing proves or disproves it.
    Unverified,
    /// It is not for us to judge.
    NotJudged,
    /// The recipient is deferred, or cannot be judged.
    Undecided,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Genuine, Self::Unverified, Self::Disproved, Self::NotJudged, Self::Undecided];

    /// The name in the output of `batv check`.
    ///
    /// ```
    /// # use batv_core::envelope::Verdict;
    /// assert_eq!(Verdict::NotJudged.as_str(), "not-judged");
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

impl FromStr for Verdict {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|known| known.as_str() == name).ok_or(UnknownName)
    }
}

impl fmt::Display for Verdict {
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
