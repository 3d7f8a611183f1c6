//! Mail over the milter, as a mail server has it.

use batv_tests::milter::{self, Answer, MailServer, Offer, Place, Socket};

use crate::support::Daemon;

pub(crate) const WORLD: &str = "192.0.2.7";

/// A connection of one client.
pub(crate) struct Client(MailServer<Socket>);

/// The changes of the daemon to a message.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// The replies to refused or deferred recipients, and that to the message.
    pub(crate) replies: Vec<String>,
    /// The new reverse-path.
    pub(crate) sender: Option<String>,
    /// New recipients in the place of others.
    pub(crate) recipients: Vec<String>,
    /// The fields that it has besides.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) is_held: bool,
}

impl Client {
    /// One from the world.
    pub(crate) fn from(daemon: &Daemon, address: &str) -> Self {
        Self::with(daemon, address, false)
    }

    /// A user of ours.
    pub(crate) fn of_ours(daemon: &Daemon, address: &str) -> Self {
        Self::with(daemon, address, true)
    }

    fn with(daemon: &Daemon, address: &str, is_ours: bool) -> Self {
        let stream = Place::Unix(daemon.socket("milter")).connect().expect("a connection");
        let mut server = MailServer::new(stream);
        server.negotiate(Offer::USUAL).expect("an agreement");
        let mut client = Self(server);
        client.connect(address, if is_ours { "ORIGINATING" } else { "MX" });
        client
    }

    fn connect(&mut self, address: &str, listener: &str) {
        self.0.say(&milter::macros(b'C', &["{daemon_name}", listener]));
        self.0.say(&milter::connect("client.example.net", 12345, address));
    }

    /// Has a message come, or leave: its header, an empty line, and its body.
    pub(crate) fn send(&mut self, sender: &str, recipients: &[&str], message: &str) -> Said {
        let mut said = Said::default();
        self.0.say(&milter::mail(sender));
        let mut taken = 0;
        for recipient in recipients {
            self.0.say(&milter::macros(b'R', &["{rcpt_mailer}", "smtp"]));
            let before = said.replies.len();
            said.note(&self.0.say(&milter::recipient(recipient)));
            taken += usize::from(said.replies.len() == before);
        }
        if taken == 0 {
            self.0.say(milter::ABORT);
            return said;
        }
        let (header, body) = message.split_once("\n\n").expect("a body");
        for field in header.replace("\n ", "\u{1} ").replace("\n\t", "\u{1}\t").lines() {
            let (name, value) = field.split_once(": ").expect("a field");
            self.0.say(&milter::header(name, &value.replace('\u{1}', "\n")));
        }
        for part in body.replace('\n', "\r\n").as_bytes().chunks(60_000) {
            self.0.say(&milter::body(part));
        }
        said.note(&self.0.say(milter::END_OF_MESSAGE));
        said
    }

    /// Another client on the same connection.
    pub(crate) fn next(&mut self, address: &str) {
        self.0.say(milter::QUIT_NEW_CONNECTION);
        self.connect(address, "MX");
    }

    /// The same for another user of ours.
    pub(crate) fn next_of_ours(&mut self, address: &str) {
        self.0.say(milter::QUIT_NEW_CONNECTION);
        self.connect(address, "ORIGINATING");
    }

    /// The replies to recipients alone; the message is given up.
    pub(crate) fn ask(&mut self, sender: &str, recipients: &[&str]) -> Vec<Option<String>> {
        self.0.say(&milter::mail(sender));
        let replies = recipients.iter().map(|recipient| {
            let mut said = Said::default();
            said.note(&self.0.say(&milter::recipient(recipient)));
            said.replies.pop()
        });
        let replies = replies.collect();
        self.0.say(milter::ABORT);
        replies
    }
}

impl Said {
    fn note(&mut self, answer: &Answer) {
        let Answer::Packets(packets) = answer else { panic!("{answer:?}") };
        for packet in packets {
            let (letter, rest) = packet.split_first().expect("a reply");
            let rest = String::from_utf8_lossy(if *letter == b'i' { &rest[4..] } else { rest });
            let mut texts = rest.split('\0').map(str::to_owned);
            let mut text = || texts.next().unwrap_or_default();
            let path = |path: String| path.trim_matches(['<', '>']).to_owned();
            match letter {
                b'c' | b'-' => {}
                b'e' => self.sender = Some(path(text())),
                b'+' => self.recipients.push(path(text())),
                b'h' | b'i' => self.fields.push((text(), text())),
                b'q' => self.is_held = true,
                b'y' => self.replies.push(text()),
                _ => panic!("{packet:?}"),
            }
        }
    }

    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A value of `X-BATV-Verdict`.
    pub(crate) fn found(&self, name: &str) -> &str {
        let verdict = self.field("X-BATV-Verdict");
        let start = format!("{name}=");
        verdict.split("; ").find_map(|word| word.strip_prefix(&start)).unwrap_or_default()
    }

    pub(crate) fn reply(&self) -> &str {
        self.replies.first().map_or("", String::as_str)
    }
}

/// A message to Dave, without Message-ID when that is empty.
pub(crate) fn message(message_id: &str) -> String {
    let id = if message_id.is_empty() { String::new() } else { format!("Message-ID: {message_id}\n") };
    format!(
        "From: Alice <alice@example.com>\nTo: dave@example.net\nSubject: the minutes\n\
         Date: Tue, 24 Nov 2026 10:00:00 +0000\n{id}\nThey are attached.\n"
    )
}

/// The bounce of a message, which had this recipient. It returns these lines of its header.
pub(crate) fn bounce(recipient: &str, header: &str) -> String {
    format!(
        "From: Mail Delivery System <MAILER-DAEMON@mx.example.net>\nTo: alice@example.com\n\
         Subject: Undelivered Mail Returned to Sender\nDate: Tue, 24 Nov 2026 10:00:05 +0000\n\
         Message-ID: <bounce@mx.example.net>\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"=_b\"\n\n\
         --=_b\nContent-Type: text/plain\n\nNo such user.\n\n--=_b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; {recipient}\nAction: failed\nStatus: 5.1.1\n\n\
         --=_b\nContent-Type: text/rfc822-headers\n\n\
         Received: from mx.example.org (mx.example.org [192.0.2.1]) by mx.example.net\n{header}\n\n--=_b--\n"
    )
}

/// The same for the header of a [`message`] with this Message-ID.
pub(crate) fn bounce_of(recipient: &str, message_id: &str) -> String {
    let message = message(message_id);
    bounce(recipient, message.split_once("\n\n").expect("a header").0)
}
