//! Settings in force: the configuration and the site, read together and replaced together.

use alloc::sync::Arc;
use core::net::IpAddr;
use std::fs;
use std::path::{Path, PathBuf};

use batv_config::site::{self, Site};
use batv_config::{Keyring, date};
use batv_core::{Day, KeySet};
use batv_policy::{BouncePolicy, Rules, View};
use thiserror::Error;

use crate::config::{Address, Config, Fault};
use crate::exposure::trusted_users;
use crate::files::{FileSystem, Files, Recorder};
use crate::held::{Held, Holder};
use crate::metrics::Metrics;
use crate::process::sandbox::Needs;
use crate::store::Store;

/// Configuration in force, with the site that it describes.
///
/// ```
/// use batv_config::Keyring;
/// use batv_core::Mailbox;
/// use batv_core::envelope::Mode;
/// use batv_mta::config::Config;
/// use batv_mta::settings::Settings;
///
/// let config = "[sign]\nexempt = ['news@example.com']\n[verify]\nmodes = { 'example.com' = 'reject' }";
/// let settings = Settings::new(Config::parse(config)?, Keyring::parse("")?)?;
/// let (alice, news) = (Mailbox::parse("alice@example.com")?, Mailbox::parse("news@example.com")?);
/// assert!(settings.rules().is_protected(&alice) && !settings.rules().is_protected(&news));
/// assert_eq!(settings.rules().mode_for(&alice), Mode::Reject);
/// assert!(settings.is_internal("127.0.0.1".parse().ok(), "") && !settings.is_internal(None, "MX"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Settings {
    config: Config,
    site: Site,
    metrics: Arc<Metrics>,
    store: Arc<Store>,
}

/// Reason why there are no settings.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The site cannot be used: its configuration or its keyring.
    #[error(transparent)]
    Site(#[from] site::Error),
    /// Clock that is far off.
    #[error(transparent)]
    Clock(#[from] date::DateError),
    /// Other hosts could read the page.
    #[error(
        "listen.page: `{0}` is reached by other hosts, and there is no password: listen on 127.0.0.1, or write `page.remote = true`"
    )]
    Page(Address),
    /// The settings of the store are wrong.
    #[error("the store: {0}")]
    Store(#[from] batv_store::Error),
    /// Somebody else can change the keys, or the password of the store.
    #[error(
        "{} belongs to user {owner}, who can change it: give it to root, or to the user that the daemon runs as",
        .path.display()
    )]
    Owner {
        /// The secret file.
        path: PathBuf,
        /// Number of its owner.
        owner: u32,
    },
    /// An attacker in the worker could read the keys, or change the configuration.
    #[error(
        "{} is in {}, where the worker reads and changes files: keep `store.at` and `page.figures` in a \
         folder of their own",
        .path.display(),
        .folder.display()
    )]
    Exposed {
        /// The configuration, or the keyring.
        path: PathBuf,
        /// Folder in which the worker writes.
        folder: PathBuf,
    },
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Site(fault.into())
    }
}

impl From<batv_config::Error> for Error {
    fn from(error: batv_config::Error) -> Self {
        Self::Site(error.into())
    }
}

impl Settings {
    /// Reads the configuration and the files that it names, and checks the clock.
    ///
    /// # Errors
    /// [`enum@Error`]: also when no key signs, or the clock is before 1970.
    pub fn load(path: &Path, files: &dyn Files, metrics: &Arc<Metrics>) -> Result<Self, Error> {
        let config = Config::load(path, files)?;
        let site = Site::load(&config.site, files)?;
        date::today()?;
        // The worker opens the store when it can open no files any more: it gets those that are read here.
        config.store.check(files)?;
        if config.sandbox.confine {
            for folder in Needs::of(&config).folders {
                if let Some(path) = [path, &config.site.keyring].into_iter().find(|path| is_in(path, &folder)) {
                    return Err(Error::Exposed { path: path.to_owned(), folder });
                }
            }
        }
        Ok(Self { metrics: Arc::clone(metrics), ..Self::of(config, site)? })
    }

    /// Checks that the secret files which were read for these settings belong to root or to the daemon.
    ///
    /// # Errors
    /// [`Error::Owner`].
    pub fn check_owners(&self, files: &Recorder) -> Result<(), Error> {
        let stranger = files.stranger(&trusted_users(&self.config));
        stranger.map_or(Ok(()), |(path, owner)| Err(Error::Owner { path, owner }))
    }

