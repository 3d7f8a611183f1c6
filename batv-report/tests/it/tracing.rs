//! What the daemon's log writes, read back: by the format of `tracing` that it has, with hostile values.

use alloc::sync::Arc;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use batv_report::{Decision, Outcome, Reader, Told, Word};
use tracing::{info, warn};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

fn written(says_level: bool, log: impl FnOnce()) -> String {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_ansi(false)
        .with_level(says_level)
        .without_time()
        .with_target(false)
        .finish();
    tracing::subscriber::with_default(subscriber, log);
    let octets = lines.0.lock().expect("nobody panicked").clone();
    String::from_utf8(octets).expect("UTF-8")
}

#[test]
fn decisions() {
    for queue_id in ["", "4Zx1", "a \"b\" c=d", "\\", "ü\n\t\u{1b}[31m", "reason=tag-ok"] {
        for to in
            ["alice@example.com", "\"a b=c \\\" verdict=genuine\"@example.com", "prvs=0123abcdef=\"a b\"@example.com"]
        {
            for class in [None, Some("dsn")] {
                for says_level in [true, false] {
                    let mut judged = Decision::default();
                    (judged.listener, judged.queue_id, judged.client) = ("milter", queue_id.into(), "192.0.2.7".into());
                    (judged.from, judged.to, judged.verdict) = ("<>".into(), to.into(), "disproved");
                    (judged.reason, judged.disposition, judged.mode) = ("tag-forged", "reject", "reject");
                    (judged.in_reject, judged.at) = (Some("reject"), "rcpt");
                    (judged.class, judged.origin) = (class, class.map(|_| "disproved"));
                    let line = written(says_level, || info!("{judged}"));
                    let mut reader = Reader::new(0);
                    let event = reader.read(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
                    assert_eq!(event.told, Told::Decision(judged), "{line}");
                }
            }
        }
    }
}

#[test]
fn departures() {
    let address = "\"a b \u{202e}\"@example.com";
    let from = Word::from(address);
    let from = from.in_log();
    let reason = "a local part of 70 octets: at most 64 are \"good\"";
    for (outcome, told, line) in [
        (Outcome::Tagged, "", written(true, || info!(queue_id = "4Zx1", from = %from, key = %4, "tagged"))),
        (
            Outcome::Aliased,
            reason,
            written(true, || info!(queue_id = "4Zx1", from = %from, reason = %reason, "tagged by a handle")),
        ),
        (Outcome::Forwarded, "", written(true, || info!(queue_id = "4Zx1", from = %from, "forwarded"))),
        (
            Outcome::Exempt,
            "exempt-recipient",
            written(true, || info!(queue_id = "", from = %from, reason = "exempt-recipient", "left untagged")),
        ),
        (Outcome::Untagged, reason, written(true, || warn!(from = %from, reason = %reason, "left untagged"))),
        (
            Outcome::NotForwarded,
            reason,
            written(true, || warn!(queue_id = "4Zx1", from = %from, reason = %reason, "left as it is")),
        ),
        (
            Outcome::NotNotified,
            "unproved",
            written(true, || info!(queue_id = "4Zx1", from = %from, reason = %"unproved", "never notified")),
        ),
    ] {
        let mut reader = Reader::new(0);
        let event = reader.read(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
        let Told::Departure(departure) = event.told else { panic!("{line}") };
        assert_eq!((departure.outcome, &*departure.from, departure.reason), (outcome, address, told), "{line}");
        assert_eq!(departure.key, (outcome == Outcome::Tagged).then_some(4), "{line}");
    }
}
