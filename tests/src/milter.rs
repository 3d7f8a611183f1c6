//! A mail server's end of the milter protocol: it says what it is told to and hears what a filter answers, or it loads
//! the filter with messages.
//!
//! Source: the documentation of libmilter 8.17 and the behaviour of Postfix. It shares nothing with the daemon's codec.

use core::fmt::{self, Display};
use core::net::SocketAddr;
use core::time::Duration;
use std::io::ErrorKind::{TimedOut, WouldBlock};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

/// How many octets of a packet a transcript shows.
const SHOWN: usize = 200;
/// The end of a message.
pub const END_OF_MESSAGE: &[u8] = b"E";
/// The message, or what there was of it, is gone.
pub const ABORT: &[u8] = b"A";
/// The end.
pub const QUIT: &[u8] = b"Q";
/// The end of this client; another one follows on the same connection.
pub const QUIT_NEW_CONNECTION: &[u8] = b"K";

/// The steps that can be negotiated away, by their commands: not to be sent, and not to be answered (`SMFIP_*`).
const STEPS: [(u8, u32, u32); 9] = [
    (b'C', 0x01, 0x1000),
    (b'H', 0x02, 0x2000),
    (b'M', 0x04, 0x4000),
    (b'R', 0x08, 0x8000),
    (b'T', 0x200, 0x1_0000),
    (b'U', 0x100, 0x2_0000),
    (b'L', 0x20, 0x80),
    (b'N', 0x40, 0x4_0000),
    (b'B', 0x10, 0x8_0000),
];
/// The replies after which a filter says no more about a message.
const FINAL: &[u8] = b"acdfrty4";

/// What a mail server offers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "what the packet has")]
pub struct Offer {
    /// The version.
    pub version: u32,
    /// What a filter may do (`SMFIF_*`).
    pub actions: u32,
    /// What need not be sent or answered (`SMFIP_*`).
    pub steps: u32,
}

impl Offer {
    /// That of Postfix and Sendmail today.
    pub const USUAL: Self = Self { version: 6, actions: 0x1ff, steps: 0x1f_ffff };

    /// Its packet.
    pub fn packet(self) -> Vec<u8> {
        [&b"O"[..], [self.version, self.actions, self.steps].map(u32::to_be_bytes).as_flattened()].concat()
    }

    /// As a filter writes it, before its lists of macros.
    fn parse(packet: &[u8]) -> Option<Self> {
        let (numbers, _) = packet.strip_prefix(b"O")?.as_chunks();
        let &[version, actions, steps, ..] = numbers else { return None };
        let [version, actions, steps] = [version, actions, steps].map(u32::from_be_bytes);
        Some(Self { version, actions, steps })
    }
}

/// Macros for the command of this letter: names and values by turns.
pub fn macros(command: u8, list: &[&str]) -> Vec<u8> {
    let list: String = list.iter().flat_map(|text| [text, "\0"]).collect();
    [&[b'D', command], list.as_bytes()].concat()
}

/// A client over IPv4.
pub fn connect(host: &str, port: u16, address: &str) -> Vec<u8> {
    let family = if address.contains(':') { b"\x006" } else { b"\x004" };
    [b"C", host.as_bytes(), family, &port.to_be_bytes(), address.as_bytes(), b"\0"].concat()
}

/// HELO or EHLO.
pub fn helo(name: &str) -> Vec<u8> {
    text(b'H', &[name])
}

/// MAIL FROM, to which brackets are added.
pub fn mail(reverse_path: &str) -> Vec<u8> {
    text(b'M', &[&format!("<{reverse_path}>")])
}

/// RCPT TO, to which brackets are added.
pub fn recipient(forward_path: &str) -> Vec<u8> {
    text(b'R', &[&format!("<{forward_path}>")])
}

/// A header field.
pub fn header(name: &str, value: &str) -> Vec<u8> {
    text(b'L', &[name, value])
}

/// A part of the body.
pub fn body(octets: &[u8]) -> Vec<u8> {
    [b"B", octets].concat()
}

