//! Sent log.

use batv_bounce::SentQuery;
use batv_core::mark::{self, MessageDigest};
use batv_core::{Day, Mailbox, tag};
use batv_policy::SentAnswer;
use batv_store::sent::{self, Question};

use super::Wait;
use crate::settings::Settings;

/// Whether there is a sent log.
pub(crate) fn is_kept(settings: &Settings) -> bool {
    settings.store().is_there() && settings.config().store.sent_days > 0
}

/// Remembers a message that leaves.
pub(crate) fn remember(
    message_id: &[u8],
    sender: &Mailbox<'_>,
    recipients: &[Mailbox<'_>],
    settings: &Settings,
    today: Day,
    wait: &Wait,
) {
    if !is_kept(settings) {
        return;
    }
    let days = settings.config().store.sent_days;
    let operations = sent::remember(settings.keys(), message_id, sender, recipients, today, days);
    settings.store().ask(operations, wait);
}

/// Looks up the message that a bounce, a receipt or a reply is about.
pub(crate) fn look_up(query: &SentQuery, sender: &Mailbox<'_>, settings: &Settings, today: Day, wait: &Wait) -> Found {
    if !is_kept(settings) {
        return Found::from(SentAnswer::NotAsked);
    }
    ask(query, sender, settings, today, wait).unwrap_or(SentAnswer::Unanswered.into())
}

/// Answer of the sent log.
pub(crate) struct Found {
    pub(crate) answer: SentAnswer,
    /// The message that was found.
    pub(crate) message: Option<MessageDigest>,
}

impl From<SentAnswer> for Found {
    fn from(answer: SentAnswer) -> Self {
        Self { answer, message: None }
    }
}

/// Answer of the store; `None` when there is none.
fn ask(query: &SentQuery, sender: &Mailbox<'_>, settings: &Settings, today: Day, wait: &Wait) -> Option<Found> {
    let bare = |text: &String| {
        let mailbox = Mailbox::parse(text).ok()?;
        Some(tag::verify(settings.keys(), &mailbox, today).mailbox.to_string())
    };
    // Recipients with our tags are our own mailboxes, and are remembered without them.
    let recipients: Vec<String> = query.recipients.iter().filter_map(bare).collect();
    let recipients: Vec<Mailbox<'_>> = recipients.iter().filter_map(|text| Mailbox::parse(text).ok()).collect();
    let questions: Vec<Question> =
        query.message_ids.iter().map(|id| Question::new(settings.keys(), id.as_bytes(), sender, &recipients)).collect();
    let answers = settings.store().ask(questions.iter().flat_map(Question::operations).collect(), wait)?;
    let mut rest = answers.as_slice();
    let mut is_known = false;
    let proof_days = mark::proof_days(settings.keys(), sender);
    // The log may keep entries for longer than they prove something.
    let is_recent = |day: &Day| today.since(*day) <= proof_days;
    for (question, message_id) in questions.iter().zip(&query.message_ids) {
        let (of_it, others) = rest.split_at_checked(question.operations().len())?;
        rest = others;
        let findings = question.findings(of_it);
        if findings.recipients.iter().flatten().any(is_recent) {
            let message = Some(MessageDigest::of(message_id.as_bytes()));
            return Some(Found { answer: SentAnswer::Yes, message });
        }
        is_known |= findings.message.as_ref().is_some_and(is_recent);
    }
    Some(if is_known { SentAnswer::ToOthers } else { SentAnswer::No }.into())
}
