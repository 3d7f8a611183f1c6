//! `batv judge`

mod fields;
mod summary;

use alloc::borrow::Cow;
use core::fmt::{self, Write as _};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path as FilePath;

use batv_bounce::dkim::PublicKey;
use batv_bounce::{Class, Evidence, Identity, Limits, Origin, Reading, read};
use batv_config::date;
use batv_core::envelope::{Envelope, Mode, Stage, Verdict};
use batv_core::{Day, Mailbox, Path, Pattern};
use batv_policy::{Answers, Delivery, MessageRules, Rules, Ruling, View, address};
use clap::Args;
use serde::Serialize;

use self::summary::{Cause, Summary, Tally};
use crate::answer::{Answer, Line, Outcome, print, shown};
use crate::error::Error;
use crate::explain::Explanation;
use crate::flags::policy::Policy;
use crate::flags::values::{domain, pattern};
use crate::flags::{Verifying, patterns};
use crate::json::{Explained, object};
use crate::messages::{Message, Messages, Unreadable, batches};
use crate::ordered;
use crate::progress::Progress;

/// Reason of a message whose recipient is unknown.
const NO_RECIPIENT: &str = "no-recipient";

/// Judge messages: whether each is a bounce, whose message it returns, and what to do with it
///
/// Prints a line for each message: verdict, class, reason, disposition and name, separated by tabs. An input is a file with one
/// message, a mailbox file (mbox), whose messages are named FILE:NUMBER, a Maildir, or another folder, all of whose files are
/// read. Without an input, standard input is one message or a mailbox file.
///
/// Verdicts: genuine, unverified, disproved, not-judged, undecided. Without --from, the sender is taken from Return-Path; if
/// there is none, a bounce or read receipt is taken to be from `<>`, and other mail not. Without --to, the recipient is taken
/// from the first of these fields: X-BATV-Recipient, Delivered-To, X-Original-To, Envelope-To, or To if it names only one. A
/// message without any of them gets the reason no-recipient.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit status:
  0  no message is unverified or disproved
  1  a message is unverified or disproved, or its recipient is unknown
  2  an input cannot be read, or there is no readable key

Examples:
  batv judge --from '<>' --to alice@example.com < bounce.eml
  batv judge --explain --at 2026-11-23 bounce.eml
  batv judge --summary --as-received --marked-since 2026-10-01 ~/Maildir")]
pub(crate) struct Judge {
    /// Messages: files, mailbox files and folders, or `-` for standard input
    #[arg(value_name = "FILE")]
    inputs: Vec<OsString>,
    /// Sender of each message (MAIL FROM)
    #[arg(long, value_name = "PATH", allow_hyphen_values = true)]
    from: Option<OsString>,
    /// Recipient of each message (RCPT TO)
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
    to: Option<OsString>,
    #[command(flatten)]
    policy: Policy,
    /// Day since which all mail leaves with a mark; after that, a bounce of a message without one is not ours
    #[arg(long, value_name = "DATE", value_parser = date::parse)]
    marked_since: Option<Day>,
    /// An additional domain of our outbound mail hosts (repeatable)
    #[arg(long = "host", value_name = "DOMAIN", value_parser = domain)]
    hosts: Vec<String>,
    /// Public key of our DKIM signatures, in a file with its DNS record or in PEM (repeatable)
    #[arg(long = "dkim-key", value_name = "DOMAIN:SELECTOR:FILE")]
    dkim_keys: Vec<String>,
    /// Mailbox or domain that gets the bounces of another author's mail (repeatable): DKIM proves these, too
    #[arg(long = "identity", value_name = "PATTERN=AUTHOR", value_parser = address::identity)]
    identities: Vec<(Pattern<String>, Pattern<String>)>,
    /// Name under which our border server writes Authentication-Results (repeatable): a report of a proved author is accepted
    #[arg(long = "authserv-id", value_name = "NAME")]
    authserv_ids: Vec<String>,
    /// Mailbox or domain that receives DMARC, TLS or abuse reports (repeatable)
    #[arg(long = "report-recipient", value_name = "PATTERN", value_parser = pattern)]
    report_recipients: Vec<String>,
    /// Quarantine read receipts that are not proved, instead of marking them
    #[arg(long)]
    hold_receipts: bool,
    /// Also judge messages from a daemon such as `MAILER-DAEMON@…` by their content, not only those from `<>`
    #[arg(long)]
    daemon_senders: bool,
    /// With --mode reject, also reject disproved bounces whose sender is not `<>`
    #[arg(long, requires = "daemon_senders")]
    reject_daemon_senders: bool,
    /// With --mode reject, also reject untagged bounces that do not tell whose message they return
    #[arg(long)]
    reject_unverified: bool,
    /// Judge each message as of the day on which it was received, taken from its first Received field, or else Date
    ///
    /// Use it for archives: their tags have expired by now, and mail from before there were tags or marks looks like later mail
    /// without them. A message from before --signing-since is not judged; without that option, one from before there was a key
    /// is undecided.
    #[arg(long)]
    as_received: bool,
    /// Read at most this many octets of a message
    #[arg(long, value_name = "N", default_value = "16777216")]
    max_octets: u32,
    /// Explain each verdict on standard error: the evidence in order, and each step; with --json, in the objects
    #[arg(long)]
    explain: bool,
    /// Print only totals: verdicts, classes, the dispositions in each mode, and the main causes of mail that did not verify
    #[arg(long, conflicts_with = "explain")]
    summary: bool,
    #[command(flatten)]
    verifying: Verifying,
}

