//! OpenSMTPD's filter protocol (smtpd-filters(7)), version 0.5 and later: lines on standard input and output.
//!
//! A sender can be rewritten only at MAIL FROM, before the recipients are known: exempt recipients get mail with a tag, too,
//! and SRS is better left to OpenSMTPD's own `relay srs`.

use alloc::sync::Arc;
use std::collections::HashMap;

use batv_core::envelope::ReplyName;

use crate::client::Client;
use crate::listen::handler::{ANSWER_OCTETS, Flow, Handler, each_request, ended_by};
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

/// The answer that changes nothing.
const PROCEED: &str = "proceed";

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
    /// The session whose held message is being passed on.
    passing: Option<String>,
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
    Gathered(MessageBuffer),
    /// Passed on as it comes, after the part that was held back.
    Decided { refusal: Option<String>, passage: Passage, held: Option<Box<HeldBack>> },
}

/// The place in a message that is passed on.
#[derive(Clone, Copy, Debug)]
enum Passage {
    /// In its header. `passes` says whether the current field is passed on.
    Header { passes: bool },
    /// After its header.
    Body,
}

/// The part of a message that was held back, of which there may be millions of lines.
#[derive(Debug)]
struct HeldBack {
    content: MessageBuffer,
    /// Octets of the whole lines in it, and of those that are passed on.
    end: usize,
    passed: usize,
    /// The line that came last, which may not be in it.
    last: Vec<u8>,
    /// The start of each line for OpenSMTPD.
    reply: String,
}

impl Handler for Filter {
    fn receive(&mut self, octets: &[u8], settings: &Arc<Settings>, out: &mut Vec<u8>) -> (usize, Flow) {
        // Lines that come meanwhile may be of the same message.
        if !self.pass_held(out) {
            return (0, Flow::Continue);
        }
        each_request(Protocol::Filter, octets, out, ended_by(b"\n", LINE_LIMIT), |line, out| {
            self.line(line, settings, out);
            Flow::Continue
        })
    }

    fn is_busy(&self) -> bool {
        self.sessions.values().any(|session| session.transaction.is_some())
    }
}

impl Filter {
    /// Passes on lines that were held back, until `out` is full. Returns whether that was all.
    fn pass_held(&mut self, out: &mut Vec<u8>) -> bool {
        let is_all = self
            .passing
            .as_ref()
            .and_then(|name| self.sessions.get_mut(name))
            .is_none_or(|session| session.pass_held(out));
        if is_all {
            self.passing = None;
        }
        is_all
    }

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
                let session = self.sessions.get_mut(name);
                if event == b"data-line" {
                    let reply = format!("filter-dataline|{name}|{token}|");
                    // Events of a closed session pass unchanged.
                    let Some(session) = session else { return put(&reply, parameter, out) };
                    if session.data_line(parameter, reply, out) {
                        self.passing = Some(name.to_owned());
                        self.pass_held(out);
                    }
                } else {
                    let result = session.map_or(PROCEED.to_owned(), |session| session.result(event, parameter));
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
                    Message::Before | Message::Gathered(_) => None,
                    Message::Decided { refusal, .. } => refusal,
                };
                self.end();
                refusal.map_or(PROCEED.to_owned(), |reply| format!("reject|{reply}"))
            }
            _ => PROCEED.to_owned(),
        }
    }

    /// Holds lines back until the decision; then puts our fields first, and removes copies of them from the message. Returns
    /// whether held lines are to be passed on.
    fn data_line(&mut self, line: &[u8], reply: String, out: &mut Vec<u8>) -> bool {
        if matches!(self.message, Message::Before) {
            let buffer = self.transaction.as_ref().map(Transaction::buffer);
            self.message = Message::Gathered(buffer.unwrap_or_default());
        }
        let content = match &mut self.message {
            Message::Gathered(content) => content,
            Message::Decided { passage, .. } => {
                passage.pass(line, &reply, out);
                return false;
            }
            Message::Before => return false,
        };
        let at_end = line == b".";
        let end = content.octets().len();
        if !at_end {
            content.line(line);
        }
        let is_full = content.is_cut() || content.is_deferred();
        if !at_end && !is_full && content.is_needed() && (content.is_message() || !line.is_empty()) {
            return false;
        }
        let content = core::mem::take(content);
        let (fields, refusal) = self.decide(&content);
        fields.iter().for_each(|(name, value)| put(&reply, format!("{name}: {value}").as_bytes(), out));
        let held = HeldBack { content, end, passed: 0, last: line.to_vec(), reply };
        let passage = Passage::Header { passes: true };
        self.message = Message::Decided { refusal, passage, held: Some(Box::new(held)) };
        true
    }

    /// The new header fields of the message, and the reply that refuses it.
    fn decide(&mut self, content: &MessageBuffer) -> (Vec<(&'static str, String)>, Option<String>) {
        let Some(transaction) = self.transaction.take() else { return (Vec::new(), None) };
        if content.is_deferred() {
            self.settings.metrics().count_limit("total_octets");
            return (Vec::new(), Some(self.settings.rules().replies.reply(ReplyName::CannotCheck).to_string()));
        }
        match transaction.end_of_data(content) {
            DataReply::Refuse(refusal) => (Vec::new(), Some(refusal)),
            DataReply::Take(Edits { fields, .. }) => (fields, None),
        }
    }

    /// Passes on lines that were held back, until `out` is full. Returns whether that was all.
    fn pass_held(&mut self, out: &mut Vec<u8>) -> bool {
        let Message::Decided { passage, held, .. } = &mut self.message else { return true };
        let Some(HeldBack { content, end, passed, last, reply }) = held.as_deref_mut() else { return true };
        while let Some(rest) = content.octets().get(*passed..*end).filter(|rest| !rest.is_empty()) {
            if out.len() >= ANSWER_OCTETS {
                return false;
            }
            // The lines came without line ends of their own: each ends at the first one of ours.
            let length = rest.iter().position(|&octet| octet == b'\n').unwrap_or(rest.len());
            let line = rest.get(..length).unwrap_or_default();
            passage.pass(line.strip_suffix(b"\r").unwrap_or(line), reply, out);
            *passed += length + 1;
        }
        passage.pass(last, reply, out);
        *held = None;
        true
    }

    fn end(&mut self) {
        self.transaction = None;
        self.message = Message::Before;
    }
}

