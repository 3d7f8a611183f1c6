//! The line protocol, for Exim's `${readsocket}`, Haraka and scripts: one request a line, one answer a line.
//!
//! ```text
//! request = map SP address LF
//!         | "sign-for" SP reverse-path SP forward-path LF
//!         | "check" SP reverse-path SP forward-path LF
//!         | "judge" SP stage SP earlier SP client SP reverse-path SP forward-path LF
//!         | "judge-message" SP client SP extent SP octets SP reverse-path SP forward-path LF message
//!         | "mark" SP reverse-path SP message-id LF
//!         | "sent" SP reverse-path SP message-id 1*(SP forward-path) LF
//! map     = "sign" | "verify" | "unwrap" | "srs-forward" | "srs-reverse"
//! stage  = "rcpt" | "data"
//! earlier = "none" | "settled" | "undecided"
//! client  = an IP address | "-"       for one that has none
//! extent  = "whole" | "cut"           whether the message is all there
//! octets  = the length of the message, which ends without LF of its own
//! answer  = "OK" SP text LF           the address to use instead, the reply to give, the judgement
//!         | "NO" LF                   leave it as it is
//!         | "TEMP" SP text LF         it can't be said now
//!         | "PERM" SP text LF         the request is wrong
//! ```
//! The reverse-path stands in brackets. A line may end in CR LF. `sign-for` is `sign` for who sends to each recipient by
//! itself: exempt recipients get mail without a tag. `check` is answered with `NO`, or with `OK` and an SMTP
//! reply that refuses the recipient. `judge` is for who asks again at the end of DATA, and remembers what was said: it is
//! answered with `name=value` for `disposition`, `verdict`, `reason`, `settled` (0 or 1), `earlier` (what to say of the
//! next recipient), `mode` and `reply`, in quotes.
//!
//! `judge-message` is `judge` at the end of DATA with the message, of which the first `limits.message_octets` are read. Its
//! answer has besides `class` and `origin`, `-` where only the envelope counts, and `status` and `verdict`, in quotes: the
//! values of X-BATV-Status and X-BATV-Verdict, empty where the field is not to be there. `mark` gives the value of
//! X-BATV-Mark for a message that leaves. `sent` has it remembered, and is answered with `NO`; of more recipients than a line
//! holds it takes several.

use alloc::borrow::Cow;
use alloc::sync::Arc;
use core::iter::successors;

use batv_core::envelope::{Earlier, Envelope, Stage};
use batv_core::{Mailbox, Path};
use batv_policy::{Ruling, address};

use crate::client::Client;
use crate::content::{Content, Needed};
use crate::decision::Occasion;
use crate::lookup::{Answer, Map, look_up};
use crate::memory::questions::Asking;
use crate::memory::{Wait, sent};
use crate::message::read_message;
use crate::protocol::{Cut, Endless, Flow, Handler, Protocol, each_request, ended_by};
use crate::settings::Settings;
use crate::transaction::{self, Found, Transaction, reads};

/// The longest request, in octets: two paths and a word.
const REQUEST_LIMIT: usize = 4096;
/// Octets of a message that may come behind those that are read, for who doesn't know how many that is.
const UNREAD_OCTETS: usize = 4 * 1024 * 1024;
const JUDGE_MESSAGE: &[u8] = b"judge-message ";

/// One connection.
///
/// ```
/// use std::sync::Arc;
///
/// use batv_config::Keyring;
/// use batv_mta::config::Config;
/// use batv_mta::protocol::{Handler, Flow};
/// use batv_mta::line::Line;
/// use batv_mta::settings::Settings;
///
/// let settings = Arc::new(Settings::new(Config::default(), Keyring::parse("")?)?);
/// let mut answer = Vec::new();
/// Line.receive(b"unwrap prvs=0787f93fc2=alice@example.com\nsing x\n", &settings, &mut answer);
/// assert!(answer.starts_with(b"OK alice@example.com\nPERM "));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a connection has no state")]
pub struct Line;

