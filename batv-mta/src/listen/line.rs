//! The line protocol, for Exim's `${readsocket}`, Haraka and scripts: one request a line, one answer a line.
//!
//! ```text
//! request = map SP address LF
//!         | "sign-for" SP reverse-path SP forward-path LF
//!         | "check" SP [client SP] reverse-path SP forward-path LF
//!         | "judge" SP stage SP earlier SP client SP reverse-path SP forward-path LF
//!         | "judge-message" SP client SP extent SP octets SP reverse-path 1*(SP forward-path) LF message
//!         | "mark" SP reverse-path SP message-id LF
//!         | "sent" SP reverse-path SP message-id 1*(SP forward-path) LF
//! map     = "sign" | "verify" | "unwrap" | "srs-forward" | "srs-reverse"
//! stage  = "rcpt" | "data"
//! earlier = "none" | "settled" | "undecided"
//! client  = an IP address | "-"       if it has none
//! extent  = "whole" | "cut"           whether the message is all there
//! octets  = the length of the message, which ends without LF of its own
//! answer  = "OK" SP text LF           the new address, the SMTP reply, the judgement
//!         | "NO" LF                   the address stays
//!         | "TEMP" SP text LF         a temporary error
//!         | "PERM" SP text LF         the request is wrong
//! ```
//! The reverse-path is in brackets. A line may end in CR LF. `sign-for` is `sign` for servers that send to each recipient
//! separately: exempt recipients get mail without a tag. The answer to `check` is `NO`, or `OK` and an SMTP reply that
//! refuses the recipient; without a client, wrong tags count for their mailbox alone. `judge` is for servers that ask again
//! at the end of DATA, and keep the first answer until then. Its answer is `name=value` for `disposition`, `verdict`,
//! `reason`, `settled` (0 or 1), `earlier` (for the request about the next recipient), `mode`, and `reply` in quotes.
//!
//! `judge-message` is `judge` at the end of DATA with the message, of which the first `limits.message_octets` are read.
//! Several forward-paths are in brackets: each recipient is judged, and counted, and the answer is that to the worst, in this
//! order: one that defers, holds, refuses, marks, accepts. A refusal is for a message with this recipient alone. The
//! answer also has `class` and `origin`, `-` if only the envelope counts, and in quotes `status_field` and `verdict_field`: the
//! values of X-BATV-Status and X-BATV-Verdict, empty if the message gets no such field. The answer to `mark` is the value of
//! X-BATV-Mark for an outgoing message. `sent` adds an outgoing message to the sent log; its answer is `NO`. Send several for
//! more recipients than fit into a line.

use alloc::borrow::Cow;
use alloc::sync::Arc;
use core::iter;

use batv_core::envelope::{Disposition, Earlier, Envelope, Reason, ReplyName, Stage, Verdict};
use batv_core::{Mailbox, Path};
use batv_policy::{Message, Ruling};
use tracing::{error, warn};

use crate::client::Client;
use crate::held::Holder;
use crate::listen::handler::{ANSWER_OCTETS, Endless, Flow, Handler, Load, SHORT, ended_by};
use crate::listen::lookup::{LookupReply, Map, look_up};
use crate::log::word;
use crate::message_buffer::{MessageBuffer, Needed};
use crate::protocol::Protocol;
use crate::settings::Settings;
use crate::store::questions::Asking;
use crate::store::{Wait, sent};
use crate::transaction::Transaction;
use crate::transaction::log_decision::LogContext;
use crate::transaction::read_message::read_message;
use crate::transaction::recipient::RcptReply;
use crate::transaction::reverse_path::ReversePath;
use crate::transaction::trust::{holder, is_trusted};

/// Longest request line, in octets: two paths and a word.
const REQUEST_LIMIT: usize = 4096;
/// Octets that a message may be longer than `limits.message_octets`, which clients need not know.
const UNREAD_OCTETS: usize = 4 * 1024 * 1024;
const JUDGE_MESSAGE: &[u8] = b"judge-message ";

