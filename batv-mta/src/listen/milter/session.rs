//! One milter connection of a mail server.

use alloc::sync::Arc;
use core::net::IpAddr;

use batv_core::envelope::ReplyName;
use tracing::{debug, error, warn};

use super::command::{Command, Family, texts};
use super::constants::{VERSION, action, step};
use super::mail_server::MailServer;
use super::packet::{self, next_packet};
use super::reply::Reply;
use crate::client::Client;
use crate::listen::handler::{Flow, Handler, Load, SHORT, each_request};
use crate::message_buffer::MessageBuffer;
use crate::protocol::Protocol;
use crate::settings::Settings;
use crate::transaction::Transaction;
use crate::transaction::edits::{DataReply, Edits, MESSAGE_ID_FIELD, OUR_FIELDS};
use crate::transaction::recipient::RcptReply;

/// Most copies of our header fields that are removed: for each, Postfix reads the whole header.
const MOST_FORGED: u32 = 50;
/// Octets of an argument or a macro that are read: four times as many as a path may have (RFC 5321 §4.5.3.1.3), so that only
/// what is no address is cut.
const ARGUMENT_OCTETS: usize = 1024;
/// Required actions: to tag a sender, to restore a recipient, to report a verdict.
const NEEDED: u32 = action::ADD_HEADERS
    | action::ADD_RECIPIENTS
    | action::DELETE_RECIPIENTS
    | action::CHANGE_HEADERS
    | action::CHANGE_SENDER;
const WANTED: u32 = action::QUARANTINE | action::SET_MACROS;
const SKIPPED: u32 = step::NO_HELO | step::NO_END_OF_HEADER | step::NO_UNKNOWN;
/// Over TCP, the packet after one without reply waits for a delayed acknowledgement, 40 ms.
const UNANSWERED: u32 = step::NO_REPLY_CONNECT | step::NO_REPLY_MAIL | step::NO_REPLY_HEADER | step::NO_DATA;

/// The macros that are read, by the number of the step that brings them (`SMFIM_*`).
const MACROS: [(u32, &str); 4] = [
    (0, "{daemon_name} v"),
    (2, "i {auth_type} {auth_authen} {mail_addr}"),
    (3, "{rcpt_mailer} {rcpt_addr}"),
    (5, "i"),
];

/// A connection, from negotiation to its end, with all its clients and messages.
///
/// ```
/// use std::sync::Arc;
///
/// use batv_mta::config::Config;
/// use batv_mta::listen::handler::{Handler, Flow};
/// use batv_mta::listen::milter::Session;
/// use batv_mta::settings::Settings;
///
/// let settings = Arc::new(Settings::new(Config::default(), batv_config::Keyring::parse("")?)?);
/// let mut answer = Vec::new();
/// // A server of version 2 that can't change the sender.
/// let offer = b"\0\0\0\x0dO\0\0\0\x02\0\0\0\x3f\0\0\0\x7f";
/// assert_eq!(Session::new(false).receive(offer, &settings, &mut answer), (17, Flow::Close));
/// assert!(answer.is_empty());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Session {
    wait_for_answers: bool,
    /// The settings of the negotiation, which determine the steps that the server sends, or those of the session after it.
    settings: Option<Arc<Settings>>,
    steps: u32,
    can_hold: bool,
    can_skip: bool,
    can_silence: bool,
    server: MailServer,
    client: Client,
    daemon_name: String,
    queue_id: String,
    rcpt_mailer: String,
    /// `{mail_addr}` and `{rcpt_addr}`: the addresses that the server made of the client's arguments.
    mail_addr: Option<Vec<u8>>,
    rcpt_addr: Option<Vec<u8>>,
    transaction: Option<Transaction>,
    /// The argument of MAIL FROM.
    sender: Vec<u8>,
    /// The recipients that may be given other parameters, as they were given, with their ORCPT, empty where there is none.
    recipients: Vec<(Vec<u8>, Vec<u8>)>,
    /// Whether the message has an envelope id already.
    has_envelope_id: bool,
    /// Number of copies of each of our header fields in the message.
    forged: [u32; OUR_FIELDS.len()],
    /// The kept part of the message, from its first field on.
    content: Option<MessageBuffer>,
}

impl Session {
    /// A new connection. Over TCP, where servers wait for acknowledgements, all steps are better answered.
    ///
    /// ```
    /// # use batv_mta::listen::handler::Handler;
    /// # use batv_mta::listen::milter::Session;
    /// let over_a_unix_socket = Session::new(false);
    /// assert!(!over_a_unix_socket.is_busy());
    /// ```
    pub fn new(wait_for_answers: bool) -> Self {
        Self {
            wait_for_answers,
            settings: None,
            steps: 0,
            can_hold: false,
            can_skip: false,
            can_silence: false,
            server: MailServer::Unknown,
            client: Client::default(),
            daemon_name: String::new(),
            queue_id: String::new(),
            rcpt_mailer: String::new(),
            mail_addr: None,
            rcpt_addr: None,
            transaction: None,
            sender: Vec::new(),
            recipients: Vec::new(),
            has_envelope_id: false,
            forged: [0; OUR_FIELDS.len()],
            content: None,
        }
    }

