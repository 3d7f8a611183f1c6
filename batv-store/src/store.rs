//! Interface of a store.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use crate::error::Error;
use crate::operation::{Answer, Operation};

/// Store of entries and counters that expire. It has no clock: each batch brings the time.
///
/// ```
/// use std::time::Duration;
///
/// use batv_core::fingerprint::Fingerprint;
/// use batv_store::sqlite::{DEFAULT_LIMIT, Sqlite};
/// use batv_store::{Answer, Error, Operation, Store};
///
/// /// Counts one more, and returns the total.
/// fn count(store: &dyn Store, key: Fingerprint, now: u64) -> Result<u32, Error> {
///     let count = Operation::Count { key, by: 1, expires: now + 3_600 };
///     match store.run(vec![count], now, Duration::from_secs(10))?.as_slice() {
///         [Answer::Total(total)] => Ok(*total),
///         _ => Ok(0),
///     }
/// }
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("store.sqlite");
/// let store = Sqlite::open(&path, DEFAULT_LIMIT)?;
/// let key = Fingerprint::new([1; 16]);
/// assert_eq!((count(&store, key, 1_795_478_400)?, count(&store, key, 1_795_478_401)?), (1, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Store: Send + Sync {
    /// Does the operations of a batch in their order, all or none, and returns an answer for each. `now` is in seconds
    /// since 1970-01-01 (UTC).
    ///
    /// It takes one round trip to a server, or one transaction, and blocks the calling thread for `wait` at most. After
    /// an error it is unknown whether the batch was done, or is still being done.
    ///
    /// # Errors
    /// [`Error`]; [`Error::TimedOut`] when there is no answer within `wait`.
    fn run(&self, batch: Vec<Operation>, now: u64, wait: Duration) -> Result<Vec<Answer>, Error>;

    /// Whether the store has lost its file since the last batch, or must examine it: the next batch, of no operations too, does
    /// that. It doesn't wait.
    fn is_lost(&self) -> bool {
        false
    }

    /// Number of entries dropped before they expired, for want of room, since the store was opened; 0 if the store
    /// doesn't know.
    fn forgotten(&self) -> u64 {
        0
    }
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn run(&self, batch: Vec<Operation>, now: u64, wait: Duration) -> Result<Vec<Answer>, Error> {
        (**self).run(batch, now, wait)
    }

    fn is_lost(&self) -> bool {
        (**self).is_lost()
    }

    fn forgotten(&self) -> u64 {
        (**self).forgotten()
    }
}