/// One connection.
///
/// ```
/// use std::sync::Arc;
///
/// use batv_config::Keyring;
/// use batv_mta::config::Config;
/// use batv_mta::listen::handler::{Handler, Flow};
/// use batv_mta::listen::line::Line;
/// use batv_mta::settings::Settings;
///
/// let settings = Arc::new(Settings::new(Config::default(), Keyring::parse("")?)?);
/// let mut answer = Vec::new();
/// Line::default().receive(b"unwrap prvs=0787f93fc2=alice@example.com\nsing x\n", &settings, &mut answer);
/// assert!(answer.starts_with(b"OK alice@example.com\nPERM "));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Line {
    /// The request whose message has begun.
    begun: Option<WithMessage>,
}

/// A request with a message, as far as it has come.
#[derive(Debug)]
struct WithMessage {
    /// The line, behind its verb.
    rest: Vec<u8>,
    content: MessageBuffer,
    /// Octets of the message that are still to come.
    left: usize,
}

impl Handler for Line {
    fn receive(&mut self, octets: &[u8], settings: &Arc<Settings>, out: &mut Vec<u8>) -> (usize, Flow) {
        let mut taken = 0;
        while out.len() < ANSWER_OCTETS {
            let octets = octets.get(taken..).unwrap_or_default();
            if let Some(request) = &mut self.begun {
                taken += request.take(octets);
                if request.left > 0 {
                    break;
                }
                put(&judge_message(&request.rest, &request.content, settings), out);
                self.begun = None;
                continue;
            }
            match self.line(octets, settings, out) {
                Ok(Some(length)) => taken += length,
                Ok(None) => break,
                Err(error) => {
                    error!(listener = %Protocol::Line, "closed: {error}");
                    return (taken, Flow::Close);
                }
            }
        }
        (taken, Flow::Continue)
    }

    fn is_in_request(&self) -> bool {
        self.begun.is_some()
    }

    fn load(&self, octets: &[u8]) -> Option<Load> {
        // The message of the request that has begun, then those of the requests behind it.
        let mut octets = octets;
        if let Some(WithMessage { rest, content, left }) = &self.begun {
            octets = octets.get(*left..)?;
            if let Some(load) = long(rest, content.octets().len() + left) {
                return Some(load);
            }
        }
        loop {
            let (line, length) = ended_by(b"\n", REQUEST_LIMIT)(octets).ok()??;
            octets = octets.get(length..)?;
            if let Some(rest) = line.strip_prefix(JUDGE_MESSAGE) {
                let length = announced(rest).1;
                octets = octets.get(length..)?;
                if let Some(load) = long(rest, length) {
                    return Some(load);
                }
            }
        }
    }
}

impl Line {
    /// Answers the first line, or begins the request whose message follows it. Returns its octets with its end; `None` if it
    /// is not complete.
    fn line(&mut self, octets: &[u8], settings: &Arc<Settings>, out: &mut Vec<u8>) -> Result<Option<usize>, Endless> {
        let Some((line, length)) = ended_by(b"\n", REQUEST_LIMIT)(octets)? else { return Ok(None) };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line.strip_prefix(JUDGE_MESSAGE) {
            Some(rest) => self.begun = Some(WithMessage::new(rest, settings)?),
            None => put(&answer(line, settings), out),
        }
        Ok(Some(length))
    }
}

impl WithMessage {
    /// The request of this line, which announces its message.
    fn new(rest: &[u8], settings: &Settings) -> Result<Self, Endless> {
        let kept = settings.config().limits.message_octets;
        let most = kept.saturating_add(UNREAD_OCTETS);
        let (is_cut, left) = announced(rest);
        if left > most {
            return Err(Endless(most));
        }
        // A malformed client is a stranger's, too.
        let client = first_word(rest).and_then(client).unwrap_or_default();
        let held = settings.held(holder(&client, settings, Holder::Message));
        let mut content = MessageBuffer::new(Needed::All, kept, held);
        if is_cut {
            content.note_cut_off();
        }
        Ok(Self { rest: rest.to_vec(), content, left })
    }

    /// Takes more of the message. Returns the number of octets that it took.
    fn take(&mut self, octets: &[u8]) -> usize {
        let taken = self.left.min(octets.len());
        self.content.piece(octets.get(..taken).unwrap_or_default());
        self.left -= taken;
        taken
    }
}