fn text(command: u8, texts: &[&str]) -> Vec<u8> {
    let texts: String = texts.iter().flat_map(|text| [text, "\0"]).collect();
    [&[command], texts.as_bytes()].concat()
}

/// A packet with its length before it.
///
/// # Panics
/// When it is longer than a length can say: these are tests.
pub fn framed(packet: &[u8]) -> Vec<u8> {
    [&u32::try_from(packet.len()).expect("a short packet").to_be_bytes(), packet].concat()
}

/// What came of a packet.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing else")]
pub enum Answer {
    /// It was not sent: its step was negotiated away.
    NotSent,
    /// It is not answered.
    Unanswered,
    /// These packets.
    Packets(Vec<Vec<u8>>),
    /// These packets, and then the end of the connection.
    Closed(Vec<Vec<u8>>),
    /// These packets, and then nothing for as long as the connection waits. Nothing more is said to such a filter.
    Silent(Vec<Vec<u8>>),
}

impl Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (packets, end) = match self {
            Self::NotSent => return f.write_str("not sent"),
            Self::Unanswered => return f.write_str("-"),
            Self::Packets(packets) => (packets, None),
            Self::Closed(packets) => (packets, Some("closed".to_owned())),
            Self::Silent(packets) => (packets, Some("silent".to_owned())),
        };
        let packets = packets.iter().map(|packet| shown(packet));
        f.write_str(&packets.chain(end).collect::<Vec<_>>().join(" "))
    }
}

fn shown(packet: &[u8]) -> String {
    match packet.get(..SHOWN) {
        Some(start) if packet.len() > SHOWN => format!("{}… ({} octets)", start.escape_ascii(), packet.len()),
        _ => packet.escape_ascii().to_string(),
    }
}

/// Where a filter listens.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "mail servers know these two")]
pub enum Place {
    /// On a Unix socket.
    Unix(PathBuf),
    /// On a port.
    Tcp(SocketAddr),
}

/// A connection to a filter.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "mail servers know these two")]
pub enum Socket {
    /// Over a Unix socket.
    Unix(UnixStream),
    /// Over TCP.
    Tcp(TcpStream),
}

impl Place {
    /// Connects; what is not answered within half a minute never is.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn connect(&self) -> io::Result<Socket> {
        self.connect_for(Duration::from_secs(30))
    }

    /// Connects; what is not answered within this time never is.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn connect_for(&self, answer: Duration) -> io::Result<Socket> {
        let time = Some(answer);
        Ok(match self {
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(time)?;
                Socket::Unix(stream)
            }
            Self::Tcp(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_read_timeout(time)?;
                Socket::Tcp(stream)
            }
        })
    }
}

impl Read for Socket {
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.read(octets),
            Self::Tcp(stream) => stream.read(octets),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.write(octets),
            Self::Tcp(stream) => stream.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A mail server on a connection to a filter. What is not answered it sends together with the next packet that is, as
/// Postfix does.
#[derive(Debug)]
pub struct MailServer<S> {
    stream: S,
    steps: u32,
    unsent: Vec<u8>,
    unread: Vec<u8>,
    closed: bool,
    transcript: String,
}

impl<S: Read + Write> MailServer<S> {
    /// On a new connection.
    pub fn new(stream: S) -> Self {
        Self { stream, steps: 0, unsent: Vec::new(), unread: Vec::new(), closed: false, transcript: String::new() }
    }

    /// Offers this, and gives what is agreed on; nothing when the filter closes the connection instead.
    pub fn negotiate(&mut self, offer: Offer) -> Option<Offer> {
        match self.say(&offer.packet()) {
            Answer::Packets(packets) => Offer::parse(packets.first()?),
            _ => None,
        }
    }

