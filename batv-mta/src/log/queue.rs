//! The queue of lines before the log: a slow reader costs lines, but no mail and not all memory.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::io::{self, Write};

use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::fmt::MakeWriter;

/// Octets of lines that wait; further lines are lost.
const QUEUE_OCTETS: usize = 4 * 1024 * 1024;
/// Octets that a line counts at least, so that the octets are used up before the places in the queue.
const LEAST_OCTETS: usize = 256;
/// Octets of a line. Our own are shorter, whatever a peer says.
const LINE_OCTETS: usize = 8 * 1024;

/// Starts a thread that writes lines.
pub(super) fn begin(to: impl Write + Send + 'static) -> (Queue, WorkerGuard) {
    let octets = Arc::<AtomicUsize>::default();
    let counted = Counted { to, octets: Arc::clone(&octets) };
    let places = QUEUE_OCTETS / LEAST_OCTETS;
    let (lines, guard) = NonBlockingBuilder::default().buffered_lines_limit(places).finish(counted);
    (Queue { lines, octets }, guard)
}

/// The octets of the queue that a line takes.
fn cost(line: &[u8]) -> usize {
    line.len().max(LEAST_OCTETS)
}

/// The end of the queue that lines are put into.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    lines: NonBlocking,
    octets: Arc<AtomicUsize>,
}

impl Write for Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let cut = line.get(..LINE_OCTETS).map(|start| [start, b"\n"].concat());
        let kept = cut.as_deref().unwrap_or(line);
        let cost = cost(kept);
        if self.octets.fetch_add(cost, Ordering::Relaxed) + cost > QUEUE_OCTETS {
            self.octets.fetch_sub(cost, Ordering::Relaxed);
        } else {
            self.lines.write_all(kept)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Queue {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The log, which counts the lines that have left the queue.
struct Counted<W> {
    to: W,
    octets: Arc<AtomicUsize>,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let written = self.to.write_all(line);
        self.octets.fetch_sub(cost(line), Ordering::Relaxed);
        written.map(|()| line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, pipe};

    use super::*;

    #[test]
    fn lines_beyond_the_octets_are_lost_until_some_are_read() {
        let (mut reader, writer) = pipe().expect("a pipe");
        let (mut queue, guard) = begin(writer);
        let line = [&[b'x'; 20_000][..], b"\n"].concat();
        for _ in 0..1_000 {
            queue.write_all(&line).expect("a queue");
        }
        assert!(queue.octets.load(Ordering::Relaxed) <= QUEUE_OCTETS);
        // The thread waits for the reader, and so does the end of it.
        let text = std::thread::spawn(move || {
            let mut text = String::new();
            reader.read_to_string(&mut text).expect("UTF-8");
            text
        });
        while queue.octets.load(Ordering::Relaxed) > 0 {
            std::thread::yield_now();
        }
        queue.write_all(b"the last one\n").expect("a queue");
        drop((queue, guard));
        let text = text.join().expect("text");
        let lines = text.lines().count();
        assert!((400..1_000).contains(&lines) && text.ends_with("the last one\n"), "{lines}");
        assert!(text.lines().all(|line| line.len() <= LINE_OCTETS));
    }
}
