//! Two processes, their sockets, signals and time-outs: the only part that does I/O.
//!
//! The keeper, which is started, reads files and opens sockets. Its worker, which it starts, serves them, and is confined
//! to that ([`crate::sandbox`]).

use std::io;
use std::path::Path;
use std::process::ExitStatus;

use thiserror::Error;
use tokio::signal::unix::SignalKind;

use crate::config::Address;
use crate::sandbox::UserError;
use crate::settings;

mod connection;
mod figures;
mod keeper;
mod link;
mod listener;
mod place;
mod socket;
mod worker;

use keeper::{Ends, Keeper, Role};

/// Why the daemon does not run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Failure {
    /// The settings.
    #[error(transparent)]
    Settings(#[from] settings::Error),
    /// A socket.
    #[error("{address}: {source}")]
    Listen {
        /// Where.
        address: Address,
        /// Why.
        source: io::Error,
    },
    /// There is no listener.
    #[error("the configuration opens no listener: write at least one socket under [listen]")]
    NoListener,
    /// The system's signals can't be had.
    #[error("signals: {0}")]
    Signals(io::Error),
    /// Who the worker is to run as.
    #[error(transparent)]
    User(#[from] UserError),
    /// The worker can't be started, or doesn't hear.
    #[error("the worker: {0}")]
    Worker(io::Error),
    /// The worker has ended, and nobody had told it to.
    #[error("the worker has ended ({0}): mail servers try again what was under way")]
    WorkerEnded(ExitStatus),
    /// A worker that somebody else has started.
    #[error("the daemon starts its worker itself: run `batvd`")]
    NoKeeper,
    /// The store can't be used.
    #[error("the store: {0}")]
    Store(batv_store::Error),
    /// A worker that can't begin with what it was handed.
    #[error("what the worker was handed: {0}")]
    Keeper(io::Error),
}

/// Runs until SIGTERM or SIGINT; SIGHUP reads the settings again.
///
/// # Errors
/// [`Failure`]: before a single connection is taken, or because the worker has ended.
pub async fn run(config: &Path) -> Result<(), Failure> {
    let (hang_up, mut ends) = (keeper::receive(SignalKind::hangup())?, Ends::new()?);
    let keeper = tokio::select! {
        keeper = Keeper::start(config, Role::Listeners) => keeper?,
        () = ends.recv() => return Ok(()),
    };
    keeper.keep(hang_up, ends).await
}

/// Runs as OpenSMTPD's filter: on standard input and output, until the server closes them. Of the sockets only those of
/// the metrics are opened.
///
/// # Errors
/// [`Failure`].
pub async fn filter(config: &Path) -> Result<(), Failure> {
    let hang_up = keeper::receive(SignalKind::hangup())?;
    Keeper::start(config, Role::Filter).await?.keep_filter(hang_up).await
}

/// Runs as the worker that either of them starts.
///
/// # Errors
/// [`Failure`].
pub fn work() -> Result<(), Failure> {
    worker::work()
}
