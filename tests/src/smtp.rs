//! Both ends of SMTP: a client that says what it is told to, and a next hop that takes everything.

use alloc::sync::Arc;
use core::net::Ipv4Addr;
use core::time::Duration;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread;

/// What is sent: with a forged copy of our header field.
const MESSAGE: &str =
    "From: carol@example.org\r\nTo: alice@example.com\r\nX-BATV-Status: forged\r\nSubject: test\r\n\r\nText.";

/// A client.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects to a port of loopback, and says hello.
    ///
    /// # Panics
    /// When a socket fails: these are tests.
    pub fn connect(port: u16) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
        let mut client = Self { stream: BufReader::new(stream) };
        let greeting = client.try_reply().expect("a greeting");
        assert!(greeting.starts_with("220 "), "{greeting}");
        let hello = client.say("EHLO client.example.net");
        assert!(hello.starts_with("250 "), "{hello}");
        client
    }

    /// Says a line, and hears the last line of the reply.
    ///
    /// # Panics
    /// When a socket fails: these are tests.
    pub fn say(&mut self, line: &str) -> String {
        self.try_say(line).expect("a reply")
    }

    fn try_say(&mut self, line: &str) -> io::Result<String> {
        self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes())?;
        self.try_reply()
    }

    /// Sends a message, and hears what becomes of it.
    ///
    /// # Panics
    /// When a socket fails: these are tests.
    pub fn data(&mut self) -> String {
        self.data_of(MESSAGE)
    }

    /// Sends this message, whose lines end in LF or CR LF.
    ///
    /// # Panics
    /// When a socket fails: these are tests.
    pub fn data_of(&mut self, message: &str) -> String {
        let go = self.say("DATA");
        if !go.starts_with("354 ") {
            return go;
        }
        let stuffed = |line: &str| if line.starts_with('.') { format!(".{line}\r\n") } else { format!("{line}\r\n") };
        let text: String = message.lines().map(stuffed).collect();
        self.say(&format!("{text}."))
    }

    /// Sends a message to one recipient. Gives what is said last: that of the sender or the recipient when one is refused,
    /// else that of the message.
    ///
    /// # Panics
    /// When a socket fails: these are tests.
    pub fn send(&mut self, sender: &str, recipient: &str) -> String {
        self.send_message(sender, recipient, MESSAGE)
    }

    /// The same with this message.
    ///
    /// # Panics
    /// When a socket fails: these are tests.
    pub fn send_message(&mut self, sender: &str, recipient: &str, message: &str) -> String {
        for line in [format!("MAIL FROM:<{sender}>"), format!("RCPT TO:<{recipient}>")] {
            let reply = self.say(&line);
            if !reply.starts_with("250 ") {
                return reply;
            }
        }
        self.data_of(message)
    }

    /// The same from a client that comes again when it is put off: whatever is refused, it says so and leaves.
    ///
    /// # Errors
    /// The connection was closed.
    pub fn offer(&mut self, sender: &str, recipient: &str) -> io::Result<String> {
        for line in [&format!("MAIL FROM:<{sender}>"), &format!("RCPT TO:<{recipient}>"), "DATA"] {
            let reply = self.try_say(line)?;
            if !reply.starts_with(['2', '3']) {
                return Ok(reply);
            }
        }
        self.try_say(&format!("{MESSAGE}\r\n."))
    }

    fn try_reply(&mut self) -> io::Result<String> {
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line.as_bytes().get(3) == Some(&b' ') {
                return Ok(line.trim_end().to_owned());
            }
        }
    }
}

/// A message as the next hop got it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Envelope {
    /// Between the brackets of MAIL FROM.
    pub sender: String,
    /// Between the brackets of each RCPT TO.
    pub recipients: Vec<String>,
    /// What stands behind the brackets of MAIL FROM and RCPT TO, a word each.
    pub parameters: Vec<String>,
    /// The message, its lines ended by LF.
    pub message: String,
}

