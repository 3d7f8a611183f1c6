//! How far a site goes, and when.

use core::str::FromStr;

use crate::envelope::Disposition;
use crate::key::UnknownName;

/// When the question is asked, and when what is undecided gets decided.
///
/// ```
/// use batv_core::envelope::Stage;
///
/// assert!(Stage::RcptTo < Stage::EndOfData);
/// assert_eq!("data".parse(), Ok(Stage::EndOfData));
/// ```
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Stage {
    /// At RCPT TO.
    RcptTo,
    /// After the last octet of the message.
    EndOfData,
}

impl Stage {
    /// The name in configurations: `rcpt` or `data`.
    ///
    /// ```
    /// # use batv_core::envelope::Stage;
    /// assert_eq!(Stage::RcptTo.as_str(), "rcpt");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RcptTo => "rcpt",
            Self::EndOfData => "data",
        }
    }
}

impl FromStr for Stage {
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