/// The load of a message of so many octets behind this line, if it is a long one.
fn long(rest: &[u8], octets: usize) -> Option<Load> {
    let client = first_word(rest).and_then(client).and_then(|client| client.address);
    (octets > SHORT).then_some(Load { octets, client })
}

fn first_word(rest: &[u8]) -> Option<&str> {
    str::from_utf8(rest.split(|&octet| octet == b' ').next()?).ok()
}

/// Whether the message behind this line was cut off, and its octets: none if the line is malformed, which is answered without
/// it.
fn announced(rest: &[u8]) -> (bool, usize) {
    let mut words = rest.split(|&octet| octet == b' ' || octet == b'\r').skip(1);
    let is_cut = words.next() == Some(b"cut");
    let octets = words.next().and_then(|octets| str::from_utf8(octets).ok());
    (is_cut, octets.and_then(|octets| octets.parse().ok()).unwrap_or(0))
}

fn put(answer: &LookupReply, out: &mut Vec<u8>) {
    out.extend_from_slice(answer.text("NO").as_bytes());
    out.push(b'\n');
}

fn answer(line: &[u8], settings: &Arc<Settings>) -> LookupReply {
    let space = line.iter().position(|&octet| octet == b' ').unwrap_or(line.len());
    let (verb, rest) = line.split_at(space);
    let rest = rest.get(1..).unwrap_or_default();
    match str::from_utf8(verb).unwrap_or_default() {
        "check" => check(rest, settings),
        "sign-for" => sign_for(rest, settings),
        "judge" => judge(rest, settings),
        "mark" => mark(rest, settings),
        "sent" => note_sent(rest, settings),
        verb => match verb.parse::<Map>() {
            Ok(map) => look_up_complete(map, rest, settings),
            Err(_) => LookupReply::Permanent(
                "unknown request: expected `check`, `judge`, `sign` or another verb, then an address".to_owned(),
            ),
        },
    }
}

fn look_up_complete(map: Map, address: &[u8], settings: &Settings) -> LookupReply {
    let complete = settings.rules().reverse_path(address);
    look_up(map, complete.as_deref().map_or(address, str::as_bytes), settings)
}

fn sign_for(rest: &[u8], settings: &Settings) -> LookupReply {
    let Some((sender, recipient)) = paths(rest) else {
        return LookupReply::Permanent("write `sign-for <reverse-path> forward-path`, with the brackets".to_owned());
    };
    match settings.rules().forward_path(recipient).as_deref().map(Mailbox::parse) {
        Ok(Ok(recipient)) if settings.rules().is_exempt_recipient(&recipient) => LookupReply::NotFound,
        _ => look_up_complete(Map::Sign, sender, settings),
    }
}

fn check(rest: &[u8], settings: &Arc<Settings>) -> LookupReply {
    let Some((client, sender, recipient)) = client_and_paths(rest) else {
        return LookupReply::Permanent(
            "write `check [client] <reverse-path> forward-path`, with the brackets".to_owned(),
        );
    };
    let mut transaction = Transaction::new(Protocol::Line, client, sender, settings);
    match transaction.recipient(recipient, recipient, "") {
        RcptReply::Continue => LookupReply::NotFound,
        RcptReply::Reply(reply) => LookupReply::Found(reply),
    }
}

fn judge(rest: &[u8], settings: &Settings) -> LookupReply {
    let answer = Request::read(rest, settings).map(|request| rule(&request, None, settings));
    answer.unwrap_or_else(|| {
        let form = "write `judge rcpt|data none|settled|undecided client <reverse-path> forward-path`";
        LookupReply::Permanent(form.to_owned())
    })
}

fn judge_message(rest: &[u8], content: &MessageBuffer, settings: &Settings) -> LookupReply {
    if content.is_deferred() {
        settings.metrics().count_limit("total_octets");
        return LookupReply::Temporary("too many messages at a time: try again later".to_owned());
    }
    let answer = Request::with_message(rest, settings).map(|request| rule(&request, Some(content), settings));
    answer.unwrap_or_else(|| {
        let form = "write `judge-message client whole|cut octets <reverse-path> forward-path…`, and the message";
        LookupReply::Permanent(form.to_owned())
    })
}

