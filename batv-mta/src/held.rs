//! The octets that all messages and requests under way hold together.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

/// Fraction of the limit that one network of strangers may hold.
const SHARE: usize = 8;
/// Fractions that strangers leave to us: with their messages, and with their recipients, which so go on when messages don't.
const KEPT_FROM_MESSAGES: usize = 4;
const KEPT_FROM_RECIPIENTS: usize = 8;

/// The octets that are held, and how many may be.
#[derive(Debug)]
pub(crate) struct Total {
    held: AtomicUsize,
    limit: AtomicUsize,
    /// Those of each network of strangers, and how many one may have.
    networks: Mutex<HashMap<IpNet, usize>>,
    share: AtomicUsize,
}

impl Default for Total {
    fn default() -> Self {
        let unlimited = || AtomicUsize::new(usize::MAX);
        Self { held: AtomicUsize::new(0), limit: unlimited(), networks: Mutex::default(), share: unlimited() }
    }
}

impl Total {
    /// Sets how many octets may be held, `peer` of them by each network at least. Those that are held already stay.
    pub(crate) fn set_limit(&self, octets: usize, peer: usize) {
        self.limit.store(octets, Ordering::Relaxed);
        self.share.store((octets / SHARE).max(peer), Ordering::Relaxed);
    }

    /// The octets that are held.
    pub(crate) fn octets(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    fn has_room(&self, octets: usize, holder: Holder) -> bool {
        let limit = self.limit.load(Ordering::Relaxed);
        let (kept, network) = match holder {
            Holder::Ours => (0, None),
            Holder::Recipients(network) => (limit / KEPT_FROM_RECIPIENTS, network),
            Holder::Message(network) => (limit / KEPT_FROM_MESSAGES, network),
        };
        let share = self.share.load(Ordering::Relaxed);
        let of = |network| self.networks().get(&network).copied().unwrap_or_default();
        self.octets().saturating_add(octets) <= limit - kept
            && network.is_none_or(|network| of(network).saturating_add(octets) <= share)
    }

    fn networks(&self) -> MutexGuard<'_, HashMap<IpNet, usize>> {
        // Nothing that is done under the lock can leave it half done.
        self.networks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who holds octets, and which: strangers by their network, if they have one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Holder {
    /// Our own clients, and a mail server whose request is not complete.
    #[default]
    Ours,
    /// The recipients of a message.
    Recipients(Option<IpNet>),
    /// The message itself.
    Message(Option<IpNet>),
}

/// The part of the total that one owner holds, until it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Held {
    total: Arc<Total>,
    holder: Holder,
    octets: usize,
}

impl Held {
    /// Nothing yet.
    pub(crate) fn new(total: &Arc<Total>, holder: Holder) -> Self {
        Self { total: Arc::clone(total), holder, octets: 0 }
    }

    /// The octets that it holds.
    pub(crate) const fn octets(&self) -> usize {
        self.octets
    }

    /// Holds so many octets from now on, unless they are more than before and the total has no room. Returns whether it does.
    pub(crate) fn resize(&mut self, octets: usize) -> bool {
        let more = octets.saturating_sub(self.octets);
        if more > 0 && !self.total.has_room(more, self.holder) {
            return false;
        }
        self.set(octets);
        true
    }

    /// Holds so many octets from now on, also beyond the limit: they are there already.
    pub(crate) fn set(&mut self, octets: usize) {
        // Between the question and this, each thread may add one piece: the limit is one of megabytes.
        self.total.held.fetch_add(octets, Ordering::Relaxed);
        self.total.held.fetch_sub(self.octets, Ordering::Relaxed);
        if let Holder::Recipients(Some(network)) | Holder::Message(Some(network)) = self.holder {
            let mut networks = self.total.networks();
            let held = networks.get(&network).copied().unwrap_or_default() + octets - self.octets;
            if held > 0 {
                networks.insert(network, held)
            } else {
                networks.remove(&network)
            };
        }
        self.octets = octets;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_owners_share_the_total() {
        let total = Arc::new(Total::default());
        total.set_limit(100, 0);
        let [mut one, mut other] = [(); 2].map(|()| Held::new(&total, Holder::Ours));
        assert!(one.resize(60) && other.resize(40));
        assert!(!other.resize(41) && other.resize(30));
        one.set(200);
        assert!(!other.resize(31) && other.resize(20));
        drop(one);
        assert_eq!((total.octets(), other.octets()), (20, 20));
    }
    #[test]
    fn strangers_hold_a_share_by_network_and_leave_the_rest_to_us() {
        let total = Arc::new(Total::default());
        total.set_limit(80, 4);
        let network = |number: u8| format!("192.0.{number}.0/24").parse().ok();
        let mut of = [0, 0, 1, 2, 3, 4, 5, 6].map(|number| Held::new(&total, Holder::Message(network(number))));
        assert!(of[0].resize(6) && of[1].resize(4) && !of[1].resize(5) && !of[0].resize(7));
        let mut recipients = Held::new(&total, Holder::Recipients(network(0)));
        assert!(!recipients.resize(1), "they are of the same network");
        assert!(of[2..7].iter_mut().all(|held| held.resize(10)) && !of[7].resize(1) && total.octets() == 60);
        let mut unknown = Held::new(&total, Holder::Message(None));
        let mut recipients = Held::new(&total, Holder::Recipients(network(9)));
        assert!(!unknown.resize(1) && recipients.resize(10));
        let mut others = Held::new(&total, Holder::Recipients(network(8)));
        let mut ours = Held::new(&total, Holder::Ours);
        assert!(!others.resize(1) && ours.resize(10) && !ours.resize(11));
        drop((of, ours));
        assert!(others.resize(10) && total.networks().len() == 2);
    }
}
