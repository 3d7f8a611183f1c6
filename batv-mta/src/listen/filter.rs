//! OpenSMTPD's filter protocol (smtpd-filters(7)), version 0.5 and later: lines on standard input and output.
//!
//! A sender can be rewritten only at MAIL FROM, before the recipients are known: exempt recipients get mail with a tag, too,
//! and SRS is better left to OpenSMTPD's own `relay srs`.

use alloc::sync::Arc;
use std::collections::HashMap;

use crate::client::Client;
use crate::listen::handler::{Flow, Handler, each_request, ended_by};
use crate::message_buffer::MessageBuffer;
use crate::protocol::Protocol;
use crate::settings::Settings;
use crate::transaction::Transaction;
use crate::transaction::edits::{DataReply, Edits, OUR_FIELDS};
use crate::transaction::recipient::RcptReply;

/// Longest line, in octets. Some servers accept long lines in messages.
const LINE_LIMIT: usize = 256 * 1024;
/// The registration, sent after the server's configuration.
const REGISTER: &str = "register|report|smtp-in|link-connect\n\
    register|report|smtp-in|link-auth\n\
    register|report|smtp-in|link-disconnect\n\
    register|report|smtp-in|tx-reset\n\
    register|filter|smtp-in|mail-from\n\
    register|filter|smtp-in|rcpt-to\n\
    register|filter|smtp-in|data-line\n\
    register|filter|smtp-in|commit\n\
    register|ready\n";

/// All sessions of the server.
///
/// ```
/// use std::sync::Arc;
///
/// use batv_config::Keyring;
/// use batv_mta::config::Config;
/// use batv_mta::listen::handler::Handler;
/// use batv_mta::listen::filter::Filter;
/// use batv_mta::settings::Settings;
///
/// let settings = Arc::new(Settings::new(Config::default(), Keyring::parse("")?)?);
/// let mut answer = Vec::new();
/// Filter::default().receive(b"config|ready\n", &settings, &mut answer);
/// assert!(answer.ends_with(b"register|ready\n"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Filter {
    sessions: HashMap<String, Session>,
}

#[derive(Debug)]
struct Session {
    /// The settings at the time of the connection.
    settings: Arc<Settings>,
    client: Client,
    transaction: Option<Transaction>,
    message: Message,
}

/// Progress of the message.
#[derive(Debug, Default)]
enum Message {
    /// Not begun.
    #[default]
    Before,
    /// Held back until the decision.
    Gathered { content: MessageBuffer, lines: Vec<Vec<u8>> },
    /// In its header. `passes` says whether the current field is passed on.
    Header { passes: bool, refusal: Option<String> },
    /// After its header.
    Body { refusal: Option<String> },
}

impl Handler for Filter {
    fn receive(&mut self, octets: &[u8], settings: &Arc<Settings>, out: &mut Vec<u8>) -> (usize, Flow) {
        each_request(Protocol::Filter, octets, ended_by(b"\n", LINE_LIMIT), |line| {
            self.line(line, settings, out);
            Flow::Continue
        })
    }

    fn is_busy(&self) -> bool {
        self.sessions.values().any(|session| session.transaction.is_some())
    }
}

impl Filter {
    fn line(&mut self, line: &[u8], settings: &Arc<Settings>, out: &mut Vec<u8>) {
        if line == b"config|ready" {
            return out.extend_from_slice(REGISTER.as_bytes());
        }
        // kind | version | time | subsystem | event or phase | session | the rest
        let mut fields = line.splitn(7, |&octet| octet == b'|');
        let kind = fields.next().unwrap_or_default();
        let version = fields.next().unwrap_or_default();
        let Some(event) = fields.nth(2) else { return };
        let Some(name) = fields.next().and_then(|name| str::from_utf8(name).ok()) else { return };
        let rest = fields.next().unwrap_or_default();
        match kind {
            b"report" => self.report(version, event, name, rest, settings),
            b"filter" => {
                let (token, parameter) = split(rest);
                let token = String::from_utf8_lossy(token);
                // Events of a closed session pass unchanged.
                let mut over;
                let session = match self.sessions.get_mut(name) {
                    Some(session) => session,
                    None => {
                        over = Session::new(Client::default(), settings);
                        &mut over
                    }
                };
                if event == b"data-line" {
                    let reply = format!("filter-dataline|{name}|{token}|");
                    session.data_line(parameter, &reply, out);
                } else {
                    let result = session.result(event, parameter);
                    out.extend_from_slice(format!("filter-result|{name}|{token}|{result}\n").as_bytes());
                }
            }
            _ => {}
        }
    }

    fn report(&mut self, version: &[u8], event: &[u8], name: &str, rest: &[u8], settings: &Arc<Settings>) {
        match event {
            b"link-connect" => {
                // reverse name | forward-confirmed | source | destination
                let mut fields = rest.split(|&octet| octet == b'|').skip(2);
                let mut text = || fields.next().and_then(|field| str::from_utf8(field).ok()).unwrap_or_default();
                let (source, destination) = (text(), text());
                let client = Client {
                    address: source.rsplit_once(':').and_then(|(host, _)| host.trim_matches(['[', ']']).parse().ok()),
                    local: source.starts_with("unix:"),
                    daemon_name: destination.rsplit_once(':').map_or("", |(_, port)| port).to_owned(),
                    ..Client::default()
                };
                self.sessions.insert(name.to_owned(), Session::new(client, settings));
            }
            b"link-auth" => {
                // The result is last up to version 0.6, after any user name, and first from 0.7 on.
                let mut fields = rest.split(|&octet| octet == b'|');
                let result = if is_before_0_7(version) { fields.next_back() } else { fields.next() };
                let passed = result == Some(b"pass");
                if let Some(session) = self.sessions.get_mut(name) {
                    session.client.authenticated = passed;
                }
            }
            b"tx-reset" => {
                if let Some(session) = self.sessions.get_mut(name) {
                    session.end();
                }
            }
            b"link-disconnect" => {
                self.sessions.remove(name);
            }
            _ => {}
        }
    }
}

