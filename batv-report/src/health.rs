//! What only the daemon itself knows.

use batv_core::Day;

/// How the daemon is, for a report that it makes of itself.
///
/// ```
/// use batv_report::health::{Listener, Health};
///
/// let mut health = Health::default();
/// health.version = "0.1.0".to_owned();
/// health.listeners.push(Listener::new("milter", "unix:/run/batvd/milter.sock"));
/// assert_eq!(health.listeners[0].connections, 0);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Health {
    /// The version of the daemon.
    pub version: String,
    /// Seconds since it started.
    pub uptime: Option<u64>,
    /// When the settings in force were read, in seconds since 1970-01-01.
    pub settings_loaded: Option<i64>,
    /// Whether the last reading of the settings was good; those before it stay in force when not.
    pub reload_is_good: Option<bool>,
    /// The keys, in the order of the keyring.
    pub keys: Vec<Key>,
    /// The listeners that are open, or should be.
    pub listeners: Vec<Listener>,
    /// The store, where one is configured.
    pub store: Option<Store>,
    /// What keeps the process from more than its work, in words; `None` where nothing is known of it.
    pub sandbox: Option<String>,
}

/// A key, without its secret.
///
/// ```
/// use batv_report::health::Key;
///
/// let key = Key::new("batv", "signing");
/// assert!(key.created.is_none());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Key {
    /// `batv` or `srs`.
    pub key_use: String,
    /// `signing`, `verifying` or `retired`.
    pub state: String,
    /// The first digit of its tags.
    pub id: Option<u8>,
    /// The MAC.
    pub algorithm: String,
    /// The domains and mailboxes that it is for; none stands for all.
    pub domains: Vec<String>,
    /// The day on which it began to sign.
    pub created: Option<Day>,
    /// The day on which it should be replaced.
    pub next_rotation: Option<Day>,
    /// The last day on which a tag of its is valid: of one made today where it signs.
    pub last_valid: Option<Day>,
}

impl Key {
    /// A key of this use and state.
    ///
    /// ```
    /// # use batv_report::health::Key;
    /// assert_eq!(Key::new("srs", "verifying").id, None);
    /// ```
    #[must_use]
    pub fn new(key_use: &str, state: &str) -> Self {
        Self {
            key_use: key_use.to_owned(),
            state: state.to_owned(),
            id: None,
            algorithm: String::new(),
            domains: Vec::new(),
            created: None,
            next_rotation: None,
            last_valid: None,
        }
    }
}

/// A listener.
///
/// ```
/// use batv_report::health::Listener;
///
/// assert!(!Listener::new("line", "unix:/run/batvd/line.sock").is_missing);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Listener {
    /// The protocol.
    pub protocol: String,
    /// Where it listens.
    pub address: String,
    /// Connections that are open.
    pub connections: u64,
    /// Whether nobody can find it.
    pub is_missing: bool,
}

impl Listener {
    /// One that is open, and that nobody uses.
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

/// The store.
///
/// ```
/// use batv_report::health::Store;
///
/// assert!(Store::new("sqlite", true).words.is_empty());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Store {
    /// Which one.
    pub kind: String,
    /// Whether it answers.
    pub is_up: bool,
    /// More about it, where there is more.
    pub words: String,
}

impl Store {
    /// One of this kind.
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
