//! Tags, SRS addresses and messages whose bounces are replayed.

use batv_core::Mailbox;
use batv_core::mark::{self, MessageDigest};
use batv_policy::Replayed;
use batv_store::counter::{self, CountingKeys};

use super::Wait;
use crate::settings::Settings;

const DAY_SECONDS: u64 = 86_400;

/// Counts a bounce to a good tag or SRS address, which is accepted for `days_left` more days; returns whether it was the
/// first one, and whether there were too many.
pub(crate) fn count_tag(address: &Replayed<'_>, days_left: u32, settings: &Settings, wait: &Wait) -> (bool, bool) {
    let count = || {
        let keys = CountingKeys::of(settings.keys())?;
        let bounce = counter::bounce(&keys, &address.to_string(), end(days_left));
        counter::total(&settings.store().count(bounce, wait)?)
    };
    let most = settings.config().store.bounces_per_tag;
    let total = count();
    (total == Some(1), most > 0 && total.is_some_and(|total| total > most))
}

/// Counts a bounce of a message of ours to this mailbox; returns whether there were too many.
pub(crate) fn is_message_replayed(
    message: &MessageDigest,
    mailbox: &Mailbox<'_>,
    settings: &Settings,
    wait: &Wait,
) -> bool {
    let most = settings.config().store.bounces_per_message;
    let count = || {
        let keys = CountingKeys::of(settings.keys())?;
        let days = mark::proof_days(settings.keys(), mailbox).unsigned_abs();
        counter::total(&settings.store().count(counter::bounce_of(&keys, mailbox, message, end(days)), wait)?)
    };
    most > 0 && count().is_some_and(|total| total > most)
}

/// Time at which a counter ends that counts for so many more days.
fn end(days: u32) -> u64 {
    super::now() + (u64::from(days) + 1) * DAY_SECONDS
}
