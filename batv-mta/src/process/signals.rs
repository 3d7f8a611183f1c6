//! Signals to the daemon.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::error::Error;

/// SIGTERM and SIGINT, which end the daemon.
pub(super) struct Termination {
    terminate: Signal,
    interrupt: Signal,
}

impl Termination {
    /// Receives the signals from now on.
    ///
    /// # Errors
    /// [`Error::Signals`].
    pub(super) fn listen() -> Result<Self, Error> {
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Waits for either signal.
    pub(super) async fn recv(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Receives a signal from now on.
///
/// # Errors
/// [`Error::Signals`].
pub(super) fn listen(kind: SignalKind) -> Result<Signal, Error> {
    signal(kind).map_err(Error::Signals)
}