    /// Puts a configuration and a keyring together, with metrics of their own, and reads the lists that the configuration
    /// names.
    ///
    /// # Errors
    /// [`enum@Error`].
    ///
    /// ```
    /// use batv_config::Keyring;
    /// use batv_mta::config::Config;
    /// use batv_mta::settings::Settings;
    ///
    /// let config = Config::parse("srs.domains = ['not a domain']")?;
    /// assert!(Settings::new(config, Keyring::parse("")?).is_err());
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn new(config: Config, keyring: Keyring) -> Result<Self, Error> {
        let site = Site::new(&config.site, keyring, &FileSystem)?;
        Self::of(config, site)
    }

    fn of(config: Config, site: Site) -> Result<Self, Error> {
        if let Some(address) = config.listen.page.iter().find(|address| !config.page.remote && !address.is_local()) {
            return Err(Error::Page(address.clone()));
        }
        Ok(Self { config, site, metrics: Arc::default(), store: Arc::default() })
    }

    /// The same settings with this store.
    #[must_use]
    pub fn with_store(self, store: &Arc<Store>) -> Self {
        Self { store: Arc::clone(store), ..self }
    }

    /// Client of the store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Metrics.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// A part of the octets that all messages and requests under way hold: nothing yet.
    pub(crate) fn held(&self, holder: Holder) -> Held {
        Held::new(self.metrics.total(), holder)
    }

    /// The configuration.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Warnings about settings that can be used but are hardly meant: [`Config::doubt`] and [`Site::warnings`].
    ///
    /// ```
    /// use batv_config::Keyring;
    /// use batv_mta::config::Config;
    /// use batv_mta::settings::Settings;
    ///
    /// let text = "listen.line = ['inet:localhost:9900']\nsign.protected = ['example.com']\n";
    /// let settings = |more| Settings::new(Config::parse(&format!("{text}{more}"))?, Keyring::parse("")?);
    /// assert_eq!(settings("[verify.modes]\n'Example.com' = 'reject'")?.warnings(), [""; 0]);
    /// assert!(settings("[verify.modes]\n'example.org' = 'reject'")?.warnings().len() == 1);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn warnings(&self) -> Vec<String> {
        self.config.doubt().map(str::to_owned).into_iter().chain(self.site.warnings()).collect()
    }

    /// The keys.
    pub fn keys(&self) -> &KeySet {
        self.site.keys()
    }

    /// [`Keyring::last_valid_day`] of the key at this place.
    pub fn last_valid_day(&self, index: usize, today: Day) -> Option<Day> {
        self.site.last_valid_day(index, today)
    }

    /// Today.
    ///
    /// # Errors
    /// Those of [`date::today`].
    pub fn today(&self) -> Result<Day, date::DateError> {
        date::today()
    }

    /// Rules of the site.
    pub const fn rules(&self) -> &Rules {
        self.site.rules()
    }

    /// The site, which decides.
    pub fn site(&self) -> View<'_> {
        self.site.view()
    }

    /// Whether messages with this reverse-path are judged by their content.
    pub(crate) fn reads(&self, reverse_path: batv_core::Path<'_>) -> bool {
        self.site.reads(reverse_path)
    }

    /// Policy on the bounces that the mail server would send.
    pub(crate) fn bounces(&self) -> BouncePolicy<'_, String> {
        self.site.may_bounce_policy()
    }

    /// Whether mail from here is signed.
    pub fn is_internal(&self, address: Option<IpAddr>, daemon_name: &str) -> bool {
        let clients = &self.config.clients;
        contains(&clients.internal_networks, address) || clients.daemon_names.iter().any(|name| name == daemon_name)
    }

    /// Whether mail from here is left alone.
    pub fn is_exempt(&self, address: Option<IpAddr>) -> bool {
        contains(&self.config.clients.exempt_networks, address)
    }
}

/// Whether a file, or a link to it, is in this folder or below.
fn is_in(path: &Path, folder: &Path) -> bool {
    // Links are resolved as far as they exist.
    let whole = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = whole(folder);
    [Some(path), path.parent()].into_iter().flatten().any(|path| whole(path).starts_with(&folder))
}

fn contains(networks: &[ipnet::IpNet], address: Option<IpAddr>) -> bool {
    // A dual-stack socket shows IPv4 clients as ::ffff:192.0.2.1.
    address.is_some_and(|address| networks.iter().any(|network| network.contains(&address.to_canonical())))
}
