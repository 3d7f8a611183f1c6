//! Takes the connections of one socket, each for a listener of its own.

use alloc::sync::Arc;
use core::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::error;

use super::connection::{Patience, Stream, serve};
use super::socket::Socket;
use super::worker::Shared;
use crate::filter::Filter;
use crate::http::Http;
use crate::line::Line;
use crate::listening::Listening;
use crate::milter::Session;
use crate::page::Page;
use crate::policy::PolicyService;
use crate::protocol::{Handler, Protocol};
use crate::socketmap::Socketmap;

/// After a failure of accept, as when there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(100);
/// For whoever connected just before the daemon stops.
const LAST_CALL: Duration = Duration::from_millis(50);

/// One socket, and who speaks there.
pub(super) struct Listener {
    pub(super) place: Arc<Listening>,
    pub(super) socket: Socket,
    /// Whether systemd listens on when we don't.
    pub(super) is_passed: bool,
    /// Sockets in the place of one that nobody finds any more.
    pub(super) changes: mpsc::UnboundedReceiver<Socket>,
    pub(super) shared: Arc<Shared>,
}

impl Listener {
    /// Takes connections until it is told to stop, then lets them end.
    pub(super) async fn run(mut self) {
        let mut stop = self.shared.stop.clone();
        let mut connections = JoinSet::new();
        let mut last: Option<oneshot::Receiver<()>> = None;
        loop {
            while connections.try_join_next().is_some() {}
            // Who comes after one that waits for its turn is left to the kernel, for it would cost a file descriptor.
            let next = async {
                if let Some(has_its_turn) = &mut last {
                    let _ = has_its_turn.await;
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
                Ok((stream, over_tcp)) => {
                    let (waits, has_its_turn) = oneshot::channel();
                    last = Some(has_its_turn);
                    connections.spawn(self.answer(stream, over_tcp, waits));
                }
                Err(error) => {
                    error!(listener = %self.place.protocol, "accept: {error}");
                    sleep(PAUSE).await;
                }
            }
        }
        // Whoever has connected already gets an answer. What systemd listens on is left to whoever comes after us.
        let last_call = Instant::now() + LAST_CALL;
        while !self.is_passed
            && let Ok(Ok((stream, over_tcp))) = timeout_at(last_call, self.socket.accept()).await
        {
            connections.spawn(self.answer(stream, over_tcp, oneshot::channel().0));
        }
        drop(self.socket);
        while connections.join_next().await.is_some() {}
    }

    fn answer(
        &self,
        stream: Box<dyn Stream>,
        over_tcp: bool,
        waits: oneshot::Sender<()>,
    ) -> impl Future<Output = ()> + use<> {
        answer(Arc::clone(&self.place), stream, over_tcp, Arc::clone(&self.shared), waits)
    }
}

/// Has `waits` as long as it waits for its turn.
async fn answer(
    place: Arc<Listening>,
    stream: Box<dyn Stream>,
    over_tcp: bool,
    shared: Arc<Shared>,
    waits: oneshot::Sender<()>,
) {
    let protocol = place.protocol;
    // Whoever watches the daemon is not kept waiting by its load.
    let _permit = match protocol {
        Protocol::Metrics | Protocol::Page => None,
        _ => shared.take_turn().await,
    };
    drop(waits);
    let listener: Box<dyn Handler + Send> = match protocol {
        Protocol::Milter => Box::new(Session::new(over_tcp)),
        Protocol::Socketmap => Box::new(Socketmap),
        Protocol::Policy => Box::new(PolicyService),
        Protocol::Line => Box::new(Line),
        Protocol::Filter => Box::new(Filter::default()),
        Protocol::Metrics => Box::new(Http),
        Protocol::Page => Box::new(Page),
    };
    let _connected = place.connect();
    serve(stream, listener, protocol, Patience::Limited, &shared).await;
}