    fn packet(&mut self, packet: &[u8], newest: &Arc<Settings>, out: &mut Vec<u8>) -> Flow {
        let command = match Command::parse(packet) {
            Ok(command) => command,
            Err(malformed) => {
                error!(listener = "milter", "closed: {malformed}");
                return Flow::Close;
            }
        };
        if matches!(command, Command::Negotiate { .. }) {
            self.settings = None;
        }
        let settings = &Arc::clone(self.settings.get_or_insert_with(|| Arc::clone(newest)));
        match command {
            Command::Negotiate { version, actions, steps } => {
                return self.negotiate(version, actions, steps, settings, out);
            }
            Command::Macros { command, list } => self.macros(command, list),
            Command::Connect { address, family, port, .. } => self.connect(address, family, port, out),
            Command::Mail { argument, parameters } => self.mail(argument, parameters, settings, out),
            Command::Recipient { argument, parameters } => self.recipient(argument, parameters, out),
            Command::Header { name, value } => {
                for (forged, field) in self.forged.iter_mut().zip(OUR_FIELDS) {
                    *forged += u32::from(name.trim_ascii().eq_ignore_ascii_case(field.as_bytes()));
                }
                self.content().field(name, value);
                self.answer(step::NO_REPLY_HEADER, out);
            }
            Command::Body { octets } => {
                let can_skip = self.can_skip;
                let content = self.content();
                content.body(octets);
                // The server then leaves out the rest, which saves most of the cost of large mail.
                let reply = if can_skip && !content.wants_body() { Reply::Skip } else { Reply::Continue };
                reply.put(out);
            }
            Command::EndOfMessage => self.end_of_message(settings, out),
            Command::Abort => self.end_transaction(),
            Command::Helo | Command::Data | Command::EndOfHeader | Command::Unknown => Reply::Continue.put(out),
            Command::Quit => return Flow::Close,
            Command::QuitNewConnection => {
                self.end_transaction();
                self.client = Client::default();
                self.daemon_name.clear();
                // A server that agreed to send no bodies will send none, unless it negotiates anew.
                let judges = negotiated(newest).0 & step::NO_BODY == 0;
                if self.steps & step::NO_BODY == 0 || !judges {
                    self.settings = Some(Arc::clone(newest));
                } else {
                    warn!(listener = "milter", "old settings stay: the server sends no bodies until it connects again");
                }
            }
        }
        Flow::Continue
    }

    fn connect(&mut self, address: Option<IpAddr>, family: Family, port: u16, out: &mut Vec<u8>) {
        // Postfix reports mail of sendmail(1) as from loopback and port 0.
        let by_command = port == 0 && address.is_some_and(|address| address.is_loopback());
        self.client = Client { address, local: by_command || family == Family::Local, ..Client::default() };
        self.client.daemon_name.clone_from(&self.daemon_name);
        self.answer(step::NO_REPLY_CONNECT, out);
    }

    fn mail(&mut self, argument: &[u8], parameters: &[u8], settings: &Arc<Settings>, out: &mut Vec<u8>) {
        self.forged = [0; OUR_FIELDS.len()];
        self.content = None;
        self.recipients.clear();
        self.has_envelope_id = texts(parameters).any(|parameter| has_name(parameter, b"ENVID="));
        self.sender = argument.to_vec();
        let reverse_path = self.server.sender(argument, self.mail_addr.take());
        let mut transaction = Transaction::new(Protocol::Milter, self.client.clone(), &reverse_path, settings);
        transaction.set_queue_id(&self.queue_id);
        self.transaction = Some(transaction);
        self.answer(step::NO_REPLY_MAIL, out);
    }

    /// The kept part of the message. It is determined at the first header field, after the last recipient.
    fn content(&mut self) -> &mut MessageBuffer {
        let buffer = || self.transaction.as_ref().map(Transaction::buffer).unwrap_or_default();
        self.content.get_or_insert_with(buffer)
    }

