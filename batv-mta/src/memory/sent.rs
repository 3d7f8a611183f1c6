//! The log of what was sent.

use batv_bounce::{Claims, Class, Origin, Proof};
use batv_core::{Day, Mailbox, prvs};
use batv_store::sent::{self, Question};

use super::Wait;
use crate::settings::Settings;

/// Whether it is kept.
pub(crate) fn is_kept(settings: &Settings) -> bool {
    settings.memory().is_there() && settings.config().store.sent_days > 0
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
    settings.memory().ask(operations, wait);
}

/// What the log makes of a message of this class, of which nothing else proves whose message it is about.
pub(crate) fn origin(
    class: Class,
    claims: &Claims,
    recipient: &Mailbox<'_>,
    origin: Origin,
    settings: &Settings,
    today: Day,
    wait: &Wait,
) -> Origin {
    let asks =
        class.is_bounce() || matches!(class, Class::Mdn | Class::AutoReply | Class::Challenge | Class::VirusNotice);
    if !asks || claims.is_empty() || !is_kept(settings) {
        return origin;
    }
    match (look_up(claims, recipient, settings, today, wait), origin) {
        (Some(Found::Sent), _) => Origin::Proved(Proof::SentLog),
        (Some(Found::ToOthers), _) => Origin::Hinted,
        (Some(Found::Nothing), origin) => origin,
        // What the log might have proved is not disproved for want of an answer.
        (None, Origin::Disproved) => Origin::Unknown,
        (None, origin) => origin,
    }
}

enum Found {
    /// It was sent to a recipient whom the message names.
    Sent,
    /// It was sent, but perhaps not to whom it is said to have been.
    ToOthers,
    Nothing,
}

/// `None` when the store doesn't answer.
fn look_up(claims: &Claims, recipient: &Mailbox<'_>, settings: &Settings, today: Day, wait: &Wait) -> Option<Found> {
    let bare = |text: &String| {
        let mailbox = Mailbox::parse(text).ok()?;
        Some(prvs::verify(settings.keys(), &mailbox, today).mailbox.to_string())
    };
    // Whoever was written to with a tag of ours is one of ours, and known without it.
    let recipients: Vec<String> = claims.recipients.iter().filter_map(bare).collect();
    let recipients: Vec<Mailbox<'_>> = recipients.iter().filter_map(|text| Mailbox::parse(text).ok()).collect();
    let questions: Vec<Question> = claims
        .message_ids
        .iter()
        .map(|id| Question::new(settings.keys(), id.as_bytes(), recipient, &recipients))
        .collect();
    let answers = settings.memory().ask(questions.iter().flat_map(Question::operations).collect(), wait)?;
    let mut rest = answers.as_slice();
    let mut is_known = false;
    for question in &questions {
        let (of_it, others) = rest.split_at_checked(question.operations().len())?;
        rest = others;
        let findings = question.findings(of_it);
        if findings.recipients.iter().any(Option::is_some) {
            return Some(Found::Sent);
        }
        is_known |= findings.message.is_some();
    }
    Some(if is_known { Found::ToOthers } else { Found::Nothing })
}
