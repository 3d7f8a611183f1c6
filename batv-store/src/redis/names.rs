//! Where the server is by its name, or was.
//!
//! Whoever has given up all files but those in which names are looked up loses these, too, when others are put in their
//! place: `/etc/hosts` and `/etc/resolv.conf` often are.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::sync::{Mutex, PoisonError};

use redis::RedisFuture;
use redis::io::AsyncDNSResolver;
use tokio::net::lookup_host;
use tokio::time::timeout;

/// How long a look-up may take where it is known what the last one brought.
const PATIENCE: Duration = Duration::from_secs(2);

/// Looks the name of a server up, and remembers where it led for when that fails.
#[derive(Clone, Default)]
pub(super) struct Names(Arc<Mutex<Vec<SocketAddr>>>);

impl Names {
    async fn look_up(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let found = async { Ok(lookup_host((host, port)).await?.collect::<Vec<_>>()) };
        let found = if known.is_empty() { Ok(found.await) } else { timeout(PATIENCE, found).await };
        match found {
            Ok(Ok(found)) if !found.is_empty() => {
                self.0.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&found);
                Ok(found)
            }
            Ok(Err(error)) if known.is_empty() => Err(error),
            Ok(_) | Err(_) => Ok(known),
        }
    }
}

impl AsyncDNSResolver for Names {
    fn resolve<'a, 'b: 'a>(
        &'a self,
        host: &'b str,
        port: u16,
    ) -> RedisFuture<'a, Box<dyn Iterator<Item = SocketAddr> + Send + 'a>> {
        Box::pin(async move {
            let found: Box<dyn Iterator<Item = SocketAddr> + Send> =
                Box::new(self.look_up(host, port).await?.into_iter());
            Ok(found)
        })
    }
}
