//! `batv verify`

use core::fmt::{self, Write};

use batv_core::tag::{self, Verification};
use batv_core::{Day, KeySet, Path, TagVerdict};
use clap::Args;

use crate::addresses::{self, Forms};
use crate::answer::{Answer, Line, Malformed, Outcome};
use crate::error::Error;
use crate::explain::{self, Explanation};
use crate::flags::{Addresses, Verifying};
use crate::json::{Text, object};

/// Verify the tags of addresses
///
/// For one address, prints the address without its tag if the tag is valid, or else the reason on standard error. For several
/// addresses, or standard input, prints a line for each: verdict, tab, address.
///
/// Verdicts: valid, expired, bad-mac, unknown-key, untagged, malformed.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  batv verify prvs=0787f93fc2=alice@example.com
  batv verify --explain --at 2026-11-23 prvs=0787f93fc2=alice@example.com")]
pub(crate) struct Verify {
    #[command(flatten)]
    addresses: Addresses,
    /// Explain each verdict on standard error, step by step
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    verifying: Verifying,
}

pub(crate) fn run(arguments: &Verify) -> Result<Outcome, Error> {
    let today = arguments.verifying.clock.today()?;
    let keyring = arguments.verifying.keys.load(arguments.verifying.lifetime)?;
    let verifier = Verifier { keys: keyring.keys(), today, explain: arguments.explain };
    let forms = Forms { json, plain, alone: Some(alone) };
    addresses::answer(&arguments.addresses.addresses, &arguments.verifying.output, &verifier, &forms)
}

struct Verifier<'k> {
    keys: &'k KeySet,
    today: Day,
    explain: bool,
}

impl Verifier<'_> {
    /// Verification of an address; `None` for the null path.
    fn verify<'a>(&self, line: &Line<'a>, answer: &mut Answer) -> Result<Verified<'a>, fmt::Error> {
        let path = line.path();
        let verification = path.map(|path| path.mailbox().map(|mailbox| tag::verify(self.keys, mailbox, self.today)));
        let verified = Verified { verification };
        if verified.verdict() != TagVerdict::Valid.as_str() {
            answer.outcome = Outcome::Refused;
        }
        if self.explain {
            let mut explanation = Explanation::begin(&mut answer.notes, line, self.keys, self.today)?;
            match (path, verified.verification) {
                (Ok(Path::Mailbox(given)), Ok(Some(verification))) => {
                    explanation.verification(&given, &verification)?
                }
                _ => explanation.step("verdict", format_args!("{}: {}", verified.verdict(), verified.reason()))?,
            }
        }
        Ok(verified)
    }
}

struct Verified<'a> {
    verification: Result<Option<Verification<'a>>, Malformed>,
}

impl Verified<'_> {
    fn verdict(&self) -> &'static str {
        match &self.verification {
            Ok(Some(verification)) => verification.verdict.as_str(),
            Ok(None) => TagVerdict::Untagged.as_str(),
            Err(_) => "malformed",
        }
    }

    fn reason(&self) -> String {
        match &self.verification {
            Ok(Some(verification)) => explain::reason(verification),
            Ok(None) => "the null sender has no tag".to_owned(),
            Err(error) => error.to_string(),
        }
    }
}

fn alone(verifier: &Verifier<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let verified = verifier.verify(line, answer)?;
    match verified.verification {
        Ok(Some(verification)) if verification.verdict == TagVerdict::Valid => {
            writeln!(answer.out, "{}", verification.mailbox)
        }
        // The explanation has said so.
        _ if verifier.explain => Ok(()),
        _ => {
            answer.note(line, verified.reason());
            Ok(())
        }
    }
}

fn plain(verifier: &Verifier<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let verified = verifier.verify(line, answer)?;
    answer.out.write_str(verified.verdict())?;
    answer.out.raw(b"\t");
    match verified.verification {
        Ok(Some(verification)) => verification.mailbox.write_to(&mut answer.out),
        _ => answer.unchanged(line),
    }
}

fn json(verifier: &Verifier<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let verified = verifier.verify(line, answer)?;
    let input = line.text();
    let found = verified.verification.unwrap_or_default();
    let expires = found.and_then(|verification| verification.expires);
    let address = match &verified.verification {
        Ok(Some(verification)) => Some(Text(&verification.mailbox)),
        Ok(None) => Some(Text(&input)),
        Err(_) => None,
    };
    answer.json(&object! {
        input: &input,
        verdict: verified.verdict(),
        address: address,
        key_id: found.and_then(|verification| verification.key_id).map(|id| id.number()),
        expires: expires.as_ref().map(Text::of),
        days_left: found.and_then(|verification| verification.days_left),
    })
}
