//! Why there is no answer.

use alloc::string::String;
use core::time::Duration;
use std::path::PathBuf;

use thiserror::Error;

use crate::operation::{BATCH_LIMIT, VALUE_LIMIT};

/// Why a store could not be opened, or does not answer. No message holds a password, or what is stored.
///
/// ```
/// # use batv_store::Error;
/// assert_eq!(Error::Unavailable.to_string(), "the store failed a moment ago, and is not asked until it is tried again");
/// ```
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// It failed before, and wasn't asked now.
    #[error("the store failed a moment ago, and is not asked until it is tried again")]
    Unavailable,
    /// It took too long.
    #[error("the store did not answer within {} ms", .limit.as_millis())]
    TimedOut {
        /// How long it was waited for.
        limit: Duration,
    },
    /// Too many wait for it.
    #[error("{waiting} batches wait for the store already")]
    Overloaded {
        /// How many batches wait, which is the most that may.
        waiting: usize,
    },
    /// A batch over [`BATCH_LIMIT`].
    #[error("a batch of {operations} operations is over the limit of {BATCH_LIMIT}")]
    BatchTooLong {
        /// How many it has.
        operations: usize,
    },
    /// A value over [`VALUE_LIMIT`].
    #[error("a value of {octets} octets is over the limit of {VALUE_LIMIT}")]
    ValueTooLong {
        /// How many it has.
        octets: usize,
    },
    /// It answered that it can't, or broke off.
    #[error("the store {store} failed: {reason}")]
    Failed {
        /// Which: a file, or the address of a server.
        store: String,
        /// Its own words.
        reason: String,
    },
    /// A file that can't be opened.
    #[error("cannot open {}: {reason}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's own words.
        reason: String,
    },
    /// A file that others may read or change.
    #[error("{} has mode {mode:04o}, so others can read what is stored: `chmod 600 {}` mends it", .path.display(), .path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file that is damaged, or no store at all.
    #[error("{} is damaged or no SQLite file ({reason}): move it away, and a new one is begun", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// SQLite's own words.
        reason: String,
    },
    /// A file that another program keeps.
    #[error("{} is an SQLite file of another program: name a file of its own for the store", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A file that a later version of this program wrote.
    #[error("{} has format {version}, and this program knows none after {known}: use the newer program, or another file", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its format.
        version: u32,
        /// The last version that is known here.
        known: u32,
    },
    /// A limit that leaves no room.
    #[error("a file of {octets} octets is too small for a store: allow at least {least}")]
    LimitTooSmall {
        /// The limit asked for.
        octets: u64,
        /// The least that there may be.
        least: u64,
    },
    /// The address of a server that can't be used.
    #[error("the address of the store {reason}")]
    Address {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The password of a server that can't be read.
    #[error("the password of the store: {reason}")]
    Password {
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// Whether the batch is to blame, not the store.
    pub(crate) const fn is_of_the_batch(&self) -> bool {
        matches!(self, Self::BatchTooLong { .. } | Self::ValueTooLong { .. })
    }
}
