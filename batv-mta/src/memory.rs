//! What the hosts of a fleet remember together, asked while a mail server waits: so never for longer than it is told, and
//! with an outcome for each question when there is no answer.
//!
//! | question | when the store doesn't answer |
//! |---|---|
//! | was this message sent? | not proved, and never disproved for it |
//! | remember that it is sent | it isn't remembered; mark, tag and DKIM prove it all the same |
//! | a handle for a sender too long for a tag | the message leaves without tag |
//! | whom does a handle stand for? | 451: the bounce comes again |
//! | how many bounces came to this tag, how many wrong tags from here? | none that we know of |

use alloc::sync::Arc;
use core::cell::Cell;
use core::time::Duration;
use std::path::Path;
use std::time::{Instant, SystemTime};

use batv_store::redis::Redis;
use batv_store::sqlite::Sqlite;
use batv_store::{Answer, BATCH_LIMIT, Error, Health, Operation, Patience};
use tracing::error;

use crate::config;
use crate::config::Place;
use crate::files::Files;
use crate::settings::Settings;
use rate::Rates;
use thread::StoreThread;

pub(crate) mod alias;
mod guesses;
pub(crate) mod questions;
mod rate;
mod replay;
pub(crate) mod sent;
mod thread;

/// A store, or none.
///
/// ```
/// use batv_mta::memory::Memory;
///
/// assert!(Memory::default().health().is_none());
/// ```
#[derive(Debug, Default)]
pub struct Memory {
    store: Option<StoreThread>,
    /// Of this process alone: they need no store.
    pub(crate) bounces: Rates,
}

impl Memory {
    /// Opens it.
    ///
    /// # Errors
    /// [`Error`], of what can't be used at all; a server may be down, a disk full, a file damaged, and come back.
    pub fn open(config: &config::Store, files: &dyn Files) -> Result<Self, Error> {
        let mut patience = Patience::default();
        patience.answer = config.patience();
        let store = match config.place() {
            Place::Nowhere => return Ok(Self::default()),
            Place::Sqlite(path) => StoreThread::start(patience, || Ok(Arc::new(open_file(&path, config.octets)?))),
            Place::Server(url) => {
                StoreThread::start(patience, || Ok(Arc::new(Redis::connect(&config.server(&url, files)?))))
            }
        };
        Ok(Self { store: Some(store?), ..Self::default() })
    }

    /// How it does; `None` when there is none.
    pub fn health(&self) -> Option<Health> {
        self.store.as_ref().map(StoreThread::health)
    }

    pub(crate) const fn is_there(&self) -> bool {
        self.store.is_some()
    }

    /// Asks, and waits for no longer than what is left of the wait. `None` when there is no answer.
    pub(crate) fn ask(&self, mut operations: Vec<Operation>, wait: &Wait) -> Option<Vec<Answer>> {
        let store = self.store.as_ref()?;
        let now = now();
        let mut answers = Vec::with_capacity(operations.len());
        while !operations.is_empty() {
            let rest = operations.split_off(operations.len().min(BATCH_LIMIT));
            let batch = core::mem::replace(&mut operations, rest);
            let left = wait.0.get();
            if left.is_zero() {
                return None;
            }
            let begun = Instant::now();
            let asked = store.ask(batch, now, left);
            wait.0.set(left.saturating_sub(begun.elapsed()));
            answers.extend(asked?);
        }
        Some(answers)
    }
}

/// Mail goes on without what an accident keeps from being used; what is somebody else's was named by mistake.
fn open_file(path: &Path, octets: u64) -> Result<Sqlite, Error> {
    match Sqlite::open(path, octets) {
        Err(error @ (Error::Corrupt { .. } | Error::Failed { .. } | Error::File { .. })) => {
            error!("the store can't be used, and is tried again: {error}");
            Sqlite::open_later(path, octets)
        }
        opened => opened,
    }
}

/// How long a message may still wait for the store: for all its questions together, or many would make it wait for long.
#[derive(Debug)]
pub(crate) struct Wait(Cell<Duration>);

impl Wait {
    /// That of a message, or of a question by itself.
    pub(crate) const fn new(settings: &Settings) -> Self {
        Self(Cell::new(settings.config().store.patience()))
    }
}

/// Seconds since 1970-01-01.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).as_ref().map_or(0, Duration::as_secs)
}
