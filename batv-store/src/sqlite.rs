//! Store in a file.
//!
//! One thread uses the file, and commits all waiting batches in one transaction: the more batches wait, the less each
//! costs. Processes of one host may share a file. Hosts may not, as locks on a network file system can't be relied on.
//!
//! What is committed outlives the process. The last of it may be lost when the host loses power, as SQLite waits for
//! the disk only now and then (`synchronous = NORMAL`); the file stays whole.
//!
//! A file that is removed or cut off while it is in use is noticed before the next batch, which fails with
//! [`Error::Lost`]; the one after that opens the file again, or a new one. A file that was not closed, or lost, is examined
//! before it is used: where it is damaged, it is put aside ([`Error::Damaged`]), and the next batch makes a new one. What has expired is removed only while the times
//! of the batches go on steadily: see [`clock`](crate::clock).

mod execute;
mod file;
mod schema;
mod size;
mod watch;

use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::path::Path;

use crate::error::Error;
use crate::operation::{Answer, Operation};
use crate::store::Store;
use crate::worker::Worker;
use file::File;
use watch::Watch;

/// Default limit of the file: 256 MiB, enough for about two million recipients.
///
/// ```
/// # use batv_store::sqlite::DEFAULT_LIMIT;
/// assert_eq!(DEFAULT_LIMIT, 268_435_456);
/// ```
pub const DEFAULT_LIMIT: u64 = 256 << 20;

/// Lowest limit of the file: 1 MiB.
///
/// ```
/// # use batv_store::sqlite::LEAST_LIMIT;
/// assert_eq!(LEAST_LIMIT, 1_048_576);
/// ```
pub const LEAST_LIMIT: u64 = 1 << 20;

/// Store in an SQLite file of its own.
///
/// The file holds sent mail as fingerprints, but aliases with their addresses: its mode is 0600, and a file that others
/// can read is not used. SQLite keeps two files beside it: `…-wal`, which has an eighth of the limit and 16 MB, or what one
/// transaction needs besides, and `…-shm`.
///
/// When the file would exceed its limit, entries are dropped, those that expire first before the others: counters while
/// they take more than a quarter of the file, as they are made by clients that guess; then sent mail; then handles of
/// senders; then aliases. A file larger than a new limit doesn't shrink, but is filled only up to the limit.
///
/// ```
/// use std::time::Duration;
///
/// use batv_core::fingerprint::Fingerprint;
/// use batv_store::sqlite::{DEFAULT_LIMIT, Sqlite};
/// use batv_store::{Answer, Operation, Store, Table};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("store.sqlite");
/// let store = Sqlite::open(&path, DEFAULT_LIMIT)?;
/// let (key, now, wait) = (Fingerprint::new([1; 16]), 1_795_478_400, Duration::from_secs(10));
/// let put = Operation::Put { table: Table::Sent, key, value: b"a value".to_vec(), expires: now + 60, share: None };
/// let get = Operation::Get { table: Table::Sent, key };
/// assert_eq!(store.run(vec![put, get.clone()], now, wait)?[1], Answer::Value(Some(b"a value".to_vec())));
/// assert_eq!(store.run(vec![get], now + 60, wait)?, [Answer::Value(None)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Sqlite {
    worker: Worker,
    watch: Arc<Watch>,
    forgotten: Arc<AtomicU64>,
}

impl Sqlite {
    /// Opens the file, or creates it, and keeps it within `limit` octets.
    ///
    /// # Errors
    /// [`Error::LimitTooSmall`], [`Error::File`], [`Error::Mode`], [`Error::Corrupt`], [`Error::Foreign`],
    /// [`Error::Newer`]; [`Error::Failed`] when SQLite can't use the file for another reason. The file is not modified on
    /// error.
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
        let mut file = File::new(path, limit);
        file.open()?;
        Self::start(path, file)
    }

    /// Opens the file with the first batch, and again after each failure to use it; until then, batches fail. For
    /// programs that go on without a store while its disk is full or its file damaged.
    ///
    /// # Errors
    /// [`Error::LimitTooSmall`], and [`Error::Failed`] when no thread can be started.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use batv_store::sqlite::{DEFAULT_LIMIT, Sqlite};
    /// use batv_store::{Error, Store};
    ///
    /// let store = Sqlite::open_later("/nonexistent/store.sqlite".as_ref(), DEFAULT_LIMIT)?;
    /// let result = store.run(Vec::new(), 1_795_478_400, Duration::from_secs(10));
    /// assert!(matches!(result, Err(Error::File { .. })));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn open_later(path: &Path, limit: u64) -> Result<Self, Error> {
        check_limit(limit)?;
        let file = File::new(path, limit);
        // It is opened soon, also when there is nothing to ask.
        file.watch().suspect(true);
        Self::start(path, file)
    }

    fn start(path: &Path, file: File) -> Result<Self, Error> {
        let (watch, forgotten) = (file.watch(), file.forgotten());
        Ok(Self { worker: Worker::start(path.display().to_string(), file)?, watch, forgotten })
    }
}

/// Checks that a file of so many octets has room for a store.
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
    fn run(&self, batch: Vec<Operation>, now: u64, wait: Duration) -> Result<Vec<Answer>, Error> {
        self.worker.run(batch, now, wait)
    }

    fn is_lost(&self) -> bool {
        self.watch.is_suspect() || self.watch.look().is_some()
    }

    fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::Relaxed)
    }
}
