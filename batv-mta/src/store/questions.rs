//! Questions of a ruling, put to the counters and the store.

use batv_core::{Day, Mailbox};
use batv_policy::{Answers, HandleAnswer, Question, SentAnswer};

use super::alias::{self, Alias};
use super::{Wait, guesses, replay, sent};
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
    sent: SentAnswer,
    handle: Option<Alias>,
}

impl Answered {
    /// Answers for the ruling.
    pub(crate) fn answers(&self) -> Answers<'_> {
        let Self { too_many_bounces, too_many_wrong_tags, replayed, sent, ref handle } = *self;
        let handle = match handle {
            Some(Alias::Of(sender)) => Mailbox::parse(sender).map_or(HandleAnswer::None, HandleAnswer::Of),
            Some(Alias::Unanswered) => HandleAnswer::Unanswered,
            Some(Alias::No | Alias::Forgotten) | None => HandleAnswer::None,
        };
        Answers { too_many_bounces, too_many_wrong_tags, handle, replayed, sent, ..Answers::default() }
    }
}

impl Asking<'_> {
    /// Asks one question after the other, until the client exceeds a limit. Metrics count the limits that are met.
    pub(crate) fn ask<'q, 'a>(&self, questions: impl Iterator<Item = Question<'q, 'a>>) -> Answered {
        let Self { settings, today, wait, .. } = *self;
        let mut answered = Answered::default();
        for question in questions {
            match question {
                Question::Bounces => {
                    let bounces = &settings.store().bounces;
                    let is_over = |client| {
                        bounces.are_too_many(self.listener, client, settings.config().limits.bounces_per_minute)
                    };
                    answered.too_many_bounces = self.client.address.is_some_and(is_over);
                }
                Question::WrongTags { mailbox, is_wrong } => {
                    answered.too_many_wrong_tags =
                        self.guesses || guesses::are_too_many(self.client.address, &mailbox, is_wrong, settings, wait);
                }
                Question::Handle(mailbox) => answered.handle = Some(alias::resolve(&mailbox, settings, wait)),
                Question::Replay { tagged, mailbox, days_left } => {
                    answered.replayed = replay::is_replayed(&tagged, &mailbox, days_left, settings, wait);
                }
                Question::Sent { query, sender } => {
                    answered.sent = sent::look_up(query, &sender, settings, today, wait);
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
        ] {
            if is_met {
                settings.metrics().count_limit(limit);
            }
        }
        answered
    }
}