pub(crate) fn run(arguments: &Judge) -> Result<Outcome, Error> {
    let today = arguments.verifying.clock.today()?;
    let keyring = arguments.verifying.keys.load(arguments.verifying.lifetime)?;
    let messages = MessageRules {
        marked_since: arguments.marked_since,
        hosts: arguments.hosts.clone(),
        dkim_keys: arguments.dkim_keys.iter().map(|key| dkim_key(key)).collect::<Result<_, _>>()?,
        identities: arguments.identities.iter().cloned().map(Identity::from).collect(),
        authserv_ids: arguments.authserv_ids.clone(),
        report_recipients: patterns(&arguments.report_recipients)?,
        daemon_senders: arguments.daemon_senders,
        hold_receipts: arguments.hold_receipts,
        reject_daemon_senders: arguments.reject_daemon_senders,
        reject_unverified: arguments.reject_unverified,
        ..MessageRules::default()
    };
    let rules = Rules { messages, ..arguments.policy.rules()? };
    let limits = Limits { octets: usize::try_from(arguments.max_octets).unwrap_or(usize::MAX), ..Limits::default() };
    let from = arguments.from.as_ref().map(|from| rules.sender(from.as_encoded_bytes()));
    let to = arguments.to.as_ref().map(|to| recipient(to, &rules)).transpose()?;
    let judge = Judging {
        site: View::new(keyring.keys(), &rules),
        today,
        as_received: arguments.as_received,
        limits,
        from: from.as_deref().map(Path::parse).transpose()?,
        to: to.as_deref().map(Mailbox::parse).transpose()?,
        show: match (arguments.summary, arguments.verifying.output.json) {
            (true, _) => Show::Nothing,
            (false, true) => Show::Json,
            (false, false) => Show::Plain,
        },
        explain: arguments.explain,
    };
    let messages = Messages::new(arguments.inputs.clone(), limits.octets);
    let mut report = Report::new(arguments);
    ordered::in_order(batches(messages), |batch| judge.judge_batch(batch), |judged| report.add(judged))?;
    report.end(arguments)
}

/// The address of --to, in the spelling that counts.
fn recipient<'a>(given: &'a OsStr, rules: &Rules) -> Result<Cow<'a, str>, Error> {
    let wrong = |error| Error::Usage(format!("--to {}: {error}", shown(given.display())));
    rules.forward_path(given.as_encoded_bytes()).map_err(wrong)
}

