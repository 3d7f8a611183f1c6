//! Sockets: those that we open, those that systemd has opened, and what becomes of a Unix socket's file.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tracing::warn;

use super::connection::Stream;
use crate::config::Address;

/// Somewhere to listen.
pub(super) enum Socket {
    Tcp(TcpListener),
    Unix(UnixSocket),
    /// Of systemd, which looks after its file.
    PassedUnix(UnixListener),
    /// Of systemd.
    PassedTcp(TcpListener),
}

/// Its file goes with it.
pub(super) struct UnixSocket {
    path: PathBuf,
    mode: u32,
    listener: UnixListener,
    /// Its file's device and number, which no other has.
    identity: Option<(u64, u64)>,
}

impl Socket {
    /// Opens one; systemd may have opened several of a name.
    pub(super) async fn open(address: &Address, mode: u32, passed: &mut Passed) -> io::Result<Vec<Self>> {
        match address {
            Address::Inet(address) => Ok(vec![Self::Tcp(TcpListener::bind(address.as_str()).await?)]),
            Address::Systemd(name) => passed.take(name),
            Address::Unix(path) => {
                // One that a killed daemon left behind; one that somebody listens on is not ours to take.
                if fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket()) {
                    if UnixStream::connect(path).await.is_ok() {
                        return Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens there"));
                    }
                    fs::remove_file(path)?;
                }
                Ok(vec![Self::Unix(UnixSocket::open(path, mode)?)])
            }
        }
    }

    /// A connection, and whether it is one over TCP.
    pub(super) async fn accept(&self) -> io::Result<(Box<dyn Stream>, bool)> {
        match self {
            Self::Tcp(listener) | Self::PassedTcp(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok((Box::new(stream), true))
            }
            Self::PassedUnix(listener) | Self::Unix(UnixSocket { listener, .. }) => {
                let (stream, _) = listener.accept().await?;
                Ok((Box::new(stream), false))
            }
        }
    }

    /// Whether systemd listens on when we don't.
    pub(super) fn is_passed(&self) -> bool {
        matches!(self, Self::PassedUnix(_) | Self::PassedTcp(_))
    }

    /// Whether nobody can find it any more.
    pub(super) fn is_gone(&self) -> bool {
        match self {
            Self::Tcp(_) | Self::PassedTcp(_) | Self::PassedUnix(_) => false,
            Self::Unix(socket) => socket.identity.is_none() || identity(&socket.path) != socket.identity,
        }
    }

    /// Takes its file away, so that nobody finds it any more; whoever has is still to be accepted.
    pub(super) fn hide(&mut self) {
        if let Self::Unix(socket) = self {
            socket.hide();
        }
    }

    /// Opens one in the place of one that is gone. What somebody else has put there stays.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        if let Self::Unix(socket) = self {
            // The number of its file may be given out again, to the new one.
            socket.identity = None;
            *socket = UnixSocket::open(&socket.path.clone(), socket.mode)?;
        }
        Ok(())
    }
}

impl UnixSocket {
    fn open(path: &Path, mode: u32) -> io::Result<Self> {
        let listener = UnixListener::bind(path)?;
        let identity = identity(path);
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        Ok(Self { path: path.to_owned(), mode, listener, identity })
    }

    fn hide(&mut self) {
        let known = self.identity.take();
        if known.is_some()
            && identity(&self.path) == known
            && let Err(error) = fs::remove_file(&self.path)
        {
            warn!("{}: {error}", self.path.display());
        }
    }
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        self.hide();
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// The sockets that systemd has passed to us (sd_listen_fds(3)).
pub(super) struct Passed {
    sockets: ListenFd,
    names: Vec<String>,
}

impl Passed {
    pub(super) fn from_systemd() -> Self {
        let names = env::var("LISTEN_FDNAMES").unwrap_or_default().split(':').map(str::to_owned).collect();
        Self { sockets: ListenFd::from_env(), names }
    }

    fn take(&mut self, name: &str) -> io::Result<Vec<Socket>> {
        let mut taken = Vec::new();
        for index in 0..self.sockets.len() {
            if self.names.get(index).is_none_or(|known| known != name) {
                continue;
            }
            // It is left where it is when it is of the other kind.
            if let Ok(Some(listener)) = self.sockets.take_unix_listener(index) {
                listener.set_nonblocking(true)?;
                taken.push(Socket::PassedUnix(UnixListener::from_std(listener)?));
            } else if let Some(listener) = self.sockets.take_tcp_listener(index)? {
                listener.set_nonblocking(true)?;
                taken.push(Socket::PassedTcp(TcpListener::from_std(listener)?));
            }
        }
        if taken.is_empty() {
            let why = format!("systemd has passed no socket of this name, but: {}", self.names.join(", "));
            return Err(io::Error::new(io::ErrorKind::NotFound, why));
        }
        Ok(taken)
    }
}
