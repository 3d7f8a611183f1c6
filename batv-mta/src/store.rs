//! The daemon's use of the store that the hosts of a fleet share. A mail server waits meanwhile: so never for longer
//! than configured, and each question has an outcome when there is no answer.
//!
//! | question | when the store doesn't answer |
//! |---|---|
//! | was this message sent? | neither proved nor disproved |
//! | remember a sent message | not remembered; mark, tag and DKIM prove it all the same |
//! | a handle for a sender too long for a tag | the message leaves without a tag |
//! | the sender that a handle stands for | 451: the bounce comes again |
//! | number of bounces to this tag, of wrong tags from this client | those that this process has counted since |

use alloc::sync::Arc;
use core::cell::Cell;
use core::time::Duration;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use batv_store::clock::{Clock, STEADY};
use batv_store::memory::Memory;
use batv_store::redis::Redis;
use batv_store::sqlite::Sqlite;
use batv_store::{Answer, BATCH_LIMIT, Error, Guarded, Health, Operation, Patience, Store as _};
use tokio::task::block_in_place;
use tokio::time::sleep;
use tracing::{error, info, warn};

use crate::config;
use crate::config::Place;
use crate::files::Files;
use rate::Rates;

pub(crate) mod alias;
mod guesses;
pub(crate) mod questions;
mod rate;
mod record;
mod replay;
pub(crate) mod sent;

/// Interval between looks after the store.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Store of the daemon, if it has one, and the counts of this process.
///
/// ```
/// use batv_mta::store::Store;
///
/// assert!(Store::default().health().is_none());
/// ```
#[derive(Debug, Default)]
pub struct Store {
    opened: Option<Opened>,
    /// Counts of bounces. They are of this process alone, and need no store.
    pub(crate) bounces: Rates,
    /// All other counts, where there is no store, and while it doesn't answer: limits hold all the same.
    memory: Memory,
}

#[derive(Debug)]
struct Opened {
    store: Guarded<Arc<dyn batv_store::Store>>,
    patience: Duration,
    /// Whether the log said last that the store is down.
    is_down: Mutex<bool>,
}

impl Store {
    /// Opens the store.
    ///
    /// # Errors
    /// [`Error`] when it can't be used at all. A server that is down, a full disk or a damaged file is none: they may come
    /// back.
    pub fn open(config: &config::Store, files: &dyn Files) -> Result<Self, Error> {
        let store: Arc<dyn batv_store::Store> = match config.place() {
            Place::Nowhere => return Ok(Self::default()),
            Place::Sqlite(path) => Arc::new(open_file(&path, config.octets)?),
            Place::Server(url) => Arc::new(Redis::new(&config.server(&url, files)?)?),
        };
        let mut patience = Patience::default();
        patience.answer = config.patience();
        let store = Guarded::new(store, patience);
        let opened = Opened { store, patience: patience.answer, is_down: Mutex::default() };
        Ok(Self { opened: Some(opened), ..Self::default() })
    }

    /// Health of the store; `None` when there is none.
    pub fn health(&self) -> Option<Health> {
        self.opened.as_ref().map(|opened| opened.store.health())
    }

    /// Looks after the store each second, also while no mail comes: so a file that is lost is missed and made again, and the
    /// log says when the clock has jumped. It never ends.
    pub(crate) async fn look_after(self: Arc<Self>) {
        let (mut clock, mut is_lost) = (Clock::default(), false);
        loop {
            sleep(CHECK_INTERVAL).await;
            if let Some(jump) = clock.note(now(), Instant::now()) {
                log_jump(jump);
            }
            let Some(opened) = &self.opened else { continue };
            is_lost |= opened.store.is_lost();
            if is_lost {
                // Nothing is asked, and so nothing is done but what every question begins with: to look, and to open.
                let _ = opened.ask(Vec::new(), now(), opened.patience);
                is_lost = !opened.store.is_up();
            }
        }
    }

    pub(crate) const fn is_there(&self) -> bool {
        self.opened.is_some()
    }

    /// Asks, and waits for no longer than what is left of the wait. `None` when there is no answer.
    pub(crate) fn ask(&self, mut operations: Vec<Operation>, wait: &Wait) -> Option<Vec<Answer>> {
        let opened = self.opened.as_ref()?;
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
            let asked = opened.ask(batch, now, left);
            wait.0.set(left.saturating_sub(begun.elapsed()));
            answers.extend(asked?);
        }
        Some(answers)
    }
}

impl Store {
    /// Runs operations on counters: on the store, or in memory when it doesn't answer.
    fn count(&self, operations: Vec<Operation>, wait: &Wait) -> Option<Vec<Answer>> {
        let answers = self.ask(operations.clone(), wait);
        answers.or_else(|| self.memory.run(operations, now(), Duration::ZERO).ok())
    }
}

impl Opened {
    fn ask(&self, batch: Vec<Operation>, now: u64, wait: Duration) -> Option<Vec<Answer>> {
        // Other connections are served meanwhile.
        let answers = block_in_place(|| self.store.run(batch, now, wait));
        self.log_change();
        answers.ok()
    }

    /// Says it once when the store goes down, and once when it is back.
    fn log_change(&self) {
        let mut was_down = self.is_down.lock().unwrap_or_else(PoisonError::into_inner);
        let is_down = !self.store.is_up();
        if core::mem::replace(&mut *was_down, is_down) == is_down {
            return;
        }
        match self.store.health().last_error.filter(|_| is_down) {
            Some(error) => warn!("the store doesn't answer: {error}"),
            None => info!("the store answers again"),
        }
    }
}

/// Logs by how many seconds the clock has jumped.
fn log_jump(jump: i64) {
    let (hours, minutes) = (jump.unsigned_abs() / 3_600, jump.unsigned_abs() / 60 % 60);
    let direction = if jump < 0 { "backwards" } else { "forwards" };
    warn!(
        "the clock has jumped {direction} by {hours} hours and {minutes} minutes, or the host has slept: what has expired stays in the \
         store file until the clock has been steady for {} minutes",
        STEADY.as_secs() / 60
    );
}

/// Opens a file, later if an accident prevents it now: mail goes on without it. A file of another program was named by
/// mistake.
fn open_file(path: &Path, octets: u64) -> Result<Sqlite, Error> {
    match Sqlite::open(path, octets) {
        Err(error @ (Error::Corrupt { .. } | Error::Failed { .. } | Error::File { .. })) => {
            error!("the store can't be used, and is tried again: {error}");
            Sqlite::open_later(path, octets)
        }
        opened => opened,
    }
}

/// Time that a message may still wait for the store, for all its questions together.
#[derive(Debug)]
pub(crate) struct Wait(Cell<Duration>);

impl Wait {
    /// Time of a message, or of a question by itself.
    pub(crate) fn new(store: &Store) -> Self {
        Self(Cell::new(store.opened.as_ref().map_or(Duration::ZERO, |opened| opened.patience)))
    }
}

/// Seconds since 1970-01-01.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).as_ref().map_or(0, Duration::as_secs)
}
