//! Severity of a policy, and the stages of a transaction.

use crate::envelope::Disposition;

crate::names! {
    /// Stage of an SMTP transaction.
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
        RcptTo = "rcpt",
        /// After the last octet of the message.
        EndOfData = "data",
    }
}

crate::names! {
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
        Observe = "observe",
        /// Accept, and say so in a header.
        Mark = "mark",
        /// Hold.
        Quarantine = "quarantine",
        /// Refuse.
        Reject = "reject",
    }
}

impl Mode {
    /// Disposition in this mode of a recipient that should not be accepted.
    ///
    /// ```
    /// # use batv_core::envelope::{Disposition, Mode};
    /// assert_eq!(Mode::Mark.disposition(), Disposition::Mark);
    /// ```
    #[must_use]
    pub const fn disposition(self) -> Disposition {
        match self {
            Self::Observe => Disposition::Accept,
            Self::Mark => Disposition::Mark,
            Self::Quarantine => Disposition::Quarantine,
            Self::Reject => Disposition::Reject,
        }
    }
}

crate::names! {
    /// Disposition of a recipient that can't be judged. Never a rejection.
    ///
    /// ```
    /// use batv_core::envelope::OnError;
    ///
    /// assert_eq!(OnError::default(), OnError::Tempfail);
    /// assert_eq!("accept".parse(), Ok(OnError::Accept));
    /// ```
    #[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
    #[non_exhaustive]
    pub enum OnError {
        /// Answer 451, so that the client tries again.
        #[default]
        Tempfail = "tempfail",
        /// Accept as if there were no BATV.
        Accept = "accept",
    }
}
