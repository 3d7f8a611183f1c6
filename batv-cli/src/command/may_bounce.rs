//! `batv may-bounce`

use core::fmt::{self, Write as _};
use std::io::{self, Read, Write};

use batv_bounce::auto_reply;
use batv_bounce::header::{fields, without_envelope_line};
use batv_bounce::may_bounce::{self, May, Policy, Question, may_bounce};
use batv_bounce::trusted_results::TrustedResults;
use batv_core::{Day, Key, Path, tag};

use super::patterns;
use crate::answer::{Answer, Line, Outcome};
use crate::cli::{Kind, MayBounce};
use crate::error::Error;
use crate::explain::Explanation;
use crate::json;
use crate::messages::standard_input;

/// The most octets of a message in which its header is looked for.
const HEADER_LIMIT: u64 = 16 * 1024 * 1024;

pub(crate) fn run(arguments: &MayBounce) -> Result<Outcome, Error> {
    let today = arguments.asked.clock.today()?;
    let keyring = match arguments.asked.keys.load(arguments.asked.lifetime) {
        Err(Error::NoKeyring) => None,
        result => Some(result?),
    };
    let keys = keyring.as_ref().map(|keyring| keyring.keys());
    let (ours, allowed) = (patterns(&arguments.protected)?, patterns(&arguments.allowed)?);
    let double_bounce = patterns(&arguments.double_bounce)?;
    let mut policy = Policy::default();
    policy.ours = &ours;
    policy.authserv_ids = &arguments.authserv_ids;
    policy.trusted_sealers = &arguments.sealers;
    policy.allowed = &allowed;
    policy.double_bounce = &double_bounce;
    policy.hold_unproved = arguments.hold;

    let message = read_header()?;
    let header = without_envelope_line(&message);
    let returned = arguments.from.is_none().then(|| return_path(header)).flatten();
    let sender = arguments.from.as_ref().or(returned.as_ref()).ok_or_else(no_sender)?;
    // Of the field nobody knows what stands there.
    let reverse_path = Path::parse(sender).map_err(|_| no_sender())?;
    let mut question = Question::new(reverse_path);
    question.kind = match arguments.kind {
        Kind::Report => may_bounce::Kind::NonDelivery,
        Kind::Reply => may_bounce::Kind::AutomaticReply,
    };
    question.header = header;
    question.notify = arguments.notify;
    question.answerable_in_smtp = arguments.can_reject;
    question.own_client = arguments.authenticated;
    question.hostile = arguments.hostile;
    question.unroutable = arguments.unroutable;
    if let (Some(keys), Path::Mailbox(mailbox)) = (keys, &reverse_path) {
        question.tag = Some(tag::verify(keys, mailbox, today).verdict);
    }

    let found = may_bounce(&question, &policy);
    let mut answer = Answer::default();
    let written = (|| {
        if arguments.asked.output.json {
            answer.json(&json::MayBounce {
                reverse_path: reverse_path.to_string(),
                forward_path: arguments.to.as_deref(),
                may_bounce: found.may.as_str(),
                reason: found.reason.as_str(),
                row: found.row,
                words: found.words,
            })?;
        } else {
            write!(answer.out, "{}\t{}", found.may, found.reason)?;
        }
        answer.out.raw(b"\n");
        if !arguments.explain {
            return Ok(());
        }
        explain(&question, &policy, &found, keys.unwrap_or_default(), today, &mut answer)
    })();
    written.map_err(io::Error::other).map_err(Error::Output)?;
    let mut output = io::stdout().lock();
    output.write_all(&answer.out.0).and_then(|()| output.flush()).map_err(Error::Output)?;
    // Whoever closes standard error does not want to be told.
    let _ = io::stderr().write_all(&answer.notes.0);
    Ok(if found.may == May::Yes { Outcome::Good } else { Outcome::Refused })
}

fn no_sender() -> Error {
    Error::Usage("the sender is not known: name it with --from, or let Return-Path tell it".to_owned())
}

/// Reads the header from standard input, and lets the body pass: who writes it must not find nobody there.
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
    question: &Question<'_>,
    policy: &Policy<'_, String>,
    found: &may_bounce::Answer,
    keys: &[Key],
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
        let number = results.fields.len();
        explanation.step("results", format_args!("{number} of the servers that are trusted"))?;
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
