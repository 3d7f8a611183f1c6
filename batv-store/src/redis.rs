//! Store on a server, for many hosts: Valkey, or Redis from version 6.
//!
//! The server runs a batch as a script: in one round trip, and without operations of others in between. The clocks of
//! all hosts should agree to a few seconds, as each batch brings the time of its host. What frees memory is the server's
//! own clock (`EX` and `EXPIRE`): a host whose clock is wrong finds nothing while it is, and removes nothing; a server whose
//! clock is set forwards by a month forgets all.
//!
//! The server decides what outlives it: set `appendonly yes`, or `save`. All entries expire, so give the server
//! `maxmemory` and `maxmemory-policy volatile-ttl`: then entries that expire first are dropped first. A user of its own
//! needs `+eval +evalsha +script|load +get +set +del +type +expire +zadd +zrem +zcard +zrange +zrevrange
//! +zrangebyscore` and the keys of the prefix, as in `~batv:*`. Clusters are not supported, as a script may only use
//! keys of one node there; replicas are.
//!
//! Name the server by its address where possible. When a name can't be looked up, its last known addresses are used.
//!
//! TLS is not supported: use a tunnel (WireGuard, stunnel), or a Unix socket.

mod connection;
mod lookup;
mod stream;
mod translate;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::iter;
use core::time::Duration;
use std::path::Path;

use batv_config::{Permissions, read_secret};
use redis::{
    Client, ConnectionAddr, ErrorKind, IntoConnectionInfo, ProtocolVersion, RedisError, Script, ServerErrorKind, Value,
};

use crate::error::Error;
use crate::operation::{Answer, Operation};
use crate::store::Store;
use crate::worker::{Backend, Job, Worker};
use connection::Reconnecting;
use stream::Request;

/// Default prefix of all keys on the server.
///
/// ```
/// # use batv_store::redis::DEFAULT_PREFIX;
/// assert_eq!(DEFAULT_PREFIX, "batv:");
/// ```
pub const DEFAULT_PREFIX: &str = "batv:";

/// Address of the server, and the user there.
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
    /// Settings for the server of a URL: `redis://HOST`, `redis://HOST:PORT/DATABASE` (`valkey://` is the same), or
    /// `unix:///PATH?db=DATABASE`.
    ///
    /// # Errors
    /// [`Error::Address`] for any other URL, and for one that has a user or a password: other users can read command lines,
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
        let info = info.set_redis_settings(redis);
        let client = Client::open(info).map_err(|_| refused(unusable))?;
        Ok(Self { client, address, prefix: DEFAULT_PREFIX.into() })
    }

    /// Sets the prefix of all keys, so that several stores can share a server.
    ///
    /// ```
    /// # use batv_store::redis::Settings;
    /// let settings = Settings::new("redis://valkey.example.com")?.with_prefix("mx:");
    /// assert_eq!(settings.prefix(), "mx:");
    /// # Ok::<(), batv_store::Error>(())
    /// ```
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the password to the contents of a file without its line end, and the user, if the server has several. Other
    /// users must not be able to read the file.
    ///
    /// # Errors
    /// [`Error::Password`] when the file can't be read, is empty or not UTF-8, or when others can read it.
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

    /// Sets the password to the contents of a file that is read already, as
    /// [`with_password_file`](Self::with_password_file) does; `path` names it in errors.
    ///
    /// # Errors
    /// [`Error::Password`] when it is empty, or not UTF-8.
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

    /// Host and port, or path of the socket.
    ///
    /// ```
    /// # use batv_store::redis::Settings;
    /// assert_eq!(Settings::new("unix:///run/valkey/valkey.sock")?.address(), "/run/valkey/valkey.sock");
    /// # Ok::<(), batv_store::Error>(())
    /// ```
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Prefix of all keys.
    ///
    /// ```
    /// # use batv_store::redis::Settings;
    /// assert_eq!(Settings::new("redis://valkey.example.com")?.prefix(), "batv:");
    /// # Ok::<(), batv_store::Error>(())
    /// ```
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settings({})", self.address)
    }
}

