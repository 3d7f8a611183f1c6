//! The section `store`.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;
use std::env;
use std::path::PathBuf;

use batv_config::site::text;
use batv_store::sqlite::check_limit;
use batv_store::{Error, redis};
use serde::{Deserialize, Deserializer};

use crate::config::limits::positive;
use crate::files::Files;

/// Store that the hosts of a fleet share. Mail never waits longer than `milliseconds` for it; each use of the store says what
/// happens without an answer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Store {
    /// Place. The default is a file in the folder that systemd provides (`StateDirectory=`), if there is one.
    pub at: Option<Place>,
    /// User name on a server, with the password.
    pub user: Option<String>,
    /// File with the password of a server.
    pub password_file: Option<PathBuf>,
    /// Prefix of the names of our entries on a server.
    pub prefix: String,
    /// Largest size of the SQLite file, in octets.
    pub octets: u64,
    /// Milliseconds that a message waits for an answer, at most.
    #[serde(deserialize_with = "positive")]
    pub milliseconds: u64,
    /// Days that a sent message is remembered; 0 to remember none.
    pub sent_days: u16,
    /// Handles that each client may have at a time, for senders that are too long for a tag; 0 to send these untagged.
    pub aliases_per_client: u32,
    /// Bounces to one tag or SRS address that are accepted because of it alone; 0 for any number.
    pub bounces_per_tag: u32,
    /// Bounces of one message that are accepted because a mark, a DKIM signature or the sent log proves the message; 0 for any
    /// number.
    pub bounces_per_message: u32,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            at: None,
            user: None,
            password_file: None,
            prefix: "batv:".to_owned(),
            octets: batv_store::sqlite::DEFAULT_LIMIT,
            milliseconds: 250,
            sent_days: batv_store::sent::DEFAULT_DAYS,
            aliases_per_client: batv_store::alias::DEFAULT_QUOTA,
            bounces_per_tag: batv_store::counter::BOUNCES_PER_TAG,
            bounces_per_message: batv_store::counter::BOUNCES_PER_MESSAGE,
        }
    }
}

impl Store {
    /// Place of the store, with the default.
    ///
    /// ```
    /// use batv_mta::config::{Config, Place};
    ///
    /// let config = Config::parse("store.at = 'redis://valkey.example.com'")?;
    /// assert_eq!(config.store.place(), Place::Server("redis://valkey.example.com".to_owned()));
    /// # Ok::<(), batv_mta::config::Fault>(())
    /// ```
    pub fn place(&self) -> Place {
        self.at.clone().unwrap_or_else(|| {
            state_folder().map_or(Place::Nowhere, |folder| Place::Sqlite(folder.join("store.sqlite")))
        })
    }

    /// Checks the settings, without a connection.
    pub(crate) fn check(&self, files: &dyn Files) -> Result<(), Error> {
        match self.place() {
            Place::Nowhere => Ok(()),
            Place::Sqlite(_) => check_limit(self.octets),
            Place::Server(url) => self.server(&url, files).map(drop),
        }
    }

    /// Settings of the connection to a server.
    pub(crate) fn server(&self, url: &str, files: &dyn Files) -> Result<redis::Settings, Error> {
        let server = redis::Settings::new(url)?.with_prefix(&self.prefix);
        let Some(path) = &self.password_file else { return Ok(server) };
        let octets = files.read_secret(path).map_err(|error| Error::Password { reason: error.to_string() })?;
        server.with_password(self.user.as_deref(), path, &octets)
    }

    /// Settings that take effect only when the store is opened.
    pub(crate) fn opening(&self) -> impl PartialEq + use<> {
        (
            self.place(),
            self.user.clone(),
            self.password_file.clone(),
            self.prefix.clone(),
            self.octets,
            self.milliseconds,
        )
    }

    /// Time that a message waits for an answer.
    pub(crate) const fn patience(&self) -> Duration {
        Duration::from_millis(self.milliseconds)
    }
}

/// Folder that systemd provides (`StateDirectory=`).
pub(super) fn state_folder() -> Option<PathBuf> {
    // systemd.exec(5): one path, or several with colons between.
    let given = env::var("STATE_DIRECTORY").ok().filter(|folders| !folders.is_empty())?;
    given.split(':').next().map(PathBuf::from)
}

/// Place of a store: `sqlite:/path`, `redis://host:port/database`, `unix:///path` of a server's socket, or `none`.
///
/// ```
/// use batv_mta::config::Place;
///
/// assert_eq!("none".parse(), Ok(Place::Nowhere));
/// assert!("mysql://localhost".parse::<Place>().is_err());
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum Place {
    /// Nowhere.
    Nowhere,
    /// A SQLite file of this host.
    Sqlite(PathBuf),
    /// A Valkey or Redis server, by its URL.
    Server(String),
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "none" => Ok(Self::Nowhere),
            Some(("sqlite", path)) if path.starts_with('/') => Ok(Self::Sqlite(path.into())),
            Some(("redis" | "valkey" | "unix", rest)) if rest.starts_with("//") => Ok(Self::Server(text.to_owned())),
            _ => Err("a store is `sqlite:/path`, `redis://host:port/database`, `unix:///path` or `none`"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => f.write_str("none"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Server(url) => f.write_str(url),
        }
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::parsed(deserializer)
    }
}