    fn negotiate(&mut self, version: u32, actions: u32, steps: u32, settings: &Settings, out: &mut Vec<u8>) -> Flow {
        if actions & NEEDED != NEEDED {
            error!(
                listener = "milter",
                version,
                "closed: the mail server must let milters change senders, recipients and header fields \
                 (missing actions: {:#x})",
                NEEDED & !actions
            );
            return Flow::Close;
        }
        let (steps_of_messages, silence) = negotiated(settings);
        let mut wanted = SKIPPED | steps_of_messages;
        if !self.wait_for_answers {
            wanted |= UNANSWERED;
        }
        self.steps = steps & wanted;
        self.can_skip = self.steps & step::SKIP != 0;
        let actions = actions & (NEEDED | WANTED | silence);
        self.can_hold = actions & action::QUARANTINE != 0;
        self.can_silence = actions & silence != 0;
        let mut macros = Vec::new();
        if actions & action::SET_MACROS != 0 {
            for (step, names) in MACROS {
                macros.extend_from_slice(&step.to_be_bytes());
                macros.extend_from_slice(names.as_bytes());
                macros.push(0);
            }
        }
        let version = version.min(VERSION);
        let numbers = [version, actions, self.steps].map(u32::to_be_bytes);
        packet::put(out, b'O', &[numbers.as_flattened(), &macros]);
        debug!(listener = "milter", version, actions, steps = self.steps, "negotiated");
        Flow::Continue
    }

    fn macros(&mut self, command: u8, list: &[u8]) {
        if command == b'M' {
            self.client.authenticated = false;
            self.mail_addr = None;
        }
        if command == b'R' {
            self.rcpt_addr = None;
            self.rcpt_mailer.clear();
        }
        let mut list = texts(list);
        // A name without a value is ignored.
        while let (Some(name), Some(value)) = (list.next(), list.next()) {
            let name = name.strip_prefix(b"{").and_then(|name| name.strip_suffix(b"}")).unwrap_or(name);
            let value = cut(value);
            match name {
                b"mail_addr" => self.mail_addr = Some(value.to_vec()),
                b"rcpt_addr" => self.rcpt_addr = Some(value.to_vec()),
                _ => {}
            }
            let value = String::from_utf8_lossy(value);
            match name {
                b"daemon_name" => self.daemon_name = value.into_owned(),
                b"auth_type" | b"auth_authen" => self.client.authenticated |= !value.is_empty(),
                b"v" => self.server = MailServer::of(&value),
                b"rcpt_mailer" => self.rcpt_mailer = value.into_owned(),
                b"i" => {
                    if let Some(transaction) = &mut self.transaction {
                        transaction.set_queue_id(&value);
                    }
                    self.queue_id = value.into_owned();
                }
                _ => {}
            }
        }
    }

    fn answer(&self, unanswered: u32, out: &mut Vec<u8>) {
        if self.steps & unanswered == 0 {
            Reply::Continue.put(out);
        }
    }

    fn recipient(&mut self, argument: &[u8], parameters: &[u8], out: &mut Vec<u8>) {
        let Some(transaction) = &mut self.transaction else { return Reply::Tempfail.put(out) };
        let forward_path = self.server.recipient(argument, self.rcpt_addr.take());
        match transaction.recipient(argument, &forward_path, &self.rcpt_mailer) {
            RcptReply::Continue => {
                if self.can_silence && argument.len() <= ARGUMENT_OCTETS {
                    let is_original =
                        |parameter: &&[u8]| has_name(parameter, b"ORCPT=") && parameter.len() <= ARGUMENT_OCTETS;
                    let original = texts(parameters).find(is_original).unwrap_or_default();
                    transaction.hold_more(argument.len() + original.len());
                    self.recipients.push((argument.to_vec(), original.to_vec()));
                }
                Reply::Continue.put(out);
            }
            RcptReply::Reply(text) => Reply::Code(&text).put(out),
        }
    }

    fn end_of_message(&mut self, settings: &Settings, out: &mut Vec<u8>) {
        self.content();
        let Some(transaction) = self.transaction.take() else { return Reply::Accept.put(out) };
        if self.forged.iter().any(|forged| *forged > MOST_FORGED) {
            Reply::Code("550 5.6.0 Too many X-BATV-Status or X-BATV-Verdict header fields").put(out);
            return self.end_transaction();
        }
        let content = self.content.take().unwrap_or_default();
        if content.is_deferred() {
            settings.metrics().count_limit("total_octets");
            Reply::Code(&settings.rules().replies.reply(ReplyName::CannotCheck).to_string()).put(out);
            return self.end_transaction();
        }
        match transaction.end_of_data(&content) {
            DataReply::Refuse(text) => Reply::Code(&text).put(out),
            DataReply::Take(edits) => {
                for (forged, name) in self.forged.into_iter().zip(OUR_FIELDS) {
                    for index in (1..=forged).rev() {
                        Reply::DeleteHeader { index, name }.put(out);
                    }
                }
                self.change_sender(&edits, out);
                self.change_recipients(&edits, out);
                for (name, value) in &edits.fields {
                    // Sendmail adds a second one after an inserted one, but not after an added one.
                    match *name {
                        MESSAGE_ID_FIELD => Reply::AddHeader { name, value }.put(out),
                        _ => Reply::InsertHeader { index: 0, name, value }.put(out),
                    }
                }
                match edits.hold {
                    Some(reason) if self.can_hold => Reply::Quarantine(reason).put(out),
                    _ => {}
                }
                Reply::Continue.put(out);
            }
        }
        self.end_transaction();
    }

