//! The access that the worker needs in the sandbox.

use core::net::IpAddr;
use std::path::{Path, PathBuf};

use batv_store::redis;

use crate::config::{Config, LogTo, Place};

/// The access that the worker needs beyond the connections on its sockets.
///
/// ```
/// use batv_mta::config::Config;
/// use batv_mta::process::sandbox::Needs;
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
    /// Folders in which it reads, creates, changes and removes files.
    pub folders: Vec<PathBuf>,
    /// Files and folders that it reads.
    pub readable: Vec<PathBuf>,
    /// TCP ports to which it connects, on any host.
    pub ports: Vec<u16>,
    /// Whether it resolves host names.
    pub host_names: bool,
    /// Whether it connects to Unix sockets.
    pub local_sockets: bool,
}

impl Needs {
    /// The needs of a configuration.
    pub fn of(config: &Config) -> Self {
        let mut needs = Self::default();
        if config.log.to == LogTo::Syslog {
            needs.local_sockets = true;
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
            // A malformed address is an error where the store is opened.
            Place::Server(url) => match redis::Settings::new(url).as_ref().map(|settings| settings.address()) {
                Ok(path) if path.starts_with('/') => self.local_sockets = true,
                Ok(address) => {
                    let (host, port) = address.rsplit_once(':').unwrap_or_default();
                    self.ports.extend(port.parse::<u16>().ok());
                    // Resolving a name needs much more than a connection.
                    self.host_names = host.trim_matches(['[', ']']).parse::<IpAddr>().is_err();
                }
                Err(_) => {}
            },
        }
    }
}
