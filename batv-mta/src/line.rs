//! The line protocol, for Exim's `${readsocket}`, Haraka and scripts: one request a line, one answer a line.
//!
//! ```text
//! request = map SP address LF | "check" SP reverse-path SP forward-path LF
//! map     = "sign" | "verify" | "unwrap" | "srs-forward" | "srs-reverse"
//! answer  = "OK" SP address LF        the address to use instead
//!         | "NO" LF                   leave the address as it is
//!         | "TEMP" SP text LF         it can't be said now
//!         | "PERM" SP text LF         the request is wrong
//! ```
//! `check` is answered with `NO` or with `OK` and an SMTP reply that refuses the recipient. A line may end in CR LF.

use crate::door::{Door, Flow};
use crate::lookup::{Answer, Map, look_up};
use crate::settings::Settings;
use crate::transaction::{self, Client, Transaction};

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
        let mut taken = 0;
        loop {
            let rest = octets.get(taken..).unwrap_or_default();
            let Some(end) = rest.iter().position(|&octet| octet == b'\n') else {
                return (taken, if rest.len() > REQUEST_LIMIT { Flow::Close } else { Flow::Continue });
            };
            taken += end + 1;
            let line = rest.get(..end).unwrap_or_default();
            let text = match answer(line.strip_suffix(b"\r").unwrap_or(line), settings) {
                Answer::Found(text) => format!("OK {text}\n"),
                Answer::NotFound => "NO\n".to_owned(),
                Answer::Temporary(why) => format!("TEMP {why}\n"),
                Answer::Permanent(why) => format!("PERM {why}\n"),
            };
            out.extend_from_slice(text.as_bytes());
        }
    }
}

fn answer(line: &[u8], settings: &Settings) -> Answer {
    let space = line.iter().position(|&octet| octet == b' ').unwrap_or(line.len());
    let (verb, rest) = line.split_at(space);
    let rest = rest.get(1..).unwrap_or_default();
    match str::from_utf8(verb).unwrap_or_default() {
        "check" => check(rest, settings),
        verb => match verb.parse::<Map>() {
            Ok(map) => look_up(map, rest, settings),
            Err(_) => Answer::Permanent("a request is `check` or the name of a map, then an address".to_owned()),
        },
    }
}

fn check(paths: &[u8], settings: &Settings) -> Answer {
    // A quoted local part may hold spaces: the reverse-path ends with its bracket.
    let Some(end) = paths.windows(2).position(|pair| pair == b"> ") else {
        return Answer::Permanent("write `check <reverse-path> forward-path`, with the brackets".to_owned());
    };
    let (reverse_path, forward_path) = paths.split_at(end + 1);
    let mut transaction = Transaction::new(Client::default(), reverse_path, settings);
    match transaction.recipient(forward_path.trim_ascii(), "", settings) {
        transaction::Answer::Continue => Answer::NotFound,
        transaction::Answer::Reply(reply) => Answer::Found(reply),
    }
}
