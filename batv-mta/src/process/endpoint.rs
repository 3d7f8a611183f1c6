//! One address on which the daemon listens, and its state.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::config::Address;
use crate::protocol::Protocol;

/// One address on which the daemon listens.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) protocol: Protocol,
    pub(crate) address: Address,
    is_missing: AtomicBool,
    connections: AtomicU64,
}

impl Endpoint {
    /// An open endpoint without connections.
    pub(crate) const fn new(protocol: Protocol, address: Address) -> Self {
        Self { protocol, address, is_missing: AtomicBool::new(false), connections: AtomicU64::new(0) }
    }

    /// Whether clients can't find the socket, because its file is gone.
    pub(crate) fn is_missing(&self) -> bool {
        self.is_missing.load(Ordering::Relaxed)
    }

    /// Notes that the file of the socket is gone, or back.
    pub(crate) fn note_missing(&self, is_missing: bool) {
        self.is_missing.store(is_missing, Ordering::Relaxed);
    }

    /// Number of open connections.
    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Counts a connection as open until the result is dropped.
    pub(crate) fn connect(&self) -> Connected<'_> {
        self.connections.fetch_add(1, Ordering::Relaxed);
        Connected(self)
    }
}

/// An open connection.
pub(crate) struct Connected<'e>(&'e Endpoint);

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
