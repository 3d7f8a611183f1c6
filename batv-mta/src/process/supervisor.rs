//! The supervisor: it reads files, opens sockets, and hands both to its worker, which does the rest. It never reads data
//! from the network.

use alloc::sync::Arc;
use core::time::Duration;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};

use sd_notify::NotifyState;
use tokio::signal::unix::Signal;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tracing::{error, info, warn};

use super::account::{UserError, account};
use super::error::Error;
use super::ipc::{Order, OrderSender, WorkerState, worker_states};
use super::resources::Resources;
use super::sandbox::hide_memory;
use super::signals::Termination;
use super::socket_path::{self, PassedSockets, SocketFile};
use crate::exposure;
use crate::files::{Kept, Recorder};
use crate::protocol::Protocol;
use crate::settings::{self, Settings};

/// How long a worker may leave an order unread.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a worker may take to be ready: a busy host starts it slowly.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long a worker that has closed its socket may take to end.
const LAST_STEPS: Duration = Duration::from_secs(5);
/// Interval between checks that the files of the Unix sockets exist.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The service of the daemon.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Role {
    /// The listeners of the configuration.
    Listeners,
    /// OpenSMTPD's filter, on standard input and output.
    Filter,
}

/// The supervisor, with its worker and the files of its sockets.
pub(super) struct Supervisor {
    config: PathBuf,
    role: Role,
    /// Time for messages in progress to end. The supervisor keeps no other setting: only the worker keeps keys.
    drain: Duration,
    files: Vec<Watched>,
    orders: OrderSender,
    states: mpsc::UnboundedReceiver<WorkerState>,
    worker: Child,
}

/// The file of a socket, and the index of the socket in the configuration.
struct Watched {
    index: u32,
    file: SocketFile,
    is_missing: bool,
}

impl Supervisor {
    /// Reads the settings, opens the sockets, and starts a worker that accepts connections.
    ///
    /// # Errors
    /// [`enum@Error`].
    pub(super) async fn start(config: &Path, role: Role) -> Result<Self, Error> {
        let (settings, kept) = read(config, role)?;
        if role == Role::Listeners && !settings.config().listen.has_listener() {
            return Err(Error::NoListener);
        }
        let opened = open(&settings, role).await;
        let (sockets, files) = match opened {
            // OpenSMTPD ends with its filter: missing metrics must not end it.
            Err(error) if role == Role::Filter => {
                warn!("no metrics: {error}");
                (Vec::new(), Vec::new())
            }
            opened => opened?,
        };
        let (worker, stream) = spawn(&settings, role)?;
        let states = stream.try_clone().and_then(worker_states).map_err(Error::Worker)?;
        let (config, drain, orders) = (config.to_owned(), drain(&settings), OrderSender::new(stream));
        drop(settings);
        let mut supervisor = Self { config, role, drain, files, orders, states, worker };
        let sent = supervisor.hand_over(role, sockets, kept);
        supervisor.check_sent(sent);
        supervisor.wait_until_ready(START_LIMIT).await?;
        Ok(supervisor)
    }

    /// Waits until the worker accepts connections: until then the sockets only keep clients waiting.
    async fn wait_until_ready(&mut self, limit: Duration) -> Result<(), Error> {
        match timeout(limit, self.states.recv()).await {
            Ok(Some(WorkerState::Ready)) => Ok(()),
            Ok(Some(WorkerState::Ended) | None) => Err(Error::WorkerEnded(self.exit_status().await?)),
            Err(_) => {
                self.worker.kill().and_then(|()| self.worker.wait()).map_err(Error::Worker)?;
                Err(Error::WorkerSilent(limit))
            }
        }
    }

    fn hand_over(&self, role: Role, sockets: Vec<(u32, OwnedFd)>, kept: Kept) -> io::Result<()> {
        if role == Role::Filter {
            self.orders.send(&Order::Input(io::stdin().as_fd().try_clone_to_owned()?))?;
        }
        for (index, socket) in sockets {
            self.orders.send(&Order::Listen(index, socket))?;
        }
        self.orders.send_settings(kept, self.config.clone())
    }