/// Rules on the recipients, and answers for the worst.
fn rule(request: &Request, content: Option<&MessageBuffer>, settings: &Settings) -> LookupReply {
    let (envelopes, client, stage) = (&request.envelopes(settings), &request.client, request.stage);
    let today = match settings.today() {
        Ok(today) => today,
        Err(error) => return LookupReply::Temporary(error.to_string()),
    };
    let (site, wait, reverse_path) = (settings.site(), Wait::new(settings.store()), request.reverse_path.judged());
    let asking = Asking { listener: Protocol::Line, client, settings, today, wait: &wait, guesses: false };
    let is_read = |envelope: &Envelope<'_>| {
        !envelope.trusted_client && settings.reads(reverse_path) && site.recipient(envelope, today).needs_message()
    };
    let reading = content.filter(|_| envelopes.iter().any(is_read));
    let reading = reading.map(|content| read_message(content, reverse_path, settings));
    let message = reading.as_ref().map(|reading| site.message(reading, today));
    let answers = envelopes.iter().map(|envelope| {
        let recipient = site.recipient(envelope, today);
        let case = message.as_ref().filter(|_| recipient.needs_message());
        let case = case.map(|message| recipient.with_message(message));
        let answered;
        let ruling = match (&case, stage) {
            (Some(case), _) => {
                answered = asking.ask(case.questions());
                let ruling = case.data(&answered.answers());
                asking.earn_record(&answered, &ruling);
                ruling
            }
            (None, Stage::RcptTo) => {
                answered = asking.ask(recipient.questions());
                recipient.rcpt(&answered.answers())
            }
            (None, _) => {
                answered = asking.ask(recipient.data_questions());
                recipient.data(&answered.answers())
            }
        };
        let context =
            LogContext { listener: Protocol::Line, queue_id: "", client, reverse_path: &request.reverse_path, stage };
        context.log(&ruling, &envelope.forward_path, settings);
        (leniency(&ruling), described(&ruling, content.is_some()))
    });
    let worst = answers.min_by_key(|(leniency, _)| *leniency);
    if message.as_ref().is_some_and(Message::is_cut) {
        settings.metrics().count_limit("parts");
    }
    LookupReply::Found(worst.map_or_else(|| left_alone(request, content.is_some(), settings), |(_, worst)| worst))
}

/// Order of rulings on recipients of one message, the worst first. One that holds comes before one that refuses, because a
/// message with several recipients can't be refused for one of them. A good tag vouches for its own recipient alone.
fn leniency(ruling: &Ruling<'_>) -> (usize, bool, bool) {
    let order = [Disposition::Tempfail, Disposition::Quarantine, Disposition::Reject, Disposition::Mark];
    let place = order.iter().position(|disposition| *disposition == ruling.disposition).unwrap_or(order.len());
    (place, !ruling.findings().is_doubtful(), ruling.verdict == Verdict::NotJudged)
}

fn described(ruling: &Ruling<'_>, has_message: bool) -> String {
    let Ruling { verdict, reason, disposition, mode, reply, settled, earlier, .. } = ruling;
    let fields = if has_message { message_fields(Some(ruling)) } else { String::new() };
    format!(
        "disposition={disposition} verdict={verdict} reason={reason} settled={} earlier={earlier} mode={mode} \
         reply=\"{reply}\"{fields}",
        u8::from(*settled)
    )
}

/// The answer about recipients that cannot be read. The mail server refuses them, or knows better.
fn left_alone(request: &Request, has_message: bool, settings: &Settings) -> String {
    let (disposition, verdict, reason) = (Disposition::Accept, Verdict::NotJudged, Reason::NotJudged);
    let (earlier, mode) = (request.earlier, settings.rules().mode);
    let fields = if has_message { message_fields(None) } else { String::new() };
    format!(
        "disposition={disposition} verdict={verdict} reason={reason} settled=1 earlier={earlier} mode={mode} \
         reply=\"{}\"{fields}",
        ReplyName::RecipientOk.reply()
    )
}

