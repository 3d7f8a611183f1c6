//! The tools of a check: faults, errors, programs, files and sockets.

use core::fmt;
use std::fs;
use std::io;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::User;
use rustix::process::geteuid;

use crate::config::{Address, Config};

/// The daemon and the mail server to set up.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "callers make it")]
pub struct Site<'s> {
    /// The configuration of the daemon.
    pub config: &'s Config,
    /// Path of that configuration.
    pub config_path: &'s Path,
    /// The mail server's configuration file or folder, if not in its usual place.
    pub at: Option<&'s Path>,
}

/// A fault in the configuration of a mail server.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a line is missing or wrong")]
pub enum Fault {
    /// A line is missing: its effect, and the line.
    Missing(String),
    /// A line does harm: the line, and its effect.
    Dangerous(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(text) => write!(f, "missing: {text}"),
            Self::Dangerous(text) => write!(f, "dangerous: {text}"),
        }
    }
}

/// Why a setup can't be printed or checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The daemon has no listener for this server.
    #[error("the daemon has no listener for this server: add `{0} = [\"unix:…\"]` under [listen]")]
    NoListener(&'static str),
    /// A program of the mail server failed.
    #[error("{0}: {1}")]
    Program(&'static str, String),
    /// A file can't be read.
    #[error("{}: {}", .0.display(), .1)]
    Read(PathBuf, io::Error),
    /// A listener has an address that only systemd knows.
    #[error(
        "`{0}` listens only on {1}, an address that systemd knows: write the socket's own address there for this command"
    )]
    Address(&'static str, Address),
}

/// Runs a program and returns its output: both streams, because some programs print their version on standard error.
pub(super) fn run(program: &'static str, arguments: &[&str]) -> Result<String, Error> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .map_err(|error| Error::Program(program, format!("can't run it: {error}")))?;
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let stdout = text(&output.stdout);
    let stderr = text(&output.stderr);
    match output.status.success() || stdout.is_empty() && stderr.contains("version") {
        true => Ok(stdout + &stderr),
        false => Err(Error::Program(program, stderr.trim().to_owned())),
    }
}

pub(super) fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| Error::Read(path.to_owned(), error))
}

/// The first address of a listener that a mail server can use.
pub(super) fn listener<'s>(addresses: &'s [Address], name: &'static str) -> Result<&'s Address, Error> {
    let known = addresses.iter().find(|address| !matches!(address, Address::Systemd(_)));
    known.ok_or_else(|| match addresses.first() {
        Some(address) => Error::Address(name, address.clone()),
        None => Error::NoListener(name),
    })
}

/// A fault if nothing listens on the address.
pub(super) fn unanswered(address: &Address) -> Option<Fault> {
    let connected = match address {
        Address::Unix(path) => UnixStream::connect(path).map(drop),
        Address::Inet(address) => TcpStream::connect(address).map(drop),
        Address::Systemd(_) => Ok(()),
    };
    connected.err().map(|error| Fault::Missing(format!("no answer at {address} ({error}): start batvd")))
}

/// A fault if the user of the mail server may not write to an existing socket. Only root can find out.
pub(super) fn kept_from(address: &Address, user: &str) -> Option<Fault> {
    let Address::Unix(path) = address else { return None };
    let account = User::from_name(user).ok()??;
    if !path.exists() || !geteuid().is_root() {
        return None;
    }
    // Groups and access lists count, too.
    let tried = Command::new("setpriv")
        .args([format!("--reuid={}", account.uid), format!("--regid={}", account.gid), "--init-groups".to_owned()])
        .args(["test", "-w"])
        .arg(path)
        .status();
    let fault = || {
        Fault::Missing(format!(
            "write permission of user {user} on {address}, without which mail waits: give the folder of the socket the group \
             of {user} and mode 2750, or add {user} to the group of the socket, and restart the mail server"
        ))
    };
    tried.is_ok_and(|status| status.code() == Some(1)).then(fault)
}

/// The lines without comments and surrounding space.
pub(super) fn effective<'t>(text: &'t str, comment: &'t str) -> impl Iterator<Item = &'t str> {
    text.lines().map(str::trim).filter(move |line| !line.is_empty() && !line.starts_with(comment))
}

/// A fault if lines of a part are missing.
pub(super) fn without_lines(installed: &str, part: &str, name: &str) -> Option<Fault> {
    let missing: Vec<&str> =
        effective(part, "#").filter(|line| !effective(installed, "#").any(|known| known == *line)).collect();
    let first = missing.first()?;
    Some(Fault::Missing(format!(
        "{} of {} lines of the part `{name}`, first: {first}",
        missing.len(),
        effective(part, "#").count()
    )))
}
