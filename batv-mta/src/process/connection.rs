//! One connection: octets to its handler, answers back, and the time-outs.

use alloc::sync::Arc;
use core::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use super::shared::Shared;
use crate::config::Limits;
use crate::held::{Held, Holder};
use crate::listen::handler::{ANSWER_OCTETS, Flow, Handler};
use crate::protocol::Protocol;
use crate::settings::Settings;

/// First size of the buffer of a connection, in octets. It grows with the requests.
const BUFFER_SIZE: usize = 4096;
/// Octets that are read at a time.
const READ_OCTETS: usize = 64 * 1024;
/// Octets of a request that is refused when the total has no room: more than a piece of a body has, so that a message under
/// way is answered in the words of its protocol.
const LARGE_REQUEST: usize = 160 * 1024;
/// Size of a buffer, in octets, that a connection between requests keeps.
const KEPT_SIZE: usize = 16 * 1024;
/// Time for a request that is on its way when the daemon stops.
const STOP_GRACE: Duration = Duration::from_millis(50);
/// About a year, which is as good as for ever.
pub(super) const ENDLESS: Duration = Duration::from_secs(365 * 86_400);

/// A bidirectional byte stream.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Whether an idle connection is closed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Patience {
    Endless,
    Limited,
}

impl Patience {
    fn limits(self, limits: Limits) -> (Duration, Duration) {
        match self {
            Self::Endless => (ENDLESS, ENDLESS),
            Self::Limited => (Duration::from_secs(limits.request_seconds), Duration::from_secs(limits.idle_seconds)),
        }
    }
}

/// One connection, and what it does not share with others.
pub(super) struct Connection<'c> {
    pub(super) stream: Box<dyn Stream>,
    pub(super) handler: Box<dyn Handler + Send>,
    pub(super) protocol: Protocol,
    pub(super) patience: Patience,
    /// Wakes the connection that has been idle for the longest when another one waits for its place.
    pub(super) crowded: &'c Notify,
}

impl Connection<'_> {
    /// Serves it until the peer or the protocol closes it, time is up, or, between messages, the daemon stops.
    pub(super) async fn serve(self, shared: &Shared) {
        let protocol = self.protocol;
        shared.metrics.open_connection(protocol);
        let reason = exchange(self, shared).await;
        shared.metrics.close_connection(protocol, reason);
    }
}

/// Whether a connection may be closed for another one that waits. Peers of tables and policies connect again and ask again
/// (Postfix does so by itself); those of pages wait for a first answer only. With a milter, messages would have to come again.
const fn gives_way(protocol: Protocol, was_answered: bool) -> bool {
    match protocol {
        Protocol::Socketmap | Protocol::Policy | Protocol::Line => was_answered,
        Protocol::Metrics | Protocol::Page => true,
        Protocol::Milter | Protocol::Filter => false,
    }
}

/// Requests that are not complete, and answers that are not written.
struct Buffers {
    pending: Vec<u8>,
    answers: Vec<u8>,
    held: Held,
}

impl Buffers {
    /// Shrinks them, and counts what they hold of the total. Returns whether the request may go on.
    fn settle(&mut self, is_busy: bool) -> bool {
        if !is_busy && self.pending.len() < BUFFER_SIZE && self.pending.capacity() > KEPT_SIZE {
            self.pending.shrink_to(BUFFER_SIZE);
        }
        if self.answers.is_empty() && self.answers.capacity() > KEPT_SIZE {
            self.answers = Vec::new();
        }
        // What a connection keeps between requests is counted by `limits.connections`.
        let octets = (self.pending.capacity() + self.answers.capacity()).saturating_sub(2 * KEPT_SIZE);
        let has_room = self.held.resize(octets);
        self.held.set(octets);
        has_room || self.pending.len() < LARGE_REQUEST
    }
}

/// The octets of a connection, and their handler.
struct Talk {
    handler: Box<dyn Handler + Send>,
    buffers: Buffers,
}

impl Talk {
    /// Whether a request has begun that is not complete.
    fn has_begun(&self) -> bool {
        !self.buffers.pending.is_empty() || self.handler.is_in_request()
    }

    /// Answers the requests that have come; those with a long message in its turn, on a thread for such. Returns the number of
    /// octets that were taken. `None` if that failed.
    async fn receive(self, settings: Arc<Settings>, shared: &Shared) -> Option<(Self, usize, Flow)> {
        match self.handler.load(&self.buffers.pending) {
            None => Some(self.receive_at_once(&settings)),
            Some(load) => shared.judges.run(load, move || self.receive_at_once(&settings)).await,
        }
    }