/// The part of the answer that only a judgement with the message has.
fn message_fields(ruling: Option<&Ruling<'_>>) -> String {
    let read = ruling.and_then(|ruling| ruling.class.zip(ruling.origin));
    let (class, origin) = read.map_or(("-", "-"), |(class, origin)| (class.as_str(), origin.as_str()));
    let findings = ruling.map(Ruling::findings);
    let status = findings.and_then(|findings| findings.status()).unwrap_or_default();
    let verdict = findings.and_then(|findings| findings.verdict()).unwrap_or_default();
    format!(" class={class} origin={origin} status_field=\"{status}\" verdict_field=\"{verdict}\"")
}

fn mark(rest: &[u8], settings: &Settings) -> LookupReply {
    let Some((sender, message_id)) = paths(rest) else {
        return LookupReply::Permanent("write `mark <reverse-path> message-id`, with the brackets".to_owned());
    };
    let mark = match settings.rules().reverse_path(sender).as_deref().map(Path::parse) {
        Ok(Ok(Path::Mailbox(sender))) => {
            settings.today().ok().and_then(|today| settings.site().mark(&sender, message_id, today))
        }
        _ => None,
    };
    mark.map_or(LookupReply::NotFound, |mark| LookupReply::Found(mark.to_string()))
}

fn note_sent(rest: &[u8], settings: &Settings) -> LookupReply {
    let arguments = paths(rest).and_then(|(sender, rest)| {
        let (message_id, recipients) = next_word(rest)?;
        Some((settings.rules().reverse_path(sender).map(Cow::into_owned).ok()?, message_id, recipients))
    });
    let Some((sender, message_id, recipients)) = arguments else {
        return LookupReply::Permanent(
            "write `sent <reverse-path> message-id forward-path…`, with the brackets".to_owned(),
        );
    };
    // A bounce or an automatic reply is not remembered.
    let (Ok(sender), Ok(today)) = (Mailbox::parse(&sender), settings.today()) else {
        return LookupReply::NotFound;
    };
    let recipients: Vec<String> =
        words(recipients).filter_map(|path| settings.rules().forward_path(path).map(Cow::into_owned).ok()).collect();
    let recipients: Vec<Mailbox<'_>> =
        recipients.iter().filter_map(|recipient| Mailbox::parse(recipient).ok()).collect();
    if settings.rules().is_protected(&sender) {
        sent::remember(message_id, &sender, &recipients, settings, today, &Wait::new(settings.store()));
    }
    LookupReply::NotFound
}

/// A question about recipients.
struct Request {
    stage: Stage,
    earlier: Earlier,
    client: Client,
    reverse_path: ReversePath,
    forward_paths: Vec<String>,
}

impl Request {
    /// `stage earlier client <reverse-path> forward-path`
    fn read(rest: &[u8], settings: &Settings) -> Option<Self> {
        let mut words = rest.splitn(4, |&octet| octet == b' ');
        let mut word = || str::from_utf8(words.next()?).ok();
        let (stage, earlier) = (word()?.parse().ok()?, word()?.parse().ok()?);
        let client = client(word()?)?;
        let (sender, recipient) = paths(words.next()?)?;
        Some(Self::of(stage, earlier, client, sender, iter::once(recipient), settings))
    }

    /// `client extent octets <reverse-path> forward-path…`
    fn with_message(rest: &[u8], settings: &Settings) -> Option<Self> {
        let mut words = rest.splitn(4, |&octet| octet == b' ');
        let mut word = || str::from_utf8(words.next()?).ok();
        let client = client(word()?)?;
        if !["whole", "cut"].contains(&word()?) {
            return None;
        }
        word()?.parse::<usize>().ok()?;
        let (sender, recipients) = paths(words.next()?)?;
        let (stage, earlier) = (Stage::EndOfData, Earlier::None);
        if recipients.starts_with(b"<") {
            return Some(Self::of(stage, earlier, client, sender, self::words(recipients), settings));
        }
        // One without brackets may have spaces in a quoted local part.
        Some(Self::of(stage, earlier, client, sender, iter::once(recipients), settings))
    }

