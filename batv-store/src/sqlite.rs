//! A store in a file.
//!
//! One thread has the file, and commits in one transaction what waits for it: the more ask, the less each costs. Several
//! processes of one host may share a file; hosts may not (a network file system has no locks to rely on).
//!
//! What is committed outlives the process. The last of it may be lost when the host loses its power, as SQLite waits for
//! the disk only now and then (`synchronous = NORMAL`); the file stays whole.

mod schema;
mod size;
mod work;
mod worker;

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};
use std::path::{Path, PathBuf};
use std::thread;

use tokio::sync::{mpsc, oneshot};

use crate::bounds;
use crate::error::Error;
use crate::operation::Operation;
use crate::store::{Answers, Store};
use worker::{Job, Worker};

/// Octets that the file may have when not told otherwise: 256 MiB, which is about two million recipients.
///
/// ```
/// # use batv_store::sqlite::DEFAULT_LIMIT;
/// assert_eq!(DEFAULT_LIMIT, 268_435_456);
/// ```
pub const DEFAULT_LIMIT: u64 = 256 << 20;

/// Octets that it must be allowed at least: 1 MiB.
///
/// ```
/// # use batv_store::sqlite::LEAST_LIMIT;
/// assert_eq!(LEAST_LIMIT, 1_048_576);
/// ```
pub const LEAST_LIMIT: u64 = 1 << 20;

/// Batches that may wait for the thread.
const WAITING: usize = 1_024;

/// A store in an SQLite file of its own.
///
/// The file holds what was sent as fingerprints, but aliases with their addresses: its mode is 0600, and it is not used
/// when others may read it. Beside it SQLite keeps `…-wal`, of an eighth of the limit and 16 MB at most, and `…-shm`.
///
/// Where the file would grow over its limit, entries go that would expire the soonest: counters while they take more than
/// a quarter of it, as those who guess make them; then what was sent; then the handles of senders; then aliases. A file that
/// is larger than a new limit doesn't shrink, but is filled up to the limit only.
///
/// ```
/// use batv_core::fingerprint::Fingerprint;
/// use batv_store::sqlite::{DEFAULT_LIMIT, Sqlite};
/// use batv_store::{Answer, Operation, Store, Table};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("store.sqlite");
/// let store = Sqlite::open(&path, DEFAULT_LIMIT)?;
/// let (key, now) = (Fingerprint::new([1; 16]), 1_795_478_400);
/// let put = Operation::Put { table: Table::Sent, key, value: b"a value".to_vec(), expires: now + 60, share: None };
/// let get = Operation::Get { table: Table::Sent, key };
/// assert_eq!(store.run(vec![put, get.clone()], now).await?[1], Answer::Value(Some(b"a value".to_vec())));
/// assert_eq!(store.run(vec![get], now + 60).await?, [Answer::Value(None)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    queue: mpsc::Sender<Job>,
    forgotten: Arc<AtomicU64>,
}

impl Sqlite {
    /// Opens the file, or begins it, and keeps it within `limit` octets.
    ///
    /// # Errors
    /// [`Error::LimitTooSmall`], [`Error::File`], [`Error::Mode`], [`Error::Corrupt`], [`Error::Foreign`],
    /// [`Error::Newer`]; [`Error::Failed`] when SQLite can't use it for another reason. In none of these cases is it
    /// changed.
    ///
    /// ```
    /// use batv_store::Error;
    /// use batv_store::sqlite::{DEFAULT_LIMIT, Sqlite};
    ///
    /// let path = std::path::Path::new("/nonexistent/store.sqlite");
    /// assert!(matches!(Sqlite::open(path, DEFAULT_LIMIT), Err(Error::File { .. })));
    /// ```
    pub fn open(path: &Path, limit: u64) -> Result<Self, Error> {
        check_limit(limit)?;
        let mut worker = Worker::new(path, limit);
        worker.open()?;
        Self::start(path, worker)
    }

    /// The same, but the file is opened when it is first asked, and again after each time that it couldn't be used: batches
    /// fail until then. For who has to go on without it meanwhile, as with a disk that is full, or a file that is damaged.
    ///
    /// # Errors
    /// [`Error::LimitTooSmall`], and [`Error::File`] when there is no room for another thread.
    ///
    /// ```
    /// use batv_store::sqlite::{DEFAULT_LIMIT, Sqlite};
    ///
    /// let store = Sqlite::open_later("/nonexistent/store.sqlite".as_ref(), DEFAULT_LIMIT)?;
    /// # Ok::<(), batv_store::Error>(())
    /// ```
    pub fn open_later(path: &Path, limit: u64) -> Result<Self, Error> {
        check_limit(limit)?;
        Self::start(path, Worker::new(path, limit))
    }

    fn start(path: &Path, worker: Worker) -> Result<Self, Error> {
        let forgotten = worker.forgotten();
        let (queue, jobs) = mpsc::channel(WAITING);
        // It ends when the last sender is gone, with what was queued before.
        thread::Builder::new()
            .name("batv-store".into())
            .spawn(move || worker.work(jobs))
            .map_err(|error| Error::File { path: path.to_owned(), reason: error.to_string() })?;
        Ok(Self { path: path.to_owned(), queue, forgotten })
    }

    fn stopped(&self) -> Error {
        Error::Failed { store: self.path.display().to_string(), reason: "its thread has ended".into() }
    }
}

/// Whether a file of so many octets has room for a store.
///
/// # Errors
/// [`Error::LimitTooSmall`].
///
/// ```
/// use batv_store::sqlite::{LEAST_LIMIT, check_limit};
///
/// assert!(check_limit(LEAST_LIMIT).is_ok() && check_limit(LEAST_LIMIT - 1).is_err());
/// ```
pub const fn check_limit(octets: u64) -> Result<(), Error> {
    if octets < LEAST_LIMIT {
        return Err(Error::LimitTooSmall { octets, least: LEAST_LIMIT });
    }
    Ok(())
}

impl Store for Sqlite {
    fn run(&self, batch: Vec<Operation>, now: u64) -> Answers<'_> {
        Box::pin(async move {
            bounds::check(&batch)?;
            let (reply, answers) = oneshot::channel();
            self.queue.try_send(Job { batch, now, reply }).map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => Error::Overloaded { waiting: WAITING },
                mpsc::error::TrySendError::Closed(_) => self.stopped(),
            })?;
            answers.await.map_err(|_| self.stopped())?
        })
    }

    fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::Relaxed)
    }
}
