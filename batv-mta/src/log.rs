//! The log: on standard error, for the journal, or by syslog.

use alloc::borrow::Cow;
use core::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::process;

use batv_report::{Plain, Word};
use tracing::{Level, Metadata};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{Log, LogLevel, LogTo};
use queue::Queue;
use syslog::SyslogSocket;

mod queue;
mod syslog;

/// Facility of messages of mail systems (RFC 3164 §4.1.1).
const MAIL: u8 = 2;

/// Starts the log of the process as the configuration says, until the result is dropped. Later calls change nothing. If the
/// journal reads standard error ([`is_read_by_journal`]), each line begins with its priority.
///
/// Lines have no time: the journal and syslog add it. A log that can't be written, as on a full disk, doesn't stop mail.
///
/// ```
/// use batv_mta::config::Log;
///
/// let _log = batv_mta::log::begin(Log::default(), false);
/// tracing::debug!("not kept");
/// ```
pub fn begin(log: Log, by_journal: bool) -> WorkerGuard {
    let (to, guard) = match log.to {
        LogTo::Stderr => queue::begin(io::stderr()),
        LogTo::Syslog => queue::begin(SyslogSocket::default()),
    };
    match log.to {
        LogTo::Stderr if by_journal => write_to(Lines { priority: Some((0, String::new())), to }, log.level, true),
        LogTo::Stderr => write_to(Lines { priority: None, to }, log.level, true),
        // The priority has the level.
        LogTo::Syslog => {
            let tag = format!("batvd[{}]: ", process::id());
            write_to(Lines { priority: Some((MAIL, tag)), to }, log.level, false);
        }
    }
    guard
}

fn write_to<W: for<'w> MakeWriter<'w> + Send + Sync + 'static>(writer: W, level: LogLevel, shows_level: bool) {
    let level = match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(writer)
        .with_ansi(false)
        .with_level(shows_level)
        .without_time()
        .with_target(false)
        // It would report them on standard error, and panic if that fails, too.
        .log_internal_errors(false);
    let _ = subscriber.try_init();
}

/// Whether systemd connected standard error to the journal (systemd.exec(5), `$JOURNAL_STREAM`). Ask before the process is
/// confined.
///
/// ```
/// use batv_mta::log::is_read_by_journal;
///
/// assert!(std::env::var_os("JOURNAL_STREAM").is_some() || !is_read_by_journal());
/// ```
pub fn is_read_by_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    let metadata = io::stderr().as_fd().try_clone_to_owned().map(File::from).and_then(|stderr| stderr.metadata());
    metadata.is_ok_and(|metadata| stream == format!("{}:{}", metadata.dev(), metadata.ino()))
}

/// An address, or other words of strangers, as the value of a field: [`Word`].
pub(crate) fn word(value: impl fmt::Display) -> String {
    Word::from(value.to_string()).in_log().to_string()
}

/// The lines of the log, in which no character affects the text around it.
struct Lines {
    /// Facility and tag, where each line begins with its priority, which the journal (sd-daemon(3)) and syslog (RFC 3164
    /// §4.1.1) take off.
    priority: Option<(u8, String)>,
    to: Queue,
}

impl Lines {
    fn line(&self, severity: u8) -> Line {
        let priority = self.priority.as_ref();
        let prefix = priority.map(|(facility, tag)| format!("<{}>{tag}", facility << 3 | severity));
        Line { prefix: prefix.unwrap_or_default(), to: self.to.clone() }
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Line;

    fn make_writer(&'w self) -> Line {
        self.line(6)
    }

    fn make_writer_for(&'w self, metadata: &Metadata<'_>) -> Line {
        self.line(match *metadata.level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            Level::DEBUG | Level::TRACE => 7,
        })
    }
}

/// One line, which is written by a single call.
struct Line {
    prefix: String,
    to: Queue,
}

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.to.write_all(&[self.prefix.as_bytes(), &plain(line)].concat())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// A line whose control characters, and those that are invisible or change the direction of text, are escaped. Addresses
/// come with escapes that can be read back; this is for all other words of peers.
fn plain(line: &[u8]) -> Cow<'_, [u8]> {
    let (text, end) = line.strip_suffix(b"\n").map_or((line, ""), |text| (text, "\n"));
    if text.iter().all(|octet| matches!(octet, b' '..=b'~')) {
        return Cow::Borrowed(line);
    }
    Cow::Owned(format!("{}{end}", Plain(&String::from_utf8_lossy(text))).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_of_a_line_affects_the_text_around_it() {
        for (line, shown) in [
            (" INFO ready\n", " INFO ready\n"),
            ("from=ü@example.com\n", "from=ü@example.com\n"),
            ("why: one\nINFO judged\r\n", "why: one\\u{a}INFO judged\\u{d}\n"),
            ("a\u{202e}b\u{2028}c\u{feff}\u{1b}[31m", "a\\u{202e}b\\u{2028}c\\u{feff}\\u{1b}[31m"),
        ] {
            assert_eq!(String::from_utf8_lossy(&plain(line.as_bytes())), shown);
        }
    }
}
