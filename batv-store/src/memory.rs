//! Counters in memory, of one process: for a host without a store, and while the store is down.
//!
//! ```
//! use std::time::Duration;
//!
//! use batv_core::fingerprint::Fingerprint;
//! use batv_store::memory::Memory;
//! use batv_store::{Answer, Operation, Store};
//!
//! let (store, now) = (Memory::default(), 1_795_478_400);
//! let count = Operation::Count { key: Fingerprint::new([1; 16]), by: 1, expires: now + 60 };
//! assert_eq!(store.run(vec![count.clone(), count], now, Duration::ZERO)?, [1, 2].map(Answer::Total));
//! # Ok::<(), batv_store::Error>(())
//! ```

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use batv_core::fingerprint::Fingerprint;

use crate::error::Error;
use crate::operation::{Answer, Operation};
use crate::store::Store;

/// Default number of counters, which take some 20 MB.
///
/// ```
/// # use batv_store::memory::DEFAULT_COUNTERS;
/// assert_eq!(DEFAULT_COUNTERS, 131_072);
/// ```
pub const DEFAULT_COUNTERS: usize = 131_072;

/// Counters in memory. Values are not kept: a get finds none.
///
/// Where there is no room, the counter goes that would expire the soonest. Wrong tags expire before bounces to a tag, and
/// these before the records of clients, so that guesses drive out guesses. Of those that expire at one time it is a random
/// one, since their names are keyed hashes.
///
/// ```
/// # use batv_store::memory::Memory;
/// # use batv_store::{Operation, Store};
/// # use batv_core::fingerprint::Fingerprint;
/// # use std::time::Duration;
/// let store = Memory::new(10);
/// for number in 0..100 {
///     let count = Operation::Count { key: Fingerprint::new([number; 16]), by: 1, expires: 60 };
///     store.run(vec![count], 0, Duration::ZERO)?;
/// }
/// assert_eq!(store.counters(), 10);
/// # Ok::<(), batv_store::Error>(())
/// ```
#[derive(Debug)]
pub struct Memory {
    most: usize,
    counters: Mutex<Counters>,
}

#[derive(Debug, Default)]
struct Counters {
    totals: HashMap<Fingerprint, (u32, u64)>,
    by_end: BTreeSet<(u64, Fingerprint)>,
    forgotten: u64,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(DEFAULT_COUNTERS)
    }
}

impl Memory {
    /// Memory for so many counters at a time, at least one.
    ///
    /// ```
    /// # use batv_store::memory::Memory;
    /// assert_eq!(Memory::new(10).counters(), 0);
    /// ```
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most: most.max(1), counters: Mutex::default() }
    }

    /// Number of counters now.
    ///
    /// ```
    /// # use batv_store::memory::Memory;
    /// assert_eq!(Memory::default().counters(), 0);
    /// ```
    #[must_use]
    pub fn counters(&self) -> usize {
        self.locked().totals.len()
    }

    fn locked(&self) -> MutexGuard<'_, Counters> {
        // Nothing that is done under the lock can leave it half done.
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Memory {
    fn run(&self, batch: Vec<Operation>, now: u64, _wait: Duration) -> Result<Vec<Answer>, Error> {
        let mut counters = self.locked();
        counters.expire(now);
        let answer = |operation| match operation {
            Operation::Count { key, by, expires } => Answer::Total(counters.count(key, by, expires, now, self.most)),
            Operation::Get { .. } => Answer::Value(None),
            Operation::Put { .. } => Answer::Done { dropped: 0 },
        };
        Ok(batch.into_iter().map(answer).collect())
    }

    fn forgotten(&self) -> u64 {
        self.locked().forgotten
    }
}

impl Counters {
    fn expire(&mut self, now: u64) {
        while let Some(first) = self.by_end.first().copied().filter(|(expires, _)| *expires <= now) {
            self.by_end.remove(&first);
            self.totals.remove(&first.1);
        }
    }

    fn count(&mut self, key: Fingerprint, by: u32, expires: u64, now: u64, most: usize) -> u32 {
        if let Some((total, _)) = self.totals.get_mut(&key) {
            *total = total.saturating_add(by);
            return *total;
        }
        if by == 0 || expires <= now {
            return by;
        }
        if self.totals.len() >= most
            && let Some((_, soonest)) = self.by_end.pop_first()
        {
            self.totals.remove(&soonest);
            self.forgotten += 1;
        }
        self.totals.insert(key, (by, expires));
        self.by_end.insert((expires, key));
        by
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(store: &Memory, name: u8, by: u32, expires: u64, now: u64) -> u32 {
        let operation = Operation::Count { key: Fingerprint::new([name; 16]), by, expires };
        match store.run(vec![operation], now, Duration::ZERO).unwrap()[..] {
            [Answer::Total(total)] => total,
            ref other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_counter_keeps_its_end_and_begins_anew_after_it() {
        let store = Memory::default();
        assert_eq!([count(&store, 1, 0, 10, 0), count(&store, 1, 2, 10, 0), count(&store, 1, 1, 99, 9)], [0, 2, 3]);
        assert_eq!([count(&store, 1, 0, 99, 10), count(&store, 1, 1, 99, 10)], [0, 1]);
        assert_eq!(count(&store, 1, u32::MAX, 99, 10), u32::MAX);
        assert_eq!((count(&store, 2, 1, 5, 10), store.counters()), (1, 1), "it has expired already");
    }

    #[test]
    fn where_there_is_no_room_the_soonest_goes() {
        let store = Memory::new(3);
        for (name, expires) in [(1, 30), (2, 10), (3, 20), (4, 25), (5, 5)] {
            count(&store, name, 1, expires, 0);
        }
        let left = [1, 2, 3, 4, 5].map(|name| count(&store, name, 0, 0, 0));
        assert_eq!((left, store.counters(), store.forgotten()), ([1, 0, 0, 1, 1], 3, 2));
        assert_eq!((count(&store, 6, 1, 40, 31), store.counters()), (1, 1));
    }
}
