//! `batv may-bounce`

use core::fmt::{self, Write as _};
use std::io::{self, Read};

use batv_bounce::auto_reply;
use batv_bounce::header::{fields, without_envelope_line};
use batv_bounce::trusted_results::TrustedResults;
use batv_core::{Day, KeySet, Path, tag};
use batv_policy::{BounceAnswer, BouncePolicy, BounceQuestion, MayBounce as May, NoticeKind, Notify, may_bounce};
use clap::{Args, ValueEnum};

use crate::answer::{Answer, Line, Outcome};
use crate::error::Error;
use crate::explain::Explanation;
use crate::flags::values::{mailbox, path, pattern};
use crate::flags::{Verifying, patterns};
use crate::json::object;
use crate::messages::standard_input;

/// Octets of a message in which its header is looked for at most.
const HEADER_LIMIT: u64 = 16 * 1024 * 1024;

/// Decide whether the sender of a message may be sent a bounce or an automatic reply
///
/// Reads the message from standard input, and prints the answer, a tab, and the reason. A reply to a forged sender reaches an
/// innocent third party, so the sender must be proved: by the Authentication-Results of your own border server, whose name is
/// given with --authserv-id; or, for your own senders, by a valid tag or an authenticated client. Your border server must remove
/// such fields from incoming mail. Send what may be sent from `<>`, and only to the sender.
///
/// Answers: yes, no, hold, reject-first (reject the message instead, while the client waits for a reply).
#[derive(Args, Debug)]
#[command(after_help = "\
Exit status:
  0  it may be sent
  1  it may not, or not yet
  2  wrong usage, unknown sender, or unreadable keyring

Examples:
  batv may-bounce --from alice@example.org --authserv-id mx.example.com < message.eml
  batv may-bounce --kind reply --authserv-id mx.example.com --protected example.com --explain < message.eml")]
pub(crate) struct MayBounce {
    /// Sender of the message (MAIL FROM) [default: from Return-Path]
    #[arg(long, value_name = "PATH", allow_hyphen_values = true, value_parser = path)]
    from: Option<String>,
    /// Recipient that the bounce is about (RCPT TO); only repeated in the output of --json
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true, value_parser = mailbox)]
    to: Option<String>,
    /// What would be sent
    #[arg(long, value_enum, default_value_t)]
    kind: Kind,
    /// Notifications that the sender requested (NOTIFY): NEVER, or a list of SUCCESS, FAILURE and DELAY separated by commas
    #[arg(long, value_name = "NOTIFY")]
    notify: Option<Notify>,
    /// Name under which your border server writes Authentication-Results (repeatable); other names are ignored
    #[arg(long = "authserv-id", value_name = "NAME")]
    authserv_ids: Vec<String>,
    /// Domain whose ARC seals are trusted (repeatable)
    #[arg(long = "trust-sealer", value_name = "DOMAIN")]
    sealers: Vec<String>,
    /// Domain or mailbox of your own (repeatable): a sender there needs a valid tag or an authenticated client
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    protected: Vec<String>,
    /// Domain or mailbox that receives bounces without proof (repeatable)
    #[arg(long = "allow", value_name = "PATTERN", value_parser = pattern)]
    allowed: Vec<String>,
    /// Domain or mailbox that stands for the null sender, such as `double-bounce@…` (repeatable)
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    double_bounce: Vec<String>,
    /// If the sender is neither proved nor disproved, answer hold instead of no
    #[arg(long)]
    hold: bool,
    /// The client has authenticated, or is one of your own hosts
    #[arg(long)]
    authenticated: bool,
    /// The client still waits for a reply, so the message can be rejected instead
    #[arg(long)]
    can_reject: bool,
    /// A filter considers the message spam or malware
    #[arg(long)]
    hostile: bool,
    /// The domain of the sender accepts no mail: it has a null MX, or neither MX nor address records
    #[arg(long)]
    unroutable: bool,
    /// Explain the answer on standard error, step by step
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    verifying: Verifying,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
enum Kind {
    /// A bounce: a report that the message was not delivered
    #[default]
    Report,
    /// An automatic reply, such as a vacation notice or a receipt
    Reply,
}

