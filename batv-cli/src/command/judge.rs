//! `batv judge`

mod fields;
mod summary;

use core::fmt::{self, Write as _};
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path as FilePath;

use batv_bounce::dkim::PublicKey;
use batv_bounce::{Class, Evidence, Limits, Origin, Reading, read};
use batv_core::envelope::{Envelope, Mode, Stage, Verdict};
use batv_core::{Day, Mailbox, Path};
use batv_policy::{Answers, Delivery, MessageRules, Rules, Ruling, View};

use self::summary::{Cause, Summary, Tally};
use super::patterns;
use crate::answer::{Answer, Line, Outcome};
use crate::cli;
use crate::error::Error;
use crate::explain::Explanation;
use crate::json;
use crate::messages::{Message, Messages, Unreadable, batches};
use crate::progress::Progress;
use crate::turns;

/// The reason for which a message whose recipient nobody tells can't be judged.
const NO_RECIPIENT: &str = "no-recipient";

pub(crate) fn run(arguments: &cli::Judge) -> Result<Outcome, Error> {
    let today = arguments.asked.clock.today()?;
    let keyring = arguments.asked.keys.load(arguments.asked.lifetime)?;
    let messages = MessageRules {
        marked_since: arguments.marked_since,
        hosts: arguments.hosts.clone(),
        dkim_keys: arguments.dkim_keys.iter().map(|key| dkim_key(key)).collect::<Result<_, _>>()?,
        authserv_ids: arguments.authserv_ids.clone(),
        report_recipients: patterns(&arguments.report_recipients)?,
        hold_receipts: arguments.hold_receipts,
        reject_daemon_senders: arguments.reject_daemon_senders,
        reject_unverified: arguments.reject_unverified,
        ..MessageRules::default()
    };
    let rules = Rules { messages, ..arguments.policy.rules()? };
    let mut limits = Limits::default();
    limits.octets = usize::try_from(arguments.max_octets).unwrap_or(usize::MAX);
    let judge = Judge {
        site: View::new(keyring.keys(), &rules),
        today,
        as_received: arguments.as_received,
        limits,
        from: arguments.from.as_deref().map(Path::parse).transpose()?,
        to: arguments.to.as_deref().map(Mailbox::parse).transpose()?,
        show: match (arguments.summary, arguments.asked.output.json) {
            (true, _) => Show::Nothing,
            (false, true) => Show::Json,
            (false, false) => Show::Plain,
        },
        explain: arguments.explain,
    };
    let messages = Messages::new(arguments.inputs.clone(), limits.octets);
    let mut report = Report::new(arguments);
    turns::in_order(batches(messages), |batch| judge.judge_batch(batch), |judged| report.add(judged))?;
    report.end(arguments)
}

/// Reads `DOMAIN:SELECTOR:FILE`.
fn dkim_key(text: &str) -> Result<PublicKey, Error> {
    let mut pieces = text.splitn(3, ':');
    let (Some(domain), Some(selector), Some(file)) = (pieces.next(), pieces.next(), pieces.next()) else {
        return Err(Error::Usage(format!("--dkim-key {text}: must be like example.com:selector:FILE")));
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

struct Judge<'k> {
    site: View<'k>,
    today: Day,
    as_received: bool,
    limits: Limits,
    from: Option<Path<'k>>,
    to: Option<Mailbox<'k>>,
    show: Show,
    explain: bool,
}

/// What came of some messages.
#[derive(Default)]
struct Judged {
    answer: Answer,
    tallies: Vec<Tally>,
    messages: u64,
    unreadable: u64,
    octets: usize,
}

impl Judge<'_> {
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
        let sender = self.from.is_none().then(|| reading.field("Return-Path")).flatten();
        let reverse_path = self.from.or_else(|| Path::parse(sender.as_ref()?.trim()).ok());
        let recipient = self.to.is_none().then(|| fields::recipient(&reading)).flatten();
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
                answer.json(&found.object(self.explain))?;
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
            (None, Some(Path::Null)) => explanation.step("sender", "not known; what this is comes from <>")?,
            (None, _) => explanation.step("sender", "not known")?,
        }
        for seen in evidence {
            explanation.step("seen", shown(seen))?;
        }
        if *cut {
            explanation.step("seen", "only the beginning: it is longer than what is read")?;
        }
        match action {
            Some(action) => explanation.step("class", format_args!("{class}, {action}"))?,
            None => explanation.step("class", class)?,
        }
        let Some(Ruled { envelope, case, ruling }) = &judged.ruled else {
            explanation.step("recipient", "not known: no field tells it, and --to is not given")?;
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
            None => explanation.step("row", "none: as the envelope says")?,
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
    // RFC 3464 §2 and RFC 8098 §3: it is null. For all else it is enough that it is not.
    let is_null = || reading.class.is_bounce() || reading.class == Class::Mdn;
    let unknown = || if is_null() { Path::Null } else { Path::Mailbox(forward_path) };
    let mut envelope = Envelope::new(reverse_path.unwrap_or_else(unknown), forward_path);
    envelope.stage = Stage::EndOfData;
    envelope
}

