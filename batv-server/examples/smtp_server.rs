//! A whole mail server: it receives mail over SMTP, refuses forged bounces, and stores the rest in files.
//!
//! ```text
//! smtp_server site.toml 127.0.0.1:2525 /var/mail
//! ```
//!
//! A mailbox is a folder under the last argument, named by its address. Threads and blocking sockets are enough here: the
//! calls of `batv-server` are the same in an async server. To keep the example short, it has no TLS and relays nothing.

#![expect(clippy::std_instead_of_alloc, reason = "a program has no `extern crate alloc`")]

use core::error::Error;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::SystemTime;

use batv_server::{Disposition, Mail, Ruling, STATUS_FIELD, Server, VERDICT_FIELD};

/// Octets of a line with its CR LF (RFC 5321 §4.5.3.1.6).
const LINE_LIMIT: u64 = 1000;
/// Octets of a message.
const SIZE_LIMIT: usize = 25 << 20;
/// Octets of a message that are judged.
const JUDGED: usize = 1 << 20;
const RECIPIENT_LIMIT: usize = 100;
const CONNECTION_LIMIT: usize = 200;
/// Time for a command or a line of a message (RFC 5321 §4.5.3.2.7).
const PATIENCE: Duration = Duration::from_secs(300);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, config, address, folder] = arguments.as_slice() else {
        return Err("usage: smtp_server SITE.toml ADDRESS FOLDER".into());
    };
    let server = Server::open(config)?;
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    thread::spawn({
        let (server, config) = (server.clone(), PathBuf::from(config));
        move || reload_on_change(&server, &config)
    });
    serve(&listener, &server, Path::new(folder))?;
    Ok(())
}

/// Reads the configuration again whenever a file of its folder changes: itself, the keyring or a list. A wrong one is
/// reported, and the old one stays.
fn reload_on_change(server: &Server, config: &Path) {
    let folder = config.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let modified = || {
        let files = fs::read_dir(folder).into_iter().flatten().flatten();
        files.filter_map(|file| file.metadata().ok()?.modified().ok()).max()
    };
    let mut last: Option<SystemTime> = modified();
    loop {
        thread::sleep(Duration::from_secs(5));
        let now = modified();
        if now != last {
            last = now;
            match server.reload() {
                Ok(()) => eprintln!("reloaded {}", config.display()),
                Err(error) => eprintln!("not reloaded: {error}"),
            }
        }
    }
}

/// Serves each connection in a thread.
pub(crate) fn serve(listener: &TcpListener, server: &Server, folder: &Path) -> io::Result<()> {
    let connections = Arc::new(());
    for stream in listener.incoming() {
        let mut stream = stream?;
        if Arc::strong_count(&connections) > CONNECTION_LIMIT {
            let _ = stream.write_all(b"421 4.3.2 too many connections, try again later\r\n");
            continue;
        }
        let (server, folder, place) = (server.clone(), folder.to_owned(), Arc::clone(&connections));
        thread::spawn(move || {
            if let Err(error) = Session::new(stream, server, folder).and_then(|mut session| session.run()) {
                eprintln!("connection lost: {error}");
            }
            drop(place);
        });
    }
    Ok(())
}

struct Session {
    stream: BufReader<TcpStream>,
    server: Server,
    folder: PathBuf,
    /// Message under way. It keeps the configuration with which it began.
    mail: Option<Mail>,
}

/// End of a connection, or a reply.
enum Step {
    Reply(String),
    Close(String),
}

fn reply(text: impl Into<String>) -> Step {
    Step::Reply(text.into())
}

