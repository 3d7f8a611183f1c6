//! The section `log`.

use serde::Deserialize;

/// Destination of the log, and its level.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Log {
    /// Destination.
    pub to: LogTo,
    /// Lowest level that is logged.
    pub level: LogLevel,
}

/// Destination of the log.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum LogTo {
    /// Standard error, which the journal reads.
    #[default]
    Stderr,
    /// syslog(3), facility mail.
    Syslog,
}

/// Level of a log line.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum LogLevel {
    /// Failures that keep the daemon from its work.
    Error,
    /// Conditions that an administrator should look at.
    Warn,
    /// Every decision.
    #[default]
    Info,
    /// Negotiations with mail servers.
    Debug,
}
