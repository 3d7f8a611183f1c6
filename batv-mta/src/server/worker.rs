//! The process that meets strangers: it has what the keeper handed to it, gives up the rest, and serves.

use alloc::sync::Arc;
use core::num::NonZero;
use core::time::Duration;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use arc_swap::ArcSwap;
use tokio::runtime;
use tokio::signal::unix::SignalKind;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{error, info, warn};

use super::Failure;
use super::connection::{Patience, serve};
use super::figures;
use super::keeper::receive;
use super::link::{Order, Ordered};
use super::listener::Listener;
use super::socket::Socket;
use crate::config::{Address, Config};
use crate::files::{Files, Kept};
use crate::filter::Filter;
use crate::listening::Listening;
use crate::log;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::protocol::Protocol;
use crate::sandbox::{Confinement, Needs, confine};
use crate::settings::Settings;

/// What all connections share.
pub(super) struct Shared {
    pub(super) settings: ArcSwap<Settings>,
    pub(super) metrics: Arc<Metrics>,
    memory: Arc<Memory>,
    connections: Semaphore,
    pub(super) stop: watch::Receiver<bool>,
}

impl Shared {
    /// Makes the settings; says how to stop what shares them.
    fn load(
        config: &Path,
        files: &dyn Files,
        confinement: &Confinement,
    ) -> Result<(Arc<Self>, watch::Sender<bool>), Failure> {
        let metrics = Arc::<Metrics>::default();
        for (part, state) in confinement.parts() {
            metrics.note_sandbox(part, state.is_in_force());
        }
        let settings = Settings::load(config, files, &metrics)?;
        let memory = Arc::new(Memory::open(&settings.config().store, files).map_err(Failure::Store)?);
        let settings = settings.with_memory(&memory);
        metrics.count_reload(true);
        let connections = Semaphore::new(settings.config().limits.connections.min(Semaphore::MAX_PERMITS));
        let (stopper, stop) = watch::channel(false);
        Ok((Arc::new(Self { settings: ArcSwap::from_pointee(settings), metrics, memory, connections, stop }), stopper))
    }

    /// Waits for the turn of a connection, and counts one that has to.
    pub(super) async fn take_turn(&self) -> Option<SemaphorePermit<'_>> {
        if let Ok(permit) = self.connections.try_acquire() {
            return Some(permit);
        }
        self.metrics.count_limit("connections");
        // Nobody closes it.
        self.connections.acquire().await.ok()
    }

    fn reload(&self, config: &Path, files: &dyn Files) {
        match Settings::load(config, files, &self.metrics) {
            Ok(settings) => {
                let old = self.settings.load();
                let fixed = |settings: &Settings| {
                    let config = settings.config();
                    let Config { listen, log, limits, sandbox, store, page, .. } = config;
                    (listen.clone(), *log, limits.connections, sandbox.clone(), store.opening(), page.figures())
                };
                if fixed(&old) != fixed(&settings) {
                    warn!(
                        "`listen`, `log`, `limits.connections`, `sandbox`, `page.figures` and the place of the store stay as they are \
                         until the daemon is restarted"
                    );
                }
                let settings = Arc::new(settings.with_memory(&self.memory));
                self.settings.store(Arc::clone(&settings));
                self.metrics.count_reload(true);
                let keyring = settings.config().keyring.display();
                info!(%keyring, keys = settings.keys().len(), "settings reloaded");
            }
            Err(error) => self.refuse(&error.to_string()),
        }
    }

    fn refuse(&self, why: &str) {
        error!("the settings in force stay: {why}");
        self.metrics.count_reload(false);
    }
}

/// What the keeper hands over before anything is served.
#[derive(Default)]
struct Start {
    files: Kept,
    sockets: Vec<(u32, OwnedFd)>,
    input: Option<OwnedFd>,
}

