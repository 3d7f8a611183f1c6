//! The lines that a mail server needs for this configuration, and what is wrong with those that it has.

use core::fmt;
use std::fs;
use std::io;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum;
use nix::unistd::{User, geteuid};
use thiserror::Error;

use crate::config::{Address, Config, FormName};

mod exim;
mod haraka;
mod opensmtpd;
mod postfix;
mod sendmail;

/// A mail server.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
#[non_exhaustive]
#[expect(missing_docs, reason = "these are names")]
pub enum MailServer {
    Postfix,
    Sendmail,
    Exim,
    #[value(name = "opensmtpd")]
    OpenSmtpd,
    Haraka,
}

/// What the lines are made of.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it is made by who asks")]
pub struct Site<'s> {
    /// The configuration of the daemon.
    pub config: &'s Config,
    /// The file that it is in.
    pub config_path: &'s Path,
    /// The mail server's file or folder of configuration, where it isn't in its usual place.
    pub at: Option<&'s Path>,
}

/// Something in the configuration of a mail server that has to be mended.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a line is there or not, and right or not")]
pub enum Fault {
    /// A line isn't there: what comes of it, and the line.
    Missing(String),
    /// A line does harm: which, and what comes of it.
    Dangerous(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(what) => write!(f, "missing: {what}"),
            Self::Dangerous(what) => write!(f, "dangerous: {what}"),
        }
    }
}

/// Why nothing can be said.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Failure {
    /// The daemon opens no listener that this server could use.
    #[error("the daemon opens no listener for it: write `{0} = [\"unix:…\"]` under [listen]")]
    NoListener(&'static str),
    /// A program of the mail server.
    #[error("{0}: {1}")]
    Program(&'static str, String),
    /// Its configuration.
    #[error("{}: {}", .0.display(), .1)]
    Read(PathBuf, io::Error),
    /// A listener has an address that only systemd knows.
    #[error("`{0}` listens on {1} alone, and only systemd knows where that is: put that socket in its place for this")]
    Address(&'static str, Address),
}

impl MailServer {
    /// The lines to add, with a comment that says where.
    ///
    /// # Errors
    /// [`Failure`].
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use batv_mta::config::Config;
    /// use batv_mta::setup::{MailServer, Site};
    ///
    /// let config = Config::parse("[listen]\nline = ['inet:[::1]:9900']")?;
    /// let site = Site { config: &config, config_path: Path::new("/etc/batv/batvd.toml"), at: None };
    /// assert!(MailServer::Exim.lines(site)?.contains("\nBATV_ASK = inet:[::1]:9900\n"));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn lines(self, site: Site<'_>) -> Result<String, Failure> {
        let lines = match self {
            Self::Postfix => postfix::lines(site),
            Self::Sendmail => sendmail::lines(site),
            Self::Exim => exim::lines(site),
            Self::OpenSmtpd => opensmtpd::lines(site),
            Self::Haraka => haraka::lines(site),
        }?;
        Ok(match self.version(site) {
            Some(version) => format!("{} {version}: this is what it needs.\n{lines}", self.comment()),
            None => lines,
        })
    }

    /// What is wrong with the installed configuration, the worst last.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn check(self, site: Site<'_>) -> Result<Vec<Fault>, Failure> {
        let mut faults = match self {
            Self::Postfix => postfix::check(site),
            Self::Sendmail => sendmail::check(site),
            Self::Exim => exim::check(site),
            Self::OpenSmtpd => opensmtpd::check(site),
            Self::Haraka => haraka::check(site),
        }?;
        faults.sort_by_key(|fault| matches!(fault, Fault::Dangerous(_)));
        Ok(faults)
    }

    /// What runs here says who it is, where it can be asked.
    fn version(self, site: Site<'_>) -> Option<String> {
        let (name, said) = match self {
            Self::Postfix => ("Postfix", postfix::ask(site, &["-h", "mail_version"]).ok()?),
            Self::Sendmail => ("Sendmail", sendmail::version(site)?),
            Self::Exim => ("Exim", word_after(&exim::build().ok()?, "version")?),
            Self::OpenSmtpd => ("OpenSMTPD", word_after(&run("smtpd", &["-h"]).ok()?, "OpenSMTPD")?),
            Self::Haraka => ("Haraka", word_after(&run("haraka", &["-v"]).ok()?, "Version:")?),
        };
        Some(format!("{name} {}", said.trim()))
    }

    const fn comment(self) -> &'static str {
        match self {
            Self::Sendmail => "dnl",
            Self::Haraka => ";",
            Self::Postfix | Self::Exim | Self::OpenSmtpd => "#",
        }
    }
}

