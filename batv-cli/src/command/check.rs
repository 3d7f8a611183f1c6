//! `batv check`

use core::fmt::{self, Write};
use std::ffi::OsString;

use batv_core::envelope::{Disposition, Envelope, Stage};
use batv_core::{Day, Mailbox, Path};
use batv_policy::{Rules, Ruling, View};
use clap::Args;

use crate::addresses::{self, Forms};
use crate::answer::{Answer, Line, Outcome};
use crate::error::Error;
use crate::explain::Explanation;
use crate::flags::Verifying;
use crate::flags::policy::Policy;
use crate::flags::values::named;
use crate::json::{Text, object};

/// Judge recipients as a mail server should at RCPT TO
///
/// For one recipient, prints the SMTP reply on the first line and, if the recipient is accepted, the mailbox to deliver to on
/// the second. For several recipients, or standard input, prints a line for each: verdict, reason, disposition and mailbox,
/// separated by tabs. Each recipient is judged as if it were the only one of its message.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit status:
  0  every recipient is accepted
  1  a recipient is rejected
  2  a recipient is refused temporarily, or there is no readable key: reply with a temporary failure

Examples:
  batv check --from '<>' --to prvs=0787f93fc2=alice@example.com
  batv check --mode mark --protected example.com --explain --to alice@example.com

Exim, in the ACL for RCPT TO:
  warn  set acl_m_batv = ${run{/usr/bin/batv check --from <$sender_address> \\
                           --to ${quote_local_part:$local_part}@$domain}{$value}{$value}}
  deny  condition = ${if eq{$runrc}{1}}
        message = ${listextract{1}{<\\n $acl_m_batv}}
  defer condition = ${if eq{$runrc}{2}}")]
pub(crate) struct Check {
    /// Recipients (RCPT TO), or `-` to read them from standard input, one per line
    #[arg(value_name = "ADDRESS")]
    addresses: Vec<OsString>,
    /// Sender (MAIL FROM)
    #[arg(long, value_name = "PATH", default_value = "<>", allow_hyphen_values = true)]
    from: OsString,
    /// Recipient (RCPT TO), like an argument (repeatable)
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
    to: Vec<OsString>,
    /// The client is one of ours, or one whose mail is never judged
    #[arg(long)]
    trusted_client: bool,
    #[command(flatten)]
    policy: Policy,
    /// When to reject a recipient for which the message could still be proof
    ///
    /// With `data`, an untagged recipient of a null sender is accepted at RCPT TO and judged by the message, so that a callout,
    /// which only asks whether a mailbox exists, is not told that it does not.
    #[arg(long, value_name = "WHEN", default_value = "data", value_parser = named::<Stage>(Stage::NAMES))]
    reject_at: Stage,
    /// Explain each verdict on standard error, step by step
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    verifying: Verifying,
}

pub(crate) fn run(arguments: &Check) -> Result<Outcome, Error> {
    let today = arguments.verifying.clock.today()?;
    let keyring = arguments.verifying.keys.load(arguments.verifying.lifetime)?;
    let rules = Rules { reject_at: arguments.reject_at, ..arguments.policy.rules()? };
    let mut sender = String::new();
    let judge = Judge {
        site: View::new(keyring.keys(), &rules),
        today,
        sender: Line::sender(&arguments.from, &mut sender),
        trusted_client: arguments.trusted_client,
        explain: arguments.explain,
    };
    let recipients: Vec<OsString> = arguments.to.iter().chain(&arguments.addresses).cloned().collect();
    let forms = Forms { json, plain, alone: Some(alone) };
    addresses::answer(&recipients, &arguments.verifying.output, &judge, &forms)
}

struct Judge<'k> {
    site: View<'k>,
    today: Day,
    sender: Line<'k>,
    trusted_client: bool,
    explain: bool,
}

