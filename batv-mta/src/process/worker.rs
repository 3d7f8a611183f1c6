//! The worker: it receives files and sockets from the supervisor, confines itself, and serves the sockets.

use alloc::sync::Arc;
use core::num::NonZero;
use core::time::Duration;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::panic;
use std::path::PathBuf;
use std::process;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, available_parallelism};

use batv_config::{Access, replace_file};
use tokio::runtime::{self, Runtime};
use tokio::signal::unix::SignalKind;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{error, info, warn};

use super::connection::{Connection, ENDLESS, Patience};
use super::endpoint::Endpoint;
use super::error::Error;
use super::figures;
use super::ipc::{Order, OrderReceiver};
use super::judges::Judges;
use super::listener::Listener;
use super::resources::Resources;
use super::sandbox::{Confinement, Needs, confine};
use super::shared::Shared;
use super::shares::Shares;
use super::signals;
use super::socket::Socket;
use crate::config::{Address, Config};
use crate::files::Kept;
use crate::listen::filter::Filter;
use crate::log;
use crate::protocol::Protocol;
use crate::threads::check;

/// Threads for those that serve while others wait: for the store, or for OpenSMTPD, of which the filter reads on one and writes on
/// another.
const SPARE_THREADS: usize = 4;
/// As many as the runtime starts by default, when they are needed.
const MOST_SPARE_THREADS: usize = 512;
/// Addresses of a thread's stack.
const STACK_OCTETS: usize = 2 << 20;
/// Exit code of a program that has panicked.
const PANICKED: i32 = 101;

/// The files and sockets that the worker receives before it serves.
#[derive(Default)]
struct Start {
    files: Kept,
    sockets: Vec<(u32, OwnedFd)>,
    input: Option<OwnedFd>,
}

impl Start {
    /// Receives them. `None` if the supervisor has ended.
    fn receive(mut self, orders: &mut OrderReceiver) -> io::Result<Option<(Self, PathBuf)>> {
        loop {
            match orders.receive()? {
                Some(Order::File(path, octets)) => self.files.insert(path, octets),
                Some(Order::Listen(index, socket)) => self.sockets.push((index, socket)),
                Some(Order::Input(input)) => self.input = Some(input),
                Some(Order::Load(config)) => return Ok(Some((self, config))),
                Some(_) => return Err(io::ErrorKind::InvalidData.into()),
                None => return Ok(None),
            }
        }
    }
}

/// Serves the sockets of the supervisor, until it says stop or ends.
///
/// # Errors
/// [`enum@Error`], before the first connection is accepted.
pub(super) fn work() -> Result<(), Error> {
    end_with_this_thread();
    close_inherited();
    let mut orders = OrderReceiver::from_stdin().map_err(|_| Error::NoSupervisor)?;
    let Some((start, path)) = Start::default().receive(&mut orders).map_err(Error::Start)? else { return Ok(()) };
    let is_filter = start.input.is_some();
    if let Some(input) = start.input {
        rustix::stdio::dup2_stdin(input).map_err(|error| Error::Start(error.into()))?;
    }
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::set_name(c"batvd-worker");
    let config = Config::load(&path, &start.files).map_err(crate::settings::Error::from)?;
    let by_journal = log::is_read_by_journal();
    // The sandbox denies the question.
    let is_root = rustix::process::geteuid().is_root();
    let resources = Resources::take();
    // The number of processors is in files.
    let threads = available_parallelism().map_or(1, NonZero::get);
    // Each serves or judges, and besides: the log, the orders, the store.
    check(2 * threads + SPARE_THREADS + 3)?;
    let confinement = if config.sandbox.confine { confine(&Needs::of(&config)) } else { Confinement::default() };
    let _log = log::begin(config.log, by_journal);
    confinement.log();
    if is_root {
        let rights = if confinement.capabilities.is_active() { ", though without its rights" } else { "" };
        warn!("the worker, which serves strangers, runs as root{rights}: name a user of its own in `sandbox.user`");
    }
    let runtime = start_runtime(threads, resources).map_err(Error::Start)?;
    let judges = Judges::start(threads).map_err(Error::Start)?;
    let (shared, stopper) = Shared::load(&path, &start.files, &confinement, resources, judges)?;
    drop(start.files);
    let worker = Worker { config, resources, shared, stopper, listening: Vec::new(), files: Kept::default() };
    let outcome = runtime.block_on(worker.run(start.sockets, is_filter, orders));
    // A read of standard input may never end.
    runtime.shutdown_background();
    outcome
}

