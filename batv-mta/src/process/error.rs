//! Why the daemon does not run.

use core::time::Duration;
use std::io;
use std::process::ExitStatus;

use crate::config::Address;
use crate::settings;
use crate::threads::TooFew;

use super::account::UserError;

/// Why the daemon does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] settings::Error),
    /// A socket can't be opened.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// The address in the configuration.
        address: Address,
        /// The error of the system.
        source: io::Error,
    },
    /// The configuration names no listener.
    #[error("no listener is configured: add at least one socket under [listen]")]
    NoListener,
    /// Signals can't be received.
    #[error("can't receive signals: {0}")]
    Signals(io::Error),
    /// The worker can't run as the configured user.
    #[error(transparent)]
    User(#[from] UserError),
    /// The worker can't be started, or does not respond.
    #[error("worker: {0}")]
    Worker(io::Error),
    /// The worker has ended without being told to.
    #[error("the worker has ended unexpectedly ({0}); mail servers will retry the messages in progress")]
    WorkerEnded(ExitStatus),
    /// The worker did not become ready.
    #[error("the worker was not ready after {} seconds, and was killed", .0.as_secs())]
    WorkerSilent(Duration),
    /// The worker was started by another program.
    #[error("`batvd worker` is started by the daemon itself: run `batvd`")]
    NoSupervisor,
    /// The store can't be opened.
    #[error("store: {0}")]
    Store(batv_store::Error),
    /// The worker can't have its threads.
    #[error("worker: {0}")]
    Threads(#[from] TooFew),
    /// The worker can't start with the files and sockets that it received.
    #[error("worker: can't start: {0}")]
    Start(io::Error),
}