impl Start {
    /// Takes it; `None` when the keeper has gone.
    fn receive(mut self, ordered: &mut Ordered) -> io::Result<Option<(Self, PathBuf)>> {
        loop {
            match ordered.receive()? {
                Some(Order::File(path, octets)) => self.files.insert(path, octets),
                Some(Order::Listen(place, socket)) => self.sockets.push((place, socket)),
                Some(Order::Input(input)) => self.input = Some(input),
                Some(Order::Load(config)) => return Ok(Some((self, config))),
                Some(_) => return Err(io::ErrorKind::InvalidData.into()),
                None => return Ok(None),
            }
        }
    }
}

/// Serves what the keeper hands over, until he says that it ends, or is gone.
///
/// # Errors
/// [`Failure`], before a single connection is taken.
pub(super) fn work() -> Result<(), Failure> {
    close_inherited();
    let mut ordered = Ordered::from_stdin().map_err(|_| Failure::NoKeeper)?;
    let Some((start, path)) = Start::default().receive(&mut ordered).map_err(Failure::Keeper)? else { return Ok(()) };
    let is_filter = start.input.is_some();
    if let Some(input) = start.input {
        rustix::stdio::dup2_stdin(input).map_err(|error| Failure::Keeper(error.into()))?;
    }
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::set_name(c"batvd-worker");
    let config = Config::load(&path, &start.files).map_err(crate::settings::Error::from)?;
    let by_journal = log::is_read_by_journal();
    // How many threads are worth while is in files.
    let threads = available_parallelism().map_or(1, NonZero::get);
    let confinement = if config.sandbox.confine { confine(&Needs::of(&config)) } else { Confinement::default() };
    let _log = log::begin(config.log, by_journal);
    confinement.tell();
    let runtime = runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let runtime = runtime.map_err(Failure::Keeper)?;
    let (shared, stopper) = Shared::load(&path, &start.files, &confinement)?;
    drop(start.files);
    let worker = Worker { config, shared, stopper, changes: Vec::new(), files: Kept::default() };
    let outcome = runtime.block_on(worker.run(start.sockets, is_filter, ordered));
    // What is still read from standard input may never come.
    runtime.shutdown_background();
    outcome
}

/// Closes what whoever started the daemon has left open, and the keeper has handed on without knowing of it. Nothing is
/// open yet that is ours.
fn close_inherited() {
    const STANDARD: i32 = 2;
    let names = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten().map(|entry| entry.file_name());
    let open: Vec<i32> = names.filter_map(|name| name.to_str()?.parse().ok()).collect();
    for descriptor in open.into_iter().filter(|descriptor| *descriptor > STANDARD) {
        // That of the folder itself is closed already.
        let _ = nix::unistd::close(descriptor);
    }
}

/// What serves.
struct Worker {
    /// As it was at the start: by it the keeper counts places.
    config: Config,
    shared: Arc<Shared>,
    stopper: watch::Sender<bool>,
    /// Where sockets are taken that come in the place of others.
    changes: Vec<Place>,
    /// Those that have come for the next settings.
    files: Kept,
}

struct Place {
    number: u32,
    listening: Arc<Listening>,
    sockets: mpsc::UnboundedSender<Socket>,
}

impl Worker {
    async fn run(mut self, sockets: Vec<(u32, OwnedFd)>, is_filter: bool, ordered: Ordered) -> Result<(), Failure> {
        // The keeper hears them, and says what comes of it; a terminal and systemd tell all of its processes.
        let _ignored = [SignalKind::hangup(), SignalKind::terminate(), SignalKind::interrupt()].map(receive);
        let mut running = self.listen(sockets).map_err(Failure::Keeper)?;
        ordered.report_ready().map_err(Failure::Keeper)?;
        let mut orders = ordered.into_channel().map_err(Failure::Keeper)?;
        if is_filter {
            let stream = tokio::io::join(tokio::io::stdin(), tokio::io::stdout());
            let shared = Arc::clone(&self.shared);
            // A server that has nothing to say for a night would take the end of its filter for a fault.
            let served =
                serve(Box::new(stream), Box::new(Filter::default()), Protocol::Filter, Patience::Endless, &shared);
            tokio::select! {
                () = served => {}
                () = self.obey(&mut orders) => {}
            }
            return Ok(());
        }
        let figures = self.config.page.figures().filter(|_| self.shared.metrics.is_reported());
        let keeping = figures.clone().map(|path| {
            let shared = Arc::clone(&self.shared);
            tokio::spawn(async move { figures::keep(&path, &shared).await })
        });
        self.obey(&mut orders).await;
        // Nobody listens any more if all receivers are gone already.
        let _ = self.stopper.send(true);
        let limit = Duration::from_secs(self.shared.settings.load().config().limits.drain_seconds);
        let drain = async { while running.join_next().await.is_some() {} };
        if timeout(limit, drain).await.is_err() {
            warn!("messages were still under way: their mail servers will try again");
        }
        if let Some((path, keeping)) = figures.zip(keeping) {
            keeping.abort();
            // A file that is just being written is written before.
            let _ = keeping.await;
            if let Err(error) = figures::write(&path, &self.shared.metrics.kept_report()) {
                figures::tell(&path, &error);
            }
        }
        Ok(())
    }

