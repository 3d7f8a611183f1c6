//! Tags, SRS addresses and messages whose bounces are replayed.

use batv_core::mark::{self, MessageDigest};
use batv_core::{Key, Mailbox};
use batv_policy::Replayed;
use batv_store::{Answer, Operation, counter};

use super::{Wait, counting_key};
use crate::settings::Settings;

const DAY_SECONDS: u64 = 86_400;

/// Counts a bounce to a good tag or SRS address, which is accepted for `days_left` more days; returns whether it was the
/// first one, and whether there were too many.
pub(crate) fn count_tag(address: &Replayed<'_>, days_left: u32, settings: &Settings, wait: &Wait) -> (bool, bool) {
    let address = address.to_string();
    let answer = count(days_left, |key, expires| counter::bounce(key, &address, expires), settings, wait);
    let most = settings.config().store.bounces_per_tag;
    (answer == Some(Answer::Total(1)), answer.is_some_and(|answer| most > 0 && counter::is_replayed(&answer, most)))
}

/// Counts a bounce of a message of ours to this mailbox; returns whether there were too many.
pub(crate) fn is_message_replayed(
    message: &MessageDigest,
    mailbox: &Mailbox<'_>,
    settings: &Settings,
    wait: &Wait,
) -> bool {
    let most = settings.config().store.bounces_per_message;
    if most == 0 {
        return false;
    }
    let days = mark::proof_days(settings.keys(), mailbox).unsigned_abs();
    let answer = count(days, |key, expires| counter::bounce_of(key, message, expires), settings, wait);
    answer.is_some_and(|answer| counter::is_replayed(&answer, most))
}

fn count(days: u32, count: impl Fn(&Key, u64) -> Operation, settings: &Settings, wait: &Wait) -> Option<Answer> {
    let expires = super::now() + (u64::from(days) + 1) * DAY_SECONDS;
    let answers = settings.store().count(vec![count(counting_key(settings.keys())?, expires)], wait);
    answers?.into_iter().next()
}
