//! Errors of all calls.

use batv_config::site;
use thiserror::Error;

/// Reason why a server cannot be opened, or a question cannot be answered. A refused recipient is no error.
///
/// ```
/// use batv_server::Server;
///
/// let error = Server::open("/nonexistent/site.toml").unwrap_err();
/// assert!(error.to_string().starts_with("/nonexistent/site.toml: "), "{error}");
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration or the keyring is wrong, or cannot be read.
    #[error(transparent)]
    Site(#[from] site::Error),
    /// An address cannot be parsed.
    #[error("`{}`: {reason}", shown(.address))]
    Address {
        /// The address as it was given.
        address: String,
        /// The mistake.
        reason: batv_core::Error,
    },
    /// The system clock is wrong.
    #[error(transparent)]
    Clock(batv_config::date::DateError),
    /// A server without a configuration file cannot be reloaded.
    #[error("the server was not opened from a file, so there is nothing to reload")]
    NoFile,
}

impl Error {
    pub(crate) fn address(address: &str, reason: batv_core::Error) -> Self {
        Self::Address { address: address.to_owned(), reason }
    }
}

/// The beginning of an address, for logs and replies: without control characters, and not too long for a line.
fn shown(address: &str) -> String {
    address.escape_debug().take(100).collect()
}