fn word_after(text: &str, word: &str) -> Option<String> {
    text.split_whitespace().skip_while(|known| *known != word).nth(1).map(str::to_owned)
}

/// What a program says, on either output: some say their version where others complain.
fn run(program: &'static str, arguments: &[&str]) -> Result<String, Failure> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .map_err(|error| Failure::Program(program, format!("it can't be run: {error}")))?;
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let said = text(&output.stdout);
    let complaint = text(&output.stderr);
    match output.status.success() || said.is_empty() && complaint.contains("version") {
        true => Ok(said + &complaint),
        false => Err(Failure::Program(program, complaint.trim().to_owned())),
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::Read(path.to_owned(), error))
}

/// The first socket of a listener that a mail server can be told of.
fn listener<'s>(addresses: &'s [Address], name: &'static str) -> Result<&'s Address, Failure> {
    let known = addresses.iter().find(|address| !matches!(address, Address::Systemd(_)));
    known.ok_or_else(|| match addresses.first() {
        Some(address) => Failure::Address(name, address.clone()),
        None => Failure::NoListener(name),
    })
}

/// A fault when nobody answers there.
fn unanswered(address: &Address) -> Option<Fault> {
    let connected = match address {
        Address::Unix(path) => UnixStream::connect(path).map(drop),
        Address::Inet(address) => TcpStream::connect(address).map(drop),
        Address::Systemd(_) => Ok(()),
    };
    connected.err().map(|error| Fault::Missing(format!("nobody answers at {address} ({error}): start batvd")))
}

/// A fault when the user of the mail server may not write to a socket that is there. Root, who checks, may.
fn kept_from(address: &Address, user: &str) -> Option<Fault> {
    let Address::Unix(path) = address else { return None };
    let account = User::from_name(user).ok()??;
    if !path.exists() || !geteuid().is_root() {
        return None;
    }
    // Whatever lets him in counts: his groups, and access lists.
    let tried = Command::new("setpriv")
        .args([format!("--reuid={}", account.uid), format!("--regid={}", account.gid), "--init-groups".to_owned()])
        .args(["test", "-w"])
        .arg(path)
        .status();
    let fault = || {
        Fault::Missing(format!(
            "the user {user} may not write to {address}, and mail waits: let its folder belong to his group with mode 2750, or \
             let him be in the group of the socket, and restart the mail server"
        ))
    };
    tried.is_ok_and(|status| status.code() == Some(1)).then(fault)
}

/// The lines that say something: no comments, no space around them.
fn said<'t>(text: &'t str, comment: &'t str) -> impl Iterator<Item = &'t str> {
    text.lines().map(str::trim).filter(move |line| !line.is_empty() && !line.starts_with(comment))
}

/// A fault when some lines of a part aren't there.
fn without_lines(installed: &str, part: &str, name: &str) -> Option<Fault> {
    let missing: Vec<&str> = said(part, "#").filter(|line| !said(installed, "#").any(|known| known == *line)).collect();
    let first = missing.first()?;
    Some(Fault::Missing(format!(
        "{} of {} lines of the part `{name}`, the first: {first}",
        missing.len(),
        said(part, "#").count()
    )))
}