/// Has a panic on the thread that calls this end the process. Else it would wait for threads of the runtime, which never end.
fn end_with_this_thread() {
    let (main, report) = (thread::current().id(), panic::take_hook());
    panic::set_hook(Box::new(move |panic| {
        report(panic);
        if thread::current().id() == main {
            process::exit(PANICKED);
        }
    }));
}

/// Starts the threads that serve, and spare ones, which stay: while somebody waits for the store, one serves in its place. If no
/// more can be started then, the runtime goes on with these; without any it would panic.
fn start_runtime(threads: usize, resources: Resources) -> io::Result<Runtime> {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        // In little address space the stacks of many would leave no room for messages.
        .max_blocking_threads((resources.address_space / 8 / STACK_OCTETS).clamp(SPARE_THREADS, MOST_SPARE_THREADS))
        .thread_keep_alive(ENDLESS)
        .enable_all()
        .build()?;
    let gate = Arc::<Mutex<()>>::default();
    let closed = gate.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..SPARE_THREADS {
        let gate = Arc::clone(&gate);
        runtime.spawn_blocking(move || drop(gate.lock()));
    }
    drop(closed);
    Ok(runtime)
}

/// Closes the descriptors that the daemon inherited, and the supervisor passed on unknowingly. The worker has opened none
/// yet.
fn close_inherited() {
    const STANDARD: i32 = 2;
    let names = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten().map(|entry| entry.file_name());
    let open: Vec<i32> = names.filter_map(|name| name.to_str()?.parse().ok()).collect();
    for descriptor in open.into_iter().filter(|descriptor| *descriptor > STANDARD) {
        // The descriptor of the folder itself is closed already.
        let _ = nix::unistd::close(descriptor);
    }
}

/// The worker, with its listeners.
struct Worker {
    /// The configuration of the start, in which the supervisor counts sockets.
    config: Config,
    resources: Resources,
    shared: Arc<Shared>,
    stopper: watch::Sender<bool>,
    listening: Vec<Listening>,
    /// The files of the next settings, as far as they have come.
    files: Kept,
}

/// A listener, and the way to give it a new socket.
struct Listening {
    /// Its index in the configuration.
    index: u32,
    endpoint: Arc<Endpoint>,
    sockets: mpsc::UnboundedSender<Socket>,
}

