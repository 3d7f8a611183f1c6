//! The process that is started: it reads files and opens sockets, and has a worker that does the rest, to whom it hands
//! what it has read and opened. It never sees an octet of a stranger.

use alloc::sync::Arc;
use core::time::Duration;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread::sleep;

use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{error, info, warn};

use super::Failure;
use super::link::{Order, Orders, Report, reports};
use super::place::{self, Passed, SocketFile};
use crate::files::{Kept, Recorder};
use crate::protocol::Protocol;
use crate::sandbox::{UserError, account, hide_memory};
use crate::settings::{self, Settings};

/// How long a worker may take nothing of what it is told.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a worker that has closed its socket may take to end.
const LAST_STEPS: Duration = Duration::from_secs(5);
/// How often a Unix socket is looked for in its folder.
const LOOK: Duration = Duration::from_secs(1);

/// What the daemon is there for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Role {
    /// The listeners of the configuration.
    Listeners,
    /// OpenSMTPD's filter, on standard input and output.
    Filter,
}

/// A worker, and what is looked after for it.
pub(super) struct Keeper {
    config: PathBuf,
    role: Role,
    /// How long messages under way have to end. Of the settings no more is kept here: the keys are the worker's.
    drain: Duration,
    files: Vec<Watched>,
    orders: Orders,
    reports: mpsc::UnboundedReceiver<Report>,
    worker: Child,
}

/// The file of a socket, by its place in the configuration.
struct Watched {
    place: u32,
    file: SocketFile,
    is_missing: bool,
}

impl Keeper {
    /// Reads, opens, and starts a worker who takes connections.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn start(config: &Path, role: Role) -> Result<Self, Failure> {
        let (settings, kept) = read(config, role)?;
        if role == Role::Listeners && !settings.config().listen.has_listener() {
            return Err(Failure::NoListener);
        }
        let opened = open(&settings, role).await;
        let (sockets, files) = match opened {
            // A server ends with its filter, and would end for the want of metrics.
            Err(failure) if role == Role::Filter => {
                warn!("there are no metrics: {failure}");
                (Vec::new(), Vec::new())
            }
            opened => opened?,
        };
        let (worker, stream) = spawn(&settings, role)?;
        let reports = stream.try_clone().and_then(reports).map_err(Failure::Worker)?;
        let (config, drain, orders) = (config.to_owned(), drain(&settings), Orders::new(stream));
        drop(settings);
        let mut keeper = Self { config, role, drain, files, orders, reports, worker };
        let told = keeper.hand_over(role, sockets, kept);
        keeper.heard(told);
        match keeper.reports.recv().await {
            Some(Report::Ready) => Ok(keeper),
            Some(Report::Ended) | None => Err(Failure::WorkerEnded(keeper.end()?)),
        }
    }

    fn hand_over(&self, role: Role, sockets: Vec<(u32, OwnedFd)>, kept: Kept) -> io::Result<()> {
        if role == Role::Filter {
            self.orders.send(&Order::Input(io::stdin().as_fd().try_clone_to_owned()?))?;
        }
        for (place, socket) in sockets {
            self.orders.send(&Order::Listen(place, socket))?;
        }
        self.orders.send_settings(kept, self.config.clone())
    }

    /// Keeps the worker at its work until this process is told to end.
    ///
    /// # Errors
    /// [`Failure`]: the worker has ended before.
    pub(super) async fn keep(mut self, mut hang_up: Signal, mut ends: Ends) -> Result<(), Failure> {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        info!("ready");
        tell_systemd(NotifyState::Ready);
        loop {
            tokio::select! {
                _ = hang_up.recv() => self.reload(),
                () = ends.recv() => break,
                _ = look.tick() => self.look_after_sockets(),
                report = self.reports.recv() => if report != Some(Report::Ready) {
                    let failure = Failure::WorkerEnded(self.end()?);
                    error!("{failure}");
                    return Err(failure);
                },
            }
        }
        tell_systemd(NotifyState::Stopping);
        info!("stopping: messages under way may end");
        self.stop().await
    }

    /// The same for a filter, which ends when the server does, by itself or by the usual end of a signal.
    ///
    /// # Errors
    /// [`Failure`]: the worker has ended for another reason.
    pub(super) async fn keep_filter(mut self, mut hang_up: Signal) -> Result<(), Failure> {
        info!("ready");
        loop {
            tokio::select! {
                _ = hang_up.recv() => self.reload(),
                report = self.reports.recv() => if report != Some(Report::Ready) {
                    let status = self.end()?;
                    return if status.success() { Ok(()) } else { Err(Failure::WorkerEnded(status)) };
                },
            }
        }
    }

    fn reload(&mut self) {
        let told = match read(&self.config, self.role) {
            Ok((settings, kept)) => {
                self.drain = drain(&settings);
                drop(settings);
                self.orders.send_settings(kept, self.config.clone())
            }
            Err(error) => self.orders.send(&Order::Refuse(error.to_string())),
        };
        self.heard(told);
    }

    /// Mail waits while a socket is gone with its folder; it is opened again when the folder is back.
    fn look_after_sockets(&mut self) {
        let mut told = Ok(());
        for Watched { place, is_missing, file } in self.files.iter_mut().filter(|watched| watched.file.is_gone()) {
            let order = match file.open() {
                Ok(socket) => {
                    *is_missing = false;
                    Order::Listen(*place, socket)
                }
                Err(error) if !core::mem::replace(is_missing, true) => Order::Lost(*place, error.to_string()),
                Err(_) => continue,
            };
            told = told.and(self.orders.send(&order));
        }
        self.heard(told);
    }

    /// Ends a worker that doesn't hear what it is told: its end is heard of as any.
    fn heard(&mut self, told: io::Result<()>) {
        if let Err(error) = told {
            error!("the worker doesn't hear: {error}");
            // It may have ended already.
            let _ = self.worker.kill();
        }
    }

    async fn stop(mut self) -> Result<(), Failure> {
        // Nobody finds the sockets from here on; whoever has still gets an answer.
        self.files.clear();
        // It may have ended by itself at this very moment.
        let _ = self.orders.send(&Order::Stop);
        let limit = self.drain + LAST_STEPS;
        let ended = async { while self.reports.recv().await == Some(Report::Ready) {} };
        if timeout(limit, ended).await.is_err() {
            warn!("the worker doesn't end, and is ended");
            self.worker.kill().map_err(Failure::Worker)?;
        }
        let status = self.end()?;
        if status.success() { Ok(()) } else { Err(Failure::WorkerEnded(status)) }
    }

    /// How the worker has ended: it has closed its socket, which is the last that it does.
    fn end(&mut self) -> Result<ExitStatus, Failure> {
        const PAUSE: Duration = Duration::from_millis(10);
        let mut waited = Duration::ZERO;
        loop {
            if let Some(status) = self.worker.try_wait().map_err(Failure::Worker)? {
                return Ok(status);
            }
            if waited >= LAST_STEPS {
                self.worker.kill().map_err(Failure::Worker)?;
                return self.worker.wait().map_err(Failure::Worker);
            }
            sleep(PAUSE);
            waited += PAUSE;
        }
    }
}

