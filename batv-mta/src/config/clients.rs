//! The section `clients`.

use core::net::IpAddr;

use batv_config::site::text;
use ipnet::IpNet;
use serde::{Deserialize, Deserializer};

/// Clients whose mail is signed, and clients that are left alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Clients {
    /// Networks of our own hosts: their mail is signed, and never judged.
    #[serde(deserialize_with = "networks")]
    pub internal_networks: Vec<IpNet>,
    /// Names of listeners (`{daemon_name}`) for our own users: their mail is treated in the same way.
    pub daemon_names: Vec<String>,
    /// Networks of relays that judge by themselves: their mail is neither signed nor judged.
    #[serde(deserialize_with = "networks")]
    pub exempt_networks: Vec<IpNet>,
}

impl Default for Clients {
    fn default() -> Self {
        let loopback = ["127.0.0.0/8", "::1/128"];
        Self {
            internal_networks: loopback.iter().filter_map(|network| network.parse().ok()).collect(),
            daemon_names: vec!["ORIGINATING".to_owned()],
            exempt_networks: Vec::new(),
        }
    }
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let networks = Vec::<Network>::deserialize(deserializer)?;
    Ok(networks.into_iter().map(|Network(network)| network).collect())
}

struct Network(IpNet);

impl<'de> Deserialize<'de> for Network {
    /// An address is a network of one host.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::read(deserializer, |text| {
            let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map(Self);
            network.map_err(|_| format!("`{text}` is no network: one is 192.0.2.0/24, 2001:db8::/32 or an address"))
        })
    }
}
