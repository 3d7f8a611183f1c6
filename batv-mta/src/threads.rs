//! Whether the system lets the process have the threads that it needs. Libraries panic where one can't be started, so this is
//! asked before they try.

use core::iter::repeat_n;
use std::fs;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, ScopedJoinHandle, scope, yield_now};

use thiserror::Error;

/// The system doesn't let the process have its threads.
#[derive(Debug, Error)]
#[error(
    "can't start {count} threads: {source}: raise the limits on processes and memory of the service and its user (`TasksMax=`, \
     `LimitNPROC=`, `ulimit -u`)"
)]
pub struct TooFew {
    count: usize,
    source: io::Error,
}

/// Checks that so many further threads can be started, all at a time. None of them is left.
///
/// # Errors
/// [`TooFew`].
///
/// ```
/// assert!(batv_mta::threads::check(2).is_ok());
/// ```
pub fn check(count: usize) -> Result<(), TooFew> {
    let before = running();
    let gate = Mutex::new(());
    let started = scope(|threads| {
        let _closed = gate.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = || drop(gate.lock());
        repeat_n((), count)
            .map(|()| Builder::new().spawn_scoped(threads, wait))
            .collect::<io::Result<Vec<ScopedJoinHandle<'_, ()>>>>()
            .map(|_| ())
    });
    // A thread whose end is known counts until the system has forgotten it.
    while running() > before {
        yield_now();
    }
    started.map_err(|source| TooFew { count, source })
}

fn running() -> usize {
    fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}
