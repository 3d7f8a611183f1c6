//! Opening sockets: TCP, Unix sockets and their files, and sockets that systemd passes.

use core::time::Duration;
use std::env;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::time::{Instant, sleep};
use tracing::warn;

use crate::config::Address;

/// How long an address may be in use by the worker of a killed daemon, which still answers its clients.
const IN_USE: Duration = Duration::from_secs(2);
/// Time between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// The open sockets of one address, and their file.
pub(super) struct Opened {
    pub(super) sockets: Vec<OwnedFd>,
    pub(super) file: Option<SocketFile>,
}

/// The file of a Unix socket, which is removed when this is dropped.
pub(super) struct SocketFile {
    path: PathBuf,
    mode: u32,
    /// Device and inode.
    identity: Option<(u64, u64)>,
}

/// Opens the sockets of an address. systemd may have passed several sockets of one name.
pub(super) async fn open(address: &Address, mode: u32, passed: &mut PassedSockets) -> io::Result<Opened> {
    let last_try = Instant::now() + IN_USE;
    loop {
        let opened = match address {
            Address::Inet(address) => open_tcp(address).await,
            Address::Systemd(name) => passed.take(name),
            Address::Unix(path) => open_unix(path, mode).await,
        };
        match opened {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && Instant::now() < last_try => sleep(PAUSE).await,
            opened => return opened,
        }
    }
}

async fn open_tcp(address: &str) -> io::Result<Opened> {
    let listener = TcpListener::bind(address).await?.into_std()?;
    Ok(Opened { sockets: vec![listener.into()], file: None })
}

async fn open_unix(path: &Path, mode: u32) -> io::Result<Opened> {
    // A socket that a killed daemon left behind is removed, unless another process listens on it.
    if fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket()) {
        if UnixStream::connect(path).await.is_ok() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens on it"));
        }
        fs::remove_file(path)?;
    }
    let mut file = SocketFile { path: path.to_owned(), mode, identity: None };
    Ok(Opened { sockets: vec![file.open()?], file: Some(file) })
}

impl SocketFile {
    /// Opens the socket. A file of another process stays.
    pub(super) fn open(&mut self) -> io::Result<OwnedFd> {
        // The new file may get the inode of the old one.
        self.identity = None;
        let listener = UnixListener::bind(&self.path)?;
        self.identity = identity(&self.path);
        fs::set_permissions(&self.path, fs::Permissions::from_mode(self.mode))?;
        Ok(listener.into_std()?.into())
    }

    /// Whether the file has disappeared, so that clients can't connect.
    pub(super) fn is_gone(&self) -> bool {
        self.identity.is_none() || identity(&self.path) != self.identity
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.identity.is_some()
            && identity(&self.path) == self.identity
            && let Err(error) = fs::remove_file(&self.path)
        {
            warn!("{}: {error}", self.path.display());
        }
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// The sockets that systemd passed (sd_listen_fds(3)).
pub(super) struct PassedSockets {
    sockets: ListenFd,
    names: Vec<String>,
}

impl PassedSockets {
    pub(super) fn from_env() -> Self {
        let names = env::var("LISTEN_FDNAMES").unwrap_or_default().split(':').map(str::to_owned).collect();
        Self { sockets: ListenFd::from_env(), names }
    }

    fn take(&mut self, name: &str) -> io::Result<Opened> {
        let mut sockets = Vec::new();
        for index in 0..self.sockets.len() {
            if self.names.get(index).is_some_and(|known| known == name) {
                sockets.extend(self.take_at(index)?);
            }
        }
        if sockets.is_empty() {
            let why = format!("systemd passed no socket of this name; it passed: {}", self.names.join(", "));
            return Err(io::Error::new(io::ErrorKind::NotFound, why));
        }
        Ok(Opened { sockets, file: None })
    }

    /// Closes the sockets that no listener has taken, and returns their names. systemd still accepts their clients.
    pub(super) fn close_unused(&mut self) -> Vec<String> {
        let mut unused = Vec::new();
        for index in 0..self.sockets.len() {
            if matches!(self.take_at(index), Ok(Some(_))) {
                unused.push(self.names.get(index).cloned().unwrap_or_default());
            }
        }
        unused
    }

    fn take_at(&mut self, index: usize) -> io::Result<Option<OwnedFd>> {
        // A socket of the other kind stays in its slot.
        if let Ok(Some(listener)) = self.sockets.take_unix_listener(index) {
            return Ok(Some(listener.into()));
        }
        Ok(self.sockets.take_tcp_listener(index)?.map(OwnedFd::from))
    }
}
