//! Questions of a ruling, put to the counters and the store.

use batv_core::envelope::{Reason, Stage};
use batv_core::{Day, Mailbox, MailboxBuf};
use batv_policy::{Answers, HandleAnswer, Question, Ruling, SentAnswer, TagPlace};
use batv_store::counter::Networks;
use batv_store::guesses::Guess;
use tracing::info;

use super::alias::{self, Alias};
use super::{Wait, guesses, record, replay, sent};
use crate::client::Client;
use crate::protocol::Protocol;
use crate::settings::Settings;

/// Context of the questions: a message, or a request by itself.
pub(crate) struct Asking<'s> {
    pub(crate) listener: Protocol,
    pub(crate) client: &'s Client,
    pub(crate) settings: &'s Settings,
    pub(crate) today: Day,
    pub(crate) wait: &'s Wait,
    /// Whether the client was found guessing tags before, in the same message.
    pub(crate) guesses: bool,
}

/// Answers, with the texts that they refer to.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    too_many_bounces: bool,
    /// Whether the client may be guessing tags.
    pub(crate) too_many_wrong_tags: bool,
    replayed: bool,
    /// Whether this is the first bounce that brings its tag or SRS address.
    is_first: bool,
    proof_replayed: bool,
    sent: SentAnswer,
    handle: Option<Alias>,
}

impl Answered {
    /// Answers for the ruling.
    pub(crate) fn answers(&self) -> Answers<'_> {
        let Self { too_many_bounces, too_many_wrong_tags, replayed, proof_replayed, sent, ref handle, .. } = *self;
        let handle = match handle {
            Some(Alias::Of(sender)) => Mailbox::parse(sender).map_or(HandleAnswer::None, HandleAnswer::Of),
            Some(Alias::Unanswered) => HandleAnswer::Unanswered,
            Some(Alias::No | Alias::Forgotten) | None => HandleAnswer::None,
        };
        Answers { too_many_bounces, too_many_wrong_tags, handle, replayed, proof_replayed, sent, ..Answers::default() }
    }

    /// Sender behind the handle that the recipient is.
    fn long_sender(&self) -> Option<MailboxBuf> {
        match &self.handle {
            Some(Alias::Of(sender)) => MailboxBuf::parse(sender).ok(),
            _ => None,
        }
    }
}

impl Asking<'_> {
    /// Asks one question after the other, until the client exceeds a limit. Metrics count the limits that are met.
    pub(crate) fn ask<'q>(&self, questions: impl Iterator<Item = Question<'q>>) -> Answered {
        let Self { settings, today, wait, .. } = *self;
        let mut answered = Answered::default();
        for question in questions {
            match question {
                Question::Bounces(stage) => answered.too_many_bounces = self.are_too_many_bounces(stage),
                Question::WrongTags { mailbox, place, is_wrong, spellings } => {
                    let guess = Guess { is_wrong, spellings };
                    answered.too_many_wrong_tags = self.guesses
                        || guesses::are_too_many(self.client.address, &mailbox, place, guess, settings, wait);
                    if is_wrong {
                        self.note_wrong_tag(&mailbox, place);
                    }
                }
                Question::Handle(mailbox) => answered.handle = Some(alias::resolve(&mailbox, settings, wait)),
                Question::Replay { address, days_left } => {
                    (answered.is_first, answered.replayed) = replay::count_tag(&address, days_left, settings, wait);
                }
                Question::ProofReplay { message, mailbox } => {
                    let long = answered.long_sender();
                    let mailbox = long.as_ref().map_or(mailbox, MailboxBuf::as_mailbox);
                    answered.proof_replayed = replay::is_message_replayed(&message, &mailbox, settings, wait);
                }
                Question::Sent { query, sender } => {
                    let long = answered.long_sender();
                    let sender = long.as_ref().map_or(sender, MailboxBuf::as_mailbox);
                    let sent::Found { answer, message } = sent::look_up(query, &sender, settings, today, wait);
                    answered.sent = answer;
                    answered.proof_replayed =
                        message.is_some_and(|message| replay::is_message_replayed(&message, &sender, settings, wait));
                }
                _ => {}
            }
            if answered.too_many_bounces || answered.too_many_wrong_tags {
                break;
            }
        }
        for (is_met, limit) in [
            (answered.too_many_bounces, "bounces_per_minute"),
            (answered.too_many_wrong_tags, "wrong_tags"),
            (answered.replayed, "bounces_per_tag"),
            (answered.proof_replayed, "bounces_per_message"),
        ] {
            if is_met {
                settings.metrics().count_limit(limit);
            }
        }
        answered
    }

    /// Gives the client a good record if the recipient has a good tag or SRS address, nothing in the message speaks
    /// against it, and nobody brought a bounce to it before.
    pub(crate) fn earn_record(&self, answered: &Answered, ruling: &Ruling<'_>) {
        if answered.is_first && matches!(ruling.reason, Reason::TagOk | Reason::SrsOk) {
            record::earn(self.client.address, self.settings, self.wait);
        }
    }

    /// Counts a wrong tag. The log shows one of a recipient in its decision.
    fn note_wrong_tag(&self, mailbox: &Mailbox<'_>, place: TagPlace) {
        let place = match place {
            TagPlace::Recipient => "recipient",
            TagPlace::Srs => "srs",
            TagPlace::Returned => {
                info!(client = %self.client, of = %mailbox, "forged tag in a returned header");
                "returned"
            }
        };
        self.settings.metrics().count_wrong_tag(self.listener, place);
    }

    /// Whether the client's network brings too many bounces, and the client as many by itself if it has a good record. A bounce
    /// counts where it can no longer be a question whether the mailbox exists.
    fn are_too_many_bounces(&self, stage: Stage) -> bool {
        let (Self { listener, settings, wait, .. }, Some(client)) = (self, self.client.address) else { return false };
        let sees_messages = match listener {
            Protocol::Policy => false,
            // Its callers ask again at the end of DATA if messages are judged.
            Protocol::Line => settings.config().site.messages.judge,
            _ => true,
        };
        let by = u32::from(stage == Stage::EndOfData || !sees_messages);
        let (bounces, most) = (&settings.store().bounces, settings.config().limits.bounces_per_minute);
        bounces.are_too_many(*listener, Networks::default().of(client), by, most)
            && (!record::is_good(client, settings, wait)
                || bounces.are_too_many(*listener, Networks::HOST.of(client), by, most))
    }
}
