//! The protocols that the daemon speaks.

use core::fmt::{self, Display};

/// A protocol that the daemon speaks.
///
/// ```
/// use batv_mta::protocol::Protocol;
///
/// assert_eq!(Protocol::Milter.as_str(), "milter");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Protocol {
    /// [`crate::listen::milter`].
    Milter,
    /// [`crate::listen::socketmap`].
    Socketmap,
    /// [`crate::listen::policy`].
    Policy,
    /// [`crate::listen::line`].
    Line,
    /// [`crate::listen::filter`].
    Filter,
    /// [`crate::listen::http`].
    Metrics,
    /// [`crate::listen::page`].
    Page,
}

impl Protocol {
    /// The name in the configuration, the log and the metrics.
    ///
    /// ```
    /// # use batv_mta::protocol::Protocol;
    /// assert_eq!(Protocol::Policy.as_str(), "policy");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Milter => "milter",
            Self::Socketmap => "socketmap",
            Self::Policy => "policy",
            Self::Line => "line",
            Self::Filter => "filter",
            Self::Metrics => "metrics",
            Self::Page => "page",
        }
    }
}

impl Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