/// Reads `DOMAIN:SELECTOR:FILE`.
fn dkim_key(text: &str) -> Result<PublicKey, Error> {
    let mut pieces = text.splitn(3, ':');
    let (Some(domain), Some(selector), Some(file)) = (pieces.next(), pieces.next(), pieces.next()) else {
        return Err(Error::Usage(format!("--dkim-key {text}: expected DOMAIN:SELECTOR:FILE")));
    };
    let path = FilePath::new(file);
    let octets = fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    PublicKey::parse(domain, selector, &octets).map_err(|source| Error::DkimKey { path: path.to_owned(), source })
}

/// How each message is answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Show {
    Nothing,
    Plain,
    Json,
}

struct Judging<'k> {
    site: View<'k>,
    today: Day,
    as_received: bool,
    limits: Limits,
    from: Option<Path<'k>>,
    to: Option<Mailbox<'k>>,
    show: Show,
    explain: bool,
}

/// Results of some messages.
#[derive(Default)]
struct Judged {
    answer: Answer,
    tallies: Vec<Tally>,
    messages: u64,
    unreadable: u64,
    octets: usize,
}

impl Judging<'_> {
    fn judge_batch(&self, batch: Vec<Result<Message, Unreadable>>) -> Result<Judged, fmt::Error> {
        let mut judged = Judged::default();
        for message in batch {
            let named = message.and_then(|message| {
                let name = message.name.clone();
                Ok((name, message.octets(self.limits.octets)?))
            });
            match named {
                Ok((name, octets)) => {
                    judged.messages += 1;
                    judged.octets += octets.len();
                    self.judge(&Line::named(&name), &octets, &mut judged)?;
                }
                Err(Unreadable { name, source }) => {
                    judged.unreadable += 1;
                    judged.answer.outcome = Outcome::Undecided;
                    judged.answer.note(&Line::named(&name), source);
                }
            }
        }
        Ok(judged)
    }

    fn judge(&self, name: &Line<'_>, octets: &[u8], judged: &mut Judged) -> fmt::Result {
        let reading = read(octets, self.from, &self.limits);
        let rules = self.site.rules();
        let field = self.from.is_none().then(|| reading.field("Return-Path")).flatten();
        let sender = field.as_ref().map(|field| rules.sender(field.as_bytes()));
        let reverse_path = self.from.or_else(|| Path::parse(sender.as_deref()?).ok());
        let recipient = self.to.is_none().then(|| fields::recipient(&reading, rules)).flatten();
        let forward_path = self.to.or_else(|| Mailbox::parse(recipient.as_ref()?.mailbox.as_str()).ok());
        let received = self.as_received.then(|| fields::day(&reading)).flatten();
        let today = received.unwrap_or(self.today);
        let message = forward_path.map(|_| self.site.message(&reading, today));
        let ruled = forward_path.zip(message.as_ref()).map(|(forward_path, message)| {
            let envelope = envelope(&reading, reverse_path, forward_path);
            let case = self.site.recipient(&envelope, today).with_message(message);
            Ruled { envelope, ruling: case.data(&Answers::default()), case }
        });
        let found = Found { name, reading: &reading, today, reverse_path, ruled };
        let answer = &mut judged.answer;
        answer.outcome = answer.outcome.max(found.outcome());
        match self.show {
            Show::Nothing => judged.tallies.push(found.tally()),
            Show::Plain => {
                if self.explain {
                    self.explain(&found, recipient.as_ref().map(|recipient| recipient.field), answer)?;
                }
                found.plain(answer)?;
            }
            Show::Json => {
                if self.explain {
                    answer.json(&Explained { object: found.object(), evidence: found.evidence() })?;
                } else {
                    answer.json(&found.object())?;
                }
                answer.out.raw(b"\n");
            }
        }
        Ok(())
    }

    fn explain(&self, judged: &Found<'_, '_>, field: Option<&'static str>, answer: &mut Answer) -> fmt::Result {
        let mut explanation = Explanation::begin(&mut answer.notes, judged.name, self.site.keys(), judged.today)?;
        let Reading { class, action, evidence, cut, .. } = judged.reading;
        match (judged.reverse_path, judged.ruled.as_ref().map(|ruled| ruled.envelope.reverse_path)) {
            (Some(reverse_path), _) => explanation.step("sender", shown(reverse_path))?,
            (None, Some(Path::Null)) => explanation.step("sender", "unknown; mail of this class is from <>")?,
            (None, _) => explanation.step("sender", "unknown")?,
        }
        for seen in evidence {
            explanation.step("seen", shown(seen))?;
        }
        if *cut {
            explanation.step("seen", "only its beginning: it is longer than the limit")?;
        }
        match action {
            Some(action) => explanation.step("class", format_args!("{class}, {action}"))?,
            None => explanation.step("class", class)?,
        }
        let Some(Ruled { envelope, case, ruling }) = &judged.ruled else {
            explanation.step("recipient", "unknown: no field tells it, and --to is not given")?;
            return answer.notes.write_str("\n");
        };
        let forward_path = &envelope.forward_path;
        match field {
            Some(field) => explanation.step("recipient", format_args!("{}, from {field}", shown(forward_path)))?,
            None => explanation.step("recipient", shown(forward_path))?,
        }
        explanation.recipient(self.site, forward_path)?;
        for found in case.evidence() {
            explanation.step("found", shown(found))?;
        }
        if let Some(origin) = ruling.origin {
            explanation.step("origin", origin)?;
        }
        match case.row(&Answers::default()) {
            Some(row) => explanation.step("row", row)?,
            None => explanation.step("row", "none: the envelope decides")?,
        }
        explanation.ruling(self.site.rules(), ruling)?;
        let ladder = Mode::ALL.iter().map(|mode| (*mode, case.disposition_in(*mode, &Answers::default())));
        let ladder: Vec<_> = ladder.map(|(mode, disposition)| format!("{} {disposition}", mode.as_str())).collect();
        explanation.step("modes", ladder.join(", "))?;
        answer.notes.write_str("\n")
    }
}