impl Passage {
    /// Passes a line on, unless it belongs to a forged copy of our fields.
    fn pass(&mut self, line: &[u8], reply: &str, out: &mut Vec<u8>) {
        if let Self::Header { passes } = self {
            if line.is_empty() || line == b"." {
                *self = Self::Body;
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
        put(reply, line, out);
    }
}

/// Gives a line to OpenSMTPD.
fn put(reply: &str, line: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(reply.as_bytes());
    out.extend_from_slice(line);
    out.push(b'\n');
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

#[cfg(test)]
mod tests {
    use batv_config::Keyring;
    use proptest::prelude::*;

    use super::*;
    use crate::config::Config;

    const KEY: &str = "[[key]]\nuse = 'batv'\nid = 4\nsecret = 'text:s3kr1t'\nstate = 'signing'\n";

    /// All that the filter says to a bounce of these lines, which are in one piece.
    fn passed(message_octets: usize, lines: &[Vec<u8>]) -> Vec<u8> {
        let config = format!("verify.mode = 'reject'\nlimits.message_octets = {message_octets}\n");
        let keyring = Keyring::parse(KEY).expect("a keyring");
        let settings = Settings::new(Config::parse(&config).expect("a configuration"), keyring).expect("settings");
        let begin = "report|0.7|1|smtp-in|link-connect|s|x|pass|192.0.2.7:25|192.0.2.1:25\n\
            filter|0.7|1|smtp-in|mail-from|s|t|<>\nfilter|0.7|1|smtp-in|rcpt-to|s|t|<alice@example.com>\n";
        let mut octets = begin.as_bytes().to_vec();
        for line in lines.iter().map(Vec::as_slice).chain([b".".as_slice()]) {
            octets.extend([b"filter|0.7|1|smtp-in|data-line|s|t|", line, b"\n"].concat());
        }
        let (mut filter, mut out, mut said) = (Filter::default(), Vec::new(), Vec::new());
        let settings = Arc::new(settings);
        while !octets.is_empty() || !out.is_empty() || filter.passing.is_some() {
            said.append(&mut out);
            let (taken, flow) = filter.receive(&octets, &settings, &mut out);
            assert_eq!(flow, Flow::Continue);
            assert!(out.len() < ANSWER_OCTETS + 4096, "{} octets of answers", out.len());
            octets.drain(..taken);
        }
        said
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever octets lines have, and wherever the limit cuts them.
        #[test]
        fn lines_are_passed_on_as_they_came(
            lines in prop::collection::vec("[a\r\t\u{e9} ]{0,12}", 0..60),
            message_octets in 1..400_usize,
            times in 1..100_usize,
        ) {
            let lines: Vec<Vec<u8>> = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
            let header = [b"Subject: hello".to_vec(), Vec::new()];
            let lines: Vec<Vec<u8>> = header.into_iter().chain(vec![lines; times].concat()).collect();
            let said = passed(message_octets * times, &lines);
            let said: Vec<&[u8]> = said.split(|octet| *octet == b'\n').collect();
            let put = said.iter().filter_map(|line| line.strip_prefix(b"filter-dataline|s|t|"));
            let put: Vec<&[u8]> = put.skip_while(|line| line.starts_with(b"X-BATV-")).collect();
            prop_assert_eq!(put.last(), Some(&b".".as_slice()));
            prop_assert_eq!(&put[..put.len() - 1], &lines.iter().map(Vec::as_slice).collect::<Vec<_>>()[..]);
        }
    }
}