    /// Says one packet, unless that was negotiated away, and hears what answers it.
    ///
    /// # Panics
    /// When the packet is longer than its length can say: these are tests.
    pub fn say(&mut self, packet: &[u8]) -> Answer {
        let answer = match Expected::after(packet, self.steps) {
            _ if self.closed => Answer::Closed(Vec::new()),
            Expected::NotSent => Answer::NotSent,
            Expected::Nothing => {
                self.unsent.extend(framed(packet));
                Answer::Unanswered
            }
            expected => {
                self.unsent.extend(framed(packet));
                self.flush();
                self.hear(expected)
            }
        };
        if let Answer::Packets(packets) = &answer
            && let Some(agreed) = packets.first().and_then(|packet| Offer::parse(packet))
        {
            self.steps = agreed.steps;
        }
        self.note(&shown(packet), &answer);
        answer
    }

    /// Says octets that are no packet, and hears what is said until the connection ends.
    pub fn say_at_last(&mut self, octets: &[u8]) -> Answer {
        self.unsent.extend_from_slice(octets);
        self.flush();
        let answer = self.hear(Expected::End);
        self.note(&format!("octets {}", shown(octets)), &answer);
        answer
    }

    /// All that was said, a packet a line, with what answered it.
    pub fn transcript(&self) -> &str {
        &self.transcript
    }

    fn note(&mut self, said: &str, answer: &Answer) {
        self.transcript.push_str(&format!("{said} => {answer}\n"));
    }

    fn flush(&mut self) {
        // A filter may close before it has heard all; what it said before is heard all the same.
        let _ = self.stream.write_all(&self.unsent);
        self.unsent.clear();
    }

    fn hear(&mut self, expected: Expected) -> Answer {
        let mut packets = Vec::new();
        loop {
            while let Some((packet, length)) = cut(&self.unread) {
                let last = expected.is_met_by(packet);
                packets.push(packet.to_vec());
                self.unread.drain(..length);
                if last {
                    return Answer::Packets(packets);
                }
            }
            let more = read_more(&mut self.stream, &mut self.unread);
            if !matches!(more, Ok(1..)) {
                self.closed = true;
                // What has no end is shown as it is.
                packets.extend((!self.unread.is_empty()).then(|| core::mem::take(&mut self.unread)));
                let silent = more.is_err_and(|error| matches!(error.kind(), WouldBlock | TimedOut));
                return if silent { Answer::Silent(packets) } else { Answer::Closed(packets) };
            }
        }
    }

    /// What is written before each wait when these packets are said one after the other, and what is waited for.
    fn flights(&self, packets: &[Vec<u8>]) -> Vec<(Vec<u8>, Expected)> {
        let mut flights = Vec::new();
        let mut unsent = Vec::new();
        for packet in packets {
            let expected = Expected::after(packet, self.steps);
            if expected != Expected::NotSent {
                unsent.extend(framed(packet));
            }
            if !matches!(expected, Expected::NotSent | Expected::Nothing) {
                flights.push((core::mem::take(&mut unsent), expected));
            }
        }
        if !unsent.is_empty() {
            flights.push((unsent, Expected::Nothing));
        }
        flights
    }

    /// Sends without a record of what is answered.
    fn fly(&mut self, flights: &[(Vec<u8>, Expected)]) {
        for (octets, expected) in flights {
            self.stream.write_all(octets).expect("a connection");
            let mut waits = *expected != Expected::Nothing;
            while waits {
                let mut taken = 0;
                while let Some((packet, length)) = cut(self.unread.get(taken..).unwrap_or_default()) {
                    taken += length;
                    waits &= !expected.is_met_by(packet);
                }
                self.unread.drain(..taken);
                if waits {
                    let more = read_more(&mut self.stream, &mut self.unread);
                    assert!(matches!(more, Ok(1..)), "no answer: {more:?}");
                }
            }
        }
    }
}

/// What a packet is answered by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Expected {
    /// It must not be sent.
    NotSent,
    Nothing,
    One,
    /// All up to one that is final.
    Final,
    /// All up to the end of the connection.
    End,
}

