//! Sends a message as `sendmail -f` does: tags its sender, marks it, and hands it to a relay over SMTP.
//!
//! ```text
//! submission site.toml 192.0.2.25:25 alice@example.com bob@example.net < message
//! ```
//!
//! A bounce of the message comes back to the tagged sender, where `examples/smtp_server.rs` accepts it.

use core::error::Error;
use core::time::Duration;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use batv_server::Server;
use batv_server::bounce::header;
use batv_server::core::mark;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, config, relay, sender, recipients @ ..] = arguments.as_slice() else {
        return Err("usage: submission SITE.toml RELAY SENDER RECIPIENT… <MESSAGE".into());
    };
    let mut message = Vec::new();
    io::stdin().read_to_end(&mut message)?;
    let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
    submit(&Server::open(config)?, relay, sender, &recipients, &message)
}

/// Sends a message of a user.
pub(crate) fn submit(
    server: &Server,
    relay: &str,
    sender: &str,
    recipients: &[&str],
    message: &[u8],
) -> Result<(), Box<dyn Error>> {
    let signed = server.sign_for(sender, recipients)?;
    if let Some(reason) = signed.unchanged {
        eprintln!("{sender} leaves without a tag: {reason}");
    }
    let mut relay = Relay::connect(relay)?;
    relay.say("EHLO client.example.com", 250)?;
    relay.say(&format!("MAIL FROM:<{signed}>"), 250)?;
    for recipient in recipients {
        relay.say(&format!("RCPT TO:<{recipient}>"), 250)?;
    }
    relay.say("DATA", 354)?;
    relay.send(&marked(server, sender, message)?)?;
    relay.say(".", 250)?;
    relay.say("QUIT", 221)?;
    Ok(())
}

/// The message with a mark, by which a bounce that returns its header proves itself without a tag.
fn marked(server: &Server, sender: &str, message: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let id = header::fields(message).find(|field| field.is("Message-ID")).map(|field| field.text());
    let mark = id.map(|id| server.mark(sender, &id)).transpose()?.flatten();
    let field = mark.map(|mark| format!("{}: {mark}\r\n", mark::FIELD)).unwrap_or_default();
    Ok([field.as_bytes(), message].concat())
}

struct Relay(BufReader<TcpStream>);

impl Relay {
    fn connect(address: &str) -> Result<Self, Box<dyn Error>> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(300)))?;
        let mut relay = Self(BufReader::new(stream));
        relay.expect(220)?;
        Ok(relay)
    }

    fn say(&mut self, line: &str, code: u16) -> Result<(), Box<dyn Error>> {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes())?;
        self.expect(code)
    }

    /// Sends the lines of a message, with a dot before each that begins with one (RFC 5321 §4.5.2).
    fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let mut data = Vec::with_capacity(message.len() + 16);
        let lines = message.strip_suffix(b"\n").unwrap_or(message).split(|octet| *octet == b'\n');
        for line in lines {
            if line.starts_with(b".") {
                data.push(b'.');
            }
            data.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
            data.extend_from_slice(b"\r\n");
        }
        self.0.get_mut().write_all(&data)
    }

    fn expect(&mut self, code: u16) -> Result<(), Box<dyn Error>> {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 {
                return Err("the relay closed the connection".into());
            }
            if line.as_bytes().get(3) == Some(&b'-') {
                continue;
            }
            return if line.starts_with(&code.to_string()) { Ok(()) } else { Err(line.trim_end().into()) };
        }
    }
}
