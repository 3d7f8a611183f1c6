//! Errors that end the program with exit status 2.

use core::error::Error as _;
use core::fmt;
use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Keyring(#[from] batv_config::Error),
    #[error(transparent)]
    Core(#[from] batv_core::Error),
    #[error(transparent)]
    Scope(#[from] batv_config::ScopeError),
    #[error(transparent)]
    Export(#[from] batv_config::export::ExportError),
    #[error(transparent)]
    Date(#[from] batv_config::date::DateError),
    #[error(transparent)]
    Import(#[from] batv_config::import::ImportError),
    #[error("{}: {source}", .path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{}: {source}", .path.display())]
    KeyFile { path: PathBuf, source: batv_config::Error },
    #[error("{}: {source}", .path.display())]
    DkimKey { path: PathBuf, source: batv_bounce::dkim::KeyError },
    #[error("no keyring found: create one with `batv key new`, or name one with --keyring, BATV_KEYRING or --key-file")]
    NoKeyring,
    #[error("no home directory for a keyring: name one with --keyring")]
    NoHome,
    #[error(
        "no key {what}: add one with `batv key new{options}`, or promote a verifying key with \
         `batv key promote{options}`"
    )]
    NoSigningKey { what: &'static str, options: &'static str },
    #[error("the system has no random octets: {0}")]
    Random(#[from] getrandom::Error),
    #[error("{0}")]
    Usage(String),
    #[error("standard input: {0}")]
    Input(#[source] io::Error),
    #[error("standard output: {0}")]
    Output(#[source] io::Error),
}

impl From<fmt::Error> for Error {
    fn from(error: fmt::Error) -> Self {
        Self::Output(io::Error::other(error))
    }
}

impl Error {
    /// Whether the reader of the output has gone.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        let mut cause = self.source();
        while let Some(error) = cause {
            if error.downcast_ref().map(io::Error::kind) == Some(io::ErrorKind::BrokenPipe) {
                return true;
            }
            cause = error.source();
        }
        false
    }
}
