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
    #[error("`{}`: {}", shown(.address), ascii(.reason))]
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

/// The beginning of an address, for logs and replies: printable ASCII (RFC 5321 §4.2), and not too long for a line.
fn shown(address: &str) -> String {
    address.escape_default().take(100).collect()
}

/// A reason for a reply, which is ASCII: the number of a section goes without its sign.
fn ascii(reason: &batv_core::Error) -> String {
    let text = reason.to_string().replace('§', "");
    text.chars()
        .flat_map(|character| if character.is_ascii() { vec![character] } else { character.escape_default().collect() })
        .collect()
}
