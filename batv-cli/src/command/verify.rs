//! `batv verify`

use core::fmt::{self, Write};

use batv_config::clock;
use batv_core::prvs::{self, Verification};
use batv_core::{Day, Key, Path, Verdict};

use crate::addresses;
use crate::answer::{Answer, Line, Malformed, Outcome};
use crate::cli::Verify;
use crate::error::Error;
use crate::explain::{self, Explanation};
use crate::json::{self, Text};

pub(crate) fn run(arguments: &Verify) -> Result<Outcome, Error> {
    let today = arguments.asked.clock.today()?;
    let keyring = arguments.asked.keys.load(arguments.asked.lifetime)?;
    let verifier = Verifier { keys: keyring.keys(), today, explain: arguments.explain };
    let addresses = &arguments.addresses.addresses;
    let mut storage = String::new();
    let answer = match addresses::only_one(addresses, &mut storage) {
        _ if arguments.asked.output.json => json,
        Some(line) => return addresses::answer_one(&line, |line, answer| alone(&verifier, line, answer)),
        None => plain,
    };
    addresses::answer_all(addresses, arguments.asked.output.tail(), |line, to| answer(&verifier, line, to))
}

struct Verifier<'k> {
    keys: &'k [Key],
    today: Day,
    explain: bool,
}

impl Verifier<'_> {
    /// The verdict, and what there is to say about it; nothing about the null path.
    fn verify<'a>(&self, line: &Line<'a>, answer: &mut Answer) -> Result<Finding<'a>, fmt::Error> {
        let path = line.path();
        let verification = path.map(|path| path.mailbox().map(|mailbox| prvs::verify(self.keys, mailbox, self.today)));
        let finding = Finding { verification };
        if finding.verdict() != Verdict::Valid.as_str() {
            answer.outcome = Outcome::Refused;
        }
        if self.explain {
            let mut explanation = Explanation::begin(&mut answer.notes, line, self.keys, self.today)?;
            match (path, finding.verification) {
                (Ok(Path::Mailbox(given)), Ok(Some(verification))) => {
                    explanation.verification(&given, &verification)?
                }
                _ => explanation.step("verdict", format_args!("{}: {}", finding.verdict(), finding.reason()))?,
            }
        }
        Ok(finding)
    }
}

struct Finding<'a> {
    verification: Result<Option<Verification<'a>>, Malformed>,
}

impl Finding<'_> {
    fn verdict(&self) -> &'static str {
        match &self.verification {
            Ok(Some(verification)) => verification.verdict.as_str(),
            Ok(None) => Verdict::Untagged.as_str(),
            Err(_) => "malformed",
        }
    }

    fn reason(&self) -> String {
        match &self.verification {
            Ok(Some(verification)) => explain::reason(verification),
            Ok(None) => "the null path has no tag".to_owned(),
            Err(error) => error.to_string(),
        }
    }
}

fn alone(verifier: &Verifier<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let finding = verifier.verify(line, answer)?;
    match finding.verification {
        Ok(Some(verification)) if verification.verdict == Verdict::Valid => {
            writeln!(answer.out, "{}", verification.mailbox)
        }
        // The explanation has said so.
        _ if verifier.explain => Ok(()),
        _ => {
            answer.note(line, finding.reason());
            Ok(())
        }
    }
}

fn plain(verifier: &Verifier<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let finding = verifier.verify(line, answer)?;
    answer.out.write_str(finding.verdict())?;
    answer.out.raw(b"\t");
    match finding.verification {
        Ok(Some(verification)) => verification.mailbox.write_to(&mut answer.out),
        _ => {
            answer.out.raw(line.octets);
            Ok(())
        }
    }
}

fn json(verifier: &Verifier<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let finding = verifier.verify(line, answer)?;
    let input = line.text();
    let found = finding.verification.unwrap_or_default();
    let expires = found.and_then(|verification| verification.expires).map(clock::as_date);
    answer.json(&json::Verified {
        verdict: finding.verdict(),
        address: match &finding.verification {
            Ok(Some(verification)) => Some(Text(&verification.mailbox)),
            Ok(None) => Some(Text(&input)),
            Err(_) => None,
        },
        input: &input,
        key_id: found.and_then(|verification| verification.key_id).map(|id| id.number()),
        expires: expires.as_ref().map(Text::of),
        days_left: found.and_then(|verification| verification.days_left),
    })
}