/// One message, and what was found.
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

    fn object(&self, explain: bool) -> json::Judged<'_> {
        let Reading { class, action, report, original, cut, .. } = self.reading;
        let original_id = original.as_ref().and_then(|original| original.field("Message-ID"));
        let recipient = report.recipients.first();
        let evidence = || {
            let found = self.ruled.iter().flat_map(|ruled| ruled.case.evidence());
            self.reading.evidence.iter().chain(found).map(Evidence::to_string).collect()
        };
        let ruling = self.ruling();
        json::Judged {
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
            original: original.as_ref().map(|original| original.form.as_str()),
            message_id: original_id.or_else(|| report.original_message_id.clone()),
            final_recipient: recipient.and_then(|recipient| recipient.final_recipient.as_deref()),
            status: recipient.and_then(|recipient| recipient.status.as_deref()),
            cut: *cut,
            evidence: explain.then(evidence),
        }
    }
}

/// For a terminal, which must not take what a message says for a command.
fn shown(text: impl fmt::Display) -> String {
    Line::named(&text.to_string()).shown()
}

/// Takes what came of the messages, in their order.
struct Report {
    summary: Summary,
    outcome: Outcome,
    progress: Option<Progress>,
}

impl Report {
    fn new(arguments: &cli::Judge) -> Self {
        let is_typed = io::stdin().is_terminal() && Messages::read_input(&arguments.inputs);
        let is_free = arguments.summary || !io::stdout().is_terminal();
        let shown = io::stderr().is_terminal() && is_free && !is_typed;
        Self { summary: Summary::default(), outcome: Outcome::Good, progress: shown.then(|| Progress::new("messages")) }
    }

    fn add(&mut self, judged: Result<Judged, fmt::Error>) -> Result<(), Error> {
        let judged = judged.map_err(io::Error::other).map_err(Error::Output)?;
        let Answer { out, notes, outcome } = judged.answer;
        self.outcome = self.outcome.max(outcome);
        self.summary.messages += judged.messages;
        self.summary.unreadable += judged.unreadable;
        judged.tallies.into_iter().for_each(|tally| self.summary.add(tally));
        write_out(&out.0)?;
        let mut terminal = io::stderr();
        if let Some(progress) = &mut self.progress {
            if !notes.0.is_empty() {
                progress.clear(&mut terminal);
            }
            progress.add(judged.messages, judged.octets, &mut terminal);
        }
        // Whoever closes standard error does not want to be told.
        let _ = terminal.write_all(&notes.0);
        Ok(())
    }

    fn end(mut self, arguments: &cli::Judge) -> Result<Outcome, Error> {
        if let Some(progress) = &mut self.progress {
            progress.clear(&mut io::stderr());
        }
        if arguments.summary {
            let mut answer = Answer::default();
            let written = if arguments.asked.output.json {
                answer.json(&self.summary.object()).map(|()| answer.out.raw(b"\n"))
            } else {
                self.summary.write(&mut answer.out)
            };
            written.map_err(io::Error::other).map_err(Error::Output)?;
            write_out(&answer.out.0)?;
        }
        Ok(self.outcome)
    }
}

fn write_out(octets: &[u8]) -> Result<(), Error> {
    let mut output = io::stdout().lock();
    output.write_all(octets).and_then(|()| output.flush()).map_err(Error::Output)
}
