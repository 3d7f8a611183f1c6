//! What a store does, in the plainest way.

use alloc::collections::BTreeMap;
use core::time::Duration;
use std::sync::{Mutex, PoisonError};

use batv_core::fingerprint::Fingerprint;
use batv_store::{Answer, Error, Operation, Share, Store, Table};

#[derive(Debug, Default)]
pub(crate) struct Model(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    entries: BTreeMap<(Table, Fingerprint), Entry>,
    counters: BTreeMap<Fingerprint, (u32, u64)>,
    puts: u64,
}

#[derive(Debug)]
struct Entry {
    value: Vec<u8>,
    expires: u64,
    owner: Option<Fingerprint>,
    put: u64,
}

impl Store for Model {
    fn run(&self, batch: Vec<Operation>, now: u64, _: Duration) -> Result<Vec<Answer>, Error> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(batch.into_iter().map(|operation| state.apply(operation, now)).collect())
    }
}

impl State {
    fn apply(&mut self, operation: Operation, now: u64) -> Answer {
        self.entries.retain(|_, entry| entry.expires > now);
        self.counters.retain(|_, (_, expires)| *expires > now);
        match operation {
            Operation::Put { table, key, value, expires, share } => {
                self.entries.remove(&(table, key));
                if expires > now {
                    self.puts += 1;
                    let owner = share.map(|share| share.owner);
                    self.entries.insert((table, key), Entry { value, expires, owner, put: self.puts });
                    let dropped = share.map_or(0, |share| self.drop_oldest(share));
                    return Answer::Done { dropped };
                }
                Answer::Done { dropped: 0 }
            }
            Operation::Get { table, key } => {
                Answer::Value(self.entries.get(&(table, key)).map(|entry| entry.value.clone()))
            }
            Operation::Count { key, by: 0, .. } => {
                Answer::Total(self.counters.get(&key).map_or(0, |(total, _)| *total))
            }
            Operation::Count { key, by, expires } => {
                let (total, _) = self.counters.entry(key).or_insert((0, expires));
                *total = total.saturating_add(by);
                Answer::Total(*total)
            }
        }
    }

    fn drop_oldest(&mut self, share: Share) -> u32 {
        let of_owner = self.entries.iter().filter(|(_, entry)| entry.owner == Some(share.owner));
        let mut puts: Vec<(u64, (Table, Fingerprint))> = of_owner.map(|(key, entry)| (entry.put, *key)).collect();
        puts.sort_unstable();
        let excess = puts.len().saturating_sub(share.quota as usize);
        for (_, key) in &puts[..excess] {
            self.entries.remove(key);
        }
        u32::try_from(excess).unwrap()
    }
}
