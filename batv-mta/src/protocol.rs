//! What all protocols have in common: octets in, octets out, no I/O.

use alloc::sync::Arc;
use core::fmt::{self, Display};

use thiserror::Error;
use tracing::error;

use crate::settings::Settings;

/// Whether a connection goes on.
///
/// ```
/// use batv_mta::protocol::Flow;
///
/// assert_ne!(Flow::Continue, Flow::Close);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a connection goes on or ends")]
pub enum Flow {
    /// It does.
    Continue,
    /// It ends here, once what was answered is written.
    Close,
}

/// The protocols.
///
/// ```
/// use batv_mta::protocol::Protocol;
///
/// assert_eq!(Protocol::Milter.as_str(), "milter");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Protocol {
    /// [`crate::milter`].
    Milter,
    /// [`crate::socketmap`].
    Socketmap,
    /// [`crate::policy`].
    Policy,
    /// [`crate::line`].
    Line,
    /// [`crate::filter`].
    Filter,
    /// [`crate::http`].
    Metrics,
    /// [`crate::page`].
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

/// One connection of one protocol.
pub trait Handler {
    /// Takes as many whole requests as there are, and appends the answer to each. Says how many octets it took.
    fn receive(&mut self, octets: &[u8], settings: &Arc<Settings>, out: &mut Vec<u8>) -> (usize, Flow);

    /// Whether something is under way that must not be cut off.
    fn is_busy(&self) -> bool {
        false
    }
}

/// A request, and the octets that it takes with its frame; `None` when more octets have to come.
pub(crate) type Cut<'o> = Option<(&'o [u8], usize)>;

/// Answers the whole requests, one after the other: `cut` finds the first one.
pub(crate) fn each_request<E: Display>(
    listener: Protocol,
    octets: &[u8],
    cut: impl Fn(&[u8]) -> Result<Cut<'_>, E>,
    mut answer: impl FnMut(&[u8]) -> Flow,
) -> (usize, Flow) {
    let mut taken = 0;
    loop {
        match cut(octets.get(taken..).unwrap_or_default()) {
            Ok(None) => return (taken, Flow::Continue),
            Ok(Some((request, length))) => {
                taken += length;
                if answer(request) == Flow::Close {
                    return (taken, Flow::Close);
                }
            }
            Err(error) => {
                error!(%listener, "closed: {error}");
                return (taken, Flow::Close);
            }
        }
    }
}

/// A request that has no end.
#[derive(Clone, Copy, Debug, Error)]
#[error("a request of more than {0} octets")]
pub(crate) struct Endless(pub(crate) usize);

/// Cuts requests that end with `end`; one that has not ended after `limit` octets never will.
pub(crate) fn ended_by(end: &'static [u8], limit: usize) -> impl Fn(&[u8]) -> Result<Cut<'_>, Endless> {
    move |octets| match octets.windows(end.len()).position(|part| part == end) {
        Some(length) => Ok(octets.get(..length).map(|request| (request, length + end.len()))),
        None if octets.len() > limit => Err(Endless(limit)),
        None => Ok(None),
    }
}
