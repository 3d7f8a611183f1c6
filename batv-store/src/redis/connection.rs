//! Connection to the server, made when it is needed.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::slice::from_ref;
use core::time::Duration;
use std::io;
use std::time::Instant;

use redis::io::tcp::TcpSettings;
use redis::{Client, Cmd, Connection, ConnectionAddr, RedisError, Value};

use super::lookup::Lookup;

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
    check: Cmd,
    open: Option<(Connection, Instant)>,
}

impl Reconnecting {
    pub(super) fn new(client: Client, check: Cmd) -> Self {
        Self { client, lookup: Lookup::default(), check, open: None }
    }

    /// Sends commands in one go; returns the value for each, or the reason why there is none.
    pub(super) fn exchange(&mut self, commands: &[Cmd]) -> Vec<Result<Value, RedisError>> {
        let mut values = Vec::with_capacity(commands.len());
        let broken = match self.connection() {
            Ok(mut connection) => match exchange(&mut connection, commands, &mut values) {
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
        values.resize_with(commands.len(), || Err(broken.clone()));
        values
    }

    /// Takes the connection, or makes one.
    fn connection(&mut self) -> Result<Connection, RedisError> {
        if let Some((mut connection, used)) = self.open.take()
            && (used.elapsed() < IDLE || exchange(&mut connection, from_ref(&self.check), &mut Vec::new()).is_ok())
        {
            return Ok(connection);
        }
        self.connect()
    }

    fn connect(&mut self) -> Result<Connection, RedisError> {
        let info = self.client.get_connection_info();
        let ConnectionAddr::Tcp(host, port) = info.addr() else { return connect(&self.client) };
        let mut last = None;
        for address in self.lookup.look_up(host, *port)? {
            let address = ConnectionAddr::Tcp(address.ip().to_string(), address.port());
            match connect(&Client::open(info.clone().set_addr(address))?) {
                Ok(connection) => return Ok(connection),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| io::Error::from(io::ErrorKind::NotFound).into()))
    }
}

fn connect(client: &Client) -> Result<Connection, RedisError> {
    let connection = client.get_connection_with_timeout(PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    Ok(connection)
}

/// Sends commands, and receives their values, or errors of the server.
///
/// # Errors
/// Errors of the connection, which is unusable then.
fn exchange(
    connection: &mut Connection,
    commands: &[Cmd],
    values: &mut Vec<Result<Value, RedisError>>,
) -> Result<(), RedisError> {
    let octets: Vec<u8> = commands.iter().flat_map(Cmd::get_packed_command).collect();
    connection.send_packed_command(&octets)?;
    for _ in commands {
        let value = loop {
            match connection.recv_response() {
                Ok(Value::Push { .. }) => {}
                value => break value.and_then(Value::extract_error),
            }
        };
        match value {
            Err(error) if error.code().is_none() => return Err(error),
            value => values.push(value),
        }
    }
    Ok(())
}

/// Settings of a TCP connection, by which a host that has vanished is noticed.
pub(super) fn tcp_settings() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(2 * PATIENCE);
    settings
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
