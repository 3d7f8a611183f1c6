//! A place where the daemon listens, and how that goes.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::config::Address;
use crate::protocol::Protocol;

/// One that is open, or should be.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) protocol: Protocol,
    pub(crate) address: Address,
    /// Whether nobody finds it.
    is_missing: AtomicBool,
    connections: AtomicU64,
}

impl Listening {
    /// One that is open, and that nobody uses.
    pub(crate) const fn new(protocol: Protocol, address: Address) -> Self {
        Self { protocol, address, is_missing: AtomicBool::new(false), connections: AtomicU64::new(0) }
    }

    pub(crate) fn is_missing(&self) -> bool {
        self.is_missing.load(Ordering::Relaxed)
    }

    /// It is gone from its folder, or back.
    pub(crate) fn note_missing(&self, is_missing: bool) {
        self.is_missing.store(is_missing, Ordering::Relaxed);
    }

    /// Connections that are open.
    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// A connection, until what is given back is dropped.
    pub(crate) fn connect(&self) -> Connected<'_> {
        self.connections.fetch_add(1, Ordering::Relaxed);
        Connected(self)
    }
}

/// A connection that is open.
pub(crate) struct Connected<'l>(&'l Listening);

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