    fn change_sender(&self, edits: &Edits, out: &mut Vec<u8>) {
        // A client that names its message itself waits for a report under that name.
        let envelope_id = edits.envelope_id.as_ref().filter(|_| !self.has_envelope_id);
        let parameters = envelope_id.map(|envelope_id| format!("ENVID={envelope_id}")).unwrap_or_default();
        let changed = edits.sender.as_ref().map(|sender| bracketed(sender).into_bytes());
        // One that stays is named again, with its envelope id.
        if let Some(path) = changed.or_else(|| envelope_id.map(|_| self.sender.clone())) {
            Reply::ChangeSender { path: &path, parameters: &parameters }.put(out);
        }
    }

    fn change_recipients(&self, edits: &Edits, out: &mut Vec<u8>) {
        let silences = edits.never_notify && self.can_silence;
        if !silences {
            for (given, restored) in &edits.recipients {
                Reply::DeleteRecipient(given).put(out);
                Reply::AddRecipient { path: bracketed(restored).as_bytes(), parameters: "" }.put(out);
            }
            return;
        }
        for (given, original) in &self.recipients {
            let restored = edits.recipients.iter().find(|(changed, _)| changed == given);
            let path = match restored {
                Some((_, restored)) => bracketed(restored).into_bytes(),
                None if self.server == MailServer::Postfix => given.clone(),
                // Sendmail gives a recipient that is added again its old parameters, unless its domain is spelled differently.
                None => with_other_case(given),
            };
            // The original recipient stays with the message (RFC 3461 §4.2).
            let original = str::from_utf8(original).ok().filter(|original| !original.is_empty());
            let parameters = ["NOTIFY=NEVER"].into_iter().chain(original).collect::<Vec<_>>().join(" ");
            Reply::DeleteRecipient(given).put(out);
            Reply::AddRecipient { path: &path, parameters: &parameters }.put(out);
        }
    }

    fn end_transaction(&mut self) {
        self.transaction = None;
        self.recipients.clear();
        self.content = None;
        self.queue_id.clear();
        self.rcpt_mailer.clear();
    }
}

/// The steps and actions that depend on settings.
fn negotiated(settings: &Settings) -> (u32, u32) {
    let steps = if settings.config().site.messages.judge { step::SKIP } else { step::NO_BODY };
    let silences = settings.config().site.bounces.never_to_unproved;
    (steps, if silences { action::ADD_RECIPIENTS_WITH_PARAMETERS } else { 0 })
}

impl Handler for Session {
    fn receive(&mut self, octets: &[u8], settings: &Arc<Settings>, out: &mut Vec<u8>) -> (usize, Flow) {
        each_request(Protocol::Milter, octets, out, next_packet, |packet, out| self.packet(packet, settings, out))
    }

    fn load(&self, octets: &[u8]) -> Option<Load> {
        let kept = self.content.as_ref().map_or(0, |content| content.octets().len());
        let load = Load { octets: kept + octets.len(), client: self.client.address };
        (load.octets > SHORT && ends_message(octets)).then_some(load)
    }

    fn is_busy(&self) -> bool {
        self.transaction.is_some()
    }
}

/// As much of an argument as is read.
fn cut(argument: &[u8]) -> &[u8] {
    argument.get(..ARGUMENT_OCTETS).unwrap_or(argument)
}

/// Whether one of the packets is the end of a message.
fn ends_message(octets: &[u8]) -> bool {
    let mut rest = octets;
    while let Ok(Some((packet, length))) = next_packet(rest) {
        if packet.first() == Some(&b'E') {
            return true;
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    false
}

/// Whether a parameter of MAIL or RCPT has this name, which ends in an equals sign.
fn has_name(parameter: &[u8], name: &[u8]) -> bool {
    parameter.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

/// The path with its domain in the other case.
fn with_other_case(path: &[u8]) -> Vec<u8> {
    let (local_part, domain) = path.split_at(path.iter().rposition(|&octet| octet == b'@').unwrap_or(path.len()));
    let is_upper = domain.iter().any(u8::is_ascii_uppercase);
    let domain = if is_upper { domain.to_ascii_lowercase() } else { domain.to_ascii_uppercase() };
    [local_part, &domain].concat()
}

fn bracketed(mailbox: &str) -> String {
    format!("<{mailbox}>")
}
