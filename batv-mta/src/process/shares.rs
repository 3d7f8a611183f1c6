//! The connections and descriptors that each listener may use, so that none can take those of another.

use alloc::sync::Arc;
use core::pin::pin;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::protocol::Protocol;

/// Connections of each listener for metrics or pages.
const OF_HTTP: usize = 64;
/// Descriptors besides the connections: the log, the store, the runtime, and a connection of each listener that waits.
const OWN_DESCRIPTORS: usize = 32;

/// The share of one listener.
#[derive(Debug)]
pub(super) struct Share {
    permits: Arc<Semaphore>,
    /// Wakes the connection that has been idle for the longest.
    pub(super) crowded: Notify,
}

impl Share {
    /// A share of so many connections.
    pub(super) fn new(connections: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS))), crowded: Notify::new() }
    }

    /// Waits until the share allows one more connection; `had_to_wait` is called if it doesn't yet.
    pub(super) async fn permit(&self, had_to_wait: impl FnOnce()) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Some(permit);
        }
        had_to_wait();
        self.crowded.notify_one();
        // The semaphore is never closed.
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok();
        // Where none was idle, the call is kept for the next one that is; nobody need go any more.
        pin!(self.crowded.notified()).as_mut().enable();
        permit
    }
}

/// The number of connections of each listener.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Shares {
    mail: usize,
    http: usize,
    /// The connections of `limits.connections` for which there are descriptors, if not for all.
    pub(super) possible: Option<usize>,
}

impl Shares {
    /// The shares of listeners with these protocols, of so many connections and descriptors.
    pub(super) fn of(listeners: impl Iterator<Item = Protocol>, connections: usize, descriptors: usize) -> Self {
        let listeners: Vec<Protocol> = listeners.collect();
        let http = listeners.iter().filter(|protocol| is_http(**protocol)).count();
        let mail = (listeners.len() - http).max(1);
        // A socket, and a connection that waits for its turn.
        let left = descriptors.saturating_sub(OWN_DESCRIPTORS + 2 * listeners.len());
        // Where there are few, mail has most of them.
        let of_http = (left / (8 * http.max(1))).clamp(1, OF_HTTP);
        let left = left.saturating_sub(of_http * http).max(mail);
        let possible = (left < connections).then_some(left);
        Self { mail: (connections.min(left) / mail).max(1), http: of_http, possible }
    }

    /// The share of a listener with this protocol.
    pub(super) fn share(&self, protocol: Protocol) -> Share {
        Share::new(if is_http(protocol) { self.http } else { self.mail })
    }
}

const fn is_http(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Metrics | Protocol::Page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_to_go_does_not_outlive_the_one_that_waits() {
        let share = Share::new(1);
        let first = share.permit(|| panic!("it had to wait")).await;
        let mut waited = false;
        let second = async { share.permit(|| waited = true).await };
        let (second, ()) = tokio::join!(second, async { drop(first) });
        assert!(second.is_some() && waited);
        assert!(!pin!(share.crowded.notified()).as_mut().enable(), "an idle connection would go for nobody");
    }

    #[test]
    fn the_last_descriptors_are_for_mail() {
        use Protocol::{Line, Metrics, Milter, Page, Policy, Socketmap};
        let all = [Milter, Socketmap, Policy, Line, Metrics, Page];
        for (listeners, connections, descriptors, mail, http, possible) in [
            (&all[..], 20_000, 524_288, 5_000, 64, None),
            (&all[..1], 20_000, 524_288, 20_000, 64, None),
            (&all[..], 20_000, 1_024, 214, 61, Some(858)),
            (&all[..], 20_000, 64, 4, 1, Some(18)),
            (&all[..], 20_000, 16, 1, 1, Some(4)),
            (&all[..], 2, 1_024, 1, 61, None),
            (&[Metrics][..], 20_000, 1_024, 926, 64, Some(926)),
        ] {
            let shares = Shares::of(listeners.iter().copied(), connections, descriptors);
            assert_eq!(shares, Shares { mail, http, possible }, "{listeners:?}, {connections}, {descriptors}");
        }
    }
}
