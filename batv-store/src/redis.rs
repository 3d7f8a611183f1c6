//! A store on a server, for many hosts: Valkey, or Redis from version 6.
//!
//! A batch is one script that the server runs, so it takes one round trip, and nothing of others comes between. All hosts
//! should have about the same time, as each tells what time it is; some seconds do no harm.
//!
//! The server decides what outlives it: set `appendonly yes`, or `save`. All that is stored expires, so give the server
//! `maxmemory` and `maxmemory-policy volatile-ttl`: then what would expire the soonest goes first. A user of its own needs
//! `+eval +evalsha +script|load +get +set +del +type +expire +zadd +zrem +zcard +zrange +zrevrange +zrangebyscore` and the
//! keys of the prefix, as in `~batv:*`. A cluster won't do, as a script may only use keys of one node there; replicas will.
//!
//! A server is best named by its address. By a name it is found where it was before, when the name can't be looked up.
//!
//! There is no TLS: beside a server on the same host or network use a tunnel (WireGuard, stunnel), or a Unix socket.

mod link;
mod names;
mod translate;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use std::path::Path;

use batv_config::{Permissions, read_secret};
use redis::{Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, Script};

use crate::bounds;
use crate::error::Error;
use crate::operation::Operation;
use crate::store::{Answers, Store};
use link::Link;

/// What all keys on the server begin with, when not told otherwise.
///
/// ```
/// # use batv_store::redis::DEFAULT_PREFIX;
/// assert_eq!(DEFAULT_PREFIX, "batv:");
/// ```
pub const DEFAULT_PREFIX: &str = "batv:";

/// Where the server is, and who we are to it.
///
/// ```
/// use batv_store::redis::Settings;
///
/// let settings = Settings::new("redis://valkey.example.com:6379/2")?.with_prefix("batv-test:");
/// assert_eq!(settings.address(), "valkey.example.com:6379");
/// # Ok::<(), batv_store::Error>(())
/// ```
#[derive(Clone)]
pub struct Settings {
    client: Client,
    address: String,
    prefix: String,
}

impl Settings {
    /// A server by its URL: `redis://HOST`, `redis://HOST:PORT/DATABASE` (`valkey://` is the same), or
    /// `unix:///PATH?db=DATABASE`.
    ///
    /// # Errors
    /// [`Error::Address`] for what is no such URL; also with a user or a password in it, as others can read command lines,
    /// and configurations are handed around.
    ///
    /// ```
    /// # use batv_store::redis::Settings;
    /// let error = Settings::new("redis://:s3kr1t@valkey.example.com").unwrap_err();
    /// assert_eq!(error.to_string(), "the address of the store has a user or a password: name a file that has it");
    /// let error = Settings::new("rediss://valkey.example.com").unwrap_err();
    /// assert_eq!(error.to_string(), "the address of the store asks for TLS: use a tunnel, or a Unix socket");
    /// ```
    pub fn new(url: &str) -> Result<Self, Error> {
        let refused = |reason| Error::Address { reason };
        let scheme = url.split(':').next().unwrap_or_default();
        if ["rediss", "valkeys"].iter().any(|tls| scheme.eq_ignore_ascii_case(tls)) {
            return Err(refused("asks for TLS: use a tunnel, or a Unix socket"));
        }
        let unusable = "is none: write redis://HOST:PORT/DATABASE or unix:///PATH?db=DATABASE";
        let info = url.into_connection_info().map_err(|_| refused(unusable))?;
        let redis = info.redis_settings();
        if redis.username().is_some() || redis.password().is_some() {
            return Err(refused("has a user or a password: name a file that has it"));
        }
        let address = match info.addr() {
            ConnectionAddr::Tcp(host, port) => format!("{host}:{port}"),
            ConnectionAddr::Unix(path) => path.display().to_string(),
            _ => return Err(refused(unusable)),
        };
        let redis = redis.clone().set_protocol(ProtocolVersion::RESP3);
        let info = info.set_redis_settings(redis).set_tcp_settings(link::tcp_settings());
        let client = Client::open(info).map_err(|_| refused(unusable))?;
        Ok(Self { client, address, prefix: DEFAULT_PREFIX.into() })
    }