    fn of<'t>(
        stage: Stage,
        earlier: Earlier,
        client: Client,
        sender: &[u8],
        recipients: impl Iterator<Item = &'t [u8]>,
        settings: &Settings,
    ) -> Self {
        let readable = |path: &[u8]| match settings.rules().forward_path(path) {
            Ok(forward_path) => Some(forward_path.into_owned()),
            Err(error) => {
                warn!(words = %word(path.escape_ascii()), reason = %error, "not judged: malformed recipient address");
                None
            }
        };
        let (reverse_path, forward_paths) =
            (ReversePath::new(sender, settings), recipients.filter_map(readable).collect());
        Self { stage, earlier, client, reverse_path, forward_paths }
    }

    fn envelopes(&self, settings: &Settings) -> Vec<Envelope<'_>> {
        let is_trusted = is_trusted(&self.client, settings);
        let mailboxes = self.forward_paths.iter().filter_map(|path| Mailbox::parse(path).ok());
        let envelope = |mailbox| {
            let envelope = Envelope::new(self.reverse_path.judged(), mailbox).with_trusted_client(is_trusted);
            envelope.with_earlier(self.earlier).with_stage(self.stage)
        };
        mailboxes.map(envelope).collect()
    }
}

/// `[client] <reverse-path> forward-path`
fn client_and_paths(text: &[u8]) -> Option<(Client, &[u8], &[u8])> {
    let (word, text) = text.split_at(text.iter().position(|&octet| octet == b'<')?);
    let client = match word.trim_ascii() {
        b"" => Client::default(),
        word => client(str::from_utf8(word).ok()?)?,
    };
    let (sender, recipient) = paths(text)?;
    Some((client, sender, recipient))
}

fn client(word: &str) -> Option<Client> {
    let mut client = Client::default();
    if word != "-" {
        client.address = Some(word.parse().ok()?);
    }
    Some(client)
}

/// The end of a path in brackets that another word follows: its bracket outside quotes. A quoted local part may contain
/// brackets and spaces (RFC 5321 §4.1.2).
fn path_end(text: &[u8]) -> Option<usize> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let end = text.windows(2).position(|pair| {
        let is_end = !is_quoted && pair == b"> ";
        match pair.first() {
            _ if is_escaped => is_escaped = false,
            Some(b'\\') => is_escaped = is_quoted,
            Some(b'"') => is_quoted = !is_quoted,
            _ => {}
        }
        is_end
    });
    // Where a quote has no end, the path has none of its own: then no other word has a bracket.
    end.or_else(|| text.windows(2).rposition(|pair| pair == b"> ")).map(|end| end + 1)
}

/// The first word, and the rest.
fn next_word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let end = if text.starts_with(b"<") { path_end(text) } else { text.iter().position(|octet| *octet == b' ') };
    let word = text.split_at(end.unwrap_or(text.len()));
    (!word.0.is_empty()).then_some(word)
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    iter::successors(next_word(text), |(_, rest)| next_word(rest)).map(|(word, _)| word)
}

/// The two paths, or the first and the rest.
fn paths(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (reverse_path, forward_path) = text.split_at(path_end(text)?);
    Some((reverse_path, forward_path.trim_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_ends_outside_its_quotes() {
        for (text, reverse_path, forward_path) in [
            ("<bob@example.net> alice@example.com", "<bob@example.net>", "alice@example.com"),
            ("<> alice@example.com", "<>", "alice@example.com"),
            (r#"<"a> b"@example.net> alice@example.com"#, r#"<"a> b"@example.net>"#, "alice@example.com"),
            (r#"<"a\"> b"@example.net> <"c> d"@example.com>"#, r#"<"a\"> b"@example.net>"#, r#"<"c> d"@example.com>"#),
            (r#"<"> b@spam.test> alice@example.com"#, r#"<"> b@spam.test>"#, "alice@example.com"),
        ] {
            let found = paths(text.as_bytes()).expect("two paths");
            assert_eq!(found, (reverse_path.as_bytes(), forward_path.as_bytes()), "{text}");
        }
        assert_eq!(paths(b"<bob@example.net>"), None);
    }
}
