//! One connection: octets to its listener, answers back, and how long it may take.

use core::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::worker::Shared;
use crate::config::Limits;
use crate::protocol::{Flow, Handler, Protocol};

/// Octets that a connection has room for at first; it grows with what comes.
const FIRST_READ: usize = 4096;
/// For a request that is on its way when the daemon stops.
const LAST_WORDS: Duration = Duration::from_millis(50);
/// As good as for ever: about a year.
const ENDLESS: Duration = Duration::from_secs(365 * 86_400);

/// Both ways.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Whether a connection is closed for saying nothing.
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

/// Serves until the peer or the protocol ends it, time is up, or, between messages, the daemon stops.
pub(super) async fn serve(
    stream: Box<dyn Stream>,
    listener: Box<dyn Handler + Send>,
    protocol: Protocol,
    patience: Patience,
    shared: &Shared,
) {
    shared.metrics.open_connection(protocol);
    let reason = exchange(stream, listener, protocol, patience, shared).await;
    shared.metrics.close_connection(protocol, reason);
}

async fn exchange(
    mut stream: Box<dyn Stream>,
    mut listener: Box<dyn Handler + Send>,
    protocol: Protocol,
    patience: Patience,
    shared: &Shared,
) -> &'static str {
    let mut stop = shared.stop.clone();
    let mut pending = Vec::new();
    let mut answers = Vec::new();
    // What a peer has begun, and that it begins at all, is not put off by single octets.
    let mut deadline = Instant::now() + patience.limits(shared.settings.load().config().limits).0;
    let mut had_last_words = false;
    loop {
        let stopping = *stop.borrow_and_update();
        if stopping && !listener.is_busy() && pending.is_empty() {
            if had_last_words {
                return "stopped";
            }
            had_last_words = true;
            deadline = deadline.min(Instant::now() + LAST_WORDS);
        }
        let had_begun = !pending.is_empty();
        pending.reserve(FIRST_READ);
        let read = tokio::select! {
            read = timeout_at(deadline, stream.read_buf(&mut pending)) => read,
            changed = stop.changed(), if !stopping => match changed {
                Ok(()) => continue,
                Err(_) => return "stopped",
            },
        };
        match read {
            Ok(Ok(1..)) => {}
            Ok(_) => return "peer",
            Err(_) if stopping && pending.is_empty() => return "stopped",
            Err(_) => return "timeout",
        }
        let start = Instant::now();
        let settings = shared.settings.load_full();
        let (request, idle) = patience.limits(settings.config().limits);
        let (taken, flow) = listener.receive(&pending, &settings, &mut answers);
        pending.drain(..taken);
        if pending.is_empty() {
            deadline = start + idle;
        } else if taken > 0 || !had_begun {
            deadline = start + request;
        }
        if !answers.is_empty() {
            // A peer that takes no answers gets no more of our time than one that says nothing.
            let write = async {
                stream.write_all(&answers).await?;
                stream.flush().await
            };
            match timeout(request, write).await {
                Ok(Ok(())) => answers.clear(),
                Ok(Err(_)) => return "peer",
                Err(_) => return "timeout",
            }
            shared.metrics.measure_answer(protocol, start.elapsed());
        }
        if flow == Flow::Close {
            return "closed";
        }
    }
}