impl Handler for Line {
    fn receive(&mut self, octets: &[u8], settings: &Arc<Settings>, out: &mut Vec<u8>) -> (usize, Flow) {
        let most = settings.config().limits.message_octets.saturating_add(UNREAD_OCTETS);
        each_request(
            Protocol::Line,
            octets,
            |octets| cut(octets, most),
            |request| {
                let end = request.iter().position(|&octet| octet == b'\n').unwrap_or(request.len());
                let (line, message) = request.split_at(end);
                let message = message.get(1..).unwrap_or_default();
                let answer = answer(line.strip_suffix(b"\r").unwrap_or(line), message, settings);
                out.extend_from_slice(answer.text("NO").as_bytes());
                out.push(b'\n');
                Flow::Continue
            },
        )
    }
}

/// Cuts a line, with its end, and the message behind it where it announces one.
fn cut(octets: &[u8], most: usize) -> Result<Cut<'_>, Endless> {
    let Some((line, length)) = ended_by(b"\n", REQUEST_LIMIT)(octets)? else { return Ok(None) };
    let announced = line.strip_prefix(JUDGE_MESSAGE).and_then(|rest| {
        let octets = rest.split(|&octet| octet == b' ').nth(2)?;
        str::from_utf8(octets).ok()?.parse::<usize>().ok()
    });
    let message = announced.unwrap_or(0);
    if message > most {
        return Err(Endless(most));
    }
    Ok(octets.get(..length + message).map(|request| (request, length + message)))
}

fn answer(line: &[u8], message: &[u8], settings: &Arc<Settings>) -> Answer {
    let space = line.iter().position(|&octet| octet == b' ').unwrap_or(line.len());
    let (verb, rest) = line.split_at(space);
    let rest = rest.get(1..).unwrap_or_default();
    match str::from_utf8(verb).unwrap_or_default() {
        "check" => check(rest, settings),
        "sign-for" => sign_for(rest, settings),
        "judge" => judge(rest, settings),
        "judge-message" => judge_message(rest, message, settings),
        "mark" => mark(rest, settings),
        "sent" => note_sent(rest, settings),
        verb => match verb.parse::<Map>() {
            Ok(map) => look_up(map, rest, settings),
            Err(_) => Answer::Permanent("a request is `check` or the name of a map, then an address".to_owned()),
        },
    }
}

fn sign_for(rest: &[u8], settings: &Settings) -> Answer {
    let Some((reverse_path, forward_path)) = paths(rest) else {
        return Answer::Permanent("write `sign-for <reverse-path> forward-path`, with the brackets".to_owned());
    };
    match address::forward_path(forward_path).as_deref().map(Mailbox::parse) {
        Ok(Ok(recipient)) if settings.rules().is_exempt_recipient(&recipient) => Answer::NotFound,
        _ => look_up(Map::Sign, reverse_path, settings),
    }
}

fn check(rest: &[u8], settings: &Arc<Settings>) -> Answer {
    let Some((reverse_path, forward_path)) = paths(rest) else {
        return Answer::Permanent("write `check <reverse-path> forward-path`, with the brackets".to_owned());
    };
    let mut transaction = Transaction::new(Protocol::Line, Client::default(), reverse_path, settings);
    match transaction.recipient(forward_path, forward_path, "") {
        transaction::Answer::Continue => Answer::NotFound,
        transaction::Answer::Reply(reply) => Answer::Found(reply),
    }
}

fn judge(rest: &[u8], settings: &Settings) -> Answer {
    let answer = Asked::read(rest).and_then(|asked| rule(&asked, None, settings));
    answer.unwrap_or_else(|| {
        let form = "write `judge rcpt|data none|settled|undecided client <reverse-path> forward-path`";
        Answer::Permanent(form.to_owned())
    })
}

