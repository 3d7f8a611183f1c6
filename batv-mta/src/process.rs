//! The two processes of the daemon, their sockets, signals and time-outs. All I/O is here.
//!
//! The supervisor is the process that is started: it reads files and opens sockets. It starts the worker, which serves the
//! sockets and is confined to that ([`sandbox`]).

use std::path::Path;

use tokio::signal::unix::SignalKind;

mod account;
mod connection;
pub(crate) mod endpoint;
mod error;
mod figures;
mod ipc;
mod judges;
mod listener;
mod resources;
pub mod sandbox;
mod shared;
mod shares;
mod signals;
mod socket;
mod socket_path;
mod supervisor;
mod worker;

pub use account::{UserError, account};
pub use error::Error;
use signals::Termination;
use supervisor::{Role, Supervisor};

/// Runs the daemon until SIGTERM or SIGINT. SIGHUP reloads the settings.
///
/// # Errors
/// [`enum@Error`]: the daemon could not start, or the worker has ended.
pub async fn run(config: &Path) -> Result<(), Error> {
    let (hang_up, mut termination) = (signals::listen(SignalKind::hangup())?, Termination::listen()?);
    let supervisor = tokio::select! {
        supervisor = Supervisor::start(config, Role::Listeners) => supervisor?,
        () = termination.recv() => return Ok(()),
    };
    supervisor.run(hang_up, termination).await
}

/// Runs the daemon as OpenSMTPD's filter on standard input and output, until the server closes them. Of the configured
/// sockets only those for metrics are opened.
///
/// # Errors
/// [`enum@Error`].
pub async fn filter(config: &Path) -> Result<(), Error> {
    let hang_up = signals::listen(SignalKind::hangup())?;
    Supervisor::start(config, Role::Filter).await?.run_filter(hang_up).await
}

/// Runs the worker, which the supervisor starts.
///
/// # Errors
/// [`enum@Error`].
pub fn work() -> Result<(), Error> {
    worker::work()
}