    /// Runs until a signal ends the daemon.
    ///
    /// # Errors
    /// [`enum@Error`]: the worker has ended before.
    pub(super) async fn run(mut self, mut hang_up: Signal, mut termination: Termination) -> Result<(), Error> {
        let mut check = interval(CHECK_INTERVAL);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        info!("ready");
        notify_systemd(NotifyState::Ready);
        loop {
            tokio::select! {
                _ = hang_up.recv() => self.reload(),
                () = termination.recv() => break,
                _ = check.tick() => self.check_sockets(),
                state = self.states.recv() => if state != Some(WorkerState::Ready) {
                    let error = Error::WorkerEnded(self.exit_status().await?);
                    error!("{error}");
                    return Err(error);
                },
            }
        }
        notify_systemd(NotifyState::Stopping);
        info!("stopping, after the messages in progress");
        self.stop().await
    }

    /// Runs a filter, which ends when OpenSMTPD closes its input, or by the default action of a signal.
    ///
    /// # Errors
    /// [`enum@Error`]: the worker has ended for another reason.
    pub(super) async fn run_filter(mut self, mut hang_up: Signal) -> Result<(), Error> {
        info!("ready");
        loop {
            tokio::select! {
                _ = hang_up.recv() => self.reload(),
                state = self.states.recv() => if state != Some(WorkerState::Ready) {
                    let status = self.exit_status().await?;
                    return if status.success() { Ok(()) } else { Err(Error::WorkerEnded(status)) };
                },
            }
        }
    }

    fn reload(&mut self) {
        let sent = match read(&self.config, self.role) {
            Ok((settings, kept)) => {
                self.drain = drain(&settings);
                drop(settings);
                self.orders.send_settings(kept, self.config.clone())
            }
            Err(error) => self.orders.send(&Order::Refuse(error.to_string())),
        };
        self.check_sent(sent);
    }

    /// Opens sockets again whose files have disappeared, once their folders are back. Mail waits meanwhile.
    fn check_sockets(&mut self) {
        let mut sent = Ok(());
        for Watched { index, is_missing, file } in self.files.iter_mut().filter(|watched| watched.file.is_gone()) {
            let order = match file.open() {
                Ok(socket) => {
                    *is_missing = false;
                    Order::Listen(*index, socket)
                }
                Err(error) if !core::mem::replace(is_missing, true) => Order::Lost(*index, error.to_string()),
                Err(_) => continue,
            };
            sent = sent.and(self.orders.send(&order));
        }
        self.check_sent(sent);
    }

    /// Kills a worker that does not take its orders. Its end is then noticed as any other.
    fn check_sent(&mut self, sent: io::Result<()>) {
        if let Err(error) = sent {
            error!("the worker does not respond, killing it: {error}");
            // This fails if it has ended already.
            let _ = self.worker.kill();
        }
    }

    async fn stop(mut self) -> Result<(), Error> {
        // New clients don't find the sockets from here on; the worker still answers those that are connected.
        self.files.clear();
        // This fails if it has just ended by itself.
        let _ = self.orders.send(&Order::Stop);
        let limit = self.drain + LAST_STEPS;
        let ended = async { while self.states.recv().await == Some(WorkerState::Ready) {} };
        if timeout(limit, ended).await.is_err() {
            warn!("the worker does not stop, killing it");
            self.worker.kill().map_err(Error::Worker)?;
        }
        let status = self.exit_status().await?;
        if status.success() { Ok(()) } else { Err(Error::WorkerEnded(status)) }
    }

    /// Waits for the worker, which has closed its socket and so is about to end.
    async fn exit_status(&mut self) -> Result<ExitStatus, Error> {
        const PAUSE: Duration = Duration::from_millis(10);
        let mut waited = Duration::ZERO;
        loop {
            if let Some(status) = self.worker.try_wait().map_err(Error::Worker)? {
                return Ok(status);
            }
            if waited >= LAST_STEPS {
                self.worker.kill().map_err(Error::Worker)?;
                return self.worker.wait().map_err(Error::Worker);
            }
            sleep(PAUSE).await;
            waited += PAUSE;
        }
    }
}

