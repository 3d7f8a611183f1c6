//! The line protocol, for Exim's `${readsocket}`, Haraka and scripts: one request a line, one answer a line.
//!
//! ```text
//! request = map SP address LF
//!         | "sign-for" SP reverse-path SP forward-path LF
//!         | "check" SP reverse-path SP forward-path LF
//!         | "judge" SP moment SP earlier SP client SP reverse-path SP forward-path LF
//! map     = "sign" | "verify" | "unwrap" | "srs-forward" | "srs-reverse"
//! moment  = "rcpt" | "data"
//! earlier = "none" | "settled" | "undecided"
//! client  = an IP address | "-"       for one that has none
//! answer  = "OK" SP text LF           the address to use instead, the reply to give, the judgement
//!         | "NO" LF                   leave it as it is
//!         | "TEMP" SP text LF         it can't be said now
//!         | "PERM" SP text LF         the request is wrong
//! ```
//! The reverse-path stands in brackets. A line may end in CR LF. `sign-for` is `sign` for who sends to each recipient by
//! itself: exempt recipients get mail without a tag. `check` is answered with `NO`, or with `OK` and an SMTP
//! reply that refuses the recipient. `judge` is for who asks again at the end of DATA, and remembers what was said: it is
//! answered with `name=value` for `disposition`, `finding`, `reason`, `settled` (0 or 1), `earlier` (what to say of the
//! next recipient), `mode` and `reply`, in quotes. The reason `srs` is that of the sender of mail that we forwarded.

use batv_core::envelope::{Earlier, Envelope, Mode};
use batv_core::{Mailbox, Path};

use crate::decision::Occasion;
use crate::door::{Door, Flow, Protocol, each_request, ended_by};
use crate::lookup::{Answer, Map, look_up};
use crate::settings::Settings;
use crate::transaction::{self, Client, Reversal, Transaction, after_srs, reverse_srs};

/// The longest request, in octets: two paths and a word.
const REQUEST_LIMIT: usize = 4096;

/// One connection.
///
/// ```
/// use batv_config::Keyring;
/// use batv_mta::config::Config;
/// use batv_mta::door::{Door, Flow};
/// use batv_mta::line::Line;
/// use batv_mta::settings::Settings;
///
/// let settings = Settings::new(Config::default(), Keyring::parse("")?)?;
/// let mut answer = Vec::new();
/// Line.receive(b"unwrap prvs=0787f93fc2=alice@example.com\nsing x\n", &settings, &mut answer);
/// assert!(answer.starts_with(b"OK alice@example.com\nPERM "));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a connection has no state")]
pub struct Line;

impl Door for Line {
    fn receive(&mut self, octets: &[u8], settings: &Settings, out: &mut Vec<u8>) -> (usize, Flow) {
        each_request(Protocol::Line, octets, ended_by(b"\n", REQUEST_LIMIT), |line| {
            let answer = answer(line.strip_suffix(b"\r").unwrap_or(line), settings);
            out.extend_from_slice(answer.text("NO").as_bytes());
            out.push(b'\n');
            Flow::Continue
        })
    }
}

fn answer(line: &[u8], settings: &Settings) -> Answer {
    let space = line.iter().position(|&octet| octet == b' ').unwrap_or(line.len());
    let (verb, rest) = line.split_at(space);
    let rest = rest.get(1..).unwrap_or_default();
    match str::from_utf8(verb).unwrap_or_default() {
        "check" => check(rest, settings),
        "sign-for" => sign_for(rest, settings),
        "judge" => judge(rest, settings),
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
    match Path::parse(forward_path) {
        Ok(Path::Mailbox(recipient)) if settings.is_exempt_recipient(&recipient) => Answer::NotFound,
        _ => look_up(Map::Sign, reverse_path, settings),
    }
}

fn check(rest: &[u8], settings: &Settings) -> Answer {
    let Some((reverse_path, forward_path)) = paths(rest) else {
        return Answer::Permanent("write `check <reverse-path> forward-path`, with the brackets".to_owned());
    };
    let mut transaction = Transaction::new(Protocol::Line, Client::default(), reverse_path, settings);
    match transaction.recipient(forward_path, "", settings) {
        transaction::Answer::Continue => Answer::NotFound,
        transaction::Answer::Reply(reply) => Answer::Found(reply),
    }
}

fn judge(rest: &[u8], settings: &Settings) -> Answer {
    let Some((mut envelope, client)) = envelope(rest) else {
        let form = "write `judge rcpt|data none|settled|undecided client <reverse-path> forward-path`";
        return Answer::Permanent(form.to_owned());
    };
    let today = match settings.today() {
        Ok(today) => today,
        Err(error) => return Answer::Temporary(error.to_string()),
    };
    envelope.trusted_client = client.is_trusted(settings);
    let occasion = Occasion {
        door: Protocol::Line,
        queue_id: "",
        client: &client,
        reverse_path: envelope.reverse_path,
        at: envelope.moment.as_str(),
    };
    let (earlier, trusted) = (envelope.earlier, envelope.trusted_client);
    let answer =
        |[finding, reason, disposition]: [&str; 3], settled: bool, earlier: Earlier, mode: Mode, reply: &str| {
            let (settled, earlier, mode) = (u8::from(settled), earlier.as_str(), mode.as_str());
            Answer::Found(format!(
                "disposition={disposition} finding={finding} reason={reason} settled={settled} earlier={earlier} \
             mode={mode} reply=\"{reply}\""
            ))
        };
    let srs = match reverse_srs(&occasion, &envelope.forward_path, earlier, trusted, settings, today) {
        Reversal::Other => None,
        Reversal::Restored(_) => Some((["genuine", "srs", "accept"], after_srs(earlier), "")),
        Reversal::Refused { told, reply } => Some((told, earlier, reply)),
    };
    if let Some((told, earlier, reply)) = srs {
        return answer(told, true, earlier, settings.policy(&envelope.forward_path).mode, reply);
    }
    let (judgement, mode) = transaction::judge(&envelope, settings, today);
    occasion.tell(&judgement, mode, &judgement.deliver_to.unwrap_or(envelope.forward_path), None, settings);
    let told = [judgement.finding.as_str(), judgement.reason.as_str(), judgement.disposition.as_str()];
    answer(told, judgement.settled, earlier.and(&judgement, mode), mode, &judgement.reply.to_string())
}

fn envelope(rest: &[u8]) -> Option<(Envelope<'_>, Client)> {
    let mut words = rest.splitn(4, |&octet| octet == b' ');
    let mut word = || str::from_utf8(words.next()?).ok();
    let (moment, earlier) = (word()?.parse().ok()?, word()?.parse().ok()?);
    let mut client = Client::default();
    match word()? {
        "-" => {}
        address => client.address = Some(address.parse().ok()?),
    }
    let (reverse_path, forward_path) = paths(words.next()?)?;
    let forward_path = forward_path.strip_prefix(b"<").and_then(|path| path.strip_suffix(b">")).unwrap_or(forward_path);
    let mut envelope = Envelope::new(Path::parse(reverse_path).ok()?, Mailbox::parse(forward_path).ok()?);
    envelope.moment = moment;
    envelope.earlier = earlier;
    Some((envelope, client))
}

/// A quoted local part may hold spaces: the reverse-path ends with its bracket.
fn paths(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.windows(2).position(|pair| pair == b"> ")?;
    let (reverse_path, forward_path) = text.split_at(end + 1);
    Some((reverse_path, forward_path.trim_ascii()))
}
