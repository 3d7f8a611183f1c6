//! The threads that judge long messages, beside those that serve connections: a message that is crafted to be read slowly
//! takes as long as many others, and nobody else waits meanwhile.
//!
//! What waits is bounded by the connections, each of which has one message at a time, and nothing of it is refused. Turns go
//! by octets, as in fair queueing: each client's network has its own account, and the message comes next whose network will
//! have had least with it. So short messages come before long ones, who brings many waits for its own, and nobody waits for
//! ever.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::panic::AssertUnwindSafe;
use std::collections::HashMap;
use std::io;
use std::panic::catch_unwind;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

use batv_store::counter::Networks;
use ipnet::IpNet;
use tokio::sync::oneshot;

use crate::listen::handler::Load;

/// Work on one message.
type Job = Box<dyn FnOnce() + Send>;

/// The threads that judge long messages. They end with the process.
pub(super) struct Judges(Arc<Queue>);

impl Judges {
    /// Starts the threads. They are confined as the one that starts them.
    pub(super) fn start(threads: usize) -> io::Result<Self> {
        let queue = Arc::<Queue>::default();
        for _ in 0..threads.max(1) {
            let queue = Arc::clone(&queue);
            Builder::new().name("batvd-judge".to_owned()).spawn(move || {
                loop {
                    // A panic costs the connection whose message it was, as it does on the threads that serve.
                    let _ = catch_unwind(AssertUnwindSafe(queue.next()));
                }
            })?;
        }
        Ok(Self(queue))
    }

    /// Does the work of a message in its turn. `None` when it panics.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        load: Load,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (done, result) = oneshot::channel();
        let job = move || {
            // Nobody waits for it when the daemon has stopped.
            let _ = done.send(work());
        };
        self.0.add(load, Box::new(job));
        result.await.ok()
    }
}

/// The messages that wait.
#[derive(Default)]
struct Queue {
    turns: Mutex<Turns<Job>>,
    more: Condvar,
}

impl Queue {
    fn add(&self, load: Load, job: Job) {
        self.lock().add(load, job);
        self.more.notify_one();
    }

    /// Waits for the next message.
    fn next(&self) -> Job {
        let mut turns = self.lock();
        loop {
            if let Some(job) = turns.next() {
                return job;
            }
            turns = self.more.wait(turns).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Turns<Job>> {
        // Nothing that is done under the lock can leave it half done.
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The order of what waits.
struct Turns<J> {
    /// By the account of their network with their own octets on it, then by their arrival.
    waiting: BTreeMap<(u64, u64), J>,
    /// The accounts of networks, in octets. One that is not above `account` is as good as none.
    accounts: HashMap<Option<IpNet>, u64>,
    /// Account of the message that came last. Who was away begins with it: nobody saves turns.
    account: u64,
    arrivals: u64,
}

impl<J> Default for Turns<J> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), accounts: HashMap::new(), account: 0, arrivals: 0 }
    }
}

impl<J> Turns<J> {
    fn add(&mut self, load: Load, job: J) {
        let network = load.client.map(|client| Networks::default().of(client));
        let octets = u64::try_from(load.octets).unwrap_or(u64::MAX);
        let account = self.accounts.entry(network).or_default();
        *account = (*account).max(self.account).saturating_add(octets);
        self.waiting.insert((*account, self.arrivals), job);
        self.arrivals += 1;
    }

    fn next(&mut self) -> Option<J> {
        let ((account, _), job) = self.waiting.pop_first()?;
        self.account = account;
        // Those that are left have a message that waits.
        if self.accounts.len() > 2 * self.waiting.len() {
            self.accounts.retain(|_, account| *account > self.account);
        }
        Some(job)
    }
}

#[cfg(test)]
mod tests {
    use core::net::IpAddr;

    use super::*;

    fn load(client: &str, octets: usize) -> Load {
        Load { octets, client: client.parse::<IpAddr>().ok() }
    }

    fn order(loads: &[(&str, usize)]) -> Vec<usize> {
        let mut turns = Turns::default();
        for (number, (client, octets)) in loads.iter().enumerate() {
            turns.add(load(client, *octets), number);
        }
        core::iter::from_fn(|| turns.next()).collect()
    }

    #[test]
    fn short_messages_come_before_long_ones() {
        assert_eq!(order(&[("192.0.2.1", 1000), ("198.51.100.1", 30), ("203.0.113.1", 20)]), [2, 1, 0]);
        // Of one network each comes in its turn.
        assert_eq!(order(&[("192.0.2.1", 1000), ("192.0.2.2", 30), ("192.0.2.1", 20)]), [0, 1, 2]);
    }

    #[test]
    fn who_brings_many_waits_for_its_own() {
        let mut loads = vec![("192.0.2.1", 1000); 50];
        loads.extend([("198.51.100.1", 1000), ("", 1000), ("198.51.100.2", 1000), ("2001:db8::1", 1000)]);
        assert_eq!(order(&loads)[..6], [0, 50, 51, 53, 1, 52]);
    }

    #[test]
    fn nobody_saves_turns_and_nobody_is_forgotten() {
        let mut turns = Turns::default();
        turns.add(load("192.0.2.1", 1_000_000), "long");
        for _ in 0..100 {
            turns.add(load("198.51.100.1", 20_000), "short");
        }
        let first: Vec<&str> = core::iter::from_fn(|| turns.next()).take(60).collect();
        assert_eq!(first.iter().position(|job| *job == "long"), Some(49));
        // One that begins now has its turn soon, and no more than its share.
        turns.add(load("203.0.113.1", 20_000), "new");
        turns.add(load("203.0.113.1", 20_000), "new");
        let next: Vec<&str> = core::iter::from_fn(|| turns.next()).take(4).collect();
        assert_eq!(next, ["short", "new", "short", "new"]);
        while turns.next().is_some() {}
        assert!(turns.accounts.is_empty());
    }

    #[tokio::test]
    async fn work_is_done_on_another_thread_and_a_panic_costs_nobody_else() {
        let judges = Judges::start(1).expect("a thread");
        let thread = judges.run(load("192.0.2.1", 1), || std::thread::current().id()).await;
        assert!(thread.is_some_and(|thread| thread != std::thread::current().id()));
        let failed: Option<u8> = judges.run(load("192.0.2.1", 1), || panic!("on purpose")).await;
        assert_eq!(failed, None);
        assert_eq!(judges.run(load("192.0.2.1", 1), || 2).await, Some(2));
    }
}
