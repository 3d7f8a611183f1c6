//! The client that brings a message.

use core::fmt;
use core::net::IpAddr;

use batv_store::counter::Networks;

use crate::settings::Settings;

/// The client that brings a message.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Client {
    /// Its address, where there is one.
    pub address: Option<IpAddr>,
    /// Whether it is on this host for sure: it came over a Unix socket, or on the command line.
    pub local: bool,
    /// Whether it has authenticated itself.
    pub authenticated: bool,
    /// The name of the listener that it came through.
    pub daemon_name: String,
}

impl Client {
    /// Whether it is one of ours: what it sends is signed.
    pub(crate) fn is_internal(&self, settings: &Settings) -> bool {
        self.authenticated || self.local || settings.is_internal(self.address, &self.daemon_name)
    }

    /// Whether it is one of ours, or one that is left alone: what it sends is never judged.
    pub(crate) fn is_trusted(&self, settings: &Settings) -> bool {
        self.is_internal(settings) || settings.is_exempt(self.address)
    }

    /// The owner of the handles that are made for it.
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
