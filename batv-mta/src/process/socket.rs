//! A socket on which the worker accepts connections.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net;

use tokio::net::{TcpListener, UnixListener};

use super::connection::Stream;

/// A listening socket.
pub(super) enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// The way of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Via {
    /// A Unix socket.
    Unix,
    /// TCP, from this host to a loopback address.
    Loopback,
    /// TCP.
    Network,
}

impl Socket {
    /// Takes a socket over.
    ///
    /// # Errors
    /// It listens on neither TCP nor a Unix socket.
    pub(super) fn new(descriptor: OwnedFd) -> io::Result<Self> {
        let listener = net::UnixListener::from(descriptor);
        listener.set_nonblocking(true)?;
        // The standard library has an address only for its own kind of socket.
        if listener.local_addr().is_ok() {
            return UnixListener::from_std(listener).map(Self::Unix);
        }
        TcpListener::from_std(OwnedFd::from(listener).into()).map(Self::Tcp)
    }

    /// Accepts a connection.
    pub(super) async fn accept(&self) -> io::Result<(Box<dyn Stream>, Via)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                let via =
                    if stream.local_addr()?.ip().to_canonical().is_loopback() { Via::Loopback } else { Via::Network };
                Ok((Box::new(stream), via))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Box::new(stream), Via::Unix))
            }
        }
    }
}