impl Expected {
    fn after(packet: &[u8], steps: u32) -> Self {
        match packet.first() {
            Some(b'D' | b'A' | b'K') => Self::Nothing,
            Some(b'E') => Self::Final,
            Some(b'Q') | None => Self::End,
            Some(command) => match STEPS.iter().find(|(known, ..)| known == command) {
                Some((_, not_sent, _)) if steps & not_sent != 0 => Self::NotSent,
                Some((_, _, unanswered)) if steps & unanswered != 0 => Self::Nothing,
                _ => Self::One,
            },
        }
    }

    fn is_met_by(self, packet: &[u8]) -> bool {
        match self {
            Self::NotSent | Self::Nothing | Self::One => true,
            Self::Final => packet.first().is_some_and(|command| FINAL.contains(command)),
            Self::End => false,
        }
    }
}

fn cut(octets: &[u8]) -> Option<(&[u8], usize)> {
    let (length, rest) = octets.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    Some((rest.get(..length)?, 4 + length))
}

fn read_more(stream: &mut impl Read, unread: &mut Vec<u8>) -> io::Result<usize> {
    let mut octets = [0; 4096];
    let length = stream.read(&mut octets)?;
    unread.extend_from_slice(&octets[..length]);
    Ok(length)
}

/// Many messages, all alike.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a table of numbers")]
pub struct Load {
    /// Connections at a time.
    pub connections: u32,
    /// Connections that each of these is followed by, with itself.
    pub repeats: u32,
    /// Messages on each of them.
    pub messages: u32,
}

impl Load {
    /// All messages.
    pub const fn count(&self) -> u32 {
        self.connections * self.repeats * self.messages
    }

    /// Sends them from an authenticated client, each with ten header fields and 2 KB of body, and says how long it took.
    ///
    /// # Panics
    /// When the filter closes a connection: these are benchmarks.
    pub fn run<S: Read + Write>(&self, sender: &str, connect: impl Fn() -> S + Sync) -> Duration {
        let start = Instant::now();
        thread::scope(|scope| {
            for _ in 0..self.connections {
                scope.spawn(|| (0..self.repeats).for_each(|_| self.connection(sender, connect())));
            }
        });
        start.elapsed()
    }

    fn connection<S: Read + Write>(&self, sender: &str, stream: S) {
        let mut server = MailServer::new(stream);
        server.negotiate(Offer::USUAL).expect("an agreement");
        let client = server.flights(&client());
        server.fly(&client);
        let message = server.flights(&message(sender));
        (0..self.messages).for_each(|_| server.fly(&message));
        server.fly(&[(framed(QUIT), Expected::Nothing)]);
    }
}

fn client() -> Vec<Vec<u8>> {
    vec![
        macros(b'C', &["j", "mx.example.com", "{daemon_name}", "mx.example.com", "v", "Postfix 3.7.11"]),
        connect("client.example.net", 12345, "192.0.2.7"),
        helo("client.example.net"),
    ]
}

fn message(sender: &str) -> Vec<Vec<u8>> {
    let fields = [
        ("Received", "from client.example.net (client.example.net [192.0.2.7])\n\tby mx.example.com (Postfix)"),
        ("From", "Alice <alice@example.com>"),
        ("To", "Dave <dave@example.net>"),
        ("Subject", "the minutes of last week"),
        ("Date", "Tue, 24 Nov 2026 10:00:00 +0000"),
        ("Message-ID", "<20261124100000.4Zx1@example.com>"),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", "8bit"),
        ("User-Agent", "Mail/1.0"),
    ];
    let before = [
        macros(b'M', &["{auth_type}", "PLAIN", "{mail_mailer}", "smtp"]),
        mail(sender),
        macros(b'R', &["{rcpt_mailer}", "smtp"]),
        recipient("dave@example.net"),
        macros(b'T', &[]),
        b"T".to_vec(),
    ];
    let after = [b"N".to_vec(), body(&[b'x'; 2048]), macros(b'E', &["i", "4Zx1Fq2Bkz9"]), END_OF_MESSAGE.to_vec()];
    let fields = fields.iter().map(|(name, value)| header(name, value));
    before.into_iter().chain(fields).chain(after).collect()
}
