//! errors
use std::path::PathBuf;

/// Why.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What a keyring file says is wrong.
    #[error("{}line {line}, column {column}: {fault}", .path.as_ref().map(|path| format!("{}: ", path.display())).unwrap_or_default())]
    Content {
        /// The file.
        path: Option<PathBuf>,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What.
        fault: Fault,
    },
    /// The clock.
    #[error("the clock of the system is not from 1970-01-01 to 9999-12-31")]
    Clock,
    /// No date.
    #[error("no date of RFC 3339 from 1970-01-01 to 9999-12-31: one is 2026-11-23 or 2026-11-23T12:00:00Z")]
    Date,
}

/// What is wrong with the text of a keyring.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// not TOML
    #[error("{0}")]
    Syntax(String),
}
