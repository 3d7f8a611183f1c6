//! `batv srs`

use core::fmt::{self, Write};

use batv_core::srs::{self, Reversal, Rewritten, Separator, SrsVerdict};
use batv_core::{Day, Domain, KeyRing, KeySet, KeyUse, Lifetime, Mailbox, Path};
use batv_policy::{Handling, Rules, SrsRules, UnchangedReason, View};
use clap::{Args, Subcommand};

use crate::addresses::{self, Forms};
use crate::answer::{Answer, Line, Malformed, Outcome};
use crate::error::Error;
use crate::flags::values::{domain, pattern, separator};
use crate::flags::{Addresses, Clock, KeySource, Output, patterns};
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
    Forward(Forward),
    Reverse(Reverse),
}

/// Rewrite senders into a domain of ours
///
/// The null sender and senders of ours are printed unchanged: those of our SRS domains, those that --protected, --exempt or a
/// key names. So is a sender that cannot be rewritten, with the
/// reason on standard error and exit status 1.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  batv srs forward --domain forwarder.example.net alice@example.com
  batv srs forward --domain forwarder.example.net --key-file /etc/postsrsd.secret < senders.txt")]
struct Forward {
    #[command(flatten)]
    addresses: Addresses,
    #[command(flatten)]
    rewriting: Rewriting,
    /// Domain or mailbox of ours, whose mail keeps its sender (repeatable); so do those that a key names
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    protected: Vec<String>,
    /// Domain or mailbox of ours that sends without a tag, whose mail keeps its sender (repeatable)
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    exempt: Vec<String>,
    #[command(flatten)]
    keys: KeySource,
    #[command(flatten)]
    clock: Clock,
    #[command(flatten)]
    output: Output,
}

/// Restore rewritten senders
///
/// For one address, prints the original sender if the address is valid, or else the reason on standard error. For several
/// addresses, or standard input, prints a line for each: verdict, tab, address.
///
/// Verdicts: valid, expired, bad-mac, foreign (rewritten, but not into one of our domains), untagged, malformed.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  batv srs reverse --domain forwarder.example.net SRS0=Xu1M=2W=example.com=alice@forwarder.example.net
  batv srs reverse --domain forwarder.example.net --json < recipients.txt")]
struct Reverse {
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
    match &arguments.direction {
        Direction::Forward(arguments) => forward(arguments),
        Direction::Reverse(arguments) => reverse(arguments),
    }
}

fn forward(arguments: &Forward) -> Result<Outcome, Error> {
    let today = arguments.clock.today()?;
    let srs = arguments.rewriting.rules();
    srs.srs()?;
    let (protected, exempt) = (patterns(&arguments.protected)?, patterns(&arguments.exempt)?);
    let rules = Rules { srs, protected, exempt, ..Rules::default() };
    let keyring = arguments.keys.load(KeyUse::Srs, Lifetime::default())?;
    let keys = keyring.keys();
    let first = rules.srs.domains.first().and_then(|domain| Domain::parse(domain).ok());
    if !first.iter().flat_map(|first| keys.srs_keys(first)).any(keys::may_sign) {
        return Err(Error::NoSigningKey { what: "rewrites senders", options: " --use srs" });
    }
    let forwarder = Forwarder { site: View::new(keys, &rules), today };
    let forms = Forms { json: forward_json, plain: forward_plain, alone: None };
    addresses::answer(&arguments.addresses.addresses, &arguments.output, &forwarder, &forms)
}

fn reverse(arguments: &Reverse) -> Result<Outcome, Error> {
    let today = arguments.clock.today()?;
    let rules = arguments.rewriting.rules();
    let srs = rules.srs()?;
    let keyring = arguments.keys.load(KeyUse::Srs, Lifetime::default())?;
    let reverser = Rewriter { srs, keys: keyring.keys(), today, max_age: arguments.rewriting.max_age };
    let forms = Forms { json: reverse_json, plain: reverse_plain, alone: Some(reverse_alone) };
    addresses::answer(&arguments.addresses.addresses, &arguments.output, &reverser, &forms)
}

struct Forwarder<'k> {
    site: View<'k>,
    today: Day,
}

impl Forwarder<'_> {
    /// Passes the rewritten sender on; `None` when it stays unchanged.
    fn forward<T>(&self, line: &Line<'_>, then: impl FnOnce(Option<&Rewritten<'_>>) -> T) -> Result<T, Malformed> {
        let Path::Mailbox(mailbox) = line.path()? else { return Ok(then(None)) };
        match self.site.forwarded(mailbox).sign(self.today) {
            Handling::Rewritten(rewritten) => Ok(then(Some(&rewritten))),
            Handling::TooLong { error, .. } | Handling::Unchanged(UnchangedReason::Refused(error)) => Err(error.into()),
            _ => Ok(then(None)),
        }
    }
}

struct Rewriter<'k> {
    srs: srs::Srs<&'k [String]>,
    keys: &'k KeySet,
    today: Day,
    max_age: u16,
}

impl Rewriter<'_> {
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

fn forward_plain(forwarder: &Forwarder<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let written = forwarder.forward(line, |rewritten| match rewritten {
        Some(rewritten) => rewritten.write_to(&mut answer.out),
        None => answer.unchanged(line),
    });
    written.unwrap_or_else(|error| {
        answer.refuse(line, error);
        answer.unchanged(line)
    })
}

fn forward_json(forwarder: &Forwarder<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let input = line.text();
    let written = forwarder.forward(line, |rewritten| {
        let address = rewritten.map_or(Text(&input), Text::of);
        answer.json(&object! { input: &input, address: address })
    });
    written.unwrap_or_else(|error| answer.refuse_in_json(line, error))
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
