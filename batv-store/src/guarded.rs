//! Guard of a store, so that mail doesn't wait for one that is slow or down.
//!
//! | state | a batch meets | what ends it |
//! |---|---|---|
//! | closed, as at first | the store, for [`Patience::answer`] at most | a failure, or no answer in time: open |
//! | open | [`Error::Unavailable`], at once | the pause is over: the next batch is the probe |
//! | probing | one batch meets the store, all others [`Error::Unavailable`] | its answer: closed; else open, for twice as long |
//!
//! A batch whose caller waits for less than [`Patience::answer`], and gets no answer by then, is neither a failure nor
//! an answer; if it was the probe, the next batch is. Batches that began before the state changed no longer change it.
//! A batch that is too long is the caller's fault, not the store's.

mod breaker;

use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::error::Error;
use crate::operation::{Answer, Operation};
use crate::store::Store;
use breaker::{Breaker, Outcome, Permit};

/// Times that mail waits for a store, and leaves it alone.
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
    /// Longest wait for the answer to a batch: 250 ms.
    pub answer: Duration,
    /// Pause after a failure: 1 s. It doubles with each probe that fails.
    pub pause: Duration,
    /// Longest pause: 10 s.
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

/// Health of a store, for monitoring.
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
    /// Whether batches are passed to the store.
    pub up: bool,
    /// Start of this state, in seconds since 1970-01-01 (UTC) by the time of the batch that showed it; `None` before
    /// the first one.
    pub since: Option<u64>,
    /// Last error, also if it is over.
    pub last_error: Option<Error>,
    /// Number of batches that the store was asked.
    pub batches: u64,
    /// Number of them that failed, or were not answered in time.
    pub failures: u64,
    /// Number of batches that were not passed on, as the store was down.
    pub refused: u64,
    /// Time that the store took for its batches, in total.
    pub took: Duration,
    /// Number of entries dropped for want of room: [`Store::forgotten`].
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

/// Store that is waited for no longer than a limit, and left alone for a while after a failure.
///
/// ```
/// use std::time::Duration;
///
/// use batv_store::{Answer, Error, Guarded, Operation, Patience, Store};
///
/// /// Never answers.
/// struct Stuck;
///
/// impl Store for Stuck {
///     fn run(&self, _: Vec<Operation>, _: u64, wait: Duration) -> Result<Vec<Answer>, Error> {
///         std::thread::sleep(wait);
///         Err(Error::TimedOut { limit: wait })
///     }
/// }
///
/// let (limit, now) = (Duration::from_millis(1), 1_795_478_400);
/// let mut patience = Patience::default();
/// patience.answer = limit;
/// let store = Guarded::new(Stuck, patience);
/// assert_eq!(store.run(Vec::new(), now, Duration::MAX), Err(Error::TimedOut { limit }));
/// assert_eq!(store.run(Vec::new(), now, Duration::MAX), Err(Error::Unavailable));
/// assert!(!store.health().up);
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
    /// Guards a store.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use batv_store::sqlite::{DEFAULT_LIMIT, Sqlite};
    /// use batv_store::{Guarded, Patience, Store};
    ///
    /// let store: Arc<dyn Store> = Arc::new(Sqlite::open_later("/nonexistent/store.sqlite".as_ref(), DEFAULT_LIMIT)?);
    /// assert!(Guarded::new(store, Patience::default()).is_up());
    /// # Ok::<(), batv_store::Error>(())
    /// ```
    #[must_use]
    pub fn new(store: S, patience: Patience) -> Self {
        let breaker = Breaker::new(patience.pause, patience.longest_pause);
        Self { store, answer: patience.answer, state: Mutex::new(State { breaker, health: Health::default() }) }
    }

    /// Health of the store.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use batv_store::sqlite::{DEFAULT_LIMIT, Sqlite};
    /// use batv_store::{Guarded, Patience, Store};
    ///
    /// let store = Sqlite::open_later("/nonexistent/store.sqlite".as_ref(), DEFAULT_LIMIT)?;
    /// let mut patience = Patience::default();
    /// patience.answer = Duration::from_secs(10);
    /// let store = Guarded::new(store, patience);
    /// let error = store.run(Vec::new(), 1_795_478_400, Duration::MAX).unwrap_err();
    /// let health = store.health();
    /// assert_eq!((health.up, health.failures, health.last_error), (false, 1, Some(error)));
    /// # Ok::<(), batv_store::Error>(())
    /// ```
    #[must_use]
    pub fn health(&self) -> Health {
        Health { forgotten: self.store.forgotten(), ..self.state().health.clone() }
    }

    /// Whether batches are passed to the store, which [`health`](Self::health) tells with all else.
    ///
    /// ```
    /// use batv_store::sqlite::{DEFAULT_LIMIT, Sqlite};
    /// use batv_store::{Guarded, Patience};
    ///
    /// let store = Sqlite::open_later("/nonexistent/store.sqlite".as_ref(), DEFAULT_LIMIT)?;
    /// assert!(Guarded::new(store, Patience::default()).is_up());
    /// # Ok::<(), batv_store::Error>(())
    /// ```
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.state().health.up
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that is done under the lock can leave it half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self, now: u64) -> Result<Visit<'_, S>, Error> {
        let begun = Instant::now();
        let mut state = self.state();
        let Some(permit) = state.breaker.admit(begun) else {
            state.health.refused += 1;
            return Err(Error::Unavailable);
        };
        Ok(Visit { guarded: self, permit: Some(permit), begun, now })
    }
}

impl<S: Store> Store for Guarded<S> {
    fn run(&self, batch: Vec<Operation>, now: u64, wait: Duration) -> Result<Vec<Answer>, Error> {
        let visit = self.admit(now)?;
        let result = self.store.run(batch, now, wait.min(self.answer));
        match &result {
            // A short wait, such as what is left of an earlier one, says little of the store.
            Err(Error::TimedOut { .. }) if wait < self.answer / 2 => {}
            Err(error) if !error.is_of_the_batch() => visit.end(Some(error)),
            _ => visit.end(None),
        }
        result
    }

    fn is_lost(&self) -> bool {
        self.store.is_lost()
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

/// Batch that is with the store. Unless it is ended, nothing is known of the store by it.
struct Visit<'g, S: Store> {
    guarded: &'g Guarded<S>,
    permit: Option<Permit>,
    begun: Instant,
    now: u64,
}

impl<S: Store> Visit<'_, S> {
    fn end(mut self, failure: Option<&Error>) {
        let Some(permit) = self.permit.take() else { return };
        let ended = Instant::now();
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
