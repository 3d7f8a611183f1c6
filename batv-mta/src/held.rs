//! The octets that all messages and requests under way hold together.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};

/// The octets that are held, and how many may be.
#[derive(Debug)]
pub(crate) struct Total {
    held: AtomicUsize,
    limit: AtomicUsize,
}

impl Default for Total {
    fn default() -> Self {
        Self { held: AtomicUsize::new(0), limit: AtomicUsize::new(usize::MAX) }
    }
}

impl Total {
    /// Sets how many octets may be held. Those that are held already stay.
    pub(crate) fn set_limit(&self, octets: usize) {
        self.limit.store(octets, Ordering::Relaxed);
    }

    /// The octets that are held.
    pub(crate) fn octets(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    fn has_room(&self, octets: usize) -> bool {
        self.octets().saturating_add(octets) <= self.limit.load(Ordering::Relaxed)
    }
}

/// The part of the total that one owner holds, until it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Held {
    total: Arc<Total>,
    octets: usize,
}

impl Held {
    /// Nothing yet.
    pub(crate) fn new(total: &Arc<Total>) -> Self {
        Self { total: Arc::clone(total), octets: 0 }
    }

    /// The octets that it holds.
    pub(crate) const fn octets(&self) -> usize {
        self.octets
    }

    /// Holds so many octets from now on, unless they are more than before and the total has no room. Returns whether it does.
    pub(crate) fn resize(&mut self, octets: usize) -> bool {
        let more = octets.saturating_sub(self.octets);
        if more > 0 && !self.total.has_room(more) {
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
        total.set_limit(100);
        let (mut one, mut other) = (Held::new(&total), Held::new(&total));
        assert!(one.resize(60) && other.resize(40));
        assert!(!other.resize(41) && other.resize(30));
        one.set(200);
        assert!(!other.resize(31) && other.resize(20));
        drop(one);
        assert_eq!((total.octets(), other.octets()), (20, 20));
    }
}
