//! Networks that send most, in bounded memory: "Space-Saving" of Metwally, Agrawal and El Abbadi (2005), with merging
//! (Agarwal et al., 2012). A count is never too small, and too large by its error at most, which is at most 1/128 of
//! the total.

use core::cmp::Reverse;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// Largest number of networks that are counted.
pub(crate) const MOST: usize = 128;

/// Network of a client: /24 of IPv4, /64 of IPv6.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) enum Network {
    V4([u8; 3]),
    V6([u16; 4]),
}

impl Network {
    pub(crate) fn of(client: &str) -> Option<Self> {
        Some(match client.parse::<IpAddr>().ok()?.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Self::V4([a, b, c])
            }
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d])
            }
        })
    }
}

impl Network {
    /// First address of the network.
    pub(crate) const fn address(self) -> IpAddr {
        match self {
            Self::V4([a, b, c]) => IpAddr::V4(Ipv4Addr::new(a, b, c, 0)),
            Self::V6([a, b, c, d]) => IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = if matches!(self, Self::V4(_)) { 24 } else { 64 };
        write!(f, "{}/{length}", self.address())
    }
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Sender {
    pub(crate) network: Network,
    /// Upper bound of the count.
    pub(crate) count: u64,
    /// Part of the count that may be of other networks.
    pub(crate) error: u64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Senders {
    list: Vec<Sender>,
    /// Number of all events that were counted.
    pub(crate) total: u64,
}

impl Senders {
    /// Networks with their counts, of so many in total.
    pub(crate) const fn of(list: Vec<Sender>, total: u64) -> Self {
        Self { list, total }
    }

    pub(crate) fn count(&mut self, network: Network) {
        self.total += 1;
        if let Some(known) = self.list.iter_mut().find(|sender| sender.network == network) {
            known.count += 1;
        } else if self.list.len() < MOST {
            self.list.push(Sender { network, count: 1, error: 0 });
        } else if let Some(least) = self.list.iter_mut().min_by_key(|sender| sender.count) {
            *least = Sender { network, count: least.count + 1, error: least.count };
        }
    }

    /// Networks, the largest count first.
    pub(crate) fn largest(&self) -> Vec<Sender> {
        let mut list = self.list.clone();
        list.sort_unstable_by_key(|sender| (Reverse(sender.count), sender.error, sender.network));
        list
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        // A network that one of the two has not counted may have come as often as its least.
        let (mine, its) = (self.floor(), other.floor());
        for sender in &mut self.list {
            let known = other.list.iter().find(|known| known.network == sender.network);
            sender.count += known.map_or(its, |known| known.count);
            sender.error += known.map_or(its, |known| known.error);
        }
        for sender in &other.list {
            if !self.list.iter().any(|known| known.network == sender.network) {
                self.list.push(Sender { count: sender.count + mine, error: sender.error + mine, ..*sender });
            }
        }
        self.list = self.largest();
        self.list.truncate(MOST);
        self.total += other.total;
    }

    fn floor(&self) -> u64 {
        if self.list.len() < MOST { 0 } else { self.list.iter().map(|sender| sender.count).min().unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn networks() {
        for (client, network) in [
            ("192.0.2.7", "192.0.2.0/24"),
            ("::ffff:192.0.2.7", "192.0.2.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8::1", "2001:db8::/64"),
        ] {
            assert_eq!(Network::of(client).unwrap().to_string(), network);
        }
        for client in ["local", "", "192.0.2.0/24", "mx.example.net"] {
            assert_eq!(Network::of(client), None);
        }
    }

    proptest! {
        #[test]
        #[expect(clippy::cast_possible_truncation, reason = "it is below 400")]
        fn counts_are_as_good_as_they_say(networks in prop::collection::vec((0..400_u32).prop_map(|n| (n * n / 400) as u16), 0..3000), at in any::<prop::sample::Index>()) {
            let split = if networks.is_empty() { 0 } else { at.index(networks.len()) };
            let of = |networks: &[u16]| {
                let mut senders = Senders::default();
                networks.iter().for_each(|number| senders.count(Network::V6([*number, 0, 0, 0])));
                senders
            };
            let mut truth = HashMap::new();
            networks.iter().for_each(|number| *truth.entry(Network::V6([*number, 0, 0, 0])).or_insert(0_u64) += 1);
            let mut merged = of(&networks[..split]);
            merged.merge(&of(&networks[split..]));
            for senders in [of(&networks), merged] {
                let list = senders.largest();
                prop_assert!(list.len() <= MOST);
                prop_assert_eq!(senders.total, networks.len() as u64);
                for sender in &list {
                    let count = truth[&sender.network];
                    prop_assert!(sender.count >= count && sender.count - sender.error <= count, "{:?} {}", sender, count);
                    prop_assert!(sender.error <= 2 * senders.total / MOST as u64);
                }
                // No network that came more often than the least is missing.
                let floor = if list.len() < MOST { 0 } else { list[MOST - 1].count };
                for (network, count) in &truth {
                    prop_assert!(*count <= floor || list.iter().any(|sender| sender.network == *network));
                }
            }
        }
    }
}
