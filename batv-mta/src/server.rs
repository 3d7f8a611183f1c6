//! Sockets, signals and time-outs: the only part that does I/O.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use arc_swap::ArcSwap;
use sd_notify::NotifyState;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

use crate::config::{Address, Listen};
use crate::door::{Door, Flow};
use crate::filter::Filter;
use crate::line::Line;
use crate::milter::Session;
use crate::policy::PolicyService;
use crate::settings::{self, Settings};
use crate::socketmap::Socketmap;

/// Octets that a connection has room for at first; it grows with what comes.
const FIRST_READ: usize = 4096;
/// After a failure of accept, as when there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

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

#[derive(Clone, Copy, Debug)]
enum Kind {
    Milter,
    Socketmap,
    Policy,
    Line,
}

impl Kind {
    fn all(listen: &Listen) -> impl Iterator<Item = (Self, &Address)> {
        let doors = [
            (Self::Milter, &listen.milter),
            (Self::Socketmap, &listen.socketmap),
            (Self::Policy, &listen.policy),
            (Self::Line, &listen.line),
        ];
        doors.into_iter().flat_map(|(kind, addresses)| addresses.iter().map(move |address| (kind, address)))
    }

    fn door(self, over_tcp: bool) -> Box<dyn Door + Send> {
        match self {
            Self::Milter => Box::new(Session::new(over_tcp)),
            Self::Socketmap => Box::new(Socketmap),
            Self::Policy => Box::new(PolicyService),
            Self::Line => Box::new(Line),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Milter => "milter",
            Self::Socketmap => "socketmap",
            Self::Policy => "policy",
            Self::Line => "line",
        })
    }
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// What all connections share.
struct Shared {
    settings: ArcSwap<Settings>,
    connections: Semaphore,
    stop: watch::Receiver<bool>,
}

/// Runs until SIGTERM or SIGINT; SIGHUP reads the settings again.
///
/// # Errors
/// [`Failure`], before a single connection is taken.
pub async fn run(config: &Path) -> Result<(), Failure> {
    let settings = Settings::load(config)?;
    let limits = settings.config().limits;
    let mut hang_up = signal(SignalKind::hangup()).map_err(Failure::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::Signals)?;
    let (stopper, stop) = watch::channel(false);
    let mut listeners = Vec::new();
    let mut socket_files = Vec::new();
    for (kind, address) in Kind::all(&settings.config().listen) {
        let listener = listen(address, settings.config().listen.socket_mode)
            .await
            .map_err(|source| Failure::Listen { address: address.clone(), source })?;
        if let Address::Unix(path) = address {
            socket_files.push(path.clone());
        }
        info!(door = %kind, %address, "listening");
        listeners.push((kind, listener));
    }
    if listeners.is_empty() {
        return Err(Failure::NoDoor);
    }
    let shared = Arc::new(Shared {
        settings: ArcSwap::from_pointee(settings),
        connections: Semaphore::new(limits.connections),
        stop,
    });
    let mut doors = JoinSet::new();
    for (kind, listener) in listeners {
        doors.spawn(accept(kind, listener, Arc::clone(&shared)));
    }
    info!("ready");
    tell_systemd(NotifyState::Ready);
    loop {
        tokio::select! {
            _ = hang_up.recv() => reload(config, &shared),
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    tell_systemd(NotifyState::Stopping);
    info!("stopping: messages under way may end");
    // Nobody listens any more if all receivers are gone already.
    let _ = stopper.send(true);
    remove(&socket_files);
    let drained = async { while doors.join_next().await.is_some() {} };
    if timeout(Duration::from_secs(limits.drain_seconds), drained).await.is_err() {
        warn!("messages were still under way: their mail servers will try again");
    }
    Ok(())
}

/// Runs as OpenSMTPD's filter: on standard input and output, until the server closes them or SIGTERM comes.
///
/// # Errors
/// [`Failure`].
pub async fn filter(config: &Path) -> Result<(), Failure> {
    let settings = Settings::load(config)?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(Failure::Signals)?;
    let (_stopper, stop) = watch::channel(false);
    let shared = Arc::new(Shared { settings: ArcSwap::from_pointee(settings), connections: Semaphore::new(1), stop });
    let stream = tokio::io::join(tokio::io::stdin(), tokio::io::stdout());
    let mut served = core::pin::pin!(serve(stream, Box::new(Filter::default()), Arc::clone(&shared)));
    info!("ready");
    loop {
        tokio::select! {
            () = &mut served => return Ok(()),
            _ = hang_up.recv() => reload(config, &shared),
        }
    }
}

/// Says how we are to whoever started us with `Type=notify` (sd_notify(3)); nobody else listens.
fn tell_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        warn!("systemd is not told: {error}");
    }
}