/// The envelope, as far as it is known.
fn envelope<'a>(reading: &Reading<'_>, reverse_path: Option<Path<'a>>, forward_path: Mailbox<'a>) -> Envelope<'a> {
    // RFC 3464 §2 and RFC 8098 §3: it is null. For all else it is enough that it is not null.
    let is_null = || reading.class.is_bounce() || reading.class == Class::Mdn;
    let unknown = || if is_null() { Path::Null } else { Path::UNREADABLE };
    Envelope::new(reverse_path.unwrap_or_else(unknown), forward_path).with_stage(Stage::EndOfData)
}

/// One message, and its ruling.
struct Found<'c, 'x> {
    name: &'c Line<'c>,
    reading: &'c Reading<'x>,
    /// The day as on which it is judged.
    today: Day,
    /// Where it is known.
    reverse_path: Option<Path<'c>>,
    /// Where the recipient is known.
    ruled: Option<Ruled<'c, 'x>>,
}

struct Ruled<'c, 'x> {
    envelope: Envelope<'c>,
    case: Delivery<'c, 'c, 'c, 'x>,
    ruling: Ruling<'c>,
}

impl Found<'_, '_> {
    fn ruling(&self) -> Option<&Ruling<'_>> {
        self.ruled.as_ref().map(|ruled| &ruled.ruling)
    }

    fn verdict(&self) -> Verdict {
        self.ruling().map_or(Verdict::Undecided, |ruling| ruling.verdict)
    }

    fn reason(&self) -> &'static str {
        self.ruling().map_or(NO_RECIPIENT, |ruling| ruling.reason.as_str())
    }

    fn disposition(&self) -> Option<&'static str> {
        self.ruling().map(|ruling| ruling.disposition.as_str())
    }

    fn outcome(&self) -> Outcome {
        match (self.ruling(), self.verdict()) {
            (None, _) | (_, Verdict::Disproved | Verdict::Unverified) => Outcome::Refused,
            (_, Verdict::Undecided) => Outcome::Undecided,
            _ => Outcome::Good,
        }
    }

    fn tally(&self) -> Tally {
        let verdict = self.verdict();
        let class = self.reading.class;
        let cause = || Cause { reason: self.reason(), class, host: fields::host(self.reading) };
        Tally {
            verdict,
            class,
            cut: self.reading.cut,
            ladder: self.ruled.as_ref().map_or_else(Vec::new, |ruled| {
                let disposition = |mode: &Mode| ruled.case.disposition_in(*mode, &Answers::default());
                Mode::ALL.iter().map(disposition).collect()
            }),
            cause: matches!(verdict, Verdict::Disproved | Verdict::Unverified).then(cause),
        }
    }

    fn plain(&self, answer: &mut Answer) -> fmt::Result {
        let (verdict, class, reason) = (self.verdict(), self.reading.class, self.reason());
        let disposition = self.disposition().unwrap_or("-");
        writeln!(answer.out, "{verdict}\t{class}\t{reason}\t{disposition}\t{}", self.name.shown())
    }

    /// The message as JSON.
    fn object(&self) -> impl Serialize {
        let Reading { class, action, report, original, cut, .. } = self.reading;
        let original_id = original.as_ref().and_then(|original| original.field("Message-ID"));
        let recipient = report.recipients.first();
        let ruling = self.ruling();
        object! {
            input: core::str::from_utf8(self.name.octets).unwrap_or_default(),
            class: class.as_str(),
            action: action.map(|action| action.as_str()),
            reverse_path: self.reverse_path.map(|path| path.to_string()),
            forward_path: self.ruled.as_ref().map(|ruled| ruled.envelope.forward_path.to_string()),
            verdict: self.verdict().as_str(),
            reason: self.reason(),
            disposition: self.disposition(),
            reply: ruling.map(|ruling| ruling.reply.to_string()),
            deliver_to: ruling.and_then(|ruling| Some(ruling.deliver_to?.to_string())),
            origin: ruling.and_then(|ruling| ruling.origin).map(Origin::as_str),
            original: original.as_ref().map(|original| original.extent.as_str()),
            message_id: original_id.or_else(|| report.original_message_id.clone()),
            final_recipient: recipient.and_then(|recipient| recipient.final_recipient.as_deref()),
            status: recipient.and_then(|recipient| recipient.status.as_deref()),
            cut: *cut,
        }
    }

    /// What was seen and found.
    fn evidence(&self) -> Vec<String> {
        let found = self.ruled.iter().flat_map(|ruled| ruled.case.evidence());
        self.reading.evidence.iter().chain(found).map(Evidence::to_string).collect()
    }
}

