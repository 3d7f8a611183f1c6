//! What the process that meets strangers gives up, so that whoever takes it over gets little: Landlock keeps it from files
//! and from the network, a filter (seccomp) from the system calls that it never makes.

use core::net::IpAddr;
use std::path::{Path, PathBuf};

use batv_store::redis;
use nix::unistd::{User, geteuid};
use thiserror::Error;
use tracing::{info, warn};

use crate::config::{Config, LogTo, Place};

#[cfg(target_os = "linux")]
mod landlock;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod seccomp;

/// What it must be able to do all the same, beyond serving the connections that come by sockets which others have opened.
///
/// ```
/// use batv_mta::config::Config;
/// use batv_mta::sandbox::Needs;
///
/// let needs = Needs::of(&Config::parse("log.to = 'syslog'")?);
/// assert!(needs.local_sockets && needs.folders.is_empty() && needs.ports.is_empty());
/// let needs = Needs::of(&Config::parse("store.at = 'redis://valkey.example.com:6380'")?);
/// assert!(needs.ports == [6380] && needs.host_names);
/// let needs = Needs::of(&Config::parse("store.at = 'redis://192.0.2.7'")?);
/// assert!(needs.ports == [6379] && !needs.host_names);
/// # Ok::<(), batv_mta::config::Fault>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Needs {
    /// Folders where it reads, makes, changes and removes files.
    pub folders: Vec<PathBuf>,
    /// Files, and folders of files, that it reads.
    pub readable: Vec<PathBuf>,
    /// TCP ports, of any host, to which it connects.
    pub ports: Vec<u16>,
    /// Whether it looks names of hosts up.
    pub host_names: bool,
    /// Whether it connects to Unix sockets.
    pub local_sockets: bool,
}

impl Needs {
    /// What this configuration asks for.
    pub fn of(config: &Config) -> Self {
        let mut needs = Self::default();
        if config.log.to == LogTo::Syslog {
            needs.local_sockets = true;
            // syslog(3) writes the local time into each line.
            needs.readable.push(PathBuf::from("/etc/localtime"));
        }
        needs.store(&config.store.place());
        let figures = config.page.figures().filter(|_| !config.listen.page.is_empty());
        needs.folders.extend(figures.as_deref().and_then(Path::parent).map(PathBuf::from));
        needs
    }

    fn store(&mut self, place: &Place) {
        match place {
            Place::Nowhere => {}
            Place::Sqlite(path) => self.folders.extend(path.parent().map(PathBuf::from)),
            // One that can't be read is refused where it is opened.
            Place::Server(url) => match redis::Settings::new(url).as_ref().map(|settings| settings.address()) {
                Ok(path) if path.starts_with('/') => self.local_sockets = true,
                Ok(address) => {
                    let (host, port) = address.rsplit_once(':').unwrap_or_default();
                    self.ports.extend(port.parse::<u16>().ok());
                    // To find a host by its name takes much more than to connect.
                    self.host_names = host.trim_matches(['[', ']']).parse::<IpAddr>().is_err();
                }
                Err(_) => {}
            },
        }
    }
}

/// Whether something is in force.
///
/// ```
/// use batv_mta::sandbox::State;
///
/// assert!(State::InForce.is_in_force() && !State::Missing("the kernel is too old".to_owned()).is_in_force());
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "it is, or it isn't for one reason or another")]
pub enum State {
    /// Nobody asked for it.
    #[default]
    Off,
    /// It is.
    InForce,
    /// The system doesn't give it, and why.
    Missing(String),
}

impl State {
    /// Whether it is.
    pub const fn is_in_force(&self) -> bool {
        matches!(self, Self::InForce)
    }
}

/// What is in force.
///
/// ```
/// use batv_mta::sandbox::{Confinement, State};
///
/// assert_eq!(Confinement::default().parts(), [("landlock", &State::Off), ("seccomp", &State::Off)]);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Confinement {
    /// No files, no other process, no network.
    pub landlock: State,
    /// No system calls but the usual ones.
    pub seccomp: State,
}

