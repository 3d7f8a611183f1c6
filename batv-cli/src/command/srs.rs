//! `batv srs`

use core::fmt::{self, Write};

use batv_core::srs::{self, Forwarding, Reversal, Rewritten, Separator, SrsVerdict};
use batv_core::{Day, Domain, KeyRing, KeySet, KeyUse, Lifetime, Mailbox, Path};
use batv_policy::SrsRules;
use clap::{Args, Subcommand};

use crate::addresses::{self, Forms};
use crate::answer::{Answer, Line, Malformed, Outcome};
use crate::error::Error;
use crate::flags::values::{domain, separator};
use crate::flags::{Addresses, Clock, KeySource, Output};
use crate::json::{Text, object};
use crate::keys;

/// Rewrite the senders of forwarded mail, and restore them (SRS)
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  batv srs forward --domain forwarder.example.net alice@example.com
  batv srs reverse --domain forwarder.example.net SRS0=Xu1M=2W=example.com=alice@forwarder.example.net")]
pub(crate) struct Srs {
    #[command(subcommand)]
    direction: Direction,
}

#[derive(Debug, Subcommand)]
enum Direction {
    /// Rewrite senders into a domain of ours
    ///
    /// The null sender and senders in our own domains are printed unchanged. So is a sender that cannot be rewritten, with the
    /// reason on standard error and exit status 1.
    #[command(after_help = "\
Examples:
  batv srs forward --domain forwarder.example.net alice@example.com
  batv srs forward --domain forwarder.example.net --key-file /etc/postsrsd.secret < senders.txt")]
    Forward(Addressed),
    /// Restore rewritten senders
    ///
    /// For one address, prints the original sender if the address is valid, or else the reason on standard error. For several
    /// addresses, or standard input, prints a line for each: verdict, tab, address.
    ///
    /// Verdicts: valid, expired, bad-mac, foreign (rewritten, but not into one of our domains), untagged, malformed.
    #[command(after_help = "\
Examples:
  batv srs reverse --domain forwarder.example.net SRS0=Xu1M=2W=example.com=alice@forwarder.example.net
  batv srs reverse --domain forwarder.example.net --json < recipients.txt")]
    Reverse(Addressed),
}

#[derive(Args, Debug)]
struct Addressed {
    #[command(flatten)]
    addresses: Addresses,
    #[command(flatten)]
    rewriting: Rewriting,
    #[command(flatten)]
    keys: KeySource,
    #[command(flatten)]
    clock: Clock,
    #[command(flatten)]
    output: Output,
}

#[derive(Args, Debug)]
struct Rewriting {
    /// Domain of ours (repeatable); senders are rewritten into the first
    #[arg(long = "domain", value_name = "OURS", required = true, value_parser = domain)]
    domains: Vec<String>,
    /// Character after SRS0 and SRS1: `=`, `+` or `-`
    #[arg(long, value_name = "CHARACTER", default_value = "=", allow_hyphen_values = true, value_parser = separator)]
    separator: Separator,
    /// Length of the hash in new addresses, 4 to 27 characters [default: 4, or --hash-minimum; 12 with an hmac-sha256 key]
    #[arg(long, value_name = "N")]
    hash_length: Option<u8>,
    /// Shortest hash that is accepted, 4 to 27 characters; at least 12 with an hmac-sha256 key
    #[arg(long, value_name = "N", default_value_t = srs::HASH_MINIMUM)]
    hash_minimum: u8,
    /// Lifetime of a rewritten sender, 1 to 1000 days
    #[arg(long, value_name = "DAYS", default_value_t = srs::DEFAULT_MAX_AGE)]
    max_age: u16,
    /// Also rewrite senders in our own domains
    #[arg(long)]
    always_rewrite: bool,
}

impl Rewriting {
    fn rules(&self) -> SrsRules {
        SrsRules {
            domains: self.domains.clone(),
            separator: self.separator,
            hash_length: self.hash_length.unwrap_or(self.hash_minimum),
            hash_minimum: self.hash_minimum,
            max_age: self.max_age,
            always_rewrite: self.always_rewrite,
            ..SrsRules::default()
        }
    }
}

pub(crate) fn run(arguments: &Srs) -> Result<Outcome, Error> {
    let is_forward = matches!(arguments.direction, Direction::Forward(_));
    let (Direction::Forward(arguments) | Direction::Reverse(arguments)) = &arguments.direction;
    let today = arguments.clock.today()?;
    let rules = arguments.rewriting.rules();
    let srs = rules.srs()?;
    let keyring = arguments.keys.load(KeyUse::Srs, Lifetime::default())?;
    let keys = keyring.keys();
    let first = rules.domains.first().and_then(|domain| Domain::parse(domain).ok());
    if is_forward && !first.iter().flat_map(|first| keys.srs_keys(first)).any(keys::may_sign) {
        return Err(Error::NoSigningKey { what: "rewrites senders", options: " --use srs" });
    }
    let rewriter = Rewriter { srs, keys, today, max_age: arguments.rewriting.max_age };
    let forms = if is_forward {
        Forms { json: forward_json, plain: forward_plain, alone: None }
    } else {
        Forms { json: reverse_json, plain: reverse_plain, alone: Some(reverse_alone) }
    };
    addresses::answer(&arguments.addresses.addresses, &arguments.output, &rewriter, &forms)
}

struct Rewriter<'k> {
    srs: srs::Srs<&'k [String]>,
    keys: &'k KeySet,
    today: Day,
    max_age: u16,
}

impl Rewriter<'_> {
    /// Rewritten sender; `None` when it stays unchanged.
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
    answer.unchanged(line)
}

fn forward_json(forwarder: &Rewriter<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let input = line.text();
    let rewritten = match forwarder.forward(line) {
        Ok(rewritten) => rewritten,
        Err(error) => return answer.refuse_in_json(line, error),
    };
    let address = rewritten.as_ref().map_or(Text(&input), Text::of);
    answer.json(&object! { input: &input, address: address })
}

/// Reversal of an address; `None` for the null path.
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
            (_, SrsVerdict::Expired) => {
                format!("the address expired: it was rewritten more than {} days ago", rewriter.max_age)
            }
            (_, SrsVerdict::BadMac) => "the hash is wrong: no active key made it, or it is too short".to_owned(),
            (_, SrsVerdict::Foreign) => "the address is not in one of our domains".to_owned(),
            (_, SrsVerdict::Malformed) => {
                "the address has the prefix of a rewritten sender, but not its fields".to_owned()
            }
            _ => "the address is not a rewritten sender".to_owned(),
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
        None => answer.unchanged(line),
    }
}

fn reverse_json(reverser: &Rewriter<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let restored = reverser.reverse(line, answer);
    let (input, mailbox) = (line.text(), restored.mailbox());
    let address = match restored.0 {
        Ok(None) => Some(Text(&input)),
        _ => mailbox.as_ref().map(Text::of),
    };
    answer.json(&object! { input: &input, verdict: restored.verdict().as_str(), address: address })
}
