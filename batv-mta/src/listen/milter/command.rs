//! The packets of a mail server.

use core::net::IpAddr;

use thiserror::Error;

/// One packet of a mail server, borrowed from it.
///
/// ```
/// use batv_mta::listen::milter::Command;
///
/// assert_eq!(Command::parse(b"M<>\0BODY=7BIT\0"), Ok(Command::Mail { argument: b"<>", parameters: b"BODY=7BIT\0" }));
/// assert!(Command::parse(b"?").is_err());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the line of a variant explains its fields")]
pub enum Command<'a> {
    /// The offer of the server: its version, actions and steps.
    Negotiate { version: u32, actions: u32, steps: u32 },
    /// Macros for the command of this letter: names and values by turns, each ended by NUL.
    Macros { command: u8, list: &'a [u8] },
    /// A client has connected.
    Connect { host: &'a [u8], family: Family, port: u16, address: Option<IpAddr> },
    /// HELO or EHLO.
    Helo,
    /// MAIL FROM: its argument, and the list of its parameters, each ended by NUL.
    Mail { argument: &'a [u8], parameters: &'a [u8] },
    /// RCPT TO: its argument, and the list of its parameters, each ended by NUL.
    Recipient { argument: &'a [u8], parameters: &'a [u8] },
    /// DATA.
    Data,
    /// A header field.
    Header { name: &'a [u8], value: &'a [u8] },
    /// The end of the header.
    EndOfHeader,
    /// A piece of the body.
    Body { octets: &'a [u8] },
    /// The end of the message.
    EndOfMessage,
    /// The message is dropped.
    Abort,
    /// An SMTP command that the server doesn't know.
    Unknown,
    /// The end of the connection.
    Quit,
    /// The end of this client; another one follows on the same connection.
    QuitNewConnection,
}

/// Address family of a client.
///
/// ```
/// use batv_mta::listen::milter::{Command, Family};
///
/// let local = Command::parse(b"Clocalhost\0U");
/// assert!(matches!(local, Ok(Command::Connect { family: Family::Unknown, address: None, .. })));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Family {
    /// The server doesn't say.
    Unknown,
    /// A Unix socket.
    Local,
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

/// The command of a malformed packet.
///
/// ```
/// use batv_mta::listen::milter::{Command, Malformed};
///
/// assert_eq!(Command::parse(b"O\0"), Err(Malformed(b'O')));
/// ```
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("malformed milter packet {:?}", char::from(*.0))]
#[expect(clippy::exhaustive_structs, reason = "a command and nothing else")]
pub struct Malformed(pub u8);

impl<'a> Command<'a> {
    /// Parses the content of a packet.
    ///
    /// # Errors
    /// [`Malformed`].
    ///
    /// ```
    /// use batv_mta::listen::milter::Command;
    ///
    /// let field = Command::parse(b"LSubject\0hello\0");
    /// assert_eq!(field, Ok(Command::Header { name: b"Subject", value: b"hello" }));
    /// ```
    pub fn parse(packet: &'a [u8]) -> Result<Self, Malformed> {
        let (&command, rest) = packet.split_first().ok_or(Malformed(0))?;
        Ok(match command {
            b'O' => Self::negotiate(rest).ok_or(Malformed(command))?,
            b'D' => {
                let (&command, list) = rest.split_first().ok_or(Malformed(b'D'))?;
                Self::Macros { command, list }
            }
            b'C' => Self::connect(rest).ok_or(Malformed(command))?,
            b'H' => Self::Helo,
            b'M' => {
                let argument = texts(rest).next().ok_or(Malformed(command))?;
                Self::Mail { argument, parameters: rest.get(argument.len() + 1..).unwrap_or_default() }
            }
            b'R' => {
                let argument = texts(rest).next().ok_or(Malformed(command))?;
                Self::Recipient { argument, parameters: rest.get(argument.len() + 1..).unwrap_or_default() }
            }
            b'T' => Self::Data,
            b'L' => {
                let mut parts = texts(rest);
                let name = parts.next().ok_or(Malformed(command))?;
                Self::Header { name, value: parts.next().unwrap_or_default() }
            }
            b'N' => Self::EndOfHeader,
            b'B' => Self::Body { octets: rest },
            b'E' => Self::EndOfMessage,
            b'A' => Self::Abort,
            b'U' => Self::Unknown,
            b'Q' => Self::Quit,
            b'K' => Self::QuitNewConnection,
            other => return Err(Malformed(other)),
        })
    }

    fn negotiate(rest: &[u8]) -> Option<Self> {
        let (version, rest) = rest.split_first_chunk()?;
        let (actions, rest) = rest.split_first_chunk()?;
        let (steps, _) = rest.split_first_chunk()?;
        let [version, actions, steps] = [version, actions, steps].map(|octets| u32::from_be_bytes(*octets));
        Some(Self::Negotiate { version, actions, steps })
    }

    fn connect(rest: &'a [u8]) -> Option<Self> {
        let end = rest.iter().position(|&octet| octet == 0)?;
        let (host, rest) = rest.split_at(end);
        let (&family, rest) = rest.get(1..)?.split_first()?;
        let family = match family {
            b'L' => Family::Local,
            b'4' => Family::Ipv4,
            b'6' => Family::Ipv6,
            _ => return Some(Self::Connect { host, family: Family::Unknown, port: 0, address: None }),
        };
        let (port, rest) = rest.split_first_chunk()?;
        let port = u16::from_be_bytes(*port);
        let text = texts(rest).next().and_then(|text| str::from_utf8(text).ok()).unwrap_or_default();
        // Sendmail adds the prefix of its configurations to IPv6.
        let text = text.get(..5).filter(|start| start.eq_ignore_ascii_case("IPv6:")).map_or(text, |_| &text[5..]);
        Some(Self::Connect { host, family, port, address: text.parse().ok() })
    }
}

/// The strings of a list, each ended by NUL, except perhaps the last.
pub(super) fn texts(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.strip_suffix(b"\0").unwrap_or(list).split(|&octet| octet == 0)
}
