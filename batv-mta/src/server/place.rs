//! Places to listen at: sockets that the keeper opens, those that systemd has opened, and what becomes of a Unix socket's
//! file.

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

/// How long a place may be taken by the worker of a daemon that was killed: it hears of that at once, but takes whoever
/// has connected already.
const TAKEN: Duration = Duration::from_secs(2);
/// Until the next try.
const PAUSE: Duration = Duration::from_millis(100);

/// The sockets that are open at one place, and the file that they have there.
pub(super) struct Opened {
    pub(super) sockets: Vec<OwnedFd>,
    pub(super) file: Option<SocketFile>,
}

/// The file of a Unix socket, which goes with this.
pub(super) struct SocketFile {
    path: PathBuf,
    mode: u32,
    /// Its device and number, which no other file has.
    identity: Option<(u64, u64)>,
}

/// Opens what is to be listened on there; systemd may have opened several of a name.
pub(super) async fn open(address: &Address, mode: u32, passed: &mut Passed) -> io::Result<Opened> {
    let last_try = Instant::now() + TAKEN;
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
    // One that a killed daemon left behind; one that somebody listens on is not ours to take.
    if fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket()) {
        if UnixStream::connect(path).await.is_ok() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens there"));
        }
        fs::remove_file(path)?;
    }
    let mut file = SocketFile { path: path.to_owned(), mode, identity: None };
    Ok(Opened { sockets: vec![file.open()?], file: Some(file) })
}

impl SocketFile {
    /// Opens the socket. What somebody else has put there stays.
    pub(super) fn open(&mut self) -> io::Result<OwnedFd> {
        // The number of a file that is gone may be given out again, to the new one.
        self.identity = None;
        let listener = UnixListener::bind(&self.path)?;
        self.identity = identity(&self.path);
        fs::set_permissions(&self.path, fs::Permissions::from_mode(self.mode))?;
        Ok(listener.into_std()?.into())
    }

    /// Whether nobody can find the socket any more.
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

    fn take(&mut self, name: &str) -> io::Result<Opened> {
        let mut sockets = Vec::new();
        for index in 0..self.sockets.len() {
            if self.names.get(index).is_some_and(|known| known == name) {
                sockets.extend(self.take_at(index)?);
            }
        }
        if sockets.is_empty() {
            let why = format!("systemd has passed no socket of this name, but: {}", self.names.join(", "));
            return Err(io::Error::new(io::ErrorKind::NotFound, why));
        }
        Ok(Opened { sockets, file: None })
    }

    /// The names of those that nobody has taken, which are closed. Systemd still has mail servers connect there, who wait.
    pub(super) fn leave(&mut self) -> Vec<String> {
        let mut left = Vec::new();
        for index in 0..self.sockets.len() {
            if matches!(self.take_at(index), Ok(Some(_))) {
                left.push(self.names.get(index).cloned().unwrap_or_default());
            }
        }
        left
    }

    fn take_at(&mut self, index: usize) -> io::Result<Option<OwnedFd>> {
        // It is left where it is when it is of the other kind.
        if let Ok(Some(listener)) = self.sockets.take_unix_listener(index) {
            return Ok(Some(listener.into()));
        }
        Ok(self.sockets.take_tcp_listener(index)?.map(OwnedFd::from))
    }
}