    fn receive_at_once(mut self, settings: &Arc<Settings>) -> (Self, usize, Flow) {
        let Buffers { pending, answers, .. } = &mut self.buffers;
        let (taken, flow) = self.handler.receive(pending, settings, answers);
        pending.drain(..taken);
        (self, taken, flow)
    }
}

/// Exchanges requests and answers. Returns the reason for the end, as the metrics name it.
async fn exchange(connection: Connection<'_>, shared: &Shared) -> &'static str {
    let Connection { mut stream, handler, protocol, patience, crowded } = connection;
    let mut stop = shared.stop.clone();
    let buffers =
        Buffers { pending: Vec::new(), answers: Vec::new(), held: Held::new(shared.metrics.total(), Holder::Ours) };
    let mut talk = Talk { handler, buffers };
    // Single octets don't extend the time for a request, nor for the first one.
    let mut deadline = Instant::now() + patience.limits(shared.settings.load().config().limits).0;
    let mut in_grace = false;
    let mut was_answered = false;
    loop {
        let had_begun = talk.has_begun();
        let stopping = *stop.borrow_and_update();
        if stopping && !talk.handler.is_busy() && !had_begun {
            if in_grace {
                return "stopped";
            }
            in_grace = true;
            deadline = deadline.min(Instant::now() + STOP_GRACE);
        }
        let is_idle = !had_begun || matches!(protocol, Protocol::Metrics | Protocol::Page);
        let gives_way = is_idle && gives_way(protocol, was_answered);
        talk.buffers.pending.reserve(if talk.handler.is_in_request() { READ_OCTETS } else { BUFFER_SIZE });
        let mut piece = (&mut stream).take(READ_OCTETS as u64);
        let read = tokio::select! {
            // A request that is there already is answered.
            biased;
            read = timeout_at(deadline, piece.read_buf(&mut talk.buffers.pending)) => read,
            changed = stop.changed(), if !stopping => match changed {
                Ok(()) => continue,
                Err(_) => return "stopped",
            },
            () = crowded.notified(), if gives_way => return "idle",
        };
        match read {
            Ok(Ok(1..)) => {}
            Ok(_) => return "peer",
            Err(_) if stopping && !had_begun => return "stopped",
            Err(_) => return "timeout",
        }
        let answered;
        (talk, answered) = match answer(&mut stream, talk, protocol, patience, shared).await {
            Ok(answered) => answered,
            Err(reason) => return reason,
        };
        let Answered { start, limits: (request, idle), any } = answered;
        was_answered |= any;
        if !talk.has_begun() {
            deadline = start + idle;
        } else if any || !had_begun {
            deadline = start + request;
        }
    }
}

/// How the requests of one read were answered.
struct Answered {
    start: Instant,
    /// The time for a request, and between requests.
    limits: (Duration, Duration),
    /// Whether there was a complete one.
    any: bool,
}

/// Answers the requests that are complete, and writes the answers.
///
/// # Errors
/// The reason for the end of the connection.
async fn answer(
    stream: &mut Box<dyn Stream>,
    mut talk: Talk,
    protocol: Protocol,
    patience: Patience,
    shared: &Shared,
) -> Result<(Talk, Answered), &'static str> {
    let start = Instant::now();
    let mut any = false;
    loop {
        let settings = shared.settings.load_full();
        let limits = patience.limits(settings.config().limits);
        let was_in_request = talk.handler.is_in_request();
        let (taken, flow);
        (talk, taken, flow) = talk.receive(settings, shared).await.ok_or("closed")?;
        let Talk { handler, buffers } = &mut talk;
        let is_full = buffers.answers.len() >= ANSWER_OCTETS;
        // Pieces of a long request are taken before it is complete.
        any |= !buffers.answers.is_empty() || taken > 0 && !was_in_request && !handler.is_in_request();
        if !buffers.answers.is_empty() {
            buffers.settle(true);
            write(stream, &buffers.answers, limits.0).await?;
            buffers.answers.clear();
            shared.metrics.measure_answer(protocol, start.elapsed());
        }
        if flow == Flow::Close {
            return Err("closed");
        }
        if !buffers.settle(handler.is_busy() || handler.is_in_request()) {
            shared.metrics.count_limit("total_octets");
            return Err("memory");
        }
        if !is_full {
            return Ok((talk, Answered { start, limits, any }));
        }
    }
}

/// A peer that reads no answers gets no more time than an idle one.
async fn write(stream: &mut Box<dyn Stream>, answers: &[u8], limit: Duration) -> Result<(), &'static str> {
    let write = async {
        stream.write_all(answers).await?;
        stream.flush().await
    };
    match timeout(limit, write).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err("peer"),
        Err(_) => Err("timeout"),
    }
}
