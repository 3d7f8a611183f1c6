//! Addresses of a server that has a name, also when the name can no longer be looked up.
//!
//! A confined process can read only the files that were there when it started: `/etc/hosts` and `/etc/resolv.conf` are
//! lost to it when they are replaced.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::net::ToSocketAddrs;
use std::sync::mpsc::sync_channel;
use std::thread;

/// Time for a look-up when the addresses of an earlier one are known.
const PATIENCE: Duration = Duration::from_secs(2);

/// Addresses of the last successful look-up.
#[derive(Debug, Default)]
pub(super) struct Lookup(Vec<SocketAddr>);

impl Lookup {
    /// Addresses of a server.
    pub(super) fn look_up(&mut self, host: &str, port: u16) -> io::Result<&[SocketAddr]> {
        let found = if self.0.is_empty() { addresses(host, port) } else { addresses_in_time(host.into(), port) };
        match found {
            Ok(found) if !found.is_empty() => self.0 = found,
            Err(error) if self.0.is_empty() => return Err(error),
            _ => {}
        }
        Ok(&self.0)
    }
}

fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok((host, port).to_socket_addrs()?.collect())
}

/// Addresses, in a thread of its own: the system's look-up can't be interrupted.
fn addresses_in_time(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    let (sender, found) = sync_channel(1);
    thread::Builder::new().name("batv-lookup".into()).spawn(move || sender.send(addresses(&host, port)))?;
    found.recv_timeout(PATIENCE).map_err(|_| io::ErrorKind::TimedOut)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_addresses_outlive_the_name() {
        let mut lookup = Lookup::default();
        let known = lookup.look_up("127.0.0.1", 6379).unwrap().to_vec();
        assert_eq!(known, ["127.0.0.1:6379".parse().unwrap()]);
        assert_eq!(lookup.look_up("no name at all", 6379).unwrap(), known);
        assert!(Lookup::default().look_up("no name at all", 6379).is_err());
    }
}