impl Session {
    fn new(client: Client, settings: &Arc<Settings>) -> Self {
        Self { settings: Arc::clone(settings), client, transaction: None, message: Message::default() }
    }

    fn result(&mut self, phase: &[u8], parameter: &[u8]) -> String {
        const PROCEED: &str = "proceed";
        match phase {
            b"mail-from" => {
                self.end();
                let mut transaction =
                    Transaction::new(Protocol::Filter, self.client.clone(), parameter, &self.settings);
                let sender = transaction.sender();
                self.transaction = Some(transaction);
                sender.map_or(PROCEED.to_owned(), |sender| format!("rewrite|<{sender}>"))
            }
            b"rcpt-to" => {
                let Some(transaction) = &mut self.transaction else { return PROCEED.to_owned() };
                match transaction.recipient(parameter, parameter, "") {
                    RcptReply::Reply(reply) => format!("reject|{reply}"),
                    RcptReply::Continue => transaction
                        .last_restored()
                        .map_or(PROCEED.to_owned(), |restored| format!("rewrite|<{restored}>")),
                }
            }
            b"commit" => {
                let refusal = match core::mem::take(&mut self.message) {
                    Message::Before | Message::Gathered { .. } => None,
                    Message::Header { refusal, .. } | Message::Body { refusal } => refusal,
                };
                self.end();
                refusal.map_or(PROCEED.to_owned(), |reply| format!("reject|{reply}"))
            }
            _ => PROCEED.to_owned(),
        }
    }

    /// Holds lines back until the decision; then puts our fields first, and removes copies of them from the message.
    fn data_line(&mut self, line: &[u8], reply: &str, out: &mut Vec<u8>) {
        let mut put = |line: &[u8]| {
            out.extend_from_slice(reply.as_bytes());
            out.extend_from_slice(line);
            out.push(b'\n');
        };
        if matches!(self.message, Message::Before) {
            let needed = self.transaction.as_ref().map(|transaction| transaction.needs()).unwrap_or_default();
            let content = MessageBuffer::new(needed, self.settings.config().limits.message_octets);
            self.message = Message::Gathered { content, lines: Vec::new() };
        }
        let Message::Gathered { content, lines } = &mut self.message else {
            return self.message.pass(line, &mut put);
        };
        let at_end = line == b".";
        if !at_end {
            content.line(line);
        }
        let enough = at_end || content.is_cut() || line.is_empty() && !content.is_message() || !content.is_needed();
        lines.push(line.to_vec());
        if !enough {
            return;
        }
        let outcome = self.transaction.take().map(|transaction| transaction.end_of_data(content));
        let lines = core::mem::take(lines);
        let (fields, refusal) = match outcome {
            Some(DataReply::Refuse(refusal)) => (Vec::new(), Some(refusal)),
            Some(DataReply::Take(Edits { fields, .. })) => (fields, None),
            None => (Vec::new(), None),
        };
        fields.iter().for_each(|(name, value)| put(format!("{name}: {value}").as_bytes()));
        self.message = Message::Header { passes: true, refusal };
        for line in lines {
            self.message.pass(&line, &mut put);
        }
    }

    fn end(&mut self) {
        self.transaction = None;
        self.message = Message::Before;
    }
}

impl Message {
    /// Passes a line on, unless it belongs to a forged copy of our fields.
    fn pass(&mut self, line: &[u8], put: &mut impl FnMut(&[u8])) {
        if let Self::Header { passes, refusal } = self {
            if line.is_empty() || line == b"." {
                *self = Self::Body { refusal: refusal.take() };
            } else {
                if !line.starts_with(b" ") && !line.starts_with(b"\t") {
                    let (name, _) = split_at(line, b':');
                    let is_ours = |field: &str| name.trim_ascii().eq_ignore_ascii_case(field.as_bytes());
                    *passes = !OUR_FIELDS.into_iter().any(is_ours);
                }
                if !*passes {
                    return;
                }
            }
        }
        put(line);
    }
}

fn is_before_0_7(version: &[u8]) -> bool {
    let minor = version.strip_prefix(b"0.").and_then(|minor| str::from_utf8(minor).ok());
    minor.and_then(|minor| minor.parse::<u32>().ok()).is_some_and(|minor| minor < 7)
}

fn split(text: &[u8]) -> (&[u8], &[u8]) {
    split_at(text, b'|')
}

fn split_at(text: &[u8], separator: u8) -> (&[u8], &[u8]) {
    let end = text.iter().position(|&octet| octet == separator).unwrap_or(text.len());
    (text.get(..end).unwrap_or_default(), text.get(end + 1..).unwrap_or_default())
}
