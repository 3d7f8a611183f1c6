//! A store of counters, in memory: a year has to pass quickly.

use core::hash::{BuildHasherDefault, Hasher};
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use batv_core::fingerprint::Fingerprint;
use batv_store::{Answer, Error, Operation, Store};

/// Seconds after which what has ended is looked for.
const SWEEP: u64 = 6 * 3600;

#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Counters>);

#[derive(Debug, Default)]
struct Counters {
    totals: HashMap<Fingerprint, (u32, u64), BuildHasherDefault<First>>,
    swept: u64,
    most: usize,
}

impl Memory {
    /// Counters that there were at a time, at most.
    pub(super) fn most(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).most
    }
}

impl Store for Memory {
    fn run(&self, batch: Vec<Operation>, now: u64, _: Duration) -> Result<Vec<Answer>, Error> {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(batch.into_iter().map(|operation| counters.apply(&operation, now)).collect())
    }
}

impl Counters {
    fn apply(&mut self, operation: &Operation, now: u64) -> Answer {
        let Operation::Count { key, by, expires } = operation else { panic!("who guesses is counted: {operation:?}") };
        if now >= self.swept + SWEEP {
            self.swept = now;
            self.totals.retain(|_, (_, expires)| *expires > now);
        }
        if *by == 0 {
            return Answer::Total(
                self.totals.get(key).filter(|(_, expires)| *expires > now).map_or(0, |(total, _)| *total),
            );
        }
        let (total, ends) = self.totals.entry(*key).or_insert((0, *expires));
        if *ends <= now {
            (*total, *ends) = (0, *expires);
        }
        *total = total.saturating_add(*by);
        let total = *total;
        self.most = self.most.max(self.totals.len());
        Answer::Total(total)
    }
}

/// Fingerprints are as good as random: some of their octets are a hash.
#[derive(Debug, Default)]
struct First(u64);

impl Hasher for First {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        for octet in octets.iter().take(8) {
            self.0 = self.0 << 8 | u64::from(*octet);
        }
    }

    fn write_usize(&mut self, _length: usize) {}
}