/// Reads the settings, and the files from which they are made. Errors in them are found here, before the worker gets them.
fn read(config: &Path, role: Role) -> Result<(Settings, Kept), settings::Error> {
    let recorder = Recorder::default();
    let settings = Settings::load(config, &recorder, &Arc::default())?;
    settings.check_owners(&recorder)?;
    for warning in settings.warnings().iter().filter(|_| role == Role::Listeners) {
        warn!("{warning}");
    }
    for warning in exposure::warnings(settings.config(), &recorder) {
        warn!("{warning}");
    }
    Ok((settings, recorder.kept()))
}

fn drain(settings: &Settings) -> Duration {
    Duration::from_secs(settings.config().limits.drain_seconds)
}

/// Opens the sockets of the role, each with its index in the configuration.
async fn open(settings: &Settings, role: Role) -> Result<(Vec<(u32, OwnedFd)>, Vec<Watched>), Error> {
    let listen = &settings.config().listen;
    let mut passed = PassedSockets::from_env();
    let (mut sockets, mut files) = (Vec::new(), Vec::new());
    for (index, (protocol, address)) in (0..).zip(listen.addresses()) {
        if role == Role::Filter && protocol != Protocol::Metrics {
            continue;
        }
        let error = |source| Error::Listen { address: address.clone(), source };
        let opened = socket_path::open(address, listen.socket_mode, &mut passed).await.map_err(error)?;
        info!(listener = %protocol, %address, "listening");
        sockets.extend(opened.sockets.into_iter().map(|socket| (index, socket)));
        files.extend(opened.file.map(|file| Watched { index, file, is_missing: false }));
    }
    for name in passed.close_unused() {
        warn!(
            "systemd passed the socket `{name}`, but no listener uses it, so its clients wait: add `systemd:{name}` under [listen]"
        );
    }
    Ok((sockets, files))
}

/// Starts the worker: the program of this process, even if another version has been installed meanwhile.
fn spawn(settings: &Settings, role: Role) -> Result<(Child, UnixStream), Error> {
    let (ours, theirs) = UnixStream::pair().map_err(Error::Worker)?;
    ours.set_write_timeout(Some(PATIENCE)).map_err(Error::Worker)?;
    let program = if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() };
    let mut command = Command::new(program.map_err(Error::Worker)?);
    command.arg0("batvd").arg("worker").stdin(OwnedFd::from(theirs)).current_dir("/");
    if role == Role::Listeners {
        // Standard output carries no answers: a reader of it must not wait for the worker.
        command.stdout(io::stderr());
    }
    if !Resources::has_all_addresses() {
        // The GNU C library reserves 64 MiB of addresses for each of its heaps, of which threads have their own (mallopt(3)).
        command.env("MALLOC_ARENA_MAX", "1");
    }
    // These are for the supervisor alone (sd_listen_fds(3), sd_notify(3)).
    for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET"] {
        command.env_remove(name);
    }
    if let Some(name) = &settings.config().sandbox.user {
        let account = match account(name) {
            // OpenSMTPD sets the user of its filters.
            Err(UserError::NotRoot(_)) if role == Role::Filter => None,
            account => account?,
        };
        if let Some((user, group)) = account {
            // The standard library drops the supplementary groups of root, too.
            command.uid(user).gid(group);
        }
    }
    let worker = command.spawn().map_err(Error::Worker)?;
    if settings.config().sandbox.confine {
        hide_memory();
    }
    Ok((worker, ours))
}

/// Notifies systemd, if it started the daemon with `Type=notify` (sd_notify(3)).
fn notify_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        warn!("can't notify systemd: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_worker_that_is_never_ready_is_killed() {
        let (ours, _theirs) = UnixStream::pair().expect("sockets");
        let states = ours.try_clone().and_then(worker_states).expect("a thread");
        let mut supervisor = Supervisor {
            config: PathBuf::new(),
            role: Role::Listeners,
            drain: Duration::ZERO,
            files: Vec::new(),
            orders: OrderSender::new(ours),
            states,
            worker: Command::new("sleep").arg("infinity").spawn().expect("a process"),
        };
        let outcome = supervisor.wait_until_ready(Duration::from_millis(1)).await;
        assert!(matches!(outcome, Err(Error::WorkerSilent(_))), "{outcome:?}");
        assert!(supervisor.worker.try_wait().expect("a process").is_some());
    }
}
