//! What tests with real servers ask of the machine.

use core::net::Ipv4Addr;
use core::ops::Range;
use core::time::Duration;
use std::fs;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

/// Looks until there is something.
///
/// # Panics
/// When there is nothing after half a minute: these are tests.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "no {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Ports of loopback that nobody listens on, for this process alone as long as it runs.
///
/// They are below those that the system hands out, and claimed by a socket that has the port for a name: a port that is
/// free now would be taken by another test, whose server then got this one's mail.
///
/// # Panics
/// When there are none: these are tests.
pub fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    static CLAIMS: Mutex<Vec<UnixListener>> = Mutex::new(Vec::new());
    const PORTS: Range<u16> = 20_000..32_000;
    let claim = |port: u16| {
        let name = SocketAddr::from_abstract_name(format!("batv-tests-port-{port}")).ok()?;
        let claim = UnixListener::bind_addr(&name).ok()?;
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
        CLAIMS.lock().expect("no panic").push(claim);
        Some(port)
    };
    // Not where the process before this one began: its connections may not have come to their ends.
    let first = std::process::id() as usize * COUNT % PORTS.len();
    let mut ports = PORTS.skip(first).chain(PORTS).filter_map(claim);
    [(); COUNT].map(|()| ports.next().expect("a free port"))
}

/// The number of a user, who has a group of the same name, and that of the group.
///
/// # Panics
/// When there is no such user: these are tests.
pub fn account(name: &str) -> (u32, u32) {
    let number = |option| {
        let output = Command::new("id").args([option, name]).output().expect("id");
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
    };
    (number("-u"), number("-g"))
}

/// Gives a file to a user and his group.
///
/// # Panics
/// When that can't be done, as by anybody but root: these are tests.
pub fn give(path: &Path, user: &str) {
    let (user, group) = account(user);
    std::os::unix::fs::chown(path, Some(user), Some(group))
        .unwrap_or_else(|error| panic!("this test must run as root, as a mail server is started: {error}"));
}

/// The messages that a Maildir has got.
///
/// # Panics
/// When one can't be read: these are tests.
pub fn maildir(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder.join("new")).into_iter().flatten().flatten();
    files.map(|file| fs::read_to_string(file.path()).expect("a message")).collect()
}

/// Sends a signal to a process, by name.
///
/// # Panics
/// When there is no such process: these are tests.
pub fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").args(["-s", name]).arg(process.to_string()).status();
    assert!(sent.is_ok_and(|status| status.success()), "no signal {name}");
}

/// Other people's programs, where the Debian of the tests (`scripts/in-debian`) has them.
pub fn peers() -> &'static Path {
    Path::new("/opt/peers")
}

/// Where that Debian has a mail server.
///
/// # Panics
/// When it isn't there: these are tests.
pub fn mail_server(name: &str) -> PathBuf {
    let programs = Path::new("/opt/mail-servers").join(name);
    assert!(programs.is_dir(), "no {}: run this by scripts/in-debian", programs.display());
    programs
}