    /// Takes connections from all of them.
    fn listen(&mut self, sockets: Vec<(u32, OwnedFd)>) -> io::Result<JoinSet<()>> {
        let addresses: Vec<_> = self.config.listen.addresses().collect();
        let mut running = JoinSet::new();
        for (number, socket) in sockets {
            let index = usize::try_from(number).ok();
            let (protocol, address) = *index.and_then(|at| addresses.get(at)).ok_or(io::ErrorKind::InvalidData)?;
            if protocol == Protocol::Page {
                self.shared.metrics.begin_report(figures::read(self.config.page.figures().as_deref()));
            }
            // systemd may have opened several for one place.
            let known = self.changes.iter().find(|place| place.number == number);
            let listening = known.map_or_else(
                || Arc::new(Listening::new(protocol, address.clone())),
                |place| Arc::clone(&place.listening),
            );
            let (sender, changes) = mpsc::unbounded_channel();
            let (socket, shared) = (Socket::new(socket)?, Arc::clone(&self.shared));
            let is_passed = matches!(address, Address::Systemd(_));
            running.spawn(Listener { place: Arc::clone(&listening), socket, is_passed, changes, shared }.run());
            self.changes.push(Place { number, listening, sockets: sender });
        }
        let mut places: Vec<_> = self.changes.iter().map(|place| Arc::clone(&place.listening)).collect();
        places.dedup_by(|one, other| Arc::ptr_eq(one, other));
        self.shared.metrics.note_listening(places);
        Ok(running)
    }

    /// Does what the keeper says, until that is to end.
    async fn obey(&mut self, orders: &mut mpsc::UnboundedReceiver<Order>) {
        while let Some(order) = orders.recv().await {
            match order {
                Order::File(path, octets) => self.files.insert(path, octets),
                Order::Load(path) => self.shared.reload(&path, &core::mem::take(&mut self.files)),
                Order::Refuse(why) => self.shared.refuse(&why),
                Order::Listen(number, socket) => self.found(number, socket),
                Order::Lost(number, why) => self.lost(number, &why),
                Order::Input(_) => {}
                Order::Stop => return,
            }
        }
    }

    fn found(&self, number: u32, socket: OwnedFd) {
        let Some(place) = self.changes.iter().find(|place| place.number == number) else { return };
        let Listening { protocol: listener, address, .. } = &*place.listening;
        match Socket::new(socket) {
            Ok(socket) => {
                warn!(%listener, %address, "the socket was gone, and is opened again");
                // Its listener ends only when all do.
                let _ = place.sockets.send(socket);
                place.listening.note_missing(false);
            }
            Err(error) => error!(%listener, %address, "the socket that is opened again is of no use: {error}"),
        }
    }

    fn lost(&self, number: u32, why: &str) {
        let Some(place) = self.changes.iter().find(|place| place.number == number) else { return };
        let Listening { protocol: listener, address, .. } = &*place.listening;
        error!(%listener, %address, "the socket is gone, and can't be opened: {why}");
        place.listening.note_missing(true);
    }
}