impl Judge<'_> {
    fn judge<'a>(&'a self, line: &Line<'a>, answer: &mut Answer) -> Result<Checked<'a>, fmt::Error> {
        let checked = match (self.sender.path(), line.path()) {
            (Ok(reverse_path), Ok(Path::Mailbox(forward_path))) => {
                let envelope = Envelope::new(reverse_path, forward_path).with_trusted_client(self.trusted_client);
                Ok(self.site.rcpt(&envelope, self.today))
            }
            (Err(_), _) => Err(BAD_SENDER),
            _ => Err(BAD_RECIPIENT),
        };
        let checked = Checked(checked);
        answer.outcome = answer.outcome.max(match checked.disposition() {
            Disposition::Reject => Outcome::Refused,
            Disposition::Tempfail => Outcome::Undecided,
            _ => Outcome::Good,
        });
        if self.explain {
            self.explain(line, &checked, answer)?;
        }
        Ok(checked)
    }

    fn explain(&self, line: &Line<'_>, checked: &Checked<'_>, answer: &mut Answer) -> fmt::Result {
        let mut explanation = Explanation::begin(&mut answer.notes, line, self.site.keys(), self.today)?;
        explanation.step("sender", self.sender.shown())?;
        match (&checked.0, line.path()) {
            (Ok(ruling), Ok(Path::Mailbox(forward_path))) => {
                explanation.recipient(self.site, &forward_path)?;
                explanation.ruling(self.site.rules(), ruling)
            }
            _ => explanation.step("therefore", format_args!("{}: {}", checked.disposition(), checked.reply())),
        }
    }
}

/// Answer to an address that is none, which reaches a script, but not a server. RFC 3463 §3.2 has the codes.
struct BadAddress {
    reason: &'static str,
    reply: &'static str,
}

const BAD_SENDER: BadAddress = BadAddress { reason: "bad-sender", reply: "501 5.1.7 Bad sender address syntax" };
const BAD_RECIPIENT: BadAddress =
    BadAddress { reason: "bad-recipient", reply: "501 5.1.3 Bad recipient address syntax" };

struct Checked<'a>(Result<Ruling<'a>, BadAddress>);

impl<'a> Checked<'a> {
    fn verdict(&self) -> &'static str {
        self.0.as_ref().map_or("malformed", |ruling| ruling.verdict.as_str())
    }

    fn reason(&self) -> &'static str {
        self.0.as_ref().map_or_else(|bad| bad.reason, |ruling| ruling.reason.as_str())
    }

    fn disposition(&self) -> Disposition {
        self.0.as_ref().map_or(Disposition::Reject, |ruling| ruling.disposition)
    }

    fn reply(&self) -> String {
        self.0.as_ref().map_or_else(|bad| bad.reply.to_owned(), |ruling| ruling.reply.to_string())
    }

    fn deliver_to(&self) -> Option<Mailbox<'a>> {
        self.0.as_ref().ok()?.deliver_to
    }
}

fn alone(judge: &Judge<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let checked = judge.judge(line, answer)?;
    writeln!(answer.out, "{}", checked.reply())?;
    checked.deliver_to().map_or(Ok(()), |mailbox| writeln!(answer.out, "{mailbox}"))
}

fn plain(judge: &Judge<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let checked = judge.judge(line, answer)?;
    write!(answer.out, "{}\t{}\t{}\t", checked.verdict(), checked.reason(), checked.disposition())?;
    match checked.deliver_to() {
        Some(mailbox) => mailbox.write_to(&mut answer.out),
        None => answer.unchanged(line),
    }
}

fn json(judge: &Judge<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let checked = judge.judge(line, answer)?;
    let (reply, deliver_to, ruling) = (checked.reply(), checked.deliver_to(), checked.0.as_ref());
    answer.json(&object! {
        reverse_path: judge.sender.text(),
        forward_path: line.text(),
        verdict: checked.verdict(),
        reason: checked.reason(),
        disposition: checked.disposition().as_str(),
        reply: Text(&reply),
        deliver_to: deliver_to.as_ref().map(Text::of),
        mode: ruling.ok().map(|ruling| ruling.mode.as_str()),
        in_reject: ruling.map_or(Disposition::Reject, |ruling| ruling.in_reject).as_str(),
    })
}
