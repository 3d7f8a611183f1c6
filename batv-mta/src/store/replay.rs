//! Tags, SRS addresses and messages whose bounces are replayed.

use batv_core::mark::{self, MessageDigest};
use batv_core::{Key, Mailbox};
use batv_store::{Operation, counter};

use super::{Wait, counting_key};
use crate::settings::Settings;

const DAY_SECONDS: u64 = 86_400;

/// Counts a bounce to a good tag or SRS address, which is accepted for `days_left` more days; returns whether there were too
/// many.
pub(crate) fn is_tag_replayed(tagged: &Mailbox<'_>, days_left: u32, settings: &Settings, wait: &Wait) -> bool {
    let count = |key: &_, expires| counter::bounce(key, tagged, expires);
    is_replayed(settings.config().store.bounces_per_tag, days_left, count, settings, wait)
}

/// Counts a bounce of a message of ours to this mailbox; returns whether there were too many.
pub(crate) fn is_message_replayed(
    message: &MessageDigest,
    mailbox: &Mailbox<'_>,
    settings: &Settings,
    wait: &Wait,
) -> bool {
    let days = mark::proof_days(settings.keys(), mailbox).unsigned_abs();
    let count = |key: &_, expires| counter::bounce_of(key, message, expires);
    is_replayed(settings.config().store.bounces_per_message, days, count, settings, wait)
}

fn is_replayed(most: u32, days: u32, count: impl Fn(&Key, u64) -> Operation, settings: &Settings, wait: &Wait) -> bool {
    if most == 0 || !settings.store().is_there() {
        return false;
    }
    let Some(key) = counting_key(settings) else { return false };
    let expires = super::now() + (u64::from(days) + 1) * DAY_SECONDS;
    let answers = settings.store().ask(vec![count(key, expires)], wait);
    answers.as_deref().and_then(<[_]>::first).is_some_and(|answer| counter::is_replayed(answer, most))
}
