//! One connection: octets to its handler, answers back, and the time-outs.

use alloc::sync::Arc;
use core::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::shared::Shared;
use crate::config::Limits;
use crate::listen::handler::{Flow, Handler};
use crate::protocol::Protocol;
use crate::settings::Settings;

/// First size of the buffer of a connection, in octets. It grows with the requests.
const BUFFER_SIZE: usize = 4096;
/// Time for a request that is on its way when the daemon stops.
const STOP_GRACE: Duration = Duration::from_millis(50);
/// About a year, which is as good as for ever.
const ENDLESS: Duration = Duration::from_secs(365 * 86_400);

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

/// Serves a connection until the peer or the protocol closes it, time is up, or, between messages, the daemon stops.
pub(super) async fn serve(
    stream: Box<dyn Stream>,
    handler: Box<dyn Handler + Send>,
    protocol: Protocol,
    patience: Patience,
    shared: &Shared,
) {
    shared.metrics.open_connection(protocol);
    let reason = exchange(stream, handler, protocol, patience, shared).await;
    shared.metrics.close_connection(protocol, reason);
}

/// The octets of a connection, and their handler.
struct Talk {
    handler: Box<dyn Handler + Send>,
    pending: Vec<u8>,
    answers: Vec<u8>,
}

impl Talk {
    /// Answers the requests that have come; those with a long message in its turn, on a thread for such. Returns the number of
    /// octets that were taken. `None` if that failed.
    async fn answer(self, settings: Arc<Settings>, shared: &Shared) -> Option<(Self, usize, Flow)> {
        match self.handler.load(&self.pending) {
            None => Some(self.answer_at_once(&settings)),
            Some(load) => shared.judges.run(load, move || self.answer_at_once(&settings)).await,
        }
    }

    fn answer_at_once(mut self, settings: &Arc<Settings>) -> (Self, usize, Flow) {
        let (taken, flow) = self.handler.receive(&self.pending, settings, &mut self.answers);
        self.pending.drain(..taken);
        (self, taken, flow)
    }
}

/// Exchanges requests and answers. Returns the reason for the end, as the metrics name it.
async fn exchange(
    mut stream: Box<dyn Stream>,
    handler: Box<dyn Handler + Send>,
    protocol: Protocol,
    patience: Patience,
    shared: &Shared,
) -> &'static str {
    let mut stop = shared.stop.clone();
    let mut talk = Talk { handler, pending: Vec::new(), answers: Vec::new() };
    // Single octets don't extend the time for a request, nor for the first one.
    let mut deadline = Instant::now() + patience.limits(shared.settings.load().config().limits).0;
    let mut in_grace = false;
    loop {
        let stopping = *stop.borrow_and_update();
        if stopping && !talk.handler.is_busy() && talk.pending.is_empty() {
            if in_grace {
                return "stopped";
            }
            in_grace = true;
            deadline = deadline.min(Instant::now() + STOP_GRACE);
        }
        let had_begun = !talk.pending.is_empty();
        talk.pending.reserve(BUFFER_SIZE);
        let read = tokio::select! {
            read = timeout_at(deadline, stream.read_buf(&mut talk.pending)) => read,
            changed = stop.changed(), if !stopping => match changed {
                Ok(()) => continue,
                Err(_) => return "stopped",
            },
        };
        match read {
            Ok(Ok(1..)) => {}
            Ok(_) => return "peer",
            Err(_) if stopping && talk.pending.is_empty() => return "stopped",
            Err(_) => return "timeout",
        }
        let start = Instant::now();
        let settings = shared.settings.load_full();
        let (request, idle) = patience.limits(settings.config().limits);
        let Some(answered) = talk.answer(settings, shared).await else { return "closed" };
        let (taken, flow);
        (talk, taken, flow) = answered;
        if talk.pending.is_empty() {
            deadline = start + idle;
        } else if taken > 0 || !had_begun {
            deadline = start + request;
        }
        if !talk.answers.is_empty() {
            if let Err(reason) = write(&mut stream, &talk.answers, request).await {
                return reason;
            }
            talk.answers.clear();
            shared.metrics.measure_answer(protocol, start.elapsed());
        }
        if flow == Flow::Close {
            return "closed";
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
