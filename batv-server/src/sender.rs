//! Senders that leave, and forwarded senders that come back.

use core::fmt;

use batv_core::Path;
use batv_core::srs::{Reversal, SrsVerdict};
use batv_policy::{Handling, UnchangedReason};

/// Sender of a message that leaves. Prints as the address, without angle brackets.
///
/// ```
/// # use batv_server::{Server, Site, UnchangedReason, config::Keyring, policy::Rules};
/// # let server = Server::new(Site::with_rules(Keyring::default(), Rules::default())?);
/// let signed = server.sign("<alice@example.com>")?;
/// assert_eq!((signed.to_string().as_str(), signed.unchanged), ("alice@example.com", Some(UnchangedReason::NotOurs)));
/// # Ok::<(), batv_server::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Signed {
    /// Reverse-path to send with, without angle brackets: empty for the null reverse-path.
    pub address: String,
    /// Reason why the sender stays as it is; `None` when it was tagged or rewritten.
    pub unchanged: Option<UnchangedReason>,
}

impl Signed {
    pub(crate) fn new(sender: Path<'_>, handling: &Handling<'_>) -> Self {
        let unchanged = match *handling {
            Handling::Unchanged(unchanged) => Some(unchanged),
            Handling::TooLong { error, .. } => Some(UnchangedReason::Refused(error)),
            _ => None,
        };
        let as_it_is = || sender.mailbox().map_or_else(String::new, ToString::to_string);
        Self { address: handling.address().unwrap_or_else(as_it_is), unchanged }
    }
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.address)
    }
}

/// Address that may be an SRS address of the server, taken apart.
///
/// ```
/// # use batv_server::{Server, Site, SrsVerdict, config::Keyring, policy::Rules};
/// # let server = Server::new(Site::with_rules(Keyring::default(), Rules::default())?);
/// // The server has no SRS domain.
/// let reversed = server.reverse("SRS0=AAAA=AA=example.net=bob@srs.example.com")?;
/// assert_eq!(reversed.verdict, SrsVerdict::Foreign);
/// # Ok::<(), batv_server::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Reversed {
    /// Verdict on the address.
    pub verdict: SrsVerdict,
    /// Sender inside a valid SRS address; the address as it is when it is not one of ours; else `None`.
    pub address: Option<String>,
}

impl Reversed {
    pub(crate) fn new(reversal: &Reversal<'_>) -> Self {
        Self { verdict: reversal.verdict, address: reversal.mailbox.map(|mailbox| mailbox.to_string()) }
    }
}
