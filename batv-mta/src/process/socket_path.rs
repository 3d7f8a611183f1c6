//! Opening sockets: TCP, Unix sockets and their files, and sockets that systemd passes.

use core::time::Duration;
use std::env;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use rustix::fs::{Mode, fchmod};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, bind, listen, socket};
use rustix::process::umask;
use tokio::net::{TcpListener, UnixStream};
use tokio::time::{Instant, sleep};
use tracing::warn;

use crate::config::Address;

/// How long an address may be in use by the worker of a killed daemon, which still answers its clients.
const IN_USE: Duration = Duration::from_secs(2);
/// Time between two attempts.
const PAUSE: Duration = Duration::from_millis(100);
/// Clients that may wait to be accepted.
const BACKLOG: i32 = 1_024;

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
        let socket = bind_with_mode(&self.path, self.mode)?;
        self.identity = identity(&self.path);
        listen(&socket, BACKLOG)?;
        Ok(socket)
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

/// Binds a socket whose file has these permissions from the beginning.
///
/// To set them afterwards, by the name of the file, would be to set them on what another has put in its place by then: who
/// may write to the folder could have any file of root's opened for others by a link. So such a folder needs no refusal
/// here: a user who may write to it can only remove the socket or replace it.
fn bind_with_mode(path: &Path, mode: u32) -> io::Result<OwnedFd> {
    let address = SocketAddrUnix::new(path)?;
    let socket = socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    let mode = Mode::from_raw_mode(mode);
    if cfg!(target_os = "linux") {
        // The file gets the permissions of the socket (unix(7)), less the mask. A default access list of the folder takes the
        // place of the mask.
        fchmod(&socket, mode)?;
    }
    // The mask is of the whole process: the threads of the log and of the worker's states make no files.
    let before = umask(Mode::RWXU.union(Mode::RWXG).union(Mode::RWXO).difference(mode));
    let bound = bind(&socket, &address);
    umask(before);
    bound?;
    Ok(socket)
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

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicBool, Ordering};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::thread;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("a file").permissions().mode() & 0o7777
    }

    #[test]
    fn a_socket_has_its_mode() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("socket");
        for wanted in [0o600, 0o660, 0o666, 0o000, 0o777] {
            let mut file = SocketFile { path: path.clone(), mode: wanted, identity: None };
            let _socket = file.open().expect("a socket");
            assert_eq!(mode(&path), wanted);
            let beside = folder.path().join("beside");
            fs::write(&beside, "").expect("a file");
            assert_eq!(mode(&beside), 0o666 & !umask_of_this_process(), "the mask is as it was");
        }
    }

    fn umask_of_this_process() -> u32 {
        let status = fs::read_to_string("/proc/self/status").expect("a process");
        let mask = status.lines().find_map(|line| line.strip_prefix("Umask:")).expect("a mask");
        u32::from_str_radix(mask.trim(), 8).expect("a number")
    }

    /// Somebody who may write to the folder puts a link to another file where the socket is, again and again.
    #[test]
    fn a_link_in_its_place_opens_no_other_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, victim) = (folder.path().join("socket"), folder.path().join("victim"));
        fs::write(&victim, "of root's").expect("a file");
        fs::set_permissions(&victim, fs::Permissions::from_mode(0o600)).expect("a file");
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let link = folder.path().join("link");
                    let _ = symlink(&victim, &link);
                    if fs::symlink_metadata(&path).is_ok_and(|file| file.file_type().is_socket()) {
                        let _ = fs::rename(&link, &path);
                    }
                }
            });
            for _ in 0..3_000 {
                let mut file = SocketFile { path: path.clone(), mode: 0o666, identity: None };
                let _ = file.open();
                let _ = fs::remove_file(&path);
            }
            is_over.store(true, Ordering::Relaxed);
        });
        assert_eq!(mode(&victim), 0o600);
    }
}
