//! The accept loop of one socket.

use alloc::sync::Arc;
use core::time::Duration;
use std::io;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::error;

use super::connection::{Connection, Patience, Stream};
use super::endpoint::Endpoint;
use super::shared::Shared;
use super::shares::Share;
use super::socket::{Socket, Via};
use crate::listen::filter::Filter;
use crate::listen::handler::Handler;
use crate::listen::http::Http;
use crate::listen::line::Line;
use crate::listen::milter::Session;
use crate::listen::page::Page;
use crate::listen::policy::PolicyService;
use crate::listen::socketmap::Socketmap;
use crate::protocol::Protocol;

/// Pause after a failed accept, as when file descriptors run out.
const PAUSE: Duration = Duration::from_millis(100);
/// Time between two lines in the log about failed accepts.
const LOG_INTERVAL: Duration = Duration::from_secs(60);
/// Time for clients that connect just before the daemon stops.
const LAST_CALL: Duration = Duration::from_millis(50);

/// A socket, and its accept loop.
pub(super) struct Listener {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) socket: Socket,
    /// Whether systemd keeps the socket open after the daemon ends.
    pub(super) is_passed: bool,
    /// New sockets, after the file of the old one has disappeared.
    pub(super) changes: mpsc::UnboundedReceiver<Socket>,
    pub(super) share: Arc<Share>,
    pub(super) shared: Arc<Shared>,
}

impl Listener {
    /// Accepts connections until the daemon stops, then lets them end.
    pub(super) async fn run(mut self) {
        let mut stop = self.shared.stop.clone();
        let mut connections = JoinSet::new();
        let mut last: Option<oneshot::Receiver<()>> = None;
        let mut failures = Failures::default();
        loop {
            while connections.try_join_next().is_some() {}
            // While a connection waits for a permit, further ones stay in the kernel's queue and cost no descriptor.
            let next = async {
                if let Some(permitted) = &mut last {
                    let _ = permitted.await;
                    last = None;
                }
                self.socket.accept().await
            };
            let accepted = tokio::select! {
                _ = stop.changed() => break,
                Some(socket) = self.changes.recv() => {
                    self.socket = socket;
                    continue;
                }
                accepted = next => accepted,
            };
            match accepted {
                Ok((stream, via)) => {
                    let (waits, permitted) = oneshot::channel();
                    last = Some(permitted);
                    connections.spawn(self.answer(stream, via, waits));
                }
                Err(error) => {
                    failures.log(self.endpoint.protocol, &error);
                    sleep(PAUSE).await;
                }
            }
        }
        // Clients that are connected already get answers. The queue of a socket of systemd is for the next daemon.
        let last_call = Instant::now() + LAST_CALL;
        while !self.is_passed
            && let Ok(Ok((stream, via))) = timeout_at(last_call, self.socket.accept()).await
        {
            connections.spawn(self.answer(stream, via, oneshot::channel().0));
        }
        drop(self.socket);
        while connections.join_next().await.is_some() {}
    }

    fn answer(
        &self,
        stream: Box<dyn Stream>,
        via: Via,
        waits: oneshot::Sender<()>,
    ) -> impl Future<Output = ()> + use<> {
        answer(Arc::clone(&self.endpoint), stream, via, Arc::clone(&self.share), Arc::clone(&self.shared), waits)
    }
}

/// Serves a connection. Drops `waits` when the connection has its permit.
async fn answer(
    endpoint: Arc<Endpoint>,
    stream: Box<dyn Stream>,
    via: Via,
    share: Arc<Share>,
    shared: Arc<Shared>,
    waits: oneshot::Sender<()>,
) {
    let protocol = endpoint.protocol;
    let _permit = share.permit(|| shared.metrics.count_limit("connections")).await;
    drop(waits);
    let handler: Box<dyn Handler + Send> = match protocol {
        Protocol::Milter => Box::new(Session::new(via != Via::Unix)),
        Protocol::Socketmap => Box::new(Socketmap),
        Protocol::Policy => Box::new(PolicyService),
        Protocol::Line => Box::new(Line::default()),
        Protocol::Filter => Box::new(Filter::default()),
        Protocol::Metrics => Box::new(Http::new(via == Via::Loopback)),
        Protocol::Page => Box::new(Page),
    };
    let _connected = endpoint.connect();
    let connection = Connection { stream, handler, protocol, patience: Patience::Limited, crowded: &share.crowded };
    connection.serve(&shared).await;
}

/// Failures to accept connections, which are logged once in a while: each try may fail until somebody frees a descriptor.
#[derive(Debug, Default)]
struct Failures {
    logged: Option<Instant>,
    since: u64,
}

impl Failures {
    fn log(&mut self, listener: Protocol, error: &io::Error) {
        self.since += 1;
        if self.logged.is_none_or(|logged| logged.elapsed() >= LOG_INTERVAL) {
            error!(%listener, failures = self.since, "accept: {error}");
            *self = Self { logged: Some(Instant::now()), since: 0 };
        }
    }
}
