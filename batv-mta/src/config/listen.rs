//! The section `listen`.

use core::fmt::Display;
use core::net::IpAddr;
use core::str::FromStr;
use std::path::PathBuf;

use batv_config::site::text;
use serde::{Deserialize, Deserializer, de};

use crate::protocol::Protocol;

/// Listening sockets, by protocol.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Listen {
    /// Milter, for Postfix and Sendmail.
    pub milter: Vec<Address>,
    /// Socketmap, for tables of Postfix.
    pub socketmap: Vec<Address>,
    /// Policy service of Postfix.
    pub policy: Vec<Address>,
    /// Line protocol, for Exim, Haraka and scripts.
    pub line: Vec<Address>,
    /// Metrics and health, over HTTP.
    pub metrics: Vec<Address>,
    /// Page of the rollout, over HTTP.
    pub page: Vec<Address>,
    /// Permissions of Unix sockets. The mail server must be able to write to them.
    #[serde(deserialize_with = "socket_mode")]
    pub socket_mode: u32,
}

impl Listen {
    /// All sockets, each with its protocol.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (Protocol, &Address)> {
        let listeners = [
            (Protocol::Milter, &self.milter),
            (Protocol::Socketmap, &self.socketmap),
            (Protocol::Policy, &self.policy),
            (Protocol::Line, &self.line),
            (Protocol::Metrics, &self.metrics),
            (Protocol::Page, &self.page),
        ];
        listeners.into_iter().flat_map(|(protocol, addresses)| addresses.iter().map(move |address| (protocol, address)))
    }

    /// Whether there is a socket for a mail server.
    pub fn has_listener(&self) -> bool {
        [&self.milter, &self.socketmap, &self.policy, &self.line].iter().any(|addresses| !addresses.is_empty())
    }
}

impl Default for Listen {
    fn default() -> Self {
        let none = Vec::new;
        Self {
            milter: none(),
            socketmap: none(),
            policy: none(),
            line: none(),
            metrics: none(),
            page: none(),
            socket_mode: 0o660,
        }
    }
}

/// Address of a listening socket: `unix:/path`, `inet:host:port` or `systemd:name`.
///
/// ```
/// use batv_mta::config::Address;
///
/// assert_eq!("inet:[::1]:9900".parse::<Address>().unwrap().to_string(), "inet:[::1]:9900");
/// assert!("9900".parse::<Address>().is_err());
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum Address {
    /// A Unix socket.
    Unix(PathBuf),
    /// A host and port.
    Inet(String),
    /// A socket of systemd: the `FileDescriptorName` of its unit.
    Systemd(String),
}

impl Address {
    /// Whether only this host can connect. For a socket of systemd, its unit says so.
    pub(crate) fn is_local(&self) -> bool {
        match self {
            Self::Unix(_) | Self::Systemd(_) => true,
            Self::Inet(address) => {
                let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host);
                let host = host.trim_start_matches('[').trim_end_matches(']');
                host == "localhost" || host.parse::<IpAddr>().is_ok_and(|host| host.is_loopback())
            }
        }
    }
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("unix", path)) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            Some(("inet", address))
                if address
                    .rsplit_once(':')
                    .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok()) =>
            {
                Ok(Self::Inet(address.to_owned()))
            }
            Some(("systemd", name)) if !name.is_empty() => Ok(Self::Systemd(name.to_owned())),
            _ => Err("a socket is `unix:/path`, `inet:host:port` or `systemd:name`"),
        }
    }
}

impl Display for Address {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Inet(address) => write!(f, "inet:{address}"),
            Self::Systemd(name) => write!(f, "systemd:{name}"),
        }
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::parsed(deserializer)
    }
}

fn socket_mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let mode = u32::deserialize(deserializer)?;
    if mode > 0o777 {
        return Err(de::Error::custom(format_args!("{mode} is more than 0o777: permissions are octal, such as 0o660")));
    }
    Ok(mode)
}