impl Session {
    fn new(stream: TcpStream, server: Server, folder: PathBuf) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), server, folder, mail: None })
    }

    fn run(&mut self) -> io::Result<()> {
        self.say("220 mx.example.com ESMTP")?;
        while let Some(line) = self.read_line()? {
            match self.command(&String::from_utf8_lossy(&line))? {
                Step::Reply(text) => self.say(&text)?,
                Step::Close(text) => return self.say(&text),
            }
        }
        Ok(())
    }

    fn command(&mut self, line: &str) -> io::Result<Step> {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        Ok(match verb.to_ascii_uppercase().as_str() {
            "HELO" => {
                self.mail = None;
                reply("250 mx.example.com")
            }
            "EHLO" => {
                self.mail = None;
                reply(format!("250-mx.example.com\r\n250-SIZE {SIZE_LIMIT}\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES"))
            }
            "MAIL" => self.mail_from(argument),
            "RCPT" => self.rcpt_to(argument),
            "DATA" => self.data()?,
            "RSET" => {
                self.mail = None;
                reply("250 2.0.0 ok")
            }
            "NOOP" => reply("250 2.0.0 ok"),
            "VRFY" => reply("252 2.1.5 send mail to find out"),
            "QUIT" => Step::Close("221 2.0.0 bye".into()),
            _ => reply("500 5.5.1 unknown command"),
        })
    }

    fn mail_from(&mut self, argument: &str) -> Step {
        if self.mail.is_some() {
            return reply("503 5.5.1 there is a sender already");
        }
        let Some(path) = path(argument, "FROM:") else { return reply("501 5.5.4 syntax: MAIL FROM:<address>") };
        let mail = self.server.mail(path);
        if !mail.sender_is_readable() {
            return reply("553 5.1.7 the sender is no address");
        }
        self.mail = Some(mail);
        reply("250 2.1.0 sender ok")
    }

    fn rcpt_to(&mut self, argument: &str) -> Step {
        let Some(path) = path(argument, "TO:") else { return reply("501 5.5.4 syntax: RCPT TO:<address>") };
        let Some(mail) = &mut self.mail else { return reply("503 5.5.1 MAIL first") };
        if mail.len() >= RECIPIENT_LIMIT {
            return reply("452 4.5.3 too many recipients");
        }
        match mail.rcpt(path) {
            // A tag says that we gave the address out, not that its mailbox still exists.
            Ok(ruling) if home(&self.folder, &ruling.mailbox).is_none() => {
                if ruling.accepts() {
                    mail.withdraw();
                }
                reply("550 5.1.1 no such mailbox")
            }
            Ok(ruling) => reply(ruling.to_string()),
            Err(error) => reply(format!("553 5.1.3 {error}")),
        }
    }

    fn data(&mut self) -> io::Result<Step> {
        let Some(mail) = self.mail.take().filter(|mail| !mail.is_empty()) else {
            return Ok(reply("503 5.5.1 no valid recipients"));
        };
        self.say("354 end with a dot on a line of its own")?;
        let Some(message) = self.read_message()? else { return Ok(reply("552 5.3.4 message too large")) };
        let outcome = match message.get(..JUDGED) {
            Some(beginning) => mail.data_cut(beginning),
            None => mail.data(&message),
        };
        if outcome.refusal().is_none() {
            for ruling in outcome.rulings.iter().filter(|ruling| ruling.accepts()) {
                if let Err(error) = store(&self.folder, mail.reverse_path(), ruling, &message) {
                    eprintln!("not stored: {error}");
                    return Ok(reply("451 4.3.0 the message cannot be stored now"));
                }
            }
        }
        Ok(reply(outcome.to_string()))
    }

    /// The message without the dots that stand for data (RFC 5321 §4.5.2); `None` when it is too large.
    fn read_message(&mut self) -> io::Result<Option<Vec<u8>>> {
        let (mut message, mut fits) = (Vec::new(), true);
        loop {
            let line = self.read_line()?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if line == b"." {
                return Ok(fits.then_some(message));
            }
            fits &= message.len() + line.len() <= SIZE_LIMIT;
            if fits {
                message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
                message.extend_from_slice(b"\r\n");
            }
        }
    }

    /// A line without its CR LF; `None` at the end of the connection.
    fn read_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        if self.stream.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        // A bare LF must not end a line: other servers would see another message there ("SMTP smuggling").
        let Some(line) = line.strip_suffix(b"\r\n") else {
            self.say("500 5.5.2 line too long, or without CR LF")?;
            return Err(io::ErrorKind::InvalidData.into());
        };
        Ok(Some(line.to_vec()))
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.get_mut().write_all(format!("{text}\r\n").as_bytes())
    }
}

/// The path of a command, with its angle brackets and without the parameters behind it.
fn path<'a>(argument: &'a str, keyword: &str) -> Option<&'a str> {
    let path =
        argument.get(keyword.len()..).filter(|_| argument[..keyword.len()].eq_ignore_ascii_case(keyword))?.trim();
    let mut quoted = false;
    let end = path.bytes().position(|octet| {
        quoted ^= octet == b'"';
        octet == b'>' && !quoted
    })?;
    path.starts_with('<').then(|| &path[..=end])
}

/// Folder of a mailbox, if there is such a mailbox.
fn home(folder: &Path, mailbox: &str) -> Option<PathBuf> {
    let is_name = !mailbox.starts_with('.') && !mailbox.contains(['/', '\\', '\0']);
    Some(folder.join(mailbox.to_ascii_lowercase())).filter(|home| is_name && home.is_dir())
}

/// Stores the message for one recipient, with the verdict where there is a doubt.
fn store(folder: &Path, reverse_path: &str, ruling: &Ruling, message: &[u8]) -> io::Result<()> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let mailbox = ruling.deliver_to.as_deref().unwrap_or_default();
    let mut home = home(folder, mailbox).ok_or(io::ErrorKind::NotFound)?;
    if ruling.disposition == Disposition::Quarantine {
        home.push("quarantine");
        fs::create_dir_all(&home)?;
    }
    let bare = reverse_path.trim_start_matches('<').trim_end_matches('>');
    let mut text = format!("Return-Path: <{bare}>\r\nDelivered-To: {mailbox}\r\n");
    for (name, value) in [(STATUS_FIELD, &ruling.status_field), (VERDICT_FIELD, &ruling.verdict_field)] {
        if let Some(value) = value {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    // It gets its name when it is complete.
    let (unfinished, name) = (home.join(format!(".{time}.{number}")), home.join(format!("{time}.{number}.eml")));
    fs::write(&unfinished, [text.as_bytes(), &without_our_fields(message)].concat())?;
    fs::rename(unfinished, name)
}

/// The message without copies of our fields, which a stranger may have written.
fn without_our_fields(message: &[u8]) -> Vec<u8> {
    let (mut kept, mut is_header, mut is_ours) = (Vec::with_capacity(message.len()), true, false);
    for line in message.split_inclusive(|&octet| octet == b'\n') {
        is_header &= !line.trim_ascii().is_empty();
        if !is_header || !line.starts_with(b" ") && !line.starts_with(b"\t") {
            let name = line.split(|&octet| octet == b':').next().unwrap_or_default().trim_ascii();
            let named = |field: &str| name.eq_ignore_ascii_case(field.as_bytes());
            is_ours = is_header && [STATUS_FIELD, VERDICT_FIELD].into_iter().any(named);
        }
        if !is_ours {
            kept.extend_from_slice(line);
        }
    }
    kept
}
