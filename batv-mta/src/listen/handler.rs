//! The common shape of all protocols: octets in, octets out, no I/O.

use alloc::sync::Arc;
use core::fmt::Display;
use core::net::IpAddr;

use thiserror::Error;
use tracing::error;

use crate::protocol::Protocol;
use crate::settings::Settings;

/// Octets of answers after which a handler waits until they are written: a request of one octet may have an answer of a
/// hundred.
pub const ANSWER_OCTETS: usize = 64 * 1024;

/// Whether a connection goes on.
///
/// ```
/// use batv_mta::listen::handler::Flow;
///
/// assert_ne!(Flow::Continue, Flow::Close);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a connection goes on or ends")]
pub enum Flow {
    /// It goes on.
    Continue,
    /// It ends, once its pending answers are written.
    Close,
}

/// Octets up to which a message is judged at once, on the thread that serves its connection: that takes less than a
/// millisecond, whatever it is made of.
pub(crate) const SHORT: usize = 16 * 1024;

/// A long message that is to be judged.
///
/// ```
/// use batv_mta::listen::handler::Load;
///
/// assert_eq!(Load { octets: 1024 * 1024, client: None }.client, None);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "handlers make it")]
pub struct Load {
    /// Octets of the message, or somewhat more.
    pub octets: usize,
    /// Address of the client who brings it, if it is known.
    pub client: Option<IpAddr>,
}

/// One connection that speaks one protocol.
pub trait Handler {
    /// Answers all complete requests at the start of `octets` into `out`, or as many as have [`ANSWER_OCTETS`] of answers: it
    /// is called again with the rest when they are written. Returns the number of octets that it took.
    fn receive(&mut self, octets: &[u8], settings: &Arc<Settings>, out: &mut Vec<u8>) -> (usize, Flow);

    /// The long message that [`receive`](Self::receive) judges when it is given these octets, if there is one. That takes a
    /// while: other connections should be served meanwhile.
    fn load(&self, octets: &[u8]) -> Option<Load> {
        let _ = octets;
        None
    }

    /// Whether a message is under way, which must not be cut off.
    fn is_busy(&self) -> bool {
        false
    }

    /// Whether it took the beginning of a request, whose rest must come in time.
    fn is_in_request(&self) -> bool {
        false
    }
}

/// A request, and the octets that it takes with its frame. `None` if it is not complete.
pub(crate) type Cut<'o> = Option<(&'o [u8], usize)>;

/// Answers complete requests, one after the other, until `out` is full: `cut` finds the first one.
pub(crate) fn each_request<E: Display>(
    listener: Protocol,
    octets: &[u8],
    out: &mut Vec<u8>,
    cut: impl Fn(&[u8]) -> Result<Cut<'_>, E>,
    mut answer: impl FnMut(&[u8], &mut Vec<u8>) -> Flow,
) -> (usize, Flow) {
    let mut taken = 0;
    loop {
        match cut(octets.get(taken..).unwrap_or_default()) {
            Ok(None) => return (taken, Flow::Continue),
            Ok(Some((request, length))) => {
                taken += length;
                if answer(request, out) == Flow::Close {
                    return (taken, Flow::Close);
                }
                if out.len() >= ANSWER_OCTETS {
                    return (taken, Flow::Continue);
                }
            }
            Err(error) => {
                error!(%listener, "closed: {error}");
                return (taken, Flow::Close);
            }
        }
    }
}

/// A request over its limit, in octets.
#[derive(Clone, Copy, Debug, Error)]
#[error("a request is longer than {0} octets")]
pub(crate) struct Endless(pub(crate) usize);

/// Cuts requests that end with `end`, of at most `limit` octets.
pub(crate) fn ended_by(end: &'static [u8], limit: usize) -> impl Fn(&[u8]) -> Result<Cut<'_>, Endless> {
    move |octets| match octets.windows(end.len()).position(|part| part == end) {
        Some(length) => Ok(octets.get(..length).map(|request| (request, length + end.len()))),
        None if octets.len() > limit => Err(Endless(limit)),
        None => Ok(None),
    }
}
