//! `batv srs`

use core::fmt::{self, Write};

use batv_core::srs::{Forwarding, Reversal, Rewritten, Srs, SrsVerdict};
use batv_core::{Day, Domain, Key, KeyRing, KeyUse, Lifetime, Mailbox, Path};

use crate::addresses;
use crate::answer::{Answer, Line, Malformed, Outcome};
use crate::cli::{Direction, Rewriting, SrsForward, SrsReverse};
use crate::error::Error;
use crate::json::{self, Text};
use crate::keys;

pub(crate) fn run(direction: &Direction) -> Result<Outcome, Error> {
    match direction {
        Direction::Forward(arguments) => forward(arguments),
        Direction::Reverse(arguments) => reverse(arguments),
    }
}

fn forward(arguments: &SrsForward) -> Result<Outcome, Error> {
    let today = arguments.clock.today()?;
    let domains = domains(&arguments.rewriting)?;
    let srs = srs(&arguments.rewriting, &domains)?;
    let keyring = arguments.keys.load(KeyUse::Srs, Lifetime::default())?;
    let keys = keyring.keys();
    if !domains.iter().take(1).flat_map(|first| keys.srs_keys(first)).any(keys::may_sign) {
        return Err(Error::NoSigningKey { what: "rewrite senders", options: " --use srs" });
    }
    let forwarder = Rewriter { srs, keys, today, max_age: arguments.rewriting.max_age };
    let answer = if arguments.output.json { forward_json } else { forward_plain };
    addresses::answer_all(&arguments.addresses.addresses, arguments.output.tail(), |line, to| {
        answer(&forwarder, line, to)
    })
}

fn reverse(arguments: &SrsReverse) -> Result<Outcome, Error> {
    let today = arguments.clock.today()?;
    let domains = domains(&arguments.rewriting)?;
    let srs = srs(&arguments.rewriting, &domains)?;
    let keyring = arguments.keys.load(KeyUse::Srs, Lifetime::default())?;
    let reverser = Rewriter { srs, keys: keyring.keys(), today, max_age: arguments.rewriting.max_age };
    let addresses = &arguments.addresses.addresses;
    let mut storage = String::new();
    let answer = match addresses::only_one(addresses, &mut storage) {
        _ if arguments.output.json => reverse_json,
        Some(line) => return addresses::answer_one(&line, |line, answer| reverse_alone(&reverser, line, answer)),
        None => reverse_plain,
    };
    addresses::answer_all(addresses, arguments.output.tail(), |line, to| answer(&reverser, line, to))
}

fn domains(rewriting: &Rewriting) -> Result<Vec<Domain<'_>>, Error> {
    Ok(rewriting.domains.iter().map(|domain| Domain::parse(domain)).collect::<Result<_, _>>()?)
}

fn srs<'d>(rewriting: &Rewriting, domains: &'d [Domain<'d>]) -> Result<Srs<'d>, Error> {
    let minimum = rewriting.hash_minimum;
    let srs = Srs::new(domains)?
        .with_separator(rewriting.separator)
        .with_hash_length(rewriting.hash_length.unwrap_or(minimum), minimum)?
        .with_max_age(rewriting.max_age)?;
    Ok(if rewriting.always_rewrite { srs.always_rewriting() } else { srs })
}

struct Rewriter<'k> {
    srs: Srs<'k>,
    keys: &'k [Key],
    today: Day,
    max_age: u16,
}

impl Rewriter<'_> {
    /// The rewritten sender; `None` when it stays as it is.
    fn forward<'a>(&'a self, line: &Line<'a>) -> Result<Option<Rewritten<'a>>, Malformed> {
        let Path::Mailbox(mailbox) = line.path()? else { return Ok(None) };
        match self.srs.forward(self.keys, &mailbox, self.today)? {
            Forwarding::Rewritten(rewritten) => Ok(Some(rewritten)),
            Forwarding::Unchanged(_) => Ok(None),
        }
    }

    fn reverse<'a>(&self, line: &Line<'a>, answer: &mut Answer) -> Restored<'a> {
        let path = line.path();
        let restored =
            Restored(path.map(|path| path.mailbox().map(|mailbox| self.srs.reverse(self.keys, mailbox, self.today))));
        if restored.verdict() != SrsVerdict::Valid {
            answer.outcome = Outcome::Refused;
        }
        restored
    }
}

fn forward_plain(forwarder: &Rewriter<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    match forwarder.forward(line) {
        Ok(Some(rewritten)) => return rewritten.write_to(&mut answer.out),
        Ok(None) => {}
        Err(error) => answer.refuse(line, error),
    }
    answer.out.raw(line.octets);
    Ok(())
}

fn forward_json(forwarder: &Rewriter<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let input = line.text();
    let rewritten = match forwarder.forward(line) {
        Ok(rewritten) => rewritten,
        Err(error) => return answer.refuse_in_json(line, error),
    };
    let address = rewritten.as_ref().map_or(Text(&input), Text::of);
    answer.json(&json::Forwarded { input: &input, address })
}

/// What there is to say about an address; nothing about the null path.
struct Restored<'a>(Result<Option<Reversal<'a>>, Malformed>);

impl<'a> Restored<'a> {
    fn verdict(&self) -> SrsVerdict {
        match &self.0 {
            Ok(Some(reversal)) => reversal.verdict,
            Ok(None) => SrsVerdict::Untagged,
            Err(_) => SrsVerdict::Malformed,
        }
    }

    fn mailbox(&self) -> Option<Mailbox<'a>> {
        self.0.as_ref().ok()?.as_ref()?.mailbox
    }

    fn reason(&self, rewriter: &Rewriter<'_>) -> String {
        match (&self.0, self.verdict()) {
            (Err(error), _) => error.to_string(),
            (_, SrsVerdict::Expired) => format!("it was rewritten more than {} days ago", rewriter.max_age),
            (_, SrsVerdict::BadMac) => {
                "the hash is forged or damaged: no live key made it, or it is too short".to_owned()
            }
            (_, SrsVerdict::Foreign) => "it was rewritten by somebody else: the domain is none of ours".to_owned(),
            (_, SrsVerdict::Malformed) => "it begins as a rewritten sender of ours, but has other fields".to_owned(),
            _ => "it is not rewritten".to_owned(),
        }
    }
}

fn reverse_alone(reverser: &Rewriter<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let restored = reverser.reverse(line, answer);
    match restored.mailbox() {
        Some(mailbox) if restored.verdict() == SrsVerdict::Valid => writeln!(answer.out, "{mailbox}"),
        _ => {
            answer.note(line, restored.reason(reverser));
            Ok(())
        }
    }
}

fn reverse_plain(reverser: &Rewriter<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let restored = reverser.reverse(line, answer);
    answer.out.write_str(restored.verdict().as_str())?;
    answer.out.raw(b"\t");
    match restored.mailbox() {
        Some(mailbox) => mailbox.write_to(&mut answer.out),
        None => {
            answer.out.raw(line.octets);
            Ok(())
        }
    }
}

fn reverse_json(reverser: &Rewriter<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let restored = reverser.reverse(line, answer);
    let (input, mailbox) = (line.text(), restored.mailbox());
    answer.json(&json::Reversed {
        verdict: restored.verdict().as_str(),
        address: match restored.0 {
            Ok(None) => Some(Text(&input)),
            _ => mailbox.as_ref().map(Text::of),
        },
        input: &input,
    })
}