/// Writes the results of the messages, in their order.
struct Report {
    summary: Summary,
    outcome: Outcome,
    progress: Progress,
}

impl Report {
    fn new(arguments: &Judge) -> Self {
        let is_typed = io::stdin().is_terminal() && Messages::read_input(&arguments.inputs);
        let is_free = arguments.summary || !io::stdout().is_terminal();
        let shown = io::stderr().is_terminal() && is_free && !is_typed;
        Self { summary: Summary::default(), outcome: Outcome::Good, progress: Progress::new("messages", shown) }
    }

    fn add(&mut self, judged: Result<Judged, fmt::Error>) -> Result<(), Error> {
        let judged = judged?;
        let Answer { out, notes, outcome } = judged.answer;
        self.outcome = self.outcome.max(outcome);
        self.summary.messages += judged.messages;
        self.summary.unreadable += judged.unreadable;
        judged.tallies.into_iter().for_each(|tally| self.summary.add(tally));
        print(&out.0)?;
        self.progress.note(&notes.0, &mut io::stderr());
        self.progress.add(judged.messages, judged.octets, &mut io::stderr());
        Ok(())
    }

    fn end(mut self, arguments: &Judge) -> Result<Outcome, Error> {
        self.progress.clear(&mut io::stderr());
        if arguments.summary {
            let mut answer = Answer::default();
            let written = if arguments.verifying.output.json {
                answer.json(&self.summary.object()).map(|()| answer.out.raw(b"\n"))
            } else {
                self.summary.write(&mut answer.out)
            };
            written?;
            print(&answer.out.0)?;
        }
        Ok(self.outcome)
    }
}
