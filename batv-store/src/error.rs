//! Errors of a store.

use alloc::string::String;
use core::time::Duration;
use std::path::PathBuf;

use thiserror::Error;

use crate::operation::{BATCH_LIMIT, VALUE_LIMIT};

/// Error of a store that can't be opened, or doesn't answer. No message contains a password, or stored data.
///
/// ```
/// # use batv_store::Error;
/// assert_eq!(Error::Unavailable.to_string(), "the store failed a moment ago, and is not asked until it is tried again");
/// ```
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The store failed before, and wasn't asked now.
    #[error("the store failed a moment ago, and is not asked until it is tried again")]
    Unavailable,
    /// The store took too long.
    #[error("the store did not answer within {} ms", .limit.as_millis())]
    TimedOut {
        /// Time that the caller waited.
        limit: Duration,
    },
    /// Too many batches wait for the store.
    #[error("{waiting} batches wait for the store already")]
    Overloaded {
        /// Number of batches that wait, which is the limit.
        waiting: usize,
    },
    /// Batch over [`BATCH_LIMIT`].
    #[error("a batch of {operations} operations is over the limit of {BATCH_LIMIT}")]
    BatchTooLong {
        /// Number of its operations.
        operations: usize,
    },
    /// Value over [`VALUE_LIMIT`].
    #[error("a value of {octets} octets is over the limit of {VALUE_LIMIT}")]
    ValueTooLong {
        /// Size of the value.
        octets: usize,
    },
    /// The store reported an error, or the connection to it broke.
    #[error("the store {store} failed: {reason}")]
    Failed {
        /// Path of the file, or address of the server.
        store: String,
        /// Error of the store.
        reason: String,
    },
    /// File that can't be opened.
    #[error("cannot open {}: {reason}", .path.display())]
    File {
        /// Path of the file.
        path: PathBuf,
        /// Error of the system.
        reason: String,
    },
    /// File that other users can read or change.
    #[error("{} has mode {mode:04o}, so others can read the stored data: run `chmod 600 {}`", .path.display(), .path.display())]
    Mode {
        /// Path of the file.
        path: PathBuf,
        /// Permission bits of the file.
        mode: u32,
    },
    /// File that is damaged, or no SQLite file.
    #[error("{} is damaged or no SQLite file ({reason}): move it away, and a new one is created", .path.display())]
    Corrupt {
        /// Path of the file.
        path: PathBuf,
        /// Error of SQLite.
        reason: String,
    },
    /// File that was damaged, and is put aside.
    #[error("{} is damaged ({reason}): it is kept as {}, and a new one is made", .path.display(), .kept.display())]
    Damaged {
        /// Path of the file.
        path: PathBuf,
        /// Path that it has now.
        kept: PathBuf,
        /// Error of SQLite.
        reason: String,
    },
    /// File that was removed or cut off while it was in use.
    #[error("{} was {what} while it was in use: the store is opened again", .path.display())]
    Lost {
        /// Path of the file.
        path: PathBuf,
        /// What was done to it: `removed`, or `cut off`.
        what: String,
    },
    /// SQLite file of another program.
    #[error("{} is an SQLite file of another program: name a file of its own for the store", .path.display())]
    Foreign {
        /// Path of the file.
        path: PathBuf,
    },
    /// File of a later version of this program.
    #[error("{} has format {version}, and this program knows none after {known}: use the newer program, or another file", .path.display())]
    Newer {
        /// Path of the file.
        path: PathBuf,
        /// Version of its format.
        version: u32,
        /// Latest version that is known here.
        known: u32,
    },
    /// Limit that leaves no room.
    #[error("a file of {octets} octets is too small for a store: allow at least {least}")]
    LimitTooSmall {
        /// Requested limit.
        octets: u64,
        /// Lowest limit.
        least: u64,
    },
    /// Server address that can't be used.
    #[error("the address of the store {reason}")]
    Address {
        /// Fault of the address.
        reason: &'static str,
    },
    /// Server password that can't be read.
    #[error("the password of the store: {reason}")]
    Password {
        /// Fault of the password.
        reason: String,
    },
}

impl Error {
    /// Whether the batch is at fault, not the store.
    pub(crate) const fn is_of_the_batch(&self) -> bool {
        matches!(self, Self::BatchTooLong { .. } | Self::ValueTooLong { .. })
    }
}
