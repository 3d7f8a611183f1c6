//! Numbers of bounces that networks, and clients with a good record, bring in a minute, to this process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ipnet::IpNet;

use super::now;
use crate::protocol::Protocol;

/// Largest number of networks that are counted; further ones are not limited.
const MOST_NETWORKS: usize = 65_536;

/// Counts of this minute, by network.
#[derive(Debug, Default)]
pub(crate) struct Rates(Mutex<Minute>);

#[derive(Debug, Default)]
struct Minute {
    number: u64,
    counts: HashMap<(&'static str, IpNet), u32>,
}

impl Rates {
    /// Counts `by` bounces of a network or a client; returns whether one more than so far, or this one, is more than `most`, of
    /// which 0 is any number. Each listener counts by itself: a server may ask about the same recipient through two.
    pub(crate) fn are_too_many(&self, listener: Protocol, network: IpNet, by: u32, most: u32) -> bool {
        most > 0 && self.count(listener, network, by, now() / 60).saturating_add(u32::from(by == 0)) > most
    }

    fn count(&self, listener: Protocol, network: IpNet, by: u32, number: u64) -> u32 {
        let network = (listener.as_str(), network);
        // Nothing that is done under the lock can leave it half done.
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if minute.number != number {
            *minute = Minute { number, counts: HashMap::new() };
        }
        if minute.counts.len() >= MOST_NETWORKS && !minute.counts.contains_key(&network) {
            return 0;
        }
        if by == 0 {
            return minute.counts.get(&network).copied().unwrap_or(0);
        }
        let count = minute.counts.entry(network).or_default();
        *count = count.saturating_add(by);
        *count
    }
}

#[cfg(test)]
mod tests {
    use core::net::IpAddr;

    use batv_store::counter::Networks;

    use super::*;

    fn network(client: impl Into<IpAddr>) -> IpNet {
        Networks::default().of(client.into())
    }

    #[test]
    fn each_network_counts_by_itself_and_by_minute() {
        let rates = Rates::default();
        let count =
            |client: &str, minute| rates.count(Protocol::Milter, network(client.parse::<IpAddr>().unwrap()), 1, minute);
        assert_eq!((count("192.0.2.1", 1), count("::ffff:192.0.2.200", 1), count("198.51.100.1", 1)), (1, 2, 1));
        assert_eq!((count("2001:db8::1", 1), count("2001:db8:0:ffff::1", 1), count("2001:db8:1::1", 1)), (1, 2, 1));
        assert_eq!(count("192.0.2.1", 2), 1);
        assert_eq!(rates.count(Protocol::Policy, network([192, 0, 2, 1]), 1, 2), 1);
    }

    #[test]
    fn there_are_never_more_than_so_many() {
        let rates = Rates::default();
        for number in 0..70_000_u32 {
            rates.count(Protocol::Milter, network((0x0a00_0000 + (number << 8)).to_be_bytes()), 1, 1);
        }
        assert_eq!(rates.0.lock().unwrap().counts.len(), MOST_NETWORKS);
    }
}
