//! Stream to the server, which bounds the octets of a reply: the library reads whatever the server says.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::slice::from_ref;
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;

use redis::{Cmd, Parser, RedisConnectionInfo, RedisError, Value};

use crate::operation::VALUE_LIMIT;

/// Octets of a reply besides its values: an error, or what the server says of itself.
const PLAIN_OCTETS: usize = 16 * 1024;
/// Octets of one value in a reply, with its length and line ends.
const VALUE_OCTETS: usize = VALUE_LIMIT + 32;

/// Command, and the longest reply to it.
#[derive(Clone)]
pub(super) struct Request {
    command: Cmd,
    reply_octets: usize,
}

impl Request {
    /// Command whose reply has so many values.
    pub(super) const fn new(command: Cmd, values: usize) -> Self {
        Self { command, reply_octets: PLAIN_OCTETS + values * VALUE_OCTETS }
    }
}

/// Open connection.
pub(super) struct Stream {
    socket: Socket,
    parser: Parser,
}

enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    /// Connects over TCP, in this time; a command may take as long.
    pub(super) fn over_tcp(
        address: SocketAddr,
        user: &RedisConnectionInfo,
        patience: Duration,
    ) -> Result<Self, RedisError> {
        let stream = TcpStream::connect_timeout(&address, patience)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        Self::begin(Socket::Tcp(stream), user)
    }

    /// Connects to a Unix socket; a command may take so long.
    pub(super) fn over_unix(path: &Path, user: &RedisConnectionInfo, patience: Duration) -> Result<Self, RedisError> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        Self::begin(Socket::Unix(stream), user)
    }

    /// Names the protocol (RESP3), the user and the database.
    fn begin(socket: Socket, user: &RedisConnectionInfo) -> Result<Self, RedisError> {
        let mut hello = redis::cmd("HELLO");
        hello.arg(3);
        if let Some(password) = user.password() {
            hello.arg("AUTH").arg(user.username().unwrap_or("default")).arg(password);
        }
        let mut stream = Self { socket, parser: Parser::new() };
        stream.ask(hello)?;
        if user.db() != 0 {
            let mut select = redis::cmd("SELECT");
            select.arg(user.db());
            stream.ask(select)?;
        }
        Ok(stream)
    }

    fn ask(&mut self, command: Cmd) -> Result<(), RedisError> {
        let mut values = Vec::new();
        self.exchange(from_ref(&Request::new(command, 0)), &mut values)?;
        values.into_iter().try_for_each(|value| value.map(drop))
    }

    /// Sends commands, and receives their values, or errors of the server.
    ///
    /// # Errors
    /// Errors of the connection, which is unusable then.
    pub(super) fn exchange(
        &mut self,
        requests: &[Request],
        values: &mut Vec<Result<Value, RedisError>>,
    ) -> Result<(), RedisError> {
        let octets: Vec<u8> = requests.iter().flat_map(|request| request.command.get_packed_command()).collect();
        self.socket.write_all(&octets)?;
        for Request { reply_octets, .. } in requests {
            let mut reply = Reply { socket: &mut self.socket, left: *reply_octets, limit: *reply_octets };
            let value = loop {
                match self.parser.parse_value(&mut reply) {
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
}

/// Octets of one reply, and of those behind it that come with it.
struct Reply<'s> {
    socket: &'s mut Socket,
    left: usize,
    limit: usize,
}

impl Read for Reply<'_> {
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            let limit = self.limit;
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                ["a reply of more than ", &limit.to_string(), " octets"].concat(),
            ));
        }
        let most = octets.len().min(self.left);
        let read = self.socket.read(&mut octets[..most])?;
        self.left -= read;
        Ok(read)
    }
}

impl Read for Socket {
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(octets),
            Self::Unix(stream) => stream.read(octets),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(octets),
            Self::Unix(stream) => stream.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