impl Confinement {
    /// Each by its name in the log and the metrics.
    pub const fn parts(&self) -> [(&'static str, &State); 2] {
        [("landlock", &self.landlock), ("seccomp", &self.seccomp)]
    }

    /// Says it in the log: one line, a warning when something is missing.
    pub fn tell(&self) {
        let names = |wanted: fn(&State) -> bool| {
            let parts = self.parts().into_iter().filter(|(_, state)| wanted(state));
            parts.map(|(name, _)| name).collect::<Vec<_>>().join(" and ")
        };
        let missing: Vec<_> = (self.parts().iter())
            .filter_map(|(name, state)| match state {
                State::Missing(why) => Some(format!("{name}: {why}")),
                State::Off | State::InForce => None,
            })
            .collect();
        if !missing.is_empty() {
            warn!("the worker is less confined than it could be: {}", missing.join("; "));
        } else if self.parts().iter().any(|(_, state)| state.is_in_force()) {
            info!("the worker is confined by {}", names(State::is_in_force));
        } else {
            info!("the worker is not confined: `sandbox.confine` is false");
        }
    }
}

/// Gives up all but `needs`, for good, as far as the system lets a process do that. It holds for this thread and for those
/// that it starts from now on: call it before there are others.
///
/// ```no_run
/// use batv_mta::sandbox::{Needs, confine};
///
/// confine(&Needs::default()).tell();
/// assert!(std::fs::read("/etc/batv/keyring.toml").is_err());
/// ```
#[must_use]
pub fn confine(needs: &Needs) -> Confinement {
    #[cfg(target_os = "linux")]
    {
        hide_memory();
        // Whoever can't be set free again needs no privilege to lock himself in: both below require it.
        let _ = rustix::thread::set_no_new_privs(true);
        // The filter is the last, as it lets nothing of this through.
        Confinement { landlock: landlock::restrict(needs), seccomp: filter(needs) }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = needs;
        let missing = || State::Missing("this is not Linux".to_owned());
        Confinement { landlock: missing(), seccomp: missing() }
    }
}

/// Keeps keys out of core files, and from other processes of the same user.
pub(crate) fn hide_memory() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
fn filter(needs: &Needs) -> State {
    seccomp::filter(needs)
}

#[cfg(all(target_os = "linux", not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn filter(_: &Needs) -> State {
    State::Missing(format!("nobody has counted the system calls that are made on {}", std::env::consts::ARCH))
}

/// Why nobody else can be who the worker runs as.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UserError {
    /// He isn't there.
    #[error("sandbox.user: there is no user `{0}` on this host")]
    Unknown(String),
    /// Only root can be another.
    #[error(
        "sandbox.user: only root can start the worker as `{0}`: start the daemon as root, or as `{0}` without this key"
    )]
    NotRoot(String),
    /// The system doesn't say.
    #[error("sandbox.user: `{0}`: {1}")]
    System(String, std::io::Error),
}

/// The numbers of a user and his group, as whom this process can start others; `None` when it is he already.
///
/// # Errors
/// [`UserError`].
///
/// ```
/// let error = batv_mta::sandbox::account("no such user").unwrap_err();
/// assert!(error.to_string().contains("there is no user `no such user`"));
/// ```
pub fn account(name: &str) -> Result<Option<(u32, u32)>, UserError> {
    let failed = |error: nix::Error| UserError::System(name.to_owned(), error.into());
    let user = User::from_name(name).map_err(failed)?.ok_or_else(|| UserError::Unknown(name.to_owned()))?;
    let own = geteuid();
    if own == user.uid {
        return Ok(None);
    }
    if !own.is_root() {
        return Err(UserError::NotRoot(name.to_owned()));
    }
    Ok(Some((user.uid.as_raw(), user.gid.as_raw())))
}
