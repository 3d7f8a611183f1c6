//! Sockets, signals and time-outs: the only part that does I/O.

use alloc::sync::Arc;
use core::time::Duration;
use std::io;
use std::path::Path;

use arc_swap::ArcSwap;
use sd_notify::NotifyState;
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{error, info, warn};

use crate::config::Address;
use crate::door::Protocol;
use crate::filter::Filter;
use crate::metrics::Metrics;
use crate::settings::{self, Settings};

mod connection;
mod listener;
mod socket;

use connection::{Patience, serve};
use listener::{Listener, addresses};
use socket::{Passed, Socket};

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
    /// There is no door.
    #[error("the configuration opens no door: write at least one socket under [listen]")]
    NoDoor,
    /// The system's signals can't be had.
    #[error("signals: {0}")]
    Signals(io::Error),
}

/// What all connections share.
struct Shared {
    settings: ArcSwap<Settings>,
    metrics: Arc<Metrics>,
    connections: Semaphore,
    stop: watch::Receiver<bool>,
}

impl Shared {
    /// Reads the settings; says how to stop what shares them.
    fn load(config: &Path) -> Result<(Arc<Self>, watch::Sender<bool>), Failure> {
        let metrics = Arc::default();
        let settings = Settings::load(config, &metrics)?;
        metrics.count_reload(true);
        let connections = Semaphore::new(settings.config().limits.connections.min(Semaphore::MAX_PERMITS));
        let (stopper, stop) = watch::channel(false);
        Ok((Arc::new(Self { settings: ArcSwap::from_pointee(settings), metrics, connections, stop }), stopper))
    }

    fn reload(&self, config: &Path) {
        match Settings::load(config, &self.metrics) {
            Ok(settings) => {
                let (old, new) = (self.settings.load(), settings.config());
                let fixed = |settings: &Settings| {
                    let config = settings.config();
                    (config.listen.clone(), config.log, config.limits.connections)
                };
                if fixed(&old) != fixed(&settings) {
                    warn!("`listen`, `log` and `limits.connections` stay as they are until the daemon is restarted");
                }
                info!(keyring = %new.keyring.display(), keys = settings.keys().len(), "settings reloaded");
                self.settings.store(Arc::new(settings));
                self.metrics.count_reload(true);
            }
            Err(error) => {
                error!("the settings in force stay: {error}");
                self.metrics.count_reload(false);
            }
        }
    }
}

/// Runs until SIGTERM or SIGINT; SIGHUP reads the settings again.
///
/// # Errors
/// [`Failure`], before a single connection is taken.
pub async fn run(config: &Path) -> Result<(), Failure> {
    let (shared, stopper) = Shared::load(config)?;
    if let Some(doubt) = shared.settings.load().config().doubt() {
        warn!("{doubt}");
    }
    let mut hang_up = signal(SignalKind::hangup()).map_err(Failure::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::Signals)?;
    if !shared.settings.load().config().listen.has_door() {
        return Err(Failure::NoDoor);
    }
    let mut running = open(|_| true, &shared).await?;
    let drain = async { while running.join_next().await.is_some() {} };
    info!("ready");
    tell_systemd(NotifyState::Ready);
    loop {
        tokio::select! {
            _ = hang_up.recv() => shared.reload(config),
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    tell_systemd(NotifyState::Stopping);
    info!("stopping: messages under way may end");
    // Nobody listens any more if all receivers are gone already.
    let _ = stopper.send(true);
    let limit = Duration::from_secs(shared.settings.load().config().limits.drain_seconds);
    if timeout(limit, drain).await.is_err() {
        warn!("messages were still under way: their mail servers will try again");
    }
    Ok(())
}

/// Listens on what the configuration has for these protocols.
async fn open(wanted: impl Fn(Protocol) -> bool, shared: &Arc<Shared>) -> Result<JoinSet<()>, Failure> {
    let settings = shared.settings.load();
    let listen = &settings.config().listen;
    let mut passed = Passed::from_systemd();
    let mut listeners = Vec::new();
    for (protocol, address) in addresses(listen).filter(|(protocol, _)| wanted(*protocol)) {
        let failure = |source| Failure::Listen { address: address.clone(), source };
        for socket in Socket::open(address, listen.socket_mode, &mut passed).await.map_err(failure)? {
            info!(door = %protocol, %address, "listening");
            listeners.push(Listener { protocol, socket, shared: Arc::clone(shared) });
        }
    }
    Ok(listeners.into_iter().map(Listener::run).collect())
}

/// Runs as OpenSMTPD's filter: on standard input and output, until the server closes them. Of the sockets only those of
/// the metrics are opened.
///
/// # Errors
/// [`Failure`].
pub async fn filter(config: &Path) -> Result<(), Failure> {
    let (shared, _stopper) = Shared::load(config)?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(Failure::Signals)?;
    // A server ends with its filter, and would end for the want of metrics.
    let metrics = open(|protocol| protocol == Protocol::Metrics, &shared).await;
    if let Err(failure) = &metrics {
        warn!("there are no metrics: {failure}");
    }
    let stream = tokio::io::join(tokio::io::stdin(), tokio::io::stdout());
    // A server that has nothing to say for a night would take the end of its filter for a fault.
    let served = serve(Box::new(stream), Box::new(Filter::default()), Protocol::Filter, Patience::Endless, &shared);
    let mut served = core::pin::pin!(served);
    info!("ready");
    loop {
        tokio::select! {
            () = &mut served => return Ok(()),
            _ = hang_up.recv() => shared.reload(config),
        }
    }
}

/// Says how we are to whoever started us with `Type=notify` (sd_notify(3)); nobody else listens.
fn tell_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        warn!("systemd is not told: {error}");
    }
}