    /// The same with other keys, so that several can share a server.
    ///
    /// ```
    /// # use batv_store::redis::Settings;
    /// let settings = Settings::new("redis://valkey.example.com")?.with_prefix("mx:");
    /// # Ok::<(), batv_store::Error>(())
    /// ```
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The same with the password that is in a file, which others must not be able to read, and a user if the server has
    /// several. A line end after the password is none of it.
    ///
    /// # Errors
    /// [`Error::Password`].
    ///
    /// ```
    /// # use batv_store::redis::Settings;
    /// let settings = Settings::new("redis://valkey.example.com")?;
    /// assert!(settings.with_password_file(Some("batv"), "/nonexistent".as_ref()).is_err());
    /// # Ok::<(), batv_store::Error>(())
    /// ```
    pub fn with_password_file(self, user: Option<&str>, path: &Path) -> Result<Self, Error> {
        let octets =
            read_secret(path, Permissions::Private).map_err(|error| Error::Password { reason: error.to_string() })?;
        self.with_password(user, path, &octets)
    }

    /// The same for who has read the file already: `octets` are all that is in it.
    ///
    /// # Errors
    /// [`Error::Password`].
    ///
    /// ```
    /// # use batv_store::redis::Settings;
    /// let settings = Settings::new("redis://valkey.example.com")?;
    /// assert!(settings.with_password(None, "/etc/batv/valkey".as_ref(), b"s3kr1t\n").is_ok());
    /// # Ok::<(), batv_store::Error>(())
    /// ```
    pub fn with_password(mut self, user: Option<&str>, path: &Path, octets: &[u8]) -> Result<Self, Error> {
        let refused = |reason: String| Error::Password { reason };
        let text = str::from_utf8(octets).map_err(|_| refused(format!("{} is not UTF-8", path.display())))?;
        let password = text.trim_end_matches(['\r', '\n']);
        if password.is_empty() {
            return Err(refused(format!("{} is empty", path.display())));
        }
        let info = self.client.get_connection_info().clone();
        let mut redis = info.redis_settings().clone().set_password(password);
        if let Some(user) = user {
            redis = redis.set_username(user);
        }
        let client = Client::open(info.set_redis_settings(redis));
        self.client = client.map_err(|error| refused(error.to_string()))?;
        Ok(self)
    }

    /// The host and port, or the path of the socket.
    ///
    /// ```
    /// # use batv_store::redis::Settings;
    /// assert_eq!(Settings::new("unix:///run/valkey/valkey.sock")?.address(), "/run/valkey/valkey.sock");
    /// # Ok::<(), batv_store::Error>(())
    /// ```
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settings({})", self.address)
    }
}

/// A store on a server of Valkey or Redis.
///
/// It has one connection, over which all batches go without waiting for each other, and makes a new one by itself when
/// that breaks. While there is none, batches fail at once with the reason.
///
/// ```no_run
/// use batv_core::fingerprint::Fingerprint;
/// use batv_store::redis::{Redis, Settings};
/// use batv_store::{Answer, Operation, Store};
///
/// # async fn example() -> Result<(), batv_store::Error> {
/// let store = Redis::connect(&Settings::new("unix:///run/valkey/valkey.sock")?);
/// let now = 1_795_478_400;
/// let count = Operation::Count { key: Fingerprint::new([1; 16]), by: 1, expires: now + 3_600 };
/// assert_eq!(store.run(vec![count], now).await?, [Answer::Total(1)]);
/// # Ok(())
/// # }
/// ```
pub struct Redis {
    link: Link,
    script: Script,
    address: String,
    prefix: String,
}

impl Redis {
    /// Begins to connect, and goes on with that by itself: that there is no server shows in what batches answer.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    ///
    /// ```
    /// use batv_store::redis::{Redis, Settings};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    /// # let _entered = runtime.enter();
    /// let store = Redis::connect(&Settings::new("unix:///nonexistent/valkey.sock")?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn connect(settings: &Settings) -> Self {
        Self {
            link: Link::new(settings.client.clone()),
            script: Script::new(include_str!("redis/batch.lua")),
            address: settings.address.clone(),
            prefix: settings.prefix.clone(),
        }
    }

    fn failed(&self, reason: String) -> Error {
        Error::Failed { store: self.address.clone(), reason }
    }
}

impl Store for Redis {
    fn run(&self, batch: Vec<Operation>, now: u64) -> Answers<'_> {
        Box::pin(async move {
            bounds::check(&batch)?;
            let mut connection = self.link.connection().await.map_err(|reason| self.failed(reason))?;
            let invocation = translate::invocation(&self.script, &self.prefix, &batch, now);
            let answers = invocation.invoke_async(&mut connection.commands).await.map_err(|error| {
                self.link.note(&connection, &error);
                self.failed(link::reason(&error))
            })?;
            translate::answers(&batch, answers).ok_or_else(|| self.failed("its answer is not to what was asked".into()))
        })
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redis({})", self.address)
    }
}