fn judge_message(rest: &[u8], message: &[u8], settings: &Settings) -> Answer {
    let answer = Asked::with_message(rest).and_then(|(asked, is_whole)| {
        let mut content = Content::new(Needed::All, settings.config().limits.message_octets);
        content.message(message, is_whole);
        rule(&asked, Some(&content), settings)
    });
    answer.unwrap_or_else(|| {
        let form = "write `judge-message client whole|cut octets <reverse-path> forward-path`, and the message";
        Answer::Permanent(form.to_owned())
    })
}

/// `None` when there is no address to rule on.
fn rule(asked: &Asked<'_>, content: Option<&Content>, settings: &Settings) -> Option<Answer> {
    let (envelope, client) = (&asked.envelope(settings)?, &asked.client);
    let today = match settings.today() {
        Ok(today) => today,
        Err(error) => return Some(Answer::Temporary(error.to_string())),
    };
    let site = settings.site();
    let (wait, reverse_path) = (Wait::new(settings), envelope.reverse_path);
    let asking = Asking { listener: Protocol::Line, client, settings, today, wait: &wait, guesses: false };
    let recipient = site.recipient(envelope, today);
    let is_read = || !envelope.trusted_client && reads(reverse_path, settings);
    let reading = content.filter(|_| is_read() && recipient.needs_message());
    let reading = reading.map(|content| read_message(content, reverse_path, settings));
    let message = reading.as_ref().map(|reading| site.message(reading, today));
    let case = message.as_ref().map(|message| recipient.with_message(message));
    let answered;
    let ruling = match (&case, envelope.stage) {
        (Some(case), _) => {
            answered = asking.ask(case.questions());
            case.data(&answered.answers())
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
    let at = envelope.stage.as_str();
    let occasion = Occasion { listener: Protocol::Line, queue_id: "", client, reverse_path, at };
    occasion.tell(&ruling, &envelope.forward_path, settings);
    let Ruling { verdict, reason, disposition, mode, reply, .. } = ruling;
    let (settled, earlier, mode) = (u8::from(ruling.settled), ruling.earlier.as_str(), mode.as_str());
    let said = content.map(|_| said(&Found::of(&ruling))).unwrap_or_default();
    Some(Answer::Found(format!(
        "disposition={disposition} verdict={verdict} reason={reason} settled={settled} earlier={earlier} mode={mode} \
         reply=\"{reply}\"{said}"
    )))
}

/// What a judgement of a message has besides.
fn said(found: &Found) -> String {
    let (class, origin) = found.message.map_or(("-", "-"), |(class, origin)| (class.as_str(), origin.as_str()));
    let (status, verdict) = (found.status().unwrap_or_default(), found.verdict().unwrap_or_default());
    format!(" class={class} origin={origin} status=\"{status}\" verdict=\"{verdict}\"")
}

fn mark(rest: &[u8], settings: &Settings) -> Answer {
    let Some((reverse_path, message_id)) = paths(rest) else {
        return Answer::Permanent("write `mark <reverse-path> message-id`, with the brackets".to_owned());
    };
    let mark = match address::reverse_path(reverse_path).as_deref().map(Path::parse) {
        Ok(Ok(Path::Mailbox(sender))) => {
            settings.today().ok().and_then(|today| settings.site().mark(&sender, message_id, today))
        }
        _ => None,
    };
    mark.map_or(Answer::NotFound, |mark| Answer::Found(mark.to_string()))
}

fn note_sent(rest: &[u8], settings: &Settings) -> Answer {
    let asked = paths(rest).and_then(|(reverse_path, rest)| {
        let (message_id, recipients) = next_word(rest)?;
        Some((address::reverse_path(reverse_path).ok()?, message_id, recipients))
    });
    let Some((reverse_path, message_id, recipients)) = asked else {
        return Answer::Permanent("write `sent <reverse-path> message-id forward-path…`, with the brackets".to_owned());
    };
    // A server that sends a bounce or an automatic answer asks all the same, and has nothing to be remembered.
    let (Ok(sender), Ok(today)) = (Mailbox::parse(reverse_path.as_ref()), settings.today()) else {
        return Answer::NotFound;
    };
    let recipients = successors(next_word(recipients), |(_, rest)| next_word(rest));
    let recipients: Vec<Cow<'_, str>> = recipients.filter_map(|(path, _)| address::forward_path(path).ok()).collect();
    let recipients: Vec<Mailbox<'_>> =
        recipients.iter().filter_map(|recipient| Mailbox::parse(recipient.as_ref()).ok()).collect();
    if settings.rules().is_protected(&sender) {
        sent::remember(message_id, &sender, &recipients, settings, today, &Wait::new(settings));
    }
    Answer::NotFound
}

/// A question about one recipient.
struct Asked<'r> {
    stage: Stage,
    earlier: Earlier,
    client: Client,
    reverse_path: Cow<'r, str>,
    forward_path: Cow<'r, str>,
}

impl<'r> Asked<'r> {
    /// `stage earlier client <reverse-path> forward-path`
    fn read(rest: &'r [u8]) -> Option<Self> {
        let mut words = rest.splitn(4, |&octet| octet == b' ');
        let mut word = || str::from_utf8(words.next()?).ok();
        let (stage, earlier) = (word()?.parse().ok()?, word()?.parse().ok()?);
        let client = client(word()?)?;
        Self::of(stage, earlier, client, words.next()?)
    }

    /// `client extent octets <reverse-path> forward-path`, and whether the message is all there.
    fn with_message(rest: &'r [u8]) -> Option<(Self, bool)> {
        let mut words = rest.splitn(4, |&octet| octet == b' ');
        let mut word = || str::from_utf8(words.next()?).ok();
        let client = client(word()?)?;
        let is_whole = match word()? {
            "whole" => true,
            "cut" => false,
            _ => return None,
        };
        word()?.parse::<usize>().ok()?;
        Some((Self::of(Stage::EndOfData, Earlier::None, client, words.next()?)?, is_whole))
    }

    fn of(stage: Stage, earlier: Earlier, client: Client, text: &'r [u8]) -> Option<Self> {
        let (reverse_path, forward_path) = paths(text)?;
        let (reverse_path, forward_path) =
            (address::reverse_path(reverse_path).ok()?, address::forward_path(forward_path).ok()?);
        Some(Self { stage, earlier, client, reverse_path, forward_path })
    }

    fn envelope(&self, settings: &Settings) -> Option<Envelope<'_>> {
        let (reverse_path, forward_path) = (self.reverse_path.as_ref(), self.forward_path.as_ref());
        let mut envelope = Envelope::new(Path::parse(reverse_path).ok()?, Mailbox::parse(forward_path).ok()?);
        (envelope.stage, envelope.earlier) = (self.stage, self.earlier);
        envelope.trusted_client = self.client.is_trusted(settings);
        Some(envelope)
    }
}

fn client(word: &str) -> Option<Client> {
    let mut client = Client::default();
    if word != "-" {
        client.address = Some(word.parse().ok()?);
    }
    Some(client)
}

/// The first word and what is behind it. One in brackets ends with its bracket: a quoted local part may hold spaces.
fn next_word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let end = if text.starts_with(b"<") {
        text.windows(2).position(|pair| pair == b"> ").map(|end| end + 1)
    } else {
        text.iter().position(|octet| *octet == b' ')
    };
    let word = text.split_at(end.unwrap_or(text.len()));
    (!word.0.is_empty()).then_some(word)
}

/// A quoted local part may hold spaces: the reverse-path ends with its bracket.
fn paths(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.windows(2).position(|pair| pair == b"> ")?;
    let (reverse_path, forward_path) = text.split_at(end + 1);
    Some((reverse_path, forward_path.trim_ascii()))
}