/// A server that takes all mail, and keeps it; but refuses after DATA what goes to `refused@`, and puts off at RCPT TO
/// whoever is named `deferred@`, once.
#[derive(Debug)]
pub struct NextHop {
    /// Where it listens, on loopback.
    pub port: u16,
    mail: Arc<Mutex<Mail>>,
}

#[derive(Debug, Default)]
struct Mail {
    taken: Vec<Envelope>,
    deferred: Vec<Envelope>,
}

impl NextHop {
    /// Starts one, on a free port.
    ///
    /// # Panics
    /// When a socket fails: these are tests.
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let mail = Arc::new(Mutex::new(Mail::default()));
        let keep = Arc::clone(&mail);
        // It ends with the test.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let keep = Arc::clone(&keep);
                thread::spawn(move || serve(stream, &keep));
            }
        });
        Self { port, mail }
    }

    /// How many messages it has taken.
    ///
    /// # Panics
    /// When a socket fails: these are tests.
    pub fn count(&self) -> usize {
        self.mail.lock().expect("no panic").taken.len()
    }

    /// What it has taken.
    ///
    /// # Panics
    /// When a socket fails: these are tests.
    pub fn taken(&self) -> Vec<Envelope> {
        self.mail.lock().expect("no panic").taken.clone()
    }

    /// What it has put off: one recipient each.
    ///
    /// # Panics
    /// When a socket fails: these are tests.
    pub fn deferred(&self) -> Vec<Envelope> {
        self.mail.lock().expect("no panic").deferred.clone()
    }
}

/// Ends with the connection.
fn serve(stream: TcpStream, mail: &Mutex<Mail>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut envelope = Envelope::default();
    let mut say = "220 next hop".to_owned();
    loop {
        stream.get_mut().write_all(format!("{say}\r\n").as_bytes()).ok()?;
        let line = read_line(&mut stream)?;
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        say = match verb.as_str() {
            "MAIL" => {
                envelope = Envelope { sender: bracketed(&line)?, ..Envelope::default() };
                envelope.parameters.extend(parameters(&line));
                "250 sender".to_owned()
            }
            "DATA" => {
                stream.get_mut().write_all(b"354 go\r\n").ok()?;
                loop {
                    let line = read_line(&mut stream)?;
                    if line == "." {
                        break;
                    }
                    envelope.message.push_str(&line);
                    envelope.message.push('\n');
                }
                if envelope.recipients.iter().any(|recipient| recipient.starts_with("refused@")) {
                    "550 5.7.1 refused".to_owned()
                } else {
                    mail.lock().ok()?.taken.push(core::mem::take(&mut envelope));
                    "250 taken".to_owned()
                }
            }
            "RCPT" => {
                let recipient = bracketed(&line)?;
                let mut mail = mail.lock().ok()?;
                let came = mail.deferred.iter().any(|envelope| envelope.recipients.contains(&recipient));
                if recipient.starts_with("deferred@") && !came {
                    let (sender, recipients) = (envelope.sender.clone(), vec![recipient]);
                    mail.deferred.push(Envelope { sender, recipients, ..Envelope::default() });
                    "450 4.2.1 later".to_owned()
                } else {
                    envelope.parameters.extend(parameters(&line));
                    envelope.recipients.push(recipient);
                    "250 recipient".to_owned()
                }
            }
            "EHLO" => "250-next hop\r\n250-8BITMIME\r\n250-DSN\r\n250 SMTPUTF8".to_owned(),
            "QUIT" => "221 bye".to_owned(),
            _ => "250 fine".to_owned(),
        };
    }
}

fn bracketed(line: &str) -> Option<String> {
    Some(line.split_once('<')?.1.rsplit_once('>')?.0.to_owned())
}

fn parameters(line: &str) -> Vec<String> {
    let (_, parameters) = line.rsplit_once('>').unwrap_or_default();
    parameters.split_whitespace().map(str::to_owned).collect()
}

fn read_line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let length = stream.read_line(&mut line).ok()?;
    (length > 0).then(|| line.trim_end().to_owned())
}