impl Worker {
    async fn run(mut self, sockets: Vec<(u32, OwnedFd)>, is_filter: bool, orders: OrderReceiver) -> Result<(), Error> {
        // A terminal and systemd signal both processes; the supervisor acts on it.
        let _ignored = [SignalKind::hangup(), SignalKind::terminate(), SignalKind::interrupt()].map(signals::listen);
        let mut running = self.listen(sockets).map_err(Error::Start)?;
        let mut orders = orders.into_channel().map_err(Error::Start)?;
        // It ends with the runtime.
        tokio::spawn(Arc::clone(&self.shared.memory).look_after());
        if is_filter {
            let stream = tokio::io::join(tokio::io::stdin(), tokio::io::stdout());
            let shared = Arc::clone(&self.shared);
            let connection = Connection {
                stream: Box::new(stream),
                handler: Box::new(Filter::default()),
                protocol: Protocol::Filter,
                // OpenSMTPD may be silent for a night, and takes the end of a filter for a failure.
                patience: Patience::Endless,
                crowded: &Notify::new(),
            };
            tokio::select! {
                () = connection.serve(&shared) => {}
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
        // This fails if all listeners have ended already.
        let _ = self.stopper.send(true);
        let limit = Duration::from_secs(self.shared.settings.load().config().limits.drain_seconds);
        let drain = async { while running.join_next().await.is_some() {} };
        if timeout(limit, drain).await.is_err() {
            warn!("messages in progress were cut off; mail servers will retry them");
        }
        if let Some((path, keeping)) = figures.zip(keeping) {
            keeping.abort();
            // A write that has begun comes to its end.
            let _ = keeping.await;
            if let Err(error) = replace_file(&path, self.shared.metrics.kept_report().as_bytes(), Access::Private) {
                figures::log_unsaved(&path, &error);
            }
        }
        Ok(())
    }

    /// Accepts connections on the sockets.
    fn listen(&mut self, sockets: Vec<(u32, OwnedFd)>) -> io::Result<JoinSet<()>> {
        let addresses: Vec<_> = self.config.listen.addresses().collect();
        let mut running = JoinSet::new();
        let at = |index| usize::try_from(index).ok().and_then(|at| addresses.get(at)).copied();
        let protocols = sockets.iter().filter_map(|(index, _)| Some(at(*index)?.0));
        let connections = self.config.limits.connections;
        let shares = Shares::of(protocols, connections, self.resources.descriptors);
        if let Some(possible) = shares.possible {
            let descriptors = self.resources.descriptors;
            info!(
                "room for {possible} of {connections} connections (`limits.connections`): the system allows {descriptors} descriptors"
            );
        }
        for (index, socket) in sockets {
            let (protocol, address) = at(index).ok_or(io::ErrorKind::InvalidData)?;
            if protocol == Protocol::Page {
                self.shared.metrics.begin_report(figures::read(self.config.page.figures().as_deref()));
            }
            // systemd may have opened several sockets of one name.
            let known = self.listening.iter().find(|listening| listening.index == index);
            let endpoint = known.map_or_else(
                || Arc::new(Endpoint::new(protocol, address.clone())),
                |listening| Arc::clone(&listening.endpoint),
            );
            let (sender, changes) = mpsc::unbounded_channel();
            let (socket, shared) = (Socket::new(socket)?, Arc::clone(&self.shared));
            let is_passed = matches!(address, Address::Systemd(_));
            let share = Arc::new(shares.share(protocol));
            let listener = Listener { endpoint: Arc::clone(&endpoint), socket, is_passed, changes, share, shared };
            running.spawn(listener.run());
            self.listening.push(Listening { index, endpoint, sockets: sender });
        }
        let mut endpoints: Vec<_> = self.listening.iter().map(|listening| Arc::clone(&listening.endpoint)).collect();
        endpoints.dedup_by(|one, other| Arc::ptr_eq(one, other));
        self.shared.metrics.note_endpoints(endpoints);
        Ok(running)
    }

    /// Follows the orders of the supervisor until it says stop or ends.
    async fn obey(&mut self, orders: &mut mpsc::UnboundedReceiver<Order>) {
        while let Some(order) = orders.recv().await {
            match order {
                Order::File(path, octets) => self.files.insert(path, octets),
                Order::Load(path) => self.shared.reload(&path, &core::mem::take(&mut self.files)),
                Order::Refuse(why) => self.shared.refuse(&why),
                Order::Listen(index, socket) => self.reopen(index, socket),
                Order::Lost(index, why) => self.note_lost(index, &why),
                Order::Input(_) => {}
                Order::Stop => return,
            }
        }
    }

    fn reopen(&self, index: u32, socket: OwnedFd) {
        let Some(listening) = self.listening.iter().find(|listening| listening.index == index) else { return };
        let Endpoint { protocol: listener, address, .. } = &*listening.endpoint;
        match Socket::new(socket) {
            Ok(socket) => {
                warn!(%listener, %address, "the socket had disappeared; opened again");
                // A listener ends only when all of them do.
                let _ = listening.sockets.send(socket);
                listening.endpoint.note_missing(false);
            }
            Err(error) => error!(%listener, %address, "the socket was opened again, but can't be used: {error}"),
        }
    }

    fn note_lost(&self, index: u32, why: &str) {
        let Some(listening) = self.listening.iter().find(|listening| listening.index == index) else { return };
        let Endpoint { protocol: listener, address, .. } = &*listening.endpoint;
        error!(%listener, %address, "the socket has disappeared and can't be opened again: {why}");
        listening.endpoint.note_missing(true);
    }
}