/// Store on a server of Valkey or Redis.
///
/// A thread connects with the first batch, and again whenever the connection breaks, and sends all waiting batches at
/// once. While there is no server, batches fail with the reason.
///
/// ```no_run
/// use std::time::Duration;
///
/// use batv_core::fingerprint::Fingerprint;
/// use batv_store::redis::{Redis, Settings};
/// use batv_store::{Answer, Operation, Store};
///
/// let store = Redis::new(&Settings::new("unix:///run/valkey/valkey.sock")?)?;
/// let now = 1_795_478_400;
/// let count = Operation::Count { key: Fingerprint::new([1; 16]), by: 1, expires: now + 3_600 };
/// assert_eq!(store.run(vec![count], now, Duration::from_millis(250))?, [Answer::Total(1)]);
/// # Ok::<(), batv_store::Error>(())
/// ```
#[derive(Debug)]
pub struct Redis {
    worker: Worker,
}

impl Redis {
    /// Store on a server, to which it connects later.
    ///
    /// # Errors
    /// [`Error::Failed`] when no thread can be started.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use batv_store::redis::{Redis, Settings};
    /// use batv_store::{Error, Store};
    ///
    /// let store = Redis::new(&Settings::new("unix:///nonexistent/valkey.sock")?)?;
    /// let result = store.run(Vec::new(), 1_795_478_400, Duration::from_secs(10));
    /// assert!(matches!(result, Err(Error::Failed { .. })));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let Settings { client, address, prefix } = settings.clone();
        let script = Script::new(include_str!("redis/batch.lua"));
        let check = Request::new(translate::command(&script, &prefix, &[], 0), 0);
        let connection = Reconnecting::new(client, check);
        let server = Server { connection, script, address: address.clone(), prefix };
        Ok(Self { worker: Worker::start(address, server)? })
    }
}

impl Store for Redis {
    fn run(&self, batch: Vec<Operation>, now: u64, wait: Duration) -> Result<Vec<Answer>, Error> {
        self.worker.run(batch, now, wait)
    }
}

/// Server as the thread of the store sees it.
struct Server {
    connection: Reconnecting,
    script: Script,
    address: String,
    prefix: String,
}

impl Server {
    fn answers(&mut self, jobs: &[Job]) -> Vec<Result<Vec<Answer>, Error>> {
        let request = |job: &Job| {
            Request::new(translate::command(&self.script, &self.prefix, &job.batch, job.now), job.batch.len())
        };
        let requests: Vec<Request> = jobs.iter().map(request).collect();
        let mut values = self.connection.exchange(&requests);
        // A server loses its scripts when it is restarted; batches that need the script were not done.
        let is_missing = |error: &RedisError| error.kind() == ErrorKind::Server(ServerErrorKind::NoScript);
        let missing: Vec<usize> =
            (0..).zip(&values).filter(|(_, value)| value.as_ref().is_err_and(is_missing)).map(|(at, _)| at).collect();
        if !missing.is_empty() {
            let load = redis::cmd("SCRIPT").arg("LOAD").arg(include_str!("redis/batch.lua")).clone();
            let missed = missing.iter().map(|at| requests[*at].clone());
            let again: Vec<Request> = iter::once(Request::new(load, 0)).chain(missed).collect();
            for (at, value) in missing.iter().zip(self.connection.exchange(&again).into_iter().skip(1)) {
                values[*at] = value;
            }
        }
        let failed = |reason| Error::Failed { store: self.address.clone(), reason };
        let answer = |(job, value): (&Job, Result<Value, RedisError>)| {
            let value = value.map_err(|error| failed(connection::reason(&error)))?;
            translate::answers(&job.batch, value).ok_or_else(|| failed("unexpected answer".into()))
        };
        jobs.iter().zip(values).map(answer).collect()
    }
}

impl Backend for Server {
    fn run(&mut self, jobs: Vec<Job>) {
        let answers = self.answers(&jobs);
        jobs.into_iter().zip(answers).for_each(|(job, answers)| job.answer(answers));
    }
}
