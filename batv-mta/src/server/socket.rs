//! A socket on which the worker takes connections.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net;

use tokio::net::{TcpListener, UnixListener};

use super::connection::Stream;

/// It is open already.
pub(super) enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Socket {
    /// # Errors
    /// It is none of either kind.
    pub(super) fn new(descriptor: OwnedFd) -> io::Result<Self> {
        let listener = net::UnixListener::from(descriptor);
        listener.set_nonblocking(true)?;
        // The standard library gives the address of none but its own kind.
        if listener.local_addr().is_ok() {
            return UnixListener::from_std(listener).map(Self::Unix);
        }
        TcpListener::from_std(OwnedFd::from(listener).into()).map(Self::Tcp)
    }

    /// A connection, and whether it is one over TCP.
    pub(super) async fn accept(&self) -> io::Result<(Box<dyn Stream>, bool)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok((Box::new(stream), true))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Box::new(stream), false))
            }
        }
    }
}