fn reload(config: &Path, shared: &Shared) {
    match Settings::load(config) {
        Ok(settings) => {
            shared.settings.store(Arc::new(settings));
            info!("settings reloaded");
        }
        Err(error) => error!("the settings in force stay: {error}"),
    }
}

async fn listen(address: &Address, socket_mode: u32) -> io::Result<Listener> {
    match address {
        Address::Inet(address) => TcpListener::bind(address.as_str()).await.map(Listener::Tcp),
        Address::Unix(path) => {
            // One that a killed daemon left behind; one that somebody listens on is not ours to take.
            if fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket()) {
                if tokio::net::UnixStream::connect(path).await.is_ok() {
                    return Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens there"));
                }
                fs::remove_file(path)?;
            }
            let listener = UnixListener::bind(path)?;
            fs::set_permissions(path, fs::Permissions::from_mode(socket_mode))?;
            Ok(Listener::Unix(listener))
        }
    }
}

fn remove(socket_files: &[PathBuf]) {
    for path in socket_files {
        if let Err(error) = fs::remove_file(path) {
            warn!("{}: {error}", path.display());
        }
    }
}

async fn accept(kind: Kind, listener: Listener, shared: Arc<Shared>) {
    let mut stop = shared.stop.clone();
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            _ = stop.changed() => break,
            accepted = take(kind, &listener, &shared) => accepted,
        };
        match accepted {
            Ok(connection) => {
                connections.spawn(connection);
            }
            Err(error) => {
                error!(door = %kind, "accept: {error}");
                sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

type Connection = core::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

async fn take(kind: Kind, listener: &Listener, shared: &Arc<Shared>) -> io::Result<Connection> {
    let shared = Arc::clone(shared);
    Ok(match listener {
        Listener::Tcp(listener) => {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            Box::pin(serve(stream, kind.door(true), shared))
        }
        Listener::Unix(listener) => {
            let (stream, _) = listener.accept().await?;
            Box::pin(serve(stream, kind.door(false), shared))
        }
    })
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, mut door: Box<dyn Door + Send>, shared: Arc<Shared>) {
    let Ok(_permit) = shared.connections.acquire().await else { return };
    let mut stop = shared.stop.clone();
    let mut pending = Vec::new();
    let mut answers = Vec::new();
    loop {
        if *stop.borrow() && !door.is_busy() && pending.is_empty() {
            return;
        }
        let idle = Duration::from_secs(shared.settings.load().config().limits.idle_seconds);
        pending.reserve(FIRST_READ);
        let read = tokio::select! {
            read = timeout(idle, stream.read_buf(&mut pending)) => read,
            changed = stop.changed(), if !*stop.borrow() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        match read {
            Ok(Ok(1..)) => {}
            _ => return,
        }
        let (taken, flow) = door.receive(&pending, &shared.settings.load(), &mut answers);
        pending.drain(..taken);
        if !answers.is_empty() {
            // A peer that takes no answers gets no more of our time than one that says nothing.
            match timeout(idle, stream.write_all(&answers)).await {
                Ok(Ok(())) if stream.flush().await.is_ok() => answers.clear(),
                _ => return,
            }
        }
        if flow == Flow::Close {
            return;
        }
    }
}
