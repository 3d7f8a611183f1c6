//! Where the log goes.

use std::io;

use syslog_tracing::{Facility, InvalidCharAction, Options, Syslog};
use tracing::Level;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{Log, LogLevel, LogTo};

/// Sends all that is logged from now on where the configuration says, until what is given back is dropped. Once in a
/// process: later calls change nothing.
///
/// Whoever keeps the log knows the time and the program. When it can't be written, as on a full disk or into a pipe that
/// nobody reads, mail goes on without it.
///
/// ```
/// use batv_mta::config::Log;
///
/// let _log = batv_mta::log::begin(Log::default());
/// tracing::debug!("not kept");
/// ```
#[must_use]
pub fn begin(log: Log) -> Option<WorkerGuard> {
    match log.to {
        LogTo::Stderr => {
            let (writer, guard) = tracing_appender::non_blocking(io::stderr());
            write_to(writer, log.level, true);
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
