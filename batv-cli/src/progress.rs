//! Progress of a long stream, on a terminal.

use core::mem;
use core::time::Duration;
use std::io::Write;
use std::time::Instant;

const SHOWN_AFTER: Duration = Duration::from_secs(2);
const SHOWN_EVERY: Duration = Duration::from_millis(500);
/// Back to the start of the line, and clear it (ECMA-48, `EL`).
const CLEAR: &str = "\r\x1b[K";

/// Lines or messages, and octets, so far.
#[derive(Debug)]
pub(crate) struct Progress {
    begun: Instant,
    /// When it is shown again; `None` if it never is.
    due: Option<Instant>,
    visible: bool,
    /// Unit that is counted, in the plural.
    unit: &'static str,
    count: u64,
    octets: u64,
}

impl Progress {
    pub(crate) fn new(unit: &'static str, is_shown: bool) -> Self {
        let begun = Instant::now();
        Self { begun, due: is_shown.then(|| begun + SHOWN_AFTER), visible: false, unit, count: 0, octets: 0 }
    }

    /// Counts answers, and shows the count now and then. An error of the terminal does not stop anything.
    pub(crate) fn add(&mut self, count: u64, octets: usize, terminal: &mut impl Write) {
        self.count += count;
        self.octets += octets as u64;
        let now = Instant::now();
        if self.due.is_none_or(|due| now < due) {
            return;
        }
        self.due = Some(now + SHOWN_EVERY);
        self.visible = true;
        let each_second = u128::from(self.count) * 1000 / (now - self.begun).as_millis().max(1);
        let megabytes = self.octets / 1_000_000;
        let Self { unit, count, .. } = self;
        let _ = write!(terminal, "{CLEAR}{count} {unit}, {megabytes} MB, {each_second} {unit}/s");
    }

    /// Writes notes in place of the progress.
    pub(crate) fn note(&mut self, notes: &[u8], terminal: &mut impl Write) {
        if !notes.is_empty() {
            self.clear(terminal);
            // Standard error may be closed: then nobody wants to be told.
            let _ = terminal.write_all(notes);
        }
    }

    /// Leaves the line free for something else.
    pub(crate) fn clear(&mut self, terminal: &mut impl Write) {
        if mem::take(&mut self.visible) {
            let _ = terminal.write_all(CLEAR.as_bytes());
        }
    }
}
