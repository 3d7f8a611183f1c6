//! Connection to the server, made when it is needed.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::slice::from_ref;
use core::time::Duration;
use std::io;
use std::time::Instant;

use redis::{Client, ConnectionAddr, RedisError, Value};

use super::lookup::Lookup;
use super::stream::{Request, Stream};

/// Time to connect, and to answer a command.
const PATIENCE: Duration = Duration::from_secs(5);
/// Time after which an unused connection is checked before it is used: the server may have closed it.
const IDLE: Duration = Duration::from_secs(1);
/// Characters of a server's error that are passed on.
const REASON_LIMIT: usize = 200;

/// Connection, or the means to make one.
pub(super) struct Reconnecting {
    client: Client,
    lookup: Lookup,
    /// Command without effect.
    check: Request,
    open: Option<(Stream, Instant)>,
}

impl Reconnecting {
    pub(super) fn new(client: Client, check: Request) -> Self {
        Self { client, lookup: Lookup::default(), check, open: None }
    }

    /// Sends requests in one go; returns the value for each, or the reason why there is none.
    pub(super) fn exchange(&mut self, requests: &[Request]) -> Vec<Result<Value, RedisError>> {
        let mut values = Vec::with_capacity(requests.len());
        let broken = match self.connection() {
            Ok(mut connection) => match connection.exchange(requests, &mut values) {
                Ok(()) => {
                    if !values.iter().any(|value| value.as_ref().is_err_and(is_of_replica)) {
                        self.open = Some((connection, Instant::now()));
                    }
                    return values;
                }
                Err(error) => error,
            },
            Err(error) => error,
        };
        values.resize_with(requests.len(), || Err(broken.clone()));
        values
    }

    /// Takes the connection, or makes one.
    fn connection(&mut self) -> Result<Stream, RedisError> {
        if let Some((mut connection, used)) = self.open.take()
            && (used.elapsed() < IDLE || connection.exchange(from_ref(&self.check), &mut Vec::new()).is_ok())
        {
            return Ok(connection);
        }
        self.connect()
    }

    fn connect(&mut self) -> Result<Stream, RedisError> {
        let info = self.client.get_connection_info();
        let user = info.redis_settings();
        let mut last = None;
        match info.addr() {
            ConnectionAddr::Unix(path) => return Stream::over_unix(path, user, PATIENCE),
            ConnectionAddr::Tcp(host, port) => {
                for address in self.lookup.look_up(host, *port)? {
                    match Stream::over_tcp(*address, user, PATIENCE) {
                        Ok(stream) => return Ok(stream),
                        Err(error) => last = Some(error),
                    }
                }
            }
            // Settings for others are refused.
            _ => {}
        }
        Err(last.unwrap_or_else(|| io::Error::from(io::ErrorKind::NotFound).into()))
    }
}

/// Text of an error, in one line: a server may say anything.
pub(super) fn reason(error: &RedisError) -> String {
    let plain = |character: char| if character.is_control() { ' ' } else { character };
    error.to_string().chars().map(plain).take(REASON_LIMIT).collect()
}

/// Whether the server was replaced by another one: it keeps its connections, and only reads.
fn is_of_replica(error: &RedisError) -> bool {
    const READ_ONLY: &str = "READONLY";
    // Redis 6 reports it in the text of a script's error.
    error.code() == Some(READ_ONLY) || error.detail().is_some_and(|text| text.contains(READ_ONLY))
}
