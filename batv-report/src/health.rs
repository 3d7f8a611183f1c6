//! Health of the daemon, which no log tells.

use batv_core::Day;
use serde::{Serialize, Serializer};

use crate::format;

/// Health of the daemon, for a report that it makes itself.
///
/// ```
/// use batv_report::health::{Listener, Health};
///
/// let mut health = Health::default();
/// health.version = "0.1.0".to_owned();
/// health.listeners.push(Listener::new("milter", "unix:/run/batvd/milter.sock"));
/// assert_eq!(health.listeners[0].connections, 0);
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// Version of the daemon.
    pub version: String,
    /// Seconds since it started.
    #[serde(rename = "uptime_seconds")]
    pub uptime: Option<u64>,
    /// Time at which the settings in force were read, in seconds since 1970-01-01 (UTC).
    #[serde(serialize_with = "format::time")]
    pub settings_loaded: Option<i64>,
    /// Whether the last reload succeeded; after a failure the earlier settings stay in force.
    pub reload_is_good: Option<bool>,
    /// Keys, in the order of the keyring.
    pub keys: Vec<Key>,
    /// Listeners that are open, or should be.
    pub listeners: Vec<Listener>,
    /// Store, if one is configured.
    pub store: Option<Store>,
    /// State of the sandbox, in words; `None` if unknown.
    pub sandbox: Option<String>,
}

/// Key, without its secret.
///
/// ```
/// use batv_report::health::Key;
///
/// let key = Key::new("batv", "signing");
/// assert!(key.created.is_none());
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Key {
    /// Use: `batv` or `srs`.
    #[serde(rename = "use")]
    pub key_use: String,
    /// Id, the first digit of its tags.
    pub id: Option<u8>,
    /// MAC algorithm.
    pub algorithm: String,
    /// State: `signing`, `verifying` or `retired`.
    pub state: String,
    /// Domains and mailboxes of the key; none stands for all.
    pub domains: Vec<String>,
    /// Day on which it was created.
    #[serde(serialize_with = "date")]
    pub created: Option<Day>,
    /// Days since then, where the report tells when it was made.
    pub(crate) age_days: Option<i32>,
    /// Day on which it should be replaced.
    #[serde(serialize_with = "date")]
    pub next_rotation: Option<Day>,
    /// Last day on which one of its tags is valid: a tag of today, if it signs.
    #[serde(serialize_with = "date")]
    pub last_valid: Option<Day>,
}

impl Key {
    /// Key of a use and a state, without the rest.
    ///
    /// ```
    /// # use batv_report::health::Key;
    /// assert_eq!(Key::new("srs", "verifying").id, None);
    /// ```
    #[must_use]
    pub fn new(key_use: &str, state: &str) -> Self {
        Self { key_use: key_use.to_owned(), state: state.to_owned(), ..Self::default() }
    }
}

/// Listener.
///
/// ```
/// use batv_report::health::Listener;
///
/// assert!(!Listener::new("line", "unix:/run/batvd/line.sock").is_missing);
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Listener {
    /// Protocol.
    pub protocol: String,
    /// Address.
    pub address: String,
    /// Number of open connections.
    pub connections: u64,
    /// Whether its socket is gone.
    #[serde(rename = "missing")]
    pub is_missing: bool,
}

impl Listener {
    /// Open listener without connections.
    ///
    /// ```
    /// # use batv_report::health::Listener;
    /// assert_eq!(Listener::new("milter", "inet:127.0.0.1:9900").protocol, "milter");
    /// ```
    #[must_use]
    pub fn new(protocol: &str, address: &str) -> Self {
        Self { protocol: protocol.to_owned(), address: address.to_owned(), connections: 0, is_missing: false }
    }
}

/// Store.
///
/// ```
/// use batv_report::health::Store;
///
/// assert!(Store::new("sqlite", true).words.is_empty());
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Store {
    /// Kind of store.
    pub kind: String,
    /// Whether the store answers.
    #[serde(rename = "up")]
    pub is_up: bool,
    /// Last error, if any.
    pub words: String,
}

impl Store {
    /// Store of a kind, without an error.
    ///
    /// ```
    /// # use batv_report::health::Store;
    /// assert!(!Store::new("valkey", false).is_up);
    /// ```
    #[must_use]
    pub fn new(kind: &str, is_up: bool) -> Self {
        Self { kind: kind.to_owned(), is_up, words: String::new() }
    }
}

fn date<S: Serializer>(day: &Option<Day>, serializer: S) -> Result<S::Ok, S::Error> {
    day.map(|day| day.to_string()).serialize(serializer)
}
