//! A store that costs mail nothing when it is slow or down.
//!
//! | state | what a batch meets | what ends it |
//! |---|---|---|
//! | closed, as at first | the store, for no longer than [`Patience::answer`] | a failure, or no answer in time: open |
//! | open | [`Error::Unavailable`], at once | the pause is over: the next batch is the probe |
//! | probing | one batch meets the store, all others [`Error::Unavailable`] | its answer: closed; else open, for twice as long |
//!
//! A batch whose asker goes away is neither a failure nor an answer; if it was the probe, the next batch is. Batches that
//! were under way when the state changed change it no more. A batch that is too long is the asker's fault, not the store's.

mod breaker;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::{self, Instant};

use crate::error::Error;
use crate::operation::Operation;
use crate::store::{Answers, Store};
use breaker::{Breaker, Outcome, Permit};

/// How long mail waits for a store.
///
/// ```
/// use std::time::Duration;
///
/// use batv_store::Patience;
///
/// let mut patience = Patience::default();
/// assert_eq!(patience.answer, Duration::from_millis(250));
/// patience.answer = Duration::from_millis(100);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Patience {
    /// How long to wait for the answer to a batch: 250 ms.
    pub answer: Duration,
    /// How long not to ask after a failure: 1 s. It doubles with each probe that fails.
    pub pause: Duration,
    /// The longest that it gets: 10 s.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_millis(250),
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(10),
        }
    }
}

/// How a store does, for whoever looks after it.
///
/// ```
/// use batv_store::Health;
///
/// let health = Health::default();
/// assert!(health.up && health.since.is_none());
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Health {
    /// Whether it is asked.
    pub up: bool,
    /// Since when, in seconds since 1970-01-01 (UTC), as the batch said that showed it; `None` before the first one.
    pub since: Option<u64>,
    /// What went wrong last, also if that is over.
    pub last_error: Option<Error>,
    /// Batches that it was asked.
    pub batches: u64,
    /// Those of them that it failed, or did not answer in time.
    pub failures: u64,
    /// Batches that it was not asked, as it was taken for down.
    pub refused: u64,
    /// How long the batches took that it was asked, in sum.
    pub took: Duration,
    /// What [`Store::forgotten`] says.
    pub forgotten: u64,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            up: true,
            since: None,
            last_error: None,
            batches: 0,
            failures: 0,
            refused: 0,
            took: Duration::ZERO,
            forgotten: 0,
        }
    }
}

/// A store that is waited for so long only, and left alone for a while after it failed.
///
/// ```
/// use std::sync::Arc;
///
/// use batv_store::{Answers, Error, Guarded, Operation, Patience, Store};
///
/// /// Never answers.
/// struct Stuck;
///
/// impl Store for Stuck {
///     fn run(&self, _: Vec<Operation>, _: u64) -> Answers<'_> {
///         Box::pin(std::future::pending())
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
/// let store = Guarded::new(Stuck, Patience::default());
/// let limit = Patience::default().answer;
/// assert_eq!(store.run(Vec::new(), 1_795_478_400).await, Err(Error::TimedOut { limit }));
/// assert_eq!(store.run(Vec::new(), 1_795_478_400).await, Err(Error::Unavailable));
/// assert!(!store.health().up);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Guarded<S> {
    store: S,
    answer: Duration,
    state: Mutex<State>,
}

struct State {
    breaker: Breaker,
    health: Health,
}

impl<S: Store> Guarded<S> {
    /// The store, with so much patience.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use batv_store::{Guarded, Patience, Store};
    ///
    /// fn guard(store: Arc<dyn Store>) -> Arc<Guarded<Arc<dyn Store>>> {
    ///     Arc::new(Guarded::new(store, Patience::default()))
    /// }
    /// ```
    pub fn new(store: S, patience: Patience) -> Self {
        let breaker = Breaker::new(patience.pause, patience.longest_pause);
        Self { store, answer: patience.answer, state: Mutex::new(State { breaker, health: Health::default() }) }
    }

    /// How it does.
    ///
    /// ```
    /// use batv_store::{Guarded, Store};
    ///
    /// fn seconds_each(store: &Guarded<impl Store>) -> f64 {
    ///     let health = store.health();
    ///     health.took.as_secs_f64() / health.batches.max(1) as f64
    /// }
    /// ```
    pub fn health(&self) -> Health {
        Health { forgotten: self.store.forgotten(), ..self.state().health.clone() }
    }

    /// Whether it is asked, which [`health`](Self::health) says with all else.
    ///
    /// ```
    /// use batv_store::{Guarded, Store};
    ///
    /// fn words(store: &Guarded<impl Store>) -> &'static str {
    ///     if store.is_up() { "the store answers" } else { "the store doesn't answer" }
    /// }
    /// ```
    pub fn is_up(&self) -> bool {
        self.state().health.up
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that is done under the lock can leave it half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Store> Store for Guarded<S> {
    fn run(&self, batch: Vec<Operation>, now: u64) -> Answers<'_> {
        Box::pin(async move {
            let begun = Instant::now();
            let permit = {
                let mut state = self.state();
                let Some(permit) = state.breaker.admit(begun) else {
                    state.health.refused += 1;
                    return Err(Error::Unavailable);
                };
                permit
            };
            let mut visit = Visit { guarded: self, permit: Some(permit), begun, now };
            let result = match time::timeout(self.answer, self.store.run(batch, now)).await {
                Ok(result) => result,
                Err(_) => Err(Error::TimedOut { limit: self.answer }),
            };
            visit.end(result.as_ref().err());
            result
        })
    }

    fn forgotten(&self) -> u64 {
        self.store.forgotten()
    }
}

impl<S> fmt::Debug for Guarded<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("answer", &self.answer).finish_non_exhaustive()
    }
}

/// A batch that is with the store. When the asker goes away it ends without an outcome.
struct Visit<'g, S: Store> {
    guarded: &'g Guarded<S>,
    permit: Option<Permit>,
    begun: Instant,
    now: u64,
}

impl<S: Store> Visit<'_, S> {
    fn end(&mut self, error: Option<&Error>) {
        let Some(permit) = self.permit.take() else { return };
        let ended = Instant::now();
        let failure = error.filter(|error| !error.is_of_the_batch());
        let mut state = self.guarded.state();
        let State { breaker, health } = &mut *state;
        health.batches += 1;
        health.took += ended - self.begun;
        if let Some(error) = failure {
            health.failures += 1;
            health.last_error = Some(error.clone());
        }
        breaker.end(permit, if failure.is_some() { Outcome::Failed } else { Outcome::Answered }, ended);
        let up = breaker.is_closed();
        if health.since.is_none() || up != health.up {
            (health.up, health.since) = (up, Some(self.now));
        }
    }
}

impl<S: Store> Drop for Visit<'_, S> {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.guarded.state().breaker.end(permit, Outcome::Unknown, Instant::now());
        }
    }
}
