//! The thread that a store works in, and the queue before it.
//!
//! Callers wait for an answer no longer than they want, whatever the store is doing. What has been queued is done all
//! the same; and the more batches wait, the more are done at once.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread;

use crate::bounds;
use crate::error::Error;
use crate::operation::{Answer, Operation};

/// Batches that may wait in the queue.
const WAITING: usize = 1_024;
/// Operations of waiting batches that are done at once, so that the first of them doesn't wait for long.
const TOGETHER: usize = 4_096;

/// Batch in the queue.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) batch: Vec<Operation>,
    pub(crate) now: u64,
    reply: SyncSender<Result<Vec<Answer>, Error>>,
}

impl Job {
    /// A batch whose answers nobody waits for.
    #[cfg(all(test, feature = "sqlite"))]
    pub(crate) fn of(batch: Vec<Operation>, now: u64) -> Self {
        Self { batch, now, reply: sync_channel(1).0 }
    }

    /// Ends it. The caller may no longer be waiting.
    pub(crate) fn answer(self, result: Result<Vec<Answer>, Error>) {
        let _ = self.reply.send(result);
    }
}

/// Store as its thread sees it.
pub(crate) trait Backend: Send + 'static {
    /// Does the batches in their order, and answers each.
    fn run(&mut self, jobs: Vec<Job>);
}

/// Thread that does batches. It ends when this is dropped, after the batches that were queued before.
#[derive(Debug)]
pub(crate) struct Worker {
    store: String,
    queue: SyncSender<Job>,
}

impl Worker {
    /// Starts the thread; `store` names the store in errors, one of which is that no thread can be started.
    pub(crate) fn start(store: String, mut backend: impl Backend) -> Result<Self, Error> {
        let (queue, jobs) = sync_channel(WAITING);
        let run = move || {
            while let Some(jobs) = next(&jobs) {
                backend.run(jobs);
            }
        };
        match thread::Builder::new().name("batv-store".into()).spawn(run) {
            Ok(_) => Ok(Self { store, queue }),
            Err(error) => Err(Error::Failed { store, reason: error.to_string() }),
        }
    }

    /// Queues a batch, and waits for its answers.
    pub(crate) fn run(&self, batch: Vec<Operation>, now: u64, wait: Duration) -> Result<Vec<Answer>, Error> {
        bounds::check(&batch)?;
        let (reply, answers) = sync_channel(1);
        self.queue.try_send(Job { batch, now, reply }).map_err(|error| match error {
            TrySendError::Full(_) => Error::Overloaded { waiting: WAITING },
            TrySendError::Disconnected(_) => self.stopped(),
        })?;
        answers.recv_timeout(wait).map_err(|error| match error {
            RecvTimeoutError::Timeout => Error::TimedOut { limit: wait },
            RecvTimeoutError::Disconnected => self.stopped(),
        })?
    }

    fn stopped(&self) -> Error {
        Error::Failed { store: self.store.clone(), reason: "its thread has ended".into() }
    }
}

/// Batches to do at once; `None` when no more can come.
fn next(jobs: &Receiver<Job>) -> Option<Vec<Job>> {
    let first = jobs.recv().ok()?;
    let mut operations = first.batch.len();
    let mut together = Vec::from([first]);
    while operations < TOGETHER
        && let Ok(next) = jobs.try_recv()
    {
        operations += next.batch.len();
        together.push(next);
    }
    Some(together)
}
