//! Where the log goes.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use syslog_tracing::{Facility, InvalidCharAction, Options, Syslog};
use tracing::{Level, Metadata};
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{Log, LogLevel, LogTo};

/// Sends all that is logged from now on where the configuration says, until what is given back is dropped. Once in a
/// process: later calls change nothing. Where the journal reads standard error ([`is_read_by_journal`]) each line begins with
/// its priority.
///
/// Whoever keeps the log knows the time and the program. When it can't be written, as on a full disk or into a pipe that
/// nobody reads, mail goes on without it.
///
/// ```
/// use batv_mta::config::Log;
///
/// let _log = batv_mta::log::begin(Log::default(), false);
/// tracing::debug!("not kept");
/// ```
#[must_use]
pub fn begin(log: Log, by_journal: bool) -> Option<WorkerGuard> {
    match log.to {
        LogTo::Stderr => {
            let (writer, guard) = tracing_appender::non_blocking(io::stderr());
            if by_journal {
                write_to(Journal(writer), log.level, true);
            } else {
                write_to(writer, log.level, true);
            }
            Some(guard)
        }
        LogTo::Syslog => {
            let syslog = Syslog::new(c"batvd", Options::LOG_PID, Facility::Mail);
            // A line that syslog(3) can't take whole is still a line.
            let syslog = syslog.map(|syslog| syslog.invalid_chars(InvalidCharAction::ReplaceWith('?')));
            if let Some(syslog) = syslog {
                // It has levels of its own.
                write_to(syslog, log.level, false);
            }
            None
        }
    }
}

fn write_to<W: for<'w> MakeWriter<'w> + Send + Sync + 'static>(writer: W, level: LogLevel, says_level: bool) {
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
        .with_level(says_level)
        .without_time()
        .with_target(false)
        // It would complain on standard error, and panic when that can't be written either.
        .log_internal_errors(false);
    let _ = subscriber.try_init();
}

/// Whether standard error is what systemd connected to the journal (systemd.exec(5), `$JOURNAL_STREAM`), and not what somebody
/// put in its place. Who is confined can't tell any more.
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

/// Begins each line with its priority, which the journal takes off and keeps beside the line (sd-daemon(3)).
struct Journal(NonBlocking);

impl<'w> MakeWriter<'w> for Journal {
    type Writer = Prefixed;

    fn make_writer(&'w self) -> Prefixed {
        Prefixed { prefix: "<6>", to: self.0.clone() }
    }

    fn make_writer_for(&'w self, metadata: &Metadata<'_>) -> Prefixed {
        let prefix = match *metadata.level() {
            Level::ERROR => "<3>",
            Level::WARN => "<4>",
            Level::INFO => "<6>",
            Level::DEBUG | Level::TRACE => "<7>",
        };
        Prefixed { prefix, to: self.0.clone() }
    }
}

/// A line is written at once.
struct Prefixed {
    prefix: &'static str,
    to: NonBlocking,
}

impl Write for Prefixed {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.to.write_all(&[self.prefix.as_bytes(), line].concat())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