pub(crate) fn run(arguments: &MayBounce) -> Result<Outcome, Error> {
    let today = arguments.verifying.clock.today()?;
    let keyring = match arguments.verifying.keys.load(arguments.verifying.lifetime) {
        Err(Error::NoKeyring) => None,
        result => Some(result?),
    };
    let keys = keyring.as_ref().map(|keyring| keyring.keys());
    let no_keys = KeySet::default();
    let (ours, allowed) = (patterns(&arguments.protected)?, patterns(&arguments.allowed)?);
    let double_bounce = patterns(&arguments.double_bounce)?;
    let policy = BouncePolicy {
        ours: &ours,
        authserv_ids: &arguments.authserv_ids,
        trusted_sealers: &arguments.sealers,
        allowed: &allowed,
        double_bounce: &double_bounce,
        hold_unproved: arguments.hold,
    };

    let message = read_header()?;
    let header = without_envelope_line(&message);
    let returned = arguments.from.is_none().then(|| return_path(header)).flatten();
    let sender = arguments.from.as_ref().or(returned.as_ref()).ok_or_else(no_sender)?;
    // Unlike the option, the field has not been parsed yet.
    let mut question = arguments.question(Path::parse(sender).map_err(|_| no_sender())?, header);
    if let (Some(keys), Path::Mailbox(mailbox)) = (keys, &question.reverse_path) {
        question.tag = Some(tag::verify(keys, mailbox, today).verdict);
    }

    let found = may_bounce(&question, &policy);
    let mut answer = Answer::default();
    arguments.write(&question, &found, &mut answer)?;
    if arguments.explain {
        explain(&question, &policy, &found, keys.unwrap_or(&no_keys), today, &mut answer)?;
    }
    answer.print()?;
    Ok(if found.may == May::Yes { Outcome::Good } else { Outcome::Refused })
}

impl MayBounce {
    fn question<'a>(&self, reverse_path: Path<'a>, header: &'a [u8]) -> BounceQuestion<'a> {
        BounceQuestion {
            reverse_path,
            kind: match self.kind {
                Kind::Report => NoticeKind::NonDelivery,
                Kind::Reply => NoticeKind::AutomaticReply,
            },
            header,
            notify: self.notify,
            answerable_in_smtp: self.can_reject,
            own_client: self.authenticated,
            tag: None,
            hostile: self.hostile,
            unroutable: self.unroutable,
        }
    }

    fn write(&self, question: &BounceQuestion<'_>, found: &BounceAnswer, answer: &mut Answer) -> fmt::Result {
        if self.verifying.output.json {
            answer.json(&object! {
                reverse_path: question.reverse_path.to_string(),
                forward_path: self.to.as_deref(),
                may_bounce: found.may.as_str(),
                reason: found.reason.as_str(),
                row: found.row,
                words: found.words,
            })?;
        } else {
            write!(answer.out, "{}\t{}", found.may, found.reason)?;
        }
        answer.out.raw(b"\n");
        Ok(())
    }
}

fn no_sender() -> Error {
    Error::Usage("the sender is unknown: there is no Return-Path, so use --from".to_owned())
}

/// Reads the header from standard input, and discards the body: its writer must not get a broken pipe.
fn read_header() -> Result<Vec<u8>, Error> {
    let mut input = standard_input().lock();
    let mut message = Vec::new();
    input.by_ref().take(HEADER_LIMIT).read_to_end(&mut message).map_err(Error::Input)?;
    io::copy(&mut input, &mut io::sink()).map_err(Error::Input)?;
    Ok(message)
}

fn return_path(header: &[u8]) -> Option<String> {
    fields(header).find(|field| field.is("Return-Path")).map(|field| field.text())
}

fn explain(
    question: &BounceQuestion<'_>,
    policy: &BouncePolicy<'_, String>,
    found: &BounceAnswer,
    keys: &KeySet,
    today: Day,
    answer: &mut Answer,
) -> fmt::Result {
    let sender = question.reverse_path.to_string();
    let mut explanation = Explanation::begin(&mut answer.notes, &Line::named(&sender), keys, today)?;
    if let Some(verdict) = question.tag {
        explanation.step("tag", verdict)?;
    }
    if let Path::Mailbox(mailbox) = &question.reverse_path {
        let results = TrustedResults::of(question.header, policy.authserv_ids);
        let number = results.len();
        explanation.step("results", format_args!("{number} from trusted servers"))?;
        let domain = mailbox.domain();
        let domain = domain.as_str();
        for (method, outcome) in [
            ("SPF", results.spf(domain)),
            ("DKIM", results.dkim(domain)),
            ("DMARC", results.dmarc(domain)),
            ("ARC", results.arc()),
        ] {
            if let Some(outcome) = outcome {
                explanation.step(method, outcome.as_str())?;
            }
        }
    }
    if let Some(sign) = auto_reply::sign(&question.reverse_path, question.header) {
        explanation.step("automatic", sign)?;
    }
    explanation.step("row", format_args!("{}: {}", found.row, found.words))?;
    explanation.step("therefore", format_args!("{} ({})", found.may, found.reason))
}