/// What tells the daemon to end.
pub(super) struct Ends {
    terminate: Signal,
    interrupt: Signal,
}

impl Ends {
    /// From now on.
    ///
    /// # Errors
    /// [`Failure::Signals`].
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Self { terminate: receive(SignalKind::terminate())?, interrupt: receive(SignalKind::interrupt())? })
    }

    /// Waits until the daemon is to end.
    pub(super) async fn recv(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// A signal, from now on.
///
/// # Errors
/// [`Failure::Signals`].
pub(super) fn receive(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(Failure::Signals)
}

/// The settings, and the files of which they are made. That they can be used is known here, so that a worker needs not be
/// asked.
fn read(config: &Path, role: Role) -> Result<(Settings, Kept), settings::Error> {
    let recorder = Recorder::default();
    let settings = Settings::load(config, &recorder, &Arc::default())?;
    if let Some(doubt) = settings.doubt().filter(|_| role == Role::Listeners) {
        warn!("{doubt}");
    }
    Ok((settings, recorder.kept()))
}

fn drain(settings: &Settings) -> Duration {
    Duration::from_secs(settings.config().limits.drain_seconds)
}

/// Opens the sockets of the role, each with its place in the configuration.
async fn open(settings: &Settings, role: Role) -> Result<(Vec<(u32, OwnedFd)>, Vec<Watched>), Failure> {
    let listen = &settings.config().listen;
    let mut passed = Passed::from_systemd();
    let (mut sockets, mut files) = (Vec::new(), Vec::new());
    for (place, (protocol, address)) in (0..).zip(listen.addresses()) {
        if role == Role::Filter && protocol != Protocol::Metrics {
            continue;
        }
        let failure = |source| Failure::Listen { address: address.clone(), source };
        let opened = place::open(address, listen.socket_mode, &mut passed).await.map_err(failure)?;
        info!(listener = %protocol, %address, "listening");
        sockets.extend(opened.sockets.into_iter().map(|socket| (place, socket)));
        files.extend(opened.file.map(|file| Watched { place, file, is_missing: false }));
    }
    for name in passed.leave() {
        warn!(
            "systemd listens on `{name}`, and no listener does: whoever connects there waits. Name `systemd:{name}` under [listen]"
        );
    }
    Ok((sockets, files))
}

/// Starts the worker: this very program, even when another has been installed in its place.
fn spawn(settings: &Settings, role: Role) -> Result<(Child, UnixStream), Failure> {
    let (ours, theirs) = UnixStream::pair().map_err(Failure::Worker)?;
    ours.set_write_timeout(Some(PATIENCE)).map_err(Failure::Worker)?;
    let program = if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() };
    let mut command = Command::new(program.map_err(Failure::Worker)?);
    command.arg0("batvd").arg("worker").stdin(OwnedFd::from(theirs)).current_dir("/");
    if role == Role::Listeners {
        // Nobody is answered there, who would wait for its end.
        command.stdout(io::stderr());
    }
    // What systemd has told us is for us (sd_listen_fds(3), sd_notify(3)).
    for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET"] {
        command.env_remove(name);
    }
    if let Some(name) = &settings.config().sandbox.user {
        let account = match account(name) {
            // OpenSMTPD says who its filters run as.
            Err(UserError::NotRoot(_)) if role == Role::Filter => None,
            account => account?,
        };
        if let Some((user, group)) = account {
            // The standard library takes the other groups of root away with it.
            command.uid(user).gid(group);
        }
    }
    let worker = command.spawn().map_err(Failure::Worker)?;
    if settings.config().sandbox.confine {
        hide_memory();
    }
    Ok((worker, ours))
}

/// Says how we are to whoever started us with `Type=notify` (sd_notify(3)); nobody else listens.
fn tell_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        warn!("systemd is not told: {error}");
    }
}
