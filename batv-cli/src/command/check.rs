//! `batv check`

use core::fmt::{self, Write};
use std::ffi::OsString;

use batv_core::envelope::{self, Disposition, Envelope, Judgement, Policy};
use batv_core::{Day, Key, Mailbox, Path, prvs};

use crate::addresses;
use crate::answer::{Answer, Line, Outcome};
use crate::cli::Check;
use crate::error::Error;
use crate::explain::Explanation;
use crate::json::{self, Text};

pub(crate) fn run(arguments: &Check) -> Result<Outcome, Error> {
    let today = arguments.asked.clock.today()?;
    let keyring = arguments.asked.keys.load(arguments.asked.lifetime)?;
    let lists = arguments.policy.lists()?;
    let mut policy = arguments.policy.with(&lists);
    policy.reject_at = arguments.reject_at;
    let sender = Line::argument(&arguments.from);
    let judge = Judge { keys: keyring.keys(), today, policy, sender, explain: arguments.explain };
    let recipients: Vec<OsString> = arguments.to.iter().chain(&arguments.addresses).cloned().collect();
    let answer = match addresses::only_one(&recipients) {
        _ if arguments.asked.output.json => json,
        Some(line) => return addresses::answer_one(&line, |line, answer| alone(&judge, line, answer)),
        None => plain,
    };
    addresses::answer_all(&recipients, arguments.asked.output.tail(), |line, to| answer(&judge, line, to))
}

struct Judge<'k> {
    keys: &'k [Key],
    today: Day,
    policy: Policy<'k>,
    sender: Line<'k>,
    explain: bool,
}

impl Judge<'_> {
    fn judge<'a>(&'a self, line: &Line<'a>, answer: &mut Answer) -> Result<Ruling<'a>, fmt::Error> {
        let ruling = match (self.sender.path(), line.path()) {
            (Ok(reverse_path), Ok(Path::Mailbox(forward_path))) => {
                let envelope = Envelope::new(reverse_path, forward_path);
                Ruling::Judged(envelope::judge(&envelope, self.keys, &self.policy, self.today))
            }
            (Err(_), _) => Ruling::BadSender,
            _ => Ruling::BadRecipient,
        };
        answer.outcome = answer.outcome.max(match ruling.disposition() {
            Disposition::Reject => Outcome::Refused,
            Disposition::Tempfail => Outcome::Undecided,
            _ => Outcome::Good,
        });
        if self.explain {
            self.explain(line, &ruling, answer)?;
        }
        Ok(ruling)
    }

    fn explain(&self, line: &Line<'_>, ruling: &Ruling<'_>, answer: &mut Answer) -> fmt::Result {
        let mut explanation = Explanation::begin(&mut answer.notes, line, self.keys, self.today)?;
        explanation.step("sender", self.sender.shown())?;
        match (ruling, line.path()) {
            (Ruling::Judged(judgement), Ok(Path::Mailbox(forward_path))) => {
                let verification = prvs::verify(self.keys, &forward_path, self.today);
                explanation.verification(&forward_path, &verification)?;
                explanation.judgement(&self.policy, judgement)
            }
            _ => explanation.step("therefore", format_args!("{}: {}", ruling.disposition(), ruling.reply())),
        }
    }
}

enum Ruling<'a> {
    Judged(Judgement<'a>),
    /// What no server gets to ask about, but a script can.
    BadSender,
    BadRecipient,
}

impl<'a> Ruling<'a> {
    fn verdict(&self) -> &'static str {
        match self {
            Self::Judged(judgement) => judgement.finding.as_str(),
            Self::BadSender | Self::BadRecipient => "malformed",
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Judged(judgement) => judgement.reason.as_str(),
            Self::BadSender => "bad-sender",
            Self::BadRecipient => "bad-recipient",
        }
    }

    fn disposition(&self) -> Disposition {
        match self {
            Self::Judged(judgement) => judgement.disposition,
            Self::BadSender | Self::BadRecipient => Disposition::Reject,
        }
    }

    /// RFC 3463 §3.2 has the codes for addresses that are none.
    fn reply(&self) -> String {
        match self {
            Self::Judged(judgement) => judgement.reply.to_string(),
            Self::BadSender => "501 5.1.7 the sender is no address".to_owned(),
            Self::BadRecipient => "501 5.1.3 the recipient is no address".to_owned(),
        }
    }

    fn deliver_to(&self) -> Option<Mailbox<'a>> {
        match self {
            Self::Judged(judgement) => judgement.deliver_to,
            Self::BadSender | Self::BadRecipient => None,
        }
    }
}

fn alone(judge: &Judge<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let ruling = judge.judge(line, answer)?;
    writeln!(answer.out, "{}", ruling.reply())?;
    ruling.deliver_to().map_or(Ok(()), |mailbox| writeln!(answer.out, "{mailbox}"))
}

fn plain(judge: &Judge<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let ruling = judge.judge(line, answer)?;
    write!(answer.out, "{}\t{}\t{}\t", ruling.verdict(), ruling.reason(), ruling.disposition())?;
    match ruling.deliver_to() {
        Some(mailbox) => mailbox.write_to(&mut answer.out),
        None => {
            answer.out.raw(line.octets);
            Ok(())
        }
    }
}

fn json(judge: &Judge<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let ruling = judge.judge(line, answer)?;
    let (reply, deliver_to) = (ruling.reply(), ruling.deliver_to());
    answer.json(&json::Checked {
        reverse_path: judge.sender.text(),
        forward_path: line.text(),
        verdict: ruling.verdict(),
        reason: ruling.reason(),
        disposition: ruling.disposition().as_str(),
        reply: Text(&reply),
        deliver_to: deliver_to.as_ref().map(Text::of),
    })
}
