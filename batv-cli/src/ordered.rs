//! Workers that take turns, so that output has the order of the input.

use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Scope};

/// More workers would only wait for input and for their turn.
const MOST_WORKERS: usize = 16;

/// Number of workers: as many as there are cores, up to a limit.
pub(crate) fn workers() -> usize {
    thread::available_parallelism().map_or(1, usize::from).min(MOST_WORKERS)
}

/// Value for the worker whose turn it is. Turns are numbered from 0.
#[derive(Debug)]
pub(crate) struct Turns<T> {
    state: Mutex<State<T>>,
    over: Condvar,
    stopped: AtomicBool,
}

#[derive(Debug)]
struct State<T> {
    turn: u64,
    value: T,
}

/// A turn that has come.
#[derive(Debug)]
pub(crate) struct Turn<'t, T> {
    turns: &'t Turns<T>,
    state: MutexGuard<'t, State<T>>,
}

impl<T> Turns<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { state: Mutex::new(State { turn: 0, value }), over: Condvar::new(), stopped: AtomicBool::new(false) }
    }

    pub(crate) fn into_inner(self) -> T {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).value
    }

    /// Waits until this turn comes; `None` when all work has ended before.
    pub(crate) fn wait_for(&self, turn: u64) -> Option<Turn<'_, T>> {
        let waiting = |state: &mut State<T>| state.turn != turn && !self.is_stopped();
        let state = self.over.wait_while(lock(&self.state), waiting).unwrap_or_else(PoisonError::into_inner);
        (state.turn == turn && !self.is_stopped()).then_some(Turn { turns: self, state })
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Ends all work when the worker that holds this panics: its turn would never end, and the others would wait for it.
    pub(crate) fn stop_on_panic(&self) -> impl Drop + '_ {
        OnPanic(|| self.stop(&lock(&self.state)))
    }

    /// A worker that waits for a turn has read `stopped` under the lock, and must not miss the call.
    fn stop(&self, _locked: &MutexGuard<'_, State<T>>) {
        self.stopped.store(true, Ordering::Relaxed);
        self.over.notify_all();
    }
}

impl<T> Turn<'_, T> {
    /// Gives the turn to the next worker.
    pub(crate) fn end(mut self) {
        self.state.turn += 1;
        self.turns.over.notify_all();
    }

    /// Ends all work.
    pub(crate) fn stop(self) {
        self.turns.stop(&self.state);
    }
}

impl<T> Deref for Turn<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.state.value
    }
}

impl<T> DerefMut for Turn<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.state.value
    }
}

/// Works on items on all cores, and takes the results in the order of the items. As many items are held as there are
/// workers.
///
/// # Errors
/// The first of `take`, which ends all work.
pub(crate) fn in_order<T, R, E: Send>(
    items: impl Iterator<Item = T> + Send,
    work: impl Fn(T) -> R + Sync,
    take: impl FnMut(R) -> Result<(), E> + Send,
) -> Result<(), E> {
    let source = Mutex::new(Source { items: items.enumerate(), workers_left: workers() - 1 });
    let turns = Turns::new((take, Ok(())));
    thread::scope(|scope| work_on(scope, &source, &work, &turns));
    turns.into_inner().1
}

struct Source<I> {
    items: I,
    workers_left: usize,
}

fn work_on<'scope, T, R, E: Send>(
    scope: &'scope Scope<'scope, '_>,
    source: &'scope Mutex<Source<impl Iterator<Item = (usize, T)> + Send>>,
    work: &'scope (impl Fn(T) -> R + Sync),
    turns: &'scope Turns<(impl FnMut(R) -> Result<(), E> + Send, Result<(), E>)>,
) {
    let _guard = turns.stop_on_panic();
    loop {
        let mut locked = lock(source);
        let Some((turn, item)) = locked.items.next().filter(|_| !turns.is_stopped()) else { return };
        // One item is no work for two.
        if turn > 0 && locked.workers_left > 0 {
            locked.workers_left -= 1;
            scope.spawn(|| work_on(scope, source, work, turns));
        }
        drop(locked);
        let result = work(item);
        let Some(mut turn) = turns.wait_for(turn as u64) else { return };
        let (take, outcome) = &mut *turn;
        *outcome = take(result);
        if outcome.is_err() {
            return turn.stop();
        }
        turn.end();
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct OnPanic<F: Fn()>(F);

impl<F: Fn()> Drop for OnPanic<F> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0();
        }
    }
}

#[cfg(test)]
mod tests {
    use core::convert::Infallible;
    use core::panic::AssertUnwindSafe;
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let mut taken = Vec::new();
        let take = |number| {
            taken.push(number);
            Ok::<(), Infallible>(())
        };
        in_order(0..10_000, |number| number * 2, take).unwrap();
        assert!(taken.into_iter().eq((0..10_000).map(|number| number * 2)));
    }

    #[test]
    fn an_error_ends_all_work() {
        let take = |number| if number == 100 { Err(number) } else { Ok(()) };
        assert_eq!(in_order(0.., |number| number, take), Err(100));
    }

    #[test]
    fn a_worker_that_panics_takes_the_others_along() {
        let work = |number| assert_ne!(number, 1000);
        let all = AssertUnwindSafe(|| in_order(0.., work, |()| Ok::<(), Infallible>(())));
        assert!(catch_unwind(all).is_err());
    }
}
