//! What ends the program with exit status 2.

use core::error::Error as _;
use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Keyring(#[from] batv_config::Error),
    #[error(transparent)]
    Core(#[from] batv_core::Error),
    #[error(transparent)]
    Foreign(#[from] batv_config::foreign::Fault),
    #[error("{}: {source}", .path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{}: {source}", .path.display())]
    KeyFile { path: PathBuf, source: batv_config::Error },
    #[error("{}: {source}", .path.display())]
    DkimKey { path: PathBuf, source: batv_bounce::dkim::KeyError },
    #[error("no keyring: make one with `batv key new`, or name one with --keyring, BATV_KEYRING or --key-file")]
    NoKeyring,
    #[error("no place for a keyring, for there is no home directory: name one with --keyring")]
    NoPlace,
    #[error(
        "no key may {what}: make one with `batv key new{options}`, or let one sign that verifies with \
         `batv key promote{options}`"
    )]
    NoSigningKey { what: &'static str, options: &'static str },
    #[error("no random octets from the system: {0}")]
    Random(#[from] getrandom::Error),
    #[error("{0}")]
    Usage(String),
    #[error("standard input: {0}")]
    Input(#[source] io::Error),
    #[error("standard output: {0}")]
    Output(#[source] io::Error),
}

impl Error {
    /// Whether nobody reads any more what is written.
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
