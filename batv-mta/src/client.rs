//! The SMTP client that sends a message.

use core::fmt;
use core::net::IpAddr;

use batv_store::counter::Networks;

/// The SMTP client that sends a message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    /// Its IP address; `None` for a Unix socket or sendmail(1).
    pub(crate) address: Option<IpAddr>,
    /// Whether it is certainly on this host: it came over a Unix socket or by sendmail(1).
    pub(crate) local: bool,
    /// Whether it has authenticated itself.
    pub(crate) authenticated: bool,
    /// The mail server's name for the listener to which it connected.
    pub(crate) daemon_name: String,
}

impl Client {
    /// The owner of the handles that are made for the client.
    pub(crate) fn owner(&self) -> String {
        self.address.map_or_else(|| self.to_string(), |address| Networks::CLIENT.of(address).to_string())
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(address) => address.fmt(f),
            None => f.write_str("local"),
        }
    }
}
